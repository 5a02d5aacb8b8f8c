#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast `endreason serve` takes lines from TCP to committed rows, and how fast it answers then: a million lines behind a
# syslog header are sent by one connection, and the clock runs until all of them are stored. Beside it, reading and judging
# the same file alone (`explain --summary`, two threads), which is what the machine could do without a database; and DuckDB's own
# import of the same rows from a CSV file, on both cores.
# usage: bench/serve_ingest.sh [OPTION of serve]...
# Settings: see timing.sh; BENCH_LINES (default 1000000), BENCH_STORE: where the database goes (default the bench folder).
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

readonly http=127.0.0.1:18099 syslog_port=15599
lines=${BENCH_LINES:-1000000}

metric() { curl -s "http://$http/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }

seconds_since() { awk -v from="$1" -v to="$(date +%s.%N)" 'BEGIN { printf "%.2f", to - from }'; }

wait_until_stored() {
  while [ "$(metric endreason_received_total)" != "$lines" ] || [ "$(metric endreason_spooled)" != 0 ]; do sleep 0.05; done
}

ask() {
  curl -s -o /dev/null -w "  %{time_total} s  $1\n" "http://$http/api/v1/$1"
}

prepare generate_traffic_log duckdb_csv_import
log=$folder/syslog-$lines.log
[ -f "$log" ] || "$generator" --lines "$lines" --envelope bsd >"$log"
cat "$log" >/dev/null

store=$(mktemp -d "${BENCH_STORE:-$folder}/serve-XXXXXX")
"$endreason" serve --folder "$store" --http "$http" --listen "tcp:127.0.0.1:$syslog_port" "$@" 2>"$folder/serve.log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$store"' EXIT
until curl -s "http://$http/healthz" >/dev/null; do sleep 0.05; done

began=$(date +%s.%N)
cat "$log" >"/dev/tcp/127.0.0.1/$syslog_port"
wait_until_stored
took=$(seconds_since "$began")
echo "$lines lines, $(stat -c %s "$log") bytes, from TCP to committed rows: $took s"
awk -v n="$lines" -v t="$took" 'BEGIN { printf "  %.0f rows a second (promised: 250,000)\n", n / t }'
awk '/VmHWM/ { printf "  peak memory %.0f MiB (promised: below 1,500)\n", $2 / 1024 }' "/proc/$server/status"

began=$(date +%s.%N)
"$endreason" explain -q --summary --threads 2 "$log" >/dev/null
alone=$(seconds_since "$began")
awk -v t="$took" -v a="$alone" 'BEGIN { printf "  reading, judging and adding up alone, two threads: %.2f s, %.1f times as fast\n", a, t / a }'

library=${DUCKDB_LIB:-$root/third_party/duckdb/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so}
if [ -f "$library" ]; then
  csv=$folder/plain-$lines.csv
  [ -f "$csv" ] || "$generator" --lines "$lines" >"$csv"
  cat "$csv" >/dev/null
  rm -f "$store/import.duckdb"
  import=$("$root/build/bench/duckdb_csv_import" "$library" "$csv" "$store/import.duckdb" 2 | cut -f 1)
  awk -v t="$took" -v i="$import" -v n="$lines" 'BEGIN {
    printf "  DuckDB imports the same rows from a CSV file in %.2f s, %.0f rows a second: ", i, n / i
    printf "%.2f times as fast as that (promised: 1)\n", i / t }'
fi

echo "answers over these rows"
for question in overview 'records?limit=100&filter=app+eq+ssl' 'records?limit=100&filter=addr.src+in+10.0.0.0/8' \
  'groups?by=rule,app' devices; do
  ask "$question"
done
