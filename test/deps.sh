#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the packages that are missing for what is asked: build, test, lint, fuzz, bench (default: all). Says what it does; silent when nothing is missing.
set -eu

build='gcc make pkg-config libc6-dev libcurl4-openssl-dev libssl-dev libjansson-dev libevent-dev libyaml-dev libexpat1-dev libsqlite3-dev'
test='libcmocka-dev bats socat strace valgrind curl jq procps systemd python3 python3-boto3'
lint='clang clang-format clang-tidy mandoc shellcheck'
fuzz='clang libclang-rt-dev'
bench='procps python3 python3-boto3'

packages='' log_daemons=''
for group in "${@:-build test lint fuzz bench}"; do
	for name in $group; do
		case $name in
		build) packages="$packages $build" ;;
		test) packages="$packages $test" log_daemons=yes ;;
		lint) packages="$packages $lint" ;;
		fuzz) packages="$packages $fuzz" ;;
		bench) packages="$packages $bench" ;;
		*) echo "deps.sh: what is \"$name\"? (build, test, lint, fuzz, bench)" >&2; exit 2 ;;
		esac
	done
done

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
	# Elsewhere nothing is installed; when the build cannot begin, the names that Debian has for the packages are said.
	command -v cc >/dev/null 2>&1 && pkg-config --exists libcurl openssl jansson libevent yaml-0.1 expat sqlite3 2>/dev/null && exit 0
	echo "kdiag needs these packages (by their Debian names); please install them:" >&2
	for p in $packages; do echo "  $p" >&2; done
	exit 1
fi

missing=
for p in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
	installed) ;;
	*) case " $missing " in *" $p "*) ;; *) missing="$missing $p" ;; esac ;;
	esac
done
# Behind the installation, whose lists of packages it can use.
unpack_log_daemons() {
	[ -z "$log_daemons" ] || "$(dirname "$0")/log_daemons.sh"
}
[ -n "$missing" ] || { unpack_log_daemons; exit 0; }

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "these packages are missing, and there is no sudo here; as root:" >&2
		echo "  apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "installing packages that are missing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "the packages could not be installed: see above" >&2
	exit 1
fi
unpack_log_daemons
