#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Speed of NDJSON output and of compressed input, and the peak memory of every way in and out.
# usage: bench/output_and_input.sh [ndjson | gzip | zstd | memory]...
# Settings: see timing.sh.
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

readonly memory_target_kib=$((64 * 1024))

section_ndjson() {
  local log
  log=$(traffic_log "$bytes")
  echo "NDJSON of all columns, one thread, $bytes"
  forget_contenders
  contender ndjson "$(printf '%q explain -o ndjson --threads 1 %q' "$endreason" "$log")"
  run_contenders "$((rounds < 3 ? rounds : 3))"
  report_speeds "$(stored_bytes "$log")"
  report_speed_target ndjson "$(stored_bytes "$log")" 0.5
}

# compressed_section WORDS PACKED PLAIN-LOG REFERENCE-NAME REFERENCE-COMMAND
compressed_section() {
  echo "$1, $(stored_bytes "$2") bytes for $(stored_bytes "$3")"
  forget_contenders
  contender "summary, one thread" "$(printf '%q explain --summary --threads 1 %q' "$endreason" "$2")"
  contender "summary, two threads" "$(printf '%q explain --summary --threads 2 %q' "$endreason" "$2")"
  contender "our reading alone" "$(printf '%q %q' "$root/build/bench/decompress_limit" "$2")"
  contender "$4" "$5"
  run_contenders "$((rounds < 3 ? rounds : 3))"
  report_speeds "$(stored_bytes "$3")"
  report_ratio "our reading against $4" "$4" "our reading alone" 0.9
  # Two threads, so that judging does not wait for decompression nor the other way round.
  report_ratio "summary against reading alone, two threads" "our reading alone" "summary, two threads" 0.85
}

section_gzip() {
  local log packed
  log=$(traffic_log "$bytes") packed=$folder/traffic-$bytes.csv.gz
  if [ ! -f "$packed" ]; then gzip -6 -c "$log" >"$packed"; fi
  cat "$packed" >/dev/null
  compressed_section "gzip" "$packed" "$log" "igzip -dc" "$(printf 'igzip -dc %q' "$packed")"
}

section_zstd() {
  local log packed
  log=$(traffic_log "$bytes") packed=$folder/traffic-$bytes.csv.zst
  if [ ! -f "$packed" ]; then zstd -q -3 "$log" -o "$packed"; fi
  cat "$packed" >/dev/null
  compressed_section "zstd" "$packed" "$log" "zstd -dc" "$(printf 'zstd -q --no-asyncio -dc %q' "$packed")"
}

# peak WORDS COMMAND: the largest resident memory of endreason within the command.
peak() {
  local kib
  bash -c "$2" >/dev/null 2>"$folder/stderr.txt" || true
  kib=$(grep -oE '^peak [0-9]+' "$folder/stderr.txt" | tail -n 1 | cut -d' ' -f2)
  awk -v words="$1" -v kib="${kib:-0}" -v target="$memory_target_kib" 'BEGIN {
    reached = (kib > 0 && kib < target) ? "reached" : "MISSED"
    printf "  %-50s %8.1f   target %d MiB: %s\n", words, kib / 1024, target / 1024, reached
  }'
}

section_memory() {
  local log measured threads
  log=$(traffic_log "$bytes")
  measured=$(printf '/usr/bin/time -f %q %q explain' 'peak %M' "$endreason")
  echo "peak memory, MiB, $bytes"
  for threads in 1 2; do
    peak "summary, $threads threads" "$measured --summary --threads $threads '$log'"
    peak "summary of standard input, $threads threads" "cat '$log' | $measured --summary --threads $threads -"
    peak "ndjson, $threads threads" "$measured -o ndjson --threads $threads '$log'"
  done
  peak "contradictions" "$measured --contradictions '$log'"
  peak "csv" "$measured -o csv '$log'"
  if [ -f "$log.gz" ]; then peak "summary of gzip" "$measured --summary '$log.gz'"; fi
  if [ ! -f "$folder/long.zst" ]; then zstd -q --long=25 -3 "$log" -o "$folder/long.zst"; fi
  peak "summary of zstd with its largest window" "$measured --summary '$folder/long.zst'"
}

prepare decompress_limit
about_machine
sections=("$@")
if [ ${#sections[@]} -eq 0 ]; then sections=(ndjson gzip zstd memory); fi
for section in "${sections[@]}"; do "section_$section"; done
