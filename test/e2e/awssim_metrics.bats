#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (it is about the simulator alone)
# The simulator's CloudWatch: metrics that agree with one another, points that come late, what it refuses, and how it breaks. AWS's own
# client asks.

load helpers

setup_file() {
	python3 -c 'import boto3' 2>/dev/null || skip "python3 cannot import boto3"
}

setup() {
	start_awssim - <<-'YAML'
		account: "123456789012"
		regions: [us-east-1, eu-west-1]
		seed: 7
		enforce_limits: true
		credentials: {keys: [{access_key_id: AKIATEST, secret_access_key: test-secret, user: tester}]}
		streams:
		  - name: orders
		    shards: 4
		    shard_metrics: [ALL]
		    consumers: [billing, search]
		    traffic:
		      records_per_s: {base: 800, day: 0.5, peak_hour: 14, noise: 0.05}
		      bytes_per_record: 500
		      readers: 2
		      consumers: [{name: billing, behind_s: 7200, refused_share: 0.5}]
		      stuck_shard: 2
		      stuck_age_s: {base: 0, changes: [{at: -3h, over: 24h, to: 86400}]}
		  - name: hot
		    shards: 4
		    shard_metrics: [IncomingRecords, WriteProvisionedThroughputExceeded]
		    traffic: {records_per_s: 2500, hot_shard: 2, hot_share: 0.5, put_failed_share: 0.01}
		  - {name: bursty, shards: 2, traffic: {records_per_s: 1000, bursts: 4}}
		  - {name: greedy, shards: 1, traffic: {records_per_s: 900, readers: 8, bytes_per_record: 1000}}
		  - name: shaped
		    traffic:
		      records_per_s:
		        base: 10
		        changes: [{at: -40m, for: 5m, to: 100}, {at: -30m, for: 5m, absent: true}, {at: -20m, times: 3}]
		      metrics: [{metric: GetRecords.IteratorAgeMilliseconds, value: 5000, samples: 60}]
		  - {name: silent, shards: 2}
	YAML
	now="$(date +%s)"
	now=$((now - now % 60 - 120)) # what is before it is whole
}

teardown() {
	[[ -z "${AWS_PID:-}" ]] || stop_awssim
}

aws_call() {
	python3 "$BATS_TEST_DIRNAME/aws_call.py" "$@"
}

# query ID METRIC STAT STREAM [PERIOD [DIMENSION VALUE]]
query() {
	printf '{"Id":"%s","MetricStat":{"Metric":{"Namespace":"AWS/Kinesis","MetricName":"%s","Dimensions":[{"Name":"StreamName","Value":"%s"}%s]},"Period":%s,"Stat":"%s"}}' \
		"$1" "$2" "$4" "${6:+,{\"Name\":\"$6\",\"Value\":\"$7\"\}}" "${5:-60}" "$3"
}

# ask MINUTES [MEMBERS] QUERY...: the last minutes before now, oldest first. MEMBERS begins with a comma.
ask() {
	local minutes="$1" members=''
	shift
	[[ "$1" != ,* ]] || { members="$1"; shift; }
	aws_call cloudwatch get_metric_data "{\"MetricDataQueries\":[$(IFS=,; echo "$*")],\"StartTime\":$((now - minutes * 60)),\"EndTime\":$now,\"ScanBy\":\"TimestampAscending\"$members}"
}

# values FILTER: what jq makes of the answer on stdin, in which .NAME is the values of the query NAME.
values() {
	jq -r "[.MetricDataResults[] | {(.Id): .Values}] | add | $1"
}

# raw BODY: signs and sends it as it is.
raw() {
	SERVICE=monitoring CONTENT_TYPE=application/x-amz-json-1.0 aws_call --raw GraniteServiceVersion20100801.GetMetricData "$1"
}

