#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`endreason serve` on ClickHouse, while processes are killed: every row is stored once.

  tests/cluster_test.py BUILD/endreason [--demand] [--single | --cluster] [--rounds N]

First against one server, then against 2 shards of 2 replicas with a ZooKeeper, all real and on
loopback. endreason, a server, a shard and ZooKeeper are killed at random moments while rows come,
and started again; at the end each line that was taken has to be there exactly once. While a shard
is away, rows wait in the spool and answers say that they are partial. Prints what it did; exit code
0, or 77 where ClickHouse or ZooKeeper is missing (1 with --demand).
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_servers as servers_module  # noqa: E402


def line(number):
    """A row of a session of its own; its sequence number tells it."""
    day = 10 + number % 3
    return (f"1,2026/03/{day} 10:00:{number % 60:02d},0123456789,TRAFFIC,end,2561,"
            f"2026/03/{day} 10:00:{number % 60:02d},10.0.{number % 200}.{number % 250},8.8.8.8,"
            f"0.0.0.0,0.0.0.0,rule {number % 7},,,ssl,vsys1,trust,untrust,ethernet1/1,ethernet1/2,"
            f"log,2026/03/{day} 10:00:00,{number},1,{1024 + number % 60000},443,0,0,0x19,tcp,"
            f"{'deny' if number % 5 == 0 else 'allow'},100,50,50,2,2026/03/{day} 09:59:00,30,any,0,"
            f"{number},0x0,10.0.0.0-10.255.255.255,United States,0,1,1,"
            f"{'policy-deny' if number % 5 == 0 else 'tcp-fin'}\n")


