#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs one fuzz target, as the tests do (fuzz/CMakeLists.txt has the arguments):
#   fuzz/run.sh FOUND RUNS TARGET ARGUMENT...
# FOUND: the folder for what is found.  RUNS: how many inputs a short run tries.
# A short run is repeatable: it starts from the seeds alone, with the same random numbers. libFuzzer
# also takes bytes for its inputs out of comparisons, pointers among them, so the addresses are kept
# the same, where the system lets us; and it looks at its folder again by the clock, unless told not to.
# With ER_FUZZ_SECONDS=N in the environment it is a long run instead: N seconds, other random numbers
# each time, and what was found stays for the next one.
set -eu
found=$1 runs=$2
shift 2
if [ -n "${ER_FUZZ_SECONDS:-}" ]; then
  set -- "$@" "-max_total_time=$ER_FUZZ_SECONDS"
else
  rm -rf "$found"
  set -- "$@" -seed=1 -reload=0 "-runs=$runs"
fi
mkdir -p "$found"
target=$1
shift
# The first folder is the one that libFuzzer writes to.
set -- "$target" "$found" "$@"
if [ -z "${ER_FUZZ_SECONDS:-}" ] && setarch "$(uname -m)" -R true 2>/dev/null; then
  exec setarch "$(uname -m)" -R "$@"
fi
exec "$@"
