#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public capture through `endreason track`: nothing crashes and nothing is lost.

usage: every_capture_test.py PROGRAM CHECKOUT

For each capture, with default and with demanding settings: the exit code is 0; packets = the sum of
the counters; a row for each session that ended or found the pool full, and no more packets in the
rows than in the capture; a place that cannot be read is named with its offset. With a filter: what
it leaves out is counted.
A sample of the captures by default, all of them with ENDREASON_ALL_CAPTURES=1 (to be run with the
program of the sanitizer build too: cmake --preset asan). Exit code 77: no data.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import accuracy

SAMPLE = 40  # one capture in so many
WAYS = {
    "as a firewall": (),
    "all that is in it": ("--decap", "--checksums", "check", "--tcp-reject-non-syn", "no",
                          "--asymmetric-path", "bypass"),
    "few sessions, filtered": ("--no-appid", "--sessions", "2", "tcp or udp or vlan"),
}
SUFFIXES = (".pcap", ".pcapng", ".cap", ".gz")


def captures(data):
    """Those with something unusual in them always, and a sample of the others."""
    every = sorted(p for p in data.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    if os.environ.get("ENDREASON_ALL_CAPTURES"):
        return every
    features = accuracy.features(data)
    unusual = {data / name for trait, names in features.items()
               if trait.startswith(("BROKEN", "FMT gzip", "FMT modified", "caplen")) for name in names}
    return sorted(unusual | set(every[::SAMPLE]))


def run(program, capture, options):
    """(rows, counters, standard error) of a run; an error names the command."""
    with tempfile.NamedTemporaryFile() as stats:
        command = [program, "track", "-r", str(capture), "-o", "ndjson",
                   "--fields", "pkts_sent,pkts_received", "--stats", stats.name, *options]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n"
                               f"{done.stderr[-2000:]}")
        counters = json.loads(pathlib.Path(stats.name).read_text())
    return [json.loads(line) for line in done.stdout.splitlines()], counters, done.stderr


def faults(rows, counters, said):
    counted = sum(counters["counters"].values()) + counters["filtered_out"]
    if counters["packets"] != counted:
        yield f"{counters['packets']} packets, but the counters add up to {counted}"
    ended = counters["events"].get("session_ended", 0)
    refused = counters["counters"].get("session_alloc_failure", 0)
    if len(rows) != ended + refused:
        yield (f"{ended} sessions ended and {refused} found the pool full, "
               f"but there are {len(rows)} rows")
    in_rows = sum(row["pkts_sent"] + row["pkts_received"] for row in rows)
    if in_rows > counters["packets"] - counters["filtered_out"]:
        yield f"{in_rows} packets in the rows, {counters['packets']} in the capture"
    if (counters["unreadable_places"] > 0) != ("at byte " in said):
        yield f"{counters['unreadable_places']} unreadable places, but said was: {said}"


def check(program, capture):
    found = []
    for way, options in WAYS.items():
        try:
            found += [f"{capture} ({way}): {fault}"
                      for fault in faults(*run(program, capture, options))]
        except (RuntimeError, json.JSONDecodeError) as error:
            found.append(str(error))
    return found


def main():
    program, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = accuracy.data_folder(checkout)
    if not data.exists():
        print(f"skipped: {data} is not there")
        return accuracy.NO_DATA
    chosen = captures(data)
    found = accuracy.side_by_side(lambda capture: check(program, capture), chosen)
    wrong = [fault for faults_of in found.values() for fault in faults_of]
    print(*wrong, sep="\n")
    print(f"{len(chosen)} captures in {len(WAYS)} ways, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
