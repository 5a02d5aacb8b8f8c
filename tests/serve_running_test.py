#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`endreason serve` as it is run: from a configuration file, under a service manager, read again on
SIGHUP, with its limits, its alerts and its own messages. Usage: serve_running_test.py ENDREASON
"""

import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data/samples/logs"
LINE = ("1,2026/03/10 10:00:05,0123,TRAFFIC,end,2561,2026/03/10 10:00:04,10.1.1.1,203.0.113.9,0.0.0.0,"
        "0.0.0.0,out,,,incomplete,vsys1,trust,untrust,ae1,ae2,fwd,,77,1,51515,443,0,0,0x19,tcp,allow,70,"
        "70,0,1,2026/03/10 09:59:49,5,any,0,{seqno},0x0,US,DE,0,1,0,{reason}\n")


def wait_for(what, condition, seconds=20.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come to: {what}")


class Serve:
    """A server with its messages, as objects, as they come."""

    def __init__(self, program, folder, config, *options, env=None):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "endreason.yaml"
        self.config.write_text(config)
        self.messages = []
        self.token = None
        self.context = None
        self.process = subprocess.Popen(
            [program, "serve", "--config", self.config, "--folder", self.folder / "state", *options],
            stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        threading.Thread(target=self.read, daemon=True).start()
        self.base = self.message("ready")["address"].rstrip("/")

    def read(self):
        for line in self.process.stderr:
            try:
                self.messages.append(json.loads(line))
            except ValueError:
                self.messages.append({"event": "no-json", "message": line})

    def message(self, event, seen=0):
        """The first message of a kind behind the `seen` first of all."""
        found = lambda: [m for m in self.messages[seen:] if m["event"] == event]
        return wait_for(f"a message '{event}'; there were {self.messages}", found)[0]

    def reload(self, config, event="reloaded"):
        seen = len(self.messages)
        self.config.write_text(config)
        self.process.send_signal(signal.SIGHUP)
        return self.message(event, seen)

    def ask(self, path, body=None, token=None, base=None):
        request = urllib.request.Request((base or self.base) + path, data=body)
        if token or self.token:
            request.add_header("Authorization", f"Bearer {token or self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(), refused.headers

    def json(self, path, body=None):
        status, text, _ = self.ask(path, body)
        assert status == 200, (path, status, text)
        return json.loads(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, "it did not end well"


def certificate(folder, name):
    """A certificate of its own for 127.0.0.1: chain and key."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                    "-keyout", key, "-out", chain], check=True, capture_output=True)
    return chain, key


def name_served(port, trusted):
    """Whose certificate a port has; it must be one of those trusted."""
    context = ssl.create_default_context()
    for chain in trusted:
        context.load_verify_locations(chain)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            return dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"]


def a_file_is_read_again_as_a_whole_or_not_at_all(program, folder):
    (folder / "token").write_text("an-administrators-secret\n")
    (folder / "other-token").write_text("another-administrators-secret\n")
    first, second = certificate(folder, "first"), certificate(folder, "second")
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nno\n")

    def config(chain, key, token="token", more=""):
        return (f"serve:\n  http: 127.0.0.1:0\n  listen: ['tls:127.0.0.1:0']\n  certificate: {chain}\n"
                f"  key: {key}\n  token-file: {folder / token}\n  log-format: json\n  log-level: debug\n{more}")

    server = Serve(program, folder, config(*first))
    try:
        server.context = ssl.create_default_context(cafile=first[0])
        server.context.load_verify_locations(second[0])
        server.token = "an-administrators-secret"
        assert server.ask("/api/v1/status", token="none at all")[0] == 401
        assert server.json("/api/v1/status")["state"] == "running"
        ports = [int(server.base.rsplit(":", 1)[1]),
                 int(server.message("listening")["address"].rsplit(":", 1)[1])]
        trusted = [first[0], second[0]]
        assert [name_served(port, trusted) for port in ports] == ["first", "first"]
        # What is wrong is named, and nothing of it acts, not even what is right.
        for wrong, words in ((config(*second, "other-token", "  keep-dayz: 9\n"), "did you mean 'keep-days'?"),
                             (config(folder / "broken.pem", second[1], "other-token"), "broken.pem"),
                             (config(second[0], first[1], "other-token"), "first.key"),
                             (config(*second, "no-token"), "no-token"),
                             ("serve: [", "endreason.yaml:1")):
            said = server.reload(wrong, "not-reloaded")
            assert words in said["message"] and said["level"] == "error", said
        assert [name_served(port, trusted) for port in ports] == ["first", "first"]
        assert server.json("/api/v1/status")["state"] == "running"
        server.reload(config(*second, "other-token", "  keep-raw: yes\n  memory: 512MiB\n  keep-days: 9\ntz: UTC\n"))
        assert server.message("restart-needed")["settings"] == "keep-raw,memory"
        wait_for("another certificate", lambda: [name_served(port, trusted) for port in ports] == ["second"] * 2)
        assert server.ask("/api/v1/status")[0] == 401
        server.token = "another-administrators-secret"
        assert server.json("/api/v1/status")["state"] == "running"
    finally:
        server.stop()
    said = json.dumps(server.messages)
    assert "secret" not in said, said
    events = [m["event"] for m in server.messages]
    assert "request" in events and "no-json" not in events and events[-1] == "stopped", events
    assert all(set(m) >= {"time", "level", "event", "message"} for m in server.messages)


