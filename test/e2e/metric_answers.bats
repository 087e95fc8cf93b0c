#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (the hardened build has other files to show itself in)
# What CloudWatch may answer that is no good answer: pages, parts, queries that fail, and answers that are none. Each harms its own metric at most, and
# nothing is taken for well. Time runs fast for simulator and daemon alike.

load helpers
load daemon

teardown() {
	stop_kdiagd
	stop_awssim
}

# finding_is STREAM CHECK WORDS: "severity state unseen" of the finding about the stream as a whole, and a part of what is said of it.
finding_is() {
	[[ "$(json ".streams[].findings[] | select(\"\(.probe)/\(.check)\" == \"$2\" and .subject == \"stream\") | \"\(.severity) \(.state) \(.unseen // false) \(.reason) \(.summary) \(.why // \"\")\"" status "$1")" == $3 ]]
}

is_still_bad() {
	finding_is lagging iterator_age/lag 'critical open *'
}

@test "pages, partial data and failing queries: each harms its own metric at most, and nothing is taken for well" {
	fast_clock 120
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: sound, shards: 2, traffic: {records_per_s: {base: 300, noise: 0.1}}}
		  - {name: lagging, shards: 2, traffic: {records_per_s: 300, iterator_age_s: 50000}}
	YAML
	write_config 'streams: [{name: sound}, {name: lagging}]' 60s
	start_kdiagd
	wait_for 15 looked
	wait_for 15 is_still_bad
	wait_for 10 has_verdict sound ok

	# What comes in pieces is whole in the end.
	fault partial_data
	fault small_pages '"size": 40'
	awssim_post reset-stats '' >/dev/null
	wait_for 15 stat_is operations.GetMetricData.accepted 12
	pass 120
	wait_for 10 has_verdict sound ok
	wait_for 10 is_still_bad
	wait_for 10 all_is_seen || { ctl status; ctl findings; tail "$LOG"; return 1; }
	clear_faults

	# One metric of one stream fails: that check cannot look, and says so; all others can.
	fault internal_error '"metric": "GetRecords.IteratorAge*", "stream": "sound"'
	wait_for 30 finding_is sound iterator_age/lag 'unknown open *'
	wait_for 10 is_still_bad
	[ "$(json '[.streams[].findings[] | select(.severity == "unknown" and .probe != "iterator_age")] | length' status sound)" = 0 ]
	clear_faults
	wait_for 30 all_is_seen
	wait_for 10 has_verdict sound ok

	# What is not seen any more is not taken for well.
	fault forbidden '"stream": "lagging"'
	wait_for 30 finding_is lagging iterator_age/lag 'critical open true denied *'
	wait_for 10 has_verdict sound ok
	clear_faults
	wait_for 30 all_is_seen

	for kind in endless_next_token wrong_json wrong_type huge_body http500_html cut_body; do
		fault "$kind" '"operation": "GetMetricData"'
		awssim_post reset-stats '' >/dev/null
		wait_for 20 stat_is operations.GetMetricData.calls 2
		pass 60
		wait_for 10 is_still_bad
		clear_faults
	done
	wait_for 60 all_is_seen
	wait_for 10 is_still_bad
	wait_for 10 has_verdict sound ok
	ctl history lagging --since 24h
	not is_resolved lagging iterator_age/lag
	log_is_clean
}
