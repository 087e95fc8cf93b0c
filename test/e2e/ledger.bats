#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Findings that last: restart, kill -9, acks, silences, the database in all its states, and one line a change through the real syslog(3).
bats_require_minimum_version 1.5.0

load helpers
load daemon

only_probes config_drift shard_count stream_status
load devlog

DB="$BATS_TEST_TMPDIR/kdiag.db"
RECEIVED="$BATS_TEST_TMPDIR/received"

setup() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 8}
		  - {name: clicks, shards: 6}
		  - {name: audit, shards: 2}
	YAML
	write_config "$(cat <<-'YAML'
		probes: {shard_count: {resolve: 1 of 1, flapping: 0}}
		streams:
		  - {name: orders, expect: {shard_count: 8}}
		  - {name: clicks, expect: {shard_count: 8}}
		  - {name: audit, expect: {shard_count: 8}}
	YAML
	)"
}

teardown() {
	[[ -z "${TRACER:-}" ]] || mend_fsync 2>/dev/null || true
	[[ -z "${LOADER:-}" ]] || kill "$LOADER" 2>/dev/null || true
	stop_kdiagd
	[[ -z "${RECEIVER:-}" ]] || kill "$RECEIVER" 2>/dev/null || true
	stop_awssim
}

up() {
	start_kdiagd "$@"
	wait_for 10 looked
}

kill_kdiagd() {
	kill -KILL "$KDIAGD_PID"
	wait "$KDIAGD_PID" 2>/dev/null || true
	KDIAGD_PID=
}

sql() {
	python3 "$BATS_TEST_DIRNAME/ledger.py" sql "$DB" "$1"
}

finding() {
	json ".[] | select(.stream == \"$1\" and .check == \"count\") | .$2" findings --all
}

written() {
	[[ "$(sql "$1")" == "$2" ]]
}

@test "findings, first_seen, acks and silences survive a restart and kill -9; nothing opens twice" {
	up
	id=$(finding clicks id)
	since=$(finding clicks first_seen)
	ask "{\"op\":\"ack\",\"id\":\"$id\",\"text\":\"looking\"}" | jq -e '.ok'
	ask '{"op":"silence","stream":"audit","probe":"shard_count","for_s":3600,"text":"maintenance"}' | jq -e '.ok'
	stop_kdiagd
	for end in kill_kdiagd stop_kdiagd; do
		up
		[ "$(finding clicks first_seen)" = "$since" ]
		[ "$(finding clicks ack.text)" = looking ]
		[ "$(finding clicks ack.uid)" = "$(id -u)" ]
		[ "$(finding audit silenced_until)" != null ]
		[ "$(json '[.acked, .silenced] | join(" ")' status)" = "1 1" ]
		$end
	done
	[ "$(sql "SELECT count(*) FROM changes WHERE event = 'opened' AND id = '$id'")" = 1 ]
	python3 "$BATS_TEST_DIRNAME/ledger.py" check "$DB"
	log_is_clean
}

@test "history: oldest first, by stream, since, with who and why" {
	up
	id=$(finding clicks id)
	ask "{\"op\":\"ack\",\"id\":\"${id:0:5}\",\"text\":\"looking\"}" | jq -e '.ok'
	ask "{\"op\":\"unack\",\"id\":\"$id\"}" | jq -e '.ok'
	[ "$(ask '{"op":"history","stream":"clicks"}' | jq -r '[.result[].event] | join(" ")')" = "opened acked unacked" ]
	[ "$(ask '{"op":"history","stream":"clicks"}' | jq -r '.result[1].why')" = looking ]
	[[ "$(ask '{"op":"history","stream":"clicks"}' | jq -r '.result[1].by')" == *"uid $(id -u)"* ]]
	[ "$(ask '{"op":"history"}' | jq '[.result[].seq] == ([.result[].seq] | sort)')" = true ]
	[ "$(ask '{"op":"history","since":"2100-01-01T00:00:00Z"}' | jq '.result | length')" = 0 ]
	[ "$(ask '{"op":"history","since":"yesterday"}' | jq -r .error.code)" = bad_request ]
	stop_kdiagd
	up
	[ "$(ask '{"op":"history","stream":"clicks"}' | jq -r '[.result[].event] | join(" ")')" = "opened acked unacked" ]
}

