#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The control socket and whoever comes to it: one daemon for the whole file, which has to be as good at the end as at the start.

load helpers
load daemon

SHARED="$BATS_FILE_TMPDIR"
SOCKET="$SHARED/k.sock"
CONFIG="$SHARED/kdiagd.yaml"
LOG="$SHARED/kdiagd.log"

# Three streams to ask for and 300 more, so that a status is some 60 KB; nothing looks by itself while the tests run.
setup_file() {
	BATS_TEST_TMPDIR="$SHARED" start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 2}
		  - {name: clicks, shards: 2}
		  - {name: audit, shards: 2}
		generate: {count: 300, prefix: bulk-, shards: 1}
	YAML
	echo "$AWS_PID" >"$SHARED/aws.pid"
	echo "$AWS_PORT" >"$SHARED/aws.port"
	write_config "$(cat <<-'YAML'
		probes: {many: {enabled: false, findings: 0}}
		streams:
		  - {name: orders, probes: {many: {enabled: true}}}
		  - {name: clicks, probes: {many: {enabled: true}}}
		  - {name: audit, probes: {many: {enabled: true}}}
		discover: [{match: "bulk-*"}]
	YAML
	)" 24h
	mkdir "$SHARED/probes"
	cp "$BUILD_DIR"/probes/*.so "$BUILD_DIR/test/probes/many.so" "$SHARED/probes"
	sed -i "s|probes: $BUILD_DIR/probes|probes: $SHARED/probes|" "$CONFIG"
	keep_kdiagd
	deaf_pipeliner
	cp "/proc/$(daemon_pid)/status" "$SHARED/status.before"
	fds >"$SHARED/fds.before"
}

# A shell of its own waits for the daemon, so that the last test can ask for its exit status.
keep_kdiagd() {
	{
		"$BUILD_DIR/kdiagd" -f -c "$CONFIG" >"$LOG" 2>&1 &
		echo $! >"$SHARED/pid"
		wait $!
		echo $? >"$SHARED/exit"
	} >/dev/null 2>&1 3>&- &
	wait_for 20 found_all
}

found_all() {
	[ "$(json '.streams | length' status)" -eq 303 ]
}

# Asks 100,000 times without reading one answer: there since the start, and to be dropped by the end of the file.
deaf_pipeliner() {
	yes '{"op":"status"}' 2>/dev/null | head -n 100000 | socat -u STDIN,ignoreeof "UNIX-CONNECT:$SOCKET" >/dev/null 2>&1 3>&- &
	echo $! >"$SHARED/deaf.pid"
}

setup() {
	AWS_PORT=$(cat "$SHARED/aws.port")
}

teardown_file() {
	local name
	for name in deaf.pid pid aws.pid; do
		kill "$(cat "$SHARED/$name")" 2>/dev/null || true
	done
}

teardown() {
	no_clients
	stop_kdiagd # one of the test's own
	[ -z "${OPEN_DIR:-}" ] || rm -rf "$OPEN_DIR"
}

HELPERS=()

daemon_pid() {
	cat "$SHARED/pid"
}

fds() {
	ls "/proc/${1:-$(daemon_pid)}/fd" | wc -l
}

# client FILE COMMAND...: in the background until the end of the test, its output to the file. It has begun when this returns: a
# shell that is killed before it became the command would run this test's teardown.
client() {
	local file="$1"
	shift
	"$@" <&0 >"$file" 2>/dev/null 3>&- &
	HELPERS+=($!)
	wait_for 5 has_begun $!
}

has_begun() {
	[[ "$(cat "/proc/$1/comm" 2>/dev/null)" != "$(cat "/proc/$$/comm")" ]]
}

# subscriber FILE
subscriber() {
	client "$1" socat -t 60 - "UNIX:$SOCKET" <<<'{"op":"subscribe"}'
}

no_clients() {
	((${#HELPERS[@]} == 0)) || kill "${HELPERS[@]}" 2>/dev/null || true
	HELPERS=()
}

serves() {
	[ "$(json '.streams[0].name' status orders)" = orders ]
}

code() {
	jq -r '.error.code'
}

# refuses LINE CODE MESSAGE: exactly one answer, which is that error.
refuses() {
	local answer
	answer=$(ask "$1")
	[ "$(wc -l <<<"$answer")" -eq 1 ]
	[ "$(code <<<"$answer")" = "$2" ]
	[[ "$(jq -r .error.message <<<"$answer")" == *"$3"* ]] || {
		echo "$answer" >&2
		return 1
	}
}

repeat() {
	printf "%.0s$1" $(seq "$2")
}

@test "the README's one-liners work as they stand there" {
	grep -qF "echo '{\"op\":\"status\",\"stream\":\"orders\"}' | socat - UNIX:/run/kdiag/kdiagd.sock" "$ROOT/README.md"
	echo '{"op":"status"}' | socat - "UNIX:$SOCKET" | jq -e '.ok and .v == 1 and (.result.streams | length) == 303'
	echo '{"op":"status","stream":"orders"}' | socat - "UNIX:$SOCKET" | jq -e '.result.streams[0].name == "orders"'
}

@test "status in its brief form: what a screen has room for, and the sums of the whole" {
	ask '{"op":"status"}' >"$BATS_TEST_TMPDIR/whole"
	ask '{"op":"status","brief":true}' >"$BATS_TEST_TMPDIR/brief"
	jq -se '.[0].result as $whole | .[1].result | (.streams | length) <= 20 and all(.streams[]; .verdict != "ok" and .argument) and
		(.totals | .critical + .warning + .unknown + .ok) == ($whole.streams | length) and
		.totals.warning == ([$whole.streams[] | select(.verdict == "warning")] | length) and
		.self == $whole.self' "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/brief"
	refuses '{"op":"status","brief":1}' bad_request "brief is not a boolean"
}

@test "what is no request is answered with one sentence, and the next one is served" {
	refuses 'x' bad_request "the request is no JSON: line 1, column 1"
	refuses '' bad_request "the request is no JSON"
	refuses '{"op":"status"' bad_request "the request is no JSON"
	refuses '{"op":"status"} {"op":"status"}' bad_request "the request is no JSON"
	refuses '{"op":"status","op":"reload"}' bad_request "duplicate"
	refuses '["op","status"]' bad_request "the request is no JSON object"
	refuses 'null' bad_request "the request is no JSON object"
	refuses '{"cmd":"status"}' bad_request 'the request has no "op"'
	refuses '{"op":["status"]}' bad_request 'the request'"'"'s "op" is not a string'
	refuses '{"op":"statsu"}' unknown_op 'there is no operation "statsu" (did you mean "status"?)'
	refuses "{\"op\":\"$(repeat x 5000)\"}" unknown_op 'there is no operation "xxxx'
	refuses '{"op":"status","stream":5}' bad_request "stream is not a string"
	refuses '{"op":"status","stream":"ordesr"}' no_such_stream "did you mean orders?"
	refuses '{"op":"status","stream":"or\u0000ders"}' bad_request "the request is no JSON"
	refuses '{"op":"findings","all":"yes"}' bad_request "all is not a boolean"
	refuses '{"op":"show","id":17}' bad_request "id is not a string"
	refuses '{"op":"show"}' bad_request "id is missing"
	refuses '{"op":"show","id":"ffffffff"}' no_such_id "no finding has the id ffffffff"
	refuses '{"op":"run","probe":{}}' bad_request "probe is not a string"
	refuses '{"op":"run","probe":"shard_cuont"}' no_such_probe shard_cuont
	refuses '{"op":"diagnose"}' bad_request "stream is missing"
	refuses '{"op":"diagnose","stream":"orders","symptom":3}' bad_request "symptom is not a string"
	refuses '{"op":"facts","stream":[]}' bad_request "stream is not a string"
	serves
}

@test "1 MB on a line, bytes that are no UTF-8, 10,000 deep" {
	head -c 1000000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/long"
	[ "$(socat -t 5 - "UNIX:$SOCKET" <"$BATS_TEST_TMPDIR/long" | code)" = too_long ]
	# 64 KiB are a line, one byte more is too much.
	head -c 65536 "$BATS_TEST_TMPDIR/long" | { cat; echo; } | socat -t 5 - "UNIX:$SOCKET" >"$BATS_TEST_TMPDIR/out"
	[ "$(code <"$BATS_TEST_TMPDIR/out")" = bad_request ]
	head -c 65537 "$BATS_TEST_TMPDIR/long" | { cat; echo; } | socat -t 5 - "UNIX:$SOCKET" >"$BATS_TEST_TMPDIR/out"
	[ "$(code <"$BATS_TEST_TMPDIR/out")" = too_long ]
	refuses $'{"op":"\xff\xfe\xc0\x80\xed\xa0\x80"}' bad_request "the request is no JSON"
	refuses $'{"op":"st\x01atus"}' bad_request "the request is no JSON"
	refuses '{"op":"\ud800"}' bad_request "the request is no JSON"
	refuses "{\"op\":\"status\",\"x\":$(repeat '[' 10000)$(repeat ']' 10000)}" bad_request "nested more than"
	refuses "$(repeat '{"op":' 10000)" bad_request "nested more than"
	LC_ALL=C not grep -nP '[^\x00-\x7f]' "$BATS_TEST_TMPDIR/out"
	serves
}

@test "a thousand lines of garbage get a thousand answers, and a good one behind them its own" {
	LC_ALL=C awk 'BEGIN { srand(7); for (i = 0; i < 1000; i++) { line = sprintf("{\"op\":%d", i % 3)
		for (j = 0; j < 60; j++) { c = int(rand() * 256); if (c != 10) line = line sprintf("%c", c) }
		print line } print "{\"op\":\"probes\"}" }' >"$BATS_TEST_TMPDIR/garbage"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/garbage")" -eq 1001 ]
	socat -t 10 - "UNIX:$SOCKET" <"$BATS_TEST_TMPDIR/garbage" >"$BATS_TEST_TMPDIR/answers"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/answers")" -eq 1001 ]
	[ "$(head -n 1000 "$BATS_TEST_TMPDIR/answers" | code | sort -u)" = bad_request ]
	tail -n 1 "$BATS_TEST_TMPDIR/answers" | jq -e .ok
	head -c 300000 /dev/urandom | socat -t 10 - "UNIX:$SOCKET" >"$BATS_TEST_TMPDIR/answers"
	not grep -v '"ok":false' "$BATS_TEST_TMPDIR/answers"
	serves
}

@test "a client that writes byte by byte, one that shuts its side, one that leaves before the answer" {
	slow() {
		local i line='{"op":"probes"}'
		for ((i = 0; i < ${#line}; i++)); do
			printf '%s' "${line:i:1}"
			sleep 0.02
		done
	}
	slow | socat -t 5 - "UNIX:$SOCKET" >"$BATS_TEST_TMPDIR/slow" 3>&- &
	serves
	wait $!
	jq -e .ok "$BATS_TEST_TMPDIR/slow"
	# Without a newline, and shut at once: still answered, twice.
	printf '{"op":"probes"}\n{"op":"status","stream":"clicks"}' | socat -t 5 - "UNIX:$SOCKET" | jq -se 'map(.ok) == [true, true]'
	for ((i = 0; i < 20; i++)); do
		echo '{"op":"run","stream":"orders","probe":"shard_count"}' | socat -u - "UNIX:$SOCKET"
	done
	serves
}

@test "a subscriber that has shut its writing side still hears what changes" {
	subscriber "$BATS_TEST_TMPDIR/events"
	wait_for 5 grep -q '"subscribed":true' "$BATS_TEST_TMPDIR/events"
	cp "$CONFIG" "$BATS_TEST_TMPDIR/good"
	echo 'nonsense: true' >>"$CONFIG"
	run ctl reload
	[ "$status" -eq 1 ]
	wait_for 5 grep -q '"event":"opened".*"check":"config"' "$BATS_TEST_TMPDIR/events"
	cp "$BATS_TEST_TMPDIR/good" "$CONFIG"
	ctl reload
	wait_for 5 grep -q '"event":"resolved".*"check":"config"' "$BATS_TEST_TMPDIR/events"
	jq -e . "$BATS_TEST_TMPDIR/events" >/dev/null
}

@test "half of the clients may subscribe; the others hear that it is too much" {
	subscribers() {
		cat "$BATS_TEST_TMPDIR"/sub.* 2>/dev/null | grep -c '"ok":' # its answer; a change may follow
	}
	all_answered() {
		[ "$(subscribers)" -ge 40 ]
	}
	for ((i = 0; i < 40; i++)); do
		subscriber "$BATS_TEST_TMPDIR/sub.$i"
	done
	wait_for 10 all_answered
	[ "$(cat "$BATS_TEST_TMPDIR"/sub.* | grep -c '"subscribed":true')" -eq 32 ]
	[ "$(cat "$BATS_TEST_TMPDIR"/sub.* | grep -c '"code":"busy"')" -eq 8 ]
	[ "$(subscribers)" -eq 40 ]
	serves
}

@test "100 clients at once: 64 are in, the others are told, and all is well when they are gone" {
	local i busy
	for ((i = 0; i < 100; i++)); do
		client "$BATS_TEST_TMPDIR/c.$i" socat -u "UNIX-CONNECT:$SOCKET" STDOUT
	done
	turned_away() {
		[ "$(grep -l '"code":"busy"' "$BATS_TEST_TMPDIR"/c.* | wc -l)" -ge 36 ]
	}
	wait_for 10 turned_away
	run ctl status
	[ "$status" -eq 3 ]
	[[ "$output" == *"64 clients are connected already"* ]]
	[ "${#lines[@]}" -eq 1 ]
	busy=$(grep -l '"code":"busy"' "$BATS_TEST_TMPDIR"/c.* | wc -l)
	[ "$busy" -ge 36 ]
	[ "$busy" -le 40 ] # the deaf one has a place, and those before may not have gone altogether
	no_clients
	wait_for 5 serves
}

@test "a subscriber that does not read is dropped, and the others hear everything" {
	local deaf stream
	client /dev/null socat -u STDIN,ignoreeof "UNIX-CONNECT:$SOCKET" <<<'{"op":"subscribe"}'
	deaf=${HELPERS[0]}
	subscriber "$BATS_TEST_TMPDIR/events"
	wait_for 5 grep -q '"subscribed":true' "$BATS_TEST_TMPDIR/events"
	# noise FINDINGS EVENT: each of the three streams has so many from now on; 3,000 are EVENT.
	noise() {
		sed -i "s/findings: [0-9]*/findings: $1/" "$CONFIG"
		ctl reload
		for stream in orders clicks audit; do ctl run "$stream" many >/dev/null; done
		wait_for 10 heard 3000 "$2"
	}
	heard() {
		[ "$(grep -c "\"event\":\"$2\".*\"probe\":\"many\"" "$BATS_TEST_TMPDIR/events")" -eq "$1" ]
	}
	noise 1000 opened
	noise 0 resolved
	wait_for 10 grep -q "dropped a client of the control socket (uid $EUID, pid $deaf): it does not read" "$LOG"
	jq -e . "$BATS_TEST_TMPDIR/events" >/dev/null
	serves
}

