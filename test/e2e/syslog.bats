#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (the hardened build has other files to show itself in)
# kdiagd's lines through the real syslog(3): in a mount namespace of its own, where /dev/log is a socket of this test.

load helpers
load daemon

RECEIVED="$BATS_TEST_TMPDIR/received"
DEV="$BATS_TEST_TMPDIR/dev"

setup_file() {
	if ((EUID == 0)) && unshare -m true 2>/dev/null; then
		export UNSHARE='unshare -m'
	elif unshare -rm mount -t tmpfs none /mnt 2>/dev/null; then
		export UNSHARE='unshare -rm'
	fi
}

setup() {
	[ -n "${UNSHARE:-}" ] || skip "no mount namespace for a /dev/log of its own: neither root nor user namespaces"
	mkdir "$DEV"
	# shellcheck disable=SC2016
	printf '%s\n' 'set -e' 'mount -t tmpfs none "$1"' \
		'for n in null zero urandom random; do : >"$1/$n"; mount --bind "/dev/$n" "$1/$n"; done' \
		'ln -s "$1.log" "$1/log"' 'mount --rbind "$1" /dev' 'shift' 'exec "$@"' >"$BATS_TEST_TMPDIR/inside"
}

teardown() {
	[ -z "${RECEIVER:-}" ] || kill -CONT "$RECEIVER" 2>/dev/null || true
	[ -z "${RECEIVER:-}" ] || kill "$RECEIVER" 2>/dev/null || true
	stop_kdiagd
	stop_awssim
}

start_receiver() {
	socat -u "UNIX-RECV:$DEV.log" "OPEN:$RECEIVED,creat,append" 2>/dev/null 3>&- &
	RECEIVER=$!
	wait_for 5 test -S "$DEV.log"
}

# start_inside: kdiagd with that /dev/log. With -f it is its own process, as in start_kdiagd.
start_inside() {
	# shellcheck disable=SC2086
	$UNSHARE bash "$BATS_TEST_TMPDIR/inside" "$DEV" "$BUILD_DIR/kdiagd" -f -c "$CONFIG" >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 10 is_up
}

# syslog_config SYSLOG STREAMS: as write_config, with syslog on.
syslog_config() {
	write_config "$2" "${3:-1s}"
	sed -i "s/^syslog: .*/syslog: {$1}/; s|probes: $BUILD_DIR/probes|probes: ${PROBES:-$BUILD_DIR/probes}|" "$CONFIG"
}

# Datagrams have no line ends: each begins with its priority, the time and our name.
lines() {
	LC_ALL=C sed -E 's/<([0-9]{1,3})>([A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} kdiagd\[)/\n<\1>\2/g' "$RECEIVED" | grep .
}

has_line() {
	lines | grep -qE "$1"
}

# The JSON of the cee lines.
cee() {
	lines | sed -nE 's/^<[0-9]+>.{15} kdiagd\[[0-9]+\]: @cee:(.*)$/\1/p'
}

# all_good: every line is one of ours, short, ASCII; every cee line is JSON to its end.
all_good() {
	lines | not grep -vE '^<[0-9]{1,3}>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} kdiagd\[[0-9]+\]: .+$'
	lines | LC_ALL=C not grep -nP '[^\x20-\x7e]'
	lines | not grep -nE '.{2048}'
	[ "$(cee | wc -l)" -eq "$(cee | jq -c . | wc -l)" ]
	lines | not grep -E 'test-secret|Signature='
}

scene() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 5}
		  - {name: events, mode: ON_DEMAND, shards: 4}
		  - {name: audit, shards: 2}
	YAML
	own_folder stream_status shard_count
}

# own_folder PROBE...: those, and many, which says what a test asks it for.
own_folder() {
	local name
	PROBES="$BATS_TEST_TMPDIR/probes"
	mkdir "$PROBES"
	for name in "$@"; do cp "$BUILD_DIR/probes/$name.so" "$PROBES"; done
	cp "$BUILD_DIR/test/probes/many.so" "$PROBES"
}

SCENE='
probes: {stream_status: {updating_warning: 1s, resolve: 1 of 1}, shard_count: {resolve: 1 of 1}, many: {findings: 0, unknown: true}}
streams:
  - {name: orders, expect: {shard_count: 8}}
  - {name: events}
  - {name: audit, probes: {many: {findings: 1}}}
  - {name: missing}
