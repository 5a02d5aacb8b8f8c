#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package_test.sh PACKAGE.deb: installs the Debian package into a Debian 12 of its own (debootstrap, as
# root, some minutes), and sees that the server starts from it as its user, answers, and that purging
# leaves nothing. Skipped (77) without ENDREASON_PACKAGE_TEST=1, which tools/build-package.sh's users set.
#   ENDREASON_PACKAGE_ROOT=FOLDER   uses a Debian 12 that is there, and leaves it there
set -euo pipefail

if [ "${ENDREASON_PACKAGE_TEST:-}" != 1 ]; then
  echo "set ENDREASON_PACKAGE_TEST=1 to install the package into a Debian 12 of its own"
  exit 77
fi
for tool in debootstrap chroot; do
  command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "only root can make a Debian 12 of its own"; exit 77; }

package=$(realpath "$1")
scratch=
root=${ENDREASON_PACKAGE_ROOT:-}
if [ -z "$root" ]; then
  scratch=$(mktemp -d)
  root=$scratch
  debootstrap --variant=minbase bookworm "$root"
fi
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  umount "$root/proc" 2>/dev/null || true
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}
trap finish EXIT
fail() {
  echo "package_test.sh: $*" >&2
  exit 1
}
inside() { chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

mount -t proc proc "$root/proc"
cp "$package" "$root/endreason.deb"
cp /etc/resolv.conf "$root/etc/resolv.conf"
inside apt-get update -q
inside apt-get install -y -q --no-install-recommends /endreason.deb
inside endreason --version
inside endreason config check /etc/endreason/endreason.yaml
for file in /lib/systemd/system/endreason.service /usr/share/man/man1/endreason.1.gz \
  /usr/share/bash-completion/completions/endreason /usr/share/doc/endreason/copyright; do
  [ -e "$root$file" ] || fail "$file is not installed"
done
# shellcheck disable=SC2016  # dpkg's own
inside dpkg-query -W -f '${Conffiles}\n' endreason | grep -q /etc/endreason/endreason.yaml ||
  fail "the configuration is no conffile"

# As the unit starts it, on other ports.
chroot --userspec=endreason:endreason "$root" /usr/bin/endreason serve --config /etc/endreason/endreason.yaml \
  --http 127.0.0.1:18099 --listen tcp:127.0.0.1:18098 2>"$root/serve.log" &
server=$!
for _ in $(seq 100); do
  grep -q 'the pages are at' "$root/serve.log" && break
  sleep 0.1
done
grep 'the pages are at' "$root/serve.log" || fail "it did not start: $(cat "$root/serve.log")"
curl -fsS http://127.0.0.1:18099/healthz
line='1,2026/03/10 10:00:05,0123,TRAFFIC,end,2561,2026/03/10 10:00:04,10.1.1.1,203.0.113.9,0.0.0.0,0.0.0.0,out,,,dns,vsys1,trust,untrust,ae1,ae2,fwd,,77,1,51515,53,0,0,0x19,udp,allow,70,70,0,1,2026/03/10 09:59:49,5,any,0,1,0x0,US,DE,0,1,0,aged-out'
curl -fsS --data-binary "$line" http://127.0.0.1:18099/api/v1/ingest
curl -fsS http://127.0.0.1:18099/ | grep -q '<script' || fail "there are no pages in it"
# Whoever administers the machine asks the service's own folder, which the configuration names.
rows=$(inside endreason query --group-by app -o csv)
[[ $rows == *dns,1,* ]] || fail "the row is not there: $rows"
kill "$server"
wait "$server" || fail "it did not end well"
server=
inside endreason query --group-by app -o csv >/dev/null || fail "the folder cannot be read afterwards"

inside dpkg --purge endreason
[ ! -e "$root/var/lib/endreason" ] || fail "purging left /var/lib/endreason"
echo "the package installs, serves and goes"
