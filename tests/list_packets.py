#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the IP packets of a pcap without link layer (what `track --write-replies` writes), a line
each, and checks every length and checksum without the program's own code.

  tests/list_packets.py FILE [CAPTURE]   with CAPTURE, numbers are counted from the first ones that
                                         each side sent there (Ethernet, IPv4 or IPv6, TCP)
Exit code: 0 all packets are whole, 1 one is not.
"""
import ipaddress
import struct
import sys

TCP_FLAGS = "FSRPAU"


def records(path):
    data = open(path, "rb").read()
    magic = struct.unpack_from("<I", data)[0]
    assert magic in (0xA1B2C3D4, 0xA1B23C4D), f"{path}: not a pcap of this machine"
    link_type = struct.unpack_from("<I", data, 20)[0]
    at = 24
    while at < len(data):
        seconds, fraction, captured, wire = struct.unpack_from("<IIII", data, at)
        yield link_type, seconds, fraction, data[at + 16 : at + 16 + captured], wire
        at += 16 + captured


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def split(packet):
    """(source, destination, protocol, payload, problems) of an IP packet."""
    problems = []
    if packet[0] >> 4 == 4:
        header = (packet[0] & 15) * 4
        if struct.unpack_from(">H", packet, 2)[0] != len(packet):
            problems.append("length")
        if checksum(packet[:header]) != 0xFFFF:
            problems.append("IP checksum")
        return packet[12:16], packet[16:20], packet[9], packet[header:], problems
    if struct.unpack_from(">H", packet, 4)[0] + 40 != len(packet):
        problems.append("length")
    return packet[8:24], packet[24:40], packet[6], packet[40:], problems


def first_numbers(path):
    """The first sequence number of each sender of TCP."""
    first = {}
    for _, _, _, frame, _ in records(path):
        kind = struct.unpack_from(">H", frame, 12)[0]
        if kind not in (0x0800, 0x86DD):
            continue
        src, dst, protocol, payload, _ = split(frame[14:])
        if protocol == 6:
            ports = struct.unpack_from(">HH", payload)
            first.setdefault((src, ports[0], dst, ports[1]), struct.unpack_from(">I", payload, 4)[0])
    return first


def describe(packet, first):
    src, dst, protocol, payload, problems = split(packet)
    pseudo = src + dst + struct.pack(">II", len(payload), protocol)
    source, destination = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if protocol == 6:
        sport, dport, seq, ack = struct.unpack_from(">HHII", payload)
        if checksum(pseudo + payload) != 0xFFFF:
            problems.append("TCP checksum")
        flags = "".join(c for i, c in enumerate(TCP_FLAGS) if payload[13] >> i & 1)
        if first:
            seq = (seq - first[src, sport, dst, dport]) & 0xFFFFFFFF
            ack = (ack - first[dst, dport, src, sport]) & 0xFFFFFFFF
            sport, dport = (p if p < 32768 else "client" for p in (sport, dport))
        return f"tcp {source} {sport} -> {destination} {dport} [{flags}] seq {seq} ack {ack}", problems
    name = "icmp" if protocol == 1 else "icmp6"
    if checksum((b"" if protocol == 1 else pseudo) + payload) != 0xFFFF:
        problems.append("ICMP checksum")
    quoted = split(payload[8:])
    return (f"{name} {source} -> {destination} type {payload[0]} code {payload[1]}, quotes "
            f"{ipaddress.ip_address(quoted[0])} -> {ipaddress.ip_address(quoted[1])} "
            f"protocol {quoted[2]}, {len(payload) - 8} bytes", problems)


def main():
    first = first_numbers(sys.argv[2]) if len(sys.argv) > 2 else {}
    wrong = 0
    for link_type, _, _, packet, wire in records(sys.argv[1]):
        assert link_type == 101 and wire == len(packet)
        text, problems = describe(packet, first)
        wrong += bool(problems)
        print(text + "".join(f"  WRONG {problem}" for problem in problems))
    sys.exit(1 if wrong else 0)


main()
