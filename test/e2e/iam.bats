#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (the hardened build has other files to show itself in)
# Who may do what: principals read from the simulated IAM, judged, mended, denied to kdiag, and what all that costs in calls.

load helpers
load daemon

STREAM=arn:aws:kinesis:us-east-1:123456789012:stream/orders
ROLE=arn:aws:iam::123456789012:role

setup() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 1, consumers: [search]}
		  - {name: clicks, shards: 1}
		iam:
		  page: 2
		  policies:
		    - {name: read-all, document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:Get*","kinesis:List*","kinesis:Describe*"],"Resource":"*"}]}'}
		    - name: orders-freeze
		      default: v2
		      versions:
		        v1: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
		        v2: '{"Version":"2012-10-17","Statement":[{"Sid":"FreezeReads","Effect":"Deny","Action":"kinesis:GetRecords","Resource":"*"}]}'
		  groups:
		    - {name: readers, attached: [read-all]}
		  users:
		    - {name: ana, groups: [readers]}
		  roles:
		    - name: orders-producer
		      inline:
		        write: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:PutRecord","Resource":"$STREAM"}]}'
		        look: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:DescribeStreamSummary","kinesis:ListShards"],"Resource":"$STREAM"}]}'
		        other: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
		    - {name: orders-consumer, path: /service/, attached: [read-all, orders-freeze]}
		    - name: orders-search
		      inline:
		        efo: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:SubscribeToShard","kinesis:DescribeStreamConsumer","kinesis:RegisterStreamConsumer"],"Resource":"$STREAM"}]}'
	YAML
	write_principals
}

teardown() {
	stop_kdiagd
	stop_awssim
}

# write_principals [AWS_EXTRA]: three with a trouble each, one of another kind, one that is not there; clicks shares one of them.
write_principals() {
	write_config "$(
		cat <<-YAML
			streams:
			  - name: orders
			    principals:
			      - {arn: "$ROLE/orders-producer", use: producer}
			      - {arn: "$ROLE/service/orders-consumer", use: consumer}
			      - {arn: "$ROLE/orders-search", use: efo_consumer}
			      - {arn: "arn:aws:iam::123456789012:user/ana", use: consumer}
			      - {arn: "$ROLE/gone", use: producer}
			  - name: clicks
			    principals: [{arn: "$ROLE/service/orders-consumer", use: consumer}]
		YAML
	)" 1s "${1:-}"
}

up() {
	start_kdiagd
	wait_for 15 looked
}

# of CHECK SUBJECT KEY [STREAM]
of() {
	json ".[] | select(.probe == \"iam_coverage\" and .check == \"$1\" and .subject == \"$2\") | .$3" findings "${4:-orders}" --all
}

is() {
	[[ "$(of "$1" "$2" "$3" "${5:-orders}")" == "$4" ]]
}

calls() {
	awssim_stat "operations.$1.calls"
}

@test "a missing action, an explicit deny and a grant on the wrong ARN: a sentence each, with a statement to paste" {
	up
	[ "$(of missing orders-producer severity)" = critical ]
	[ "$(of missing orders-producer summary)" = "kinesis:PutRecords is not granted: no policy of orders-producer has it" ]
	of missing orders-producer next | jq -e ".Effect == \"Allow\" and .Action == [\"kinesis:PutRecords\"] and .Resource == \"$STREAM\""
	[ "$(of denied orders-consumer summary)" = "kinesis:GetRecords is denied to orders-consumer by statement FreezeReads of policy orders-freeze" ]
	of denied orders-consumer next | jq -e ".Effect == \"Deny\" and .Sid == \"FreezeReads\" and .NotResource[0] == \"$STREAM\""
	[ "$(of wrong_arn orders-search severity)" = critical ]
	[[ "$(of wrong_arn orders-search summary)" == *"granted on stream/orders but not on its consumers (/consumer/*): statement 1 of policy efo" ]]
	of wrong_arn orders-search next | jq -e ".Resource == \"$STREAM/consumer/*\""
	[ "$(of found gone severity)" = critical ]
	[ "$(of found gone summary)" = "role gone does not exist in account 123456789012: it was deleted, or its ARN is wrong in the config" ]
	for check in found missing denied wrong_arn; do [ "$(of $check ana severity)" = ok ]; done
	is denied orders-consumer severity critical clicks
	run ctl diagnose orders --symptom permission_issues
	[[ "$output" == *"Verify that the policies include the needed actions"* ]]
	self_is_clean
	log_is_clean
}

@test "what was read is shared and kept; a look by hand reads anew, and sees what was mended" {
	up
	[ "$(calls GetRole)" = 4 ] # three and the one that is gone; clicks shares
	[ "$(calls GetUser)" = 1 ]
	[ "$(calls ListRolePolicies)" = 4 ] # three roles, one of them of two pages
	[ "$(calls GetPolicyVersion)" = 2 ] # read-all serves the role and the group
	[ "$(calls GetResourcePolicy)" = 3 ]
	wait_for 10 looks_more 5
	[ "$(calls GetRole)" = 4 ]
	awssim_post iam '{"roles": [{"name": "orders-producer", "inline": {"write": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kinesis:*\",\"Resource\":\"*\"}]}"}}]}'
	ctl run orders iam_coverage >/dev/null || true
	is missing orders-producer state resolved
	is too_much orders-producer severity info
	[ "$(calls GetPolicyVersion)" = 2 ] # a version never changes
	awssim_post iam '{"policies": [{"name": "orders-freeze", "versions": {"v3": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}}]}'
	ctl run orders iam_coverage >/dev/null || true
	is denied orders-consumer state resolved
	[ "$(calls GetPolicyVersion)" = 3 ]
	wait_for 10 is denied orders-consumer state resolved clicks
}

