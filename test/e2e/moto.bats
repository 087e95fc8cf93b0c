#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: hardened (what it looks at, ASan has in its way or other tests show)
# kdiagd against moto, which others wrote: streams that are well, split, missing. Skipped where python3 has no moto.

load helpers
load daemon

setup_file() {
	local out="$BATS_FILE_TMPDIR/moto.out"
	python3 -c 'import moto, flask' 2>/dev/null || return 0
	PYTHONUNBUFFERED=1 python3 -m moto.server -H 127.0.0.1 -p 0 >"$out" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/moto.pid"
	wait_for 30 grep -q 'Running on http://127.0.0.1:' "$out" || {
		cat "$out" >&2
		return 1
	}
	sed -n 's|.*Running on http://127.0.0.1:\([0-9]*\).*|\1|p' "$out" >"$BATS_FILE_TMPDIR/moto.port"
	AWS_PORT=$(cat "$BATS_FILE_TMPDIR/moto.port")
	create orders 4
	create clicks 2
	create audit 1
	kinesis SplitShard '{"StreamName":"clicks","ShardToSplit":"shardId-000000000000","NewStartingHashKey":"85070591730234615865843651857942052864"}'
	kinesis StartStreamEncryption '{"StreamName":"audit","EncryptionType":"KMS","KeyId":"alias/aws/kinesis"}'
}

setup() {
	[ -s "$BATS_FILE_TMPDIR/moto.port" ] || skip "python3 cannot import moto"
	AWS_PORT=$(cat "$BATS_FILE_TMPDIR/moto.port")
}

teardown() {
	stop_kdiagd
}

teardown_file() {
	[ ! -s "$BATS_FILE_TMPDIR/moto.pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/moto.pid")"
}

# kinesis OPERATION JSON: moto reads the region from the signature, and checks none.
kinesis() {
	curl -sS --fail-with-body -H "X-Amz-Target: Kinesis_20131202.$1" -H 'Content-Type: application/x-amz-json-1.1' \
		-H 'Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0' \
		-d "$2" "http://127.0.0.1:$AWS_PORT/"
}

create() {
	kinesis CreateStream "{\"StreamName\":\"$1\",\"ShardCount\":$2}"
	active() { kinesis DescribeStreamSummary "{\"StreamName\":\"$1\"}" | grep -q '"ACTIVE"'; }
	wait_for 10 active "$1"
}

@test "well, split, missing: the verdicts, the numbers" {
	write_config "$(cat <<-'YAML'
		streams:
		  - {name: orders, expect: {shard_count: 4, retention_hours: 24, encryption: NONE}}
		  - {name: clicks}
		  - {name: audit, expect: {encryption: KMS, key_id: alias/aws/kinesis}}
		  - {name: missing}
	YAML
	)"
	start_kdiagd
	wait_for 20 looked
	[ "$(json '[.streams[] | [.name, .verdict] | join("=")] | sort | join(" ")' status)" = \
		"audit=ok clicks=ok missing=critical orders=ok" ]
	run ctl status
	[ "$status" -eq 2 ]
	[[ "$output" == *"CRIT  missing"*"does not exist"* ]]
	[ "$(json '.self | length' status)" -eq 0 ]
	# Of the split stream two shards are closed or were there before; three are open.
	[ "$(json '.[] | select(.stream == "clicks" and .check == "count") | .evidence.open_shards' findings --all)" = 3 ]
	[ "$(json '.[] | select(.stream == "clicks" and .check == "hash_range") | .severity' findings --all)" = ok ]
	[ "$(json '.streams[0].arn' status orders)" = arn:aws:kinesis:us-east-1:123456789012:stream/orders ]
	run ctl check clicks
	[ "$status" -eq 0 ]
	stop_kdiagd
	log_is_clean
}

@test "the split stream is as it was declared, or a warning" {
	write_config 'streams: [{name: clicks, expect: {shard_count: 3}}]'
	start_kdiagd
	wait_for 20 looked
	has_verdict clicks ok
	sed -i 's/shard_count: 3/shard_count: 2/' "$CONFIG"
	ctl reload
	wait_for 10 has_verdict clicks warning
	[[ "$(json '.[] | select(.check == "count") | .summary' findings)" == "3 open shards, 2 expected"* ]]
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 1 ]
}

@test "discover finds moto's streams, new ones and those that go" {
	export KDIAG_CLOCK="60@$EPOCHSECONDS" # it lists every five minutes
	write_config 'discover: [{match: "*s"}]' 1m
	start_kdiagd
	names_are() { [ "$(json '[.streams[].name] | sort | join(" ")' status)" = "$1" ]; }
	wait_for 20 names_are "clicks orders"
	wait_for 20 looked
	has_verdict orders ok
	has_verdict clicks ok
	create payments 1
	wait_for 20 names_are "clicks orders payments"
	wait_for 20 looked
	has_verdict payments ok
	[ "$(json '.self | length' status)" -eq 0 ]
	kinesis DeleteStream '{"StreamName":"payments"}'
	wait_for 20 has_verdict payments critical
	stop_kdiagd
	log_is_clean
}

