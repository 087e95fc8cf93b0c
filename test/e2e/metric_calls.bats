#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: hardened (simulated days, at a speed that ASan does not keep up with)
# What metrics cost: how many calls and metrics a cycle takes, however many streams there are, and what becomes of a part that fails. Probe of the tests: fourteen metrics of
# each stream, and one of each shard.

load helpers
load daemon

setup() {
	mkdir "$BATS_TEST_TMPDIR/probes"
	cp "$BUILD_DIR/test/probes/fourteen.so" "$BATS_TEST_TMPDIR/probes/"
}

teardown() {
	stop_kdiagd
	stop_awssim
}

# stage COUNT RATE [AWS_EXTRA [SCENARIO_EXTRA]]: so many streams, time so much faster, at a quarter of AWS's limits.
stage() {
	fast_clock "$2"
	start_awssim - <<-YAML
		$(scenario_head)
		enforce_limits: true
		generate: {count: $1, prefix: s-, shards: 4, shard_metrics: [IncomingBytes], traffic: {records_per_s: 100, readers: 1}}
		${4:-}
	YAML
	write_config "discover: [{match: 's-*'}]" 60s "${3:-}"
	sed -i "s|probes: $BUILD_DIR/probes|probes: $BATS_TEST_TMPDIR/probes|; s/pace: unlimited/pace: 25%/" "$CONFIG"
}

# calls: GetMetricData so far.
calls() {
	awssim_stat operations.GetMetricData.calls
}

# counted: calls and metrics so far, of one moment.
counted() {
	awssim_stat 'operations.GetMetricData.calls, .metrics_asked' | paste -sd' '
}

# seen STREAM: what the probe says of it.
seen() {
	json '.[] | select(.check == "seen") | .summary' findings "$1" --all
}

seen_is() {
	[[ "$(seen "$1")" == "$2" ]]
}

@test "1,000 streams of 14 metrics are 28 calls a cycle, no more, and nothing is throttled" {
	stage 1000 10
	start_kdiagd
	wait_for 20 stat_is metrics_asked 14000
	wait_for 20 looked
	first=$(calls)
	echo "the first cycle: $first calls"
	[ "$first" -le 56 ] # 28, twice when the looks of the listing lie on both sides of a minute
	read -r before asked < <(counted)
	pass 180
	read -r made metrics < <(counted)
	made=$((made - before)) metrics=$((metrics - asked))
	echo "three minutes: $made calls for $metrics metrics"
	[ "$made" -ge 56 ] && [ "$made" -le 112 ] # three cycles of 28, one more or less at the ends
	[ "$metrics" -eq $((made * 500)) ]         # every call is full
	[[ "$(ctl cost)" == *"default us-east-1: 14,000 metrics in 28 calls every 1 min"* ]]
	[ "$(awssim_stat throttled)" = 0 ]
	[ "$(json .api.throttled status)" = 0 ]
	self_is_clean || { ctl status; false; }
	log_is_clean
}

@test "one series of many fails, in each of its ways: the others are seen, and it is when it comes back" {
	stage 3 30 '' 'faults: [{kind: small_pages, size: 90}]'
	start_kdiagd
	wait_for 10 seen_is s-00000 "$((14 * 15)) points"
	seen_is s-00001 "$((14 * 15)) points"
	# A page holds 90 points: 42 series of 15 each take 7 calls.
	[ "$(calls)" -ge 7 ]
	self_is_clean || { ctl status; false; }
	clear_faults
	fault partial_data '"metric": "IncomingBytes", "count": 6' # two pages, of each stream
	fault internal_error '"metric": "GetRecords.*", "count": 2'
	before=$(awssim_stat metrics_asked)
	pass 130
	[ "$(awssim_stat metrics_asked)" -gt "$before" ]
	seen_is s-00000 "$((14 * 15)) points"
	self_is_clean || { ctl status; false; }
	clear_faults
	# Of one stream: it alone is unknown, when what was read before is too old to judge by, and the reason is told once.
	fault forbidden '"stream": "s-00002", "metric": "IncomingBytes"'
	wait_for 10 self_open denied
	wait_for 20 has_verdict s-00002 unknown
	[ "$(the_self 'map(.summary) | join("|")')" = "GetMetricData may not read IncomingBytes of s-00002: The caller may not read this metric." ]
	has_verdict s-00000 ok
	clear_faults
	wait_for 20 has_verdict s-00002 ok
	wait_for 10 self_none denied
	log_is_clean
}

