#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: hardened (a simulated day, at a speed that ASan does not keep up with)
# CloudWatch, looked at by the real daemon: a day of healthy streams is quiet, and each trouble is found in time. Time runs fast for simulator and
# daemon alike. What becomes of broken answers is metric_answers.bats's.

load helpers
load daemon

teardown() {
	stop_kdiagd
	stop_awssim
}

# opened STREAM CHECK: when the finding opened, in seconds since the simulator's start; nothing when it has not.
opened() {
	json "[.[] | select(.event == \"opened\" and .stream == \"$1\" and \"\(.probe)/\(.check)\" == \"$2\") | .ts | fromdate - $began][0] // empty" history --since 24h
}

is_opened() {
	[[ -n "$(opened "$1" "$2")" ]]
}

# What somebody would have been woken for: whatever opened about a stream. (Time runs so fast here that a busy machine may be late with an answer,
# which is about kdiagd itself.)
alarms() {
	json '.[] | select(.event == "opened" and .stream != null and (.severity == "warning" or .severity == "critical")) | "\(.ts) \(.stream) \(.probe)/\(.check) \(.severity) \(.summary)"' history --since 48h
}

@test "a day of healthy streams, with a rhythm, noise, spikes, and points that come late and change: no alarm" {
	fast_clock 1500
	start_awssim - <<-YAML
		$(scenario_head)
		seed: 11
		streams:
		  - name: shop
		    shards: 8
		    consumers: [search]
		    traffic:
		      records_per_s: {base: 3000, day: 0.8, peak_hour: 15, noise: 0.1}
		      bytes_per_record: 700
		      readers: 2
		      iterator_age_s: {base: 1, noise: 0.9, changes: [{at: 3h, for: 2m, to: 80000}, {at: 14h, for: 1m, to: 86400}]}
		      late: {share: 0.2, after: 9m, first: 0.4}
		  - name: sensors
		    mode: ON_DEMAND
		    shards: 4
		    traffic:
		      records_per_s: {base: 500, day: 0.3, peak_hour: 3, noise: 0.2, changes: [{at: 4h, for: 2m, times: 12}]}
		      late: {share: 0.3, after: 6m}
		  - {name: quiet, traffic: {records_per_s: {base: 0.02, day: 1, peak_hour: 12}, polls_per_s: 0.2}}
		  - name: office
		    shards: 2
		    traffic:
		      records_per_s: {base: 60, day: 0.9, peak_hour: 13, noise: 0.15}
		      put_latency_ms: {base: 20, noise: 0.4, changes: [{at: 2h, for: 1m, to: 3000}]}
		      late: {share: 0.1, after: 12m, first: 0.7}
		  - name: night
		    shards: 2
		    traffic: {records_per_s: {base: 200, from_hour: 22, to_hour: 4, noise: 0.2}, late: {share: 0.2, after: 8m}}
		  - name: deploys
		    shards: 4
		    shard_metrics: [ALL]
		    traffic:
		      records_per_s: {base: 1000, day: 0.2, noise: 0.1}
		      readers: {base: 1, changes: [{at: 2h, for: 4m, to: 0}, {at: 5h, for: 8m, to: 0}]}
		      iterator_age_s: {base: 0, changes: [{at: 2h, for: 7m, to: 250}, {at: 308m, for: 5m, to: 500}]}
		  - name: reshards
		    shards: 4
		    shard_metrics: [ALL]
		    traffic: {records_per_s: {base: 2000, noise: 0.1}}
		    timeline: [{at: 3h, set: {status: UPDATING}}, {at: 190m, set: {status: ACTIVE, shards: 8}}, {at: 10h, set: {shards: 4}}]
	YAML
	write_config "streams: [$(printf '{name: %s}, ' shop sensors quiet office night deploys reshards)]" 5m
	start_kdiagd
	wait_for 120 uptime_is 86400
	[ "$(alarms)" = "" ] || { alarms; return 1; }
	# It has looked, and at everything.
	stat_is operations.GetMetricData.accepted 240
	wait_for 20 all_is_seen
	log_is_clean
}

