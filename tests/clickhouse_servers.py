#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts ClickHouse servers on loopback, with free ports, in a temporary folder, for tests.

  tests/clickhouse_servers.py [--shards N --replicas N] [--folder FOLDER]

One server without options; with them a cluster named `test`, with a ZooKeeper. Prints one line of
JSON when all answer ({"http": [ports], "folder": ...}), and ends, with the servers, when its
standard input ends. A named folder is kept, and its data are used again. Exit code 77, with a reason, where ClickHouse or ZooKeeper is not installed.
Also imported by the tests that stop and start servers one by one.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

START_SECONDS = 60


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


USERS = """<yandex><profiles><default><max_memory_usage>2000000000</max_memory_usage>
<max_threads>2</max_threads></default></profiles>
<users>
<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
<quota>default</quota></default>
<guarded><password>secret word</password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></guarded>
</users><quotas><default/></quotas></yandex>
"""


class Process:
    """A server that can be stopped, killed and started again."""

    def __init__(self, command, folder, environment=None):
        self.command, self.folder, self.environment = command, folder, environment
        self.process = None

    def start(self):
        log = open(os.path.join(self.folder, "output"), "ab")
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, env=self.environment)

    def kill(self, number=signal.SIGKILL):
        if self.process is None:
            return
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()
            self.process = None


def make_certificate(folder, name):
    """A certificate that is its own authority, for 127.0.0.1; its path."""
    path = os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", path + ".key", "-out", path + ".pem"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


class ClickHouse(Process):
    def __init__(self, folder, ports, cluster="", macros="", https=0):
        os.makedirs(folder, exist_ok=True)
        self.https, tls = https, ""
        if https:
            self.certificate = make_certificate(folder, "server")
            tls = (f"<https_port>{https}</https_port><openSSL><server>"
                   f"<certificateFile>{self.certificate}.pem</certificateFile>"
                   f"<privateKeyFile>{self.certificate}.key</privateKeyFile>"
                   "<verificationMode>none</verificationMode><loadDefaultCAFile>false"
                   "</loadDefaultCAFile></server></openSSL>")
        self.http, self.tcp, self.interserver = ports
        with open(os.path.join(folder, "users.xml"), "w") as f:
            f.write(USERS)
        with open(os.path.join(folder, "config.xml"), "w") as f:
            f.write(f"""<yandex>
<logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
<http_port>{self.http}</http_port><tcp_port>{self.tcp}</tcp_port>
<interserver_http_port>{self.interserver}</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host>
<listen_host>127.0.0.1</listen_host><max_connections>200</max_connections>
<keep_alive_timeout>3</keep_alive_timeout><max_concurrent_queries>100</max_concurrent_queries>
<uncompressed_cache_size>0</uncompressed_cache_size><mark_cache_size>268435456</mark_cache_size>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
<users_config>users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><timezone>UTC</timezone>
<max_session_timeout>3600</max_session_timeout>
{macros}{cluster}{tls}</yandex>
""")
        super().__init__(["clickhouse-server", "--config-file=" + os.path.join(folder, "config.xml")],
                         folder)

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/ping", timeout=2) as reply:
                return reply.read() == b"Ok.\n"
        except OSError:
            return False

    def ask(self, sql, timeout=60):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}/", data=sql.encode())
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{sql}: {error.read().decode()}") from None


