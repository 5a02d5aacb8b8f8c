#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# manual_test.sh PROGRAM: the manual page is sound roff and the completion scripts complete. What needs
# groff, zsh or fish is left out, saying so, where they are not installed.
set -euo pipefail

program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

bad() {
  echo "manual_test.sh: $*" >&2
  failures=$((failures + 1))
}

"$program" man >"$scratch/endreason.1"
if command -v groff >/dev/null; then
  warnings=$(groff -man -Tutf8 -ww -z "$scratch/endreason.1" 2>&1)
  [ -z "$warnings" ] || bad "groff warns: $warnings"
  # Quotes and dashes must be what one types, or pasted examples fail.
  page=$(MAN_KEEP_FORMATTING='' groff -man -Tutf8 -P-cbou "$scratch/endreason.1")
  [[ $page == *"-f '( action eq allow ) and ( final_action eq blocked )'"* ]] || bad "the example of --filter is not as one types it"
else
  echo "groff is not installed: the manual page was not formatted"
fi

for shell in bash zsh fish; do
  "$program" completion "$shell" >"$scratch/$shell"
  if ! command -v "$shell" >/dev/null; then
    echo "$shell is not installed: its completion was not read"
  elif ! "$shell" -n "$scratch/$shell"; then
    bad "$shell finds mistakes in its completion"
  fi
done

# Words of a command line, the last being completed -> what bash would offer, on one line.
offered() {
  (
    # shellcheck source=/dev/null
    source "$scratch/bash"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _endreason
    echo "${COMPREPLY[*]}"
  )
}
expect() {
  local wanted=$1 found
  shift
  found=$(offered "$@")
  [ "$found" = "$wanted" ] || bad "completing '$*' offers '$found', not '$wanted'"
}

cd "$scratch"
touch 'traffic of monday.log'
expect "explain export" endreason ex
expect "ndjson" endreason explain -o nd
expect "table" endreason explain --output = ta
expect "--since" endreason explain --si
expect "" endreason explain --limit ""
expect "standard vendor" endreason explain --ruleset ""
expect "src,session_end_reason" endreason explain --fields src,session_e
expect "11.0 11.1 11.2" endreason explain --panos-version 11
expect "traffic of monday.log" endreason explain tr
expect "decrypt-unsupport-param" endreason terms decrypt-uns
expect "text ndjson" endreason terms -o ""
expect "bash zsh fish" endreason completion ""

if [ "$failures" -gt 0 ]; then exit 1; fi
echo "manual and completion are sound"