@test "a silence ends by itself with a line that says so, and can be ended" {
	up
	ask '{"op":"silence","stream":"clicks","for_s":1}' | jq -e '.result.until'
	expired() { [[ "$(ask '{"op":"history","stream":"clicks"}' | jq -r '.result[] | select(.event == "unsilenced") | .by')" == expired ]]; }
	wait_for 5 expired
	id=$(ask '{"op":"silence","stream":"audit","for_s":60}' | jq -r .result.id)
	[ "$(json .silenced status)" = 1 ]
	ask '{"op":"unsilence","stream":"audit"}' | jq -e --arg id "$id" '.result.id == $id'
	[ "$(json .silenced status)" = 0 ]
	[ "$(ask '{"op":"unsilence","stream":"audit"}' | jq -r .error.code)" = no_such_id ]
	[ "$(ask '{"op":"silence","stream":"audit","for_s":0}' | jq -r .error.code)" = bad_request ]
	[ "$(ask '{"op":"silence","stream":"nosuch","for_s":5}' | jq -r .error.code)" = no_such_stream ]
}

@test "a stream that is gone from the config resolves at the next start, with the reason" {
	up
	id=$(finding clicks id)
	stop_kdiagd
	sed -i '/clicks/d' "$CONFIG"
	up
	[ "$(json ".[] | select(.id == \"$id\")" findings --all)" = "" ]
	[ "$(ask '{"op":"history"}' | jq -r ".result[] | select(.id == \"$id\" and .event == \"resolved\") | .why")" = \
		"the stream is no longer in the config" ]
}

@test "a database that is damaged, foreign or newer is put aside under a dated name, and said" {
	head -c 8192 /dev/urandom >"$DB"
	up
	self_open store
	ls "$DB".damaged-*Z
	stop_kdiagd
	rm -f "$DB"*
	sql 'CREATE TABLE theirs (a)'
	up
	self_open store
	python3 "$BATS_TEST_DIRNAME/ledger.py" sql "$(ls "$DB".foreign-*Z)" 'SELECT count(*) FROM theirs'
	stop_kdiagd
	sql 'PRAGMA user_version = 999'
	up
	self_open store
	ls "$DB".newer-*Z
	[ "$(ask '{"op":"history"}' | jq '[.result[] | select(.event == "opened" and .stream == "clicks")] | length')" = 1 ]
}

@test "a second daemon on the same database is refused with a sentence" {
	up
	sed "s|$SOCKET|$SOCKET.two|" "$CONFIG" >"$CONFIG.two"
	chmod 600 "$CONFIG.two"
	run "$BUILD_DIR/kdiagd" -f -c "$CONFIG.two"
	[ "$status" -eq 1 ]
	[[ "$output" == *"another kdiagd keeps its findings in $DB"* ]]
	[ ! -e "$SOCKET.two" ]
}

@test "a disk that is full: the daemon goes on in memory, says so once, and writes when it can again" {
	up
	wait_for 5 written "SELECT count(*) FROM findings WHERE state = 'open'" 2
	prlimit --fsize=4096:unlimited --pid "$KDIAGD_PID"
	awssim_post stream '{"name":"orders","shards":5}' >/dev/null
	wait_for 10 has_verdict orders warning
	wait_for 10 self_open store
	[ "$(ask '{"op":"history","stream":"orders"}' | jq -r '.result[-1].event')" = opened ]
	[ "$(grep -c 'cannot be written' "$LOG")" -le 2 ] # the warning, and the finding
	prlimit --fsize=unlimited:unlimited --pid "$KDIAGD_PID"
	wait_for 15 self_none store
	stop_kdiagd
	python3 "$BATS_TEST_DIRNAME/ledger.py" check "$DB"
	[ "$(sql "SELECT count(*) FROM changes WHERE event = 'opened' AND stream = 'orders'")" = 1 ]
}

# on_disk COMMAND...: where the daemon sees its disk.
on_disk() {
	nsenter -t "$KDIAGD_PID" -m "$@"
}

@test "a small disk: read-only at the start, then full, each said once; what was kept in memory is written when it can be" {
	[[ "$(id -u)" == 0 ]] || skip "only root can mount a disk"
	local disk="$BATS_TEST_TMPDIR/disk"
	unshare --mount true || skip "no mount namespace here"
	mkdir "$disk"
	sed -i "s|$DB|$disk/kdiag.db|" "$CONFIG"
	unshare --mount bash -c 'mount -t tmpfs -o size=512k,ro none "$1" && shift && exec "$@"' disk "$disk" \
		"$BUILD_DIR/kdiagd" -f -c "$CONFIG" >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 10 is_up
	wait_for 10 looked
	wait_for 10 self_open store
	[[ "$(ctl history clicks 2>&1)" == "kdiagctl: the history cannot be read: the database is not open"* ]] # half of it would not be it
	on_disk mount -o remount,rw "$disk"
	wait_for 15 self_none store
	[ "$(events clicks)" = opened ]
	on_disk dd if=/dev/zero of="$disk/fill" bs=4k status=none || true
	awssim_post stream '{"name":"orders","shards":5}' >/dev/null
	wait_for 10 has_verdict orders warning
	ask "{\"op\":\"ack\",\"id\":\"$(finding orders id)\",\"text\":\"$(printf '%0300d' 0)\"}" | jq -e .ok
	wait_for 10 self_open store
	[[ "$(json '.self[] | select(.check == "store") | .summary' status)" == *"disk is full"* ]]
	[ "$(events orders)" = "opened acked" ]
	on_disk rm "$disk/fill"
	wait_for 15 self_none store
	on_disk python3 "$BATS_TEST_DIRNAME/ledger.py" check "$disk/kdiag.db"
	[ "$(ask '{"op":"history"}' | jq '[.result[] | select(.event == "opened" and .check == "store")] | length')" = 2 ]
	stop_kdiagd
	log_is_clean
}

# break_fsync: from now on every fsync of the daemon fails; skips the test where nobody may be traced. mend_fsync ends it.
break_fsync() {
	type -P strace || skip "there is no strace"
	strace -f -qq -o "$BATS_TEST_TMPDIR/strace.out" -e trace=fsync,fdatasync -e inject=fsync,fdatasync:error=EIO \
		-p "$KDIAGD_PID" 2>"$BATS_TEST_TMPDIR/strace.err" 3>&- &
	TRACER=$!
	wait_for 5 is_traced || skip "no process may be traced here: $(head -n 1 "$BATS_TEST_TMPDIR/strace.err")"
}

# Every thread of it; one that is being attached is not there yet.
is_traced() {
	[[ "$(cat "/proc/$KDIAGD_PID"/task/*/status | grep -c '^TracerPid:[^0]*[1-9]')" == "$(find "/proc/$KDIAGD_PID/task" -mindepth 1 -maxdepth 1 | wc -l)" ]]
}

mend_fsync() {
	kill -INT "$TRACER"
	wait "$TRACER" || true
	TRACER=
}

@test "fsync fails: what is told is said to be in memory alone, and is on the disk once it does not" {
	up
	wait_for 5 written "SELECT count(*) FROM findings WHERE state = 'open'" 2
	break_fsync
	awssim_post stream '{"name":"orders","shards":5}' >/dev/null
	wait_for 10 has_verdict orders warning
	wait_for 10 self_open store
	grep -q 'EIO.*INJECTED' "$BATS_TEST_TMPDIR/strace.out"
	[[ "$(json '.self[] | select(.check == "store") | .summary' status)" == *"kdiag.db cannot be written: "*"; findings are in memory alone until it can" ]]
	[ "$(ask '{"op":"history","stream":"orders"}' | jq -r '.result[-1].event')" = opened ]
	ask "{\"op\":\"ack\",\"id\":\"$(finding orders id)\",\"text\":\"looking\"}" | jq -e .ok
	mend_fsync
	wait_for 15 self_none store
	written_all() { written "SELECT count(*) FROM changes WHERE event IN ('opened', 'acked') AND stream = 'orders'" 2; }
	wait_for 5 written_all
	kill_kdiagd
	python3 "$BATS_TEST_DIRNAME/ledger.py" check "$DB"
	up
	[ "$(finding orders ack.text)" = looking ]
	log_is_clean
}

@test "a folder that is not there and cannot be made: the daemon runs, and says so" {
	sed -i "s|$DB|/proc/nowhere/kdiag.db|" "$CONFIG"
	up
	self_open store
	[ "$(ask '{"op":"history","stream":"clicks"}' | jq -r .error.code)" = unreadable ]
	[ "$(finding clicks state)" = open ]
	ask "{\"op\":\"ack\",\"id\":\"$(finding clicks id)\"}" | jq -e .ok
}

# step SECONDS: the daemon's wall clock is off by so much from now on.
step() {
	printf '%-16s' "$1" | dd of="$STEP_CLOCK" conv=notrunc status=none
}

# events STREAM: of its history, in order.
events() {
	ask "{\"op\":\"history\",\"stream\":\"$1\"}" | jq -r '[.result[].event] | join(" ")'
}

@test "the wall clock steps back and forth by an hour: nothing opens, ends or stops by that" {
	export STEP_CLOCK="$BATS_TEST_TMPDIR/step" ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
	cc -shared -fPIC -o "$BATS_TEST_TMPDIR/step.so" "$BATS_TEST_DIRNAME/step_clock.c"
	printf '%-16s' 0 >"$STEP_CLOCK"
	LD_PRELOAD="$BATS_TEST_TMPDIR/step.so" up
	ask '{"op":"silence","stream":"clicks","for_s":3}' | jq -e .ok
	step -3600
	expired() { [[ "$(events clicks)" == "opened silenced unsilenced" ]]; }
	wait_for 10 expired
	[ "$(($(json '.now | fromdate' status) - EPOCHSECONDS))" -lt -3500 ] # or nothing was put to the test
	awssim_post stream '{"name":"orders","shards":5}' >/dev/null
	wait_for 10 has_verdict orders warning
	run ctl status
	[[ "$output" == *"WARN  orders"* ]]
	lacks ' -[0-9]+ (s|min|h)' <(echo "$output")
	ask '{"op":"silence","stream":"audit","for_s":1000}' | jq -e .ok
	step 3600
	awssim_post stream '{"name":"orders","shards":8}' >/dev/null
	wait_for 10 has_verdict orders ok
	# It looks as often as before, of what is silent for 16 min it is silent still, and of the others nothing was said.
	looks_on() { [[ "$(json '.streams | map(.stale == false and (.as_of | fromdate) > 3000 + '"$EPOCHSECONDS"') | all' status)" == true ]]; }
	wait_for 10 looks_on
	[ "$(events audit)" = "opened silenced" ]
	[ "$(events clicks)" = "opened silenced unsilenced" ]
	[ "$(events orders)" = "opened resolved" ]
	[ "$(ask '{"op":"history"}' | jq '[.result[].seq] | . == sort and length == (unique | length)')" = true ]
	ctl history >/dev/null
	stop_kdiagd
	python3 "$BATS_TEST_DIRNAME/ledger.py" check "$DB"
	printf '%-16s' 0 >"$STEP_CLOCK" # the host's clock is right again while kdiagd is down: what comes back is of an hour hence
	LD_PRELOAD="$BATS_TEST_TMPDIR/step.so" up
	[ "$(json .silenced status)" = 1 ]
	run ctl status
	[[ "$output" == *"WARN  clicks"* ]]
	lacks ' -[0-9]+ (s|min|h)' <(echo "$output")
	[ "$(events audit)" = "opened silenced" ]
	log_is_clean
}

# Streams change all the time, faster than the daemon looks.
load_streams() {
	while :; do
		for name in orders clicks audit; do
			curl -sS -m 2 -X POST -d "{\"name\":\"$name\",\"shards\":$((RANDOM % 3 + 6))}" \
				"http://127.0.0.1:$AWS_PORT/_awssim/stream" >/dev/null 2>&1 || return 0
		done
		sleep 0.03
	done
}

@test "kill -9 at random moments under load: nothing is lost, nothing doubled, each change is told once" {
	need_devlog
	python3 "$BATS_TEST_DIRNAME/ledger.py" receive "$BATS_TEST_TMPDIR/log.sock" "$RECEIVED" 3>&- &
	RECEIVER=$!
	wait_for 5 test -S "$BATS_TEST_TMPDIR/log.sock"
	stop_awssim
	export KDIAG_CLOCK="20@$(date +%s)"
	start_awssim "$BATS_TEST_TMPDIR/scenario.yaml"
	sed -i "s/^syslog: .*/syslog: {enabled: true, heartbeat: 0s}/; s/127.0.0.1:[0-9]*/127.0.0.1:$AWS_PORT/" "$CONFIG"
	load_streams 3>&- &
	LOADER=$!
	for ((i = 0; i < ${KDIAG_KILLS:-20}; i++)); do
		with_devlog "$BATS_TEST_TMPDIR/log.sock" "$BUILD_DIR/kdiagd" -f -c "$CONFIG" >>"$LOG" 2>&1 3>&- &
		KDIAGD_PID=$!
		((i % 4 == 3)) || wait_for 10 is_up # one in four may die while it starts
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
		kill_kdiagd
	done
	kill "$LOADER"
	LOADER=
	with_devlog "$BATS_TEST_TMPDIR/log.sock" "$BUILD_DIR/kdiagd" -f -c "$CONFIG" >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 10 is_up
	wait_for 10 looked
	stop_kdiagd
	run python3 "$BATS_TEST_DIRNAME/ledger.py" check "$DB" "$RECEIVED"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "${output%% *}" -ge 10 ]]
	log_is_clean
}
