#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A running `endreason serve`, asked everything that its description names.

Starts the program with the sample logs on free ports, holds every answer to the schema that
src/server/openapi.json gives for it (nothing missing, nothing that is not described), and sees that
every operation is described and every description answered. Usage: serve_api_test.py ENDREASON
"""

import gzip
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPENAPI = json.loads((ROOT / "src/server/openapi.json").read_text())
CAPTURE = ROOT / "data/samples/captures/arkime-tcp-handshakes.pcap"
SCHEMAS = OPENAPI["components"]["schemas"]
KINDS = {"string": str, "boolean": bool, "object": dict, "array": list}


def faults(value, schema, where):
    """What of a value is not as its schema says, one text each."""
    if "$ref" in schema:
        schema = {**SCHEMAS[schema["$ref"].rsplit("/", 1)[1]],
                  **({"nullable": True} if schema.get("nullable") else {})}
    if value is None:
        return [] if schema.get("nullable") or not schema else [f"{where} is null"]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        well = isinstance(value, int) or (kind == "number" and isinstance(value, float))
        if not well or isinstance(value, bool):
            return [f"{where} is no {kind}: {value!r}"]
    elif kind and not isinstance(value, KINDS[kind]):
        return [f"{where} is no {kind}: {value!r}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} is none of {schema['enum']}: {value!r}")
    if kind == "string" and schema.get("format") == "date-time":
        if not re.fullmatch(r"-?\d+-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
            found.append(f"{where} is no time: {value!r}")
    if kind == "array":
        for i, item in enumerate(value):
            found += faults(item, schema["items"], f"{where}[{i}]")
    if kind == "object":
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        found += [f"{where}.{name} is missing" for name in schema.get("required", [])
                  if name not in value]
        for name, member in value.items():
            if name in properties:
                found += faults(member, properties[name], f"{where}.{name}")
            elif more is False:
                found.append(f"{where}.{name} is not described")
            elif isinstance(more, dict):
                found += faults(member, more, f"{where}.{name}")
    return found


class Asker:
    def text(self, path):
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return answer.read()

    def __init__(self, base):
        self.base = base
        self.asked = set()
        self.failures = []

    def ask(self, path, parameters=None, body=None, described=None, status=200):
        """One request; its answer is held to what the description says of `described`, or of the path."""
        url = self.base + path + ("?" + urllib.parse.urlencode(parameters) if parameters else "")
        method = "get" if body is None else "post"
        request = urllib.request.Request(url, data=body)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                got, text, kind = answer.status, answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as refused:
            got, text, kind = refused.code, refused.read(), refused.headers.get_content_type()
        name = described or path
        self.asked.add((name, method))
        if got != status:
            self.failures.append(f"{url}: {got} instead of {status}: {text[:300]!r}")
            return None
        responses = OPENAPI["paths"][name][method]["responses"]
        content = responses[str(got) if str(got) in responses else "default"]["content"]
        if "application/json" not in content:
            return text.decode()
        if kind != "application/json":
            self.failures.append(f"{url}: {kind} instead of JSON")
            return None
        value = json.loads(text)
        self.failures += [f"{url}: {fault}" for fault in
                          faults(value, content["application/json"]["schema"], "answer")[:5]]
        return value


LINE = (b"1,2026/03/10 10:00:05,0123,TRAFFIC,end,2561,2026/03/10 10:00:04,10.1.1.1,203.0.113.9,0.0.0.0,"
        b"0.0.0.0,out,,,incomplete,vsys1,trust,untrust,ae1,ae2,fwd,,77,1,51515,443,0,0,0x19,tcp,allow,70,"
        b"70,0,1,2026/03/10 09:59:49,5,any,0,%d,0x0,US,DE,0,1,0,aged-out\n")


def verdicts_of(program, log):
    """What `explain` says of a log, in any order: action, reason and final action of each row."""
    said = subprocess.run([program, "explain", "-q", "-o", "csv", "--fields",
                           "src,dst,action,session_end_reason,final_action,reason_code", "-"],
                          input=log, capture_output=True, check=True)
    return sorted(said.stdout.splitlines()[1:])


def download_everything(asker, program):
    """A download in the firewall's format is a log that says the same again."""
    lines = asker.text("/api/v1/records?format=panos")
    rows = asker.text("/api/v1/records?format=csv&columns=src,dst,action,session_end_reason,"
                      "final_action,reason_code").splitlines()[1:]
    if not rows or verdicts_of(program, lines) != sorted(rows):
        asker.failures.append("format=panos: its rows are not those of format=csv")


