#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the captures that TLS and SSH checks are tested with: real clients and servers (OpenSSL's
# s_server and s_client, nginx, curl, OpenSSH) on the loopback interface of a network namespace of
# their own, with certificates made here. Needs root (or user namespaces; sshd wants root), and: openssl, curl,
# nginx-light, openssh-server, tshark (for dumpcap).
#
#   tests/captures/make_decryption_captures.sh OUT    writes OUT/*.pcap, *.keys, ca.pem
#
# What it writes differs from run to run (keys, randoms, times); the tests look at what is the same.
set -euo pipefail

out=$(realpath -m "${1:?where to write the captures}")
if [ "${2:-}" != inside ]; then
  mkdir -p "$out"
  if [ "$(id -u)" = 0 ]; then exec unshare -n "$0" "$out" inside; fi
  exec unshare -rn "$0" "$out" inside
fi
ip link set lo up
work=$(mktemp -d)
cd "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# --- certificates --------------------------------------------------------------------------------

cat > ca.cnf <<'EOF'
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
[middle]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
EOF
: > index.txt
key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1.key" 2>/dev/null; }
root_of() {  # NAME
  key "$1"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 7300 -out "$1.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
}
issue() {  # NAME ISSUER EXTENSIONS FROM TO [CN]
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=${6:-$1.example}" -out "$1.csr" 2>/dev/null
  openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -in "$1.csr" \
    -extensions "$3" -startdate "$4" -enddate "$5" -out "$1.pem" 2>/dev/null
}
root_of endreason-test-root
root_of stranger-root
issue valid    endreason-test-root server 20240101000000Z 20440101000000Z
issue expired  endreason-test-root server 20200101000000Z 20210101000000Z
issue future   endreason-test-root server 20400101000000Z 20440101000000Z
issue purpose  endreason-test-root client 20240101000000Z 20440101000000Z
issue stranger stranger-root       server 20240101000000Z 20440101000000Z
issue middle   endreason-test-root middle 20240101000000Z 20440101000000Z
issue chained  middle              server 20240101000000Z 20440101000000Z
cat chained.pem middle.pem > chain.pem
cp chained.pem alone.pem
cp chained.key alone.key
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -days 7300 \
  -subj /CN=rsa.example 2>/dev/null
cp endreason-test-root.pem "$out/ca.pem"

# --- one capture a scenario ----------------------------------------------------------------------

until_true() {
  for _ in $(seq 100); do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.05
  done
  echo "not within 5 s: $*" >&2
  exit 1
}
reaches() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
wait_for() { until_true reaches "$1"; }
capture() {  # NAME: what the function `scenario` does
  dumpcap -P -q -i lo -f tcp -w "$out/$1.pcap" 2>dumpcap.log &
  local dump=$!
  until_true grep -q '^File:' dumpcap.log
  sleep 0.2  # it says so a little before it listens
  scenario || true
  sleep 0.3
  kill -INT "$dump"
  wait "$dump" || true
}

# tls NAME CERTIFICATE "SERVER OPTIONS" "CLIENT OPTIONS": one session. The check that the server
# listens comes before the capture.
tls() {
  local name=$1 certificate=$2
  read -ra server_options <<<"$3"
  read -ra client_options <<<"$4"
  local chain=()
  [ "$certificate" = chained ] && chain=(-cert_chain chain.pem)
  openssl s_server -accept 127.0.0.1:4433 -cert "$certificate.pem" -key "$certificate.key" \
    "${chain[@]}" -quiet -www "${server_options[@]}" >/dev/null 2>&1 &
  local server=$!
  wait_for 4433
  scenario() {
    printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 openssl s_client -connect 127.0.0.1:4433 -quiet \
      -ign_eof -servername "$certificate.example" "${client_options[@]}" >/dev/null 2>&1
  }
  capture "$name"
  kill "$server"
  wait "$server" 2>/dev/null || true
}

tls tls12-valid        valid    "-tls1_2" ""
tls tls12-chain        chained  "-tls1_2" ""
tls tls12-no-middle    alone    "-tls1_2" ""
tls tls12-expired      expired  "-tls1_2" ""
tls tls12-future       future   "-tls1_2" ""
tls tls12-purpose      purpose  "-tls1_2" ""
tls tls12-stranger     stranger "-tls1_2" ""
tls tls12-self-signed  rsa      "-tls1_2" ""
tls tls12-rsa-cbc-sha1 rsa      "-tls1_2 -cipher AES128-SHA:@SECLEVEL=0" "-cipher AES128-SHA:@SECLEVEL=0"
tls tls10              rsa      "-tls1 -cipher ALL:@SECLEVEL=0" "-tls1 -cipher ALL:@SECLEVEL=0"
tls tls11-of-many      rsa      "-tls1_1 -cipher ALL:@SECLEVEL=0" "-cipher ALL:@SECLEVEL=0"
tls tls12-nothing-in-common rsa "-tls1_2 -cipher AES256-SHA:@SECLEVEL=0" "-tls1_2 -cipher AES128-GCM-SHA256"
tls tls12-unknown-ca   stranger "-tls1_2" "-CAfile endreason-test-root.pem -verify_return_error"
tls tls12-wrong-name   valid    "-tls1_2" "-CAfile endreason-test-root.pem -verify_hostname other.example -verify_return_error"
tls tls12-wants-client valid    "-tls1_2 -Verify 1 -verify_return_error" ""
tls tls13-valid        valid    "-tls1_3" "-keylogfile $out/tls13-valid.keys"
tls tls13-expired      expired  "-tls1_3" "-keylogfile $out/tls13-expired.keys"
tls tls13-aes128       expired  "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256" "-keylogfile $out/tls13-aes128.keys"
tls tls13-chacha       chained  "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256" "-keylogfile $out/tls13-chacha.keys"
tls tls13-retry        stranger "-tls1_3 -groups P-384" "-groups X25519:P-384 -keylogfile $out/tls13-retry.keys"
tls tls13-wrong-name   valid    "-tls1_3" "-keylogfile $out/tls13-wrong-name.keys -CAfile endreason-test-root.pem -verify_hostname other.example -verify_return_error"
tls tls13-wants-client valid    "-tls1_3 -Verify 1 -verify_return_error" "-keylogfile $out/tls13-wants-client.keys"

