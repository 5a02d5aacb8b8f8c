#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes captures for tests/matrix: real clients and servers (curl, nginx, ping, Python's sockets)
# in two network namespaces with a link between them, captured at the client's end. Needs root, and:
# iproute2, curl, nginx-light, iputils-ping, python3, tshark (for dumpcap).
#
#   tests/captures/make_matrix_captures.sh [OUT]     OUT: where to, by default tests/captures/matrix
#
# The client is 10.1.0.2, the servers are 192.0.2.10 and beside it. What is written differs in ports
# and times from run to run; `endreason matrix --accept` then writes what is expected anew.
set -euo pipefail

out=$(realpath -m "${1:-$(dirname "$0")/matrix}")
mkdir -p "$out"
work=$(mktemp -d)
cd "$work"
client=er-matrix-client server=er-matrix-server
clean() {
  jobs -p | xargs -r kill 2>/dev/null || true
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT
in_client() { ip netns exec "$client" "$@"; }
in_server() { ip netns exec "$server" "$@"; }

ip netns add "$client"
ip netns add "$server"
ip link add inside netns "$client" type veth peer name outside netns "$server"
in_client ip addr add 10.1.0.2/24 dev inside
in_client ip link set inside up
in_client ip link set lo up
in_client ip route add default dev inside
in_server ip addr add 192.0.2.10/24 dev outside
in_server ip addr add 192.0.2.11/24 dev outside
in_server ip link set outside up
in_server ip link set lo up
in_server ip route add 10.1.0.0/24 dev outside
# A host that is there for the neighbour table only: nobody answers.
mac=$(in_server cat /sys/class/net/outside/address)
in_client ip neigh add 192.0.2.99 lladdr "$mac" dev inside

cat > nginx.conf <<EOF
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
  uwsgi_temp_path $work; scgi_temp_path $work;
  server {
    listen 192.0.2.10:80;
    location / { return 200 "hello\n"; }
    location /large { root $work; }
  }
  server { listen 192.0.2.11:80; location / { return 200 "other\n"; } }
}
EOF
head -c 40000 /dev/urandom > large
in_server nginx -c "$work/nginx.conf" -g 'daemon off;' 2>/dev/null &

# Sockets that do what no ordinary client does at will: peer.py WHAT
cat > peer.py <<'EOF'
import socket, struct, sys, time
what = sys.argv[1]
tcp = lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)
def listen(port):
    s = tcp(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("192.0.2.10", port)); s.listen(8); return s
