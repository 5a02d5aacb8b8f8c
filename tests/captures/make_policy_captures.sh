#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the captures that rules are tested with: real clients and servers (curl, nginx, OpenSSL,
# ping, Python's sockets) in network namespaces, with a router between them on whose inside interface
# the packets are taken. Needs root (or user namespaces) and: iproute2, curl, nginx-light, openssl,
# iputils-ping, python3, tcpdump.
#
#   tests/captures/make_policy_captures.sh OUT    writes OUT/*.pcap
#
#   client 10.1.1.10, 2001:db8:1::10 --- router 10.1.1.1 | 192.0.2.1 --- server 192.0.2.80, 2001:db8:2::80
#
# What it writes differs from run to run (ports, sequence numbers, times); the cases look at rows.
set -euo pipefail

out=$(realpath -m "${1:?where to write the captures}")
if [ "${2:-}" != inside ]; then
  mkdir -p "$out"
  if [ "$(id -u)" = 0 ]; then exec unshare -nm "$0" "$out" inside; fi
  exec unshare -rnm "$0" "$out" inside
fi
mount -t tmpfs none /run
mkdir -p /run/netns
work=$(mktemp -d)
cd "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

for space in client router server; do
  ip netns add $space
  ip -n $space link set lo up
done
ip -n client link add outside type veth peer name inside netns router
ip -n server link add outside type veth peer name outside netns router
# The captures shall have the packets as they are on a wire.
for place in client:outside router:inside router:outside server:outside; do
  ip netns exec "${place%:*}" ethtool -K "${place#*:}" tso off gso off gro off tx off rx off \
    >/dev/null 2>&1 || true
done
address() {
  case $3 in
    *:*) ip -n "$1" addr add "$3" dev "$2" nodad ;;
    *) ip -n "$1" addr add "$3" dev "$2" ;;
  esac
}
address client outside 10.1.1.10/24
address client outside 2001:db8:1::10/64
address router inside 10.1.1.1/24
address router inside 2001:db8:1::1/64
address router outside 192.0.2.1/24
address router outside 2001:db8:2::1/64
address server outside 192.0.2.80/24
address server outside 2001:db8:2::80/64
for place in client:outside router:inside router:outside server:outside; do
  ip -n "${place%:*}" link set "${place#*:}" up
done
ip -n client route add default via 10.1.1.1
ip -n client -6 route add default via 2001:db8:1::1
ip -n server route add default via 192.0.2.1
ip -n server -6 route add default via 2001:db8:2::1
ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# --- servers ---------------------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem \
  -out cert.pem -subj /CN=server.example -days 7300 2>/dev/null
mkdir site
echo 'hello' > site/index.html
head -c 400000 /dev/zero | tr '\0' x > site/large
chmod -R a+rX "$work"
cat > nginx.conf <<EOF
daemon off; pid $work/nginx.pid; error_log /dev/null; user root;
events {}
http {
  access_log off; root $work/site; client_body_temp_path $work/t; proxy_temp_path $work/t;
  fastcgi_temp_path $work/t; uwsgi_temp_path $work/t; scgi_temp_path $work/t;
  server { listen 80; listen [::]:80; listen 8080;
           listen 443 ssl; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem; }
}
EOF
ip netns exec server nginx -c "$work/nginx.conf" &
cat > dns.py <<'EOF'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.80", 53))
while True:
    query, client = s.recvfrom(512)
    answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:]
    s.sendto(answer + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x50", client)
EOF
ip netns exec server python3 dns.py &
ip netns exec router openssl s_server -accept 10.1.1.1:443 -cert cert.pem -key key.pem -quiet \
  </dev/null >/dev/null 2>&1 &
sleep 1

# --- captures --------------------------------------------------------------------------------------

in_client() { timeout 10 ip netns exec client "$@" >/dev/null 2>&1 || true; }
capture() {  # NAME COMMAND...; of each packet as many bytes as $snap says
  local name=$1
  shift
  ip netns exec router tcpdump -q -U -s "${snap:-0}" -i inside --time-stamp-precision=nano \
    -w "$out/$name.pcap" 'not arp and not ip6 multicast and not (icmp6 and ip6[40] >= 133)' 2>/dev/null &
  local taker=$!
  sleep 0.7
  "$@"
  sleep 0.7
  kill -INT $taker
  wait $taker || true
  chmod 644 "$out/$name.pcap"
}
send_udp() { in_client python3 -c "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[3])): s.sendto(b'anything', (sys.argv[1], int(sys.argv[2])))
" "$@"; }
ask_dns() { in_client python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1', ('192.0.2.80', 53))
s.recvfrom(512)
"; }

web() { in_client curl -s http://192.0.2.80/; }
web_on_8080() { in_client curl -s http://192.0.2.80:8080/; }
web_on_ipv6() { in_client curl -s 'http://[2001:db8:2::80]/'; }
tls() { in_client curl -sk https://192.0.2.80/; }
pings() { in_client ping -c 1 192.0.2.80; in_client ping -c 1 2001:db8:2::80; }
udp() { send_udp 192.0.2.80 9999 2; }
many_udp() { send_udp 192.0.2.80 9999 250; }
services_of_the_router() {
  in_client ping -c 1 10.1.1.1
  in_client curl -sk --max-time 2 https://10.1.1.1/
  in_client curl -s --max-time 2 telnet://10.1.1.1:22
}
with_a_loss() {
  ip netns exec server tc qdisc add dev outside root tbf rate 20mbit burst 10k limit 12k
  in_client curl -s http://192.0.2.80/large
  ip netns exec server tc qdisc del dev outside root
}
several() { web; web_on_8080; tls; ask_dns; }

capture web web
capture web-on-8080 web_on_8080
capture web-on-ipv6 web_on_ipv6
capture tls tls
capture dns ask_dns
capture pings pings
capture udp udp
capture many-udp many_udp
capture services-of-the-router services_of_the_router
snap=128 capture with-a-loss with_a_loss
capture several several
