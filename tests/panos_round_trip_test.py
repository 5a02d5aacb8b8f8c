#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`track -o panos | explain -` gives the verdicts of `track` itself, over many captures.

usage: panos_round_trip_test.py PROGRAM CHECKOUT

Reads every SHARE-th capture below CHECKOUT/../shared/data/pcaps. A row of a log carries less than the
packets did, so where the handshake was seen the verdict may be more exact: those pairs are listed in
REFINED, from what the log's row says to what the engine's row says. Anything else must be the same. The
CSV of each release has its columns and its config version. Exit code 77: no data.
"""
import collections
import csv
import io
import json
import subprocess
import sys

import accuracy

SHARE = 12
LARGEST_BYTES = 2_000_000
FIELDS = "src,dst,dport,app,session_end_reason,final_action,decided_by,provisional,contradictions,"
VERDICT = ("reason_code", "outcome", "ended_by")
# PAN-OS release: columns of its default line, config version.
RELEASES = {"10.1": (115, "2561"), "10.2": (115, "2562"), "11.0": (117, "2816"),
            "11.1": (117, "2817"), "11.2": (117, "2818"), "12.1": (130, "3073")}
REFINED = {
    ("syn-no-answer", "failed"): {("one-way-traffic", "unknown"), ("icmp-error", "failed")},
    ("no-reply", "failed"): {("icmp-error", "failed")},
    ("no-reply", "unknown"): {("icmp-error", "failed")},
    ("handshake-not-completed", "failed"): {
        ("challenge-ack", "failed"), ("wrong-ack", "failed"), ("idle-without-data", "failed"),
        ("icmp-error", "failed")},
    ("challenge-ack", "failed"): {
        ("handshake-not-completed", "failed"), ("wrong-ack", "failed"),
        ("reset-before-data", "failed"), ("idle-without-data", "failed")},
    ("reset-before-data", "failed"): {("challenge-ack", "failed"), ("wrong-ack", "failed")},
    ("reset-before-data-by-server", "failed"): {
        ("refused-by-server", "failed"), ("wrong-ack", "failed")},
    ("one-way-traffic", "unknown"): {
        ("syn-no-answer", "failed"), ("closed-without-data", "failed")},
}


def run(command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    if done.returncode not in (0, 4):
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.decode()[:500]}")
    return done.stdout


def rows_of(text):
    return [json.loads(line) for line in text.decode(errors="replace").splitlines()]


def compare(program, capture, refined):
    """Lines that say where the two ways differ."""
    columns = ["-q", "-o", "ndjson", "--fields", FIELDS + ",".join(VERDICT)]
    track = [program, "track", "-r", str(capture), "--tcp-reject-non-syn", "no"]
    direct = rows_of(run(track + columns))
    lines = run(track + ["-q", "-o", "panos"])
    again = rows_of(run([program, "explain", "-"] + columns, lines)) if lines else []
    if len(direct) != len(again):
        return [f"{capture}: {len(direct)} rows, and {len(again)} of its CSV"]
    wrong = []
    for number, (seen, read) in enumerate(zip(direct, again), 1):
        if seen == read:
            continue
        pair = tuple((row["reason_code"], row["outcome"]) for row in (read, seen))
        same = all(seen[key] == read[key] for key in seen if key not in VERDICT)
        if same and pair[1] in REFINED.get(pair[0], ()):
            refined[pair] += 1
        else:
            wrong.append(f"{capture}: row {number}: {read}, and of the packets {seen}")
    return wrong


def check_releases(program, capture):
    wrong = []
    for release, (count, config) in RELEASES.items():
        text = run([program, "track", "-q", "-r", str(capture), "-o", "panos",
                    "--panos-version", release]).decode()
        for row in csv.reader(io.StringIO(text)):
            if len(row) != count or row[5] != config or row[2] != "endreason":
                wrong.append(f"{release}: {len(row)} columns, config version {row[5]}")
        rows = rows_of(run([program, "explain", "-q", "-o", "ndjson", "--fields", "_version", "-"],
                           text.encode()))
        if not rows or any(row["_version"] != release for row in rows):
            wrong.append(f"{release}: read back as another release")
    return wrong


def main():
    program = sys.argv[1]
    data = accuracy.data_folder(sys.argv[2])
    if not data.is_dir():
        return accuracy.NO_DATA
    captures = sorted(path for pattern in ("*.pcap", "*.pcapng", "*.cap")
                      for path in data.rglob(pattern)
                      if path.stat().st_size <= LARGEST_BYTES)[::SHARE]
    refined = collections.Counter()
    wrong = check_releases(program, data / "ndpi/cfgs/default/pcap/synscan.pcap")
    for capture in captures:
        wrong += compare(program, capture, refined)
    for (read, seen), count in sorted(refined.items()):
        print(f"{count:6} {'/'.join(read)} by the log, {'/'.join(seen)} by the packets")
    print(f"{len(captures)} captures, {sum(refined.values())} rows more exact by their packets, "
          f"{len(wrong)} wrong")
    for line in wrong[:20]:
        print(line)
    return 1 if wrong or not captures else 0


if __name__ == "__main__":
    sys.exit(main())
