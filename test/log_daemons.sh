#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unpacks Debian's rsyslog and syslog-ng, and the libraries that are missing for them, into build/log-daemons/ for test/e2e/forwarders.bats. Installed
# they are not: the packages exclude each other, would take the place of the host's log daemon, and would be started. Where they cannot be had, those
# tests are skipped. Silent when all is there.
set -u
cd "$(dirname "$0")/.." || exit 1

into=build/log-daemons
[ -x $into/usr/sbin/rsyslogd ] && [ -x $into/usr/sbin/syslog-ng ] && exit 0
command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || exit 0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/debs" "$tmp/root"

# apt's own lists, or where there are none (an image that is kept small) lists of ours: that needs no root, and changes nothing.
apt() {
	apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o APT::Sandbox::User="$(id -un)" "$@"
}
apt_of_ours() {
	apt -o Dir::State::lists="$tmp/lists" -o Dir::Cache="$tmp/cache" "$@"
}

# fetch APT: each daemon with what its installation would bring along.
fetch() {
	for daemon in rsyslog syslog-ng-core; do
		needed=$("$1" -s --no-install-recommends install $daemon | sed -n 's/^Inst \([^ ]*\).*/\1/p')
		# shellcheck disable=SC2086
		(cd "$tmp/debs" && "$1" download $daemon $needed) || return 1
	done
}

echo "unpacking rsyslog and syslog-ng into $into/ (for tests; nothing is installed)"
{
	fetch apt || { apt_of_ours update && fetch apt_of_ours; }
} >"$tmp/log" 2>&1 || {
	tail -n 3 "$tmp/log"
	echo "they could not be had: the tests of forwarders will be skipped"
	exit 0
}
for deb in "$tmp"/debs/*.deb; do
	dpkg -x "$deb" "$tmp/root" || exit 1
done
rm -rf $into
mkdir -p build
mv "$tmp/root" $into