@test "the metrics of a stream agree with one another, with its shards and between periods" {
	now=$((now - now % 300))
	run ask 30 "$(query records IncomingRecords Sum orders)" "$(query bytes IncomingBytes Sum orders)" \
		"$(query total PutRecords.TotalRecords Sum orders)" "$(query good PutRecords.SuccessfulRecords Sum orders)" \
		"$(query single PutRecord.Success Sum orders)" "$(query five IncomingRecords Sum orders 300)" \
		"$(query count IncomingRecords SampleCount orders 300)" "$(query average IncomingRecords Average orders 300)" \
		"$(query most IncomingRecords Maximum orders 300)" "$(query least IncomingRecords Minimum orders 300)" \
		"$(for i in 0 1 2 3; do query shard$i IncomingRecords Sum orders 60 ShardId shardId-00000000000$i; [ $i = 3 ] || echo ,; done)" \
		"$(query read GetRecords.Records Sum orders)" "$(query refused WriteProvisionedThroughputExceeded Sum orders)" \
		"$(query age GetRecords.IteratorAgeMilliseconds Maximum orders)" "$(query mean GetRecords.IteratorAgeMilliseconds Average orders)" \
		"$(query stuck IteratorAgeMilliseconds Maximum orders 60 ShardId shardId-000000000002)" \
		"$(query sound IteratorAgeMilliseconds Maximum orders 60 ShardId shardId-000000000001)" \
		"$(query unread OutgoingRecords Sum orders 60 ShardId shardId-000000000002)"
	[ "$status" -eq 0 ]
	v() { values "$1" <<<"$output"; }
	[ "$(v '.records | length')" = 30 ]
	[ "$(v '[.records, .bytes] | transpose | all(.[0] * 500 == .[1])')" = true ]
	[ "$(v '[.records, .good, .single] | transpose | all(.[0] == .[1] + .[2])')" = true ]
	[ "$(v '.total == .good and (.refused | add) == 0')" = true ]
	[ "$(v '[.records, .shard0, .shard1, .shard2, .shard3] | transpose | all(.[0] == .[1] + .[2] + .[3] + .[4])')" = true ]
	[ "$(v '[.five, ([.records | range(0; 30; 5) as $i | .[$i:$i + 5] | add])] | .[0] == .[1]')" = true ]
	[ "$(v '[.five, .count, .average, .most, .least] | transpose | all((.[0] / .[1] - .[2] | fabs) < 1e-6 and .[3] >= .[2] and .[4] <= .[2])')" = true ]
	# 400 to 1,200 a second in the course of the day, 5 % of noise on top
	[ "$(v '.records | all(. >= 60 * 400 * .94 and . <= 60 * 1200 * 1.06) and (unique | length) > 20')" = true ]
	# One of four shards stuck: the average hides what the maximum shows, and nothing of it is read by the first of the two readers.
	[ "$(v '.age == .stuck and (.age[-1] > 10000000) and .sound[-1] == 0 and .mean[-1] < .age[-1] / 7')" = true ]
	[ "$(v '.stuck[-1] - .stuck[-2]')" = 60000 ]
	[ "$(v '[.unread, .shard2] | transpose | all(.[0] == .[1])')" = true ]
	[ "$(v '[.read, .records, .unread] | transpose | all(.[0] == 2 * .[1] - .[2])')" = true ]
	[ "$(awssim_stat metrics_asked)" = 21 ]
}

@test "shards keep their limits: hot key, bursts, too many readers; PutRecords.Success hides it" {
	run ask 5 "$(query hot WriteProvisionedThroughputExceeded Sum hot 60 ShardId shardId-000000000002)" \
		"$(query cool WriteProvisionedThroughputExceeded Sum hot 60 ShardId shardId-000000000001)" \
		"$(query taken IncomingRecords Sum hot 60 ShardId shardId-000000000002)" \
		"$(query total PutRecords.TotalRecords Sum hot)" "$(query good PutRecords.SuccessfulRecords Sum hot)" \
		"$(query throttled PutRecords.ThrottledRecords Sum hot)" "$(query failed PutRecords.FailedRecords Sum hot)" \
		"$(query success PutRecords.Success Average hot)" "$(query single PutRecord.Success Average hot)" \
		"$(query burst WriteProvisionedThroughputExceeded Sum bursty)" "$(query slow IncomingRecords Sum bursty)" \
		"$(query polls ReadProvisionedThroughputExceeded Sum greedy)" "$(query bytes GetRecords.Bytes Sum greedy)" \
		"$(query off IncomingBytes Sum hot 60 ShardId shardId-000000000002)"
	[ "$status" -eq 0 ]
	v() { values "$1" <<<"$output"; }
	[ "$(v '[.hot[0], .cool[0], .taken[0]] | tostring')" = '[33750,0,59400]' ]
	[ "$(v '[.total, .good, .throttled, .failed] | transpose | all(.[0] == .[1] + .[2] + .[3] and .[2] > 0 and .[3] > 0)')" = true ]
	[ "$(v '(.success | all(. == 1)) and (.single | all(. < 0.8))')" = true ]
	[ "$(v '[.burst[0], .slow[0]] | tostring')" = '[30000,30000]' ] # of a limit of 120,000
	[ "$(v '(.polls | all(. >= 180)) and (.bytes | all(. <= 125829120))')" = true ]
	[ "$(v '.off | length')" = 0 ] # that shard-level metric is not on
}

