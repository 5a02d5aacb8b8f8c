#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes more seeds for a fuzz target out of real logs or captures, in the build tree: nothing of them enters the project.
#   fuzz/seed.sh lines|packed|captures SEEDS LOGS OUT
# SEEDS: our own seeds (fuzz/corpus/...).  LOGS: a folder of logs or captures, may be missing.  OUT: filled anew.
#   lines:  files of LOGS up to 8 KiB whole; of longer ones the first 20 lines, one a seed.
#   packed: each file of SEEDS, plain, as gzip without and with its name, as zstd, as two gzip
#           members, and cut short.
#   captures: plain captures up to 2 KiB, one in five of them, whole.
set -eu
kind=$1 seeds=$2 logs=$3 out=$4
rm -rf "$out"
mkdir -p "$out"

seed_lines() {
  [ -d "$logs" ] || { echo "no $logs: our own seeds alone"; return 0; }
  n=0
  find "$logs" -type f ! -name 'SOURCE*' | LC_ALL=C sort | while IFS= read -r file; do
    n=$((n + 1))
    if [ "$(wc -c < "$file")" -le 8192 ]; then
      cp "$file" "$out/$n-whole"
    else
      head -n 20 "$file" | LC_ALL=C awk -v name="$out/$n-line" \
        '{ to = name NR; print substr($0, 1, 8192) > to; close(to) }'
    fi
  done
}

seed_packed() {
  for file in "$seeds"/*; do
    name=$out/$(basename "$file")
    cp "$file" "$name"
    gzip -nc "$file" > "$name.gz"
    gzip -c "$file" > "$name.named.gz"
    cat "$name.gz" "$name.gz" > "$name.twice.gz"
    head -c 60 "$name.gz" > "$name.cut.gz"
    command -v zstd > /dev/null || continue
    zstd -qc "$file" > "$name.zst"
    head -c 60 "$name.zst" > "$name.cut.zst"
  done
}

seed_captures() {
  [ -d "$logs" ] || { echo "no $logs: our own seeds alone"; return 0; }
  n=0
  find "$logs" -type f -size -5 \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' \) |
    LC_ALL=C sort | awk 'NR % 5 == 0' | while IFS= read -r file; do
    n=$((n + 1))
    cp "$file" "$out/$n-$(basename "$file")"
  done
}

"seed_$kind"
chmod -R u+w "$out"
