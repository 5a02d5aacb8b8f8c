# SPDX-License-Identifier: Apache-2.0
"""What the accuracy tests share: tracking captures, and the list of differences in docs/accuracy.md.

A test compares our rows with others' expectations (../shared/data/pcaps, not part of the project).
Every difference stands in the test's own section of docs/accuracy.md, one table row each, with its
cause: `| `what differs` | cause |`. One that is not listed, or is listed and no longer occurs,
fails; so does a share of right rows below the target.
"""
import collections
import concurrent.futures
import ipaddress
import json
import os
import pathlib
import re
import subprocess

NO_DATA = 77  # exit code that ctest takes for a skipped test
FIELDS = ("src,sport,dst,dport,proto,app,session_end_reason,"
          "pkts_sent,pkts_received,bytes_sent,bytes_received")


def data_folder(checkout):
    return pathlib.Path(checkout).resolve().parent / "shared" / "data" / "pcaps"


def read_rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def features(data):
    """Captures by trait, as the data's features.json lists them."""
    return json.loads((data / "features.json").read_text())


def is_ethernet(capture):
    """Whether a capture's (first) link type is Ethernet."""
    head = capture.read_bytes()[:4096]
    for order, pcap, pcapng in (("little", b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\x2b\x1a"),
                                ("big", b"\xa1\xb2\xc3\xd4", b"\x1a\x2b\x3c\x4d")):
        if head[:4] == pcap:
            return int.from_bytes(head[20:24], order) & 0xffff == 1
        if head[8:12] == pcapng:
            first = int.from_bytes(head[4:8], order)  # the section's header; then an interface
            return int.from_bytes(head[first + 8:first + 10], order) == 1
    return False


def track(program, capture, options=(), fields=FIELDS):
    """Our rows of a capture; fields=None gives them whole. A run that fails is an error."""
    command = [program, "track", "-r", str(capture), "-o", "ndjson", "-q", *options]
    if fields:
        command += ["--fields", fields]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def side_by_side(work, items):
    """{item: work(item)}, as many at a time as there are cores."""
    items = list(items)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(items, pool.map(work, items)))


def ends(row):
    """The two ends of one of our rows, client first."""
    return (row["src"], row["sport"]), (row["dst"], row["dport"])


def end(address, port):
    """An end as our rows have it: addresses of IPv6 in their shortest form."""
    if address.count("::") > 1:  # as nDPI writes a lone zero in the middle
        address = address.replace("::", ":0:", 1)
    return str(ipaddress.ip_address(address)), port


def section(checkout, heading):
    text = (pathlib.Path(checkout) / "docs" / "accuracy.md").read_text()
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        raise RuntimeError(f"docs/accuracy.md has no section '{heading}'")
    return found.group(1)


def listed(checkout, heading):
    """The differences of a section of docs/accuracy.md: what differs -> cause."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section(checkout, heading), re.M))


def report(checkout, heading, what, differences, total, target):
    """Prints the figures and returns the test's exit code."""
    known = listed(checkout, heading)
    counts = collections.Counter(differences)
    for extra in sorted(counts.keys() - known.keys()):
        print("not listed in docs/accuracy.md:", extra)
    for gone in sorted(known.keys() - counts.keys()):
        print("listed, but no longer different:", gone)
    wrong = sum(counts.values())
    share = (total - wrong) / total
    print(f"{total} {what}, {total - wrong} right ({100 * share:.2f} %)")
    if share < target:
        print(f"below the target of {100 * target:.1f} %")
    return 0 if counts.keys() == known.keys() and share >= target else 1
