#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (it is about the simulator alone)
# The simulator: what it refuses, how it breaks, and that AWS's own client takes it for AWS.

load helpers

# The python3 that has boto3: the first in PATH, or Debian's own, whose packages another one does not see.
setup_file() {
	export PYTHON=python3 BOTO3=yes
	"$PYTHON" -c 'import boto3' 2>/dev/null || PYTHON=/usr/bin/python3
	"$PYTHON" -c 'import boto3' 2>/dev/null || BOTO3=
}

setup() {
	start_awssim - <<-'YAML'
		account: "123456789012"
		regions: [us-east-1, eu-west-1]
		seed: 7
		enforce_limits: true
		credentials:
		  keys:
		    - {access_key_id: AKIATEST, secret_access_key: test-secret, user: tester}
		    - {access_key_id: ASIATEMP, secret_access_key: temp-secret, session_token: temp-token, expires_in: 1h}
		    - {access_key_id: ASIAOLD, secret_access_key: old-secret, session_token: old-token, expires_in: 1s}
		  imds: {role: bastion, lifetime: 1h}
		  roles:
		    - {arn: "arn:aws:iam::123456789012:role/kdiag", external_id: abc}
		    - {arn: "arn:aws:iam::210987654321:role/other"}
		streams:
		  - {name: orders, shards: 8, closed: 4, encryption: KMS, consumers: [a, b, c]}
		  - {name: gone-soon, shards: 1, timeline: [{at: 1s, set: {status: DELETING}}]}
		  - {name: clicks, region: eu-west-1, shards: 3}
		generate: {count: 250, prefix: bulk-, shards: 2}
	YAML
	url="http://127.0.0.1:$AWS_PORT"
}

teardown() {
	stop_awssim
}

need_boto3() {
	[ -n "$BOTO3" ] || skip "no boto3 for python3 (Debian: python3-boto3)"
}

aws_call() {
	"$PYTHON" "$BATS_TEST_DIRNAME/aws_call.py" "$@"
}

fault() {
	awssim_post fault "$1" >/dev/null
}

# ---- what needs no signature ----

@test "a scenario with a mistake: file, line, column and a remedy, exit 1" {
	printf 'streams:\n  - {name: a, shard: 3}\n' >"$BATS_TEST_TMPDIR/bad.yaml"
	run "$BUILD_DIR/kdiag-awssim" -p 0 "$BATS_TEST_TMPDIR/bad.yaml"
	[ "$status" -eq 1 ]
	[[ "$output" == *'bad.yaml:2:15: unknown key "shard" (did you mean "shards"?)'* ]]
	run "$BUILD_DIR/kdiag-awssim" -p 0 /nowhere.yaml
	[ "$status" -eq 1 ]
	[[ "$output" == */nowhere.yaml* ]]
	run "$BUILD_DIR/kdiag-awssim" -p 66000 "$BATS_TEST_TMPDIR/bad.yaml"
	[ "$status" -eq 2 ]
}

@test "mistakes in every part of a scenario are named" {
	check() {
		printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/bad.yaml"
		run "$BUILD_DIR/kdiag-awssim" -p 0 "$BATS_TEST_TMPDIR/bad.yaml"
		[ "$status" -eq 1 ] || { echo "accepted: $1"; return 1; }
		[[ "$output" == *"$2"* ]] || { echo "said: $output"; return 1; }
	}
	check 'account: "12"' 'is no account id'
	check 'streams: {name: a}' 'streams is a list'
	check 'streams: [{shards: 2}]' 'name is missing'
	check 'streams: [{name: a b}]' 'is no stream name'
	check 'streams: [{name: a, region: mars-1}]' 'not among the scenario'
	check 'streams: [{name: a}, {name: a}]' 'stands twice'
	check 'streams: [{name: a, shards: 0}]' 'out of range'
	check 'streams: [{name: a, shards: [{number: 0, from: "0", to: "340282366920938463463374607431768211456"}]}]' 'no hash key below 2^128'
	check 'streams: [{name: a, timeline: [{at: soon, set: {status: ACTIVE}}]}]' 'is no duration'
	check 'streams: [{name: a, timeline: [{at: 1s, set: {name: b}}]}]' 'unknown key "name"'
	check 'streams: [{name: a, shard_metrics: [Incoming]}]' 'no shard-level metric'
	check 'faults: [{kind: throttle, operation: ListShard}]' 'no operation ListShard is simulated'
	check 'faults: [{kind: throttle, rate: 1.5}]' 'no number from 0 to 1'
	check 'faults: [{kind: huge_body, size: 99999999}]' 'out of range'
	check 'generate: {count: 5}' 'prefix is missing'
	check 'credentials: {roles: [{arn: kdiag}]}' 'arn is no role'
	check 'enforce_limits: maybe' 'neither true nor false'
	check '- a' 'here stands a map'
}