@test "fan-out consumers, formulas in their shapes, single metrics, and silence" {
	now=$((now - 120))
	run ask 45 "$(query behind SubscribeToShardEvent.MillisBehindLatest Maximum orders 60 ConsumerName billing)" \
		"$(query near SubscribeToShardEvent.MillisBehindLatest Maximum orders 60 ConsumerName search)" \
		"$(query rate SubscribeToShard.RateExceeded Sum orders 60 ConsumerName billing)" \
		"$(query nobody SubscribeToShardEvent.Records Sum orders 60 ConsumerName nobody)" \
		"$(query shape IncomingRecords Sum shaped)" "$(query own GetRecords.IteratorAgeMilliseconds Average shaped)" \
		"$(query count GetRecords.IteratorAgeMilliseconds SampleCount shaped 300)" \
		"$(query silent IncomingRecords Sum silent)" "$(query reads GetRecords.Records Sum silent)" \
		"$(query gone IncomingRecords Sum nowhere)" "$(query odd Incoming Sum orders)"
	[ "$status" -eq 0 ]
	v() { values "$1" <<<"$output"; }
	[ "$(v '[.behind[0], .near[0], .rate[0]] | tostring')" = '[7200000,0,1]' ]
	[ "$(v '[.nobody, .silent, .reads, .gone, .odd] | map(length) | add')" = 0 ]
	[ "$(jq -r '[.MetricDataResults[].StatusCode] | unique | join(" ")' <<<"$output")" = Complete ]
	# 600 a minute, 6,000 for five minutes, none for five, then 1,800
	[ "$(v '.shape | group_by(.) | map("\(.[0]):\(length)") | join(" ")' | grep -cE '^600:(19|20) 1800:(15|16) 6000:5$')" = 1 ]
	[ "$(v '.shape | length')" = 40 ]
	[ "$(v '(.own | all(. == 5000)) and (.count[1] == 300)')" = true ]
}

@test "points come late, change, and what is posted changes the future only" {
	stop_awssim
	local start before
	start="$(date +%s)"
	export KDIAG_CLOCK="120@$start"
	start_awssim - <<-'YAML'
		account: "123456789012"
		credentials: {keys: [{access_key_id: AKIATEST, secret_access_key: test-secret, user: tester}]}
		streams:
		  - {name: late, traffic: {records_per_s: 10, late: {share: 1, after: 20m, first: 0.5}}}
		  - {name: prompt, traffic: {records_per_s: 10}}
	YAML
	now="$(date +%s)"
	now=$((now - now % 60 + 120)) # a minute yet to come
	wait_for 10 is "prompt 1" 600
	is "late 1" '' || is "late 1" 300
	wait_for 20 is "late 1" 300
	wait_for 20 is "late 1" 600
	awssim_post stream '{"name": "prompt", "traffic": {"records_per_s": 50}}'
	is "prompt 1" 600
	before=$now
	now=$((start + ($(date +%s) - start) * 120))
	now=$((now - now % 60 + 300)) # a minute that begins behind it
	wait_for 40 is "prompt 1" 3000
	now=$before
	is "prompt 1" 600
}