# put METRIC VALUE EPOCH [DIMENSION]: a datapoint of orders, by PutMetricData of the same protocol.
put() {
	curl -sS --fail-with-body -H 'X-Amz-Target: GraniteServiceVersion20100801.PutMetricData' \
		-H 'Content-Type: application/x-amz-json-1.0' \
		-H 'Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0' \
		-d "{\"Namespace\":\"AWS/Kinesis\",\"MetricData\":[{\"MetricName\":\"$1\",\"Value\":$2,\"Timestamp\":$3,
			\"Dimensions\":[{\"Name\":\"StreamName\",\"Value\":\"orders\"}${4:+,$4}]}]}" "http://127.0.0.1:$AWS_PORT/"
}

# values METRIC: those that kdiagd has of orders, absent ones as null.
values() {
	json ".facts[] | select(.metric == \"$1\" and .per == \"stream\") | .value[0].values | map(tostring) | join(\" \")" facts orders
}

@test "what others put into moto's CloudWatch is what the probes see, minute by minute" {
	local minute=$((EPOCHSECONDS / 60 * 60 - 600))
	mkdir "$BATS_TEST_TMPDIR/probes"
	cp "$BUILD_DIR/test/probes/fourteen.so" "$BATS_TEST_TMPDIR/probes/"
	put IncomingRecords 17 $minute
	put IncomingRecords 4 $((minute + 20)) # of the same minute: summed
	put IncomingRecords 2.5 $((minute + 120))
	put GetRecords.IteratorAgeMilliseconds 1000 $((minute + 60))
	put GetRecords.IteratorAgeMilliseconds 5000 $((minute + 61)) # the larger is the maximum
	write_config 'streams: [{name: orders, probes: {fourteen: {window: 1h}}}]' 1m
	sed -i "s|probes: $BUILD_DIR/probes|probes: $BATS_TEST_TMPDIR/probes|" "$CONFIG"
	start_kdiagd
	wait_for 20 looked
	self_is_clean
	[ "$(values IncomingRecords | grep -oE '[0-9].*[0-9]')" = "21 null 2.5" ]
	[ "$(values GetRecords.IteratorAgeMilliseconds | grep -oE '[0-9]+')" = 5000 ]
	[ "$(json '.facts[] | select(.metric == "IncomingRecords") | .value[0] | (.from | fromdate) + 60 * (.values | index(21))' facts orders)" = "$minute" ]
	[ "$(json '.facts[] | select(.metric == "GetRecords.Bytes") | .missing' facts orders)" = no_data ]
	stop_kdiagd
	log_is_clean
}

# iam ACTION [--data-urlencode NAME=VALUE ...]: as anybody would.
iam() {
	local action="$1"
	shift
	curl -sS --fail-with-body -H 'Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0' \
		-d "Action=$action&Version=2010-05-08" "$@" "http://127.0.0.1:$AWS_PORT/" >/dev/null
}

@test "what others put into moto's IAM is what the principals may" {
	local stream=arn:aws:kinesis:us-east-1:123456789012:stream/orders trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
	document() { printf 'PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"%s","Action":%s,"Resource":"%s"}]}' "$@"; }
	iam CreateRole -d RoleName=writer --data-urlencode "AssumeRolePolicyDocument=$trust"
	iam PutRolePolicy -d RoleName=writer -d PolicyName=write \
		--data-urlencode "$(document Allow '["kinesis:PutRecord","kinesis:List*","kinesis:Describe*"]' "$stream")"
	iam CreatePolicy -d PolicyName=read --data-urlencode "$(document Allow '["kinesis:Get*","kinesis:List*","kinesis:Describe*"]' '*')"
	iam CreatePolicy -d PolicyName=stop --data-urlencode "$(document Allow '"s3:*"' '*')"
	iam CreatePolicyVersion -d SetAsDefault=true --data-urlencode PolicyArn=arn:aws:iam::123456789012:policy/stop \
		--data-urlencode "$(document Deny '"kinesis:GetRecords"' "$stream")"
	iam CreateGroup -d GroupName=readers
	iam AttachGroupPolicy -d GroupName=readers --data-urlencode PolicyArn=arn:aws:iam::123456789012:policy/read
	iam CreateUser -d UserName=ana
	iam AddUserToGroup -d GroupName=readers -d UserName=ana
	iam CreateUser -d UserName=bob
	iam AddUserToGroup -d GroupName=readers -d UserName=bob
	iam AttachUserPolicy -d UserName=bob --data-urlencode PolicyArn=arn:aws:iam::123456789012:policy/stop
	write_config "$(
		cat <<-'YAML'
			streams:
			  - name: orders
			    principals:
			      - {arn: "arn:aws:iam::123456789012:role/writer", use: producer}
			      - {arn: "arn:aws:iam::123456789012:user/ana", use: consumer}
			      - {arn: "arn:aws:iam::123456789012:user/bob", use: consumer}
			      - {arn: "arn:aws:iam::123456789012:role/nobody", use: consumer}
		YAML
	)"
	start_kdiagd
	wait_for 20 looked
	said() { json "[.[] | select(.probe == \"iam_coverage\" and .check == \"$1\" and .subject == \"$2\") | .severity, .summary] | join(\": \")" findings --all; }
	[ "$(said missing writer)" = "critical: kinesis:PutRecords is not granted: no policy of writer has it" ]
	[[ "$(said missing ana)" == ok:* ]]
	[ "$(said denied bob)" = "critical: kinesis:GetRecords is denied to bob by statement 1 of policy stop" ]
	[[ "$(said found nobody)" == "critical: role nobody does not exist"* ]]
	self_is_clean
	log_is_clean
}
