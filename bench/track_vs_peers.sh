#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast `endreason track` is on one thread, against Debian's own softflowd, nfpcapd, argus and
# ndpiReader on the same captures, each run in turn, from the page cache: processor time a packet
# (user and system), packets a second of wall time, ratios of medians, beside the targets.
# usage: bench/track_vs_peers.sh [churn | concurrent | mix | applications | rules | signatures |
#        threads | memory]...
# Settings: BENCH_ROUNDS, BENCH_FOLDER, ENDREASON as timing.sh has them, and
#   BENCH_CAPTURES  the folder of real captures that `mix` is made of (default ../shared/data/pcaps)
#
# Every program writes its records where they cost it least: we and argus to /dev/null, softflowd to
# a UDP port of this machine that nobody reads, nfpcapd into a folder. Ours are whole rows of a
# PAN-OS traffic log (-o panos), some 400 bytes a session, theirs some 50 to 100.
set -euo pipefail
# shellcheck source=bench/timing.sh
source "$(dirname "${BASH_SOURCE[0]}")/timing.sh"

captures=${BENCH_CAPTURES:-$root/../shared/data/pcaps}
generate=$root/build/bench/generate_capture
declare -A packets_of=()

# capture KIND: makes it once, reads it into the page cache, sets `file` and packets_of[KIND]. It is
# read from the disk, as a capture is that was taken some time ago: what was just written lies in the
# page cache in smaller pieces, which costs every reader about twice as much for the copy.
capture() {
  file=$folder/$1.pcap
  local options=()
  if [ "$1" = mix ]; then options=(--captures "$captures"); fi
  if [ ! -f "$file" ] || [ ! -f "$file.packets" ]; then
    "$generate" "$1" "${options[@]}" 2>"$file.said" >"$file.part"
    sed -n 's/^\([0-9]*\) packets, .*/\1/p' "$file.said" >"$file.packets"
    mv "$file.part" "$file"
  fi
  packets_of[$1]=$(cat "$file.packets")
  read_from_disk "$file"
}

declare -A cpu_of=() wall_of=()

# measure NAME COMMAND: one run; adds processor and wall seconds to its lists. It is started by this
# shell itself: another one would take some 2 ms to start, a hundredth of what two threads take for
# mix. A gigabyte of memory is taken and given back before: a virtual machine may have given to its
# host what lay idle during the run before, and getting that again would be measured, more of it the
# longer the other one ran.
measure() {
  local TIMEFORMAT='%U %S %R' took user system wall
  "$root/build/bench/take_memory" 1024
  if ! took=$({ time eval "$2" >/dev/null 2>"$folder/stderr.txt"; } 2>&1); then
    echo "$1 failed: $2" >&2
    tail -n 5 "$folder/stderr.txt" >&2
    exit 1
  fi
  read -r user system wall <<<"$took"
  cpu_of[$1]+=" $(awk -v u="$user" -v s="$system" 'BEGIN { print u + s }')"
  wall_of[$1]+=" $wall"
}

middle() { printf '%s\n' "$@" | sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }
# What a fifth of the rounds were no slower than.
fifth() { printf '%s\n' "$@" | sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 4) / 5)] }'; }
# shellcheck disable=SC2086  # the times are to be split
cpu() { middle ${cpu_of[$1]}; }
# shellcheck disable=SC2086
wall() { middle ${wall_of[$1]}; }
# shellcheck disable=SC2086
quick_wall() { fifth ${wall_of[$1]}; }

# in_turn NAME...: rounds over command_of.
in_turn() {
  local round name
  cpu_of=() wall_of=()
  for ((round = 0; round < rounds; ++round)); do
    for name in "$@"; do measure "$name" "${command_of[$name]}"; done
  done
}

report() {
  local packets=$1 name
  shift
  for name in "$@"; do
    awk -v name="$name" -v c="$(cpu "$name")" -v w="$(wall "$name")" -v n="$packets" 'BEGIN {
      printf "  %-22s %7.0f ns of processor a packet   %6.2f Mpackets/s of wall time\n", name, c / n * 1e9, n / w / 1e6 }'
  done
}

