#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kdiagd while AWS breaks: what a person sees, that nothing unknown counts as ok, that it is said once, and that it ends by itself.

load helpers
load daemon

teardown() {
	stop_kdiagd
	stop_awssim
}

# scenario NAME...: healthy streams of 2 shards.
scenario() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		$(printf '  - {name: %s, shards: 2}\n' "$@")
	YAML
}

# watch_streams NAME...: of which those named *-short are expected to have 3 shards: a warning that is open before anything breaks.
watch_streams() {
	write_config "streams:
$(for name in "$@"; do
		echo "  - {name: $name$([[ $name == *-short ]] && echo ', expect: {shard_count: 3}')}"
	done)" "${INTERVAL:-30s}" "${AWS_EXTRA:-}"
	start_kdiagd
	wait_for 20 looked
}

# finding STREAM CHECK FILTER
finding() {
	json ".streams[] | select(.name == \"$1\") | .findings[] | select(.check == \"$2\") | $3" status
}

# says STREAM REASON TEXT: the stream could not be seen, for that reason, and it is said in those words.
says() {
	[[ "$(finding "$1" status .reason)" == "$2" && "$(finding "$1" status .summary)" == *"$3"* ]]
}

# sees STREAM REASON TEXT: all that a fault of one stream does to what is known of it.
sees() {
	wait_for 10 says "$@" || {
		echo "$1: $(finding "$1" status '"\(.reason): \(.summary)"')"
		return 1
	}
	[ "$(finding "$1" status .severity)" = unknown ]
	[ "$(json ".streams[] | select(.name == \"$1\") | .verdict" status)" = unknown ]
	[ "$(finding "$1-short" count '"\(.severity) \(.state) \(.reason) \(.unseen)"')" = "warning open $2 true" ]
	[[ "$(finding "$1-short" count .summary)" == "2 open shards, 3 expected"* ]]
}

# No stream's own line: one finding about kdiag itself tells it.
is_quiet() {
	! grep -n 'opened unknown' "$LOG"
}

ends_well() {
	stop_kdiagd
	log_is_clean
}

@test "each fault, of one stream among others: told once, never ok, and over by itself" {
	local kinds=(throttle http500_html http503 access_denied not_found empty_body hang reset cut_body slow_drip
		wrong_json wrong_type huge_body other_stream) kind names=()
	for kind in "${kinds[@]}"; do names+=("$kind" "$kind-short"); done
	fast_clock 30
	scenario "${names[@]}" endless good-{1..25}
	watch_streams "${names[@]}" endless good-{1..25}
	has_verdict reset-short warning
	before=$(resident)
	for kind in "${kinds[@]}"; do fault "$kind" "\"stream\": \"$kind*\", \"size\": 20971520"; done
	fault endless_next_token '"stream": "endless"'
	awssim_post stream '{"name": "endless", "shards": 4}' >/dev/null # the shards are listed anew

	sees throttle throttled 'Rate exceeded for stream throttle'
	sees http500_html failed 'answered HTTP 500 with HTML, not JSON (a proxy?)'
	sees http503 failed 'answered HTTP 503 with a body that is neither JSON nor XML'
	sees access_denied denied 'is not authorized to perform: kinesis:DescribeStreamSummary'
	sees empty_body failed 'makes no sense: line 1, column 0: there is nothing in it'
	sees reset failed 'broke off: connection reset by peer'
	sees cut_body failed 'was cut off'
	sees wrong_json failed 'makes no sense: line 1, column '
	sees wrong_type failed 'makes no sense: StreamName is not a string'
	sees huge_body failed 'is larger than 8192 KiB'
	sees other_stream failed 'it is about another stream, other-other_stream'
	sees hang late 'no answer to kinesis:DescribeStreamSummary in time'
	sees slow_drip late 'no answer to kinesis:DescribeStreamSummary in time'
	wait_for 5 has_verdict not_found critical
	[[ "$(finding not_found status .summary)" == "stream does not exist in us-east-1: it was deleted"* ]]
	goes_in_a_circle() { [[ "$(finding endless hash_range .summary)" == *"NextToken leads in a circle, shardId-000000000000 came again" ]]; }
	wait_for 5 goes_in_a_circle
	has_verdict endless unknown
	for name in good-{1..25}; do has_verdict $name ok; done

	# One finding about kdiag for what ails an operation, however many streams it strikes; no stream speaks of it beside.
	[ "$(the_self 'map(.check) | sort | join(" ")')" = "answer answer denied throttled" ]
	[[ "$(the_self '.[] | select(.check == "answer") | .summary')" == *"(it is so for 20 streams)"* ]]
	is_quiet
	[ "$(grep -c 'opened.*self/' "$LOG")" -eq 4 ]
	run ctl status
	[[ "$output" == *"streams could not be seen, for a reason told above"* ]]
	! grep -nE '^.{81,}' <<<"$output"
	[ "$(resident)" -lt $((before + 40000)) ]

	clear_faults
	awssim_post stream '{"name": "endless", "shards": 2}' >/dev/null
	wait_for 25 all_is_seen
	for kind in "${kinds[@]}"; do
		wait_for 10 has_verdict "$kind" ok
		has_verdict "$kind-short" warning
	done
	# What was open before did not end and begin anew.
	[ "$(grep -c 'resolved warning .*-short .*shard_count/count' "$LOG")" -eq 0 ]
	ends_well
}

# outage KIND TEXT: one finding about it, and hardly any calls are made while it lasts; then all is as before.
outage() {
	fault "$1"
	wait_for 10 self_open service
	[ "$(the_self 'map(.check) | join(" ")')" = service ]
	[[ "$(the_self '.[0].summary')" == *"kinesis in us-east-1 failed 5 times in a row and is left alone"*"$2"* ]]
	pass 60 # two looks: of 8 streams, 3 attempts each
	[ "$(json '[.streams[].verdict] | unique | join(" ")' status)" = "unknown warning" ]
	awssim_post reset-stats '' >/dev/null
	pass 60
	calls=$(awssim_stat operations.DescribeStreamSummary.calls)
	[ "$calls" -ge 1 ] # it is asked again, now and then
	[ "$calls" -le 12 ]
	[ "$(the_self 'map(.check) | join(" ")')" = service ]
	run ctl status
	[ "$status" -ne 0 ]
	[[ "$output" == *service/kinesis* ]]
	clear_faults
	wait_for 15 all_is_seen
	has_verdict a ok
	has_verdict f-short warning
}

@test "a service that keeps failing is left alone, is one finding, and is asked again" {
	fast_clock 30
	scenario a b c d e f-short g h
	watch_streams a b c d e f-short g h
	outage http503 "answered HTTP 503"
	outage reset "broke off"
	is_quiet
	[ "$(grep -c 'opened.*self/' "$LOG")" -eq 2 ]
	[ "$(grep -c 'resolved.*self/' "$LOG")" -eq 2 ]
	stop_awssim
	wait_for 10 self_open service
	[[ "$(the_self '.[0].summary')" == *"could not reach 127.0.0.1:$AWS_PORT: connection refused"* ]]
	is_quiet
	ends_well
}
