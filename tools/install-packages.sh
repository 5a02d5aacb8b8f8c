#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of the sets named (run, package, test, bench, ...; see packages.txt) that are
# missing. Says nothing and takes no time when none is.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ]; then
  echo "usage: tools/install-packages.sh run|package|test|bench..." >&2
  exit 2
fi

wanted=()
while read -r set package _; do
  for chosen in "$@"; do
    if [ "$set" = "$chosen" ]; then wanted+=("$package"); fi
  done
done < <(grep -v '^#' "$here/packages.txt")

if ! command -v dpkg-query >/dev/null; then
  echo "endreason: this is no Debian system; install the counterparts of: ${wanted[*]}" >&2
  exit 0
fi

# Packages that are not installed; dpkg-query names the unknown ones on its standard error only.
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null | awk '$2 == "installed" { print $1 }' || true)
missing=()
for package in "${wanted[@]}"; do
  if ! grep -qxF -- "$package" <<<"$installed"; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "endreason: these packages are missing and only root can install them: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

install_missing() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1
}

echo "endreason: installing ${#missing[@]} packages: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists of a fresh system are empty, those of an old one name versions that are gone.
if ! install_missing; then
  "${as_root[@]}" apt-get update -q >"$log" 2>&1 || true
  if ! install_missing; then
    tail -n 15 "$log" >&2
    echo "endreason: the packages could not be installed; is there a network? By hand: apt-get update && apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
