#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast the overview is over many rows in two shards of ClickHouse, at rest: of all; with BENCH_ALL=1 also, once, of the later
# half of the time beside the earlier, and of one application (a filter, which is read from rows). A million generated rows are
# stored by `endreason serve`; each shard then stores them again and again, later each time, so that they are what the generator
# would go on to make: the same hosts, rules and shares at the same rate. Of these copies only the columns are filled that the
# overview and most filters read.
# usage: bench/clickhouse_overview.sh [OPTION of serve]...
# Settings: see timing.sh; BENCH_MILLIONS (default 10; what is promised is promised for 100), BENCH_ROUNDS (default 5), BENCH_ALL,
# BENCH_BATCH_SECONDS: of how long a time a million rows are (default 348, as the generator makes them),
# BENCH_HOURS: also ask for the last so many hours, for each number, such as "24 6",
# BENCH_KEEP: a folder whose servers' data are kept and used again, BENCH_LOAD: store at most so many millions more in it, and ask
# nothing.
# Needs clickhouse-server and zookeeper.
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

readonly http=127.0.0.1:18097 syslog_port=15597 batch=1000000 seconds_as_made=348
seconds_of_batch=${BENCH_BATCH_SECONDS:-$seconds_as_made}
millions=${BENCH_MILLIONS:-10}
rounds=${BENCH_ROUNDS:-5}
store=${BENCH_KEEP:-$(mktemp -d "$folder/clickhouse-XXXXXX")}
mkdir -p "$store"
servers='' endreason_pid=''
finish() {
  [ -z "$endreason_pid" ] || { kill "$endreason_pid" && wait "$endreason_pid"; } 2>/dev/null || true
  [ -z "$servers" ] || { exec 7>&-; wait "$servers" 2>/dev/null || true; }
  rm -f "$store"/servers.in "$store"/times-*
  [ -n "${BENCH_KEEP:-}" ] || rm -rf "$store"
}
trap finish EXIT

prepare generate_traffic_log
rm -f "$store"/servers.*
mkfifo "$store/servers.in"
python3 "$root/tests/clickhouse_servers.py" --shards 2 --replicas 1 --folder "$store/servers" <"$store/servers.in" \
  >"$store/servers.out" &
servers=$!
exec 7>"$store/servers.in"
until [ -s "$store/servers.out" ]; do
  kill -0 "$servers" || exit 1
  sleep 0.1
done
mapfile -t ports < <(jq -r '.http[]' "$store/servers.out") || { cat "$store/servers.out"; exit 77; }

