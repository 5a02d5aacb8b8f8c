#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of docs/operating/cluster.md as they stand there, on real servers.

  tests/cluster_example_test.py BUILD/endreason BUILD/tests/kafka_mock [--demand]

In networks and a list of hosts of its own (ch1 to ch4, each with a network stack, since a server
knows itself in a cluster by its address; zk1 to zk3), with Debian's own configuration of
clickhouse-server beside them. First the one node, which takes a row by UDP and one
by TCP; then the ten, whose rows come from Kafka. Of the files only what differs on any machine is
filled in: the password, where it stands, and where Kafka is. Exit code 0, or 77 where something is
missing (1 with --demand).
"""
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_servers as servers_module  # noqa: E402
from cluster_test import Endreason, line  # noqa: E402
from kafka_test import Kafka  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONFIGURATION = "/etc/clickhouse-server"
HOSTS = {f"ch{i}": f"10.0.1.{i}" for i in range(1, 5)} | {f"zk{i}": f"10.0.2.{i}" for i in range(1, 4)}
PASSWORD = "a password of many words"
INSIDE = "ENDREASON_EXAMPLE_INSIDE"


def files_of_document():
    """Path -> contents of all the blocks that begin with the path of a file."""
    found = {}
    with open(os.path.join(ROOT, "docs/operating/cluster.md")) as f:
        text = f.read()
    for block in re.split(r"\n(?!    |\n)", text):
        path = None
        for row in block.splitlines():
            named = re.match(r"    # (/etc/\S+)( .*)?$", row)
            if named:
                path = named.group(1) + (named.group(2) or "")
                found[path] = ""
            elif path:
                found[path] += row[4:] + "\n"
    return found


class Example(servers_module.Process):
    """A clickhouse-server with Debian's configuration, and files of the document beside it."""

    def __init__(self, folder, host, files):
        os.makedirs(folder)
        for name in ("config.xml", "users.xml"):
            shutil.copy(os.path.join(CONFIGURATION, name), folder)
        address = HOSTS.get(host, "127.0.0.1")
        here = (f"<yandex><path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>"
                f"<listen_host replace=\"1\">{address}</listen_host>"
                f"<interserver_http_host>{host}</interserver_http_host>"
                f"<logger><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger></yandex>")
        for path, text in files.items() | {(f"{CONFIGURATION}/config.d/here.xml", here)}:
            place = os.path.join(folder, os.path.relpath(path, CONFIGURATION))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w") as f:
                f.write(text)
        self.address = address
        within = ["ip", "netns", "exec", host] if host in HOSTS else []
        super().__init__(within + ["clickhouse-server", f"--config-file={folder}/config.xml"], folder)

    def ask(self, sql):
        reply = subprocess.run(["curl", "-sS", "-u", f"endreason:{PASSWORD}", f"http://{self.address}:8123/",
                                "--data-binary", sql], capture_output=True, text=True)
        return reply.stdout.strip() or reply.stderr


def zookeepers(folder):
    """Three, as the compose file has them; ZooKeeper's own configuration."""
    made = []
    for name in ("zk1", "zk2", "zk3"):
        zookeeper = servers_module.ZooKeeper(os.path.join(folder, name), 2181)
        os.makedirs(os.path.join(folder, name, "data"))
        with open(os.path.join(folder, name, "data", "myid"), "w") as f:
            f.write(name[2:])
        with open(os.path.join(folder, name, "zoo.cfg"), "r+") as f:
            text = f.read().replace("127.0.0.1", HOSTS[name])
            text += "".join(f"server.{i}=zk{i}:2888:3888\n" for i in range(1, 4))
            f.seek(0)
            f.write(text)
        zookeeper.host = HOSTS[name]
        made.append(zookeeper)
    return made


def endreason(program, folder, yaml, listen):
    """`serve --config` with the document's file."""
    os.makedirs(folder)
    with open(os.path.join(folder, "store-password"), "w") as f:
        f.write(PASSWORD + "\n")
    with open(os.path.join(folder, "endreason.yaml"), "w") as f:
        f.write(yaml.replace("/etc/endreason/", folder + "/"))
    node = Endreason(program, folder, ["--config", os.path.join(folder, "endreason.yaml")])
    node.start(listen)
    return node


def wait_for_rows(server, count, nodes):
    def there():
        return server.ask("SELECT count() FROM endreason.traffic_rows") == str(count)
    try:
        # A group that has just met shares out its partitions anew with each member that comes.
        servers_module.wait_until(f"{count} rows", there, 180)
    except RuntimeError:
        for node in nodes:
            with open(node.log) as f:
                print(f.read()[-2000:])
        print(server.ask("SELECT count() FROM endreason.traffic_rows"))
        raise
    for node in nodes:
        rows = node.get("/api/v1/overview")["totals"]["rows"]
        if rows != count:
            raise RuntimeError(f"a node answers for {rows} rows of {count}")


