#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast `endreason explain --summary` is, against the machine's own limit and against other tools
# that do an equal grouping of the same file: by four columns, with five columns of numbers added up,
# as the summary adds them up and checks them. What a bare count of rows takes stands beside it, without a
# target, for it checks nothing. Prints ratios of medians, each measured in turn.
# usage: bench/summary_vs_peers.sh [limit | kernels | threads | duckdb | mawk | miller]...
# Settings: see timing.sh.
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

summary() { printf '%q explain --summary --threads %s %q' "$endreason" "${2:-1}" "$1"; }

# The widest classifying loop that this machine has.
widest_kernel() {
  if grep -qw avx512bw /proc/cpuinfo; then echo avx512; elif grep -qw avx2 /proc/cpuinfo; then echo avx2; else echo scalar; fi
}

section_limit() {
  local log widest
  log=$(traffic_log "$bytes") widest=$(widest_kernel)
  echo "against the machine's own limit, one thread, $bytes"
  forget_contenders
  contender endreason "$(summary "$log")"
  contender "read alone" "$(printf '%q %q read' "$machine_limit" "$log")"
  contender "read and sum ($widest)" "$(printf '%q %q sum-%s' "$machine_limit" "$log" "$widest")"
  contender "classify ($widest)" "$(printf '%q %q classify-%s' "$machine_limit" "$log" "$widest")"
  contender "positions of all fields ($widest)" "$(printf '%q %q positions-%s' "$machine_limit" "$log" "$widest")"
  run_contenders
  report_speeds "$(stored_bytes "$log")"
  if [ "$widest" = avx512 ]; then report_speed_target endreason "$(stored_bytes "$log")" 2.5; fi
  report_ratio "share of the classifying loop's speed" "classify ($widest)" endreason 0.333
}

section_kernels() {
  local log kernel
  log=$(traffic_log "$bytes")
  echo "kernels, one thread, $bytes"
  forget_contenders
  for kernel in scalar avx2 avx512; do
    if [ "$kernel" = avx2 ] && ! grep -qw avx2 /proc/cpuinfo; then continue; fi
    if [ "$kernel" = avx512 ] && ! grep -qw avx512bw /proc/cpuinfo; then continue; fi
    contender "$kernel" "ENDREASON_KERNEL=$kernel $(summary "$log")"
  done
  run_contenders
  report_speeds "$(stored_bytes "$log")"
}

section_threads() {
  local log
  log=$(traffic_log "$bytes")
  echo "two threads against one, $bytes"
  forget_contenders
  contender "one thread" "$(summary "$log" 1)"
  contender "two threads" "$(summary "$log" 2)"
  # What the machine has to give: the same work twice, one process after the other or both at once.
  contender "one process after the other" "$(summary "$log" 1); $(summary "$log" 1)"
  contender "two processes at once" "$(summary "$log" 1) & $(summary "$log" 1); wait"
  run_contenders
  report_speeds "$(stored_bytes "$log")"
  report_ratio "two threads against one" "one thread" "two threads" 1.8
  report_bare_ratio "two processes at once against one after the other" "one process after the other" "two processes at once"
}

# Prints the path of DuckDB's library: DUCKDB_LIB, or fetched into bench/peers.
duckdb_library() {
  local found=$bench_folder/peers/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so
  if [ -n "${DUCKDB_LIB:-}" ]; then
    echo "$DUCKDB_LIB"
    return
  fi
  if [ ! -f "$found" ]; then
    if ! command -v npm >/dev/null; then "$root/tools/install-packages.sh" npm >&2 || return 1; fi
    (cd "$bench_folder/peers" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null 2>&1) || return 1
  fi
  echo "$found"
}

section_duckdb() {
  local log library
  if ! library=$(duckdb_library); then
    echo "DuckDB: not measured, its library could not be fetched (DUCKDB_LIB names one that is there)"
    return
  fi
  log=$(traffic_log "$bytes")
  echo "against DuckDB's CSV reader, one GROUP BY on four columns with five sums, one thread, $bytes"
  forget_contenders
  contender endreason "$(summary "$log")"
  contender duckdb "$(printf '%q %q %q 1 sums' "$root/build/bench/duckdb_group_by" "$library" "$log")"
  contender "duckdb, rows counted only" "$(printf '%q %q %q 1 count' "$root/build/bench/duckdb_group_by" "$library" "$log")"
  run_contenders "$((rounds < 3 ? rounds : 3))"
  report_speeds "$(stored_bytes "$log")"
  report_ratio "times as fast as DuckDB" duckdb endreason 8
  report_bare_ratio "times as fast as DuckDB's bare count" "duckdb, rows counted only" endreason
}

section_mawk() {
  local log
  log=$(traffic_log "$bytes")
  echo "against mawk, split at commas (quotes ignored), grouped by four columns with five sums, $bytes"
  forget_contenders
  contender endreason "$(summary "$log")"
  # shellcheck disable=SC2016  # mawk's own variables
  contender mawk "$(printf 'LC_ALL=C mawk -F, %q %q' '{ k = $5 "," $15 "," $31 "," $47; n[k]++; r[k] += $24; b[k] += $32; s[k] += $33; c[k] += $34; p[k] += $35 } END { for (k in n) print n[k], r[k], b[k], s[k], c[k], p[k], k }' "$log")"
  # shellcheck disable=SC2016
  contender "mawk, rows counted only" "$(printf 'LC_ALL=C mawk -F, %q %q' '{ n[$5 "," $15 "," $31 "," $47]++ } END { for (k in n) print n[k], k }' "$log")"
  run_contenders "$((rounds < 3 ? rounds : 3))"
  report_speeds "$(stored_bytes "$log")"
  report_ratio "times as fast as mawk" mawk endreason 7
  report_bare_ratio "times as fast as mawk's bare count" "mawk, rows counted only" endreason
}

section_miller() {
  local log
  log=$(traffic_log 100M)  # it needs most of a minute for a gigabyte
  echo "against miller, grouped by four columns with five sums, 100M"
  forget_contenders
  contender endreason "$(summary "$log")"
  local read='GOMAXPROCS=1 mlr --icsv --ojson --implicit-csv-header --allow-ragged-csv-input'
  contender miller "$read stats1 -a count,sum -f 24,32,33,34,35 -g 5,15,31,47 $(printf %q "$log")"
  contender "miller, rows counted only" "$read count -g 5,15,31,47 $(printf %q "$log")"
  run_contenders "$((rounds < 3 ? rounds : 3))"
  report_speeds "$(stored_bytes "$log")"
  report_ratio "times as fast as miller" miller endreason 80
  report_bare_ratio "times as fast as miller's bare count" "miller, rows counted only" endreason
}

prepare duckdb_group_by
about_machine
sections=("$@")
if [ ${#sections[@]} -eq 0 ]; then sections=(limit kernels threads duckdb mawk miller); fi
for section in "${sections[@]}"; do "section_$section"; done