# looks_more N: has each stream been looked at so many times more than when first asked?
looks_more() {
	local count
	count=$(json '[.[] | select(.probe == "iam_coverage") | .count] | max' findings clicks --all)
	LOOKS=${LOOKS:-$count}
	((count >= LOOKS + $1))
}

@test "denied to kdiag is unknown, names the action, and is one finding" {
	fault access_denied '"operation": "ListAttachedRolePolicies"'
	up
	is missing orders-search severity unknown
	[[ "$(of missing orders-search summary)" == *"cannot be judged: "*"iam:ListAttachedRolePolicies"* ]]
	[ "$(of missing orders-search reason)" = denied ]
	wait_for 10 self_is denied
	[[ "$(the_self '.[0].summary')" == *"ListAttachedRolePolicies"* ]]
	is denied orders-consumer reason denied # what is not known may deny
	is missing ana severity ok
	# That one explains them: nobody is told of each.
	[ "$(json '[.[] | select(.event == "opened" and .severity == "unknown")] | length' history orders)" = 0 ]
	ctl status >&2 || true
	clear_faults
	ctl run >/dev/null || true
	is denied orders-consumer severity critical
	wait_for 10 self_is_clean
}

@test "a resource policy that kdiag may not read leaves it unknown; one that grants, grants" {
	fault access_denied '"operation": "GetResourcePolicy"'
	up
	is missing ana reason denied
	wait_for 10 self_is denied
	clear_faults
	awssim_post iam "{\"resource_policies\": {\"$STREAM\": \"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{\\\"AWS\\\":\\\"$ROLE/orders-producer\\\"},\\\"Action\\\":\\\"kinesis:PutRecords\\\",\\\"Resource\\\":\\\"$STREAM\\\"}]}\"}}"
	ctl run >/dev/null || true
	is missing ana severity ok
	is missing orders-producer severity ok
	wait_for 10 self_is_clean
}

@test "IAM that throttles, breaks or cuts its answers is waited for, and nothing is guessed" {
	fault throttle '"service": "iam", "rate": 0.3'
	fault http500_html '"service": "iam", "rate": 0.2'
	fault cut_body '"service": "iam", "rate": 0.1'
	up
	for i in orders-producer orders-consumer orders-search ana; do
		[[ "$(of missing $i severity)" =~ ^(ok|critical|unknown)$ ]]
	done
	clear_faults
	ctl run orders iam_coverage >/dev/null || true
	is missing orders-producer severity critical
	is missing ana severity ok
	log_is_clean
}

@test "AWS's simulator is asked where the config says so, and agrees" {
	write_principals "iam_simulate: true"
	up
	[ "$(of simulated orders-producer severity)" = ok ]
	[[ "$(of simulated orders-producer summary)" == "AWS's simulator agrees (actions: 10)" ]]
	[[ "$(of simulated orders-consumer summary)" == "AWS's simulator agrees"* ]]
	[ "$(calls SimulatePrincipalPolicy)" -eq 10 ]
	fault access_denied '"operation": "SimulatePrincipalPolicy"'
	ctl run orders iam_coverage >/dev/null || true
	is simulated ana severity unknown
	is missing ana severity ok
	wait_for 10 self_is denied
}

# read_again N: have so many roles been read by now?
read_again() {
	(($(calls GetRole) >= $1))
}

@test "every 15 minutes each principal is read again, and what changed by itself is seen" {
	stop_awssim
	fast_clock 100
	start_awssim "$BATS_TEST_TMPDIR/scenario.yaml"
	write_principals
	sed -i 's/interval: 1s/interval: 60s/' "$CONFIG"
	up
	[ "$(calls GetRole)" = 4 ]
	awssim_post iam '{"policies": [{"name": "orders-freeze", "versions": {"v3": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}}]}'
	wait_for 20 is denied orders-consumer state resolved
	wait_for 20 is denied orders-consumer state resolved clicks
	wait_for 10 read_again 8
	[ "$(calls GetRole)" -le 12 ]
	[ "$(calls GetPolicyVersion)" = 3 ]
}

