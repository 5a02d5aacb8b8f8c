#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# later-calls.sh OUTPUT LIBRARY.so|PACKAGE... -- ARCHIVE...: writes the C++ file that lets a program
# load these libraries when it first calls them (cmake/later.cmake). Their functions that the archives
# call are taken: those of C, and of C++ those in namespaces, but not the standard's.
set -euo pipefail
export LC_ALL=C

output=$1
shift
libraries=()
while [ "$1" != -- ]; do
  libraries+=("$1")
  shift
done
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm --undefined-only --format=posix "$@" | sed -n 's/^\([^ ]*\) U.*/\1/p' | sort -u >"$work/called"
nm --defined-only --format=posix "$@" | sed -n 's/^\([^ ]*\) [A-Zi].*/\1/p' | sort -u >"$work/ours"
comm -23 "$work/called" "$work/ours" | grep -E '^(_ZNK?[0-9]|_[^Z]|[^_])' >"$work/wanted"

{
  echo '// Made by tools/later-calls.sh.'
  echo '#include "base/later_calls.hpp"'
  for library in "${libraries[@]}"; do
    path=${library%%|*}
    file=$(objdump -p "$path" | sed -n 's/^ *SONAME *//p')
    id=${file//[^A-Za-z0-9]/_}
    nm --dynamic --defined-only --format=posix "$path" | sed -n 's/@.*\( [TWi]\)/\1/; s/^\([^ ]*\) [TWi].*/\1/p' |
      sort -u | comm -12 - "$work/wanted" >"$work/taken"
    comm -23 "$work/wanted" "$work/taken" >"$work/rest"
    mv "$work/rest" "$work/wanted"
    [ -s "$work/taken" ] || continue
    echo "#define CALLS_OF_$id(EACH) \\"
    sed 's/.*/  EACH(&) \\/' "$work/taken"
    echo
    echo "ENDREASON_LATER_LIBRARY($id, \"$file\", \"${library#*|}\", CALLS_OF_$id)"
  done
} >"$output"