class ZooKeeper(Process):
    def __init__(self, folder, port):
        os.makedirs(folder, exist_ok=True)
        self.host, self.port = "127.0.0.1", port
        with open(os.path.join(folder, "zoo.cfg"), "w") as f:
            f.write(f"tickTime=500\ninitLimit=10\nsyncLimit=5\ndataDir={folder}/data\n"
                    f"clientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
                    "4lw.commands.whitelist=srvr\n")
        jars = "/usr/share/java/zookeeper.jar:/usr/share/java/*:/usr/share/zookeeper/*"
        super().__init__(["java", "-Xmx256m", "-cp", jars + ":" + folder,
                          "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                          os.path.join(folder, "zoo.cfg")], folder)

    def answers(self):
        try:
            with socket.create_connection((self.host, self.port), timeout=2) as s:
                s.sendall(b"srvr")
                # Before it has read its own log, it says that it serves no requests.
                return b"Mode:" in s.recv(4096)
        except OSError:
            return False


def wait_until(what, holds, seconds=START_SECONDS):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.1)
    raise RuntimeError(f"{what}: not within {seconds} s")


def missing(cluster):
    """What is not installed, as a sentence; nothing when all is."""
    if shutil.which("clickhouse-server") is None:
        return "clickhouse-server is not installed"
    if cluster and not os.path.exists("/usr/share/java/zookeeper.jar"):
        return "zookeeper is not installed"
    if cluster and shutil.which("java") is None:
        return "java, which zookeeper needs, is not installed"
    return ""


class Servers:
    """One server, or `shards` times `replicas` of them with a ZooKeeper."""

    def __init__(self, shards=0, replicas=0, https=False, folder=None):
        self.kept = folder is not None
        self.folder = folder or tempfile.mkdtemp(prefix="endreason-clickhouse-")
        self.zookeeper = None
        self.shards = []
        if shards == 0:
            ports = free_ports(4)
            self.all = [ClickHouse(os.path.join(self.folder, "server"), ports[:3],
                                   https=ports[3] if https else 0)]
            return
        ports = free_ports(1 + 3 * shards * replicas)
        self.zookeeper = ZooKeeper(os.path.join(self.folder, "zookeeper"), ports[0])
        places = [ports[1 + 3 * i:4 + 3 * i] for i in range(shards * replicas)]
        cluster = "<remote_servers><test>"
        for s in range(shards):
            cluster += "<shard><internal_replication>true</internal_replication>"
            for r in range(replicas):
                cluster += ("<replica><host>127.0.0.1</host><port>"
                            f"{places[s * replicas + r][1]}</port></replica>")
            cluster += "</shard>"
        cluster += ("</test></remote_servers><zookeeper><node><host>127.0.0.1</host><port>"
                    f"{ports[0]}</port></node><session_timeout_ms>3000</session_timeout_ms>"
                    "</zookeeper><distributed_ddl><path>/clickhouse/task_queue/ddl</path>"
                    "</distributed_ddl>")
        for s in range(shards):
            self.shards.append([])
            for r in range(replicas):
                macros = f"<macros><shard>{s + 1}</shard><replica>r{s + 1}{r + 1}</replica></macros>"
                self.shards[s].append(ClickHouse(os.path.join(self.folder, f"s{s + 1}r{r + 1}"),
                                                 places[s * replicas + r], cluster, macros))
        self.all = [server for shard in self.shards for server in shard]

    def start(self):
        if self.zookeeper is not None:
            self.zookeeper.start()
            wait_until("ZooKeeper", self.zookeeper.answers)
        for server in self.all:
            server.start()
        for server in self.all:
            wait_until(f"ClickHouse at {server.http}", server.answers)

    def stop(self):
        for server in self.all:
            server.kill(signal.SIGTERM if self.kept else signal.SIGKILL)
        for server in self.all:
            if self.kept:
                server.process.wait(60)
        if self.zookeeper is not None:
            self.zookeeper.kill()
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)


def run_trials(programs, trial):
    """A test's main(): trial(PROGRAM..., cluster, rounds) with one server, a cluster, or both."""
    parser = argparse.ArgumentParser()
    for program in programs:
        parser.add_argument(program, type=os.path.abspath)
    parser.add_argument("--demand", action="store_true")
    parser.add_argument("--single", action="store_true")
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ENDREASON_ROUNDS", "3")))
    options = parser.parse_args()
    modes = [cluster for cluster in (False, True)
             if options.single == options.cluster or options.cluster == cluster]
    why = missing(True in modes)
    if why:
        print(why)
        return 1 if options.demand else 77
    for cluster in modes:
        trial(*[getattr(options, program) for program in programs], cluster, options.rounds)
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--folder")
    options = parser.parse_args()
    why = missing(options.shards > 0)
    if why:
        print(why, flush=True)
        return 77
    servers = Servers(options.shards, options.replicas, folder=options.folder)
    try:
        servers.start()
        print(json.dumps({"http": [s.http for s in servers.all], "folder": servers.folder}),
              flush=True)
        sys.stdin.read()
    finally:
        servers.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
