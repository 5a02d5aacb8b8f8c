#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real rsyslog and a real syslog-ng send to a running `endreason serve`.

Over UDP, TCP and TLS, framed by newlines and by octet counts, as BSD and as IETF syslog, and one relay
behind the other. Every row that a firewall sent has to be stored once, byte for byte as it was sent.
The two packages exclude each other, so what is not installed is unpacked beside the build. Without one
of the two, its part is skipped, saying so; without both, the test is (77).
Usage: serve_daemons_test.py ENDREASON FOLDER_FOR_PACKAGES
"""

import glob
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROWS = int(os.environ.get("ER_DAEMON_ROWS", "300"))
LINE = ("1,2026/03/10 10:00:05,{serial},TRAFFIC,end,2561,2026/03/10 10:00:04,10.1.1.1,203.0.113.9,0.0.0.0,"
        "0.0.0.0,\"a rule, with a comma\",corp\\user,,ssl,vsys1,trust,untrust,ae1,ae2,fwd,"
        "2026/03/10 10:00:05,{session},1,51515,443,0,0,0x19,tcp,allow,1532,812,720,11,"
        "2026/03/10 09:59:49,12,any,0,{seqno},0x0,US,DE,0,6,5,tcp-fin")


def find_program(name, packages, folder, options):
    """The program, and the environment that it needs; None with the reason where it cannot be had."""
    for place in ("/usr/sbin", "/sbin", "/usr/bin"):
        if os.access(f"{place}/{name}", os.X_OK):
            return f"{place}/{name}", dict(os.environ), []
    root = unpack(packages, folder)
    if isinstance(root, str):
        return None, root, None
    libraries = sorted({str(p.parent) for p in root.rglob("*.so*")})
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(libraries))
    program = next(iter(root.rglob(f"sbin/{name}")), None)
    if program is None:
        return None, f"{name} is not in its package", None
    probe = subprocess.run([program, options], env=environment, capture_output=True, text=True)
    if "error while loading" in probe.stderr:
        return None, probe.stderr.strip(), None
    return str(program), environment, libraries


def unpack(packages, folder):
    """Downloads and unpacks packages; the folder, or why it was not possible."""
    root = folder / packages[0]
    if root.is_dir():
        return root
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return "apt-get and dpkg are needed to unpack it"
    part = folder / (packages[0] + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    got = subprocess.run(["apt-get", "download", *packages], cwd=part, capture_output=True, text=True,
                         timeout=120)
    if got.returncode != 0:
        return f"{packages[0]} could not be downloaded"
    for package in part.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, part], check=True)
    part.rename(root)
    return root


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(holds, seconds, what, log=None):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    said = f"; it said: {log.read_text()[-1000:]}" if log else ""
    raise RuntimeError(f"{what}: not within {seconds} s{said}")


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Route:
    """A way from a firewall to the server: its rows have a serial number of their own."""

    def __init__(self, name, number, ietf=False):
        self.name, self.ietf = name, ietf
        self.serial = f"01100000{number:04}"
        self.lines = [LINE.format(serial=self.serial, session=i % 900 + 1, seqno=i + 1)
                      for i in range(ROWS)]

    def messages(self):
        head = "<14>1 2026-03-10T10:00:05.000Z fw - - - - " if self.ietf else "<14>Mar 10 10:00:05 fw "
        return [head + line for line in self.lines]


def rsyslog_config(folder, port, routes, server, modules):
    """What comes in by TCP goes out as its serial number says."""
    out = [f'global(workDirectory="{folder}" maxMessageSize="64k"', '  DefaultNetstreamDriver="ossl"',
           f'  DefaultNetstreamDriverCAFile="{folder}/server.pem")' if modules["tls"] else ")",
           'module(load="imtcp")', f'input(type="imtcp" address="127.0.0.1" port="{port}")']
    if not modules["tls"]:
        out[1] = ""
    common = 'action(type="omfwd" target="127.0.0.1" '
    how = {
        "rsyslog udp bsd": f'port="{server["udp"]}" protocol="udp" template="RSYSLOG_TraditionalForwardFormat"',
        "rsyslog udp ietf": f'port="{server["udp"]}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format"',
        "rsyslog tcp bsd": f'port="{server["tcp"]}" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"',
        "rsyslog tcp as it came": f'port="{server["tcp"]}" protocol="tcp" template="AsItCame"',
        "rsyslog tcp ietf octet-counted": f'port="{server["tcp"]}" protocol="tcp" tcp_framing="octet-counted" '
                                          'template="RSYSLOG_SyslogProtocol23Format"',
        "rsyslog tls ietf octet-counted": f'port="{server["tls"]}" protocol="tcp" tcp_framing="octet-counted" '
                                          'template="RSYSLOG_SyslogProtocol23Format" StreamDriver="ossl" '
                                          'StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"',
        "rsyslog then syslog-ng": f'port="{server["relay"]}" protocol="tcp" '
                                  'template="RSYSLOG_TraditionalForwardFormat"',
    }
    out.append('template(name="AsItCame" type="string" string="%rawmsg%")')
    for route in routes:
        out.append(f'if $rawmsg contains ",{route.serial}," then {common}{how[route.name]})')
    return "\n".join(out) + "\n"


def syslog_ng_config(folder, port, relay, routes, server):
    out = ["@version: 3.35", "options { keep-hostname(yes); log-msg-size(65536); use-dns(no); stats-freq(0); };",
           # As it came: a relay that takes a firewall's line apart and joins it again may change it.
           f"source s_in {{ network(ip(127.0.0.1) port({port}) transport(tcp) flags(no-parse)); }};",
           f"source s_relay {{ network(ip(127.0.0.1) port({relay}) transport(tcp)); }};"]
    # Two destinations of one address need names.
    name, persist = "NAME", 'persist-name("d{}")'.format
    tls = f'tls(ca-file("{folder}/server.pem") peer-verify(required-trusted))'
    how = {
        "syslog-ng udp": f'network("127.0.0.1" port({server["udp"]}) transport(udp) {name} template("$MSG"))',
        "syslog-ng tcp": f'network("127.0.0.1" port({server["tcp"]}) transport(tcp) {name} template("$MSG\\n"))',
        "syslog-ng tcp ietf octet-counted": f'syslog("127.0.0.1" port({server["tcp"]}) transport(tcp) {name})',
        "syslog-ng tls ietf octet-counted": f'syslog("127.0.0.1" port({server["tls"]}) transport(tls) {name} {tls})',
    }
    for i, route in enumerate(r for r in routes if r.name in how):
        out += [f"destination d{i} {{ {how[route.name].replace(name, persist(i))}; }};",
                f'filter f{i} {{ message(",{route.serial}," type(string) flags(substring)); }};',
                f"log {{ source(s_in); filter(f{i}); destination(d{i}); flags(flow-control); }};"]
    out += [f'destination d_relay {{ syslog("127.0.0.1" port({server["tcp"]}) transport(tcp) '
            'persist-name("relay")); };',
            "log { source(s_relay); destination(d_relay); flags(flow-control); };"]
    return "\n".join(out) + "\n"


class Server:
    def __init__(self, program, folder):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", folder / "server.key", "-out", folder / "server.pem"],
                       check=True, capture_output=True)
        self.errors = open(folder / "server.log", "w+")
        self.process = subprocess.Popen(
            [program, "serve", "--folder", folder / "store", "--http", "127.0.0.1:0", "--keep-raw",
             "--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0", "--listen", "tls:127.0.0.1:0",
             "--syslog-certificate", folder / "server.pem", "--syslog-key", folder / "server.key"],
            stderr=self.errors)
        wait_for(lambda: "the pages are at" in self.said(), 30, "the server's start")
        self.ports = {}
        for line in self.said().splitlines():
            if "listening for syslog on" in line:
                kind, _, port = line.split(" on ")[1].split(":")
                self.ports[kind] = int(port)
            if "the pages are at" in line:
                self.base = line.split(" at ")[1].strip()

    def said(self):
        self.errors.flush()
        return pathlib.Path(self.errors.name).read_text()

    def get(self, path, **parameters):
        with urllib.request.urlopen(f"{self.base}{path}?{urllib.parse.urlencode(parameters)}",
                                    timeout=30) as answer:
            return answer.read().decode()

    def sql(self, statement):
        request = urllib.request.Request(f"{self.base}api/v1/sql", data=statement.encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())["rows"]

    def accounting(self):
        return json.loads(self.get("api/v1/accounting"))


def send(port, routes):
    with socket.create_connection(("127.0.0.1", port)) as s:
        for start in range(0, ROWS, 50):
            for route in routes:
                s.sendall("".join(m + "\n" for m in route.messages()[start:start + 50]).encode())
            time.sleep(0.02)  # a daemon's UDP must not outrun the kernel


def check(server, routes):
    failures = []
    wanted = ROWS * len(routes)
    try:
        wait_for(lambda: server.accounting()["stored"] >= wanted, 40, f"{wanted} rows")
    except RuntimeError as late:
        failures.append(str(late))
    accounting = server.accounting()
    if not accounting["balanced"] or accounting["rejected"] or accounting["stored"] != wanted:
        failures.append(f"accounting: { {k: v for k, v in accounting.items() if isinstance(v, int)} }, "
                        f"{accounting['rejects'][:2]}")
    for route in routes:
        # A relay that makes IETF messages of BSD ones takes the first two cells for the name of a program.
        got = [raw[raw.index(",TRAFFIC,"):] for start in range(1, ROWS + 1, 1000) for raw, in
               server.sql(f"SELECT raw FROM traffic WHERE serial = '{route.serial}' AND "
                          f"seqno BETWEEN {start} AND {start + 999}")]
        sent = [line[line.index(",TRAFFIC,"):] for line in route.lines]
        if sorted(got) != sorted(sent):
            failures.append(f"{route.name}: {len(got)} of {ROWS} rows; not as they were sent: "
                            f"{sorted(set(sent) - set(got))[:1]}, {sorted(set(got) - set(sent))[:1]}")
    return failures


def main():
    program, packages = sys.argv[1], pathlib.Path(sys.argv[2])
    packages.mkdir(parents=True, exist_ok=True)
    rsyslog, rs_env, _ = find_program("rsyslogd", ["rsyslog", "libestr0", "libfastjson4"], packages, "-v")
    syslog_ng, ng_env, ng_folders = find_program("syslog-ng", ["syslog-ng-core", "libivykis0", "libnet1"],
                                                 packages, "--version")
    for found, why in ((rsyslog, rs_env), (syslog_ng, ng_env)):
        if found is None:
            print(f"skipped: {why}")
    if not rsyslog and not syslog_ng:
        return 77
    modules = glob.glob("/usr/lib/*/rsyslog/lmnsd_ossl.so")
    tls_folder = None
    if rsyslog and not modules:
        tls_folder = unpack(["rsyslog-openssl"], packages)
        if isinstance(tls_folder, str):
            print(f"skipped, rsyslog over TLS: {tls_folder}")
            tls_folder = None
        else:
            modules = [str(p) for p in tls_folder.rglob("lmnsd_ossl.so")]

    names = []
    if rsyslog:
        names += [("rsyslog udp bsd", False), ("rsyslog udp ietf", True), ("rsyslog tcp bsd", False),
                  ("rsyslog tcp as it came", False),
                  ("rsyslog tcp ietf octet-counted", True)]
        if modules:
            names.append(("rsyslog tls ietf octet-counted", True))
        if syslog_ng:
            names.append(("rsyslog then syslog-ng", False))
    if syslog_ng:
        names += [("syslog-ng udp", False), ("syslog-ng tcp", False),
                  ("syslog-ng tcp ietf octet-counted", False), ("syslog-ng tls ietf octet-counted", False)]
    routes = [Route(name, number, ietf) for number, (name, ietf) in enumerate(names)]

    running = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        server = Server(program, folder)
        try:
            ports = dict(server.ports, relay=free_port())
            rs_port, ng_port = free_port(), free_port()
            if syslog_ng:
                (folder / "ng.conf").write_text(syslog_ng_config(folder, ng_port, ports["relay"], routes, ports))
                command = [syslog_ng, "-F", "--no-caps", "-f", folder / "ng.conf", "-R", folder / "ng.persist",
                           "-p", folder / "ng.pid", "-c", folder / "ng.ctl"]
                if ng_folders:
                    command += ["--module-path", ":".join(ng_folders)]
                running.append(subprocess.Popen(command, env=ng_env, stderr=open(folder / "ng.log", "w")))
                wait_for(lambda: accepts(ng_port), 10, "syslog-ng's start", folder / "ng.log")
            if rsyslog:
                of_rs = [r for r in routes if r.name.startswith("rsyslog")]
                (folder / "rs.conf").write_text(
                    rsyslog_config(folder, rs_port, of_rs, ports, {"tls": bool(modules)}))
                folders = [os.path.dirname(m) for m in glob.glob("/usr/lib/*/rsyslog/imtcp.so")]
                folders += [os.path.dirname(m) for m in modules]
                folders += [str(p.parent) for p in packages.rglob("imtcp.so")]
                running.append(subprocess.Popen(
                    [rsyslog, "-n", "-i", folder / "rs.pid", "-f", folder / "rs.conf", "-M", ":".join(folders)],
                    env=rs_env, stderr=open(folder / "rs.log", "w")))
                wait_for(lambda: accepts(rs_port), 20, "rsyslog's start", folder / "rs.log")
                send(rs_port, of_rs)
            if syslog_ng:
                send(ng_port, [r for r in routes if r.name.startswith("syslog-ng")])
            failures = check(server, routes)
        finally:
            for process in running:
                process.terminate()
                process.wait(20)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(40)
        if failures:
            for log in ("server.log", "rs.log", "ng.log"):
                if (folder / log).exists():
                    print(f"{log}: {(folder / log).read_text()[-1500:]}")
    for failure in failures:
        print(failure)
    if not failures:
        print(f"{ROWS} rows each by {len(routes)} ways: {', '.join(r.name for r in routes)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
