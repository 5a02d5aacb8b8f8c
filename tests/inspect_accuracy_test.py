#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Threat rules against the alerts that Suricata's own test suite expects of its captures.

usage: inspect_accuracy_test.py PROGRAM CHECKOUT [--left-out]

A check is a number of alerts with certain columns. It is compared when every rule of its test can
be read, and it is right when the number is the same. Where a check also selects by what ours does
not write (the packet at which the other engine wrote the alert, its transaction numbers), at least
that many alerts are asked for. --left-out prints what keeps the other checks from being compared.
Exit code 77: no data.
"""
import collections
import ipaddress
import json
import re
import subprocess
import sys

import accuracy

HEADING = "Threat rules"
TARGET = 0.95
# Columns of the other engine that ours has too, and how to read ours.
COLUMNS = {
    "alert.signature_id": lambda a: a["sid"],
    "alert.gid": lambda a: a["gid"],
    "alert.rev": lambda a: a["rev"],
    "alert.signature": lambda a: a["msg"],
    "alert.severity": lambda a: a["priority"],
    "src_ip": lambda a: a["src"],
    "dest_ip": lambda a: a["dst"],
    "src_port": lambda a: a["sport"],
    "dest_port": lambda a: a["dport"],
    "proto": lambda a: {"icmp": "ICMP", "ipv6-icmp": "IPv6-ICMP"}.get(a["proto"], a["proto"].upper()),
    "direction": lambda a: "to_server" if a["direction"] == "client-to-server" else "to_client",
}
# Columns that ours has not and that make a check ask for some of the alerts only.
SELECTING = ("pcap_cnt", "tx_id", "has-key", "not-has-key", "app_proto", "pkt_src")


def options_for(args):
    """The other engine's settings that ours has too."""
    text = " ".join(args or [])
    options = ["--decap"]  # the other engine always looks into tunnels
    if "stream.midstream=true" in text or "async-oneside=true" in text:
        options += ["--tcp-reject-non-syn", "no", "--asymmetric-path", "bypass"]
    if "--simulate-ips" in text:
        options += ["--block"]
    return options


def wanted(match):
    """The columns of a check that can be compared."""
    flat = dict(match)
    for key, value in flat.pop("alert", {}).items() if isinstance(flat.get("alert"), dict) else []:
        flat["alert." + key] = value
    selects_more = any(k in SELECTING or k.startswith("verdict") for k in flat)
    return {k: v for k, v in flat.items() if COLUMNS.get(k)}, selects_more


def same(column, ours, theirs):
    if column in ("src_ip", "dest_ip"):
        return ipaddress.ip_address(ours) == ipaddress.ip_address(theirs)
    return str(ours) == str(theirs)


def comparable(check):
    if check.get("event_type") != "alert" or not check.get("rules") or not check.get("pcap_present"):
        return False
    # What an older release did instead.
    return "lt-version" not in (check.get("check_requires") or {})


def run(program, data, key):
    """Our alerts, and why rules were left out."""
    capture, rules, options = key
    command = [program, "inspect", "-r", str(data / capture), "--lenient", *options,
               "--rules", str(data / "suricata-verify" / "tests" / rules)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    left_out = re.search(r"\d+ of \d+ rules are left out: (.*)", done.stderr)
    return ([json.loads(line) for line in done.stdout.splitlines()],
            left_out.group(1) if left_out else "")


def judge(check, alerts):
    """None when right, else what differs."""
    columns, selects_more = wanted(check["match"])
    found = sum(all(same(c, COLUMNS[c](a), v) for c, v in columns.items()) for a in alerts)
    if found == check["count"] or (selects_more and found > check["count"] > 0):
        return None
    rule = f" of sid {columns['alert.signature_id']}" if "alert.signature_id" in columns else ""
    return f"{check['test']}: {check['count']} expected{rule}, {found} found"


def main():
    program, checkout = sys.argv[1:3]
    data = accuracy.data_folder(checkout)
    expected = data / "expected" / "suricata_verify_checks.jsonl"
    if not expected.exists():
        print(f"no {expected}: skipped")
        return accuracy.NO_DATA
    by_run = collections.defaultdict(list)
    for check in filter(comparable, accuracy.read_rows(expected)):
        key = check["file"], check["rules"], tuple(options_for(check.get("args")))
        by_run[key].append(check)
    results = accuracy.side_by_side(lambda key: run(program, data, key), by_run)
    total, differences, left_out = 0, [], collections.Counter()
    for key, checks in by_run.items():
        alerts, causes = results[key]
        if causes:
            left_out[re.sub(r" \d+(?=,|$)", "", causes)] += len(checks)
            continue
        total += len(checks)
        differences += filter(None, (judge(check, alerts) for check in checks))
    if "--left-out" in sys.argv:
        for cause, count in left_out.most_common():
            print(f"{count:4} checks: {cause}")
    print(f"{sum(left_out.values())} checks need what cannot be read")
    return accuracy.report(checkout, HEADING, "alert checks", differences, total, TARGET)


if __name__ == "__main__":
    sys.exit(main())
