#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (the hardened build has other files to show itself in)
# What people say of findings: ack and silence, who may, whose name it bears, and what history makes of it.
bats_require_minimum_version 1.5.0

load helpers
load daemon

only_probes config_drift shard_count stream_status

setup() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 5}
		  - {name: clicks, region: eu-west-1, shards: 6}
	YAML
	write_config "$(cat <<-'YAML'
		streams:
		  - {name: orders, expect: {shard_count: 8}}
		  - {name: clicks, region: eu-west-1, expect: {shard_count: 8}}
	YAML
	)"
	sed -i "s|^daemon: {|&operators: $(id -gn nobody), |" "$CONFIG"
	ME="$(id -un) (uid $(id -u))"
	start_kdiagd
	wait_for 10 looked
	wait_for 10 has_verdict orders warning
	wait_for 10 has_verdict clicks warning
	ID=$(json '.[] | select(.stream == "orders" and .check == "count") | .id' findings)
}

teardown() {
	stop_kdiagd
	stop_awssim
}

# as_nobody COMMAND...: as another user, who can reach the socket. Its group, or one of no meaning, in GROUP.
as_nobody() {
	chmod o+x "$BATS_RUN_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_TEST_TMPDIR"
	chmod o+rw "$SOCKET"
	cp -u "$BUILD_DIR/kdiagctl" "$BATS_TEST_TMPDIR/ctl"
	setpriv --reuid="${AS_USER:-nobody}" --regid="$GROUP" --clear-groups "$@"
}

# A `!` in a test proves nothing: set -e overlooks it.
no_match() {
	! grep "$@"
}

events() {
	json '[.[] | [.event, .by // "-", .why // "-"] | join(" ")] | join(", ")' history "$@"
}

@test "ack: one line, shown everywhere, with the name that the kernel gives" {
	run ctl ack "${ID:0:6}" -m looking
	[ "$status" -eq 0 ]
	[ "$output" = "orders shard_count/count ($ID) is acked by $ME until it rises or resolves: looking" ]
	[ "$(json '.ack | [.by, .uid, .text] | join(" ")' show "$ID")" = "$(id -un) $(id -u) looking" ]
	run ctl show "$ID"
	[[ "$output" == *"ack             $ME at "*"Z: looking"* ]]
	[[ "$output" == *"history"*"opened WARN"*"acked by $ME: looking"* ]]
	run ctl findings
	[[ "$output" == *"(acked by $(id -un))"* ]]
	run ctl status
	[ "$status" -eq 1 ] # it still counts
	[[ "$output" == *$'\nacked 1\n'* ]]
	run ctl history orders
	[[ "$output" == *"acked           by $ME: looking"* ]]
	run ctl unack "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = "orders shard_count/count ($ID) is no longer acked" ]
	run ctl unack "$ID"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	run ctl show "$ID"
	[[ "$output" == *"ack             nobody"*"kdiagctl ack $ID -m"* ]]
	[[ "$(events orders)" == *"acked $ME looking, unacked $ME -"* ]]
	stop_kdiagd
	log_is_clean
}

@test "an ack ends with the finding" {
	ctl ack "$ID"
	awssim_post stream '{"name":"orders","shards":8}' >/dev/null
	wait_for 10 has_verdict orders ok
	[ "$(json '.ack' show "$ID")" = null ]
	[ "$(json '.acked' status)" = 0 ]
	run ctl ack "$ID"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	run ctl ack ffffffff
	[ "$status" -eq 1 ]
	[[ "$output" == "kdiagctl: no finding has the id ffffffff" ]]
}

@test "silence a stream: it alarms no longer, is counted apart, and that ends by itself" {
	run ctl silence orders for 2h -m maintenance
	[ "$status" -eq 0 ]
	[[ "$output" == "orders is silent until "*"Z (2 h), by $ME: maintenance" ]]
	run ctl status
	[[ "$output" != *$'\n'*"WARN  orders"* ]]
	[[ "$output" == *$'\nsilenced '* ]]
	run ctl status orders
	[ "$status" -eq 0 ]
	[[ "$output" == *"silenced until"* ]]
	run ctl check orders
	[ "$status" -eq 0 ]
	run ctl findings
	[[ "$output" == *"orders"*"silenced until"* ]]
	run ctl show "$ID"
	[[ "$output" == *"silenced        until "*"Z, 1 h more"* ]]
	run ctl unsilence orders
	[ "$output" = "orders is no longer silent" ]
	has_verdict orders warning
	run ctl unsilence orders
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	ctl silence orders 1s
	wait_for 10 has_verdict orders warning
	[[ "$(events orders)" == *"silenced $ME maintenance"*"unsilenced $ME"*"silenced $ME"*"unsilenced expired"* ]]
}