class Endreason:
    def __init__(self, program, folder, store):
        self.program, self.folder, self.store = program, folder, store
        self.process = None
        self.log = os.path.join(folder, "log")

    def start(self, listen=False):
        os.makedirs(self.folder, exist_ok=True)
        address = os.path.join(self.folder, "data", "server.address")
        if os.path.exists(address):
            os.remove(address)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--folder", os.path.join(self.folder, "data"), "--http",
                 "127.0.0.1:0"] + ([] if listen else ["--no-listen"]) + self.store, stdout=log, stderr=log)
        servers_module.wait_until("endreason", lambda: self.answered(address))

    def answered(self, address):
        if self.process.poll() is not None:
            with open(self.log) as f:
                raise RuntimeError("endreason ended: " + f.read()[-2000:])
        try:
            with open(address) as f:
                self.url = f.read().strip()
            return bool(self.url) and self.get("/healthz") is not None
        except (OSError, urllib.error.URLError):
            return False

    def get(self, path):
        with urllib.request.urlopen(self.url.rstrip("/") + path, timeout=60) as reply:
            self.headers = reply.headers
            body = reply.read().decode()
        return json.loads(body) if path.startswith("/api") else body

    def send(self, text, sender="test"):
        """True when the lines were taken."""
        request = urllib.request.Request(
            self.url.rstrip("/") + f"/api/v1/ingest?sender={sender}", data=text.encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()


class Trial:
    def __init__(self, program, servers, cluster):
        self.folder = tempfile.mkdtemp(prefix="endreason-cluster-")
        self.servers = servers
        hosts = ",".join(f"127.0.0.1:{s.http}" for s in servers.all)
        store = ["--store", f"clickhouse://default@{hosts}/trial"]
        if cluster:
            store += ["--store-cluster", "test"]
        self.endreason = Endreason(program, self.folder, store)
        self.next = 1

    def send(self, count):
        first = self.next
        text = "".join(line(n) for n in range(first, first + count))
        # A batch that was not answered is sent again: copies are known by their numbers.
        until = time.monotonic() + 60
        while not self.endreason.send(text):
            if time.monotonic() > until:
                raise RuntimeError("the rows are not taken")
            if self.endreason.process.poll() is not None:
                self.endreason.start()
            time.sleep(0.2)
        self.next += count

    def stored(self):
        return self.endreason.get("/api/v1/accounting")

    def catch_up(self, seconds=120):
        def done():
            try:
                accounting = self.stored()
            except (OSError, urllib.error.URLError):
                return False
            return accounting["spooled"] == 0 and accounting["stored"] == self.next - 1
        try:
            servers_module.wait_until("the spool", done, seconds)
        except RuntimeError:
            raise RuntimeError(f"the spool is not stored: {self.stored()}, {self.status()}") from None

    def status(self):
        return self.endreason.get("/api/v1/status")

    def check(self, what):
        """Each line once, in the database itself."""
        self.catch_up()
        counts = None
        until = time.monotonic() + 60
        while time.monotonic() < until:
            counts = self.servers.all[0].ask(
                "SELECT count(), uniqExact(seqno), uniqExact(id), min(seqno), max(seqno) "
                "FROM trial.traffic_rows").split()
            n = str(self.next - 1)
            if counts == [n, n, n, "1", n]:
                print(f"{what}: {n} rows, each once", flush=True)
                return
            time.sleep(0.5)
        raise RuntimeError(f"{what}: {self.next - 1} rows were taken, stored are rows, numbers, "
                           f"ids, first, last: {counts}")

    def kill_endreason(self, rounds):
        for _ in range(rounds):
            self.send(random.randint(50, 4000))
            time.sleep(random.random() * 0.6)
            self.endreason.kill()
            self.endreason.start()
        self.check(f"endreason killed {rounds} times")

    def kill_server(self, server, name):
        self.send(2000)
        server.kill()
        self.send(3000)
        time.sleep(1)
        server.start()
        servers_module.wait_until(name, server.answers)
        self.send(500)
        self.check(f"{name} killed and started")

    def stop(self):
        if self.endreason.process is not None and self.endreason.process.poll() is None:
            self.endreason.kill(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def over_tls(program, folder, server):
    """Rows go to the server over TLS; one whose certificate is another's gets none."""
    store = ["--store", f"clickhouses://default@127.0.0.1:{server.https}/over_tls", "--store-ca"]
    node = Endreason(program, os.path.join(folder, "tls"), store + [server.certificate + ".pem"])
    node.start()
    if not node.send("".join(line(n) for n in range(1, 1001))):
        raise RuntimeError("rows for a server with TLS are not taken")
    servers_module.wait_until("rows over TLS", lambda: node.get(
        "/api/v1/accounting")["stored"] == 1000)
    node.kill(signal.SIGTERM)
    if server.ask("SELECT count() FROM over_tls.traffic_rows") != "1000\n":
        raise RuntimeError("the rows over TLS are not there")
    other = servers_module.make_certificate(folder, "other")
    stranger = Endreason(program, os.path.join(folder, "stranger"), store + [other + ".pem"])
    try:
        stranger.start()
    except RuntimeError as error:
        if "certificate is not trusted" not in str(error):
            raise
        print("over TLS: 1000 rows, and a certificate of another authority is refused", flush=True)
        return
    raise RuntimeError("a server with a stranger's certificate is trusted")


def single(program, rounds):
    servers = servers_module.Servers(https=True)
    trial = None
    try:
        servers.start()
        trial = Trial(program, servers, False)
        trial.endreason.start()
        trial.kill_endreason(rounds)
        trial.kill_server(servers.all[0], "the server")
        servers.all[0].kill()
        trial.send(700)
        servers_module.wait_until("the state", lambda: tell_state(trial) == "store-away")
        assert trial.endreason.get("/healthz") == "store-away\n"
        trial.endreason.kill()
        trial.endreason.start()  # starts and takes rows while its database is away
        trial.send(300)
        servers.all[0].start()
        trial.check("the server away while endreason was killed")
        two_nodes(program, trial)
        over_tls(program, trial.folder, servers.all[0])
    finally:
        if trial is not None:
            trial.stop()
        servers.stop()


def two_nodes(program, trial):
    """Another endreason with rows and numbers of its own; one with the same number is refused."""
    other = Endreason(program, os.path.join(trial.folder, "other"),
                      trial.endreason.store + ["--store-node", "1"])
    other.start()
    first = trial.next
    for begin in (first, first + 1000):
        if not other.send("".join(line(n) for n in range(begin, begin + 1000)), "elsewhere"):
            raise RuntimeError("the second node takes no rows")
        other.kill()
        other.start()
    servers_module.wait_until("the second node", lambda: other.get(
        "/api/v1/accounting")["stored"] == 2000)
    rows = trial.endreason.get("/api/v1/status")["store"]["rows"]
    if rows != first + 1999:
        raise RuntimeError(f"two nodes stored {rows} rows of {first + 1999}")
    for number in (first - 1, first):  # a row of each
        questions = [f"/api/v1/records?filter=(seqno%20eq%20{number})&limit=9"]
        questions.append("/api/v1/records/" +
                         other.get(questions[0])["records"][0]["_id"])
        for question in questions:
            answers = [node.get(question) for node in (trial.endreason, other)]
            if answers[0] != answers[1]:
                raise RuntimeError(f"{question}: two nodes do not answer alike: {answers}")
        name = "elsewhere" if number == first else "test"
        if name not in answers[0]["record"]["_file"]:
            raise RuntimeError(f"who sent row {number} is not {name}: {answers[0]['record']}")
    other.kill(signal.SIGTERM)
    trial.endreason.kill(signal.SIGTERM)
    shutil.rmtree(os.path.join(trial.folder, "data"))
    shutil.copytree(os.path.join(other.folder, "data"), os.path.join(trial.folder, "data"))
    try:
        trial.endreason.start()
    except RuntimeError as error:
        if "--store-node 0" not in str(error):
            raise
        print("a second node stores beside the first; its folder with another number is refused",
              flush=True)
        return
    raise RuntimeError("a folder of node 1 started as node 0")


def tell_state(trial):
    try:
        return trial.status()["state"]
    except urllib.error.HTTPError:
        return trial_condition(trial)


def trial_condition(trial):
    """Of the log, where the database cannot even be asked."""
    with open(trial.endreason.log) as f:
        return "store-away" if "waits in the spool" in f.read() else ""


def cluster(program, rounds):
    servers = servers_module.Servers(2, 2)
    trial = None
    try:
        servers.start()
        trial = Trial(program, servers, True)
        trial.endreason.start()
        trial.kill_endreason(rounds)
        shards = [int(s.ask("SELECT count() FROM trial.traffic_rows_here")) for s in servers.all]
        print(f"rows by replica: {shards}", flush=True)
        if min(shards) * 3 < max(shards) or shards[0] + shards[2] != trial.next - 1:
            raise RuntimeError("the rows are not spread over the shards")
        trial.kill_server(servers.shards[1][0], "a replica")
        trial.kill_server(servers.zookeeper, "ZooKeeper")
        lose_a_shard(trial, servers)
        trial.kill_endreason(max(1, rounds // 2))
    finally:
        if trial is not None:
            trial.stop()
        servers.stop()


def lose_a_shard(trial, servers):
    for server in servers.shards[1]:
        server.kill()
    trial.send(2000)
    before = trial.next - 2001
    answer = trial.endreason.get("/api/v1/records?limit=1")
    partial = trial.endreason.headers.get("X-Endreason-Partial")
    if not partial or not 0 < answer["total"]["rows"] < before:
        raise RuntimeError(f"without a shard the answer is {answer['total']}, and says {partial}")
    print(f"a shard away: {answer['total']['rows']} of {before} rows, and it is said", flush=True)
    time.sleep(1)
    trial.endreason.kill()
    trial.endreason.start()
    trial.send(1000)
    for server in servers.shards[1]:
        server.start()
    for server in servers.shards[1]:
        servers_module.wait_until("the shard", server.answers)
    trial.check("a shard killed, endreason killed meanwhile")
    trial.endreason.get("/api/v1/records?limit=1")
    if trial.endreason.headers.get("X-Endreason-Partial"):
        raise RuntimeError("the shard is back, and answers still say that they are partial")


def one_or_many(program, in_cluster, rounds):
    (cluster if in_cluster else single)(program, rounds)


if __name__ == "__main__":
    sys.exit(servers_module.run_trials(["program"], one_or_many))
