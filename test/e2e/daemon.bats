#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kdiagd and kdiagctl as a user has them: each command, the config, reload, restart.
bats_require_minimum_version 1.5.0

load helpers
load daemon

setup() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 8}
		  - {name: clicks, region: eu-west-1, shards: 6}
		  - {name: events, mode: ON_DEMAND, shards: 4}
		  - {name: audit, shards: 2}
	YAML
	write_config "$(cat <<-'YAML'
		streams:
		  - {name: orders, expect: {shard_count: 8, retention_hours: 24}}
		  - {name: clicks, region: eu-west-1, expect: {shard_count: 8}}
		  - {name: events, expect: {stream_mode: ON_DEMAND}}
		  - {name: audit, expect: {encryption: KMS}}
		  - {name: missing}
	YAML
	)"
}

teardown() {
	stop_kdiagd
	stop_awssim
}

up() {
	start_kdiagd
	wait_for 10 looked
}

@test "status: verdicts, exit status, worst first, 80 columns" {
	up
	run ctl status
	[ "$status" -eq 2 ]
	[[ "${lines[0]}" == "kdiagd "*"5 streams"* ]]
	[[ "${lines[1]}" == "CRIT  missing"* ]]
	[[ "$output" == *"WARN  clicks"*"6 open shards, 8 expected"* ]]
	[[ "$output" == *"ok    2 streams"* ]]
	[[ "$output" == *"kdiagctl diagnose missing"* ]]
	not grep -nE '^.{81,}' <<<"$output"
	[ "$(grep -c missing <<<"$output")" -le 3 ] # one cause is one finding
	[ "$(json '[.streams[] | [.name, .verdict] | join("=")] | sort | join(" ")' status)" = \
		"audit=warning clicks=warning events=ok missing=critical orders=ok" ]
	[ "$(json '.healthy' status)" = true ]
	[ "$(json '.api.calls > 0' status)" = true ]
	run ctl status orders
	[ "$status" -eq 0 ]
	run ctl status clicks
	[ "$status" -eq 1 ]
	run ctl status eu-west-1/clicks
	[ "$status" -eq 1 ]
	stop_kdiagd
	log_is_clean
}

