#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where tshark finds TCP, UDP, ICMP or SCTP in a packet and our decoding does not.

usage: decode_accuracy_test.py DECODE_LISTING CHECKOUT

Compares packet by packet, outside of tunnels and inside. Each class of difference stands in
docs/accuracy.md with its cause; an unlisted one fails. A sample of the captures by default, all of
them with ENDREASON_ALL_CAPTURES=1 (an hour on two cores), when a listed class that no longer occurs
fails too. Exit code 77: no data, or no tshark.
"""
import collections
import os
import pathlib
import shutil
import subprocess
import sys

import accuracy
import every_capture_test

HEADING = "Packets, against tshark"
SAMPLE = 160  # one capture in so many: tshark takes a quarter of a second each
TRANSPORTS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "sctp": 132}
# The session of a packet in a tunnel is the tunnel's own, unless --decap.
TUNNELS = (4, 41, 51)  # IPv4 in IP, IPv6 in IP, AH
# Inside of what tshark finds more than we do.
CARRIERS = ("capwap.data", "teredo", "lisp-data", "sflow", "geneve", "vxlan", "gre", "ayiya",
            "gtpprime")
AT_ONCE = 50


def captures(data):
    every = sorted(p for p in data.rglob("*")
                   if p.suffix in every_capture_test.SUFFIXES and p.is_file())
    return every if os.environ.get("ENDREASON_ALL_CAPTURES") else every[::SAMPLE]


def tshark_layers(capture):
    """The layers that tshark finds, packet by packet; blocks of pcapng that hold none left out."""
    done = subprocess.run(["tshark", "-n", "-r", str(capture), "-T", "fields",
                           "-e", "frame.protocols", "-e", "frame.interface_id"],
                          capture_output=True, text=True, errors="replace", check=False)
    packets = [line.split("\t") for line in done.stdout.splitlines()]
    numbered = any(interface for _, interface in packets)
    return [layers.split(":") for layers, interface in packets if interface or not numbered
            or layers != "data"]


def first_transport(layers):
    """What stands behind the first IP header; None behind a tunnel's."""
    for position, layer in enumerate(layers):
        if layer in ("ip", "ipv6"):
            behind = [one for one in layers[position + 1:] if not one.startswith("ipv6.")]
            return behind[0] if behind and behind[0] in TRANSPORTS else None
    return None


def last_transport(layers):
    """The innermost one; an ICMP error quotes another packet, which is none."""
    found, in_ip = None, False
    for layer in layers:
        if layer in ("ip", "ipv6"):
            found, in_ip = None, True
        if in_ip and layer in TRANSPORTS:
            found = layer
        if found in ("icmp", "icmpv6"):
            break
    return found


def our_packets(listing, which, group):
    """capture -> [(status, protocol)]"""
    done = subprocess.run([listing, which, *map(str, group)], capture_output=True, text=True,
                          check=True)
    packets = collections.defaultdict(list)
    capture = None
    for line in done.stdout.splitlines():
        if line.startswith("= "):
            capture = pathlib.Path(line[2:])
            continue
        _, status, protocol, _, _ = line.split("\t")
        packets[capture].append((status, int(protocol)))
    return packets


def difference(which, layers, status, protocol):
    expected = (first_transport if which == "outer" else last_transport)(layers)
    if expected is None or (status == "ok" and protocol == TRANSPORTS[expected]):
        return None
    # What is in a tunnel, or in a frame within a frame, is compared as the inner one.
    if which == "outer" and (status == "frame-in-frame" or status == "ok" and protocol in TUNNELS):
        return None
    if status != "ok":
        return f"{which}: {status}, tshark finds {expected}"
    carrier = next((layer for layer in CARRIERS if layer in layers), "nothing it looks into")
    return f"{which}: tshark finds {expected} in {carrier}"


def main():
    listing, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = accuracy.data_folder(checkout)
    if not data.exists() or not shutil.which("tshark"):
        print(f"skipped: {data} or tshark is not there")
        return accuracy.NO_DATA
    chosen = captures(data)
    theirs = accuracy.side_by_side(tshark_layers, chosen)
    compared, classes, examples, uneven = 0, collections.Counter(), {}, set()
    for which in ("outer", "inner"):
        for at in range(0, len(chosen), AT_ONCE):
            ours = our_packets(listing, which, chosen[at:at + AT_ONCE])
            for capture in chosen[at:at + AT_ONCE]:
                if len(ours[capture]) != len(theirs[capture]):
                    uneven.add(f"packets counted: {capture.relative_to(data)}")
                for number, (layers, (status, protocol)) in enumerate(
                        zip(theirs[capture], ours[capture]), 1):
                    compared += 1
                    found = difference(which, layers, status, protocol)
                    if found:
                        classes[found] += 1
                        examples.setdefault(found, f"{capture.relative_to(data)} packet {number}")
    known = accuracy.listed(checkout, HEADING)
    for found, count in classes.most_common():
        print(f"{count:5} {found} ({examples[found]})")
    wrong = (classes.keys() | uneven) - known.keys()
    if os.environ.get("ENDREASON_ALL_CAPTURES"):
        wrong |= known.keys() - (classes.keys() | uneven)
    print(*(f"not as docs/accuracy.md lists: {one}" for one in sorted(wrong)), sep="\n")
    print(f"{len(chosen)} captures, {compared} packets compared (each outside and inside of "
          f"tunnels), {sum(classes.values())} differ in {len(classes)} classes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