# is "STREAM MINUTES" VALUE: are these IncomingRecords the newest before now?
is() {
	[[ "$(ask "${1#* }" "$(query a IncomingRecords Sum "${1% *}")" | values '.a | join(" ")')" == "$2" ]]
}

@test "what CloudWatch refuses" {
	good="$(query a IncomingRecords Sum orders)"
	times="\"StartTime\":$((now - 300)),\"EndTime\":$now"
	refused() {
		run raw "$1"
		[[ "$output" == "400 "*"$2"* ]] || { echo "$1: $output"; return 1; }
	}
	run raw "{\"MetricDataQueries\":[$good],$times}"
	[[ "$output" == "200 "* ]]
	refused "{$times}" "Value null at 'metricDataQueries'"
	[[ "$output" == *ValidationErrorException* ]]
	refused "{\"MetricDataQueries\":[],$times}" 'MetricDataQueries is required'
	refused "{\"MetricDataQueries\":[$good],\"StartTime\":$now}" "at 'endTime'"
	refused "{\"MetricDataQueries\":[$good],\"StartTime\":$now,\"EndTime\":$now}" 'StartTime must be less than'
	refused "{\"MetricDataQueries\":[$good],\"StartTime\":\"2026-01-01T00:00:00Z\",\"EndTime\":$now}" SerializationException
	refused "{\"MetricDataQueries\":[$good],$times,\"Colour\":1}" 'Unexpected field name: Colour'
	refused "{\"MetricDataQueries\":[$good,$good],$times}" 'not unique: a'
	refused "{\"MetricDataQueries\":[${good/\"a\"/\"A\"}],$times}" 'must match ^[a-z]'
	refused "{\"MetricDataQueries\":[${good/\"Sum\"/\"Total\"}],$times}" 'no Stat Total'
	refused "{\"MetricDataQueries\":[${good/60/90}],$times}" 'multiple of 60'
	refused "{\"MetricDataQueries\":[${good/\"MetricName\"/\"Name\"}],$times}" 'Unexpected field name: Name'
	refused "{\"MetricDataQueries\":[{\"Id\":\"a\"}],$times}" 'Either MetricStat or Expression'
	refused "{\"MetricDataQueries\":[{\"Id\":\"a\",\"MetricStat\":{\"Period\":60,\"Stat\":\"Sum\"}}],$times}" \
		"'metricDataQueries.1.member.metricStat.metric'"
	refused "{\"MetricDataQueries\":{},$times}" 'Expected list'
	refused "{\"MetricDataQueries\":[$good],$times,\"ScanBy\":\"Up\"}" 'enum value set'
	refused "{\"MetricDataQueries\":[$good],$times,\"MaxDatapoints\":100801}" 'MaxDatapoints'
	refused "{\"MetricDataQueries\":[$good],$times,\"NextToken\":\"x\"}" InvalidNextToken
	all="$(for i in $(seq 501); do query "m$i" IncomingRecords Sum orders; echo ,; done)"
	refused "{\"MetricDataQueries\":[${all%,}],$times}" 'size greater than 500'
	SERVICE=cloudwatch run raw "{}"
	[[ "$output" == *"correct service: 'monitoring'"* ]] || [[ "$output" == "400 "* ]]
	run aws_call cloudwatch get_metric_data "{\"MetricDataQueries\":[$good],\"StartTime\":$now,\"EndTime\":$now}"
	[[ "$output" == "400 ValidationError "* ]] # AWS's client takes the code from x-amzn-query-error
}

@test "pages, and queries that fail while the others are answered" {
	a="$(query a IncomingRecords Sum orders)" b="$(query b IncomingBytes Sum orders)" c="$(query c IncomingRecords Sum hot)"
	run ask 10 ',"MaxDatapoints":15' "$a" "$b"
	[ "$(jq -c '[.MetricDataResults[] | [.Id, .StatusCode, (.Values | length)]]' <<<"$output")" = '[["a","Complete",10],["b","PartialData",5]]' ]
	token="$(jq -r .NextToken <<<"$output")"
	run ask 10 ",\"MaxDatapoints\":15,\"NextToken\":\"$token\"" "$a" "$b"
	[ "$(jq -c '[[.MetricDataResults[] | [.Id, .StatusCode, (.Values | length)]], .NextToken]' <<<"$output")" = '[[["b","Complete",5]],null]' ]
	run ask 10 ",\"MaxDatapoints\":15,\"NextToken\":\"$token\"" "$a" "$c" # other queries
	[[ "$output" == "400 InvalidNextToken"* ]]

	awssim_post fault '{"kind":"partial_data","stream":"ord*","metric":"IncomingRecords","count":1}'
	awssim_post fault '{"kind":"internal_error","metric":"IncomingBytes","count":1}'
	awssim_post fault '{"kind":"forbidden","stream":"hot"}'
	run ask 10 "$a" "$b" "$c"
	[ "$(jq -c '[.MetricDataResults[] | [.StatusCode, (.Values | length)]]' <<<"$output")" = '[["PartialData",5],["InternalError",0],["Forbidden",0]]' ]
	token="$(jq -r .NextToken <<<"$output")"
	run ask 10 ",\"NextToken\":\"$token\"" "$a" "$b" "$c"
	[ "$(jq -c '[[.MetricDataResults[] | [.Id, .StatusCode, (.Values | length)]], .NextToken]' <<<"$output")" = '[[["a","Complete",5],["b","Complete",10]],null]' ]

	awssim_post clear-faults ''
	awssim_post fault '{"kind":"small_pages","size":3}'
	run ask 10 "$a"
	[ "$(jq -c '[.MetricDataResults[0].Values | length]' <<<"$output")" = '[3]' ]
	awssim_post clear-faults ''
	awssim_post fault '{"kind":"endless_next_token","operation":"GetMetricData"}'
	run ask 10 ",\"NextToken\":\"$(jq -r .NextToken <<<"$output")\"" "$a"
	[ "$(jq -c '[(.MetricDataResults[0].Values | length), (.NextToken | length > 0)]' <<<"$output")" = '[7,true]' ]
	awssim_post clear-faults ''
	awssim_post fault '{"kind":"access_denied","service":"monitoring"}'
	run ask 10 "$a"
	[[ "$output" == "400 AccessDenied "*"cloudwatch:GetMetricData"* ]]
	awssim_post clear-faults ''
	awssim_post fault '{"kind":"throttle","operation":"GetMetricData"}'
	run ask 10 "$a"
	[ "$output" = "400 Throttling Rate exceeded" ]
}

@test "mistakes in traffic are named" {
	check() {
		printf 'streams: [{name: a, traffic: %s}]\n' "$1" >"$BATS_TEST_TMPDIR/bad.yaml"
		run "$BUILD_DIR/kdiag-awssim" -p 0 "$BATS_TEST_TMPDIR/bad.yaml"
		[ "$status" -eq 1 ] || { echo "accepted: $1"; return 1; }
		[[ "$output" == *"$2"* ]] || { echo "said: $output"; return 1; }
	}
	check '{records: 5}' 'unknown key "records" (did you mean "records_per_s"?)'
	check '{records_per_s: many}' 'is no number'
	check '{records_per_s: -1}' 'out of range'
	check '{records_per_s: {day: 0.5}}' 'base is missing'
	check '{records_per_s: {base: 1, day: 2}}' 'no number from 0 to 1'
	check '{records_per_s: {base: 1, changes: [{at: soon, to: 1}]}}' 'is no time: write 20m, or -20m'
	check '{records_per_s: {base: 1, changes: [{at: 1m}]}}' 'one of to, times, absent'
	check '{hot_share: 2}' 'hot_share is a share'
	check '{metrics: [{metric: Incoming, value: 1}]}' 'Kinesis has no metric Incoming of a stream'
	check '{metrics: [{metric: IncomingBytes, value: 1, consumer: c}]}' 'no metric IncomingBytes of a consumer'
	check '{metrics: [{metric: IncomingBytes, value: 1, shard: 1, consumer: c}]}' 'of a shard or of a consumer'
	check '{consumers: [{behind_s: 1}]}' 'name is missing'
	check '{late: {share: 0.5}}' 'after is missing'
	check '[]' 'here stands a map'
}