@test "a stream that nobody watches: one sentence with a suggestion" {
	up
	run ctl status ordesr
	[ "$status" -eq 3 ]
	[[ "$output" == *"no stream ordesr is watched (did you mean orders?)"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "findings, show by id and by prefix, all" {
	up
	run ctl findings
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == *missing* || "${lines[1]}" == *missing* ]]
	id=$(json '.[] | select(.stream == "clicks") | .id' findings)
	[ "${#id}" -eq 8 ]
	run ctl show "$id"
	[ "$status" -eq 0 ]
	[[ "$output" == *"shard_count/count"* ]]
	[[ "$output" == *"aws kinesis update-shard-count"* ]]
	run ctl show "${id:0:6}"
	[ "$status" -eq 0 ]
	run ctl show ffffffff
	[ "$status" -eq 1 ]
	[[ "$output" == *"no finding has the id ffffffff"* ]]
	[ "$(json 'length' findings --all)" -gt "$(json 'length' findings)" ]
	# The same finding has the same id after a restart.
	stop_kdiagd
	up
	[ "$(json '.[] | select(.stream == "clicks" and .probe == "shard_count") | .id' findings)" = "$id" ]
}

@test "run looks now; diagnose shows the runbook with the cause and the command" {
	write_config "$(sed -n '/^streams/,$p' "$CONFIG")" 1h
	up
	awssim_post stream '{"name":"orders","shards":5}' >/dev/null
	run ctl run orders shard_count
	[ "$status" -eq 0 ]
	[[ "$output" == *"5 open shards, 8 expected"* ]]
	has_verdict orders warning
	run ctl run orders nosuch
	[ "$status" -eq 1 ]
	run ctl diagnose orders
	[[ "$output" == *"Stream not capturing data"* ]]
	[[ "$output" == *"Permission issues"* ]]
	[[ "$output" == *"High latency"* ]]
	[[ "$output" == *"5 open shards, 8 expected"* ]]
	[[ "$output" == *"aws kinesis update-shard-count --stream-name orders"* ]]
	run ctl diagnose orders --symptom nonsense
	[ "$status" -ne 0 ]
	[[ "$output" == *"high_latency"* ]]
}

@test "watch shows changes as they come" {
	up
	"$BUILD_DIR/kdiagctl" -s "$SOCKET" watch >"$BATS_TEST_TMPDIR/watch" 2>&1 3>&- &
	watcher=$!
	has_subscriber() { grep -q . "$BATS_TEST_TMPDIR/watch" || awssim_post stream '{"name":"orders","status":"DELETING"}'; grep -q orders "$BATS_TEST_TMPDIR/watch"; }
	wait_for 10 has_subscriber
	grep -E 'CRIT +orders' "$BATS_TEST_TMPDIR/watch"
	kill -TERM "$watcher" # bash starts it with SIGINT ignored
	wait "$watcher" || true
}

@test "check is a Nagios plugin" {
	up
	run ctl check missing
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" =~ ^CRITICAL\ -\ .*missing.*\|\ .*critical=1 ]]
	run ctl check orders
	[ "$status" -eq 0 ]
	[[ "$output" == OK* ]]
	run ctl check nosuch
	[ "$status" -eq 3 ]
	run ctl check
	[ "$status" -eq 2 ] || [ "$status" -eq 3 ]
}

@test "probes lists them; facts can be replayed offline with the same findings" {
	up
	run ctl probes
	[[ "$output" == *stream_status* && "$output" == *shard_count* && "$output" == *config_drift* ]]
	ctl facts clicks >"$BATS_TEST_TMPDIR/facts.json"
	run "$BUILD_DIR/kdiagctl" replay "$BATS_TEST_TMPDIR/facts.json" shard_count
	[ "$status" -eq 0 ]
	[[ "$output" == *"6 open shards, 8 expected"* ]]
	run "$BUILD_DIR/kdiagctl" replay "$BATS_TEST_TMPDIR/facts.json" nosuch
	[ "$status" -eq 1 ]
	echo 'no json' >"$BATS_TEST_TMPDIR/bad.json"
	run "$BUILD_DIR/kdiagctl" replay "$BATS_TEST_TMPDIR/bad.json" shard_count
	[ "$status" -eq 1 ]
	[[ "$output" == *bad.json* ]]
}

@test "reload takes a new file whole: streams come, go and change" {
	up
	id=$(json '.[] | select(.stream == "clicks") | .id' findings)
	sed -i '/missing/d; /audit/d; s/shard_count: 8}}$/shard_count: 6}}/' "$CONFIG"
	echo '  - {name: payments}' >>"$CONFIG"
	awssim_post stream '{"name":"payments","shards":2}' >/dev/null
	run ctl reload
	[ "$status" -eq 0 ]
	[[ "$output" == *"4 streams"* ]]
	wait_for 10 looked
	wait_for 10 has_verdict clicks ok
	[ "$(json '[.streams[].name] | sort | join(" ")' status)" = "clicks events orders payments" ]
	[ "$(json ".[] | select(.id == \"$id\") | .state" findings --all)" = resolved ]
	grep -q 'resolved.*missing' "$LOG"
}

@test "a broken file changes nothing, by reload and by SIGHUP, and is a finding of self until it is mended" {
	up
	cp "$CONFIG" "$BATS_TEST_TMPDIR/good"
	sed -i 's/shard_count/shards/' "$CONFIG"
	run ctl reload
	[ "$status" -eq 1 ]
	[[ "$output" == *'kdiagd.yaml:5:'*'unknown key "shards"'*'shard_count'* ]]
	[ "$(json '.streams | length' status)" = 5 ]
	self_open config
	: >"$CONFIG"
	kill -HUP "$KDIAGD_PID"
	wait_for 5 grep -q 'the config of before stays' "$LOG"
	[ "$(json '.streams | length' status)" = 5 ]
	cp "$BATS_TEST_TMPDIR/good" "$CONFIG"
	kill -HUP "$KDIAGD_PID"
	wait_for 5 self_none config
}

@test "reload to another endpoint and other credentials moves the streams" {
	up
	sed -i 's/pace: unlimited/pace: 50%/' "$CONFIG"
	run ctl reload
	[ "$status" -eq 0 ]
	ctl run orders
	has_verdict orders ok
	has_verdict clicks warning # what was open stays so
}

@test "kill -9 and start again: the socket that was left behind is no hindrance; a second daemon is refused" {
	up
	run "$BUILD_DIR/kdiagd" -f -c "$CONFIG"
	[ "$status" -eq 1 ]
	[[ "$output" == *"another kdiagd listens on $SOCKET"* ]]
	kill -KILL "$KDIAGD_PID"
	wait "$KDIAGD_PID" || true
	[ -S "$SOCKET" ]
	run ctl status
	[ "$status" -eq 3 ]
	[[ "$output" == *"no kdiagd at $SOCKET"* ]]
	up
	has_verdict orders ok
	stop_kdiagd
	[ ! -e "$SOCKET" ]
}

@test "-t, --options, --version, --help, and wrong words" {
	run "$BUILD_DIR/kdiagd" -t -c "$CONFIG"
	[ "$status" -eq 0 ]
	[[ "$output" == *"5 streams"* && "$output" == *"metrics cost about \$31.75 a month; "* ]] # 5 x $6.35: probes/README.md
	run "$BUILD_DIR/kdiagd" --options --probes "$BUILD_DIR/probes"
	[ "$status" -eq 0 ]
	[[ "$output" == *updating_warning* && "$output" == *heartbeat* ]]
	not grep -nE '^.{81,}' <<<"$output"
	"$BUILD_DIR/kdiagd" --options --json --probes "$BUILD_DIR/probes" | jq -e . >/dev/null
	run "$BUILD_DIR/kdiagd" --version
	[[ "$output" == "kdiagd "[0-9]* ]]
	run "$BUILD_DIR/kdiagd" --help
	[ "$status" -eq 0 ]
	run "$BUILD_DIR/kdiagd" --nonsense
	[ "$status" -eq 2 ]
	run "$BUILD_DIR/kdiagd" start
	[ "$status" -eq 2 ]
	run "$BUILD_DIR/kdiagd" -f -c /nowhere/kdiagd.yaml
	[ "$status" -eq 1 ]
	[[ "$output" == */nowhere/kdiagd.yaml* ]]
	run ctl statsu
	[ "$status" -eq 2 ]
	[[ "$output" == *'did you mean "status"'* ]]
}

@test "-1 looks once and ends with the worst severity" {
	run --separate-stderr "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 2 ]
	[[ "${lines[0]}" == critical*missing* ]]
	[ -z "$stderr" ]
	"$BUILD_DIR/kdiagd" -1 --json -c "$CONFIG" >"$BATS_TEST_TMPDIR/out" || true
	[ "$(jq -r '.[0].stream' "$BATS_TEST_TMPDIR/out")" = missing ]
	sed -i '/missing/d' "$CONFIG"
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 1 ]
	sed -i '/audit/d; /clicks/d' "$CONFIG"
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 0 ]
	stop_awssim
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 3 ]
	[[ "$output" == *"could not"* || "$output" == *"no answer"* ]]
	[ "$(grep -c '^unknown  orders us-east-1 ' <<<"$output")" -eq 1 ] # what has one cause is one line
	[[ "$output" == *"config_drift/encryption (and "*" more): could not reach "* ]]
}

