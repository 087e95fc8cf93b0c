#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is installed, what systemd thinks of it, and what kdiagd tells systemd. No systemd runs in these tests.

load helpers
load daemon

NOTIFIED="$BATS_TEST_TMPDIR/notified"

teardown() {
	stop_kdiagd
	[ -z "${RECEIVER:-}" ] || kill -KILL "$RECEIVER" 2>/dev/null || true # it may be stopped
	stop_awssim
}

# What was built is installed as it is: make must not begin to build anew under a test.
install_into() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$ROOT" -o all BUILD="$BUILD_DIR" DESTDIR="$1" install
}

@test "make install puts every file where the README says, and leaves a config as it is" {
	local dest="$BATS_TEST_TMPDIR/dest"
	umask 077
	install_into "$dest"
	(cd "$dest" && find . -type f ! -name '*.so' -printf '%m %p\n' | sort -k2) >"$BATS_TEST_TMPDIR/files"
	diff "$BATS_TEST_TMPDIR/files" - <<-'EXPECTED'
		644 ./etc/kdiag/kdiagd.yaml
		755 ./usr/bin/kdiagctl
		644 ./usr/include/kdiag/probe.h
		644 ./usr/lib/systemd/system/kdiagd.service
		644 ./usr/lib/systemd/system/kdiagd.socket
		644 ./usr/lib/sysusers.d/kdiag.conf
		644 ./usr/lib/tmpfiles.d/kdiag.conf
		755 ./usr/sbin/kdiagd
		644 ./usr/share/kdiag/forwarders/README.md
		644 ./usr/share/kdiag/forwarders/fluent-bit.yaml
		755 ./usr/share/kdiag/forwarders/heartbeat-age.sh
		644 ./usr/share/kdiag/forwarders/journald.conf
		644 ./usr/share/kdiag/forwarders/rsyslog.conf
		644 ./usr/share/kdiag/forwarders/syslog-ng.conf
		644 ./usr/share/kdiag/forwarders/vector.yaml
		644 ./usr/share/kdiag/iam-policy.json
		644 ./usr/share/man/man1/kdiagctl.1
		644 ./usr/share/man/man5/kdiagd.yaml.5
		644 ./usr/share/man/man8/kdiagd.8
	EXPECTED
	diff <(cd "$dest/usr/lib/kdiag/probes" && stat -c '%a %n' *.so) <(cd "$ROOT/probes" && printf '644 %s\n' *.c | sed 's/c$/so/')
	find "$dest" -type d ! -perm 755 | not grep .
	# The daemon of before may run while it is installed again; the config is the user's.
	echo 'streams: [{name: mine}]' >"$dest/etc/kdiag/kdiagd.yaml"
	install_into "$dest"
	grep -q mine "$dest/etc/kdiag/kdiagd.yaml"
	# What is installed runs from there, with the probes of there.
	run "$dest/usr/sbin/kdiagd" -t -c "$dest/etc/kdiag/kdiagd.yaml" --probes "$dest/usr/lib/kdiag/probes"
	[[ "$output" == *"region"* ]]
	"$dest/usr/sbin/kdiagd" --options --probes "$dest/usr/lib/kdiag/probes" | grep -q updating_warning
}

@test "sysusers and tmpfiles make the user and the folders" {
	local dest="$BATS_TEST_TMPDIR/dest"
	install_into "$dest"
	systemd-sysusers --root="$dest"
	grep -q '^kdiag:.*:/var/lib/kdiag:' "$dest/etc/passwd"
	grep -q '^kdiag:' "$dest/etc/group"
	((EUID == 0)) || skip "only root can make folders for another user"
	systemd-tmpfiles --root="$dest" --create kdiag.conf
	[ "$(stat -c %a "$dest/run/kdiag")" = 755 ]
	[ "$(stat -c %a "$dest/var/lib/kdiag")" = 750 ]
	[ "$(stat -c %u "$dest/run/kdiag")" = "$(sed -n 's/^kdiag:[^:]*:\([0-9]*\):.*/\1/p' "$dest/etc/passwd")" ]
}

@test "the units are clean for systemd-analyze verify, and exposed 1.5 at most" {
	local dest="$BATS_TEST_TMPDIR/dest" units="$BATS_TEST_TMPDIR/units"
	install_into "$dest"
	mkdir "$units"
	cp "$dest"/usr/lib/systemd/system/kdiagd.* "$units"
	sed -i "s|^ExecStart=/usr/sbin/|ExecStart=$dest/usr/sbin/|" "$units/kdiagd.service"
	run systemd-analyze verify --man=no "$units/kdiagd.service" "$units/kdiagd.socket"
	[ "$status" -eq 0 ]
	[ -z "$output" ] || { echo "$output" && false; }
	run systemd-analyze security --offline=yes --threshold=15 "$units/kdiagd.service"
	[ "$status" -eq 0 ]
	[[ "$output" =~ Overall\ exposure\ level\ for\ kdiagd.service:\ ([0-9.]+) ]]
	awk -v level="${BASH_REMATCH[1]}" 'BEGIN { exit !(level <= 1.5) }'
}

# called SERVICE REGEX FILE...: the operations that the code can call, as IAM names them; the regex ends with one in quotes.
called() {
	local service="$1" regex="$2"
	shift 2
	grep -hoE "$regex" "$@" | grep -oE '[A-Za-z]+"$' | sed "s/^/$service:/; s/\"\$//"
}