@test "a reader's rights are the file's, a changer's are the group's" {
	((EUID == 0)) || skip "only root can be somebody else"
	local users games
	users=$(getent group users | cut -d: -f3) && games=$(getent group games | cut -d: -f3) ||
		skip "no groups users and games here"
	OPEN_DIR=$(mktemp -d)
	chmod 755 "$OPEN_DIR"
	cp "$BUILD_DIR/kdiagctl" "$OPEN_DIR"
	SOCKET="$OPEN_DIR/k.sock" CONFIG="$BATS_TEST_TMPDIR/kdiagd.yaml" LOG="$BATS_TEST_TMPDIR/kdiagd.log"
	write_config 'streams: [{name: orders}]'
	sed -i 's/^daemon: {/&operators: games, /' "$CONFIG"
	start_kdiagd
	[ "$(stat -c %a "$SOCKET")" = 660 ]
	chgrp users "$SOCKET"
	# as UID GID GROUPS COMMAND...
	as() {
		setpriv --reuid "$1" --regid "$2" --groups "$3" "$OPEN_DIR/kdiagctl" -s "$SOCKET" "${@:4}"
	}
	run as 65533 65533 65533 findings
	[ "$status" -eq 3 ]
	[ "$output" = "kdiagctl: you may not open $SOCKET: join its group (sudo usermod -aG users YOU) and log in anew" ]
	run as 65533 65533 65533 check orders
	[ "$status" -eq 3 ]
	[[ "$output" == "UNKNOWN - you may not open"* ]]
	# A member of the socket's group reads, and changes nothing.
	run as 65533 65533 "$users" probes
	[ "$status" -eq 0 ]
	[[ "$output" == *shard_count* ]]
	run as 65533 65533 "$users" run orders
	[ "$status" -eq 1 ]
	[ "$output" = "kdiagctl: run is for root, kdiagd's user and the group games; you are uid 65533" ]
	run as 65533 65533 "$users" reload
	[ "$status" -eq 1 ]
	[[ "$output" == *"reload is for root"* ]]
	# Operators: by the group that they run with, and by the user database.
	run as 65533 "$games" "$users" reload
	[ "$status" -eq 0 ]
	run as "$(id -u games)" 65533 "$users" reload
	[ "$status" -eq 0 ]
	# Nobody any more, when the config says so.
	sed -i 's/operators: games, //' "$CONFIG"
	ctl reload
	run as 65533 "$games" "$users" reload
	[ "$status" -eq 1 ]
	[[ "$output" == *"reload is for root and kdiagd's user; you are uid 65533 (daemon.operators may name a group)" ]]
	stop_kdiagd
	log_is_clean
}