def one(program, folder, files):
    user = files[f"{CONFIGURATION}/users.d/endreason.xml"]
    server = Example(os.path.join(folder, "one"), "localhost", {f"{CONFIGURATION}/users.d/endreason.xml": user})
    node = None
    try:
        server.start()
        servers_module.wait_until("ClickHouse", lambda: server.ask("SELECT 1") == "1")
        node = endreason(program, os.path.join(folder, "one-endreason"), files["/etc/endreason/endreason.yaml"], True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(line(1).encode(), ("127.0.0.1", 514))
        with socket.create_connection(("127.0.0.1", 514)) as s:
            s.sendall(line(2).encode())
        wait_for_rows(server, 2, [node])
        print("one node: rows by UDP and TCP are stored")
    finally:
        if node:
            node.kill()
        server.kill()


def ten(program, mock, folder, files):
    user = next(text for path, text in files.items() if path.startswith(f"{CONFIGURATION}/users.d/endreason.xml of"))
    beside = {f"{CONFIGURATION}/users.d/endreason.xml": user,
              f"{CONFIGURATION}/config.d/logs.xml": files[f"{CONFIGURATION}/config.d/logs.xml"]}
    yaml = next(text for path, text in files.items() if path.startswith("/etc/endreason/endreason.yaml of"))
    started, nodes, kafka = [], [], None
    try:
        keepers = zookeepers(folder)
        for keeper in keepers:
            keeper.start()
            started.append(keeper)
        for keeper in keepers:
            servers_module.wait_until("ZooKeeper", keeper.answers)
        servers = [Example(os.path.join(folder, name), name, beside)
                   for name in HOSTS if name.startswith("ch")]
        for server in servers:
            server.start()
            started.append(server)
        for server in servers:
            servers_module.wait_until("ClickHouse", lambda s=server: s.ask("SELECT 1") == "1")
        kafka = Kafka(mock)
        yaml = yaml.replace("kafka1:9092, kafka2:9092", kafka.address)
        for number in range(3):
            nodes.append(endreason(program, os.path.join(folder, f"er{number}"),
                                   yaml.replace("store-node: 0", f"store-node: {number}"), False))
        kafka.send(3000)
        wait_for_rows(servers[0], 3000, nodes)
        shards = [int(s.ask("SELECT count() FROM endreason.traffic_rows_here")) for s in servers]
        if shards[0] + shards[2] != 3000 or 0 in shards:
            raise RuntimeError(f"rows on the servers: {shards}")
        print(f"ten: rows from Kafka are stored once; rows on the servers: {shards}")
    finally:
        for node in nodes:
            node.kill()
        if kafka:
            kafka.stop()
        for process in started:
            process.kill()


def make_networks():
    """A stack for each server of ClickHouse, joined by a bridge to ours, where all others are."""
    os.makedirs("/run/netns", exist_ok=True)
    commands = ["mount -t tmpfs none /run/netns", "ip link set lo up", "ip link add br0 type bridge",
                "ip link set br0 up", "ip address add 10.0.0.1/8 dev br0"]
    for host, address in HOSTS.items():
        if host.startswith("zk"):
            commands.append(f"ip address add {address}/8 dev br0")
            continue
        commands += [f"ip netns add {host}", f"ip link add {host} type veth peer name eth0 netns {host}",
                     f"ip link set {host} master br0 up", f"ip -n {host} link set lo up",
                     f"ip -n {host} address add {address}/8 dev eth0", f"ip -n {host} link set eth0 up"]
    for command in commands:
        subprocess.run(command.split(), check=True)


def inside(program, mock):
    """In namespaces of our own: a loopback and a list of hosts."""
    make_networks()
    folder = tempfile.mkdtemp(prefix="endreason-example-")
    try:
        with open(os.path.join(folder, "hosts"), "w") as f:
            f.write("127.0.0.1 localhost\n" + "".join(f"{a} {name}\n" for name, a in HOSTS.items()))
        subprocess.run(["mount", "--bind", os.path.join(folder, "hosts"), "/etc/hosts"], check=True)
        digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
        files = {path: text.replace("<password_sha256_hex>...<", f"<password_sha256_hex>{digest}<")
                 for path, text in files_of_document().items()}
        one(program, folder, files)
        ten(program, mock, folder, files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    program, mock = (os.path.abspath(path) for path in sys.argv[1:3])
    if os.environ.get(INSIDE):
        inside(program, mock)
        return 0
    why = servers_module.missing(True)
    if not why and not os.path.exists(CONFIGURATION + "/config.xml"):
        why = f"there is no {CONFIGURATION}/config.xml"
    if not why and subprocess.run(["unshare", "-mn", "ip", "link"], capture_output=True).returncode != 0:
        why = "no namespaces of its own: needs the rights of root, and ip"
    if why:
        print(why)
        return 1 if "--demand" in sys.argv else 77
    return subprocess.run(["unshare", "-mn", "--kill-child", sys.executable, __file__, program, mock],
                          env=os.environ | {INSIDE: json.dumps(True)}, timeout=300).returncode


if __name__ == "__main__":
    sys.exit(main())
