#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `endreason inspect` to the alerts that another engine's test suite expects of its captures.

  tests/inspect_corpus.py ENDREASON [DATA] [--list] [--floor PERCENT] [--only TEXT]

DATA holds suricata-verify/ and expected/suricata_verify_checks.jsonl (default: ../shared/data/pcaps
beside the project). A check is a number of alerts with certain columns. It counts when every rule
of its test can be read, and it is right when the number is the same. Where a check
also selects by what ours does not write (the packet at which the other engine wrote the alert, its
transaction numbers), at least that many alerts are asked for. --list prints every check that is wrong or does not count.
Exit code: 0 at least PERCENT of the checks that count are right (default 95), 1 fewer, 77 no data.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
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
    if "stream.midstream=true" in text:
        options += ["--tcp-reject-non-syn", "no", "--asymmetric-path", "bypass"]
    if "async-oneside=true" in text:
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
        import ipaddress
        return ipaddress.ip_address(ours) == ipaddress.ip_address(theirs)
    return str(ours) == str(theirs)


def run(program, data, key):
    pcap, rules, options = key
    base = os.path.join(data, "suricata-verify", "tests")
    command = [program, "inspect", "-r", os.path.join(data, pcap), "--rules",
               os.path.join(base, rules), "--lenient", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    alerts = [json.loads(line) for line in done.stdout.splitlines()]
    left_out = re.search(r"(\d+) of \d+ rules are left out: (.*)", done.stderr)
    return alerts, left_out.group(2) if left_out else "", done.returncode, done.stderr


def judge(check, alerts):
    columns, selects_more = wanted(check["match"])
    count = sum(all(same(c, COLUMNS[c](a), v) for c, v in columns.items()) for a in alerts)
    right = count == check["count"]
    if selects_more:
        right = right or (count > check["count"] > 0)
    return right, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("data", nargs="?", default=os.path.join(ROOT, "..", "shared", "data", "pcaps"))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--floor", type=float, default=95.0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    expected = os.path.join(options.data, "expected", "suricata_verify_checks.jsonl")
    if not os.path.exists(expected):
        print(f"inspect corpus: skipped, no {expected}")
        return 77
    checks = []
    with open(expected, encoding="utf-8") as lines:
        for line in lines:
            check = json.loads(line)
            if check.get("event_type") == "alert" and check.get("rules") and check.get("pcap_present"):
                # What an older release did instead.
                if "lt-version" in (check.get("check_requires") or {}):
                    continue
                if options.only in check["test"]:
                    checks.append(check)
    keys = {}
    for check in checks:
        key = (check["file"], check["rules"], tuple(options_for(check.get("args"))))
        keys.setdefault(key, []).append(check)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(keys, pool.map(lambda k: run(options.program, options.data, k), keys)))
    right = counted = 0
    left_out = collections.Counter()
    for key, group in keys.items():
        alerts, causes, code, err = results[key]
        for check in group:
            if code != 0:
                print(f"FAILED {check['test']}: exit code {code}: {err.strip()[:200]}")
                counted += 1
                continue
            if causes:
                left_out[re.sub(r" \d+(?=,|$)", "", causes)] += 1
                continue
            counted += 1
            good, count = judge(check, alerts)
            right += good
            if not good and options.list:
                print(f"wrong  {check['test']}: {check['count']} expected, {count} found: "
                      f"{json.dumps(check['match'])} {' '.join(check.get('args') or [])}")
    if options.list:
        for cause, count in left_out.most_common():
            print(f"not counted: {count} checks: {cause}")
    share = 100.0 * right / counted if counted else 0.0
    print(f"inspect corpus: {right} of {counted} alert checks right ({share:.1f} %), "
          f"{sum(left_out.values())} more need what cannot be read")
    return 0 if share >= options.floor else 1


if __name__ == "__main__":
    sys.exit(main())
