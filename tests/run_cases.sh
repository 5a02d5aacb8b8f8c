#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/run_cases.sh [CASE...]   runs the folders of tests/cases (all, or those named) and compares.
# A case: README.md (why it exists, where its input is from), cmd (shell; runs inside the folder),
# expected.out, expected.err where standard error matters, expected.exit where it is not 0, and
# needs-shared where it reads ../shared/data. A cmd may use $ENDREASON (the program), $WORK (an
# empty folder of its own), $ROOT (the checkout) and $SHARED (../shared/data).
# Each failure is a diff (- expected, + found). Ends with: N passed, N failed, N skipped.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ENDREASON=$(realpath "${ENDREASON:-$root/build/endreason}")
SHARED=$(realpath -m "$root/../shared/data")
if [ ! -x "$ENDREASON" ]; then
  echo "run_cases.sh: there is no program at $ENDREASON; build it, or name it in ENDREASON" >&2
  exit 2
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 skipped=0

# The environment of whoever runs this (zone, colours, own configuration) must not reach a case.
run_case() {
  local folder=$1 results=$2 status=0
  mkdir -p "$results/work"
  (
    cd "$folder"
    env -i PATH="$PATH" HOME="$results/work" LC_ALL=C.UTF-8 ENDREASON="$ENDREASON" \
      WORK="$results/work" SHARED="$SHARED" ROOT="$root" \
      timeout 60 bash -euo pipefail ./cmd >"$results/out" 2>"$results/err" </dev/null
  ) || status=$?
  echo "$status" >"$results/exit"
}

compare() {
  diff -u --label "$3" --label found "$1" "$2" >>"$scratch/diff" 2>&1
}

check_case() {
  local folder=$1 results=$2 same=0
  : >"$scratch/diff"
  compare "$folder/expected.out" "$results/out" expected.out || same=1
  if [ -f "$folder/expected.err" ]; then
    compare "$folder/expected.err" "$results/err" expected.err || same=1
  fi
  if [ -f "$folder/expected.exit" ]; then
    compare "$folder/expected.exit" "$results/exit" expected.exit || same=1
  else
    echo 0 | compare - "$results/exit" "expected exit code" || same=1
  fi
  return "$same"
}

run_one() {
  local folder=$1 name results
  name=$(basename "$folder")
  results=$scratch/$name
  if [ ! -f "$folder/cmd" ] || [ ! -f "$folder/README.md" ] || [ ! -f "$folder/expected.out" ]; then
    failed=$((failed + 1))
    echo "FAILED $name: a case needs README.md, cmd and expected.out"
  elif [ -f "$folder/needs-shared" ] && [ ! -d "$SHARED" ]; then
    skipped=$((skipped + 1))
    echo "skipped $name: there is no $SHARED"
  else
    mkdir -p "$results"
    run_case "$folder" "$results"
    if check_case "$folder" "$results"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "FAILED $name"
      sed 's/^/    /' "$scratch/diff"
      if [ ! -f "$folder/expected.err" ]; then sed 's/^/    stderr: /' "$results/err" | head -n 20; fi
    fi
    rm -rf "$results"
  fi
}

main() {
  local folder
  if [ $# -eq 0 ]; then
    for folder in "$root"/tests/cases/*/; do run_one "${folder%/}"; done
  else
    for folder in "$@"; do run_one "$root/tests/cases/$(basename "$folder")"; done
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

main "$@"