@test "a port that is taken is said" {
	run "$BUILD_DIR/kdiag-awssim" -p "$AWS_PORT" "$BATS_TEST_TMPDIR/scenario.yaml"
	[ "$status" -eq 1 ]
	[[ "$output" == *"cannot listen on 127.0.0.1:$AWS_PORT"* ]]
}

@test "GET, an unknown path, an unknown target, a wrong content type and a missing signature are refused" {
	target='X-Amz-Target: Kinesis_20131202.ListStreams'
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/")" = 404 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/x")" = 404 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$url/")" = 404 ]
	run curl -s -d '{}' -H "X-Amz-Target: Kinesis_20131202.ListStream" -H 'Content-Type: application/x-amz-json-1.1' "$url/"
	[[ "$output" == '{"__type":"UnknownOperationException"}' ]]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -d '{}' -H "$target" -H 'Content-Type: application/json' "$url/")" = 404 ]
	run curl -s -d '{}' -H "$target" -H 'Content-Type: application/x-amz-json-1.1' "$url/"
	[[ "$output" == *'"MissingAuthenticationTokenException"'* ]]
	run curl -s -d '{}' -H "$target" -H 'Content-Type: application/x-amz-json-1.1' -H 'Authorization: AWS4-HMAC-SHA256 Credential=a/b' "$url/"
	[[ "$output" == *IncompleteSignatureException*"requires 'Signature' parameter"* ]]
	run curl -s -d 'Action=GetCallerIdentity&Version=2011-06-15' "$url/"
	[[ "$output" == *'<Code>MissingAuthenticationToken</Code>'* ]]
	run curl -s -d 'Action=Nothing&Version=2011-06-15' "$url/"
	[[ "$output" == *'<Code>InvalidAction</Code>'* ]]
}

@test "the metadata service speaks version 2 only, and its keys rotate" {
	roles=/latest/meta-data/iam/security-credentials
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$url$roles/")" = 401 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$url/latest/api/token")" = 400 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'X-Forwarded-For: 1.2.3.4' -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/latest/api/token")" = 403 ]
	token="$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/latest/api/token")"
	get() { curl -s -H "X-aws-ec2-metadata-token: $token" "$url$1"; }
	[ "$(get $roles/)" = bastion ]
	first="$(get $roles/bastion | jq -r .AccessKeyId)"
	[[ "$first" == ASIA* ]]
	[ "$(get $roles/bastion | jq -r .AccessKeyId)" = "$first" ]
	awssim_post imds '{"rotate":true}'
	[ "$(get $roles/bastion | jq -r .AccessKeyId)" != "$first" ]
	awssim_post imds '{"forget_tokens":true}'
	[ "$(curl -s -o /dev/null -w '%{http_code}' -H "X-aws-ec2-metadata-token: $token" "$url$roles/")" = 401 ]
}

