#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: hardened (what it looks at, ASan has in its way or other tests show)
# Thousands of streams at AWS's published rate limits, a quarter of them used: nothing is throttled, all is fresh, memory is bounded. Time runs tenfold for both programs;
# `make bench` has the same with 5,000 streams in real time.

load helpers
load daemon

STREAMS=2000

setup() {
	export KDIAG_CLOCK="10@$(date +%s)"
	start_awssim - <<-YAML
		$(scenario_head)
		enforce_limits: true
		generate: {count: $STREAMS, prefix: bulk-, shards: 4}
	YAML
	write_config "streams:
$(seq -f '  - {name: bulk-%05.0f, expect: {shard_count: 4}}' 0 $((STREAMS - 1)))" 60s
	sed -i 's/pace: unlimited/pace: 25%/' "$CONFIG"
}

teardown() {
	stop_kdiagd
	stop_awssim
}

looked_at_all() {
	[ "$(json '[.streams[] | select(.as_of == null)] | length' status)" = 0 ]
}

# Seconds of the clock since the look at the stream that was looked at longest ago.
oldest() {
	json '(.now | fromdate) as $now | [.streams[] | $now - (.as_of | fromdate)] | max' status
}

@test "2,000 streams at 60 s: no call throttled, each status a minute old at most, memory bounded" {
	start_kdiagd
	wait_for 20 looked_at_all # in the first minute of the clock: six seconds
	[ "$(json '.streams | length' status)" = "$STREAMS" ]
	ages=()
	for _ in 1 2 3 4 5; do
		sleep 2 # of two minutes of the clock in all, any part may be the one that is late
		ages+=("$(oldest)")
	done
	readarray -t ages < <(printf '%s\n' "${ages[@]}" | sort -n)
	echo "the oldest looks are ${ages[*]} s old"
	[ "${ages[2]}" -le 65 ] # half a second of real time; on a busy machine the process may now and then stand still for longer
	[ "${ages[4]}" -le 90 ]
	[ "$(awssim_stat throttled)" = 0 ]
	[ "$(awssim_stat rejected_signatures)" = 0 ]
	[ "$(json '.api.throttled' status)" = 0 ]
	# One listing serves all of them: two a minute at most, and a look by hand or two.
	awssim_stat "operations.ListStreams, .elapsed_ms" ; [ "$(awssim_stat operations.ListStreams.calls)" -le 12 ]
	[ "$(awssim_stat operations.DescribeStreamSummary.accepted)" -gt 100 ]
	[ "$(awssim_stat operations.DescribeStreamSummary.max_per_second)" -le 20 ]
	if ldd "$BUILD_DIR/kdiagd" | grep -q libasan; then
		skip "ASan's own memory is in the way: VmRSS is looked at in the hardened build"
	fi
	rss=$(awk '/^VmRSS/ {print $2}' "/proc/$KDIAGD_PID/status")
	echo "VmRSS is $rss kB"
	[ "$rss" -lt 153600 ] # its metrics, of up to 30 days, and its findings
}
