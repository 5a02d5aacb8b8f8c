#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/build-package.sh: builds endreason where needed and makes the Debian package of it, in
# build/packages/. Prints its path.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
[ -f build/build.ninja ] || cmake --preset release >&2
cmake --build build --target endreason manual changes >&2
rm -rf build/packages
cpack -G DEB --config build/CPackConfig.cmake -B "$root/build/packages" >&2
ls "$root"/build/packages/*.deb