# Lags, one hot shard, all shards full, stopped, slow, a fan-out consumer behind, one shard of 32 stuck: all from the fifth minute on.
troubled_scenario() {
	cat <<-YAML
		$(scenario_head)
		streams:
		  - name: lagging
		    shards: 4
		    traffic:
		      records_per_s: {base: 500, noise: 0.05}
		      iterator_age_s: {base: 0, changes: [{at: 5m, to: 46800}, {at: 5m, over: 10h, to: 82800}]}
		  - name: hot
		    shards: 4
		    shard_metrics: [IncomingBytes, IncomingRecords, WriteProvisionedThroughputExceeded]
		    traffic:
		      records_per_s: {base: 900, noise: 0.05, changes: [{at: 5m, times: 2}]}
		      hot_shard: 2
		      hot_share: {base: 0, changes: [{at: 5m, to: 0.6}]}
		  - {name: full, shards: 2, traffic: {records_per_s: {base: 1200, noise: 0.05, changes: [{at: 5m, times: 2.2}]}}}
		  - {name: stopped, shards: 2, traffic: {records_per_s: {base: 400, noise: 0.1, changes: [{at: 5m, to: 0}]}}}
		  - name: slow
		    shards: 2
		    traffic: {records_per_s: 300, put_latency_ms: {base: 14, noise: 0.3, changes: [{at: 5m, to: 2400}]}}
		  - name: fanned
		    shards: 2
		    consumers: [billing, search]
		    traffic: {records_per_s: 300, consumers: [{name: billing, behind_s: {base: 0, changes: [{at: 5m, to: 50000}]}}]}
		  - name: wide
		    shards: 32
		    shard_metrics: [IteratorAgeMilliseconds]
		    traffic:
		      records_per_s: 3000
		      readers: 2
		      stuck_shard: 17
		      stuck_age_s: {base: 0, changes: [{at: 5m, to: 86400}]}
	YAML
}

# found STREAM CHECK SECONDS PATTERN: was it found so many seconds after the fifth minute at the latest? What is said of it comes to match the
# pattern: the first look at a trouble knows nothing yet of its shards, nor of its trend.
found() {
	wait_for 30 is_opened "$1" "$2"
	echo "$1 $2 after $(($(opened "$1" "$2") - 300)) s, $3 at most: $(says "$1" "$2")"
	[ "$(opened "$1" "$2")" -ge 300 ]
	[ "$(opened "$1" "$2")" -le $((300 + $3)) ]
	wait_for 20 says_too "$1" "$2" "$4" || {
		says "$1" "$2"
		return 1
	}
}

@test "each trouble is found within three cycles of the minute that shows it, and over when it is mended" {
	fast_clock 80
	start_awssim - <<<"$(troubled_scenario)"
	began="$(date +%s)"
	began=$((${KDIAG_CLOCK#*@} + (began - ${KDIAG_CLOCK#*@}) * 80))
	write_config "streams: [$(printf '{name: %s}, ' lagging hot full stopped slow fanned wide)]" 60s
	start_kdiagd
	# What lasts three minutes is no spike; a minute is settled after two; and three looks of a minute.
	local soon=$((3 * 60 + 60 + 120 + 3 * 60))
	found lagging iterator_age/lag $soon \
		 'critical * 13 h*behind (5[4-9] % of 24 h retention) and falling back; records are lost in *h*'
	found hot throttling/writes $soon 'critical * % of the records * refused *1 of 4 shards*hot key*shardId-000000000002*'
	found full throttling/writes $soon 'critical * % of the records * refused *too few shards*'
	found slow latency/put_records $soon 'critical PutRecords calls take 2.* s on average, past the ceiling of 1 s (usually 1* ms)'
	found fanned iterator_age/consumer_lag $soon 'critical *billing* behind *'
	found wide iterator_age/lag $soon 'critical *'
	found wide iterator_age/shard_lag $soon 'critical 1 of 32 shards: shardId-000000000017 *'
	found stopped ingest/records $((soon + 600)) '* no record has come in for *'
	[ "$(says fanned iterator_age/consumer_lag | wc -l)" = 1 ] # the other consumer keeps up

	awssim_post stream '{"name": "lagging", "traffic": {"iterator_age_s": 0}}'
	awssim_post stream '{"name": "stopped", "traffic": {"records_per_s": 400}}'
	awssim_post stream '{"name": "full", "shards": 4}'
	wait_for 30 is_resolved lagging iterator_age/lag
	wait_for 30 is_resolved stopped ingest/records
	wait_for 30 is_resolved full throttling/writes
	log_is_clean
}
