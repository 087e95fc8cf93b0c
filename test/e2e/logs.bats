#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: hardened (simulated days, at a speed that ASan does not keep up with)
# Log groups: a day of healthy logs and a trouble of each kind, restart, groups that cannot be read, and what must never be seen of a log.
bats_require_minimum_version 1.5.0

load helpers
load daemon

teardown() {
	stop_kdiagd
	stop_awssim
	log_is_clean
}

# write_logs_config INTERVAL STREAMS [PROBE_SETTINGS]
write_logs_config() {
	write_config "probes: {stream_status: {interval: 1h}, shard_count: {enabled: false}, config_drift: {enabled: false}, log_anomaly: {interval: $1${3:+, $3}}}
streams:
$2" 1h
}

# group NAME TEMPLATE...: a log group with a consumer's healthy lines, by day and night, and more templates.
group() {
	local name="$1"
	shift
	cat <<-YAML
		  - name: $name
		    streams: 3
		    late: {share: 0.05, by: 90s}
		    empty_pages: 1
		    templates:
		      - {text: "START RequestId: {uuid} Version: \$LATEST", per_min: {base: 8, day: 0.6, peak_hour: 14, noise: 0.3}}
		      - {text: "{time}\t{uuid}\tINFO\tprocessed {n} records of {shard} in {ms} ms", per_min: {base: 8, day: 0.6, peak_hour: 14, noise: 0.3}}
		      - {text: "{time}\t{uuid}\tWARN\tretrying batch {hex} after {ms} ms", per_min: {base: 0.4, day: 0.6, peak_hour: 14, noise: 0.5}}
		      - {text: "{time}\t{uuid}\tERROR\tcannot write order {n} to the table", per_min: {base: 0.1, noise: 0.5}}
	YAML
	printf '      - %s\n' "$@"
}

CHECKPOINTED='{text: "{time}\t{uuid}\tINFO\tcheckpointed {shard} at {seq}", per_min: {base: 12, day: 0.6, peak_hour: 14, noise: 0.3}}'

# opened STREAM [SEVERITY...]: the changes of log_anomaly that opened something of that severity (warning or critical): "CHECK TIME", one a line.
opened() {
	local stream="$1" severities="${2:-warning critical}"
	json ".[] | select(.stream == \"$stream\" and .probe == \"log_anomaly\" and .event == \"opened\" and (.severity | inside(\"$severities\"))) | \"\(.check) \(.ts)\"" \
		history "$stream" --since 7d
}

has_opened() {
	[[ "$(opened "$1")" == *"$2 "* ]]
}

# The simulated time: seconds since 1970.
now() {
	date -u +%s.%N | awk -v clock="$KDIAG_CLOCK" '{ split(clock, c, "@"); printf "%d", c[2] + ($1 - c[2]) * c[1] }'
}

hours_up() {
	(($(awssim_stat elapsed_ms) >= $1 * 3600000))
}

# opened_within STREAM CHECK AT_S SECONDS: was it opened within so many seconds after that simulated second?
opened_within() {
	local ts delay
	ts="$(opened "$1" | sed -n "s/^$2 //p" | head -n 1)"
	delay=$(($(date -u -d "$ts" +%s) - $3))
	echo "$1 $2: opened $delay s after its cause"
	((delay > 0 && delay <= $4))
}

@test "a day of healthy logs is quiet, and each trouble is found within three cycles" {
	local trouble cycle=600
	fast_clock 1200 # 250 ms late, and a signature has expired
	start_awssim - <<-YAML
		$(scenario_head)
		streams: [{name: calm}, {name: errors}, {name: new}, {name: burst}, {name: silent}, {name: faults}]
		log_groups:
		$(group /aws/lambda/calm "$CHECKPOINTED" '{text: "swept {n} sessions", per_min: {base: 0, changes: [{at: -20d, to: 2}]}}')
		$(group /aws/lambda/errors '{text: "{time}\t{uuid}\tERROR\tcannot read order {n}", per_min: {base: 0.2, changes: [{at: 14h, to: 20}]}}')
		$(group /aws/lambda/new '{text: "{time}\t{uuid}\tERROR\tno route to order service {n}", per_min: {base: 0, changes: [{at: 14h, to: 2}]}}')
		$(group /aws/lambda/burst '{text: "{time}\t{uuid}\tWARN\tbackpressure failure on {shard}", per_min: {base: 2, changes: [{at: 14h, to: 60}]}}')
		$(group /aws/lambda/silent '{text: "{time}\t{uuid}\tINFO\tcheckpointed {shard} at {seq}", per_min: {base: 12, changes: [{at: 14h, to: 0}]}}')
		$(group /ecs/faults '{text: "{time} ERROR [pool-{n}-thread-1] c.e.Reader - software.amazon.awssdk.services.kinesis.model.ExpiredIteratorException: Iterator expired for {shard}", per_min: {base: 0, changes: [{at: 14h, to: 3}]}}')
	YAML
	trouble=$(($(now) - $(awssim_stat elapsed_ms) / 1000 + 14 * 3600))
	write_logs_config 10m "$(printf '  - {name: %s, log_groups: [/aws/lambda/%s]}\n' calm calm errors errors new 'ne*' burst burst silent silent)
  - {name: faults, log_groups: [/ecs/faults]}"
	start_kdiagd
	for check in errors:errors new:new_template burst:burst silent:silence faults:known_faults_latency; do
		wait_for 90 has_opened "${check%:*}" "${check#*:}"
		opened_within "${check%:*}" "${check#*:}" "$trouble" $((3 * cycle + 60)) # 60: of real time that is 50 ms
	done
	wait_for 90 hours_up 24
	echo "calm: $(opened calm)"
	[[ -z "$(opened calm)" ]]
	[[ "$(json '[.[] | select(.stream == "calm" and .probe == "log_anomaly" and (.state == "ok" or .state == "resolved"))] | length' findings --all)" == 7 ]]
	[[ "$(json '.[] | select(.stream == "new" and .check == "new_template") | .summary' findings --all)" == *'/aws/lambda/new'* ]]
}

