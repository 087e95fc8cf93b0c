#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
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
	before=$(calls) asked=$(awssim_stat metrics_asked)
	pass 300
	made=$(($(calls) - before)) metrics=$(($(awssim_stat metrics_asked) - asked))
	echo "five minutes: $made calls for $metrics metrics"
	[ "$made" -ge 112 ] && [ "$made" -le 168 ] # five cycles of 28, one more or less at the ends
	[ "$metrics" -eq $((made * 500)) ]         # every call is full
	[ "$(awssim_stat throttled)" = 0 ]
	[ "$(json .api.throttled status)" = 0 ]
	self_is_clean
	log_is_clean
}
