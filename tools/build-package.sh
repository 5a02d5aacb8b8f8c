#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/build-package.sh: builds endreason where needed and makes the Debian package of it, in
# build/packages/. Prints its path.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tools/install-packages.sh package
[ -f build/build.ninja ] || cmake --preset release >&2
if ! grep -q embedded_web_files.cpp.o build/build.ninja && [ -z "${ENDREASON_WITHOUT_PAGES:-}" ]; then
  echo "endreason: the package would have no web pages: npm could not fetch what they are built with (see" >&2
  echo "above). Configure again with a network, or set ENDREASON_WITHOUT_PAGES=1 to do without." >&2
  exit 1
fi
cmake --build build --target endreason manual changes >&2
rm -rf build/packages
cpack -G DEB --config build/CPackConfig.cmake -B "$root/build/packages" >&2
ls "$root"/build/packages/*.deb
