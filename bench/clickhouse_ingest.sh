#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast `endreason serve` brings rows from its spool into ClickHouse, beside the rate at which the same server takes the
# same rows by curl from a file in the format Native, in blocks as large. Server and endreason share the machine, as do server
# and curl. Also what a row costs of processor time, in endreason and in the server, and of bytes, on the way and on disk.
# usage: bench/clickhouse_ingest.sh [OPTION of serve]...
# Settings: see timing.sh; BENCH_LINES (default 1000000), BENCH_ROUNDS (default 3). Needs clickhouse-server.
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

readonly http=127.0.0.1:18098 syslog_port=15598 block_rows=131072
lines=${BENCH_LINES:-1000000}
rounds=${BENCH_ROUNDS:-3}
store=$(mktemp -d "$folder/clickhouse-XXXXXX")
servers='' endreason_pid=''
finish() {
  [ -z "$endreason_pid" ] || kill "$endreason_pid" 2>/dev/null || true
  [ -z "$servers" ] || { exec 7>&-; wait "$servers" 2>/dev/null || true; }
  rm -rf "$store"
}
trap finish EXIT

prepare generate_traffic_log
log=$folder/syslog-$lines.log
[ -f "$log" ] || "$generator" --lines "$lines" --envelope bsd >"$log"

mkfifo "$store/servers.in"
python3 "$root/tests/clickhouse_servers.py" <"$store/servers.in" >"$store/servers.out" &
servers=$!
exec 7>"$store/servers.in"
until [ -s "$store/servers.out" ]; do
  kill -0 "$servers" || exit 1
  sleep 0.1
done
port=$(jq -r '.http[0]' "$store/servers.out") || { cat "$store/servers.out"; exit 77; }
server_pid=$(pgrep -P "$servers" | head -n 1)

ask() { curl -s "http://127.0.0.1:$port/" --data-binary "$1"; }
metric() { curl -s "http://$http/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
now() { date +%s.%N; }
# Of a process and its threads, in seconds.
processor_time() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"; }
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
median() { tr ' ' '\n' | sort -n | awk 'NF { v[++n] = $1 } END { print v[int((n + 1) / 2)] }'; }

start_endreason() {
  "$endreason" serve --folder "$store/data" --http "$http" --listen "tcp:127.0.0.1:$syslog_port" --requests-per-minute 0 \
    --store "clickhouse://default@127.0.0.1:$port/bench" "$@" 2>>"$store/serve.log" &
  endreason_pid=$!
  until curl -s "http://$http/healthz" >/dev/null; do
    kill -0 "$endreason_pid" || { tail -n 5 "$store/serve.log"; exit 1; }
    sleep 0.02
  done
}

stop_endreason() {
  kill "${1:--TERM}" "$endreason_pid"
  wait "$endreason_pid" 2>/dev/null || true
}

# A folder with all rows in its spool and none of them begun: the spool comes from one whose server was halted.
fill_spool() {
  start_endreason "$@"
  stop_endreason
  cp "$store/data/clickhouse.state" "$store/clickhouse.state"
  start_endreason "$@"
  kill -STOP "$server_pid"
  cat "$log" >"/dev/tcp/127.0.0.1/$syslog_port"
  until [ "$(metric endreason_received_total)" = "$lines" ]; do sleep 0.05; done
  stop_endreason -KILL
  kill -CONT "$server_pid"
  sleep 1
  mv "$store/data" "$store/filled"
  mv "$store/clickhouse.state" "$store/filled"
  sync
}

# The clock runs from the start of endreason until all is stored.
one_round() {
  ask "TRUNCATE TABLE bench.traffic_rows" >/dev/null
  ask "SYSTEM STOP MERGES" >/dev/null
  rm -rf "$store/data"
  cp -r "$store/filled" "$store/data"
  local before_server began ended stored
  began=$(now)
  before_server=$(processor_time "$server_pid")
  start_endreason "$@"
  until [ "$(metric endreason_stored_total)" = "$lines" ]; do sleep 0.05; done
  ended=$(now)
  stored=$(ask "SELECT count() FROM bench.traffic_rows")
  [ "$stored" = "$lines" ] || { echo "$stored rows are stored of $lines" >&2; exit 1; }
  own_rates+=" $(calc "$lines / ($ended - $began)" 0)"
  own_costs+=" $(calc "$(processor_time "$endreason_pid") / $lines * 1e6")"
  server_costs+=" $(calc "($(processor_time "$server_pid") - $before_server) / $lines * 1e6")"
  stop_endreason
}

# The same rows, as the server itself writes them, in blocks of as many rows.
make_blocks() {
  local first
  blocks=0
  for ((first = 1; first <= lines; first += block_rows, ++blocks)); do
    ask "SELECT * FROM bench.traffic_rows WHERE id >= $first AND id < $((first + block_rows)) ORDER BY id FORMAT Native" \
      >"$store/block-$blocks"
  done
  bytes_plain=$(cat "$store"/block-* | wc -c)
}

curl_round() {
  ask "DROP TABLE IF EXISTS bench.by_curl" >/dev/null
  ask "CREATE TABLE bench.by_curl AS bench.traffic_rows" >/dev/null
  local i began
  began=$(now)
  for ((i = 0; i < blocks; ++i)); do
    curl -sf -H 'Expect:' -T "$store/block-$i" "http://127.0.0.1:$port/?query=INSERT+INTO+bench.by_curl+FORMAT+Native" >/dev/null
  done
  curl_rates+=" $(calc "$lines / ($(now) - $began)" 0)"
}

own_rates='' own_costs='' server_costs='' curl_rates=''
fill_spool "$@"
for ((round = 0; round < rounds; ++round)); do
  one_round "$@"
  [ -f "$store/block-0" ] || make_blocks
  curl_round
done
own=$(median <<<"$own_rates")
peer=$(median <<<"$curl_rates")
echo "$lines rows from the spool to committed rows: $own a second (rounds:$own_rates)"
echo "  the same blocks by curl: $peer a second (rounds:$curl_rates)"
echo "  $(calc "$own / $peer") times as fast as curl (promised: 0.80)"
echo "  processor time a row: endreason $(median <<<"$own_costs") us, the server $(median <<<"$server_costs") us (promised: less)"
ask "SYSTEM START MERGES" >/dev/null
ask "OPTIMIZE TABLE bench.traffic_rows FINAL" >/dev/null
echo "  bytes a row: $(calc "$bytes_plain / $lines" 0) in Native, $(calc "$(stat -c %s "$log") / $lines" 0) in the log," \
  "$(ask "SELECT round(sum(bytes) / sum(rows)) FROM system.parts WHERE active AND table = 'traffic_rows'") on disk"