# Sessions that take up an earlier one.
resumed() {  # NAME OPTIONS
  tls_resume() {
    rm -f session.pem
    printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 openssl s_client -connect 127.0.0.1:4433 -quiet \
      -ign_eof -sess_out session.pem >/dev/null 2>&1
  }
  openssl s_server -accept 127.0.0.1:4433 -cert valid.pem -key valid.key -quiet -www "$2" \
    >/dev/null 2>&1 &
  local server=$! keys=()
  [ "$2" = -tls1_3 ] && keys=(-keylogfile "$out/$1.keys")
  wait_for 4433
  tls_resume
  scenario() {
    printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 openssl s_client -connect 127.0.0.1:4433 -quiet \
      -ign_eof -sess_in session.pem "${keys[@]}" >/dev/null 2>&1
  }
  capture "$1"
  kill "$server"
  wait "$server" 2>/dev/null || true
}
resumed tls12-resumed -tls1_2
resumed tls13-resumed -tls1_3

# nginx with curl: both versions, and a client that trusts nobody.
cat > nginx.conf <<EOF
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
  uwsgi_temp_path $work; scgi_temp_path $work;
  server {
    listen 127.0.0.1:8443 ssl;
    ssl_certificate $work/expired.pem;
    ssl_certificate_key $work/expired.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / { return 200 "hello\n"; }
  }
}
EOF
nginx -c "$work/nginx.conf" -g 'daemon off;' 2>/dev/null &
nginx=$!
wait_for 8443
scenario() {
  curl -sk --tls-max 1.2 https://127.0.0.1:8443/ >/dev/null
  SSLKEYLOGFILE=$out/nginx-curl.keys curl -sk https://127.0.0.1:8443/ >/dev/null
  curl -s --tls-max 1.2 --cacert endreason-test-root.pem https://127.0.0.1:8443/ >/dev/null
}
capture nginx-curl
kill "$nginx"
wait "$nginx" || true

# --- SSH -----------------------------------------------------------------------------------------

mkdir -p /run/sshd 2>/dev/null || true
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh_session() {  # NAME "SERVER OPTIONS" "CLIENT OPTIONS"
  local name=$1
  read -ra server_options <<<"$2"
  read -ra client_options <<<"$3"
  "$(command -v sshd || echo /usr/sbin/sshd)" -D -f /dev/null -p 2222 -o ListenAddress=127.0.0.1 \
    -o HostKey="$work/host_key" -o PidFile=none -o UsePAM=no "${server_options[@]}" 2>sshd.log &
  local server=$!
  wait_for 2222
  scenario() {
    ssh -F /dev/null -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no \
      -o UserKnownHostsFile=/dev/null "${client_options[@]}" nobody@127.0.0.1 true >/dev/null 2>&1
  }
  capture "$name"
  kill "$server"
  wait "$server" 2>/dev/null || true
}
ssh_session ssh-modern "" ""
ssh_session ssh-weak-kex "-o KexAlgorithms=+diffie-hellman-group1-sha1" "-o KexAlgorithms=diffie-hellman-group1-sha1"
ssh_session ssh-cbc-sha1 "-o Ciphers=+aes128-cbc -o MACs=+hmac-sha1" "-o Ciphers=aes128-cbc -o MACs=hmac-sha1"
ssh_session ssh-nothing-in-common "-o Ciphers=aes256-ctr" "-o Ciphers=aes128-ctr"

# Nobody speaks version 1 any more: the server is a line of bash, the client is real.
coproc OLD { exec python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 2223))
print("ready", flush=True)
c, _ = s.accept()
c.sendall(b"SSH-1.5-OpenSSH_1.2.3\n")
c.recv(1000)
'; }
read -r _ <&"${OLD[0]}"
scenario() {
  timeout 5 ssh -F /dev/null -p 2223 -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null nobody@127.0.0.1 true >/dev/null 2>&1
}
capture ssh-version-1
chmod 644 "$out"/*
find "$out" -name '*.pcap' -size -100c -exec echo 'nothing was captured in' {} \; >&2
ls -l "$out"