# ask SQL [SERVER]
ask() { curl -sS --fail-with-body "http://127.0.0.1:${ports[${2:-0}]}/" --data-binary "$1"; }
metric() { curl -s "http://$http/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }

"$endreason" serve --folder "$store/data" --http "$http" --listen "tcp:127.0.0.1:$syslog_port" --requests-per-minute 0 \
  --store "clickhouse://default@127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}/bench" --store-cluster test "$@" 2>>"$store/serve.log" &
endreason_pid=$!
until curl -s "http://$http/healthz" >/dev/null; do
  kill -0 "$endreason_pid" || { tail -n 5 "$store/serve.log"; exit 1; }
  sleep 0.1
done

there=$(ask "SELECT count() FROM bench.traffic_rows")
if [ "$there" = 0 ]; then
  "$generator" --lines "$batch" --envelope bsd >"/dev/tcp/127.0.0.1/$syslog_port"
  until [ "$(metric endreason_stored_total)" = "$batch" ]; do sleep 0.2; done
  there=$batch
fi

begin=$(ask "SELECT min(time) FROM bench.traffic_rows")

# add_copy NUMBER SERVER: the numbers of its rows are another node's.
add_copy() {
  local others=$(((1 << 48) + $1 * batch))
  local kept="time_known, format, version, sessions, final_action, decided_by, outcome, ended_by, reason_code, confidence, \
provisional, contradictions, app_status, serial, vsys, type, subtype, action, session_end_reason, src, dst, dport, proto, rule, \
app, bytes"
  local later=$(($1 * seconds_of_batch * 1000000))
  ask "INSERT INTO bench.traffic_rows_here (id, time, $kept) SELECT id + $others,
    $begin + $later + intDiv((time - $begin) * $seconds_of_batch, $seconds_as_made), $kept FROM
    bench.traffic_rows_here WHERE id <= $batch AND time < $begin + ($seconds_as_made + 1) * 1000000" "$2"
}
last=$millions
[ -z "${BENCH_LOAD:-}" ] || last=$((there / batch + BENCH_LOAD < millions ? there / batch + BENCH_LOAD : millions))
for ((copy = there / batch; copy < last; ++copy)); do
  add_copy "$copy" 0 &
  add_copy "$copy" 1
  wait $!
done
if [ -n "${BENCH_LOAD:-}" ] && [ "$last" -lt "$millions" ]; then
  echo "$last million rows of $millions"
  exit 0
fi

rolled() { ask "SELECT uniq(day), sum(rows_n) FROM bench.traffic_sums WHERE rollup = 0 FORMAT TSV"; }
until [ "$(rolled | cut -f 2)" = $((millions * batch)) ]; do sleep 1; done

# answer FILE QUESTION...
answer() {
  curl -sS --fail-with-body -o "$store/answer.json" -G -w '%{time_total}\n' "${@:2}" "http://$http/api/v1/overview" \
    >>"$store/times-$1" || { echo "overview, $1: $(jq -r .error.message "$store/answer.json")"; return 1; }
}
report() {
  sort -n "$store/times-$1" | awk -v what="$2" '
    { times[NR] = $1 * 1000 }
    END { printf "  %6.0f ms, slowest %6.0f, of %d: %s\n", times[int((NR + 1) / 2)], times[NR], NR, what }'
}
end=$(ask "SELECT toString(toDateTime(intDiv(max(time), 1000000) + 1)) FROM bench.traffic_rows")
middle=$(ask "SELECT toString(toDateTime(intDiv(min(time) + max(time), 2000000))) FROM bench.traffic_rows")
for ((round = 0; round < rounds; ++round)); do
  answer all
  jq -e ".totals.rows == $millions * $batch" "$store/answer.json" >/dev/null || { echo "rows are missing" >&2; exit 1; }
done
last_second=$(ask "SELECT intDiv(max(time), 1000000) + 1 FROM bench.traffic_rows")
for hours in ${BENCH_HOURS:-}; do
  since=$(date -u -d "@$((last_second - hours * 3600))" +%Y-%m-%dT%H:%M:%SZ)
  for ((round = 0; round < rounds; ++round)); do
    answer "$hours-hours" -d "from=$since" -d "to=${end/ /T}Z" || break
  done
done
if [ -n "${BENCH_ALL:-}" ]; then
  answer half -d "from=${middle/ /T}Z" -d "to=${end/ /T}Z" || true
  answer filter --data-urlencode "filter=app eq ssl" || true
fi
echo "$millions million rows in two shards, $(ask "SELECT round(sum(bytes) / 1e9, 1) FROM cluster('test', system, parts) WHERE
  active AND table = 'traffic_rows_here'") GB, with sums of $(ask "SELECT round(sum(bytes) / 1e6, 1), sum(rows) FROM
  cluster('test', system, parts) WHERE active AND table = 'traffic_sums_here'" | awk '{ print $1 " MB, " $2 " groups" }')"
report all "overview of all (promised: 1000 ms of 100 million rows)"
for hours in ${BENCH_HOURS:-}; do report "$hours-hours" "overview of the last $hours hours, beside the $hours before"; done
[ -z "${BENCH_ALL:-}" ] || report half "overview of the later half of the time, beside the earlier"
[ -z "${BENCH_ALL:-}" ] || report filter "overview of app eq ssl"