@test "kdiagctl policy prints the least that this config takes" {
	up
	[ "$(ctl policy | jq -r '.Statement[] | select(.Sid == "KdiagReadPrincipals") | .Action | index("iam:GetGroupPolicy") != null')" = true ]
	[ "$(ctl policy | jq -r '[.Statement[].Action] | flatten | index("iam:SimulatePrincipalPolicy")')" = null ]
	[ "$(ctl policy | jq -r '.Statement[0].Resource[0]')" = "arn:aws:kinesis:us-east-1:*:stream/orders" ]
	run ctl policy nobody
	[ "$status" -eq 1 ]
	[[ "$output" == *"no account of the config is called nobody"* ]]
	sed -i 's/^streams:/accounts: [{name: default}, {name: prod, role_arn: "arn:aws:iam::123456789012:role\/kdiag"}]\nstreams:/' "$CONFIG"
	ctl reload
	run ctl policy
	[ "$status" -eq 1 ]
	[[ "$output" == *"name one of the accounts: default, prod"* ]]
	ctl policy default | jq -e '.Statement[] | select(.Sid == "KdiagAssumeRoles") | .Resource == "arn:aws:iam::123456789012:role/kdiag"'
}

@test "a partner of another account is read by the role that the config names there; both sides must allow" {
	local partner=arn:aws:iam::999999999999:role/partner
	stop_awssim
	sed "s|user: tester}\]}|user: tester}], roles: [{arn: 'arn:aws:iam::999999999999:role/kdiag'}]}|" "$BATS_TEST_TMPDIR/scenario.yaml" >"$BATS_TEST_TMPDIR/two.yaml"
	cat >>"$BATS_TEST_TMPDIR/two.yaml" <<-YAML
		    - name: partner
		      account: "999999999999"
		      inline: {write: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:*","Resource":"$STREAM"}]}'}
	YAML
	start_awssim "$BATS_TEST_TMPDIR/two.yaml"
	write_config "$(
		cat <<-YAML
			accounts: [{name: default}, {name: partner, role_arn: "arn:aws:iam::999999999999:role/kdiag"}]
			streams:
			  - name: orders
			    principals:
			      - {arn: "$partner", use: producer}
			      - {arn: "arn:aws:iam::888888888888:role/stranger", use: producer}
		YAML
	)"
	up
	is missing partner severity critical
	[[ "$(of missing partner summary)" == *"are not granted: the resource policy of stream/orders, in another account, does not allow it" ]]
	of missing partner next | jq -e ".Principal.AWS == \"$partner\""
	is found stranger reason not_configured
	[[ "$(of found stranger summary)" == "account 888888888888 is none of the config's"* ]]
	awssim_post iam "$(jq -nc --arg s "$STREAM" --arg p "$partner" '{resource_policies: {($s): ({Version: "2012-10-17", Statement: [{Effect: "Allow", Principal: {AWS: $p}, Action: ["kinesis:Put*", "kinesis:ListShards", "kinesis:DescribeStreamSummary"], Resource: $s}]} | tojson)}}')"
	ctl run orders iam_coverage >/dev/null || true
	is missing partner state resolved
	is too_much partner severity info
	self_is_clean
	log_is_clean
}

@test "a hundred principals at IAM's pace: what is not read yet is one finding, and all are read in the end" {
	local i principals=''
	stop_awssim
	fast_clock 60
	start_awssim - <<-YAML
		$(scenario_head)
		enforce_limits: true
		streams: [{name: orders, shards: 1}]
		iam:
		  roles:
		$(for ((i = 0; i < 100; i++)); do
			echo "    - {name: r$i, inline: {write: '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kinesis:PutRecord*\",\"Resource\":\"*\"}]}'}}"
		done)
	YAML
	for ((i = 0; i < 100; i++)); do principals+="{arn: \"$ROLE/r$i\", actions: [\"kinesis:PutRecord\"]},"; done
	write_config "streams: [{name: orders, principals: [$principals]}]" 60s
	sed -i 's/pace: unlimited/pace: 25%/' "$CONFIG"
	start_kdiagd
	wait_for 20 self_open answer
	[[ "$(the_self '.[] | select(.check == "answer") | .summary')" == *"of 100 principals are still to be read: IAM is asked 2 times a second (aws.pace)" ]]
	all_read() { [ "$(json '[.[] | select(.check == "missing" and .severity == "ok")] | length' findings orders --all)" = 100 ]; }
	wait_for 40 all_read
	wait_for 10 self_is_clean
	[ "$(awssim_stat throttled)" = 0 ]
	[ "$(json '[.[] | select(.event == "opened" and .severity == "unknown")] | length' history orders)" = 0 ]
	log_is_clean
}

@test "while IAM does not answer, what was read serves for an hour; then it is too old to judge by, and no call is made in a hurry" {
	stop_awssim
	fast_clock 300
	start_awssim "$BATS_TEST_TMPDIR/scenario.yaml"
	write_principals
	sed -i 's/interval: 1s/interval: 60s/' "$CONFIG"
	up
	fault http503 '"service": "iam"'
	wait_for 20 read_again 9 # the quarter of an hour is over, and IAM is broken
	is missing ana severity ok
	is missing orders-producer severity critical
	before=$(awssim_stat requests)
	wait_for 30 is missing ana reason stale
	[[ "$(of found ana summary)" == "what IAM said last is too old to judge by" ]]
	[ $(($(awssim_stat requests) - before)) -le 1500 ] # 45 min and more: a few principals a minute, with their retries
	clear_faults
	wait_for 30 is missing ana severity ok
	log_is_clean
}