@test "faults are done on the wire" {
	token() { curl -s -S --max-time 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$@" "$url/latest/api/token"; }
	strike() { awssim_post clear-faults '' && awssim_post fault "{\"service\":\"imds\",$1}"; } >/dev/null
	strike '"kind":"http500_html"'
	[[ "$(token)" == *'<h1>500 Internal Server Error</h1>'* ]]
	strike '"kind":"http503"'
	[ "$(token -o /dev/null -w '%{http_code}')" = 503 ]
	strike '"kind":"empty_body"'
	[ "$(token -w '%{http_code}')" = 200 ]
	strike '"kind":"reset"'
	run token
	[ "$status" -eq 56 ] # "Connection reset by peer"
	strike '"kind":"cut_body"'
	run token
	[ "$status" -eq 18 ] # the end came before the announced length
	strike '"kind":"hang"'
	run token
	[ "$status" -eq 28 ] # curl's own timeout
	strike '"kind":"slow_drip","ms":300'
	run token
	[ "$status" -eq 28 ]
	strike '"kind":"slow_drip","ms":1'
	run token
	[ "$status" -eq 0 ]
	[ "${#output}" -eq 56 ]
	strike '"kind":"wrong_json"'
	[ "$(token | wc -c)" -eq 28 ]
	strike '"kind":"huge_body","size":20000000'
	[ "$(token | wc -c)" -gt 20000000 ]
	strike '"kind":"http503","count":1'
	[ "$(token -o /dev/null -w '%{http_code}')" = 503 ]
	[ "$(token -o /dev/null -w '%{http_code}')" = 200 ]
	strike '"kind":"skewed_date","seconds":3600'
	date="$(token -o /dev/null -D - | tr -d '\r' | sed -n 's/^Date: //p')"
	ahead=$(($(date -d "$date" +%s) - $(date +%s)))
	((ahead > 3500 && ahead < 3700))
}

@test "clients that leave while they are kept waiting leave nothing behind" {
	fault '{"service":"imds","kind":"hang","count":5}'
	fault '{"service":"imds","kind":"slow_drip","ms":1000,"count":5}'
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		curl -s --max-time 0.1 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/latest/api/token" >/dev/null || true
	done
	[ "$(awssim_stat operations.MetadataToken.calls)" = 10 ]
	# and a hanging one is there when the simulator ends
	fault '{"service":"imds","kind":"hang"}'
	curl -s --max-time 20 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/latest/api/token" 3>&- &
	wait_for 5 test_calls 11
	stop_awssim
	wait $! || true
}

test_calls() {
	[ "$(awssim_stat operations.MetadataToken.calls)" = "$1" ]
}

@test "the admin endpoint says what is wrong with what it is told" {
	run awssim_post fault '{"kind":"thrott"}'
	[[ "$output" == *'is no kind'* ]]
	run awssim_post fault '{"kind":'
	[ "$status" -ne 0 ]
	run awssim_post stream '{"shards":3}'
	[[ "$output" == *'name is missing'* ]]
	run awssim_post stream '{"name":"x","region":"mars"}'
	[[ "$output" == *'not among'* ]]
	run awssim_post nothing '{}'
	[[ "$output" == *'there are GET stats'* ]]
	awssim_post reset-stats ''
	[ "$(awssim_stat requests)" = 0 ]
}

@test "SIGTERM ends it at once" {
	kill "$AWS_PID"
	local before=$SECONDS
	wait "$AWS_PID"
	AWS_PID=
	((SECONDS - before <= 10)) # ASan's search for leaks is in it
}

# ---- as boto3 sees it ----

# need_model WHAT OPERATION input|output MEMBER: WHAT is what a botocore before December 2022 (Debian 12 has 1.29.27) does not know of Kinesis.
need_model() {
	"$PYTHON" - "$2" "$3" "$4" <<-PYTHON || skip "this botocore does not know $1"
		import sys, boto3
		operation = boto3.session.Session()._session.get_service_model("kinesis").operation_model(sys.argv[1])
		sys.exit(sys.argv[3] not in getattr(operation, sys.argv[2] + "_shape").members)
	PYTHON
}

@test "boto3: the descriptions" {
	need_boto3
	run aws_call kinesis describe_stream_summary '{"StreamName":"orders"}'
	[ "$status" -eq 0 ]
	[ "$(jq -c '.StreamDescriptionSummary | [.StreamStatus,.OpenShardCount,.ConsumerCount,.EncryptionType,.RetentionPeriodHours]' <<<"$output")" = '["ACTIVE",8,3,"KMS",24]' ]
	run aws_call kinesis describe_stream '{"StreamName":"orders","Limit":5}'
	[ "$(jq -c '.StreamDescription | [(.Shards|length),.HasMoreShards]' <<<"$output")" = '[5,true]' ]
	run aws_call kinesis describe_stream_summary '{"StreamName":"nope"}'
	[ "$output" = "400 ResourceNotFoundException Stream nope under account 123456789012 not found." ]
	REGION=eu-west-1 run aws_call kinesis describe_stream_summary '{"StreamName":"orders"}'
	[[ "$output" == "400 ResourceNotFoundException"* ]]
}

@test "boto3: a stream by its ARN" {
	need_boto3
	need_model 'a stream by its ARN' DescribeStreamSummary input StreamARN
	run aws_call kinesis describe_stream_summary '{"StreamARN":"arn:aws:kinesis:us-east-1:123456789012:stream/orders"}'
	[ "$status" -eq 0 ]
}

@test "boto3: ListShards in pages, filtered; its token stands alone" {
	need_boto3
	run aws_call kinesis list_shards '{"StreamName":"orders"}'
	[ "$(jq -c '[(.Shards|length), ([.Shards[]|select(.SequenceNumberRange.EndingSequenceNumber)]|length)]' <<<"$output")" = '[12,4]' ]
	run aws_call kinesis list_shards '{"StreamName":"orders","ShardFilter":{"Type":"AT_LATEST"},"MaxResults":5}'
	[ "$(jq -c '[.Shards[].ShardId[-2:]]' <<<"$output")" = '["04","05","06","07","08"]' ]
	token="$(jq -r .NextToken <<<"$output")"
	run aws_call kinesis list_shards "{\"NextToken\":\"$token\"}"
	[ "$(jq -c '[[.Shards[].ShardId[-2:]], .NextToken]' <<<"$output")" = '[["09","10","11"],null]' ]
	run aws_call kinesis list_shards "{\"NextToken\":\"$token\",\"StreamName\":\"orders\"}"
	[ "$output" = "400 InvalidArgumentException NextToken and StreamName cannot be provided together." ]
	run aws_call kinesis list_shards '{"NextToken":"AAAAAAAAAA00"}'
	[[ "$output" == "400 InvalidArgumentException"* ]]
	run aws_call kinesis list_shards '{}'
	[[ "$output" == "400 InvalidArgumentException Either NextToken or StreamName"* ]]
	run aws_call kinesis list_shards '{"StreamName":"orders","ShardFilter":{"Type":"AT_TIMESTAMP"}}'
	[[ "$output" == "400 InvalidArgumentException"* ]]
}

@test "boto3: the open shards cover every hash key, before and after a reshard" {
	need_boto3
	cover='[.Shards[]|select(.SequenceNumberRange.EndingSequenceNumber|not)|.HashKeyRange]|[length, .[0].StartingHashKey, .[-1].EndingHashKey]'
	awssim_post stream '{"name":"orders","shards":3}'
	run aws_call kinesis list_shards '{"StreamName":"orders"}'
	[ "$(jq -c "$cover" <<<"$output")" = '[3,"0","340282366920938463463374607431768211455"]' ]
	[ "$(jq -c '[.Shards[]|select(.SequenceNumberRange.EndingSequenceNumber|not)|.ParentShardId[-2:]]' <<<"$output")" = '["04","06","09"]' ]
	awssim_post stream '{"name":"orders","status":"GONE"}'
	run aws_call kinesis list_shards '{"StreamName":"orders"}'
	[[ "$output" == "400 ResourceNotFoundException"* ]]
	awssim_post stream '{"name":"brand-new","status":"CREATING","shards":2}'
	run aws_call kinesis describe_stream_summary '{"StreamName":"brand-new"}'
	[ "$(jq -c '.StreamDescriptionSummary|[.StreamStatus,.OpenShardCount]' <<<"$output")" = '["CREATING",0]' ]
}

@test "boto3: ListStreams in pages" {
	need_boto3
	run aws_call kinesis list_streams '{}'
	[ "$(jq -c '[(.StreamNames|length),.HasMoreStreams]' <<<"$output")" = '[100,true]' ]
	token="$(jq -r .NextToken <<<"$output")"
	run aws_call kinesis list_streams "{\"NextToken\":\"$token\",\"Limit\":10000}"
	[ "$(jq -c '[(.StreamNames|length),.HasMoreStreams,.StreamNames[0],.NextToken]' <<<"$output")" = '[152,false,"bulk-00100",null]' ]
	run aws_call kinesis list_streams '{"ExclusiveStartStreamName":"bulk-00249"}'
	[ "$(jq -c .StreamNames <<<"$output")" = '["gone-soon","orders"]' ]
	REGION=eu-west-1 run aws_call kinesis list_streams '{}'
	[ "$(jq -c .StreamNames <<<"$output")" = '["clicks"]' ]
}

@test "boto3: the summaries of ListStreams" {
	need_boto3
	need_model 'the summaries of ListStreams' ListStreams output StreamSummaries
	run aws_call kinesis list_streams '{}'
	[ "$(jq -c '.StreamSummaries|length' <<<"$output")" = 100 ]
}

@test "boto3: ListStreamConsumers in pages" {
	need_boto3
	arn=arn:aws:kinesis:us-east-1:123456789012:stream/orders
	run aws_call kinesis list_stream_consumers "{\"StreamARN\":\"$arn\",\"MaxResults\":2}"
	[ "$(jq -c '[.Consumers[].ConsumerName]' <<<"$output")" = '["a","b"]' ]
	token="$(jq -r .NextToken <<<"$output")"
	run aws_call kinesis list_stream_consumers "{\"StreamARN\":\"$arn\",\"NextToken\":\"$token\"}"
	[ "$(jq -c '[[.Consumers[].ConsumerName],.NextToken]' <<<"$output")" = '[["c"],null]' ]
	run aws_call --raw Kinesis_20131202.ListStreamConsumers '{}'
	[[ "$output" == *ValidationException*"Value null at 'streamARN'"* ]]
}

@test "boto3: wrong and expired keys, wrong region, wrong clock" {
	need_boto3
	SECRET=wrong run aws_call kinesis list_streams
	[[ "$output" == "400 InvalidSignatureException The request signature we calculated does not match"* ]]
	KEY=AKIANOBODY run aws_call kinesis list_streams
	[ "$output" = "400 UnrecognizedClientException The security token included in the request is invalid." ]
	KEY=ASIATEMP SECRET=temp-secret run aws_call kinesis list_streams
	[[ "$output" == "400 UnrecognizedClientException"* ]]
	KEY=ASIATEMP SECRET=temp-secret TOKEN=other run aws_call kinesis list_streams
	[[ "$output" == "400 UnrecognizedClientException"* ]]
	KEY=ASIATEMP SECRET=temp-secret TOKEN=temp-token run aws_call kinesis list_streams
	[ "$status" -eq 0 ]
	wait_for 5 old_key_is_expired
	REGION=ap-south-1 run aws_call kinesis list_streams
	[[ "$output" == "400 InvalidSignatureException Credential should be scoped to a valid region"* ]]
	fault '{"kind":"skewed_date","seconds":3600}'
	run aws_call kinesis list_streams
	[[ "$output" == "400 InvalidSignatureException Signature expired: "* ]]
	run aws_call sts get_caller_identity
	[[ "$output" == "400 RequestExpired Signature expired: "* ]]
	awssim_post clear-faults ''
	fault '{"kind":"skewed_date","seconds":-600}'
	run aws_call kinesis list_streams
	[[ "$output" == "400 InvalidSignatureException Signature not yet current: "* ]]
	[ "$(awssim_stat rejected_signatures)" -ge 8 ]
}

old_key_is_expired() {
	KEY=ASIAOLD SECRET=old-secret TOKEN=old-token aws_call kinesis list_streams |
		grep -x "400 ExpiredTokenException The security token included in the request is expired"
}

@test "signed, and still wrong: what no SDK would send" {
	need_boto3
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":"orders"}'
	[[ "$output" == "200 "* ]]
	CONTENT_TYPE='application/x-amz-json-1.1; charset=utf-8' run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":"orders"}'
	[[ "$output" == "200 "* ]]
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":"orders","Colour":1}'
	[[ "$output" == "400 "*SerializationException* ]]
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":7}'
	[[ "$output" == "400 "*SerializationException*"NUMBER_VALUE can not be converted to a String"* ]]
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":""}'
	[[ "$output" == "400 "*ValidationException*"length greater than or equal to 1"* ]]
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":"a/b"}'
	[[ "$output" == "400 "*ValidationException*"regular expression pattern: [a-zA-Z0-9_.-]+"* ]]
	run aws_call --raw Kinesis_20131202.ListShards '{"StreamName":"orders","MaxResults":0}'
	[[ "$output" == "400 "*ValidationException*"value greater than or equal to 1"* ]]
	run aws_call --raw Kinesis_20131202.ListShards '{"StreamName":"orders","ShardFilter":{"Type":"LATEST"}}'
	[[ "$output" == "400 "*ValidationException*"enum value set: [AFTER_SHARD_ID, "* ]]
	run aws_call --raw Kinesis_20131202.ListShards '{"StreamName":"orders","ShardFilter":{}}'
	[[ "$output" == "400 "*ValidationException*"shardFilter.type"* ]]
	run aws_call --raw Kinesis_20131202.ListStreams '[]'
	[[ "$output" == "400 "*SerializationException* ]]
	run aws_call --raw Kinesis_20131202.ListStreams '{"Limit":'
	[[ "$output" == '400 {"__type":"SerializationException"}' ]]
	HEADER_UNSIGNED=X-Amz-Something run aws_call --raw Kinesis_20131202.ListStreams '{}'
	[[ "$output" == "400 "*"which were not signed"* ]]
}

@test "boto3: STS" {
	need_boto3
	run aws_call sts get_caller_identity
	[ "$(jq -r .Arn <<<"$output")" = arn:aws:iam::123456789012:user/tester ]
	SECRET=wrong run aws_call sts get_caller_identity
	[[ "$output" == "403 SignatureDoesNotMatch"* ]]
	KEY=AKIANOBODY run aws_call sts get_caller_identity
	[ "$output" = "403 InvalidClientTokenId The security token included in the request is invalid." ]
	role='"RoleArn":"arn:aws:iam::123456789012:role/kdiag","RoleSessionName":"test"'
	run aws_call sts assume_role "{$role}"
	[[ "$output" == "403 AccessDenied User: arn:aws:iam::123456789012:user/tester is not authorized to perform: sts:AssumeRole"* ]]
	run aws_call sts assume_role "{$role,\"DurationSeconds\":60,\"ExternalId\":\"abc\"}"
	[[ "$output" == "400 ValidationError"*durationSeconds* ]]
	run aws_call sts assume_role "{$role,\"ExternalId\":\"abc\"}"
	[ "$status" -eq 0 ]
	KEY="$(jq -r .Credentials.AccessKeyId <<<"$output")"
	SECRET="$(jq -r .Credentials.SecretAccessKey <<<"$output")"
	TOKEN="$(jq -r .Credentials.SessionToken <<<"$output")"
	export KEY SECRET TOKEN
	run aws_call sts get_caller_identity
	[ "$(jq -r .Arn <<<"$output")" = arn:aws:sts::123456789012:assumed-role/kdiag/test ]
	run aws_call kinesis describe_stream_summary '{"StreamName":"orders"}'
	[ "$status" -eq 0 ]
	run aws_call sts assume_role '{"RoleArn":"arn:aws:iam::210987654321:role/other","RoleSessionName":"test","DurationSeconds":7200}'
	[[ "$output" == *"role chaining"* ]]
	awssim_post imds '{"expire":true}'
	run aws_call sts get_caller_identity
	[ "$output" = "403 ExpiredToken The security token included in the request is expired" ]
}

@test "boto3: the instance role's keys work" {
	need_boto3
	AWS_EC2_METADATA_SERVICE_ENDPOINT="$url" AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null run "$PYTHON" -c '
import botocore.session
keys = botocore.session.get_session().get_credentials().get_frozen_credentials()
print(keys.access_key, keys.secret_key, keys.token)'
	[ "$status" -eq 0 ]
	read -r KEY SECRET TOKEN <<<"$output"
	export KEY SECRET TOKEN
	run aws_call sts get_caller_identity
	[[ "$output" == *assumed-role/bastion/i-* ]]
}

@test "AWS's rates: the sixth ListStreams in a second is refused, and counted" {
	need_boto3
	run "$PYTHON" - <<-'PY'
		import boto3, os
		from botocore.config import Config
		client = boto3.client("kinesis", endpoint_url="http://127.0.0.1:" + os.environ["AWS_PORT"], region_name="us-east-1",
		    aws_access_key_id="AKIATEST", aws_secret_access_key="test-secret", config=Config(retries={"total_max_attempts": 1}))
		done = 0
		try:
		    while done < 50:
		        client.list_streams(Limit=1)
		        done += 1
		except client.exceptions.LimitExceededException as error:
		    print(done, error.response["ResponseMetadata"]["HTTPStatusCode"], error)
	PY
	[[ "$output" == [5-9]" 400 "*"Rate exceeded"* ]]
	[ "$(awssim_stat throttled)" = 1 ]
	[ "$(awssim_stat operations.ListStreams.max_per_second)" -ge 6 ]
}

@test "boto3: faults that bend the answer" {
	need_boto3
	describe() { run aws_call kinesis describe_stream_summary '{"StreamName":"orders"}'; }
	strike() { awssim_post clear-faults '' >/dev/null && fault "{\"operation\":\"DescribeStreamSummary\",$1}" && describe; }
	strike '"kind":"throttle","stream":"ord*"'
	[ "$output" = "400 LimitExceededException Rate exceeded for stream orders under account 123456789012." ]
	strike '"kind":"throttle","stream":"click*"'
	[ "$status" -eq 0 ]
	strike '"kind":"access_denied"'
	[[ "$output" == "400 AccessDeniedException User: arn:aws:iam::123456789012:user/tester is not authorized to perform: kinesis:DescribeStreamSummary on resource: arn:aws:kinesis:us-east-1:123456789012:stream/orders"* ]]
	strike '"kind":"not_found"'
	[[ "$output" == "400 ResourceNotFoundException"* ]]
	strike '"kind":"expired_token"'
	[[ "$output" == "400 ExpiredTokenException"* ]]
	strike '"kind":"other_stream"'
	[ "$(jq -r .StreamDescriptionSummary.StreamName <<<"$output")" = other-orders ]
	strike '"kind":"http500_html"'
	[[ "$output" == 500* ]]
	strike '"kind":"wrong_json"'
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":"orders"}'
	[[ "$output" == '200 {"StreamDescriptionSummary":{'* ]]
	run jq . <<<"${output#200 }"
	[ "$status" -ne 0 ]
	strike '"kind":"throttle","until":"1s","from":"0s"'
	wait_for 5 aws_call kinesis describe_stream_summary '{"StreamName":"orders"}'
	awssim_post clear-faults ''
	fault '{"kind":"wrong_type"}'
	run aws_call --raw Kinesis_20131202.DescribeStreamSummary '{"StreamName":"orders"}'
	[[ "$output" == *'"OpenShardCount":"many"'* ]]
	awssim_post clear-faults ''
	fault '{"kind":"endless_next_token"}'
	run aws_call kinesis list_shards '{"StreamName":"orders"}'
	token="$(jq -r .NextToken <<<"$output")"
	run aws_call kinesis list_shards "{\"NextToken\":\"$token\"}"
	[ "$(jq -c '[(.Shards|length),(.NextToken|length>0)]' <<<"$output")" = '[12,true]' ]
}

@test "the timeline changes a stream while one watches" {
	need_boto3
	wait_for 10 is_deleting
}

is_deleting() {
	aws_call kinesis describe_stream_summary '{"StreamName":"gone-soon"}' | grep -q DELETING
}
