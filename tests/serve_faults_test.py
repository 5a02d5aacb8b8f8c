#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A running `endreason serve` among slow, hostile and dying company.

Whatever happens, it goes on answering, its memory stays bounded, every line is in the accounting once,
and what is stored is what was sent. Counts are small; the environment makes them large:
ER_KILLS (kill -9, 3), ER_ZEROS_MIB (zero bytes over TCP, 64), ER_FLOOD (datagrams, 60000).
Usage: serve_faults_test.py ENDREASON [PART...]
"""

import json
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

KILLS = int(os.environ.get("ER_KILLS", "3"))
ZEROS_MIB = int(os.environ.get("ER_ZEROS_MIB", "64"))
FLOOD = int(os.environ.get("ER_FLOOD", "60000"))
RSS_MIB_MAX = 1500


def line_of(serial, number, seqno):
    return (f"1,2026/03/10 10:00:05,{serial},TRAFFIC,end,2561,2026/03/10 10:00:04,10.1.1.1,203.0.113.9,"
            f"0.0.0.0,0.0.0.0,out,,,ssl,vsys1,trust,untrust,ae1,ae2,fwd,2026/03/10 10:00:05,{number},1,"
            f"51515,443,0,0,0x19,tcp,allow,1532,812,720,11,2026/03/10 09:59:49,12,any,0,{seqno},0x0,US,DE,0,6,5,"
            "tcp-fin\n")


class Server:
    all = []

    def __init__(self, program, folder, *options):
        Server.all.append(self)
        self.program, self.folder, self.options = program, pathlib.Path(folder), options
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.folder / "server.log", "w+")
        self.process = subprocess.Popen(
            [self.program, "serve", "--folder", self.folder / "store", "--http", "127.0.0.1:0", *self.options],
            stderr=self.log)
        until = time.monotonic() + 60
        while "the pages are at" not in self.said():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"the server did not start: {self.said()}")
            time.sleep(0.02)
        self.ports = {}
        for line in self.said().splitlines():
            if "listening for syslog on" in line:
                kind, _, port = line.split(" on ")[1].split(":")
                self.ports[kind] = int(port)
            if "the pages are at" in line:
                self.base = line.split(" at ")[1].strip()

    def said(self):
        return (self.folder / "server.log").read_text()

    def get(self, path):
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return json.loads(answer.read())

    def post(self, path, body):
        with urllib.request.urlopen(urllib.request.Request(self.base + path, data=body), timeout=30) as answer:
            return json.loads(answer.read())

    def number(self, sql):
        return int(self.post("api/v1/sql", sql.encode())["rows"][0][0])

    def accounting(self):
        counts = self.get("api/v1/accounting")
        assert counts["balanced"], counts
        return counts

    def settled(self, holds, seconds=60):
        """The accounting, once `holds` of it."""
        until = time.monotonic() + seconds
        while True:
            counts = self.accounting()
            if holds(counts):
                return counts
            if time.monotonic() > until:
                short = {k: v for k, v in counts.items() if isinstance(v, int)}
                raise AssertionError(f"not settled: {short}; {self.said()}")
            time.sleep(0.05)

    def metric(self, name):
        with urllib.request.urlopen(self.base + "metrics", timeout=30) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"endreason_{name} "):
                    return int(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def rss_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
        return 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            if self.process.wait(60) != 0:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.said()}")


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


# --- the parts --------------------------------------------------------------------------------------

def killed_under_load(program, folder):
    """A log is written and rotated while the server is killed; its rows have no sequence numbers, so
    nothing but the places keeps them from being stored twice. Others are posted, and posted again until
    they are answered."""
    log, watched = folder / "traffic.log", folder / "drop"
    watched.mkdir()
    server = Server(program, folder, "--no-listen", "--follow", str(log), "--watch", str(watched))
    written, posted, dropped = 0, 0, 0
    done = threading.Event()
    lock = threading.Lock()

    def write():
        nonlocal written, dropped
        while not done.is_set():
            with lock:
                with open(log, "a") as out:
                    for _ in range(200):
                        written += 1
                        out.write(line_of("followed", written, 0))
                if written % 3000 == 0:
                    os.rename(log, f"{log}-{written:09}")
                if written % 5000 == 0:
                    with open(watched / f".{written}", "w") as out:
                        for _ in range(3000):
                            dropped += 1
                            out.write(line_of("dropped", dropped, 0))
                    os.rename(watched / f".{written}", watched / f"{written}.log")
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    seed = random.Random(7)
    kills = 0
    try:
        while kills < KILLS:
            until = time.monotonic() + seed.uniform(0.05, 0.6)
            while time.monotonic() < until:
                body = "".join(line_of("posted", n, n) for n in range(posted + 1, posted + 51))
                try:
                    server.post("api/v1/ingest", body.encode())
                    posted += 50
                except (OSError, urllib.error.URLError):
                    break
            server.kill()
            kills += 1
            server.start()
    finally:
        done.set()
        writer.join()
    with open(log, "a") as out:  # a last one, so that the file is there
        written += 1
        out.write(line_of("followed", written, 0))
    wanted = written + dropped
    server.settled(lambda c: c["spooled"] == 0 and
                   server.number("SELECT count(*) FROM traffic WHERE serial <> 'posted'") >= wanted)
    for serial, sent in (("followed", written), ("dropped", dropped), ("posted", posted)):
        rows = server.number(f"SELECT count(*) FROM traffic WHERE serial = '{serial}'")
        different = server.number(f"SELECT count(DISTINCT sessionid) FROM traffic WHERE serial = '{serial}'")
        # Of a post that was not answered nobody knows whether it was received.
        assert rows == different and sent <= rows <= sent + (50 if serial == "posted" else 0), \
            f"{serial}: {sent} sent, {rows} stored, {different} different"
    server.stop()
    return f"{kills} kills, {written} lines followed, {dropped} dropped, {posted} posted"


def slow_and_hostile(program, folder):
    """Connections that say nothing or never end; bytes that are no messages; others are served."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", folder / "key", "-out", folder / "pem"],
                   check=True, capture_output=True)
    server = Server(program, folder, "--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0",
                    "--listen", "tls:127.0.0.1:0", "--syslog-certificate", folder / "pem",
                    "--syslog-key", folder / "key")
    http = int(server.base.rsplit(":", 1)[1].strip("/"))
    began = time.monotonic()
    slow = [connect(http) for _ in range(100)]
    for s in slow:
        s.sendall(b"GET /api/v1/status HTTP/1.1\r\nX-Slow: ")
    idle = [connect(server.ports["tcp"]) for _ in range(300)]
    for s in idle:
        s.sendall(b"<14>half a mess")
    mute = [connect(server.ports["tls"]) for _ in range(50)]

    # Endless lines and zeros.
    endless = connect(server.ports["tcp"])
    for _ in range(16):
        endless.sendall(b"x" * (1 << 20))
    zeros = connect(server.ports["tcp"])
    block = bytes(1 << 20)
    for _ in range(ZEROS_MIB):
        zeros.sendall(block)
    zeros.sendall(("\n" + line_of("behind zeros", 1, 1)).encode())
    # A length without its message, and one that is a lie.
    lies = connect(server.ports["tcp"])
    lies.sendall(b"9999999 <14>" + b"y" * 500_000)
    lies.close()

    noise = random.Random(3)
    for _ in range(20):
        with connect(server.ports["tls"]) as s:
            s.sendall(noise.randbytes(2000))
        with connect(http) as s:
            s.sendall(noise.randbytes(2000))
    with connect(server.ports["tcp"]) as s:
        for _ in range(200):
            s.sendall(noise.randbytes(997))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for size in (0, 1, 60_000):
            s.sendto(noise.randbytes(size), ("127.0.0.1", server.ports["udp"]))
            s.sendto(bytes(size), ("127.0.0.1", server.ports["udp"]))
    try:
        server.post("api/v1/ingest", bytes(8 << 20))
    except urllib.error.HTTPError:
        pass

    # Meanwhile an honest sender is received.
    context = ssl.create_default_context(cafile=folder / "pem")
    context.check_hostname = False
    with context.wrap_socket(connect(server.ports["tls"])) as s:
        for n in range(1, 1001):
            s.sendall(("<14>Mar 10 10:00:05 fw " + line_of("honest", n, n)).encode())
    server.settled(lambda c: c["stored"] >= 1001 and c["spooled"] == 0)
    assert server.number("SELECT count(*) FROM traffic WHERE serial = 'honest'") == 1000
    rss = server.rss_mib()
    assert rss < RSS_MIB_MAX, f"{rss} MiB"

    # An endless line was cut once it ended; the slow ones are shown out.
    endless.close()
    for s in slow:
        s.settimeout(max(1.0, began + 25 - time.monotonic()))
        try:
            while s.recv(4096):
                pass
        except ConnectionError:
            pass
        s.close()
    for s in mute:
        s.settimeout(max(1.0, began + 25 - time.monotonic()))
        assert s.recv(10) == b"", "a TLS connection without a handshake stayed"
        s.close()
    for s in idle:
        s.close()
    counts = server.settled(lambda c: c["cut_messages"] >= 2 and c["rejected"] > 300)
    server.stop()
    return f"{rss} MiB, {counts['rejected']} lines rejected, {counts['cut_messages']} cut"