def the_service_manager_is_told(program, folder):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(folder / "notify"))
    manager.settimeout(20)
    config = "serve: {http: '127.0.0.1:0', listen: none, log-format: json}\n"
    server = Serve(program, folder, config, env={"NOTIFY_SOCKET": str(folder / "notify")})
    told = [manager.recv(4096).decode()]
    server.reload(config)
    told += [manager.recv(4096).decode(), manager.recv(4096).decode()]
    server.stop()
    told.append(manager.recv(4096).decode())
    assert [t.split("=")[0] for t in told] == ["READY", "RELOADING", "READY", "STOPPING"], told
    assert f"STATUS=The pages are at {server.base}" in told[0], told


def limits_hold_and_say_what_to_do(program, folder):
    def config(per_minute, seconds=30):
        return (f"serve:\n  http: 127.0.0.1:0\n  listen: none\n  log-format: json\n  body-bytes: 4KiB\n"
                f"  requests-per-minute: {per_minute}\n  query-seconds: {seconds}\n")

    def error(answer):
        return json.loads(answer[1])["error"]

    server = Serve(program, folder, config(0, 1), "--load", str(SAMPLES))
    try:
        answer = server.ask("/api/v1/ingest", b"x" * 5000)
        assert answer[0] == 413 and error(answer)["code"] == "too-large" and error(answer)["remedy"], answer
        answer = server.ask("/api/v1/explain", b"x" * (17 << 20))
        assert answer[0] == 413 and error(answer)["remedy"], answer
        answer = server.ask("/api/v1/records?filter=" + "x" * 40_000)
        assert answer[0] == 431 and error(answer)["remedy"], answer
        # A question that would take hours is stopped in its second, and the server goes on.
        began = time.monotonic()
        answer = server.ask("/api/v1/sql", b"SELECT count(*) FROM range(4000000) a, range(4000000) b "
                                           b"WHERE hash(a.range, b.range) = 1")
        assert answer[0] == 503 and error(answer)["code"] == "too-slow" and error(answer)["remedy"], answer
        assert time.monotonic() - began < 10, "it was stopped late"
        assert server.json("/api/v1/status")["queries_running"] == 0
        server.reload(config(20))
        answers = [server.ask("/api/v1/columns") for _ in range(25)]
        refused = [a for a in answers if a[0] == 429]
        assert [a[0] for a in answers[:20]] == [200] * 20 and len(refused) >= 3, [a[0] for a in answers]
        assert error(refused[0])["code"] == "too-many" and error(refused[0])["remedy"], refused[0]
        assert 1 <= int(refused[0][2]["Retry-After"]) <= 3, refused[0][2]
        assert server.ask("/healthz")[0] == 200 and server.ask("/")[0] == 200
    finally:
        server.stop()