def ask_everything(asker):
    v = "/api/v1"
    for parameters in ({}, {"filter": "final_action eq blocked"}, {"from": "2016/01/01", "to": "2019/01/01"},
                       {"filter": "app eq nothing-like-it"}, {"from": "now-1h"}):
        asker.ask(v + "/overview", parameters)
    page = asker.ask(v + "/records", {"limit": 3})
    asker.ask(v + "/records", {"limit": 3, "cursor": page["next"], "columns": "src,why,_time,bytes"})
    asker.ask(v + "/records", {"order": "asc", "filter": "addr in 10.0.0.0/8"})
    for record in page["records"]:
        asker.ask(f"{v}/records/{record['_id']}", described=v + "/records/{id}")
    asker.ask(v + "/records/0", described=v + "/records/{id}", status=404)
    asker.ask(v + "/records", {"filter": "ap eq ssl"}, status=400)
    for by in ("rule", "app,final_action", "src", "proto,dport,session_end_reason", "reason_code,outcome"):
        asker.ask(v + "/groups", {"by": by, "top": 5})
    asker.ask(v + "/groups", {"by": "nothing"}, status=400)
    for column in ("app", "rule", "src", "addr.dst", "action", "reason_code", "dport", "zone.src", "serial"):
        asker.ask(v + "/complete", {"column": column, "prefix": ""})
    asker.ask(v + "/filter/check", {"filter": "app eq ssl", "from": "now-24h"})
    asker.ask(v + "/filter/check")
    for path in ("/columns", "/terms", "/devices", "/accounting", "/alerts", "/status", "/openapi.json"):
        asker.ask(v + path)
    asker.ask(v + "/terms", {"word": "incomplete"})
    asker.ask(v + "/explain", body=LINE % 1 + b"nonsense\n")
    asker.ask(v + "/explain", body=gzip.compress(LINE % 1))
    handshakes = asker.ask(v + "/explain", body=CAPTURE.read_bytes())
    if not any(record["ladder"] for record in handshakes["records"]):
        asker.failures.append("a capture's sessions have no packets")
    cut = asker.ask(v + "/explain", body=CAPTURE.read_bytes()[:-7])
    if not any("at byte" in hint for hint in cut["hints"]):
        asker.failures.append(f"a capture that was cut: {cut['hints']}")
    asker.ask(v + "/explain", body=gzip.compress(bytes(80 << 20)), status=400)
    asker.ask(v + "/ingest", body=LINE % 7 + LINE % 7 + b"nonsense\n")
    asker.ask(v + "/sql", body=b"SELECT rule, count(*) AS n, max(time) AS last FROM traffic GROUP BY rule")
    asker.ask(v + "/sql", body=b"SELECT nothing", status=400)
    asker.ask("/metrics")
    asker.ask("/healthz")
    check = asker.ask(v + "/filter/check", {"filter": "( app eq dns ) and not ( bytes lt 10 )"})
    rows = asker.ask(v + "/sql", body=check["sql"].encode())
    listed = asker.ask(v + "/records", {"filter": "( app eq dns ) and not ( bytes lt 10 )", "limit": 1000})
    if rows and len(rows["rows"]) != len(listed["records"]):
        asker.failures.append("the SQL of a filter lists other rows than the filter")
    accounting = asker.ask(v + "/accounting")
    posted = [row for row in accounting["by_source"] if row["source"].startswith("http ")]
    if not accounting["balanced"] or [row["duplicates"] for row in posted] != [1]:
        asker.failures.append(f"accounting: {accounting}")


def ask_by_command(program, folder, asker, running):
    """`query` and `sql` give the same, from the running server and from the folder alone."""
    answers = []
    for arguments in (["query", "--group-by", "rule,final_action", "-o", "csv"],
                      ["query", "app eq dns", "-o", "ndjson", "--fields", "src,dst,why"],
                      ["sql", "SELECT count(*) AS n FROM traffic", "-o", "table"]):
        done = subprocess.run([program, *arguments, "--folder", folder], capture_output=True, text=True)
        if done.returncode != 0 or not done.stdout:
            asker.failures.append(f"{arguments} ({running}): {done.returncode} {done.stderr}")
        answers.append(done.stdout)
    for arguments in (["query", "ap eq ssl"], ["sql", "DROP TABLE traffic_rows"]):
        done = subprocess.run([program, *arguments, "--folder", folder], capture_output=True, text=True)
        if done.returncode != 2 or not done.stderr.startswith("endreason: "):
            asker.failures.append(f"{arguments} ({running}): {done.returncode} {done.stderr}")
    return answers