@test "file descriptors run low: no client until one is free, and then as before" {
	local i base
	SOCKET="$BATS_TEST_TMPDIR/k.sock" CONFIG="$BATS_TEST_TMPDIR/kdiagd.yaml" LOG="$BATS_TEST_TMPDIR/kdiagd.log"
	write_config 'streams: [{name: orders}]'
	start_kdiagd
	wait_for 5 looked
	base=$(fds "$KDIAGD_PID")
	prlimit --pid "$KDIAGD_PID" --nofile="$((base + 8)):$((base + 8))"
	for ((i = 0; i < 20; i++)); do
		client /dev/null socat -u "UNIX-CONNECT:$SOCKET" STDOUT
	done
	wait_for 5 grep -q "no new client of the control socket until a file descriptor is free" "$LOG"
	kill -0 "$KDIAGD_PID"
	no_clients
	wait_for 10 serves
	grep -q "clients of the control socket are let in again" "$LOG"
	[ "$(grep -c "until a file descriptor is free" "$LOG")" -le 2 ]
	good() { ctl run orders && has_verdict orders ok; }
	wait_for 10 good
	stop_kdiagd
	log_is_clean
}

@test "after all that: the deaf one was dropped, no descriptor and little memory was lost, and it ends well" {
	local pid
	pid=$(daemon_pid)
	wait_for 40 grep -q "dropped a client of the control socket (uid $EUID, pid $(cat "$SHARED/deaf.pid")): it does not read" "$LOG"
	serves
	# Some 300 clients came and went; connections to AWS are kept for a while, 8 at most.
	few_fds() { (($(fds) <= $(cat "$SHARED/fds.before") + 8)); }
	wait_for 10 few_fds
	if ! grep -q __asan_init "$BUILD_DIR/kdiagd"; then
		(($(awk '/VmHWM/ {print $2}' "/proc/$pid/status") - $(awk '/VmHWM/ {print $2}' "$SHARED/status.before") < 24000))
	fi
	kill -TERM "$pid"
	wait_for "$(stop_seconds)" is_gone "$pid"
	wait_for 5 test -s "$SHARED/exit"
	[ "$(cat "$SHARED/exit")" -eq 0 ]
	[ ! -e "$SOCKET" ]
	log_is_clean
}
