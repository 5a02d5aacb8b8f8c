#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The session engine against the connection logs of Zeek's own tests.

usage: zeek_accuracy_test.py PROGRAM CHECKOUT

docs/accuracy.md says which rows are comparable and what is compared: packets each way, the end
reason and the application status that Zeek's state and history stand for, and bytes where frames
are plain Ethernet. Exit code 77: no data.
"""
import collections
import pathlib
import sys

import accuracy

HEADING = "Zeek's connection states"
HISTORIES = "Zeek's histories"
TARGET = 0.99
COMPLETE = ("orig_h", "resp_h", "proto", "conn_state", "orig_pkts", "resp_pkts")
# conn_state -> end reason (None: by the letters of the history), application status
# ("complete": by whether there was data). S2, S3: one FIN is enough for the log.
STATES = {
    "S0": ("aged-out", "incomplete"),
    "REJ": ("tcp-rst-from-server", "incomplete"),
    "RSTOS0": ("tcp-rst-from-client", "incomplete"),
    "S1": ("aged-out", "complete"),
    "SF": ("tcp-fin", "complete"),
    "S2": ("tcp-fin", "complete"),
    "S3": ("tcp-fin", "complete"),
    "RSTO": ("tcp-rst-from-client", "complete"),
    "RSTR": ("tcp-rst-from-server", "complete"),
    "RSTRH": (None, None),
    "SH": (None, None),
    "SHR": (None, None),
    "OTH": (None, None),
}
ETHERNET, SMALLEST_FRAME = 14, 60
# Longest silence that our timers bridge, in seconds.
TIMERS = {"tcp": 3600, "udp": 30, "icmp": 6, "unknown_transport": 30}
OUR_NAMES = {"icmp": ("icmp", "ipv6-icmp")}


def comparable(row):
    """None, or why a row is left out."""
    if any(row.get(name) is None for name in COMPLETE):
        return "the baseline holds only some columns"
    if row.get("tunnel_parents") and "/ayiya" in row["file"]:
        return "inside AYIYA, a tunnel that neither a firewall nor we look into"
    if row["redefs"] and row.get("count_check") != "exact":
        return "Zeek ran with other settings, and a plain count does not confirm the row"
    if row["orig_pkts"] + row["resp_pkts"] == 0:
        return "Zeek counted no packet (it writes a row when all had bad checksums)"
    if row.get("tuple_max_gap_s") and row["tuple_max_gap_s"] > TIMERS[row["proto"]]:
        return "a silence longer than our timer"
    return None


# Zeek always looks into them.
FRAMES_IN_FRAMES = ("zeek/Traces/cisco-fabric-path.pcap", "zeek/Traces/pbb.pcap")


def same_row(row):
    """Baselines of several tests hold the same connection of the same capture."""
    return tuple(str(row.get(name)) for name in
                 (*COMPLETE, "orig_p", "resp_p", "file", "history", "ignore_checksums", "ip_proto",
                  "orig_ip_bytes", "resp_ip_bytes")) + (bool(row.get("tunnel_parents")),)


def options_of(row):
    # One test has Zeek accept the bad checksums of some networks, which the data does not record.
    nets_ignored = (row["test"] == "core.checksums_ignore_nets" and
                    row["baseline"].startswith("conn-worked"))
    ignored = row["ignore_checksums"] or nets_ignored
    options = ["--tcp-reject-non-syn", "no", "--checksums", "ignore" if ignored else "check"]
    # A whole connection of which one direction was captured.
    if row["conn_state"] == "SH" and "S" in row["history"]:
        options += ["--asymmetric-path", "bypass"]
    if row.get("tunnel_parents") or row["file"] in FRAMES_IN_FRAMES:
        options += ["--decap"]
    return tuple(options)


def expected_end(row, turned):
    if row["proto"] != "tcp":
        return "aged-out"
    history = row.get("history") or ""
    by_state = STATES[row["conn_state"]][0]
    client, server = ("r", "R") if turned else ("R", "r")
    by_letters = ("tcp-rst-from-client" if client in history else
                  "tcp-rst-from-server" if server in history else
                  "tcp-fin" if "f" in history.lower() else "aged-out")
    # A reset behind a FIN: the log's priority list puts the reset first.
    if by_state in (None, "tcp-fin") and by_letters != "aged-out":
        return by_letters
    return by_state or by_letters


def status_differs(row, app):
    if row["proto"] != "tcp":
        return False
    status = STATES[row["conn_state"]][1]
    data = "d" in (row.get("history") or "").lower()
    if status is None:
        return False
    return (app == "incomplete") != (status == "incomplete" or not data)


def bytes_differ(ip_bytes, packets, ours):
    """Zeek counts IP packets, we count frames: 14 bytes more, and padding up to 60."""
    least = ip_bytes + ETHERNET * packets
    return not least <= ours <= max(least, ip_bytes + SMALLEST_FRAME * packets)


def differences(row, ours, turned, bytes_defined, fragments):
    sent, received = ("received", "sent") if turned else ("sent", "received")
    found = []
    packets = ours["pkts_" + sent], ours["pkts_" + received]
    if not fragments and packets != (row["orig_pkts"], row["resp_pkts"]):
        found.append("packets")
    if bytes_defined and not fragments and row.get("orig_ip_bytes") is not None:
        if (bytes_differ(row["orig_ip_bytes"], row["orig_pkts"], ours["bytes_" + sent]) or
                bytes_differ(row["resp_ip_bytes"], row["resp_pkts"], ours["bytes_" + received])):
            found.append("bytes")
    if ours["session_end_reason"] != expected_end(row, turned):
        found.append("end reason")
    if status_differs(row, ours["app"]):
        found.append("application status")
    return found


def candidates(row, rows):
    names = OUR_NAMES.get(row["proto"], (row["proto"],))
    ports = row["proto"] in ("tcp", "udp")
    a = accuracy.end(row["orig_h"], row["orig_p"] if ports else 0)
    b = accuracy.end(row["resp_h"], row["resp_p"] if ports else 0)
    for ours in rows:
        client, server = accuracy.ends(ours)
        if row["proto"] == "unknown_transport":
            if ours["proto"] in ("tcp", "udp", "icmp", "ipv6-icmp"):
                continue
            client, server = (ours["src"], 0), (ours["dst"], 0)
        elif ours["proto"] not in names:
            continue
        if (client, server) == (a, b):
            yield ours, False
        elif (client, server) == (b, a):
            yield ours, True


def history_of(ours, turned):
    return ours["history"].swapcase() if turned else ours["history"]


def letters(history):
    """Without those that are about Zeek: C (checksum: such packets are no packets of a session
    here), X (its analyzer gave up), ^ (it turned the connection round; we compare both ways)."""
    return "".join(letter for letter in history if letter not in "CcXx^")


def compare_histories(rows, runs):
    """What differs, and how many rows were compared."""
    compared, wrong = 0, []
    for row in rows:
        if not row.get("history") or row["proto"] not in ("tcp", "udp"):
            continue
        compared += 1
        found = [history_of(ours, turned) for ours, turned in
                 candidates(row, runs[row["file"], options_of(row)])]
        if letters(row["history"]) not in found:
            wrong.append(f"{row['file']} {row['proto']} {row['orig_h']}:{row['orig_p']} "
                         f"{row['resp_h']}:{row['resp_p']}: {row['history']}, ours "
                         f"{found[0] if found else 'none'}")
    return wrong, compared


def main():
    program, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = accuracy.data_folder(checkout)
    listing = data / "expected" / "zeek_conn.jsonl"
    if not listing.exists():
        print(f"skipped: {listing} is not there")
        return accuracy.NO_DATA
    features = accuracy.features(data)
    fragments = set(features["ip4_frag"]) | set(features["ip6_frag"])
    not_plain = set().union(*(features[name] for name in
                           ("vlan", "qinq", "vlan_88a8", "mpls", "pppoe", "fabricpath", "ip4_len0")))
    left_out, kept = collections.Counter(), {}
    for row in accuracy.read_rows(listing):
        why = comparable(row)
        if why:
            left_out[why] += 1
        elif same_row(row) in kept:
            left_out["the same connection in the baseline of another test"] += 1
        else:
            kept[same_row(row)] = row
    runs = accuracy.side_by_side(lambda run: accuracy.track(program, data / run[0], run[1],
                                                                 accuracy.FIELDS + ",history"),
                                 {(row["file"], options_of(row)) for row in kept.values()})
    wrong = []
    for row in kept.values():
        file = row["file"]
        bytes_defined = (not row.get("tunnel_parents") and file not in not_plain and
                         accuracy.is_ethernet(data / file))
        found = [differences(row, ours, turned, bytes_defined, file in fragments)
                 for ours, turned in candidates(row, runs[file, options_of(row)])]
        best = min(found, key=len, default=["no session"])
        if best:
            wrong.append(f"{file} {row['proto']} {row['orig_h']}:{row.get('orig_p')} "
                         f"{row['resp_h']}:{row.get('resp_p')} {row['conn_state']}: "
                         f"{', '.join(best)}")
    for why, count in left_out.most_common():
        print(f"left out: {count:4} {why}")
    states = accuracy.report(checkout, HEADING, "comparable rows", wrong, len(kept), TARGET)
    differ, compared = compare_histories(kept.values(), runs)
    histories = accuracy.report(checkout, HISTORIES, "histories", differ, compared, TARGET)
    return max(states, histories)


if __name__ == "__main__":
    sys.exit(main())