def linger0(s): s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
# Bytes that are no protocol's, the same in every run.
noise = bytes((i * i * 31 + i * 7 + 129) % 256 for i in range(700))
if what == "serve":
    import threading
    def odd(port, answer):
        def one(c):
            try:
                while c.recv(4096):
                    if answer is None: linger0(c); break
                    c.sendall(answer)
            except OSError: pass
            c.close()
        s = listen(port)
        def loop():
            while True:
                threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
        threading.Thread(target=loop, daemon=True).start()
    odd(7001, noise[:400]); odd(7002, None); odd(7003, b"")
    forgets = listen(7004)
    def forget():
        while True:
            c = forgets.accept()[0]; c.recv(100); c.sendall(b"hello"); time.sleep(1); linger0(c); c.close()
    threading.Thread(target=forget, daemon=True).start()
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("192.0.2.10", 7001))
    while True:
        data, who = u.recvfrom(4096); u.sendto(noise[:len(data) // 2], who)
def connect(port, source=0):
    s = tcp(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if source: s.bind(("10.1.0.2", source))
    s.settimeout(3); s.connect(("192.0.2.10", port)); return s
if what == "noise":
    s = connect(7001)
    for _ in range(6): s.sendall(noise); s.recv(4096)
    s.close()
elif what == "reset-after-request":
    s = connect(80); s.sendall(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"); s.recv(4096)
    linger0(s); s.close()
elif what == "reset-by-server":
    s = connect(7002); s.sendall(noise)
    try: s.recv(4096)
    except OSError: pass
    s.close()
elif what == "few-bytes":
    s = connect(7003); s.sendall(b"\x01\x02"); s.shutdown(socket.SHUT_WR); s.recv(10); s.close()
elif what == "no-bytes":
    connect(7003).close()
elif what == "reuse":
    s = connect(7004, 45678); s.sendall(noise[:50]); s.recv(100); time.sleep(1); linger0(s); s.close()
    time.sleep(1)
    s = connect(7004, 45678); s.sendall(noise[:50]); s.recv(100); s.close()
elif what == "udp-noise":
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(1)
    for _ in range(12): u.sendto(noise, ("192.0.2.10", 7001)); u.recvfrom(4096)
elif what == "peers":
    # A bencoded message with its type, as file-sharing clients that nobody names speak.
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(1)
    for i in range(4):
        u.sendto(b"d1:ad2:xx4:%04de1:q3:hey1:t2:aa1:y1:qe" % i, ("192.0.2.10", 7001)); u.recvfrom(4096)
elif what == "dns":
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(("192.0.2.10", 53))
    u.send(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1")
EOF
in_server python3 peer.py serve &
reaches() { in_client bash -c "exec 3<>/dev/tcp/192.0.2.10/$1" 2>/dev/null; }
for port in 80 7001 7002 7003 7004; do
  for _ in $(seq 100); do reaches $port && break; sleep 0.05; done
done
sleep 0.5

capture() {  # NAME COMMAND...: what the command does, seen at the client
  local name=$1
  shift
  : > dumpcap.log
  in_client dumpcap -P -q -i inside -f 'ip' -w "$out/$name.pcap" 2>dumpcap.log &
  local dump=$!
  for _ in $(seq 100); do grep -q '^File:' dumpcap.log && break; sleep 0.05; done
  sleep 0.2
  "$@" >/dev/null 2>&1 || true
  sleep 0.4
  kill -INT "$(pgrep -P "$dump" dumpcap || echo "$dump")"
  wait "$dump" || true
}
peer() { in_client timeout 10 python3 peer.py "$1"; }
curl_it() { in_client curl -s -m 5 -o /dev/null "$@"; }

capture http curl_it http://192.0.2.10/ -H 'Host: www.example.com' -A 'curl'
capture http-two bash -c "
  ip netns exec $client curl -s -o /dev/null http://192.0.2.10/evil -H 'Host: www.example.com'
  sleep 1
  ip netns exec $client curl -s -m 2 -o /dev/null http://192.0.2.11/ -H 'Host: list.example.net'"
capture refused curl_it http://192.0.2.10:81/
capture no-answer curl_it -m 2 http://192.0.2.99/
capture ping in_client ping -c 2 -i 0.2 192.0.2.10
capture client-resets peer reset-after-request
capture server-resets peer reset-by-server
capture tcp-noise peer noise
capture few-bytes peer few-bytes
capture no-bytes peer no-bytes
# Both ends forget the connection while nothing gets through, and the client takes the port again.
forgotten() {
  peer reuse &
  local ends=$!
  sleep 0.5
  in_client ip route add blackhole 192.0.2.10/32
  in_server ip route add blackhole 10.1.0.2/32
  sleep 1
  in_client ip route del blackhole 192.0.2.10/32
  in_server ip route del blackhole 10.1.0.2/32
  wait "$ends"
}
capture reuse forgotten
capture udp-noise peer udp-noise
capture peers peer peers
capture dns peer dns
capture large curl_it http://192.0.2.10/large
# One segment comes after all others, as over another path: moved here, since not every kernel has
# netem, and the client's acknowledgements in between, which could not be, are left out.
python3 - "$out/large.pcap" "$out/out-of-order.pcap" <<'EOF'
import struct, sys
data = open(sys.argv[1], "rb").read()
records, at = [], 24
while at + 16 <= len(data):
    size = struct.unpack_from("<I", data, at + 8)[0]
    records.append((data[at:at + 8], data[at + 8:at + 16 + size]))
    at += 16 + size
from_server = [i for i, r in enumerate(records) if len(r[1]) > 1000]
late, until = from_server[1], from_server[-1]
segment = records[late][1]
with open(sys.argv[2], "wb") as out:
    out.write(data[:24])
    for i, (time, body) in enumerate(records):
        if i != late and (not late < i < until or i in from_server): out.write(time + body)
        if i == until: out.write(time + segment)
EOF
rm "$out/large.pcap"
chmod 644 "$out"/*.pcap
find "$out" -name '*.pcap' -size -100c -exec echo 'nothing was captured in' {} \; >&2
ls -l "$out"