def last_chunk_in_pieces(program, folder):
    """The end of a chunked body is taken byte by byte; a broken one ends its connection only."""
    server = Server(program, folder, "--no-listen")
    http = int(server.base.rsplit(":", 1)[1].strip("/"))
    head = b"POST /api/v1/explain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = []
    for tail in (b"0\r\n\r\n", b"0\r\nx: y\r\n\r\n", b"0\r\nhello\r\n3;ext\r\n\r\n"):
        with connect(http) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.sendall(head)
            for at in range(len(tail)):
                time.sleep(0.005)
                s.sendall(tail[at:at + 1])
            s.settimeout(5)
            answers.append(s.recv(4096).split(b"\r\n")[0].decode())
    assert answers[:2] == ["HTTP/1.1 200 OK"] * 2, answers
    assert server.get("api/v1/status")["state"] == "running"
    server.stop()
    return ", ".join(answers)


def drops_are_counted(program, folder):
    """Datagrams: what was sent is received, dropped by us, or dropped by the kernel."""
    server = Server(program, folder, "--listen", "udp:127.0.0.1:0", "--spool-bytes", "200000")
    to = ("127.0.0.1", server.ports["udp"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n in range(FLOOD):
            s.sendto(line_of("flood", 1, 0).encode(), to)
        # Nobody reads: the kernel has to drop.
        server.process.send_signal(signal.SIGSTOP)
        for n in range(FLOOD):
            s.sendto(line_of("flood", 1, 0).encode(), to)
        server.process.send_signal(signal.SIGCONT)
    sent = 2 * FLOOD

    def all_there(c):
        by_sender = [x for x in c["by_source"] if x["source"] == "udp 127.0.0.1"]
        dropped = sum(x["dropped_udp"] for x in by_sender)
        return c["received"] + dropped + c["dropped_by_kernel"] == sent and c["spooled"] == 0

    counts = server.settled(all_there)
    dropped = sum(x["dropped_udp"] for x in counts["by_source"])
    assert dropped > 0 and counts["dropped_by_kernel"] > 0, counts
    assert server.metric("dropped_total") == dropped
    assert server.metric("kernel_dropped_total") == counts["dropped_by_kernel"]
    server.stop()
    return (f"{sent} sent = {counts['received']} received + {dropped} dropped + "
            f"{counts['dropped_by_kernel']} by the kernel")


def pushed_back(program, folder):
    """Over TCP nothing is lost when the spool is full: the sender waits."""
    server = Server(program, folder, "--listen", "tcp:127.0.0.1:0", "--spool-bytes", "2000000")
    with connect(server.ports["tcp"]) as s:
        for start in range(1, FLOOD + 1, 1000):
            s.sendall("".join(line_of("flood", n % 900 + 1, n)
                              for n in range(start, min(start + 1000, FLOOD + 1))).encode())
    counts = server.settled(lambda c: c["stored"] >= FLOOD)
    assert counts["received"] == counts["stored"] == FLOOD, counts
    status = server.get("api/v1/status")
    assert status["spool"]["bytes"] <= 2_000_000 + (1 << 20), status
    server.stop()
    return f"{FLOOD} rows through a spool of 2 MB"


def one_writer(program, folder):
    """A second server on the same folder says who has it, and leaves it alone."""
    server = Server(program, folder, "--no-listen")
    second = subprocess.run([program, "serve", "--folder", folder / "store", "--http", "127.0.0.1:0",
                             "--no-listen"], capture_output=True, text=True, timeout=30)
    assert second.returncode != 0 and "another process has this database open" in second.stderr, second.stderr
    server.post("api/v1/ingest", line_of("one", 1, 1).encode())
    server.settled(lambda c: c["stored"] == 1)
    server.stop()
    return second.stderr.strip().splitlines()[-1]


def truncated_spool(program, folder):
    """What is gone from the spool is gone; all else is stored, and the books are right."""
    server = Server(program, folder, "--listen", "tcp:127.0.0.1:0")
    sent = 0
    for _ in range(20):  # until the kill comes before the commit
        with connect(server.ports["tcp"]) as s:
            for n in range(sent + 1, sent + 101):
                s.sendall(line_of("spooled", n % 900 + 1, n).encode())
                time.sleep(0.0005)
        sent += 100
        waits = server.settled(lambda c: c["received"] == sent)["spooled"]
        server.kill()
        last = sorted((folder / "store" / "spool").iterdir())[-1]
        if waits == 100:
            os.truncate(last, last.stat().st_size - 1000)
        server.start()
        server.settled(lambda c: c["spooled"] == 0)
        if waits == 100:
            break
    else:
        raise AssertionError("nothing was left in the spool by any kill")
    rows = server.number("SELECT count(*) FROM traffic")
    assert sent - 100 <= rows < sent, (rows, sent)
    server.post("api/v1/ingest", line_of("after", 1, 1).encode())
    server.settled(lambda c: c["stored"] == rows + 1)
    server.stop()
    return f"{rows} rows of {sent}, and one after"


def asked_while_it_takes(program, folder):
    """Queries run while rows come: each sees whole commits, and never fewer than the one before."""
    server = Server(program, folder, "--listen", "tcp:127.0.0.1:0")
    failures, asked = [], [0]
    done = threading.Event()

    def ask():
        before = 0
        while not done.is_set():
            try:
                rows = server.get("api/v1/overview")["totals"]["rows"]
                if rows < before:
                    failures.append(f"{rows} rows after {before}")
                before = rows
                page = server.get("api/v1/records?limit=50")
                if len({r["_id"] for r in page["records"]}) != len(page["records"]):
                    failures.append("a row twice on a page")
                server.accounting()
                asked[0] += 3
            except Exception as failed:  # whatever it is, it is a failure
                failures.append(repr(failed))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    sent = 0
    with connect(server.ports["tcp"]) as s:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            s.sendall("".join(line_of("load", n % 900 + 1, n)
                              for n in range(sent + 1, sent + 2001)).encode())
            sent += 2000
    server.settled(lambda c: c["stored"] >= sent)
    done.set()
    for asker in askers:
        asker.join()
    assert not failures, failures[:3]
    assert server.number("SELECT count(*) FROM traffic") == sent
    server.stop()
    return f"{sent} rows, {asked[0]} questions"


PARTS = [killed_under_load, slow_and_hostile, last_chunk_in_pieces, drops_are_counted, pushed_back,
         one_writer, truncated_spool, asked_while_it_takes]


def main():
    failed = 0
    for part in PARTS:
        if sys.argv[2:] and part.__name__ not in sys.argv[2:]:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                said = part(sys.argv[1], pathlib.Path(folder))
                print(f"{part.__name__}: {said} ({time.monotonic() - began:.1f} s)", flush=True)
            except Exception as wrong:
                failed += 1
                log = pathlib.Path(folder) / "server.log"
                print(f"{part.__name__} FAILED: {wrong!r}\n{log.read_text()[-800:] if log.exists() else ''}")
                for server in Server.all:
                    if server.process and server.process.poll() is None:
                        server.kill()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