# target WORDS VALUE AT_LEAST
target() {
  awk -v words="$1" -v v="$2" -v t="$3" 'BEGIN {
    printf "  %-58s %7.2f   target %s: %s\n", words, v, t, (v >= t ? "reached" : "MISSED") }'
}
quotient() { awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'; }

track() { printf '%q track -q --threads %s -r %q -o panos %s' "$endreason" "$1" "$2" "${3:-}"; }

# against KIND MPACKETS TIMES: tracking without applications against the three that make flows.
against() {
  local name fastest=
  capture "$1"
  echo "$1: tracking without applications, one thread, ${packets_of[$1]} packets, $rounds rounds"
  rm -rf "$folder/nfpcapd"
  mkdir -p "$folder/nfpcapd"
  command_of=(
    [endreason]=$(track 1 "$file" --no-appid)
    [softflowd]=$(printf 'softflowd -r %q -m 4000000 -n 127.0.0.1:19995' "$file")
    [nfpcapd]=$(printf 'nfpcapd -r %q -w %q' "$file" "$folder/nfpcapd")
    [argus]=$(printf 'argus -r %q -w /dev/null' "$file")
  )
  in_turn endreason softflowd nfpcapd argus
  report "${packets_of[$1]}" endreason softflowd nfpcapd argus
  for name in softflowd nfpcapd argus; do
    if [ -z "$fastest" ] || awk -v a="$(cpu "$name")" -v b="$fastest" 'BEGIN { exit !(a < b) }'; then
      fastest=$(cpu "$name")
    fi
  done
  target "million packets/s of wall time" "$(awk -v n="${packets_of[$1]}" -v w="$(wall endreason)" 'BEGIN { print n / w / 1e6 }')" "$2"
  target "times the fastest of the three, processor time" "$(quotient "$fastest" "$(cpu endreason)")" "$3"
}

section_churn() { against churn 8 6; }
section_concurrent() { against concurrent 6 8; }
section_mix() { against mix 4 2.5; }

section_applications() {
  capture mix
  echo "mix: with applications, one thread"
  command_of=(
    [endreason]=$(track 1 "$file")
    [ndpiReader]=$(printf 'ndpiReader -i %q -q' "$file")
  )
  in_turn endreason ndpiReader
  report "${packets_of[mix]}" endreason ndpiReader
  target "times ndpiReader, processor time" "$(quotient "$(cpu ndpiReader)" "$(cpu endreason)")" 2.5
  target "of 900 ns a packet, how often ours fits in" "$(awk -v n="${packets_of[mix]}" -v c="$(cpu endreason)" 'BEGIN { print 900 / (c / n * 1e9) }')" 1
}

# What rules cost: applications looked for, and each session looked up at its first packet and at each
# change of its application. Rows of every session in all three.
section_rules() {
  local n
  capture mix
  echo "mix: with applications and rules, one thread"
  command_of=([none]=$(track 1 "$file"))
  for n in 10 1000; do
    "$root/build/bench/generate_policy" "$n" >"$folder/rules-$n.yaml"
    command_of[$n]=$(track 1 "$file" "--log end --config $folder/rules-$n.yaml")
  done
  in_turn none 10 1000
  report "${packets_of[mix]}" none 10 1000
  target "of the speed without rules, with 1,000" "$(quotient "$(cpu none)" "$(cpu 1000)")" 0.6
}

# What a thousand threat signatures cost, beside applications and 1,000 rules; with HOME_NET any, the
# rules on HTTP look into all of it, not only into that of clients with private addresses.
section_signatures() {
  local name files=("$folder/made.rules" "$folder/rules-1000.yaml")
  capture mix
  "$root/build/bench/bench_inspect" --print >"${files[0]}"
  "$root/build/bench/generate_policy" 1000 >"${files[1]}"
  echo "mix: with applications, 1,000 rules and 1,000 signatures, one thread"
  command_of=(
    [without]=$(track 1 "$file" "--log end --config ${files[1]}")
    [signatures]=$(track 1 "$file" "--log end --config ${files[1]} --rules ${files[0]}")
    [any]=$(track 1 "$file" "--log end --config ${files[1]} --rules ${files[0]} --var HOME_NET=any")
  )
  command_of[suricata]="suricata -r $file -S ${files[0]} -l $folder/suricata --runmode single -k none"
  command_of[snort]="snort -r $file -R ${files[0]} -k none -q"
  local peers=()
  for name in suricata snort; do
    if command -v "$name" >/dev/null; then peers+=("$name"); else echo "  $name is not installed: not compared"; fi
  done
  mkdir -p "$folder/suricata"
  in_turn without signatures any "${peers[@]}"
  report "${packets_of[mix]}" without signatures any "${peers[@]}"
  target "of the speed without signatures" "$(quotient "$(cpu without)" "$(cpu signatures)")" 0.6
  target "of the speed without signatures, HOME_NET any" "$(quotient "$(cpu without)" "$(cpu any)")" 0.6
  for name in "${peers[@]}"; do
    target "times $name, processor time" "$(quotient "$(cpu "$name")" "$(cpu signatures)")" 2
  done
}

# The pool is twice the sessions, so that no limit that all threads share is near. Two programs side by
# side, a thread and the whole capture each, are what the machine allows. The host of a virtual
# machine takes a processor away at times, and two threads wait whichever it is; so the fastest fifth of
# the rounds of each is compared, too.
section_threads() {
  local kind one limit
  for kind in churn concurrent mix; do
    capture "$kind"
    echo "$kind: two threads against one, without applications"
    one=$(track 1 "$file" "--no-appid --sessions 2000000")
    command_of=(
      [one]=$one
      [two]=$(track 2 "$file" "--no-appid --sessions 2000000")
      [beside]="$one & $one && wait \$!"
    )
    in_turn one two beside
    report "${packets_of[$kind]}" one two
    target "times one thread, wall time" "$(quotient "$(wall one)" "$(wall two)")" 1.7
    echo "  the same of the fastest fifth of each: $(quotient "$(quick_wall one)" "$(quick_wall two)")"
    limit=$(awk -v one="$(wall one)" -v beside="$(wall beside)" 'BEGIN { print 2 * one / beside }')
    echo "  two programs side by side do $limit times what one does"
    target "of that, two threads do" "$(awk -v one="$(wall one)" -v two="$(wall two)" -v l="$limit" 'BEGIN { print one / two / l }')" 0.85
  done
}

# What a million sessions add to a program that has none, and ten million (from a pipe: the capture
# would take 15 GB).
section_memory() {
  local none million ten
  peak() { command time -f %M "$@" 2>&1 >/dev/null | tail -n 1; }
  capture concurrent
  "$generate" concurrent --sessions 1 2>/dev/null >"$folder/one.pcap"
  none=$(peak "$endreason" track -q --threads 1 --no-appid -r "$folder/one.pcap" -o panos)
  million=$(peak "$endreason" track -q --threads 1 --no-appid -r "$file" -o panos)
  echo "memory: one session $((none / 1024)) MiB, a million open at once $((million / 1024)) MiB"
  target "of 300 bytes a session, how often ours fits in" "$(awk -v a="$none" -v b="$million" 'BEGIN { print 300 / ((b - a) * 1024 / 1e6) }')" 1
  ten=$("$generate" concurrent --sessions 10000000 2>/dev/null |
    command time -f %M "$endreason" track -q --threads 1 --no-appid --sessions 10000000 -r - -o panos 2>&1 >/dev/null | tail -n 1)
  echo "memory: ten million open at once $((ten / 1024)) MiB"
  target "of 4 GB, how often it fits in" "$(awk -v a="$ten" 'BEGIN { print 4e9 / (a * 1024) }')" 1
}

prepare generate_capture generate_policy bench_inspect take_memory
about_machine
sections=("$@")
if [ ${#sections[@]} -eq 0 ]; then sections=(churn concurrent mix applications rules signatures threads memory); fi
for section in "${sections[@]}"; do "section_$section"; done
