#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/robustness_test.sh ENDREASON [sanitized]
# Hostile input and a hostile system: whatever comes, the program ends by itself, with an exit code
# that it documents, in bounded memory and time, and its accounting adds up. Prints what it checks
# and ends with: N passed, N failed, N skipped. `sanitized` leaves out the limits of memory and time.
set -uo pipefail

program=$(realpath "$1")
sanitized=${2:-}
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2
export LC_ALL=C.UTF-8 HOME=$work TMPDIR=$work
unset ENDREASON_KERNEL

exec 3>&1  # results go here even from where standard output is closed
passed=0 failed=0 skipped=0
readonly memory_kib_max=65536 seconds_max=20
# Sanitizers make the program many times slower: less of everything, and more patience.
if [ -n "$sanitized" ]; then patience=120 megabytes=1; else patience=$seconds_max megabytes=20; fi

pass() {
  passed=$((passed + 1))
  echo "ok       $1" >&3
}
fail() {
  failed=$((failed + 1))
  echo "FAILED   $1: $2" >&3
  tail -n 3 "$work/err" 2>/dev/null | sed 's/^/           /' >&3
}
skip() {
  skipped=$((skipped + 1))
  echo "skipped  $1: $2" >&3
}

# Runs a command under a watch; prints its peak memory in KiB to the file "peak".
cat >"$work/watched.py" <<'END'
import os, resource, subprocess, sys
status = subprocess.call(["timeout", sys.argv[1]] + sys.argv[2:])
open("peak", "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status if status >= 0 else 128 - status)
END

# run ARGUMENTS...: explains; standard output to "out", standard error to "err", status to $status.
run() {
  rm -f stats peak
  python3 "$work/watched.py" "$patience" "$program" explain --stats stats "$@" >out 2>err
  status=$?
}

# What is wrong with the last run, or nothing: expected(EXIT-CODE...).
wrong() {
  local code fine=1 peak
  for code in "$@"; do if [ "$status" -eq "$code" ]; then fine=0; fi; done
  if [ $fine -ne 0 ]; then
    echo "exit code $status, expected $*"
    return
  fi
  peak=$(cat peak)
  if [ -z "$sanitized" ] && [ "$peak" -gt $memory_kib_max ]; then
    echo "$peak KiB of memory, at most $memory_kib_max"
    return
  fi
  if ! jq -e '.lines == .blank + .traffic + .other + .rejected' stats >/dev/null 2>&1; then
    echo "lines are not blank + traffic + other + rejected: $(cat stats 2>/dev/null)"
  fi
}

count() { jq -r ".$1" stats; }

# check SENTENCE CODES [jq condition on the accounting], after run.
check() {
  local sentence=$1 problem
  # shellcheck disable=SC2086 # the codes are a list
  problem=$(wrong $2)
  if [ -z "$problem" ] && [ $# -gt 2 ] && ! jq -e "$3" stats >/dev/null; then
    problem="expected $3, found $(cat stats)"
  fi
  if [ -z "$problem" ]; then pass "$sentence"; else fail "$sentence" "$problem"; fi
}

# says SENTENCE PATTERN: the last run's standard error has it.
says() { if grep -qE -- "$2" err; then pass "$1"; else fail "$1" "no /$2/ on standard error"; fi; }

make_inputs() {
  python3 - $megabytes <<'END'
import json, sys
size = int(sys.argv[1]) * 1_000_000
cells = [""] * 117
for at, text in {0: "1", 1: "2026/03/10 10:00:05", 2: "010401000001", 3: "TRAFFIC", 4: "end", 5: "2817",
                 6: "2026/03/10 10:00:00", 7: "10.1.2.3", 8: "203.0.113.80", 11: "web out", 14: "ssl",
                 15: "vsys1", 16: "trust", 17: "untrust", 22: "4711", 23: "1", 24: "51515", 25: "443",
                 28: "0x400053", 29: "tcp", 30: "allow", 31: "5000", 32: "1000", 33: "4000", 34: "20",
                 36: "60", 44: "10", 45: "10", 46: "tcp-fin"}.items():
    cells[at] = text
line = (",".join(cells) + "\n").encode()
def put(name, *parts):
    with open(name, "wb") as file:
        for part in parts: file.write(part)
def filled(unit, size): return unit * (size // len(unit))
record = {"LogType": "TRAFFIC", "Subtype": "end", "SourceAddress": "10.1.2.3", "DestinationAddress": "203.0.113.80",
          "SourcePort": 51515, "DestinationPort": 443, "Protocol": "tcp", "Action": "allow"}
pretty = (json.dumps(record, indent=1) + "\n").encode()
header = b'"Receive Time","Type","Source address","Destination address","Source Port","Destination Port","IP Protocol","Action"\n'
row = b"2026/03/10 10:00:05,TRAFFIC,10.1.2.3,203.0.113.80,51515,443,tcp,allow\n"
entry = b"<entry><type>TRAFFIC</type><src>10.1.1.1</src><dst>10.1.1.2</dst>%s</entry>"
def document(inner): return b"<response><result><log><logs>" + inner + b"</logs></log></result></response>\n"
put("one", line)
put("many", *(line.replace(b"4711", b"%d" % (i * 7919)) for i in range(size // len(line))))
put("empty")
put("nul", line.replace(b"web out", b"web\0out"), b"\0" * 3000 + b"\n", line)
put("nul-brace", b"\0{\n\0[{\n\0<entry>\n", line)
put("invalid-utf8", line.replace(b"web out", b"w\xff\xfe\xc3 \xed\xa0\x80\xf0"))
put("long-line", line, b"a" * 100_000_000, b"\n", line)
put("only-long-line", b"," * 5_000_000)
put("crlf", line[:-1] + b"\r\n", line, line[:-1] + b"\r\r\n", b"\r\n", b"\r\n")
put("columns", line[:-1] + b"," * 1_000_000 + b"\n", line)
put("utf-16", line.decode().encode("utf-16"))
put("deep-array", b"[" * 100_000 + b"\n", line)
put("deep-object", b'{"a":' * 100_000 + b"\n", line)
put("deep-lines", b'{\n"a":' * 100_000 + b"\n", line)
put("deep-member", b'{"LogType":"TRAFFIC","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", line)
put("deep-xml", document(entry % (b"<a>" * 100_000 + b"</a>" * 100_000)), line)
lol = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 10))
put("laughs", b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY l0 "lol">' + lol + b"]>\n", document(entry % b"<rule>&l9;</rule>"), line)
put("headers", filled(header + row, size))
put("documents", filled(pretty, size))
put("mixed", filled(pretty + line, size))
put("xml-documents", filled(document(entry % b""), size))
END
  head -c 3000000 /dev/urandom >random
  gzip -c many >many.gz && head -c $(($(stat -c %s many.gz) / 2)) many.gz >cut.gz
  zstd -qc many >many.zst && head -c $(($(stat -c %s many.zst) / 2)) many.zst >cut.zst
  head -c 300000000 /dev/zero | gzip -1 >bomb.gz
  head -c 1000000000 /dev/zero | zstd -q >bomb.zst
}

check_strange_bytes() {
  local name tried
  run empty && check "an empty file is no error" 0 '.lines == 0'
  run nul
  check "NUL bytes in a value and a line of nothing else" 0 '.traffic == 2 and .blank == 1'
  run nul-brace
  check "a brace behind a NUL byte does not stop the reading" 0 '.traffic == 1'
  run random
  check "random bytes are rejected" 0 '.traffic == 0'
  for tried in "$program" "$(command -v bash)" "$(command -v python3)"; do
    # A sanitized program has half a gigabyte; its first megabytes are as strange as the rest.
    head -c 20000000 "$tried" >binary
    run binary
    check "a program ($(basename "$tried")) as a log" 0
  done
  run -o ndjson invalid-utf8
  if iconv -f utf-8 -t utf-8 out >/dev/null 2>&1 && jq -e .rule out >/dev/null; then
    check "invalid UTF-8 in a value gives valid JSON" 0 '.traffic == 1'
  else
    fail "invalid UTF-8 in a value gives valid JSON" "$(head -c 300 out)"
  fi
  run crlf
  check "line ends of three kinds in one file" 0 '.traffic == 3 and .blank == 2'
  run utf-16
  check "UTF-16 is rejected" 0 '.traffic == 0 and .rejected > 0'
  for name in table card csv ndjson panos raw ecs ocsf; do
    run -o $name nul random invalid-utf8
    check "strange bytes with -o $name" 0
  done
  run --summary nul random invalid-utf8
  check "strange bytes with --summary" 0
}

check_sizes() {
  run long-line
  check "a line of 100 MB is rejected, the lines around it are read" 0 '.traffic == 2 and .rejected == 1'
  run - <long-line
  check "the same from standard input" 0 '.traffic == 2 and .rejected == 1'
  run only-long-line
  check "a line of 5 MB without an end" 0 '.rejected == 1'
  run columns
  check "a line of a million columns" 0 '.lines == 2'
  run bomb.gz
  check "300 MB of zeros out of 1.3 MB of gzip" 0
  run bomb.zst
  check "1 GB of zeros out of 31 KB of zstd" 0
  local name
  for name in deep-array deep-object deep-lines deep-member deep-xml laughs; do
    run $name
    check "$name: nested 100,000 deep, or entities of entities; the line behind it is read" 0 '.traffic >= 1'
  done
  # A file of many small parts must cost as much as one of few large parts.
  for name in headers documents mixed xml-documents; do
    run -o raw $name
    check "$megabytes MB of $name, one after another, within $patience s" 0 ".traffic > $megabytes * 450 and .rejected == 0"
  done
  head -c 2000000 mixed | run -
  check "the same through a pipe" 0 '.rejected <= 1'
}

check_broken_files() {
  local kind
  for kind in gz zst; do
    run -o raw cut.$kind
    check "a cut .$kind gives what it has, then exit code 4" 4 '.traffic > 0'
    says "and it is named" "cut\.$kind"
  done
  run many.gz many.zst one
  check "plain, gzip and zstd in one run" 0 '.rejected == 0'
  cp many shrinking
  mkfifo output
  "$program" explain -q -o raw shrinking >output 2>err &
  local reader=$!
  { head -c 1000 >/dev/null; : >shrinking; cat >/dev/null; } <output
  wait $reader
  status=$?
  if [ $status -eq 0 ] || [ $status -eq 4 ]; then
    pass "a file that shrinks while it is read"
  else
    fail "a file that shrinks while it is read" "exit code $status"
  fi
  cp one growing
  mkfifo gate
  "$program" explain --stats stats -q growing gate >/dev/null 2>err &
  reader=$!
  { cat many >>growing; cat one; } >gate
  if wait $reader && [ "$(count traffic)" -ge 2 ]; then
    pass "a file that grows, and a named pipe"
  else
    fail "a file that grows, and a named pipe" "$(cat stats)"
  fi
}

cp_one() { printf '%s\n' "$line" >"$1"; }

check_folders() {
  local line i
  line=$(<one)
  mkdir small deep
  for ((i = 0; i < 10000; ++i)); do cp_one "small/$i"; done
  (
    ulimit -n 32
    run small
    echo "$status" >code
  )
  status=$(<code)
  check "10,000 files in one folder, with 32 descriptors" 0 '.traffic == 10000'
  (cd deep && for _ in $(seq 300); do mkdir d0123456789012 && cd d0123456789012 || exit; done; cp "$work/one" . )
  cp one deep/one
  run deep
  check "a folder deeper than a path may be long" "0 4" '.traffic >= 1'
  mkdir loops && ln -s loops loops/itself && ln -s .. loops/up && ln -s gone loops/gone && cp one loops
  run loops
  check "links to themselves, upwards and to nowhere inside a folder" 0 '.traffic == 1'
  ln -s turning turning
  run turning
  if [ $status -eq 4 ]; then pass "a link to itself that is named: exit code 4"; else fail "a link to itself that is named" "exit code $status"; fi
  expect 4 "a folder as standard input" explain - <loops 2>err
  run /dev/null
  check "/dev/null" 0 '.lines == 0'
  check_permissions
}

check_permissions() {
  local sentence="a folder and a file without permission are named, the rest is read" as_other=()
  if [ "$(id -u)" -eq 0 ]; then
    if ! command -v setpriv >/dev/null; then
      skip "$sentence" "there is no setpriv, and root may read everything"
      return
    fi
    as_other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  fi
  cp "$program" endreason && mkdir -p mixed-rights/closed && cp one mixed-rights/open && cp one mixed-rights/closed/one
  cp one mixed-rights/shut && chmod 000 mixed-rights/shut mixed-rights/closed
  "${as_other[@]}" ./endreason explain -o raw mixed-rights >out 2>err
  status=$?
  if [ $status -le 4 ] && [ "$(wc -l <out)" -eq 1 ] && grep -q closed err && grep -q shut err; then
    pass "$sentence"
  else
    fail "$sentence" "exit code $status"
  fi
}

# expect CODE SENTENCE ARGUMENTS...: the program with its standard descriptors as they are given.
expect() {
  local code=$1 sentence=$2
  shift 2
  timeout "$patience" "$program" "$@"
  status=$?
  if [ $status -eq "$code" ]; then
    pass "$sentence: exit code $code"
  else
    fail "$sentence" "exit code $status, expected $code"
  fi
}

check_outputs() {
  local options
  for options in "-o ndjson" "-o table" "-o card" "--summary" "--summary -o ndjson"; do
    # shellcheck disable=SC2086 # a list of options
    {
      expect 4 "$options on a full disk" explain -q $options many 2>err >/dev/full
      expect 4 "$options with standard output closed" explain -q $options many 2>err >&-
    }
  done
  expect 4 "--rejects on a full disk" explain -q --rejects /dev/full random 2>err >/dev/null
  expect 4 "--stats on a full disk" explain -q --stats /dev/full one 2>err >/dev/null
  expect 4 "standard input closed" explain -q - 2>err >/dev/null <&-
  expect 0 "standard error closed" explain -o raw one >out 2>&-
  "$program" explain -q -o raw --rejects kept one random 2>err >&-
  "$program" explain --rejects kept-too one random >/dev/null 2>&-
  if grep -q 10.1.2.3 kept || grep -qv '^{' kept-too; then
    fail "rejects hold nothing but rejects" "a closed descriptor was given to them"
  else
    pass "rejects hold nothing but rejects, whichever descriptor is closed"
  fi
}

check_endless() {
  local line signal
  line=$(<one)
  yes "$line" | timeout "$patience" "$program" explain -q -o raw - 2>err | head -n 1 >out
  status=${PIPESTATUS[1]}
  if [ "$status" -eq 0 ] && [ "$(wc -l <out)" -eq 1 ]; then
    pass "a reader that goes away (head) ends an endless input: exit code 0"
  else
    fail "head on an endless input" "exit code $status"
  fi
  yes "$line" | timeout "$patience" "$program" explain -q -o raw --limit 3 - >out 2>err
  status=${PIPESTATUS[1]}
  if [ "$status" -eq 0 ] && [ "$(wc -l <out)" -eq 3 ]; then
    pass "--limit ends an endless input: exit code 0"
  else
    fail "--limit on an endless input" "exit code $status"
  fi
  for signal in INT:130 TERM:143; do
    yes "$line" | timeout --preserve-status -s "${signal%:*}" 1 "$program" explain -q --summary - >out 2>err
    status=${PIPESTATUS[1]}
    if [ "$status" -eq "${signal#*:}" ]; then
      pass "SIG${signal%:*} ends it: exit code $status"
    else
      fail "SIG${signal%:*}" "exit code $status"
    fi
  done
}

# An empty part of a library path is the folder that one happens to be in: whoever can write there
# would have his libraries loaded.
check_libraries() {
  local paths
  if ! command -v readelf >/dev/null; then
    skip "where libraries are looked for" "readelf is not installed"
    return
  fi
  paths=$(readelf -d "$program" | sed -nE 's/.*\((RUNPATH|RPATH)\).*\[(.*)\]$/\2/p')
  if grep -qE '(^|:)(:|$|[^/$])' <<<"${paths:-/}"; then
    fail "libraries are looked for in the current folder" "$paths"
  else
    pass "libraries are looked for in no folder that one happens to be in"
  fi
}

make_inputs
check_libraries
check_strange_bytes
check_sizes
check_broken_files
check_folders
check_outputs
check_endless
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