def what_was_received_is_stored_before_the_end(program, folder):
    config = "serve: {http: '127.0.0.1:0', listen: ['tcp:127.0.0.1:0'], log-format: json}\n"
    server = Serve(program, folder, config)
    port = int(server.message("listening")["address"].rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall("".join(LINE.format(seqno=n, reason="aged-out") for n in range(1, 20_001)).encode())
    wait_for("all lines received", lambda: server.json("/api/v1/accounting")["received"] == 20_000)
    server.stop()
    done = subprocess.run([program, "query", "--folder", folder / "state", "--group-by", "rule", "-o", "csv"],
                          capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1].startswith("out,20000,"), done.stdout


class Webhook(http.server.ThreadingHTTPServer):
    """Answers each call with the next of the statuses, at last with 204, and remembers what came."""

    def __init__(self, statuses):
        self.statuses, self.calls = list(statuses), []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = webhook.statuses.pop(0) if webhook.statuses else 204
                webhook.calls.append((status, json.loads(body), dict(self.headers)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def heard(self):
        return [call[1] for call in self.calls if call[0] == 204]


def an_alert_calls_its_webhook_once_an_episode(program, folder):
    webhook = Webhook([503, 500])
    (folder / "hook-token").write_text("a-webhooks-secret\n")
    config = ("serve:\n  http: 127.0.0.1:0\n  listen: none\n  log-format: json\n  alerts:\n"
              "    - name: threats\n      filter: ( session_end_reason eq threat )\n      threshold: 5\n"
              f"      window-seconds: 10\n      webhook: http://127.0.0.1:{webhook.server_port}/secret-path\n"
              f"      webhook-token-file: {folder / 'hook-token'}\n")

    def post(server, first, count, reason="threat"):
        lines = "".join(LINE.format(seqno=n, reason=reason) for n in range(first, first + count))
        assert server.ask("/api/v1/ingest", lines.encode())[0] == 200

    server = Serve(program, folder, config)
    post(server, 1, 4)
    post(server, 100, 50, "aged-out")
    assert server.json("/api/v1/alerts")[0]["sessions"] == 4
    assert server.json("/api/v1/alerts")[0]["state"] == "quiet" and not webhook.calls
    post(server, 5, 2)
    wait_for("the webhook fails, twice", lambda: len(webhook.calls) >= 2)
    # Killed in the midst of it: the call is made by the next one, and the episode is not told again.
    wait_for("the state is on the disk", lambda: "call" in (folder / "state/alerts.state").read_text())
    server.process.kill()
    server.process.wait()
    server = Serve(program, folder, config)
    try:
        heard = wait_for("the webhook is reached", webhook.heard)
        assert heard[0]["state"] == "firing" and heard[0]["sessions"] >= 5, heard
        assert {call[2]["Authorization"] for call in webhook.calls} == {"Bearer a-webhooks-secret"}
        post(server, 7, 5)
        alert = server.json("/api/v1/alerts")[0]
        assert alert["state"] == "firing" and alert["webhook"]["called"] == 1, alert
        assert "secret" not in json.dumps(alert), alert
        assert 'endreason_alert_firing{alert="threats"} 1' in server.ask("/metrics")[1]
        heard = wait_for("the end is told", lambda: webhook.heard()[1:], 40)
        assert [h["state"] for h in webhook.heard()] == ["firing", "ended"], webhook.calls
        assert len({h["episode"] for h in webhook.heard()}) == 1 and heard[0]["until"], webhook.calls
        assert server.json("/api/v1/alerts")[0]["episodes"] == 1
    finally:
        server.stop()
        webhook.shutdown()
    assert "secret" not in json.dumps(server.messages), server.messages


def a_server_with_tls_is_asked_from_the_command_line(program, folder):
    (folder / "token").write_text("an-administrators-secret\n")
    chain, key = certificate(folder, "served")
    config = (f"serve:\n  http: 0.0.0.0:0\n  listen: none\n  certificate: {chain}\n  key: {key}\n"
              f"  token-file: {folder / 'token'}\n  log-format: json\n")
    server = Serve(program, folder, config, "--load", str(SAMPLES))
    try:
        def sql(*options):
            return subprocess.run([program, "sql", "SELECT count(*) AS n FROM traffic", "-o", "csv", *options],
                                  capture_output=True, text=True)

        base = server.base.replace("0.0.0.0", "127.0.0.1")
        asked = ["--server", base, "--ca", str(chain)]
        good = sql(*asked, "--token-file", str(folder / "token"))
        assert good.returncode == 0 and int(good.stdout.splitlines()[1]) > 50, good
        # On the server's machine its configuration is enough, and the certificate need not name all addresses.
        assert sql("--config", str(server.config), "--folder", str(folder / "state"), "--ca", str(chain)
                   ).stdout == good.stdout
        refused = sql(*asked)
        assert refused.returncode == 2 and "a token is required" in refused.stderr, refused
        unknown = sql("--server", base, "--token-file", str(folder / "token"))
        assert unknown.returncode == 4 and "certificate" in unknown.stderr and not unknown.stdout, unknown
    finally:
        server.stop()


def a_captures_packets_without_a_session_are_told_with_the_setting(program, folder):
    capture = (ROOT / ("tests/cases/what-became-of-packets-without-a-session-is-said-with-the-remedy/"
                       "made-without-answers.pcap")).read_bytes()
    server = Serve(program, folder, "serve: {http: '127.0.0.1:0', listen: none, log-format: json}\n")
    try:
        explained = server.json("/api/v1/explain", capture)["hints"]
        # What there is no remedy for is told, too: an ARP request alone.
        arp = bytes.fromhex("ffffffffffff0200000000010806" "0001080006040001" + "00" * 20)
        alone = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 0, 0, 42, 42) + arp
        found = server.json("/api/v1/explain", alone)
        assert found["accounting"] == {"packets": 1, "sessions": 0} and not found["records"], found
        assert len(found["hints"]) == 1 and "1 packet (flow_rcv_not_ip): No IP packet" in found["hints"][0], found
        server.json("/api/v1/ingest?name=edge.pcap", capture)
        told = server.message("capture")["message"]
        assert "edge.pcap: " in told and told.split(": ", 1)[1] == explained[0], (told, explained)
        assert "--asymmetric-path bypass" in explained[0] or "--tcp-reject-non-syn no" in explained[0], explained
    finally:
        server.stop()


TRIALS = [a_file_is_read_again_as_a_whole_or_not_at_all, the_service_manager_is_told,
          limits_hold_and_say_what_to_do, an_alert_calls_its_webhook_once_an_episode,
          a_server_with_tls_is_asked_from_the_command_line, what_was_received_is_stored_before_the_end,
          a_captures_packets_without_a_session_are_told_with_the_setting]


def main():
    failures = 0
    for trial in TRIALS:
        if len(sys.argv) > 2 and sys.argv[2] not in trial.__name__:
            continue
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            try:
                trial(sys.argv[1], pathlib.Path(folder))
                print(f"{trial.__name__}: {time.monotonic() - began:.1f} s")
            except Exception as fault:  # the next trial shall run too
                failures += 1
                print(f"{trial.__name__}: FAILED: {type(fault).__name__}: {fault}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
