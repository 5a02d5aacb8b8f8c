#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several `endreason serve` of one Kafka group on one ClickHouse: nodes are killed, come and go, and
every row is stored once.

  tests/kafka_test.py BUILD/endreason BUILD/tests/kafka_mock [--demand] [--single | --cluster]
                      [--rounds N]

The topic has six partitions, on the Kafka that librdkafka has for tests. With --single the nodes
store into one server, with --cluster into 2 shards of 2 replicas with a ZooKeeper. While messages
come, three nodes are killed (kill -9) at random moments and started again; one is lost for good, with
its disk, and another added; one is frozen until its partitions are another's, and goes on; a server
is killed. At the end each message has to be stored exactly once, and what the nodes say they stored
has to add up. Exit code 0, or 77 where ClickHouse or ZooKeeper is missing (1 with --demand).
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_servers as servers_module  # noqa: E402
from cluster_test import Endreason, line  # noqa: E402

PARTITIONS = 6
SESSION_SECONDS = 6


class Kafka:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "traffic", str(PARTITIONS)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = self.process.stdout.readline().strip()
        self.next = 1

    def send(self, count):
        """Rows in messages of one line, some of two, spread over the partitions."""
        for n in range(self.next, self.next + count):
            self.process.stdin.write(f"{n % PARTITIONS}\t{line(n).strip()}\n")
        self.next += count
        self.process.stdin.write("flush\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "flushed\n":
            raise RuntimeError("Kafka does not take messages")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Group:
    def __init__(self, program, mock, servers, cluster):
        self.folder = tempfile.mkdtemp(prefix="endreason-kafka-")
        self.servers = servers
        self.program = program
        self.kafka = Kafka(mock)
        hosts = ",".join(f"127.0.0.1:{s.http}" for s in servers.all)
        self.options = ["--store", f"clickhouse://default@{hosts}/trial",
                        "--kafka-brokers", self.kafka.address, "--kafka-topics", "traffic",
                        "--kafka-session-seconds", str(SESSION_SECONDS)]
        if cluster:
            self.options += ["--store-cluster", "test"]
        self.nodes = []
        self.made = 0

    def add(self):
        node = Endreason(self.program, os.path.join(self.folder, f"node{self.made}"),
                         self.options + ["--store-node", str(self.made)])
        self.made += 1
        node.start()
        self.nodes.append(node)
        return node

    def stored(self):
        return self.servers.all[0].ask(
            "SELECT count(), uniqExact(seqno), uniqExact(id), min(seqno), max(seqno) "
            "FROM trial.traffic_rows").split()

    def check(self, what, seconds=90):
        n = str(self.kafka.next - 1)
        counts = None
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                counts = self.stored()
            except RuntimeError as error:
                counts = str(error)
            if counts == [n, n, n, "1", n]:
                print(f"{what}: {n} rows, each once", flush=True)
                return
            if counts and counts[0].isdigit() and int(counts[0]) > int(n):
                break
            time.sleep(0.5)
        for node in self.nodes:
            with open(node.log) as f:
                print(node.folder, f.read()[-1500:])
        raise RuntimeError(f"{what}: {n} rows were sent, stored are rows, numbers, ids, first, last: "
                           f"{counts}")

    def by_sender(self):
        return {row.split("\t")[0]: int(row.split("\t")[1]) for row in self.servers.all[0].ask(
            "SELECT sender, count() FROM trial.traffic_rows GROUP BY sender").splitlines()}

    def stop(self):
        for node in self.nodes:
            if node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
                node.kill(signal.SIGTERM)
        self.kafka.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def trial(program, mock, cluster, rounds):
    servers = servers_module.Servers(2, 2) if cluster else servers_module.Servers()
    group = None
    try:
        servers.start()
        group = Group(program, mock, servers, cluster)
        first = group.add()
        group.kafka.send(3000)
        group.check("one node")
        group.add()
        group.add()
        for _ in range(20):
            group.kafka.send(300)
            time.sleep(0.2)
        group.check("two more")
        shares(group)
        lose_one(group)
        kill_some(group, rounds)
        freeze_one(group, first)
        away(group, servers, cluster)
        adds_up(group)
    finally:
        if group is not None:
            group.stop()
        servers.stop()


def shares(group):
    counts = group.by_sender()
    if sorted(counts) != [f"kafka traffic/{p}" for p in range(PARTITIONS)]:
        raise RuntimeError(f"rows by sender: {counts}")
    stored = [node.get("/api/v1/accounting")["stored"] for node in group.nodes]
    if min(stored) == 0:
        raise RuntimeError(f"a node has no share: {stored}")
    print(f"rows by node: {stored}", flush=True)


def lose_one(group):
    """A node and its disk, while messages come; another is added."""
    group.kafka.send(3000)
    time.sleep(random.random())
    lost = group.nodes.pop()
    lost.kill()
    shutil.rmtree(lost.folder)
    group.kafka.send(1000)
    group.add()
    group.kafka.send(1000)
    group.check("a node lost with its disk, another added")


def kill_some(group, rounds):
    for _ in range(rounds):
        group.kafka.send(random.randint(200, 4000))
        node = random.choice(group.nodes)
        time.sleep(random.random() * 1.5)
        node.kill()
        group.kafka.send(500)
        if random.random() < 0.5:
            time.sleep(SESSION_SECONDS + 2)
        node.start()
    group.check(f"nodes killed {rounds} times")


def freeze_one(group, node):
    group.kafka.send(2000)
    time.sleep(random.random())
    node.process.send_signal(signal.SIGSTOP)
    group.kafka.send(2000)
    time.sleep(SESSION_SECONDS + 5)
    node.process.send_signal(signal.SIGCONT)
    group.kafka.send(500)
    group.check("a node frozen until it had lost its partitions")


def away(group, servers, cluster):
    group.kafka.send(2000)
    server = servers.shards[1][0] if cluster else servers.all[0]
    server.kill()
    group.kafka.send(1000)
    time.sleep(2)
    group.nodes[0].kill()
    group.nodes[0].start()
    server.start()
    servers_module.wait_until("the server", server.answers)
    group.check("a server and a node killed")


def adds_up(group):
    """Every node's own accounting; a row that two nodes read counts as a copy with one of them."""
    for node in group.nodes:
        a = node.get("/api/v1/accounting")
        sums = a["stored"] + a["spooled"] + a["rejected"] + a["other_types"] + a["duplicates"]
        if not a["balanced"] or a["received"] < sums or a["rejected"] != 0:
            raise RuntimeError(f"the accounting is {a}")


if __name__ == "__main__":
    sys.exit(servers_module.run_trials(["program", "mock"], trial))
