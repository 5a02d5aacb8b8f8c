#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Applications of real captures, from `endreason track` to the row, against nDPI's expectations.

usage: applications_accuracy_test.py PROGRAM CHECKOUT [--differences]

The expectations (confidence DPI) are of a newer library than the installed one, so the measure is
ndpiReader of the installed release on the same captures: at least as many flows must be right. Names
are compared as the log spells them, by the table of src/appid/app_name.cpp. --differences lists what
is not as expected. Exit code 77: no data, or no ndpiReader.
"""
import collections
import pathlib
import re
import shutil
import subprocess
import sys

import accuracy

OPTIONS = ("--tcp-reject-non-syn", "no", "--asymmetric-path", "bypass")
READER = "ndpiReader"
READER_LINE = re.compile(r"\s(TCP|UDP) (\S+) <?->?\s*(\S+) .*?\[proto: [\d.]+/([^\]]+)\]"
                         r".*\[Confidence: DPI")


class Names:
    """The table of app_name.cpp: the library's names -> the log's."""

    def __init__(self, checkout):
        text = (checkout / "src" / "appid" / "app_name.cpp").read_text()
        row = r'\{"([^"]+)",\s*"([^"]*)",\s*(?:AppId|Ours),\s*(\w+)\}'
        self.rows = {library.lower(): (app, role) for library, app, role in re.findall(row, text)}
        by_port = r'\{"([^"]+)",\s*(\d+),\s*"([^"]+)"\}'
        self.by_port = {(library, int(port)): app
                        for library, port, app in re.findall(by_port, text)}

    def one(self, library, ports):
        for port in ports:
            if (library, port) in self.by_port:
                return self.by_port[library, port]
        if library.lower() in self.rows:
            return self.rows[library.lower()][0]
        return re.sub(r"[^a-z0-9.]+", "-", library.lower()).strip("-")

    def of(self, library, ports):
        """The log's name for "TLS.Facebook": what is inside, unless the carrier keeps its name."""
        outside, dot, inside = library.partition(".")
        if not dot or library.lower() in self.rows:
            return self.one(library, ports)
        keeps = self.rows.get(outside.lower(), ("", ""))[1] == "Protocol"
        return (not keeps and self.one(inside, ports)) or self.one(outside, ports)


def flow(protocol, a, b):
    return protocol, frozenset((a, b))


def expectations(listing, names):
    """file -> {flow: the log's name}; flows that stand twice with two names have both."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in accuracy.read_rows(listing):
        if (row.get("confidence") != "DPI" or row["cfg"] != "default" or not row.get("app")
                or row["proto"] not in ("tcp", "udp")):
            continue
        a = accuracy.end(row["orig_h"], row["orig_p"])
        b = accuracy.end(row["resp_h"], row["resp_p"])
        found[row["file"]][flow(row["proto"], a, b)].append(
            names.of(row["app"], (row["orig_p"], row["resp_p"])))
    return found


def reader_end(text):
    address, _, port = text.rpartition(":")
    return accuracy.end(address.strip("[]"), int(port))


def reader_apps(capture, names):
    done = subprocess.run([READER, "-v", "2", "-i", str(capture)], capture_output=True, text=True,
                          errors="replace", check=False)
    apps = collections.defaultdict(set)
    for protocol, a, b, app in READER_LINE.findall(done.stdout):
        a, b = reader_end(a), reader_end(b)
        apps[flow(protocol.lower(), a, b)].add(names.of(app, (a[1], b[1])))
    return apps


def our_apps(program, capture, wanted):
    """Where a flow lies in a tunnel only, the library's reader looks inside; so do we."""
    apps = collections.defaultdict(list)
    for options in (OPTIONS, OPTIONS + ("--decap",)):
        for row in accuracy.track(program, capture, options):
            key = flow(row["proto"], *accuracy.ends(row))
            apps[key].append(row["app"])
        if all(key in apps for key in wanted):
            break
    return apps


def main():
    program, checkout = sys.argv[1], pathlib.Path(sys.argv[2])
    data = accuracy.data_folder(checkout)
    listing = data / "expected" / "ndpi_flows.jsonl"
    if not listing.exists() or not shutil.which(READER):
        print(f"skipped: {listing} or {READER} is not there")
        return accuracy.NO_DATA
    names = Names(checkout)
    expected = expectations(listing, names)
    ours = accuracy.side_by_side(
        lambda file: our_apps(program, data / file, expected[file]), sorted(expected))
    theirs = accuracy.side_by_side(lambda file: reader_apps(data / file, names), sorted(expected))
    total = right = reader_right = 0
    differences = collections.Counter()
    for file, flows in expected.items():
        for key, apps in flows.items():
            for app in apps:
                total += 1
                reader_right += app in theirs[file][key]
                if app in ours[file][key]:
                    right += 1
                else:
                    got = ", ".join(sorted(set(ours[file][key]))) or "no session"
                    better = " (ndpiReader: as expected)" if app in theirs[file][key] else ""
                    differences[f"{app} is {got}{better}"] += 1
    if "--differences" in sys.argv:
        for difference, count in differences.most_common():
            print(f"{count:5} {difference}")
    print(f"{total} flows: {right} right ({100 * right / total:.2f} %); "
          f"{READER} {reader_right} ({100 * reader_right / total:.2f} %)")
    return 0 if right >= reader_right else 1


if __name__ == "__main__":
    sys.exit(main())
