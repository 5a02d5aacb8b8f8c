#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The session engine against the counters of Arkime's own tests.

usage: arkime_accuracy_test.py PROGRAM CHECKOUT

Compares conversations: all of Arkime's rows of a tuple (of a pair of hosts, where there are no
ports) with all of ours, because each cuts a long silence at its own timers. docs/accuracy.md says
which are comparable and what is compared. Exit code 77: no data.
"""
import collections
import datetime
import pathlib
import sys

import accuracy

HEADING = "Arkime's counters"
TARGET = 0.99
WITH_PORTS = {6: "tcp", 17: "udp", 132: "sctp"}
# As our column proto has them; numbers else.
WITHOUT_PORTS = {1: "icmp", 2: "igmp", 41: "ipv6", 46: "rsvp", 47: "gre", 50: "esp", 51: "ah",
                 58: "ipv6-icmp", 88: "eigrp", 89: "ospf", 103: "pim", 4: "ipip"}
NAMES = WITH_PORTS | WITHOUT_PORTS
OPTIONS = ("--tcp-reject-non-syn", "no", "--asymmetric-path", "bypass")
ICMP, IGMP, ICMP6, PIM = 1, 2, 58, 103
ICMP_ERRORS = {ICMP: {3, 4, 5, 11, 12}, ICMP6: set(range(1, 128))}


def milliseconds(text):
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    since = time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def conversation(row, names):
    """The tuple of a row of Arkime's; the ends in its order."""
    ports = row["proto"] in WITH_PORTS
    a = accuracy.end(row["orig_h"], row["orig_p"] if ports else 0)
    b = accuracy.end(row["resp_h"], row["resp_p"] if ports else 0)
    return row["file"], names.get(row["proto"], str(row["proto"])), a, b


def comparable(row):
    """None, or why a row is left out."""
    protocols = set(row["service"])
    if "orig_h" not in row or "arp" in protocols:
        return "no IP packets (ARP, LLDP, IS-IS, ...)"
    if protocols & {"corrupt-ip", "corrupt-ether", "unknown-ip", "unknown-ether"}:
        return "Arkime's collection of what it could not read"
    if row["proto"] == 17 and row["resp_p"] in (67, 68, 546, 547):
        return "Arkime joins DHCP by transaction, not by tuple"
    if row["proto"] in (IGMP, PIM):
        return "Arkime keeps all IGMP, or all PIM, of a capture as one session"
    if row["proto"] in ICMP_ERRORS and set(row["icmp"]["type"]) & ICMP_ERRORS[row["proto"]]:
        return "ICMP errors: tied to the session that they quote and no packets of their own"
    return None


class Total:
    """What one side counted of a conversation: [client, server], and the first and last time."""

    def __init__(self):
        self.packets, self.bytes, self.times = [0, 0], [0, 0], []

    def add(self, packets, octets, first, last, turned):
        for side in (0, 1):
            self.packets[side] += packets[side ^ turned]
            self.bytes[side] += octets[side ^ turned]
        self.times += [first, last]

    def differs_from(self, other):
        names = {"packets": self.packets != other.packets, "bytes": self.bytes != other.bytes,
                 "first": min(self.times) != min(other.times),
                 "last": max(self.times) != max(other.times)}
        return [name for name, differs in names.items() if differs]


def expected_totals(rows):
    totals = {}
    for row in rows:
        key = conversation(row, NAMES)
        turned = (key[0], key[1], key[3], key[2]) in totals
        if turned:
            key = key[0], key[1], key[3], key[2]
        totals.setdefault(key, Total()).add(
            (row["orig_pkts"], row["resp_pkts"]), (row["orig_l2_bytes"], row["resp_l2_bytes"]),
            row["first_ms"], row["last_ms"], turned)
    return totals


def our_totals(file, rows, expected):
    """Our rows of the conversations that are expected."""
    totals = {}
    for row in rows:
        client, server = accuracy.ends(row)
        for turned, key in ((False, (file, row["proto"], client, server)),
                            (True, (file, row["proto"], server, client))):
            if key not in expected:
                continue
            totals.setdefault(key, Total()).add(
                (row["pkts_sent"], row["pkts_received"]),
                (row["bytes_sent"], row["bytes_received"]),
                milliseconds(row["first_packet"]), milliseconds(row["last_packet"]), turned)
            break
    return totals


def main():
    program, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = accuracy.data_folder(checkout)
    listing = data / "expected" / "arkime_sessions.jsonl"
    if not listing.exists():
        print(f"skipped: {listing} is not there")
        return accuracy.NO_DATA
    left_out, kept = collections.Counter(), []
    for row in accuracy.read_rows(listing):
        why = comparable(row)
        if why:
            left_out[why] += 1
        else:
            kept.append(row)
    expected = expected_totals(kept)
    # Arkime keeps the session inside a tunnel, and shows the tunnel's ends beside it.
    tunnels = {row["file"] for row in kept if row.get("outer")}

    def totals_of(file):
        options = OPTIONS + (("--decap",) if file in tunnels else ())
        return our_totals(file, accuracy.track(program, data / file, options, None), expected)

    runs = accuracy.side_by_side(totals_of, sorted({row["file"] for row in kept}))
    wrong = []
    for key, total in expected.items():
        file, protocol, a, b = key
        ours = runs[file].get(key)
        found = total.differs_from(ours) if ours else ["no session"]
        if found:
            wrong.append(f"{file} {protocol} {a[0]}:{a[1]} {b[0]}:{b[1]}: {', '.join(found)}")
    for why, count in left_out.most_common():
        print(f"left out: {count:4} {why}")
    return accuracy.report(checkout, HEADING, "conversations", wrong, len(expected), TARGET)


if __name__ == "__main__":
    sys.exit(main())
