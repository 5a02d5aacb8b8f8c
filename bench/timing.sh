# shellcheck shell=bash disable=SC2034  # some settings are for the scripts that source this
# SPDX-License-Identifier: Apache-2.0
# For the benchmark scripts: a made-up log of a size, contenders run in turn (A B A B ...), medians,
# and ratios against a target. To be sourced. Settings by environment:
#   BENCH_BYTES   size of the log (default 1G)          BENCH_ROUNDS  rounds (default 5)
#   BENCH_FOLDER  where the logs go (default $TMPDIR/endreason-bench or /tmp/endreason-bench)
#   ENDREASON     the program to measure (default build/endreason)

bench_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$bench_folder/.." && pwd)
bytes=${BENCH_BYTES:-1G}
rounds=${BENCH_ROUNDS:-5}
folder=${BENCH_FOLDER:-${TMPDIR:-/tmp}/endreason-bench}
endreason=${ENDREASON:-$root/build/endreason}
generator=$root/build/bench/generate_traffic_log
machine_limit=$root/build/bench/machine_limit

# Builds what the scripts run. Arguments: further targets.
prepare() {
  "$root/tools/install-packages.sh" run bench || exit 1
  if [ ! -f "$root/build/build.ninja" ]; then (cd "$root" && cmake --preset release >/dev/null); fi
  if ! ninja -C "$root/build" endreason generate_traffic_log machine_limit "$@" >"$root/build/bench.log" 2>&1; then
    tail -n 40 "$root/build/bench.log" >&2
    exit 1
  fi
  mkdir -p "$folder"
}

# read_from_disk FILE: into the page cache.
read_from_disk() {
  sync "$1"
  dd if="$1" iflag=nocache count=0 status=none
  cat "$1" >/dev/null
}

# traffic_log SIZE: makes the log once, reads it into the page cache, prints its path. It is read from
# the disk, as a log is that was written some time ago: what was just written lies in the page cache in
# smaller pieces, which costs every reader half as much again for the copy.
traffic_log() {
  local path=$folder/traffic-$1.csv
  if [ ! -f "$path" ]; then
    "$generator" --bytes "$1" >"$path.part"
    mv "$path.part" "$path"
  fi
  read_from_disk "$path"
  echo "$path"
}

stored_bytes() { stat -c %s "$1"; }

declare -gA seconds_of=()  # contender -> its times, one a round
declare -gA command_of=()
contenders=()

# contender NAME COMMAND: a shell command; what it prints is thrown away.
contender() {
  contenders+=("$1")
  command_of[$1]=$2
  seconds_of[$1]=
}

forget_contenders() {
  contenders=()
  seconds_of=()
  command_of=()
}

# Runs every contender once a round, in turn, so that a slow minute of the machine meets them all.
run_contenders() {
  local round name began ended
  for ((round = 0; round < ${1:-$rounds}; ++round)); do
    for name in "${contenders[@]}"; do
      began=${EPOCHREALTIME//[!0-9]/}
      if ! bash -c "${command_of[$name]}" >/dev/null 2>"$folder/stderr.txt"; then
        echo "$name failed: ${command_of[$name]}" >&2
        tail -n 5 "$folder/stderr.txt" >&2
        exit 1
      fi
      ended=${EPOCHREALTIME//[!0-9]/}
      seconds_of[$name]+=" $((ended - began))"
    done
  done
}

# Median of a contender's times, in microseconds.
median() {
  # shellcheck disable=SC2086  # the times are to be split
  printf '%s\n' ${seconds_of[$1]} | sort -n | awk '{ t[NR] = $1 } END { print NR % 2 ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2 }'
}

# report_speeds BYTES: the median of each contender, with the fastest and the slowest round.
report_speeds() {
  local name
  for name in "${contenders[@]}"; do
    # shellcheck disable=SC2086
    printf '%s\n' ${seconds_of[$name]} | sort -n | awk -v name="$name" -v bytes="$1" -v median="$(median "$name")" '
      { t[NR] = $1 }
      END { printf "  %-34s %8.3f GB/s   (%.3f to %.3f s, %d rounds)\n", name, bytes / median / 1e3, t[1] / 1e6, t[NR] / 1e6, NR }'
  done
}

# report_ratio WORDS NUMERATOR DENOMINATOR TARGET: time of one by time of the other, and whether it
# reaches the target.
report_ratio() {
  awk -v words="$1" -v a="$(median "$2")" -v b="$(median "$3")" -v target="$4" 'BEGIN {
    ratio = a / b
    printf "  %-50s %8.2f   target %s: %s\n", words, ratio, target, (ratio >= target ? "reached" : "MISSED")
  }'
}

# report_bare_ratio WORDS NUMERATOR DENOMINATOR: the same without a target.
report_bare_ratio() {
  awk -v words="$1" -v a="$(median "$2")" -v b="$(median "$3")" \
    'BEGIN { printf "  %-50s %8.2f\n", words, a / b }'
}

# report_speed_target NAME BYTES GB_PER_S
report_speed_target() {
  awk -v name="$1" -v median="$(median "$1")" -v bytes="$2" -v target="$3" 'BEGIN {
    speed = bytes / median / 1e3
    printf "  %-50s %8.2f   target %s GB/s: %s\n", name, speed, target, (speed >= target ? "reached" : "MISSED")
  }'
}

about_machine() {
  echo "$(date -u +%Y-%m-%d) $(uname -m), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
    "kernel $(uname -r), load $(cut -d' ' -f1 /proc/loadavg)"
}