@test "silence all: every stream, by one word, and that ends by itself with a line that says so" {
	run ctl silence all 2h -m "maintenance of all"
	[ "$status" -eq 0 ]
	[[ "$output" == "every stream is silent until "*"Z (2 h), by $ME: maintenance of all" ]]
	run ctl status
	[ "$status" -eq 0 ]
	[[ "${lines[1]}" == "silent until "??:??"Z: every stream, by $(id -un): maintenance of all" ]]
	[[ "$output" == *"ok    2 streams"*$'\nsilenced 2'* ]]
	run ctl history
	[[ "$output" == *"silenced"*"all streams"*"by $ME: maintenance of all"* ]]
	run ctl unsilence all
	[ "$output" = "every stream is no longer silent" ]
	has_verdict orders warning
	ctl watch >"$BATS_TEST_TMPDIR/watch" 2>&1 3>&- &
	watcher=$!
	watched() { ctl silence all 1m && ctl unsilence all && grep -qE 'all streams +all probes +silenced by' "$BATS_TEST_TMPDIR/watch"; }
	wait_for 10 watched
	kill -TERM "$watcher"
	run ctl silence all/shard_count 1s
	[[ "$output" == "shard_count of every stream is silent until "* ]]
	ended() { [[ "$(events)" == *"unsilenced expired"* ]]; }
	wait_for 10 ended
	run ctl silence all/shard_cuont 1s
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "silence a probe of a stream by any of its names, and one finding" {
	for target in orders/shard_count us-east-1/orders/shard_count; do
		run ctl silence "$target" 1h
		[ "$status" -eq 0 ]
		[[ "$output" == "orders/shard_count is silent until "* ]]
	done
	[ "$(json '[.[] | select(.silenced_until)] | length' findings orders)" = 1 ]
	ctl unsilence orders/shard_count
	[ "$(json '[.[] | select(.silenced_until)] | length' findings orders)" = 0 ]
	run ctl silence "$ID" 30s
	[ "$status" -eq 0 ]
	[[ "$output" == "$ID is silent until "??:??:??"Z (30 s), by $ME" ]]
	ctl unsilence "$ID"
	for mistake in "ordesr 1h" "orders/shard_cuont 1h" "ffffffff 1h" "us-east-1/ordesr 1h" "ordesr/shard_count 1h"; do
		# shellcheck disable=SC2086
		run ctl silence $mistake
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	[ "$(json '.silenced' status)" = 0 ]
}

@test "acks and silences outlive a restart" {
	ctl ack "$ID" -m looking
	ctl silence clicks 1h
	ctl silence all/config_drift 1h
	until=$(json '.[] | select(.stream == "clicks" and .check == "count") | .silenced_until' findings)
	kill -KILL "$KDIAGD_PID"
	wait "$KDIAGD_PID" || true
	start_kdiagd
	wait_for 10 looked
	[ "$(json '.ack.text' show "$ID")" = looking ]
	[ "$(json '.[] | select(.stream == "clicks" and .check == "count") | .silenced_until' findings)" = "$until" ]
	[ "$(json '[.[] | select(.event == "acked")] | length' history)" = 1 ]
	[ "$(json '.silences | map(.all, .probe // .stream) | sort | join(" ")' status)" = "false true clicks config_drift" ]
}

@test "who may: members of the operators' group under their own name, others not at all" {
	[ "$(id -u)" -eq 0 ] || skip "only root can be another user"
	GROUP=$(id -gn nobody) run as_nobody "$BATS_TEST_TMPDIR/ctl" -s "$SOCKET" ack "$ID" -m mine
	[ "$status" -eq 0 ]
	[[ "$output" == *"is acked by nobody (uid $(id -u nobody)) until it rises or resolves: mine" ]]
	for command in "ack $ID" "unack $ID" "silence orders 1h" "unsilence orders"; do
		# shellcheck disable=SC2086
		AS_USER=$(id -u daemon) GROUP=$(id -g daemon) run as_nobody "$BATS_TEST_TMPDIR/ctl" -s "$SOCKET" $command
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ "$output" == "kdiagctl: ${command%% *} is for root"*"daemon"* ]]
	done
	AS_USER=$(id -u daemon) GROUP=$(id -g daemon) run as_nobody "$BATS_TEST_TMPDIR/ctl" -s "$SOCKET" history orders
	[ "$status" -eq 0 ] # looking is free
	[ "$(json '.ack.by' show "$ID")" = nobody ]
	[ "$(json '.silenced' status)" = 0 ]
}