def export_as_parquet(program, folder, asker, running):
    """Whole files with all rows, at once and by day. What is in them is DuckDB's, where Python has it."""
    with tempfile.TemporaryDirectory() as made:
        for arguments in (["--parquet", f"{made}/all.parquet"], ["--parquet", f"{made}/days", "--by-day"]):
            done = subprocess.run([program, "export", *arguments, "--folder", folder], capture_output=True, text=True)
            if done.returncode != 0:
                asker.failures.append(f"export ({running}): {done.returncode} {done.stderr}")
        files = sorted(pathlib.Path(made).rglob("*"))
        parquet = [file for file in files if file.suffix == ".parquet"]
        if len(parquet) < 5 or len(parquet) + 1 != len(files):
            asker.failures.append(f"export ({running}) made {files}")
        for file in parquet:
            text = file.read_bytes()
            if text[:4] != b"PAR1" or text[-4:] != b"PAR1":
                asker.failures.append(f"export ({running}): {file} is no Parquet file")
        try:
            import duckdb
        except ImportError:
            print("Python has no module duckdb: the rows of the Parquet files were not counted")
            return
        counts = {duckdb.sql(f"SELECT count(*), sum(sessions) FROM '{made}/{which}'").fetchone()
                  for which in ("all.parquet", "days/*.parquet")}
        if len(counts) != 1:
            asker.failures.append(f"export ({running}): by day there are other rows: {counts}")


def capture_is_stored(asker):
    """A posted capture's sessions are rows like others, once, and each shows its packets."""
    capture = gzip.compress(CAPTURE.read_bytes())
    path = "/api/v1/ingest"
    first = asker.ask(path, {"name": "../edge 1.pcap"}, body=capture)
    again = asker.ask(path, {"name": "edge-again.pcap"}, body=capture)
    rows = asker.ask("/api/v1/records", {"filter": "( serial contains capture- )",
                                         "columns": "device_name,handshake,reason_code"})["records"]
    if not first["stored"] == first["received"] == again["duplicates"] == len(rows) > 5:
        asker.failures.append(f"a capture posted twice: {first}, {again}, {len(rows)} rows")
    for row in rows:
        one = asker.ask(f"/api/v1/records/{row['_id']}", described="/api/v1/records/{id}")
        labels = [packet["label"] for packet in one["ladder"]["packets"]]
        words = [word.split(" ")[0] for word in row["handshake"].split(", ")]
        if not labels or labels[0] != words[0] or not row["device_name"].endswith("-edge-1.pcap"):
            asker.failures.append(f"the ladder of {row}: {labels}")


def main():
    program = sys.argv[1]
    # The checker has to find what is wrong, or it checks nothing.
    assert faults({"a": 1}, {"type": "object", "properties": {}, "additionalProperties": False}, "x")
    assert faults("x", {"type": "integer"}, "x") and faults(None, {"type": "string"}, "x")
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "endreason.yaml")
        config.write_text("serve:\n  alerts:\n    - {name: many, filter: '( app eq dns )', threshold: 1, "
                          "webhook: 'http://127.0.0.1:9/'}\n")
        server = subprocess.Popen(
            [program, "serve", "--config", str(config), "--folder", folder, "--http", "127.0.0.1:0", "--no-listen",
             "--load", str(ROOT / "data/samples/logs")], stderr=subprocess.PIPE, text=True)
        base = None
        for line in server.stderr:
            found = re.search(r"the pages are at (\S+)", line)
            if found:
                base = found.group(1).rstrip("/")
                break
        if base is None:
            sys.exit("the server did not start")
        asker = Asker(base)
        try:
            download_everything(asker, program)
            ask_everything(asker)
            capture_is_stored(asker)
            from_server = ask_by_command(program, folder, asker, "server")
            export_as_parquet(program, folder, asker, "server")
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=60)
        export_as_parquet(program, folder, asker, "folder")
        if ask_by_command(program, folder, asker, "folder") != from_server:
            asker.failures.append("the folder answers otherwise than the server")
    if code != 0:
        asker.failures.append(f"the server ended with {code}")
    for path, operations in OPENAPI["paths"].items():
        for method in operations:
            if (path, method) not in asker.asked and not path.endswith("/tail"):
                asker.failures.append(f"{method} {path} is described and was not asked")
    for failure in asker.failures:
        print(failure, file=sys.stderr)
    print(f"{len(asker.asked)} operations answer as described" if not asker.failures
          else f"{len(asker.failures)} faults")
    sys.exit(1 if asker.failures else 0)


if __name__ == "__main__":
    main()
