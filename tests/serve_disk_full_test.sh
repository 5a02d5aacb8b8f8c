#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A full disk stops the server from taking rows, which it says; it goes on by itself when there is room.
# usage: serve_disk_full_test.sh PROGRAM CHECKOUT      77: no right to mount
set -euo pipefail

program=$1 checkout=$2
if [ "${3:-}" != inside ]; then
  if ! command -v curl >/dev/null || ! unshare -m true 2>/dev/null; then
    echo "skipped: curl, and the right to mount in a namespace, are needed"
    exit 77
  fi
  exec unshare -m "$0" "$program" "$checkout" inside
fi

work=$(mktemp -d)
mount -t tmpfs -o size=24M none "$work"
said=$(mktemp)
"$program" serve --folder "$work/store" --http 127.0.0.1:0 --no-listen 2>"$said" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; umount "$work"; rm -rf "$work" "$said"' EXIT

wait_for() {  # TEXT: that the server says it
  for _ in $(seq 1 200); do
    if grep -q "$1" "$said"; then return; fi
    sleep 0.1
  done
  echo "the server did not say: $1; it said:"
  cat "$said"
  exit 1
}
code_of() { curl -s -o /dev/null -w '%{http_code}' "$@" || true; }

wait_for 'the pages are at'
address=$(sed -n 's/.*the pages are at //p' "$said")
[ "$(code_of "${address}healthz")" = 200 ]

# One line again and again: copies are not stored, but what was received is in the spool.
line=$(grep -m 1 -h TRAFFIC "$checkout/docs/examples/allowed-by-the-rule-then-blocked.log")
body=$work.body
yes "$line" | head -c 8000000 >"$body" || true
for _ in 1 2 3 4; do code_of --data-binary "@$body" "${address}api/v1/ingest" >/dev/null; done
rm -f "$body"
wait_for 'nothing is taken until there is room'
[ "$(code_of "${address}healthz")" = 503 ]

mount -o remount,size=400M "$work"
wait_for 'rows are taken again'
[ "$(code_of "${address}healthz")" = 200 ]
curl -s "${address}api/v1/accounting" | grep -q '"balanced":true'