@test "the role's policy allows exactly the calls that the code can make" {
	policy="$ROOT/etc/iam-policy.json" aws="$ROOT/daemon/aws"
	jq -e '.Version == "2012-10-17" and (.Statement | all(.Effect == "Allow"))' "$policy"
	jq -r '.Statement[].Action | if type == "array" then .[] else . end' "$policy" | sort >"$BATS_TEST_TMPDIR/allowed"
	{
		called kinesis 'TARGET "[A-Za-z]+"' "$aws"/kinesis*.c
		called cloudwatch '#define OPERATION "[A-Za-z]+"' "$aws/cloudwatch.c"
		called logs '"(Filter|Describe)[A-Za-z]+"' "$aws/logs.c"
		called iam 'IAM\("[A-Za-z]+"' "$aws/operations.c" | grep -v SimulatePrincipalPolicy # asked for by aws.iam_simulate
	} | sort -u >"$BATS_TEST_TMPDIR/called"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/called")" -ge 7 ]
	diff "$BATS_TEST_TMPDIR/allowed" "$BATS_TEST_TMPDIR/called"
	# These take no resource; the others of Kinesis are for streams, and for nothing else.
	jq -e '[.Statement[] | select(.Action == ("kinesis:ListStreams", "cloudwatch:GetMetricData")).Resource] == ["*", "*"]' "$policy"
	jq -e '[.Statement[] | select((.Action | tostring | contains("kinesis:")) and .Action != "kinesis:ListStreams").Resource] ==
		["arn:aws:kinesis:*:*:stream/*"]' "$policy"
}

# ---- what systemd is told ----

listen_as_systemd() {
	export NOTIFY_SOCKET="$BATS_TEST_TMPDIR/notify"
	socat -u "UNIX-RECV:$NOTIFY_SOCKET" "OPEN:$NOTIFIED,creat,append" 2>/dev/null 3>&- &
	RECEIVER=$!
	wait_for 5 test -S "$NOTIFY_SOCKET"
}

told() {
	grep -qE "$1" "$NOTIFIED"
}

# The states, in order; the datagrams have no end of their own.
states() {
	grep -oE '(READY|RELOADING|STOPPING)=1' "$NOTIFIED" | tr '\n' ' '
}

states_are() {
	[ "$(states)" = "$1" ]
}

@test "sd_notify: ready, reloading, ready again, stopping; with a status" {
	local now_us told_us
	write_config 'streams: [{name: orders}]'
	listen_as_systemd
	start_kdiagd
	wait_for 5 states_are "READY=1 "
	told '^STATUS=watching 1 stream'
	ctl reload
	wait_for 5 states_are "READY=1 RELOADING=1 READY=1 "
	told_us=$(grep -oE 'MONOTONIC_USEC=[0-9]+' "$NOTIFIED" | cut -d= -f2)
	now_us=$(awk '{printf "%.0f", $1 * 1e6}' /proc/uptime)
	((told_us > now_us - 60000000 && told_us <= now_us + 1000000))
	# A config with mistakes: it reloads, and is ready as before.
	echo 'nonsense: 1' >>"$CONFIG"
	kill -HUP "$KDIAGD_PID"
	wait_for 5 states_are "READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 "
	told 'STATUS=the new config has mistakes, that of before stays'
	stop_kdiagd
	wait_for 5 states_are "READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 STOPPING=1 "
	log_is_clean
}

@test "the watchdog is pinged while looks are on time, and the status has numbers" {
	start_awssim - <<-YAML
		$(scenario_head)
		streams: [{name: orders}]
	YAML
	write_config 'streams: [{name: orders}, {name: missing}]'
	listen_as_systemd
	export WATCHDOG_USEC=400000
	start_kdiagd
	pings() { (($(grep -o 'WATCHDOG=1' "$NOTIFIED" | wc -l) >= 5)); }
	wait_for 5 pings
	wait_for 5 told 'STATUS=watching 2 streams: 1 critical, 0 warning, 0 unknown'
	stop_kdiagd
	# One that is meant for another process is none of ours.
	: >"$NOTIFIED"
	export WATCHDOG_PID=1
	start_kdiagd
	wait_for 10 looked
	stop_kdiagd
	wait_for 5 told STOPPING=1
	not told WATCHDOG
}

@test "a receiver that is gone or full hinders nothing" {
	write_config 'streams: [{name: orders}]'
	listen_as_systemd
	kill -STOP "$RECEIVER"
	export WATCHDOG_USEC=40000
	start_kdiagd
	for ((i = 0; i < 15; i++)); do ctl reload; done
	stop_kdiagd
	kill -CONT "$RECEIVER"
	kill "$RECEIVER"
	wait_for 5 is_gone "$RECEIVER"
	start_kdiagd
	stop_kdiagd
	export NOTIFY_SOCKET=nonsense
	start_kdiagd
	grep -q 'NOTIFY_SOCKET is "nonsense"' "$LOG"
	stop_kdiagd
	log_is_clean
}

@test "socket activation: the socket is systemd's, before and after" {
	start_awssim - <<-YAML
		$(scenario_head)
		streams: [{name: orders}]
	YAML
	write_config 'streams: [{name: orders}]'
	systemd-socket-activate -E ASAN_OPTIONS -E UBSAN_OPTIONS -l "$SOCKET" "$BUILD_DIR/kdiagd" -f -c "$CONFIG" >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 5 test -S "$SOCKET"
	chmod 600 "$SOCKET"
	# The first client starts it, and is served.
	run ctl probes
	[ "$status" -eq 0 ]
	[[ "$output" == *shard_count* ]]
	wait_for 10 looked
	has_verdict orders ok
	[ "$(json .pid status)" = "$KDIAGD_PID" ]
	[ "$(stat -c %a "$SOCKET")" = 600 ] # as systemd made it
	stop_kdiagd
	[ -S "$SOCKET" ]
	log_is_clean
}
