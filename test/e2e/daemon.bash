# SPDX-License-Identifier: Apache-2.0
# What every test of the real daemon needs: kdiagd up and down, kdiagctl, a config. `load helpers` and `load daemon` in a .bats file.
# shellcheck shell=bash

SOCKET="$BATS_TEST_TMPDIR/k.sock"
CONFIG="$BATS_TEST_TMPDIR/kdiagd.yaml"
LOG="$BATS_TEST_TMPDIR/kdiagd.log"
KEYS='access_key_id: AKIATEST, secret_access_key: test-secret'

# The environment of whoever runs the tests must not reach the daemon.
unset "${!AWS_@}" KDIAG_SOCKET KDIAG_CLOCK NO_COLOR
export AWS_EC2_METADATA_DISABLED=true HOME="$BATS_TEST_TMPDIR"

# A scenario's head: the account and the keys that KEYS has. Streams and faults follow.
scenario_head() {
	printf '%s\n' 'account: "123456789012"' 'regions: [us-east-1, eu-west-1]' \
		'credentials: {keys: [{access_key_id: AKIATEST, secret_access_key: test-secret, user: tester}]}'
}

# write_config STREAMS_YAML [INTERVAL [AWS_EXTRA]]: pace unlimited and a second's interval, so that tests need not wait.
write_config() {
	cat >"$CONFIG" <<-YAML
		daemon: {socket: $SOCKET, state: ${CONFIG%/*}/kdiag.db, probes: ${ONLY_PROBES:-$BUILD_DIR/probes}, interval: ${2:-1s}}
		syslog: {enabled: false}
		aws: {region: us-east-1, endpoint_url: "http://127.0.0.1:${AWS_PORT:-1}", pace: unlimited, $KEYS${3:+, $3}}
		$1
	YAML
	chmod 600 "$CONFIG"
}

# only_probes NAME...: the configs that follow have these alone, for tests that are not about probes and count findings.
only_probes() {
	ONLY_PROBES="$BATS_TEST_TMPDIR/only"
	mkdir -p "$ONLY_PROBES"
	for name in "$@"; do cp "$BUILD_DIR/probes/$name.so" "$ONLY_PROBES/"; done
}

# start_kdiagd [OPTION...]: sets KDIAGD_PID; returns when the socket is there.
start_kdiagd() {
	"$BUILD_DIR/kdiagd" -f -c "$CONFIG" "$@" >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 10 is_up || {
		cat "$LOG" >&2
		return 1
	}
}

is_up() {
	"$BUILD_DIR/kdiagctl" -s "$SOCKET" --json probes
}

# Within how many seconds it ends at SIGTERM. ASan looks for leaks meanwhile, which takes what it takes.
stop_seconds() {
	echo "${STOP_SECONDS:-$(has_asan && echo 20 || echo 2)}"
}

# Ends it with SIGTERM: it must be gone in time, with exit status 0 (a leak under ASan is another).
stop_kdiagd() {
	local pid="${KDIAGD_PID:-}" rc=0
	[[ -n "$pid" ]] || return 0
	KDIAGD_PID=
	kill -TERM "$pid" 2>/dev/null || true
	wait_for "$(stop_seconds)" is_gone "$pid" || {
		kill -KILL "$pid"
		return 1
	}
	wait "$pid" || rc=$?
	((rc == 0)) || {
		echo "kdiagd ended with $rc" >&2
		cat "$LOG" >&2
		return 1
	}
}

is_gone() {
	! kill -0 "$1" 2>/dev/null || [[ "$(ps -o stat= -p "$1")" == Z* ]]
}

ctl() {
	"$BUILD_DIR/kdiagctl" -s "$SOCKET" "$@"
}

# json FILTER COMMAND...: what jq makes of the command's JSON, whatever its exit status.
json() {
	local filter="$1"
	shift
	{ ctl --json "$@" || true; } | jq -r "$filter"
}

verdict() {
	json '.streams[0].verdict' status "$1"
}

has_verdict() {
	[[ "$(verdict "$1")" == "$2" ]]
}

# looked [STREAM]: has every probe of the stream (of all) looked at least once?
looked() {
	[[ "$(json '[.streams[] | select(.complete | not)] | length' status "$@")" == 0 ]]
}

# ask LINE: one request by hand, the answer on stdout.
ask() {
	printf '%s\n' "$1" | timeout 10 socat -t 5 - "UNIX:$SOCKET"
}

# self_open CHECK: is a finding of that check about kdiag itself open?
self_open() {
	[[ "$(json "[.self[] | select(.check == \"$1\" and .state == \"open\")] | length" status)" -ge 1 ]]
}

self_none() {
	[[ "$(json "[.self[] | select(.check == \"$1\" and .state == \"open\")] | length" status)" == 0 ]]
}

# The log holds no credential, and nothing that says that the program itself is wrong.
log_is_clean() {
	! grep -nE 'test-secret|Signature=|AddressSanitizer|runtime error|LeakSanitizer|assert' "$LOG"
}

# ---- faults and time ----

# fast_clock RATE: from now on, time runs so much faster for the simulator and the daemon alike.
fast_clock() {
	KDIAG_CLOCK="$1@$(date +%s)"
	export KDIAG_CLOCK
}

# fault KIND [MEMBERS]: the simulator breaks from now on: fault hang '"stream": "orders"'
fault() {
	awssim_post fault "{\"kind\": \"$1\"${2:+, $2}}" >/dev/null
}

clear_faults() {
	awssim_post clear-faults '' >/dev/null
}

# the_self FILTER: what jq makes of the list of findings about kdiag itself.
the_self() {
	json ".self | $1" status
}

self_is_clean() {
	[[ "$(the_self length)" == 0 ]]
}

# self_is CHECK...: these findings about kdiag itself are open, and no others.
self_is() {
	[[ "$(the_self 'map(.check) | sort | join(" ")')" == "$*" ]]
}

# lacks REGEX [FILE]: does the log lack it? A function, for bats does not see that a command fails behind a mere "!".
lacks() {
	! grep -nE "$1" "${2:-$LOG}"
}

# No stream's own line so far: a finding about kdiag itself tells why it is not seen.
is_quiet() {
	lacks 'opened unknown'
}

# Is all as if nothing had ever happened: nothing unknown, no probe that could not look, self clean?
all_is_seen() {
	[[ "$(json '[.self[], (.streams[] | select(.complete | not)),
		(.streams[].findings[] | select(.unseen or .severity == "unknown"))] | length' status)" == 0 ]]
}

# uptime_is SECONDS: does the daemon live that long, by its own clock?
uptime_is() {
	[[ "$(json .uptime_s status)" -ge $1 ]]
}

# pass SECONDS: waits so long, by the daemon's clock.
pass() {
	wait_for 30 uptime_is $(($(json .uptime_s status) + $1))
}

# resident: kdiagd's memory in KiB.
resident() {
	ps -o rss= -p "$KDIAGD_PID"
}

# stat_is NAME NUMBER: has a count of the simulator come so far?
stat_is() {
	[[ "$(awssim_stat "$1")" -ge $2 ]]
}

# Is this build instrumented? Its memory is no measure then.
has_asan() {
	grep -q __asan_init "$BUILD_DIR/kdiagd"
}

# ---- findings about streams ----

# says STREAM CHECK: the sentence of an open finding.
says() {
	json ".streams[].findings[] | select(\"\(.probe)/\(.check)\" == \"$2\" and .state == \"open\") | \"\(.severity) \(.summary)\"" status "$1"
}

# says_too STREAM CHECK PATTERN
says_too() {
	# shellcheck disable=SC2053 # a pattern it is
	[[ "$(says "$1" "$2")" == $3 ]]
}

is_resolved() {
	[[ "$(json "[.[] | select(.event == \"resolved\" and .stream == \"$1\" and \"\(.probe)/\(.check)\" == \"$2\")] | length" history --since 24h)" -gt 0 ]]
}
