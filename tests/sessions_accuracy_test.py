#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The session engine against TCP conversations on which two independent tools agree.

usage: sessions_accuracy_test.py PROGRAM CHECKOUT

A row is right when one of our rows of its tuple has the same packets each way, the same end reason
and, where it is given, the same application status. docs/accuracy.md says with which settings.
Exit code 77: no data.
"""
import collections
import pathlib
import sys

import accuracy

HEADING = "TCP conversations"
TARGET = 0.995
OPTIONS = ("--tcp-reject-non-syn", "no")
# Which end began them cannot be told.
UNORIENTED = ("one-sided", "synack-only", "midstream")


def options_of(row):
    """A connection of which one direction was captured needs the setting for it."""
    one_sided = 0 in (row["pkts_sent"], row["pkts_received"]) and row["category"] != "syn-only"
    return OPTIONS + (("--asymmetric-path", "bypass") if one_sided else ())


def right(expected, row, turned):
    sent, received = row["pkts_sent"], row["pkts_received"]
    if turned:
        sent, received = received, sent
    return (sent == expected["pkts_sent"] and received == expected["pkts_received"]
            and expected["session_end_reason"] in (None, row["session_end_reason"])
            and expected["app"] in (None, row["app"]))


def by_tuple(rows):
    found = collections.defaultdict(list)
    for row in rows:
        if row["proto"] == "tcp":
            found[accuracy.ends(row)].append(row)
    return found


def main():
    program, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = accuracy.data_folder(checkout)
    listing = data / "expected" / "sessions.jsonl"
    if not listing.exists():
        print(f"skipped: {listing} is not there")
        return accuracy.NO_DATA
    expected = accuracy.read_rows(listing)
    runs = accuracy.side_by_side(
        lambda run: by_tuple(accuracy.track(program, data / run[0], run[1])),
        sorted({(row["file"], options_of(row)) for row in expected}))
    wrong = []
    for e in expected:
        rows = runs[e["file"], options_of(e)]
        key = (e["src"], e["sport"]), (e["dst"], e["dport"])
        turned = key not in rows and e["category"] in UNORIENTED
        if turned:
            key = key[1], key[0]
        if not any(right(e, row, turned) for row in rows.get(key, [])):
            wrong.append(f"{e['file']} {e['src']}:{e['sport']} {e['dst']}:{e['dport']}")
    return accuracy.report(checkout, HEADING, "conversations", wrong, len(expected), TARGET)


if __name__ == "__main__":
    sys.exit(main())