@test "a stream is not ok before every probe has looked" {
	write_config 'streams: [{name: orders}]' 60s # without log groups and principals, two probes know at once that all is well
	fault hang
	start_kdiagd
	some_looked() { [[ "$(json '.streams[0].as_of' status)" != null ]]; }
	wait_for 5 some_looked
	[ "$(json '.streams[0] | "\(.verdict) \(.complete)"' status)" = "unknown false" ]
	run ctl status
	[ "$status" -eq 3 ]
	[[ "$output" == *"?  orders  us-east-1  not all probes have looked yet"* ]]
	run ctl check orders
	[ "$status" -eq 3 ]
	[[ "$output" == "UNKNOWN - orders: not all probes have looked yet | "* ]]
	run ctl status orders
	[ "$status" -eq 3 ]
	[[ "$output" == *$'\n?     not all probes have looked yet'* ]]
	stop_kdiagd
}

@test "a name that looks like an option: the commands to type work all the same" {
	only_probes shard_count
	awssim_post stream '{"name":"-dash","shards":2}' >/dev/null
	write_config 'streams: [{name: "-dash", expect: {shard_count: 3}}]'
	up
	run ctl status
	[ "${lines[-1]}" = "kdiagctl diagnose us-east-1/-dash   for the runbook of the worst" ]
	run ctl diagnose us-east-1/-dash
	[[ "$output" == *"aws kinesis update-shard-count --stream-name=-dash --target-shard-count 3 "* ]]
}