'

# Opens, changes and resolves: orders goes from UPDATING for too long to DELETING and back.
play() {
	wait_for 10 looked
	awssim_post stream '{"name":"orders","status":"UPDATING"}' >/dev/null
	wait_for 10 has_line 'orders.*stream_status.*UPDATING'
	awssim_post stream '{"name":"orders","status":"DELETING"}' >/dev/null
	wait_for 10 has_line 'orders.*stream_status.*DELETING'
	awssim_post stream '{"name":"orders","status":"ACTIVE","shards":8}' >/dev/null
	wait_for 10 has_verdict orders ok
	wait_for 10 has_line 'resolved.*orders.*8 open shards'
}

@test "cee: opened, changed and resolved, each with its priority and its JSON" {
	scene
	start_receiver
	syslog_config 'enabled: true' "$SCENE"
	start_inside
	play
	stop_kdiagd
	all_good
	# pri EVENT FILTER: the priorities of the lines that jq finds.
	pri() {
		lines | sed -nE 's/^<([0-9]+)>.{15} kdiagd\[[0-9]+\]: @cee:(.*)$/{"pri":\1,"line":\2}/p' |
			jq -r "select(.line.event == \"$1\" and ($2)) | .pri" | sort -u | tr '\n' ' '
	}
	# LOG_DAEMON is 24; crit 2, warning 4, notice 5, info 6.
	[ "$(pri opened '.line.severity == "critical"')" = "26 " ]
	[ "$(pri opened '.line.severity == "warning"')" = "28 " ]
	[ "$(pri opened '.line.severity == "unknown"')" = "29 " ]
	[ "$(pri opened '.line.severity == "info"')" = "30 " ]
	[ "$(pri changed '.line.severity == "critical" and .line.from == "warning"')" = "26 " ]
	[ "$(pri resolved true)" = "30 " ]
	cee | jq -se 'map(select(.id)) | all(.v == 1 and (.id | test("^[0-9a-f]{8}$")) and (.ts | test("^20[0-9-]+T[0-9:]+Z$")) and (.summary | length > 0))'
	cee | jq -se 'map(select(.id) | .seq) | . == sort and length == (unique | length)'
	cee | jq -se --arg version "$("$BUILD_DIR/kdiagd" --version | cut -d' ' -f2)" '.[0] == {v: 1, event: "started", ts: .[0].ts, seq: 0, version: $version} and
		(.[-1] | .event == "stopped" and .version == $version and .why == null) and .[-1].seq == (map(select(.id) | .seq) | max)'
	cee | jq -se 'map(select(.stream == "missing" and .event == "opened")) | length == 1 and .[0].probe == "stream_status"
		and .[0].account == "default" and .[0].region == "us-east-1" and .[0].subject == "stream"'
	cee | jq -se 'map(select(.stream == "orders" and .check == "status") | .event) == ["opened", "changed", "resolved"]'
	log_is_clean
}

@test "text, another facility; a reload changes both" {
	scene
	start_receiver
	syslog_config 'enabled: true, format: text, facility: local3' "$SCENE"
	start_inside
	wait_for 10 has_line 'opened unknown'
	awssim_post stream '{"name":"orders","shards":8}' >/dev/null
	wait_for 10 has_line 'resolved'
	# LOG_LOCAL3 is 152.
	has_line '^<154>.{15} kdiagd\[[0-9]+\]: opened critical missing us-east-1 stream_status/status [0-9a-f]{8}: stream does not exist'
	has_line '^<156>.{15} kdiagd\[[0-9]+\]: opened warning orders us-east-1 shard_count/count [0-9a-f]{8}: 5 open shards, 8 expected'
	has_line '^<157>.{15} kdiagd\[[0-9]+\]: opened unknown '
	has_line '^<158>.{15} kdiagd\[[0-9]+\]: resolved warning orders us-east-1 shard_count/count [0-9a-f]{8}: 8 open shards.* \(after [0-9]+ s\)$'
	not has_line '@cee:'
	syslog_config 'enabled: true, facility: daemon' 'probes: {many: {enabled: false}}
streams: [{name: orders}]'
	ctl reload
	wait_for 5 has_line '^<30>.*@cee:.*"event":"resolved".*"stream":"missing"'
	all_good
	stop_kdiagd
}

