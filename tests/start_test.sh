#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# start_test.sh PROGRAM: the program loads at its start only what every run needs (cmake/later.cmake),
# loads the others when they are called, and says what to install where one cannot be loaded.
set -euo pipefail
export LC_ALL=C

program=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "start_test.sh: $*" >&2
  exit 1
}

# What the program names itself. Another name here means that data of a library is used (a variable,
# a virtual table, an exception that is caught), that it is not in the list of er_load_later(), or
# that code outside the rooms calls it.
needed=$(objdump -p "$program" | sed -n 's/^ *NEEDED *//p' | grep -Ev '^(lib(stdc\+\+|m|gcc_s|c|dl|pthread)|ld-linux-.*)\.so\.[0-9]+$' || true)
[ -z "$needed" ] || fail "loaded at the start of every run: ${needed//$'\n'/ }"

printf '%s\n' '<entry><src>10.0.0.1</src><dst>10.0.0.2</dst><action>allow</action><session_end_reason>aged-out</session_end_reason><type>TRAFFIC</type><subtype>end</subtype></entry>' >"$work/log.xml"
printf '%s\n' '{"type":"TRAFFIC","subtype":"end","src":"10.0.0.1","dst":"10.0.0.2","action":"allow","session_end_reason":"aged-out"}' >"$work/log.json"

# loads FILE: the libraries that explaining it loads, beside those of the start.
loads() {
  LD_DEBUG=files LD_DEBUG_OUTPUT="$work/loaded" "$program" explain -q -o ndjson "$1" >"$work/out" ||
    fail "cannot explain $1"
  grep -q '"final_action":"allowed"' "$work/out" || fail "$1 is explained as $(cat "$work/out")"
  cat "$work"/loaded.* | sed -n 's/.*calling init: .*\/\(lib[^/]*\)\.so.*/\1/p' |
    grep -Ev '^lib(stdc\+\+|m|gcc_s|c)$' | sort | tr '\n' ' ' || true
  rm -f "$work"/loaded.*
}
[ "$(loads "$work/log.xml")" = "libpugixml " ] || fail "XML loads $(loads "$work/log.xml")"
[ "$(loads "$work/log.json")" = "libsimdjson " ] || fail "JSON loads $(loads "$work/log.json")"

# Sessions that are not looked into need no library to look into them with.
capture=$(dirname "$0")/../data/samples/captures/made-challenge-refused-retransmitted.pcap
LD_DEBUG=files LD_DEBUG_OUTPUT="$work/loaded" "$program" track -q --no-appid -o ndjson -r "$capture" >"$work/out" ||
  fail "cannot track without applications"
grep -q '"tracker_stage"' "$work/out" || fail "track --no-appid says $(cat "$work/out")"
if cat "$work"/loaded.* | grep -q 'calling init: .*libndpi'; then fail "track --no-appid loads libndpi"; fi
rm -f "$work"/loaded.*

# A library that is none.
: >"$work/libpugixml.so.1"
status=0
LD_LIBRARY_PATH=$work "$program" explain "$work/log.xml" >"$work/out" 2>"$work/err" || status=$?
[ "$status" = 4 ] || fail "a library that cannot be loaded: exit code $status"
grep -q '^endreason: a library cannot be loaded (.*libpugixml.so.1.*); install ' "$work/err" ||
  fail "a library that cannot be loaded: $(cat "$work/err")"
