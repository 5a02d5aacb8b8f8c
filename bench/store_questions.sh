#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast a server that keeps many rows answers: while rows come in as fast as they are taken, and afterwards at rest. Rows are
# made and sent by one TCP connection. Of each question: the median, the slowest, and how often it was asked.
# usage: bench/store_questions.sh [OPTION of serve]...
# Settings: see timing.sh; BENCH_LINES (default 5000000; what is promised is promised for 50000000), BENCH_STORE: where the
# database goes (default the bench folder), BENCH_KEEP: a folder to keep and use again instead, BENCH_LOAD: send at most so many
# more into it and ask nothing, so that many rows can be loaded in several runs, BENCH_ROUNDS (default 7).
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

readonly http=127.0.0.1:18098 syslog_port=15598
lines=${BENCH_LINES:-5000000}
filters=('app eq ssl' 'final_action eq blocked' 'addr.src in 10.20.0.0/16' 'port.dst eq 8443 and outcome eq failed')

metric() { curl -s "http://$http/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }

# ask FILE QUESTION: notes how long it took.
ask() { curl -s -o /dev/null -G -w '%{time_total}\n' "${@:3}" "http://$http/api/v1/$2" >>"$1"; }

# report FILE WHAT [PROMISED MS]
report() {
  sort -n "$1" | awk -v what="$2" -v promised="${3:-}" '
    { times[NR] = $1 * 1000 }
    END {
      printf "  %6.0f ms, slowest %6.0f, of %3d: %s", times[int((NR + 1) / 2)], times[NR], NR, what
      if (promised != "") printf " (promised: %d ms of 50 million rows)", promised
      print ""
    }'
}

page() { ask "$1" records --data-urlencode "filter=$2" -d limit=100; }

prepare generate_traffic_log
if [ -n "${BENCH_KEEP:-}" ]; then
  store=$BENCH_KEEP
  mkdir -p "$store"
else
  store=$(mktemp -d "${BENCH_STORE:-$folder}/questions-XXXXXX")
fi
times=$(mktemp -d)
"$endreason" serve --folder "$store" --http "$http" --listen "tcp:127.0.0.1:$syslog_port" "$@" 2>"$folder/questions.log" &
server=$!
cleanup() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  rm -rf "$times"
  [ -n "${BENCH_KEEP:-}" ] || rm -rf "$store"
}
trap cleanup EXIT
until curl -s "http://$http/healthz" >/dev/null; do sleep 0.2; done

if [ "$(metric endreason_received_total)" != "$lines" ]; then
  already=$(metric endreason_received_total)
  [ -z "${BENCH_LOAD:-}" ] || lines=$((already + BENCH_LOAD < lines ? already + BENCH_LOAD : lines))
  echo "while $((lines - already)) rows come in behind $already"
  began=$(date +%s.%N)
  "$generator" --skip "$already" --lines "$((lines - already))" --envelope bsd >"/dev/tcp/127.0.0.1/$syslog_port" &
  while [ "$(metric endreason_received_total)" != "$lines" ] || [ "$(metric endreason_spooled)" != 0 ]; do
    ask "$times/load-overview" overview
    page "$times/load-page" "${filters[0]}"
    sleep 1
  done
  awk -v n="$((lines - already))" -v from="$began" -v to="$(date +%s.%N)" \
    'BEGIN { printf "  %.0f rows a second meanwhile\n", n / (to - from) }'
  report "$times/load-overview" overview
  report "$times/load-page" "page of ${filters[0]}"
fi
while [ "$(metric endreason_rows_behind)" != 0 ]; do sleep 0.5; done
[ -z "${BENCH_LOAD:-}" ] || exit 0

echo "at rest, $lines rows, $(du -sm "$store" | cut -f 1) MiB on the disk"
newest=$(metric endreason_received_total)
for ((round = 1; round <= ${BENCH_ROUNDS:-7}; ++round)); do
  ask "$times/overview" overview
  for i in "${!filters[@]}"; do page "$times/page-$i" "${filters[$i]}"; done
  ask "$times/page" records -d limit=100
  ask "$times/groups" groups -d by=rule,app
  for part in 1 2 3 4; do
    ask "$times/session" "records/$((newest * (round * 4 + part) / 33))"
  done
done
report "$times/overview" overview 300
report "$times/page" "page without a filter" 200
for i in "${!filters[@]}"; do report "$times/page-$i" "page of ${filters[$i]}" 200; done
report "$times/session" "one session with its story" 50
report "$times/groups" "groups by rule and application"
awk '/VmHWM/ { printf "  peak memory %.0f MiB (promised: below 1,500)\n", $2 / 1024 }' "/proc/$server/status"
