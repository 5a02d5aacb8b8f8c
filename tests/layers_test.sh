#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Holds the source tree to its layers and to the rules that a machine can check:
#   - a room of src/ includes only the rooms that it may; files stand in a room;
#   - a third-party header appears in the room that owns it, and in no header that others include
#     (fmt: any .cpp; expected: base/result.hpp's, so anywhere);
#   - every header has #pragma once, every file its SPDX line;
#   - no file above 800 lines (tables and tests may be), no marks of unfinished work.
#
#   tests/layers_test.sh [ROOT]    checks ROOT/src, after planting one violation of each rule in a
#                                  temporary tree and seeing that each is found
# Exit code: 0 all is well, 1 a rule is broken (one line each on standard error).
set -euo pipefail
export LC_ALL=C

# Which rooms a room may include, itself aside. The row of DESIGN.md, "Who may include whom".
declare -A allowed=(
  [base]=""
  [model]="base"
  [sources]="base model"
  [transfer]="base"
  [decode]="base model"
  [session]="base model"
  [appid]="base model"
  [policy]="base model"
  [inspect]="base model"
  [parse]="base model"
  [verdict]="base model"
  [query]="base model"
  [config]="base model sources decode session appid policy inspect verdict query"
  [format]="base model"
  [findings]="base model policy verdict query"
  [store]="base model transfer"
  [ingest]="base model sources policy parse verdict query format findings store"
  [dataplane]="base model decode session appid policy inspect"
  [server]="base model sources transfer parse verdict query format findings store ingest"
  [cli]="base model sources transfer decode session appid policy inspect parse verdict query format findings ingest dataplane config store server"
)

# Third-party headers by the start of their name, and the room that owns them; of an XML reader two
# have need: one for records by the million, one for a configuration.
declare -A owner=(
  [simdjson]=parse [pugixml]="parse config"
  [zlib]=inspect [zstd]=sources [isa-l]=sources [pcap]=sources [igzip_lib]=sources [libdeflate]=sources
  [CLI]=cli [yaml-cpp]=config
  [date]=base [openssl]="base inspect"
  [ndpi]=appid
  [duckdb]=store [curl]=transfer [xxhash]=ingest [boost]="sources server"
  [hs]=inspect [pcre2]=inspect [librdkafka]=sources [lz4]=store
)

longest_file=800
unfinished='\b(TODO|FIXME|XXX|HACK)\b'

# Prints one line a broken rule of the tree at $1; nothing when all is well.
broken_rules() {
  local root=$1
  (
    cd "$root"
    include_rules
    file_rules
  )
}

source_files() {
  local folder
  for folder in src fuzz bench tests; do
    if [ -d "$folder" ]; then find "$folder" -type f \( -name '*.cpp' -o -name '*.hpp' \); fi
  done | sort
}

