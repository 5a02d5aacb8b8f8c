#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches DuckDB's header and library into third_party/duckdb/node_modules where they are not yet.
# CMake runs it while it configures; several may at once.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$root/third_party/duckdb
header=$folder/node_modules/duckdb/src/duckdb/src/include/duckdb.h
library=$folder/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so

exec 9>"$folder/.fetch-lock"
flock 9
if [ -f "$header" ] && [ -f "$library" ]; then exit 0; fi
if ! command -v npm >/dev/null; then "$root/tools/install-packages.sh" npm >&2; fi
cd "$folder"
if ! npm ci --ignore-scripts --no-audit --no-fund >fetch.log 2>&1 9>&-; then
  tail -n 15 fetch.log >&2
  echo "endreason: DuckDB could not be fetched with npm; is there a network? An installed libduckdb (duckdb.h, libduckdb.so) is used instead when there is one" >&2
  exit 1
fi
