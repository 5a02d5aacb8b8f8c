#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The session engine against TCP conversations on which two independent tools agree.

usage: sessions_accuracy_test.py PROGRAM CHECKOUT

Reads CHECKOUT/../shared/data/pcaps/expected/sessions.jsonl and tracks each capture once. A row is
right when one of our rows of its tuple has the same packets each way, the same end reason and, where
it is given, the same application status. Differences must be those listed in docs/accuracy.md, one
line each; one that is not listed, or is listed and no longer occurs, fails. Exit code 77: no data.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

FIELDS = "src,sport,dst,dport,proto,pkts_sent,pkts_received,session_end_reason,app"


def track(program, capture):
    command = [program, "track", "-r", str(capture), "-o", "ndjson", "-q", "--fields", FIELDS,
               "--tcp-reject-non-syn", "no"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    rows = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row["proto"] == "tcp":
            rows[row["src"], row["sport"], row["dst"], row["dport"]].append(row)
    return rows


def right(expected, row, turned):
    sent, received = row["pkts_sent"], row["pkts_received"]
    if turned:
        sent, received = received, sent
    return (sent == expected["pkts_sent"] and received == expected["pkts_received"]
            and expected["session_end_reason"] in (None, row["session_end_reason"])
            and expected["app"] in (None, row["app"]))


def main():
    program, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = checkout.parent / "shared" / "data" / "pcaps"
    listing = data / "expected" / "sessions.jsonl"
    if not listing.exists():
        print(f"skipped: {listing} is not there")
        return 77
    by_file = collections.defaultdict(list)
    for line in listing.read_text().splitlines():
        row = json.loads(line)
        by_file[row["file"]].append(row)
    differences, total = set(), 0
    for file, expected_rows in sorted(by_file.items()):
        rows = track(program, data / file)
        for e in expected_rows:
            total += 1
            key = (e["src"], e["sport"], e["dst"], e["dport"])
            turned = key not in rows and e["category"] in ("one-sided", "synack-only", "midstream")
            if turned:
                key = key[2:] + key[:2]
            if not any(right(e, row, turned) for row in rows.get(key, [])):
                differences.add(f"{file} {e['src']}:{e['sport']} {e['dst']}:{e['dport']}")
    listed = set(re.findall(r"^\| `([^`]+)` \|", (checkout / "docs" / "accuracy.md").read_text(), re.M))
    for extra in sorted(differences - listed):
        print("not listed in docs/accuracy.md:", extra)
    for gone in sorted(listed - differences):
        print("listed, but no longer different:", gone)
    print(f"{total} conversations, {total - len(differences)} right "
          f"({100 * (total - len(differences)) / total:.2f} %)")
    return 0 if differences == listed else 1


if __name__ == "__main__":
    sys.exit(main())