@test "in the background its own log goes to syslog too" {
	scene
	start_receiver
	syslog_config 'enabled: true, format: text' 'probes: {many: {enabled: false}}
streams: [{name: orders}]'
	# shellcheck disable=SC2086
	run $UNSHARE bash "$BATS_TEST_TMPDIR/inside" "$DEV" "$BUILD_DIR/kdiagd" -c "$CONFIG" 3>&-
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	pid=$(json .pid status)
	wait_for 5 has_line "^<30>.{15} kdiagd\[$pid\]: kdiagd .*: watching 1 stream"
	echo '@cee:{"evil":true}: true' >>"$CONFIG"
	run ctl reload
	[ "$status" -eq 1 ]
	wait_for 5 has_line "^<28>.{15} kdiagd\[$pid\]: .*the config of before stays"
	kill -TERM "$pid"
	wait_for 2 is_gone "$pid"
	all_good
}

@test "heartbeats and reminders, in a clock that runs sixty times faster" {
	export KDIAG_CLOCK="60@$EPOCHSECONDS"
	scene
	start_receiver
	syslog_config 'enabled: true, heartbeat: 1m, reminder: 2m' 'probes: {many: {enabled: false}}
streams: [{name: missing}, {name: events}]' 1m
	start_inside
	beats() { (($(cee | grep -c '"event":"heartbeat"') >= 3)); }
	reminders() { (($(cee | grep -c '"event":"reminder"') >= 2)); }
	wait_for 10 beats
	wait_for 10 reminders
	all_good
	cee | jq -se 'map(select(.event == "heartbeat")) | last | .open.critical == 1 and .open.info == 1 and .dropped == 0 and .seq > 0'
	# At a minute's distance in the daemon's time, whatever the real one.
	cee | jq -se 'map(select(.event == "heartbeat") | .ts | fromdate) | .[2] - .[1] | . >= 55 and . <= 75'
	cee | jq -se 'map(select(.event == "reminder")) | all(.stream == "missing" and .severity == "critical")'
	has_line '^<30>.*"event":"heartbeat"'
	has_line '^<26>.*"event":"reminder"'
	stop_kdiagd
}

@test "no log daemon, a later one, another one: what is said meanwhile waits, and all of it arrives" {
	export WATCHDOG_USEC=2000000 # kdiagd looks after itself four times as often as its watchdog asks
	scene
	syslog_config 'enabled: true' 'probes: {many: {enabled: false}}
streams: [{name: orders}]'
	start_inside
	wait_for 10 looked
	awssim_post stream '{"name":"orders","status":"DELETING"}' >/dev/null
	wait_for 10 has_verdict orders critical
	[ "$(json .syslog.sent status)" = 0 ]
	says_so() { [[ "$(json '.self[] | select(.check == "syslog") | .summary' status)" == "no log daemon listens on /dev/log: "*" lines wait, 0 were dropped" ]]; }
	wait_for 20 says_so
	start_receiver
	wait_for 10 self_none syslog
	wait_for 5 has_line '"event":"opened".*"stream":"orders"'
	[ "$(cee | jq -r .event | head -n 1)" = started ]
	kill "$RECEIVER"
	wait_for 5 is_gone "$RECEIVER" # its socket lies there, and refuses
	awssim_post stream '{"name":"orders","status":"ACTIVE"}' >/dev/null
	wait_for 10 has_verdict orders ok
	rm -f "$DEV.log" # and now there is none
	awssim_post stream '{"name":"orders","status":"DELETING"}' >/dev/null
	wait_for 10 has_verdict orders critical
	start_receiver
	drained() { [ "$(json .syslog.queued status)" = 0 ]; }
	wait_for 5 drained
	cee | jq -se 'map(select(.stream == "orders" and .probe == "stream_status") | .event) == ["opened", "resolved", "opened"]'
	cee | jq -se 'map(select(.id) | .seq) | . == [range(1; length + 1)]'
	stop_kdiagd
	log_is_clean
}