@test "what cannot be seen for one reason: the reason is said once, and is the cause" {
	only_probes stream_status config_drift
	AWS_PORT=1 write_config 'streams: [{name: orders}]' # nobody listens there
	up
	run ctl status
	[ "$(grep -c '^?  orders' <<<"$output")" -le 1 ]
	run ctl status orders
	[ "$(grep -c 'could not' <<<"$output")" -eq 1 ]
	[[ "$output" == *"config_drift/retention "*" the same "* ]]
	run ctl diagnose orders --symptom stream_not_capturing_data
	[[ "$output" == *"Compare the stream with its declared parameters: the same "* ]]
	[[ "$output" == *"cause   could not reach 127.0.0.1:1: connection refused"* ]]
	[ "${lines[-1]}" = "next    kdiagctl status" ]
	stop_kdiagd
	log_is_clean
}

@test "it goes into the background, and says so by its exit status" {
	run "$BUILD_DIR/kdiagd" -c "$CONFIG"
	[ "$status" -eq 0 ]
	pid=$(json .pid status)
	wait_for 10 looked
	kill -TERM "$pid"
	wait_for 2 is_gone "$pid"
	sed -i 's/orders/or ders/' "$CONFIG"
	run "$BUILD_DIR/kdiagd" -c "$CONFIG"
	[ "$status" -eq 1 ]
}

@test "discover finds streams by pattern, in each region" {
	sed -i '/^streams/,$d' "$CONFIG"
	cat >>"$CONFIG" <<-'YAML'
		discover:
		  - {regions: [us-east-1, eu-west-1], match: "*s"}
	YAML
	start_kdiagd
	wait_for 10 looked
	found() { [ "$(json '[.streams[].name] | sort | join(" ")' status)" = "clicks events orders" ]; }
	wait_for 10 found
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[[ "$output" == *orders* && "$output" == *clicks* && "$output" != *audit* ]]
	stop_kdiagd
	sed -i 's/match: .*}/match: "nosuch-*"}/' "$CONFIG"
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 3 ]
	[ "$output" = "kdiagd: no stream to look at: discover has found none (its match and regions)" ]
	rm -f "$BATS_TEST_TMPDIR"/kdiag.db*
	start_kdiagd
	run ctl status
	[ "$status" -eq 3 ]
	[[ "${lines[1]}" == "?     no stream is watched yet: discover has found none "* ]]
}

@test "no colour in a pipe, colour on a terminal, none under NO_COLOR" {
	up
	run ctl status
	[[ "$output" != *$'\e['* ]]
	run script -qec "$BUILD_DIR/kdiagctl -s $SOCKET status" /dev/null
	[[ "$output" == *$'\e['* ]]
	NO_COLOR=1 run script -qec "$BUILD_DIR/kdiagctl -s $SOCKET status" /dev/null
	[[ "$output" != *$'\e['* ]]
	run script -qec "$BUILD_DIR/kdiagctl --no-color -s $SOCKET status" /dev/null
	[[ "$output" != *$'\e['* ]]
}
