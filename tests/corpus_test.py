#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the logs of ../shared/data/logs and compares with what their publishers expect.

usage: corpus_test.py PROGRAM CHECKOUT

Differences that are known stand, with their reasons, in the tables of docs/corpus.md, which this
test reads: a difference that is not listed fails, and so does a listed one that occurs no more.
Exit codes: 0 passed, 1 failed, 77 skipped because the data is absent.
"""
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

# jcustenborder's name -> our column, and how its value is written there.
TYPED = {
    "threatContentType": ("subtype", "text"), "generatedTime": ("time_generated", "time"),
    "sourceIp": ("src", "text"), "destinationIp": ("dst", "text"),
    "natSourceIp": ("natsrc", "text"), "natDestinationIp": ("natdst", "text"),
    "ruleName": ("rule", "text"), "sourceUser": ("srcuser", "text"),
    "destinationUser": ("dstuser", "text"), "application": ("app", "text"),
    "virtualSystem": ("vsys", "text"), "sourceZone": ("from", "text"),
    "destinationZone": ("to", "text"), "inboundInterface": ("inbound_if", "text"),
    "outboundInterface": ("outbound_if", "text"), "logAction": ("logset", "text"),
    "sessionId": ("sessionid", "number"), "repeatCount": ("repeatcnt", "number"),
    "sourcePort": ("sport", "number"), "destinationPort": ("dport", "number"),
    "natSourcePort": ("natsport", "number"), "natDestinationPort": ("natdport", "number"),
    "flags": ("flags", "number"), "protocol": ("proto", "text"), "action": ("action", "text"),
    "bytes": ("bytes", "number"), "bytesSent": ("bytes_sent", "number"),
    "bytesReceived": ("bytes_received", "number"), "packets": ("packets", "number"),
    "startTime": ("start", "time"), "elapsedTime": ("elapsed", "number"),
    "category": ("category", "text"), "sequenceNumber": ("seqno", "number"),
    "actionFlags": ("actionflags", "text"), "sourceLocation": ("srcloc", "text"),
    "destinationLocation": ("dstloc", "text"), "packetsSent": ("pkts_sent", "number"),
    "packetsReceived": ("pkts_received", "number"),
    "sessionEndReason": ("session_end_reason", "text"),
    "deviceGroupHierarchyLevel1": ("dg_hier_level_1", "number"),
    "deviceGroupHierarchyLevel2": ("dg_hier_level_2", "number"),
    "deviceGroupHierarchyLevel3": ("dg_hier_level_3", "number"),
    "deviceGroupHierarchyLevel4": ("dg_hier_level_4", "number"),
    "virtualSystemName": ("vsys_name", "text"), "deviceName": ("device_name", "text"),
    "actionSource": ("action_source", "text"), "sourceVmUuid": ("src_uuid", "text"),
    "destinationVmUuid": ("dst_uuid", "text"), "tunnelIdImsi": ("tunnelid", "text"),
    "monitorTagImei": ("monitortag", "text"), "parentSessionId": ("parent_session_id", "number"),
    "parentStartTime": ("parent_start_time", "time"), "tunnelType": ("tunnel", "text"),
    "receiveTime": ("receive_time", "time"), "serialNumber": ("serial", "text"),
    "type": ("type", "text"),
}
# Of the syslog header, or the input again: no columns of a traffic log.
TYPED_OTHER = {"date", "remoteAddress", "rawMessage", "level", "version", "facility", "host",
               "message", "processId"}

# sekoia's ECS path -> our column.
ECS = {
    "event.action": ("action", "text"), "event.reason": ("session_end_reason", "text"),
    "event.duration": ("elapsed", "number"), "action.name": ("action", "text"),
    "action.type": ("subtype", "text"), "paloalto.Threat_ContentType": ("subtype", "text"),
    "paloalto.session.end_reason": ("session_end_reason", "text"),
    "paloalto.session.id": ("sessionid", "number"), "paloalto.VirtualLocation": ("vsys", "text"),
    "paloalto.URLCategory": ("category", "text"), "rule.name": ("rule", "text"),
    "rule.uuid": ("rule_uuid", "text"), "log.hostname": ("device_name", "text"),
    "observer.serial_number": ("serial", "text"), "@timestamp": ("_time", "time"),
    "network.application": ("app", "text"), "network.transport": ("proto", "text"),
    "network.bytes": ("bytes", "number"), "network.packets": ("packets", "number"),
    "observer.ingress.vlan.name": ("from", "text"), "observer.egress.vlan.name": ("to", "text"),
    "observer.ingress.interface.alias": ("from", "text"),
    "observer.egress.interface.alias": ("to", "text"),
    "source.ip": ("src", "text"), "source.port": ("sport", "number"),
    "source.bytes": ("bytes_sent", "number"), "source.packets": ("pkts_sent", "number"),
    "source.nat.ip": ("natsrc", "text"), "source.nat.port": ("natsport", "number"),
    "source.geo.name": ("srcloc", "text"), "paloalto.source.region": ("srcloc", "text"),
    "destination.ip": ("dst", "text"), "destination.port": ("dport", "number"),
    "destination.bytes": ("bytes_received", "number"),
    "destination.packets": ("pkts_received", "number"),
    "destination.nat.ip": ("natdst", "text"), "destination.nat.port": ("natdport", "number"),
    "destination.geo.name": ("dstloc", "text"), "paloalto.destination.region": ("dstloc", "text"),
    "source.user": ("srcuser", "text"), "destination.user": ("dstuser", "text"),
    "host.mac": ("src_mac", "text"), "host.os.family": ("src_osfamily", "text"),
    "host.os.version": ("src_osversion", "text"), "host.type": ("src_category", "text"),
    "paloalto.DGHierarchyLevel1": ("dg_hier_level_1", "number"),
    "paloalto.DGHierarchyLevel2": ("dg_hier_level_2", "number"),
    "paloalto.DGHierarchyLevel3": ("dg_hier_level_3", "number"),
    "paloalto.DGHierarchyLevel4": ("dg_hier_level_4", "number"),
    "paloalto.PanOSContainerName": ("pod_name", "text"),
    "paloalto.PanOSContainerNameSpace": ("pod_namespace", "text"),
    "paloalto.PanOSDestinationDeviceCategory": ("dst_category", "text"),
    "paloalto.PanOSDestinationDeviceHost": ("dst_host", "text"),
    "paloalto.PanOSDestinationDeviceMac": ("dst_mac", "text"),
    "paloalto.PanOSDestinationDeviceModel": ("dst_model", "text"),
    "paloalto.PanOSDestinationDeviceOSFamily": ("dst_osfamily", "text"),
    "paloalto.PanOSDestinationDeviceOSVersion": ("dst_osversion", "text"),
    "paloalto.PanOSDestinationDeviceProfile": ("dst_profile", "text"),
    "paloalto.PanOSDestinationDeviceVendor": ("dst_vendor", "text"),
    "paloalto.PanOSEndpointSerialNumber": ("serialnumber", "text"),
    "paloalto.PanOSGPHostID": ("hostid", "text"),
    "paloalto.PanOSHASessionOwner": ("session_owner", "text"),
    "paloalto.PanOSSourceDeviceHost": ("src_host", "text"),
    "paloalto.PanOSSourceDeviceModel": ("src_model", "text"),
    "paloalto.PanOSSourceDeviceProfile": ("src_profile", "text"),
    "paloalto.PanOSSourceDeviceVendor": ("src_vendor", "text"),
    "paloalto.PanOSSourceDynamicAddressGroup": ("src_dag", "text"),
    "paloalto.PanOSSourceLocation": ("srcloc", "text"),
    "paloalto.PanOSX-Forwarded-ForIP": ("xff_ip", "text"),
    "paloalto.PanOSSessionStartTime": ("start", "cef time"),
}
# Said by another path already, of the parser or of the header, or no column of a traffic log.
ECS_OTHER = re.compile(
    r"message|related\..*|user\..*|(source|destination)\.address|host\.(id|name|hostname)"
    r"|event\.(category|dataset|outcome|severity|timezone|type|start)|action\.outcome|log\.logger"
    r"|observer\.(name|product|type|vendor|version)|paloalto\.endpoint\.serial_number"
    r"|observer\.(in|e)gress\.interface\.(id|name)")

# What the accounting must say of whole files: lines, traffic, partial, other, rejected.
COUNTS = {
    "apache-metron/PaloaltoOutput.log": (100, 49, 0, 50, 1),
    "apache-metron/parser-test-lines.log": (8, 4, 0, 4, 0),
    "chronicle-content-hub/search_logs_JsonResult_example.json": (50, 50, 0, 0, 0),
    "criblpack/samples.log": (5, 4, 0, 1, 0),
    "criblpack/61hEQ9.json": (1, 0, 0, 1, 0),
    "criblpack/6rAgpv.json": (4, 0, 0, 4, 0),
    "criblpack/BvsW2V.json": (1, 0, 0, 1, 0),
    "criblpack/Gq5Bjl.json": (4, 4, 0, 0, 0),
    "criblpack/QQERZg.json": (1, 0, 0, 1, 0),
    "criblpack/dkSNsf.json": (1, 0, 0, 1, 0),
    "criblpack/zU8yWr.json": (1, 0, 0, 1, 0),
    "jcustenborder/traffic.raw.log": (49, 49, 9, 0, 0),
    "jcustenborder/threat.raw.log": (39, 0, 0, 39, 0),
    "splunk-sc4s/samples.log": (7, 4, 0, 3, 0),
    "usiem-paloalto/samples.log": (2, 2, 0, 0, 0),
}

# Columns of the XML API's entries that a record must show as they stand.
ENTRY_TEXTS = ("src", "dst", "rule", "app", "action", "proto", "subtype", "session_end_reason",
               "from", "to", "srcuser", "serial", "vsys", "seqno", "category")
ENTRY_NUMBERS = ("sport", "dport", "bytes", "bytes_sent", "bytes_received", "packets", "pkts_sent",
                 "pkts_received", "elapsed", "sessionid", "repeatcnt", "natsport", "natdport")


class Corpus:
    def __init__(self, program, logs, scratch):
        self.program, self.logs, self.scratch = program, logs, scratch
        self.differences = {}
        self.compared = 0
        self.failures = []

    def explain(self, path):
        """All records of a file, and the accounting."""
        stats = self.scratch / "stats.json"
        run = subprocess.run([self.program, "explain", "-q", "-o", "ndjson", "--stats", str(stats),
                              str(path)], capture_output=True, check=False)
        if run.returncode != 0:
            self.failures.append(f"{path}: exit code {run.returncode}: {run.stderr.decode()}")
        records = [json.loads(line) for line in run.stdout.decode().splitlines()]
        return records, json.loads(stats.read_text())

    def explain_text(self, text):
        path = self.scratch / "message.log"
        path.write_text(text)
        return self.explain(path)

    def compare(self, name, column, kind, expected, ours):
        self.compared += 1
        theirs, mine = as_written(expected, kind), as_written(ours, kind)
        if theirs != mine:
            self.differences[(name, column, theirs, mine)] = True


def as_written(value, kind):
    """One spelling for both sides: empty and absent are '-', numbers and times are comparable."""
    if value is None or value == "":
        return "-"
    if kind == "number":
        text = str(value)
        if re.fullmatch(r"0x[0-9a-fA-F]+", text):
            return str(int(text, 16))
        return str(int(text)) if re.fullmatch(r"-?\d+", text) else text
    if kind == "cef time" and re.match(r"[A-Z][a-z]{2} ", value):
        moment = datetime.datetime.strptime(value, "%b %d %Y %H:%M:%S")
        return instant(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if kind in ("time", "cef time"):
        return instant(value)
    return str(value)


def instant(value):
    if isinstance(value, (int, float)):
        moment = EPOCH + datetime.timedelta(seconds=value)
    else:
        match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", value)
        if match is None:
            return value
        zone = "+00:00" if match[3] == "Z" else match[3]
        fraction = (match[2] or ".0").ljust(7, "0")[:7]
        moment = datetime.datetime.fromisoformat(match[1] + fraction + zone)
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")


def leaves(value, path=""):
    """Path and value of every leaf; a user is one value, domain\\name."""
    if path in ("source.user", "destination.user"):
        yield path, "\\".join(value[key] for key in ("domain", "name") if key in value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


def check_counts(corpus):
    for name, expected in COUNTS.items():
        _, stats = corpus.explain(corpus.logs / name)
        found = tuple(stats[key] for key in ("lines", "traffic", "partial", "other", "rejected"))
        if found != expected:
            corpus.failures.append(f"{name}: expected (lines, traffic, partial, other, rejected) = "
                                   f"{expected}, found {found}")
        total = stats["blank"] + stats["traffic"] + stats["other"] + stats["rejected"]
        if total != stats["lines"]:
            corpus.failures.append(f"{name}: {stats['lines']} lines, but the parts make {total}")


def check_typed_fields(corpus):
    for path in sorted((corpus.logs / "jcustenborder").glob("Traffic*.json")):
        case = json.loads(path.read_text())
        records, _ = corpus.explain_text(case["input"]["rawMessage"] + "\n")
        ours = records[0] if records else {}
        for key, expected in case["expected"].items():
            if key in TYPED_OTHER:
                continue
            column, kind = TYPED[key]
            corpus.compare(f"jcustenborder/{path.stem}", column, kind, expected, ours.get(column))


def check_ecs_fields(corpus):
    for path in sorted((corpus.logs / "sekoia-paloalto-ngfw").glob("*.json")):
        case = json.loads(path.read_text())
        records, stats = corpus.explain_text(case["input"]["message"] + "\n")
        name = f"sekoia/{path.stem}"
        dataset = case["expected"].get("event", {}).get("dataset", "")
        is_traffic = "TRAFFIC" in case["input"]["message"]
        if not is_traffic:
            corpus.compare(name, "(other log types)", "number", 1, stats["other"])
            continue
        corpus.compare(name, "(log type)", "text", dataset, "traffic")
        corpus.compare(name, "(records)", "number", 1, len(records))
        if not records:
            continue
        for ecs_path, expected in leaves(case["expected"]):
            if ecs_path in ECS:
                column, kind = ECS[ecs_path]
                corpus.compare(name, column, kind, expected, records[0].get(column))
            elif not ECS_OTHER.fullmatch(ecs_path):
                corpus.failures.append(f"{name}: nothing is compared with {ecs_path}")


def check_api_entries(corpus):
    path = corpus.logs / "chronicle-content-hub/search_logs_JsonResult_example.json"
    entries = json.loads(path.read_text())
    records, _ = corpus.explain(path)
    corpus.compare("chronicle", "(records)", "number", len(entries), len(records))
    for number, (entry, ours) in enumerate(zip(entries, records)):
        for column in ENTRY_TEXTS:
            corpus.compare(f"chronicle/{number}", column, "text", entry.get(column),
                           ours.get(column))
        for column in ENTRY_NUMBERS:
            corpus.compare(f"chronicle/{number}", column, "number", entry.get(column),
                           ours.get(column))


def check_round_trip(corpus):
    """-o panos gives each CSV record back byte for byte: it is the end of its line."""
    for name in ("jcustenborder/traffic.raw.log", "apache-metron/PaloaltoOutput.log",
                 "apache-metron/parser-test-lines.log", "criblpack/samples.log",
                 "splunk-sc4s/samples.log", "usiem-paloalto/samples.log"):
        path = corpus.logs / name
        records, _ = corpus.explain(path)
        run = subprocess.run([corpus.program, "explain", "-q", "-o", "panos", str(path)],
                             capture_output=True, check=True)
        lines = path.read_bytes().split(b"\n")
        written = run.stdout.splitlines()
        if len(written) != len(records):
            corpus.failures.append(f"{name}: {len(records)} records, -o panos wrote {len(written)}")
        for record, text in zip(records, written):
            corpus.compared += 1
            if not text or not lines[record["_line"] - 1].rstrip(b"\r").endswith(text):
                corpus.failures.append(f"{name}:{record['_line']}: -o panos differs: {text!r}")


def listed_differences(page):
    """Rows `| record | column | publisher | endreason | reason |` of docs/corpus.md."""
    listed = {}
    for line in page.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and "/" in cells[0]:
            listed[tuple(cells[:4])] = cells[4]
    return listed


def judge(corpus, listed):
    for key in sorted(corpus.differences):
        if key not in listed:
            corpus.failures.append("not in docs/corpus.md: | " + " | ".join(key) + " |")
    for key, reason in sorted(listed.items()):
        if key not in corpus.differences:
            corpus.failures.append("listed, but occurs no more: | " + " | ".join(key) + " |")
        elif not reason:
            corpus.failures.append("listed without a reason: | " + " | ".join(key) + " |")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[2]).resolve()
    logs = root.parent / "shared/data/logs"
    if not logs.is_dir():
        print(f"skipped: there is no {logs}")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Corpus(str(pathlib.Path(sys.argv[1]).resolve()), logs, pathlib.Path(scratch))
        for check in (check_counts, check_typed_fields, check_ecs_fields,
                      check_api_entries, check_round_trip):
            check(corpus)
    judge(corpus, listed_differences(root / "docs/corpus.md"))
    for failure in corpus.failures:
        print("FAILED", failure)
    print(f"{corpus.compared} values compared, {len(corpus.differences)} differ as listed"
          if not corpus.failures else f"{len(corpus.failures)} failures")
    return 1 if corpus.failures else 0


if __name__ == "__main__":
    sys.exit(main())