@test "a storm of 1,000 findings is 100 lines and one that says how many more, and where to look" {
	scene
	start_receiver
	syslog_config 'enabled: true, heartbeat: 0s' 'probes: {many: {findings: 0}}
streams: [{name: orders}]'
	start_inside
	wait_for 10 looked
	sed -i 's/findings: 0/findings: 1000/' "$CONFIG"
	ctl reload
	ctl run orders many >/dev/null
	wait_for 20 has_line '"event":"suppressed"' # the storm is over when nothing came for 10 s
	cee | jq -se 'map(select(.id)) | length >= 100 and length <= 102 and all(.event == "opened")' # a token comes back each 0.6 s
	cee | jq -se '(map(select(.id)) | length) as $told | map(select(.event == "suppressed")) | length == 1 and
		(.[0] | .seq - $told == .suppressed and .from_seq == $told + 1 and (.next | test("kdiagctl status")))'
	[ "$(json '[.[] | select(.event == "opened")] | length' history)" = "$(cee | jq -s 'map(.seq // empty) | max')" ]
	all_good
	stop_kdiagd
}

# Six streams with a thousand findings each that open and resolve, while nobody takes a line: 12,000 lines, and 10,000 may wait.
stall_scene() {
	start_awssim - <<-YAML
		$(scenario_head)
		generate: {count: 6, prefix: s, shards: 1}
	YAML
	own_folder stream_status
	start_receiver
	syslog_config 'enabled: true, burst: 100000' "$(cat <<-'YAML'
		probes: {many: {findings: 0}}
		streams: [{name: s00000}, {name: s00001}, {name: s00002}, {name: s00003}, {name: s00004}, {name: s00005}]
	YAML
	)" 1h
	start_inside
	wait_for 10 looked
	kill -STOP "$RECEIVER"
	noise 1000
	noise 0
}

# noise FINDINGS: so many each, from now on.
noise() {
	sed -i "s/findings: [0-9]*/findings: $1/" "$CONFIG"
	ctl reload
	[ "$(printf '{"op":"run","probe":"many"}\n' | timeout 60 socat -t 60 - "UNIX:$SOCKET" | jq '.result.findings | length')" -eq $(($1 * 6)) ]
}

@test "a log daemon that stalls blocks nothing; the stall is a finding, and what was dropped is said" {
	export WATCHDOG_USEC=2000000 # kdiagd looks after itself four times as often as its watchdog asks
	stall_scene
	# It answers at once all the while.
	timeout 1 "$BUILD_DIR/kdiagctl" -s "$SOCKET" --json probes >/dev/null
	wait_for 10 self_open syslog
	[[ "$(json '.self[] | select(.check == "syslog") | .summary' status)" == *"were dropped"* ]]
	[ "$(json '.syslog.queued' status)" -eq 10000 ]
	stalled() { [ "$(json '.syslog.stalled' status)" = true ]; }
	wait_for 15 stalled
	timeout 1 "$BUILD_DIR/kdiagctl" -s "$SOCKET" --json probes >/dev/null
	says() { json '.self[] | select(.check == "syslog") | .summary' status | grep -q "$1"; }
	wait_for 5 says '^syslog has taken no line for more than 10 s'
	[ "$(json '[.[] | select(.event == "opened" and .check == "syslog")] | length' history)" -eq 1 ]
	# It takes lines again: what was kept comes, and how many were not.
	kill -CONT "$RECEIVER"
	wait_for 10 self_none syslog
	wait_for 10 has_line '"event":"dropped"'
	drained() { [ "$(json '.syslog.queued' status)" -eq 0 ] && [ "$(lines | wc -l)" -eq "$(json '.syslog.sent' status)" ]; }
	wait_for 10 drained
	all_good
	[ "$(cee | jq -s 'map(select(.event == "dropped") | .dropped) | add')" -eq "$(json '.syslog.dropped' status)" ]
	[ "$(json '.syslog.dropped' status)" -ge 1900 ]
	has_line '^<28>.*"event":"dropped"'
	# And what comes then is told as ever.
	awssim_post stream '{"name":"s00003","status":"DELETING"}' >/dev/null
	ctl run s00003 stream_status
	wait_for 10 has_line '"event":"opened".*"stream":"s00003","probe":"stream_status"'
	stop_kdiagd
	log_is_clean
}

@test "SIGTERM ends kdiagd within 2 seconds while the log daemon stalls" {
	stall_scene
	stop_kdiagd
	[ ! -e "$SOCKET" ]
	log_is_clean
}
