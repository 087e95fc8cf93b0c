#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (it is about the simulator alone)
# The simulator's CloudWatch Logs: events by formula that are always the same, pages, empty ones, late ones, filter patterns, what it refuses. AWS's own client asks.

load helpers

setup_file() {
	python3 -c 'import boto3' 2>/dev/null || skip "python3 cannot import boto3"
}

setup() {
	start_awssim - <<-'YAML'
		account: "123456789012"
		regions: [us-east-1, eu-central-1]
		enforce_limits: true
		credentials: {keys: [{access_key_id: AKIATEST, secret_access_key: test-secret, user: tester}]}
		log_groups:
		  - name: /aws/lambda/orders
		    streams: 3
		    templates:
		      - {text: "{time} INFO read {n} records of {shard}", per_min: 30}
		      - {text: "{time} ERROR cannot write {uuid}", per_min: {base: 0, changes: [{at: -10m, for: 5m, to: 6}]}}
		  - {name: /aws/lambda/paged, page: 10, empty_pages: 2, templates: [{text: "line {n}", per_min: 25}]}
		  - {name: /aws/lambda/late, late: {share: 1, by: 1h}, templates: [{text: "line {n}", per_min: 60}]}
		  - {name: /ecs/quiet, templates: [{text: "line {n}", per_min: 0}]}
		  - {name: /ecs/quiet, region: eu-central-1, templates: []}
	YAML
	now="$(date +%s)000"
}

teardown() {
	[[ -z "${AWS_PID:-}" ]] || stop_awssim
}

aws_call() {
	python3 "$BATS_TEST_DIRNAME/aws_call.py" "$@"
}

# filter GROUP FROM_MIN UNTIL_MIN [MEMBERS]: FilterLogEvents, minutes ago. MEMBERS begins with a comma.
filter() {
	aws_call logs filter_log_events \
		"{\"logGroupName\":\"$1\",\"startTime\":$((now - $2 * 60000)),\"endTime\":$((now - $3 * 60000 - 1))${4:-}}"
}

@test "events by formula, in order, the same each time" {
	filter /aws/lambda/orders 30 20 >"$BATS_TEST_TMPDIR/one"
	filter /aws/lambda/orders 30 20 >"$BATS_TEST_TMPDIR/two"
	jq .events "$BATS_TEST_TMPDIR/one" >"$BATS_TEST_TMPDIR/one.events"
	jq .events "$BATS_TEST_TMPDIR/two" | cmp - "$BATS_TEST_TMPDIR/one.events"
	count="$(jq length "$BATS_TEST_TMPDIR/one.events")"
	((count >= 285 && count <= 315))
	jq -e '. as $all | ([.[].timestamp] | . == sort) and ([.[].eventId] | unique | length) == ($all | length)
		and ([.[].logStreamName] | unique | length) == 3 and all(.[]; .ingestionTime >= .timestamp)
		and all(.[]; .message | test("^20..-..-..T..:..:..\\....Z INFO read [0-9]+ records of shardId-[0-9]{12}$"))' "$BATS_TEST_TMPDIR/one.events"
}

@test "a trouble is there from when to when, and a filter pattern finds it" {
	[[ "$(filter /aws/lambda/orders 30 11 ',"filterPattern":"ERROR"' | jq '.events | length')" == 0 ]]
	count="$(filter /aws/lambda/orders 30 0 ',"filterPattern":"ERROR"' | jq '.events | length')"
	((count >= 24 && count <= 36))
	all="$(filter /aws/lambda/orders 30 0 | jq '.events | length')"
	[[ "$(filter /aws/lambda/orders 30 0 ',"filterPattern":"?ERROR ?INFO"' | jq '.events | length')" == "$all" ]]
	[[ "$(filter /aws/lambda/orders 30 0 ',"filterPattern":"-INFO"' | jq '.events | length')" == "$count" ]]
	[[ "$(filter /aws/lambda/orders 30 0 ',"filterPattern":"\"cannot write\" ERROR"' | jq '.events | length')" == "$count" ]]
	[[ "$(filter /aws/lambda/orders 30 0 ',"filterPattern":"{ $.x = 1 }"')" == '400 InvalidParameterException '* ]]
}

@test "pages lead on over empty ones to the end" {
	local token='' pages=0 empty=0 events=0 page
	whole="$(filter /aws/lambda/paged 20 10 ',"limit":10000')"
	[[ "$(jq '.events | length' <<<"$whole")" == 0 && "$(jq -r .nextToken <<<"$whole")" != null ]]
	while ((pages++ < 200)); do
		page="$(filter /aws/lambda/paged 20 10 "${token:+,\"nextToken\":\"$token\"}")"
		n="$(jq '.events | length' <<<"$page")"
		((n <= 10))
		((n > 0)) || empty=$((empty + 1))
		events=$((events + n))
		token="$(jq -r '.nextToken // ""' <<<"$page")"
		[[ -n "$token" ]] || break
	done
	((events >= 240 && events <= 260))
	((empty >= events / 10 * 2))
	[[ "$(filter /aws/lambda/paged 20 10 ',"nextToken":"made-up"')" == '400 InvalidParameterException '* ]]
}

@test "what is late is not there yet" {
	[[ "$(filter /aws/lambda/late 30 20 | jq '.events | length')" == 0 ]]
	count="$(filter /aws/lambda/late 90 80 | jq '.events | length')"
	((count >= 590 && count <= 610))
}

@test "groups by prefix, and what is not there" {
	[[ "$(aws_call logs describe_log_groups '{"logGroupNamePrefix":"/aws/lambda/"}' | jq -r '[.logGroups[].logGroupName] | join(" ")')" == \
		'/aws/lambda/late /aws/lambda/orders /aws/lambda/paged' ]]
	page="$(aws_call logs describe_log_groups '{"limit":3}')"
	[[ "$(jq '.logGroups | length' <<<"$page")" == 3 ]]
	[[ "$(aws_call logs describe_log_groups "{\"limit\":3,\"nextToken\":\"$(jq -r .nextToken <<<"$page")\"}" | jq -r '.logGroups[].logGroupName')" == /ecs/quiet ]]
	[[ "$(filter /aws/lambda/gone 30 20)" == '400 ResourceNotFoundException '* ]]
	[[ "$(REGION=eu-central-1 aws_call logs describe_log_groups '{}' | jq '.logGroups | length')" == 1 ]]
}

@test "a fault strikes the groups that it names" {
	awssim_post fault '{"kind": "throttle", "operation": "FilterLogEvents", "stream": "/aws/lambda/*"}' >/dev/null
	[[ "$(filter /aws/lambda/orders 2 1)" == '400 ThrottlingException Rate exceeded' ]]
	[[ "$(filter /ecs/quiet 2 1 | jq '.events | length')" == 0 ]]
}