@test "CloudWatch denied, throttled, dead, senseless: one finding about kdiagd itself, and all is seen again afterwards" {
	local kind check
	stage 5 60
	start_kdiagd
	wait_for 10 looked
	for kind in access_denied:denied http503:service wrong_json:answer; do
		check=${kind#*:}
		fault "${kind%:*}" '"operation": "GetMetricData"'
		wait_for 20 self_open "$check"
		wait_for 20 has_verdict s-00003 unknown
		echo "$kind: $(the_self 'map(.check) | join(" ")')"
		[ "$(the_self 'map(.check) | unique | join(" ")')" = "$check" ]
		is_quiet # five streams, none told: the finding about kdiagd explains them
		clear_faults
		wait_for 40 all_is_seen
	done
	log_is_clean
}

@test "a budget stretches the intervals, says so, and holds over a restart" {
	# Ten streams of 14 metrics cost $2.016 a day at 60 s; what is left of the day may cost a quarter of what it would.
	local left=$((86400 - EPOCHSECONDS % 86400)) usd asked allowed before
	((left > 7200)) || skip "midnight UTC, when a new day's money is there, is too near"
	usd=$(awk -v left="$left" 'BEGIN { printf "%.4f", 2.016 * left / 86400 / 4 }')
	stage 10 60 "budget_usd_per_day: $usd"
	start_kdiagd
	wait_for 10 looked
	wait_for 10 self_open budget
	pass 900
	budget_sentence="to stay within \$$(printf %.2f "$usd") a day (aws.budget_usd_per_day); at their intervals they cost \$2.02"
	[[ "$(the_self 'map(.summary) | join("|")')" =~ ^"metrics are asked for "[0-9.]+" times less often, $budget_sentence"$ ]]
	# Of 15 cycles of 140 metrics the share that the money reaches for, one more or less at the ends.
	asked=$(awssim_stat metrics_asked)
	allowed=$(json '.stretch as $s | 2100 / $s' cost)
	echo "$asked metrics in a quarter of an hour, stretched $(json .stretch cost) times"
	awk -v asked="$asked" -v allowed="$allowed" 'BEGIN { exit !(asked <= allowed * 1.3 + 280) }'
	has_verdict s-00000 ok # as old as that is, it is judged
	json ".api | .metrics_today >= $asked and (.usd_today - .metrics_today / 100000 | fabs) < 0.0001" status | grep -x true
	[[ "$(ctl cost)" == *"to stay within \$$(printf %.2f "$usd") a day, metrics are asked for "*" times less often"* ]]
	pass 70 # the day's counts are on the disk once a minute
	before=$(json .usd_today cost)
	stop_kdiagd
	start_kdiagd
	awk -v before="$before" -v after="$(json .usd_today cost)" 'BEGIN { exit !(after >= before) }'
	sed -i 's/budget_usd_per_day: [0-9.]*/budget_usd_per_day: 100/' "$CONFIG"
	ctl reload
	wait_for 10 self_none budget
	log_is_clean
}

@test "metrics of shards are asked for by hand, and else as the setting says" {
	stage 1 30
	start_kdiagd
	wait_for 10 looked
	[ "$(awssim_stat metrics_asked)" = 14 ]
	ctl run s-00000 >/dev/null
	[ "$(json '.[] | select(.check == "shards_seen") | .summary' findings s-00000 --all)" = "20 points of 4 shards" ]
	[ "$(awssim_stat metrics_asked)" -ge $((14 + 14 + 4)) ]
	sed -i 's/aws: {/aws: {shard_metrics: always, /' "$CONFIG"
	ctl reload
	before=$(calls)
	pass 130
	[ "$(json '.places[0].cycle_metrics' cost)" = 18 ]
	[ "$(calls)" -gt "$before" ]
	[ "$(json '.facts[] | select(.per == "shard") | .value | length' facts s-00000)" = 4 ]
	sed -i 's/shard_metrics: always/shard_metrics: never/' "$CONFIG"
	ctl reload
	pass 70
	ctl run s-00000 >/dev/null
	[ "$(json '.facts[] | select(.per == "shard") | .missing' facts s-00000)" != null ]
	[ "$(json '.places[0].cycle_metrics' cost)" = 14 ]
	log_is_clean
}