# A quick clock, and a group that has a past: learning takes what there is of it.
start_one() {
	fast_clock 600
	start_awssim - <<-YAML
		$(scenario_head)
		streams: [{name: orders}]
		log_groups:
		$(group /aws/lambda/orders "$CHECKPOINTED" "$@")
	YAML
}

learnt() {
	[[ "$(json '.[] | select(.check == "silence" and .subject == "/aws/lambda/orders") | .summary' findings --all)" == *'fallen silent'* ]]
}

@test "a restart does not start learning anew" {
	start_one '{text: "{time}\t{uuid}\tERROR\tno route to order service {n}", per_min: {base: 0, changes: [{at: 1h, to: 5}]}}'
	write_logs_config 60s '  - {name: orders, log_groups: [/aws/lambda/orders]}'
	start_kdiagd
	wait_for 20 learnt
	before="$(json '.facts[] | select(.kind == "log_groups") | .value[0].since' facts orders)"
	learning="$(opened orders info)" learnt_by=$(awssim_stat operations.FilterLogEvents.calls)
	stop_kdiagd
	awssim_post reset-stats '{}' >/dev/null
	start_kdiagd
	wait_for 20 learnt
	[[ "$(json '.facts[] | select(.kind == "log_groups") | .value[0].since' facts orders)" == "$before" ]]
	calls=$(awssim_stat operations.FilterLogEvents.calls) looks=$(($(json .uptime_s status) / 60 + 1))
	echo "$calls calls, $learnt_by were needed to learn; $looks looks"
	((calls < looks + 9)) # a call a look
	wait_for 20 has_opened orders new_template
	[[ "$(opened orders info)" == "$learning" ]]
}

@test "what a log says stays where it is: only masked templates are seen" {
	start_one '{text: "{time}\t{uuid}\tERROR\tlogin of user=alice.cooper@example.com failed, password=hunter2-{n} token: sk-live-51HqLyjWDarjtT1zdp7dc", per_min: {base: 30}}' \
		'{text: "{\"level\":\"error\",\"message\":\"card 4111 1111 1111 {n} refused for customer bob-{n}\",\"iban\":\"DE89370400440532013000\"}", per_min: {base: 30}}'
	write_logs_config 60s '  - {name: orders, log_groups: [/aws/lambda/orders]}'
	start_kdiagd -v
	wait_for 20 learnt
	ctl --json facts orders >"$BATS_TEST_TMPDIR/seen"
	ctl --json findings --all >>"$BATS_TEST_TMPDIR/seen"
	grep -q 'password=<\*>' "$BATS_TEST_TMPDIR/seen"
	stop_kdiagd
	cat "$LOG" >>"$BATS_TEST_TMPDIR/seen"
	strings "$BATS_TEST_TMPDIR/kdiag.db"* >>"$BATS_TEST_TMPDIR/seen"
	not grep -nE 'alice|hunter2|sk-live|4111|DE8937|bob-' "$BATS_TEST_TMPDIR/seen"
}

summary_of() {
	json ".[] | select(.check == \"errors\" and .subject == \"$1\") | .summary" findings --all
}

says() {
	[[ "$(summary_of "$1")" == *"$2"* ]]
}

# told_of SUBJECT: how often something about it was opened, and told.
told_of() {
	json "[.[] | select(.probe == \"log_anomaly\" and .event == \"opened\" and .subject == \"$1\")] | length" history orders
}

told_once() {
	[[ "$(told_of "$1")" == 1 ]]
}

@test "a group that is not there, a prefix of none, and a denial are each told once" {
	start_one
	write_logs_config 60s '  - {name: orders, log_groups: [/aws/lambda/orders, /aws/lambda/gone, "/ecs/none-*"]}'
	start_kdiagd
	wait_for 20 says /aws/lambda/gone 'log group /aws/lambda/gone does not exist in us-east-1 (log_groups in the config)'
	wait_for 20 says '/ecs/none-*' 'no log group in us-east-1 is called /ecs/none-* (log_groups in the config)'
	wait_for 20 says /aws/lambda/orders 'usual at this hour'
	wait_for 20 told_once /aws/lambda/gone
	[[ "$(json '.self | length' status)" == 0 ]]
	wait_for 20 learnt
	before="$(told_of /aws/lambda/orders)"
	fault access_denied '"operation": "FilterLogEvents", "stream": "/aws/lambda/orders"'
	wait_for 20 self_open denied
	[[ "$(told_of /aws/lambda/orders)" == "$before" ]]
	awssim_post clear-faults '{}' >/dev/null
	wait_for 20 self_none denied
}

@test "throttled, cut and endless answers make no false alarm and lose nothing" {
	start_one
	write_logs_config 60s '  - {name: orders, log_groups: ["/aws/lambda/*"]}'
	start_kdiagd
	wait_for 20 learnt
	fault throttle '"operation": "FilterLogEvents", "rate": 0.3, "count": 20'
	fault cut_body '"operation": "FilterLogEvents", "rate": 0.3, "count": 5'
	fault endless_next_token '"operation": "FilterLogEvents", "count": 1'
	wait_for 30 hours_up 3
	awssim_post clear-faults '{}' >/dev/null
	[[ -z "$(opened orders)" ]]
	# As many events as the simulator wrote, late ones too: by the facts, within what came since the last look.
	[[ "$(json '.facts[] | select(.kind == "log_groups") | .value[0].share' facts orders)" == 1 ]]
}
