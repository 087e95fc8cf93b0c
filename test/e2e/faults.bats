#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kdiagd while AWS breaks: what a person sees, that nothing unknown counts as ok, that it is said once, and that it ends by itself.

load helpers
load daemon

only_probes config_drift shard_count stream_status

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

# verdicts REGEX [not]: the verdicts there are among the streams of such names (or of all others).
verdicts() {
	json "[.streams[] | select(.name | test(\"$1\")${2:+ | $2}) | .verdict] | unique | join(\" \")" status
}

# all_good REGEX: of those streams.
all_good() {
	[[ "$(verdicts "$1")" == ok ]]
}

# finding_is STREAM CHECK WORDS TEXT: its severity, state, reason and whether the last look did not see it; and what it says.
finding_is() {
	[[ "$(finding "$1" "$2" '"\(.severity) \(.state) \(.reason) \(.unseen // false): \(.summary)"')" == "$3: "*"$4"* ]]
}

# is_unseen STREAM REASON TEXT: is it not known how the stream is, for that reason, in those words, and not called ok? And is what was open before still so?
is_unseen() {
	[[ "$(json "(.streams[] | select(.name == \"$1\")) as \$stream | (.streams[] | select(.name == \"$1-short\")) as \$short |
		\$stream.verdict == \"unknown\" and
		(\$stream.findings[] | select(.check == \"status\") | .severity == \"unknown\" and .state == \"open\" and
			.reason == \"$2\" and .unseen and (.summary | contains(\"$3\"))) and
		(\$short.findings[] | select(.check == \"count\") | .severity == \"warning\" and .state == \"open\" and
			.reason == \"$2\" and .unseen and (.summary | startswith(\"2 open shards, 3 expected\")))" status)" == true ]]
}

unseen() {
	wait_for 10 is_unseen "$@" || {
		ctl --json status "$1"
		return 1
	}
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
	wait_for 10 has_verdict reset-short warning
	before=$(resident)
	for kind in "${kinds[@]}"; do fault "$kind" "\"stream\": \"$kind*\", \"size\": 20971520"; done
	fault endless_next_token '"stream": "endless"'
	awssim_post stream '{"name": "endless", "shards": 4}' >/dev/null # the shards are listed anew

	unseen throttle throttled 'Rate exceeded for stream throttle'
	unseen http500_html failed 'answered HTTP 500 with HTML, not JSON (a proxy?)'
	unseen http503 failed 'answered HTTP 503 with a body that is neither JSON nor XML'
	unseen access_denied denied 'is not authorized to perform: kinesis:DescribeStreamSummary'
	unseen empty_body failed 'makes no sense: line 1, column 0: there is nothing in it'
	unseen reset failed 'broke off: connection reset by peer'
	unseen cut_body failed 'was cut off'
	unseen wrong_json failed 'makes no sense: line 1, column '
	unseen wrong_type failed 'makes no sense: StreamName is not a string'
	unseen huge_body failed 'is larger than 8192 KiB'
	unseen other_stream failed 'it is about another stream, other-other_stream'
	unseen hang late 'no answer to kinesis:DescribeStreamSummary in time'
	unseen slow_drip late 'no answer to kinesis:DescribeStreamSummary in time'
	wait_for 5 has_verdict not_found critical
	[[ "$(finding not_found status .summary)" == "stream does not exist in us-east-1: it was deleted"* ]]
	wait_for 5 finding_is endless hash_range "unknown open failed true" "NextToken leads in a circle, shardId-"
	wait_for 10 has_verdict endless unknown
	wait_for 10 all_good '^good-'

	# One finding about kdiag for what ails an operation, however many streams it strikes; no stream speaks of it beside.
	wait_for 10 self_is answer answer denied throttled
	is_so_for_22() { [[ "$(the_self '.[] | select(.subject | test("^kinesis:Desc.*default us-east-1$")) | .summary')" == *"(it is so for 22 streams)"* ]]; }
	wait_for 5 is_so_for_22 || { the_self .; return 1; }
	is_quiet
	[ "$(grep -c 'opened.*self/' "$LOG")" -eq 4 ]
	run ctl status
	[[ "$output" == *"streams could not be seen, for a reason told above"* ]]
	lacks '^.{81,}' <(echo "$output")
	has_asan || [ "$(resident)" -lt $((before + 40000)) ] # two answers of 20 MB at once, of which 8 MiB are read

	clear_faults
	awssim_post stream '{"name": "endless", "shards": 2}' >/dev/null
	wait_for 25 all_is_seen
	[ "$(verdicts '-short$' not)" = ok ]
	[ "$(verdicts '-short$')" = warning ]
	# What was open before did not end and begin anew.
	[ "$(grep -c 'resolved warning .*-short .*shard_count/count' "$LOG")" -eq 0 ]
	ends_well
}

# CloudWatch is asked once a minute: it takes it longer to be left alone, and until then its own finding stands beside.
kinesis_is_left_alone() {
	[[ "$(the_self 'map(select(.subject | test("^(cloudwatch|monitoring)") | not) | .check) | sort | join(" ")')" == service ]]
}

why_left_alone() {
	the_self '.[] | select(.subject == "kinesis us-east-1") | .summary'
}

# outage KIND TEXT: one finding about it.
outage() {
	fault "$1"
	wait_for 10 kinesis_is_left_alone
	[[ "$(why_left_alone)" == *"kinesis in us-east-1 failed 5 times in a row and is left alone"*"$2"* ]]
	unseen_all() { [[ "$(verdicts .)" == "unknown warning" ]]; }
	wait_for 5 unseen_all
	is_quiet
	: >"$LOG" # how it ends is another matter
}

# Few calls are made, of the 48 that two looks at 8 streams with 3 attempts each would make.
is_left_alone() {
	awssim_post reset-stats '' >/dev/null
	pass 60
	calls=$(awssim_stat operations.DescribeStreamSummary.calls)
	[ "$calls" -ge 1 ] # it is asked again, now and then
	[ "$calls" -le 12 ]
	kinesis_is_left_alone
	run ctl status
	[ "$status" -ne 0 ]
	[[ "$output" == *service/kinesis* ]]
	is_quiet
}

outage_is_over() {
	clear_faults
	wait_for 15 all_is_seen
	wait_for 10 has_verdict a ok
	wait_for 10 has_verdict f-short warning
	[ "$(grep -c 'resolved.*self/service/kinesis' "$LOG")" -eq 1 ]
}

@test "a service that keeps failing is left alone, is one finding, and is asked again" {
	fast_clock 60
	scenario a b c d e f-short g h
	watch_streams a b c d e f-short g h
	outage http503 "answered HTTP 503"
	is_left_alone
	outage_is_over
	outage reset "broke off"
	outage_is_over
	stop_awssim
	wait_for 10 kinesis_is_left_alone
	[[ "$(why_left_alone)" == *"could not reach 127.0.0.1:$AWS_PORT: connection refused"* ]]
	ends_well
	lacks 'resolved .*self/service .*connection refused' # to end is not to mend
}

@test "AWS throttles for a whole cycle: one finding, attempts run out, and it ends by itself" {
	fast_clock 60
	scenario s{1..40} s-short
	watch_streams s{1..40} s-short
	fault throttle '"service": "kinesis"'
	wait_for 10 finding_is s40 status "unknown open throttled true" "Rate exceeded for stream s40"
	wait_for 10 finding_is s-short count "warning open throttled true" "2 open shards"
	wait_for 10 self_is throttled
	[[ "$(the_self '.[0].summary')" == "AWS throttles kinesis in us-east-1 although kdiag keeps its pace"* ]]
	wait_for 10 has_verdict s1 unknown
	# The quota of 500 pays for 100 retries at 5; then each call is one attempt, and no look brings more.
	pass 60
	retries=$(json .api.retries status)
	[ "$retries" -le 100 ]
	[ "$retries" -ge 60 ]
	calls=$(json .api.calls status)
	pass 60
	[ "$(json .api.retries status)" -le 100 ]
	[ "$(json .api.calls status)" -gt "$calls" ]
	is_quiet
	clear_faults
	wait_for 15 all_is_seen
	wait_for 10 has_verdict s1 ok
	[ "$(grep -c 'self/' "$LOG")" -eq 2 ]
	ends_well
}

@test "keys that AWS refuses: one critical finding, few calls, and the streams are seen again when it takes them" {
	fast_clock 60
	scenario s{1..8} s-short
	watch_streams s{1..8} s-short
	fault expired_token
	wait_for 10 self_is credentials
	[ "$(the_self '.[0] | "\(.severity) \(.subject) \(.summary)"')" = \
		"critical default AWS refuses the keys of config, and there are no others" ]
	wait_for 10 finding_is s1 status "unknown open failed true" "AWS refuses the keys of config"
	wait_for 10 has_verdict s1 unknown
	wait_for 10 has_verdict s-short warning
	awssim_post reset-stats '' >/dev/null
	pass 60
	[ "$(awssim_stat operations.DescribeStreamSummary.calls)" -le 9 ]
	is_quiet
	clear_faults
	wait_for 15 all_is_seen
	wait_for 10 has_verdict s1 ok
	[ "$(grep -c 'opened.*self/' "$LOG")" -eq 1 ]
	ends_well
}

# clock_off SECONDS WORDS: everything works from the first call on.
clock_off() {
	awssim_post reset-stats '' >/dev/null
	fault skewed_date "\"seconds\": $1"
	watch_streams a b c
	[ "$(verdicts .)" = ok ]
	wait_for 10 self_is clock
	the_self '.[0].summary' | grep -E \
		"^the host's clock is 1 h $2 that of (sts|kinesis) in us-east-1; requests are signed with AWS's time until it is set"
	rejected=$(awssim_stat rejected_signatures)
	echo "$rejected signatures were rejected"
	[ "$rejected" -le 16 ] # once each, what a slow machine had under way before the first answer
	clear_faults
	wait_for 10 self_is_clean
	wait_for 10 all_is_seen
	lacks 'opened (unknown|critical)'
	ends_well
}

@test "the host's clock is off by an hour, either way: calls succeed all the same, and it is said" {
	fast_clock 10
	scenario a b c
	clock_off 3600 behind
	clock_off -3600 "ahead of"
}

# ends_in_time WHAT: SIGTERM, and two seconds later it is gone, in good order. ASan looks for leaks meanwhile.
ends_in_time() {
	local begin=${EPOCHREALTIME/./}
	stop_kdiagd
	echo "$1: $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
	has_asan || [ $((${EPOCHREALTIME/./} - begin)) -lt 2200000 ]
}

@test "SIGTERM ends it within two seconds, whatever is under way" {
	scenario s{1..60}
	for kind in hang slow_drip throttle; do # throttle: it backs off
		fault "$kind"
		write_config "streams: [$(printf '{name: s%d}, ' {1..60})]"
		start_kdiagd
		wait_for 10 stat_is operations.DescribeStreamSummary.calls 1
		ends_in_time "$kind"
		clear_faults
		awssim_post reset-stats '' >/dev/null
	done
	sed -i 's/pace: unlimited/pace: 1%/' "$CONFIG"
	start_kdiagd
	wait_for 10 stat_is operations.ListStreams.calls 1
	ends_in_time "calls that wait for their turn"
	# 192.0.2.0/24 leads nowhere; neither does a name of .invalid, but a name server may take its time to say so.
	for url in https://192.0.2.1 https://kinesis.kdiag.invalid; do
		sed -i "s|endpoint_url: \"[^\"]*\"|endpoint_url: \"$url\"|" "$CONFIG"
		start_kdiagd
		wait_for 5 tries
		ends_in_time "$url"
	done
	log_is_clean
}

tries() {
	[[ "$(json .api.calls status)" -ge 1 ]]
}

@test "a name server that never answers does not hold up the end" {
	unshare -rm true 2>/dev/null || skip "no mount namespace of one's own here (unshare -rm)"
	write_config "streams: [{name: orders}]"
	sed -i 's|endpoint_url: "[^"]*"|endpoint_url: "https://kinesis.kdiag.invalid"|' "$CONFIG"
	echo 'nameserver 192.0.2.53' >"$BATS_TEST_TMPDIR/resolv.conf"
	# shellcheck disable=SC2016
	unshare -rm sh -c 'mount --bind "$1" "$(readlink -f /etc/resolv.conf)" && shift && exec "$@"' - \
		"$BATS_TEST_TMPDIR/resolv.conf" "$BUILD_DIR/kdiagd" -f -c "$CONFIG" >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 10 is_up
	wait_for 5 tries
	ends_in_time "a silent name server"
	log_is_clean
}

# ---- many streams, and AWS's limits ----

limits_hold() {
	awssim_stat 'operations | map_values(.max_per_second)' | jq -c .
	[ "$(awssim_stat throttled)" -eq 0 ]
	[ "$(json .api.throttled status)" -eq 0 ]
	self_is_clean
}

@test "60 streams, looked at each second, within a quarter of AWS's limits: no call is throttled" {
	fast_clock 4
	start_awssim - <<-YAML
		$(scenario_head)
		enforce_limits: true
		streams:
		$(printf '  - {name: s%d, shards: 2}\n' {1..60})
	YAML
	write_config "streams: [$(printf '{name: s%d}, ' {1..60})]"
	sed -i 's/pace: unlimited/pace: 25%/' "$CONFIG"
	start_kdiagd
	wait_for 15 looked # every stream was described, at 5 a second
	pass 4
	[ "$(awssim_stat operations.DescribeStreamSummary.calls)" -ge 60 ]
	wait_for 10 all_good . # in a clock that runs fast, one may be stale for a moment
	limits_hold
	ends_well
}

# fresh SECONDS: is every stream's status younger than that?
fresh() {
	json "(.now | fromdate) as \$now | [.streams[] | \$now - (.as_of // \"1970-01-01T00:00:00Z\" | fromdate)] | max <= $1" status
}

is_fresh() {
	[[ "$(fresh "$1")" == true ]]
}

@test "1,500 streams each 10 s at AWS's limits: one listing tells their status, descriptions take their turns" {
	local count=1500
	has_asan && count=400 # more than that is more than half of a core for it
	fast_clock 6
	start_awssim - <<-YAML
		$(scenario_head)
		enforce_limits: true
		generate: {count: $count, prefix: bulk-, shards: 2}
	YAML
	write_config 'discover: [{regions: [us-east-1], match: "bulk-*"}]' 10s
	sed -i 's/pace: unlimited/pace: 25%/' "$CONFIG"
	start_kdiagd
	all_there() { [[ "$(json '.streams | length' status)" == "$count" ]]; }
	wait_for 10 all_there
	wait_for 10 is_fresh 25
	pass 20
	wait_for 10 is_fresh 25 # on a machine that has other things to do, a turn may come late
	awssim_post reset-stats '' >/dev/null
	began=$(json .uptime_s status)
	wait_for 20 stat_is operations.DescribeStreamSummary.calls 40
	wait_for 20 stat_is operations.ListStreams.calls 1
	described=$(awssim_stat operations.DescribeStreamSummary.calls) listed=$(awssim_stat operations.ListStreams.calls)
	took=$(($(json .uptime_s status) - began))
	echo "$described described, $listed calls of ListStreams in $took s"
	[ "$described" -le $((5 * took + 15)) ] # 5 a second
	[ "$listed" -le $((took / 2 + 3)) ]
	awssim_post stream '{"name": "bulk-00300", "status": "DELETING"}' >/dev/null
	wait_for 6 has_verdict bulk-00300 critical
	[ "$(json '[.streams[] | select(.verdict == "critical")] | length' status)" = 1 ]
	limits_hold
	has_asan || [ "$(resident)" -lt 100000 ]
	ends_well
}

@test "ListStreams may not be called: it is said, the streams are asked one by one, and an hour later it is tried again" {
	fast_clock 600
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		$(printf '  - {name: s%d, shards: 2}\n' {1..120})
		faults:
		  - {kind: access_denied, operation: ListStreams}
	YAML
	INTERVAL=20m watch_streams s{1..120}
	wait_for 10 self_is denied
	[[ "$(the_self '.[] | select(.check == "denied") | "\(.subject): \(.summary)"')" == \
		"kinesis:ListStreams default us-east-1: "*"so the status of 120 streams is asked one by one"* ]]
	wait_for 10 all_good . # in a clock that runs fast, one may be stale for a moment
	[ "$(awssim_stat operations.ListStreams.calls)" -eq 1 ]
	clear_faults
	wait_for 25 self_is_clean
	[ "$(awssim_stat operations.ListStreams.calls)" -ge 2 ]
	# A listing that never ends is no listing.
	fault endless_next_token '"operation": "ListStreams"'
	wait_for 10 self_is answer
	[[ "$(the_self '.[] | select(.check == "answer") | .summary')" == "the answer to ListStreams makes no sense: NextToken leads in a circle, s1 came again"* ]]
	clear_faults
	wait_for 10 all_is_seen
	is_quiet
	ends_well
}
