#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make demo: builds, starts an AWS of our own (the simulator) and kdiagd on it, shows what kdiagctl says, and goes on until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
dir=$build/demo

began=$(date +%s)
printf '1. building … '
log=$(mktemp)
if ! make -s -j"$(nproc)" BUILD="$build" all >"$log" 2>&1; then
	printf 'failed\n'; cat "$log"; rm -f "$log"; exit 1
fi
rm -f "$log"
printf 'done (%d s)\n' "$(($(date +%s) - began))"

rm -rf "$dir"
mkdir -p "$dir"
sim='' daemon=''
finish() {
	trap - EXIT INT TERM
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	[ -z "$sim" ] || kill "$sim" 2>/dev/null || true
	wait 2>/dev/null || true
}
trap finish EXIT
trap 'echo; echo "ended"; finish; exit 0' INT TERM

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
	local until=$(($(date +%s) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until" ] || return 1
		sleep 0.1
	done
}
give_up() { echo "$1"; tail -n 20 "$2"; exit 1; }

port=4566
if (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null; then port=0; fi # taken: any other
"$build/kdiag-awssim" -p $port test/awssim/demo.yaml >"$dir/awssim.log" 2>&1 &
sim=$!
wait_for 10 grep -q 'listening on' "$dir/awssim.log" || give_up "the simulator did not start:" "$dir/awssim.log"
port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$dir/awssim.log" | head -n 1)
sed "s|@PORT@|$port|; s|@DIR@|$dir|; s|@PROBES@|$build/probes|" test/awssim/demo.kdiagd.yaml >"$dir/kdiagd.yaml"
chmod 600 "$dir/kdiagd.yaml"
streams=$(grep -cE '^ *- *(\{ *)?name:' "$dir/kdiagd.yaml")
echo "2. an AWS of our own: kdiag-awssim on 127.0.0.1:$port, scenario test/awssim/demo.yaml"

"$build/kdiagd" -f -c "$dir/kdiagd.yaml" >"$dir/kdiagd.log" 2>&1 &
daemon=$!
ctl() { "$build/kdiagctl" -s "$dir/kdiagd.sock" "$@"; }
wait_for 10 test -S "$dir/kdiagd.sock" || give_up "kdiagd did not start:" "$dir/kdiagd.log"
echo "3. kdiagd watching $streams streams of it: $dir/kdiagd.sock"
all_looked() { [ "$(ctl --json status | grep -c '"complete": false')" = 0 ]; }
wait_for 30 all_looked || true
names_shard() { ctl --json findings | grep -q 'hot key on shardId-'; }
wait_for 10 names_shard || true

printf '\n$ kdiagctl status\n'
ctl status || true

# Of each stream's worst finding, as `kdiagctl show ID` and `diagnose` name it.
printf '\nThe next step for each, from kdiagctl --json findings:\n'
ctl --json findings | awk -F'": "' '
	/^    "severity": /{bad = $2 ~ /^critical/}
	/^    "stream": /{stream = $2; sub(/".*/, "", stream)}
	/^    "next": "/ && bad && !said[stream]++ {
		next_step = $2; sub(/",?$/, "", next_step); gsub(/\\"/, "\"", next_step)
		printf "  %-15s  %s\n", stream, next_step
	}'
worst=$(ctl --json findings | sed -n 's/.*"stream": "\([^"]*\)".*/\1/p' | head -n 1)
if [ -n "$worst" ]; then
	printf '\n$ kdiagctl diagnose %s\n' "$worst"
	ctl diagnose "$worst" || true
fi
cat <<END

It goes on watching. In another terminal:
  $build/kdiagctl -s $dir/kdiagd.sock status
  $build/kdiagctl -s $dir/kdiagd.sock watch
Ctrl-C ends it all.
END
[ -z "${DEMO_ONCE:-}" ] || exit 0
wait "$daemon" || give_up "kdiagd has ended:" "$dir/kdiagd.log"
