#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes OUT/starttls.pcap: OpenSSL's client asks servers of eight protocols to turn to TLS, in plain
# text as each has it, on the loopback interface of a network namespace of its own. The servers here
# say what the protocol wants and then shake hands with an expired certificate. Needs root, and:
# openssl, python3, tcpdump.
set -euo pipefail

out=$(realpath -m "${1:?where to write the captures}")
if [ "${2:-}" != inside ]; then
  mkdir -p "$out"
  exec unshare -n "$0" "$out" inside
fi
ip link set lo up
work=$(mktemp -d)
cd "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
printf '[ca]\ndefault_ca=here\n[here]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n' > ca.cnf
: > index.txt
openssl ecparam -genkey -name prime256v1 -noout -out s.key
openssl req -new -key s.key -subj /CN=expired.example -out s.csr
openssl ca -batch -notext -config ca.cnf -selfsign -keyfile s.key -in s.csr \
  -startdate 20200101000000Z -enddate 20210101000000Z -out s.pem 2>/dev/null
cat > server.py <<'P'
import socket, ssl, threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("s.pem", "s.key")
context.maximum_version = ssl.TLSVersion.TLSv1_2
# Port -> what the server says first, then: what it waits for, what it answers.
MYSQL = b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0" + b"abcdefgh\0" + b"\xff\xff\xff\x02\0\xff\xdf\x15" + b"\0" * 10 + b"ijklmnopqrst\0mysql_native_password\0"
MYSQL = bytes([len(MYSQL) - 4]) + MYSQL[1:]
TALK = {
    25: (b"220 mail.example ESMTP\r\n", [(b"EHLO", b"250-mail.example\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 ready\r\n")]),
    143: (b"* OK ready\r\n", [(b"CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n"), (b"STARTTLS", b". OK begin\r\n")]),
    110: (b"+OK ready\r\n", [(b"STLS", b"+OK begin\r\n")]),
    21: (b"220 ready\r\n", [(b"AUTH TLS", b"234 begin\r\n")]),
    5222: (b"", [(b"<stream", b"<?xml version='1.0'?><stream:stream from='x' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"), (b"<starttls", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")]),
    5432: (b"", [(b"\x04\xd2\x16\x2f", b"S")]),
    3306: (MYSQL, [(None, b"")]),
    3128: (b"", [(b"\r\n\r\n", b"HTTP/1.1 200 Connection established\r\n\r\n")]),
}

def serve(listener, first, rest):
    s, _ = listener.accept()
    s.sendall(first)
    for wanted, answer in rest:
        got = s.recv(36) if wanted is None else b""
        while wanted is not None and wanted not in got:
            got += s.recv(4096)
        s.sendall(answer)
    try:
        context.wrap_socket(s, server_side=True).recv(10)
    except OSError:
        pass

for port, (first, rest) in TALK.items():
    listener = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=serve, args=(listener, first, rest)).start()
print("ready", flush=True)
P
: > ready
python3 server.py > ready &
until grep -q ready ready; do sleep 0.1; done
tcpdump -q -U -i lo -w "$out/starttls.pcap" tcp 2>/dev/null &
sleep 1
for what in smtp:25 imap:143 pop3:110 ftp:21 xmpp:5222 postgres:5432 mysql:3306; do
  timeout 5 openssl s_client -starttls "${what%:*}" -connect "127.0.0.1:${what#*:}" < /dev/null > /dev/null 2>&1 || true
done
timeout 5 openssl s_client -proxy 127.0.0.1:3128 -connect server.example:443 < /dev/null > /dev/null 2>&1 || true
sleep 1
kill %2
wait %2 || true