@test "a name in the request is not believed" {
	ask "{\"op\":\"ack\",\"id\":\"$ID\",\"by\":\"root (uid 0)\",\"uid\":4711,\"name\":\"eve\",\"text\":\"hm\"}" >/dev/null
	[[ "$(json '.ack | tostring' show "$ID")" != *4711* ]]
	[[ "$(json '.ack | tostring' show "$ID")" != *eve* ]]
	ask '{"op":"silence","stream":"orders","for_s":3600,"by":"eve","uid":4711}' >/dev/null
	[[ "$(events)" != *eve* ]]
}

@test "a hostile reason harms no terminal, no log and no line" {
	reason=$'\e[2J%n%s@cee:{"x":1}\r\nkdiagd[1]: opened\u2028\u202e \xff\xfe \x7f'
	run ctl ack "$ID" -m "$reason"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	ctl silence orders 1h -m "$reason"
	for command in "show $ID" "history orders" findings status "status orders"; do
		# shellcheck disable=SC2086
		run ctl $command
		LC_ALL=C no_match -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"
		[[ "$output" != *$'\u2028'* && "$output" != *$'\u202e'* ]]
	done
	run ctl history orders
	[[ "$output" == *'%n%s@cee:'* ]] # as it was said, and nothing more
	no_match -q '^kdiagd\[1\]' <<<"$output"
	ctl --json history orders | jq -e . >/dev/null
	LC_ALL=C no_match -qP '[\x00-\x08\x0b-\x1f\x7f]' "$LOG"
	# As long as an argument can be: refused or cut, in one line, and kdiagd goes on.
	run ctl ack "$ID" -m "$(printf '%0100000d' 0)"
	[ "${#lines[@]}" -eq 1 ]
	run ctl ack "$ID" -m "$(printf '%05000d' 0)"
	[ "${#lines[@]}" -eq 1 ]
	is_up
	[ "$(json '.ack.text | length' show "$ID")" -le 400 ]
}

@test "requests that make no sense get one sentence each" {
	for request in '{"op":"ack"}' '{"op":"ack","id":7}' '{"op":"ack","id":"x"}' "{\"op\":\"ack\",\"id\":\"$ID\",\"text\":[]}" \
		'{"op":"silence"}' '{"op":"silence","stream":"orders"}' '{"op":"silence","stream":"orders","for_s":0}' \
		'{"op":"silence","stream":"orders","for_s":-1}' '{"op":"silence","stream":"orders","for_s":"1h"}' \
		'{"op":"silence","stream":"orders","for_s":9007199254740993}' '{"op":"silence","id":"ffffffff","for_s":60}' \
		'{"op":"unsilence","stream":"orders"}' '{"op":"history","since":"yesterday"}' '{"op":"history","stream":"nosuch"}'; do
		run ask "$request"
		[ "${#lines[@]}" -eq 1 ]
		[ "$(jq -r '.ok' <<<"$output")" = false ] || {
			echo "$request: $output"
			return 1
		}
	done
	is_up
}

@test "history: periods, and what was open" {
	run ctl history
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == 20??-??-??" (UTC)" ]]
	[[ "$output" == *"eu-west-1/clicks"*"us-east-1/orders"* || "$output" == *"us-east-1/orders"*"eu-west-1/clicks"* ]]
	[[ "${lines[-1]}" == "open "*" of the last 24 h"*"findings" ]]
	no_match -nE '^.{81,}' <<<"$output"
	run ctl history orders --since 2020-01-01 --until 2020-01-02
	[ "$output" = "nothing was open in the time from 2020-01-01 00:00Z to 2020-01-02 00:00Z" ]
	run ctl history ordesr
	[ "$status" -eq 1 ]
	[[ "$output" == *"did you mean orders?"* ]]
	run ctl history orders --since "1 day"
	[ "$status" -eq 2 ]
	awssim_post stream '{"name":"orders","shards":8}' >/dev/null
	wait_for 10 has_verdict orders ok
	run ctl history orders
	[[ "$output" == *"resolved        after "* ]]
	[ "$(json '[.[].seq] | . == sort and (length == (unique | length))' history)" = true ]
}