# Every #include of src/ as "file:line:name", judged by where it stands and what it names.
include_rules() {
  local file line name room
  while IFS=: read -r file line name; do
    room=${file#src/}
    room=${room%%/*}
    if [ -z "${allowed[$room]+known}" ]; then
      echo "$file:$line: src/$room is not a room that tests/layers_test.sh knows: add its row"
      continue
    fi
    judge_include "$file" "$line" "$room" "$name"
  done < <(grep -rnE --include='*.cpp' --include='*.hpp' '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' src |
           sed -E 's/^([^:]*):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]*).*/\1:\2:\3\4/')
}

judge_include() {
  local file=$1 line=$2 room=$3 form=${4:0:1} name=${4:1} target first
  first=${name%%/*}
  target=${first%.h}
  target=${target%.hpp}
  if [ "$form" = '"' ]; then
    if [ "$first" = "$name" ]; then
      echo "$file:$line: \"$name\" names no room: write \"$room/$name\""
    elif [ "$first" != "$room" ] && [[ " ${allowed[$room]} " != *" $first "* ]]; then
      echo "$file:$line: room $room may not include room $first (it may: ${allowed[$room]:-none})"
    fi
    return
  fi
  if [ -n "${allowed[$first]+room}" ] && [ "$first" != "$name" ]; then
    echo "$file:$line: <$name> is a room of ours: write it in quotes"
  elif [ -n "${owner[$target]+third}" ] && [[ " ${owner[$target]} " != *" $room "* ]]; then
    echo "$file:$line: <$name> belongs to room ${owner[$target]}"
  elif [ "$first" = fmt ] && [[ $file == *.hpp ]]; then
    echo "$file:$line: <$name> is for .cpp files, not for headers"
  elif [ -n "${owner[$target]+third}" ] && [[ $file == *.hpp ]] && included_elsewhere "$file" "$room"; then
    echo "$file:$line: <$name> stands in a header that other rooms include"
  fi
}

# True when a file of another room includes this header.
included_elsewhere() {
  local name=${1#src/}
  local users
  users=$(grep -rlF --include='*.cpp' --include='*.hpp' "#include \"$name\"" src | grep -v "^src/$2/" || true)
  [ -n "$users" ]
}

# All files at once: a process for each rule and file would take a minute. awk does not see those that
# are empty.
file_rules() {
  local file
  while IFS= read -r file; do
    if [ -s "$file" ]; then continue; fi
    echo "$file:1: the first line is not the SPDX line"
    if [[ $file == *.hpp ]]; then echo "$file:1: a header without #pragma once"; fi
  done < <(source_files)
  xargs -d '\n' awk -v longest="$longest_file" '
    function behind_last() {
      if (lines > longest && file !~ /(_terms|_table|_tables|_test)[.][ch]pp$/)
        print file ":" lines ": longer than " longest " lines: split it by what its parts do"
      if (file ~ /[.]hpp$/ && !pragma) print file ":1: a header without #pragma once"
    }
    FNR == 1 {
      behind_last()
      file = FILENAME
      pragma = 0
      if (!/SPDX-License-Identifier: Apache-2[.]0/) print file ":1: the first line is not the SPDX line"
    }
    /^#pragma once$/ { pragma = 1 }
    { lines = FNR }
    END { behind_last() }' < <(source_files)
  source_files | xargs -d '\n' grep -nHE "$unfinished" | sed -E 's|^([^:]*:[0-9]+):.*|\1: a mark of unfinished work|' || true
}

# A tree that breaks each rule once. The mark is put together here, so that this file has none.
plant() {
  local root=$1 spdx='// SPDX-License-Identifier: Apache-2.0'
  mkdir -p "$root"/src/{base,model,parse,query,format,cli,pantry}
  printf '%s\n' "$spdx" '#pragma once' '#include <date/date.h>' > "$root/src/base/time.hpp"
  printf '%s\n' "$spdx" '#include "query/filter.hpp"' > "$root/src/parse/reads_query.cpp"
  printf '%s\n' "$spdx" '#include "parse/x.hpp"' > "$root/src/base/reads_up.cpp"
  printf '%s\n' "$spdx" '#include <simdjson.h>' > "$root/src/format/json.cpp"
  printf '%s\n' "$spdx" '#pragma once' '#include <fmt/format.h>' > "$root/src/query/text.hpp"
  printf '%s\n' "$spdx" '#include "text.hpp"' > "$root/src/query/no_room.cpp"
  printf '%s\n' "$spdx" '#include <model/field.hpp>' > "$root/src/query/angles.cpp"
  printf '%s\n' "$spdx" '#include "base/time.hpp"' > "$root/src/model/includes_time.cpp"
  printf '%s\n' "$spdx" '#include <vector>' > "$root/src/pantry/stray.cpp"
  printf '%s\n' "$spdx" 'struct Bare {};' > "$root/src/model/bare.hpp"
  : > "$root/src/model/empty.hpp"
  printf '%s\n' '#pragma once' > "$root/src/model/no_licence.hpp"
  printf '%s\n' "$spdx" "// TO""DO: later" > "$root/src/cli/later.cpp"
  { echo "$spdx"; seq 900 | sed 's|^|// line |'; } > "$root/src/cli/long.cpp"
  { echo "$spdx"; seq 900 | sed 's|^|// row |'; } > "$root/src/cli/long_table.cpp"
  printf '%s\n' "$spdx" '#include "base/time.hpp"' '#include "parse/x.hpp"' '#include <CLI/CLI.hpp>' \
    '#include <fmt/core.h>' '#include <date/tz.h>' > "$root/src/cli/main.cpp"
}

planted_violations='src/base/reads_up.cpp:2: room base may not include room parse (it may: none)
src/base/time.hpp:3: <date/date.h> stands in a header that other rooms include
src/cli/later.cpp:2: a mark of unfinished work
src/cli/long.cpp:901: longer than 800 lines: split it by what its parts do
src/cli/main.cpp:6: <date/tz.h> belongs to room base
src/format/json.cpp:2: <simdjson.h> belongs to room parse
src/model/bare.hpp:1: a header without #pragma once
src/model/empty.hpp:1: a header without #pragma once
src/model/empty.hpp:1: the first line is not the SPDX line
src/model/no_licence.hpp:1: the first line is not the SPDX line
src/pantry/stray.cpp:2: src/pantry is not a room that tests/layers_test.sh knows: add its row
src/parse/reads_query.cpp:2: room parse may not include room query (it may: base model)
src/query/angles.cpp:2: <model/field.hpp> is a room of ours: write it in quotes
src/query/no_room.cpp:2: "text.hpp" names no room: write "query/text.hpp"
src/query/text.hpp:3: <fmt/format.h> is for .cpp files, not for headers'

# This test must be able to fail: it has to find exactly what was planted.
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
plant "$planted"
if ! diff <(echo "$planted_violations") <(broken_rules "$planted" | sort) >&2; then
  echo "layers_test.sh does not find what was planted (< expected, > found)" >&2
  exit 1
fi

root=${1:-$(dirname "$0")/..}
found=$(broken_rules "$root" | sort)
if [ -n "$found" ]; then
  echo "$found" >&2
  exit 1
fi
echo "layers: $(cd "$root" && source_files | wc -l) files keep the rules"
