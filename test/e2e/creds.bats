#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (the hardened build has other files to show itself in)
# Where kdiagd's credentials come from, what becomes of them, and that none is ever said.

load helpers
load daemon

only_probes config_drift shard_count stream_status

teardown() {
	stop_kdiagd
	stop_awssim
}

# One user a source, so that AWS tells which keys were taken.
scenario() {
	start_awssim - <<-YAML
		account: "123456789012"
		regions: [us-east-1]
		credentials:
		  keys:
		$(for user in config environment default ops; do
			printf '    - {access_key_id: AKIA%s, secret_access_key: secret-of-%s, user: %s}\n' "${user^^}" $user $user
		done)
		${1:-}
		streams: [{name: orders, shards: 2}, {name: short, shards: 2}]
	YAML
}

# The config without credentials, or with AWS_EXTRA.
config_without_keys() {
	KEYS='' write_config 'streams: [{name: orders}, {name: short, expect: {shard_count: 3}}]' "${INTERVAL:-1s}"
	sed -i "s/pace: unlimited, .*}/pace: unlimited${1:+, $1}}/" "$CONFIG"
}

# works_as USER SOURCE [OPTION...]: the streams are seen, with that user's keys, which came from there.
works_as() {
	: >"$LOG"
	start_kdiagd -v "${@:3}"
	wait_for 10 looked
	[ "$(verdict orders)" = ok ]
	wait_for 5 grep -q "user/$1\$" "$LOG"
	grep -q "credentials from $2\$" "$LOG"
	stop_kdiagd
	nothing_secret
}

nothing_secret() {
	log_is_clean
	lacks 'secret-of|AWS4-HMAC|Credential=|SecretAccessKey|SessionToken|[A-Za-z0-9+/=]{129}'
}

the_credentials() {
	json '.self[] | select(.check == "credentials") | .summary' status
}

@test "config before environment before the profile, which aws.profile names before AWS_PROFILE" {
	scenario
	mkdir -p "$HOME/.aws"
	printf '%s\n' '[default]' 'aws_access_key_id = AKIADEFAULT' 'aws_secret_access_key = secret-of-default' \
		'[ops]' 'aws_access_key_id = AKIAOPS' 'aws_secret_access_key = secret-of-ops' >"$HOME/.aws/credentials"
	config_without_keys
	works_as default 'profile default in ~/.aws/credentials'
	AWS_PROFILE=ops works_as ops 'profile ops in ~/.aws/credentials'
	mv "$HOME/.aws/credentials" "$BATS_TEST_TMPDIR/keys"
	export AWS_SHARED_CREDENTIALS_FILE="$BATS_TEST_TMPDIR/keys"
	config_without_keys 'profile: ops'
	AWS_PROFILE=default works_as ops "profile ops in ~/keys"
	config_without_keys
	export AWS_ACCESS_KEY_ID=AKIAENVIRONMENT AWS_SECRET_ACCESS_KEY=secret-of-environment
	works_as environment environment
	config_without_keys 'access_key_id: AKIACONFIG, secret_access_key: secret-of-config'
	works_as config config
}

@test "no credentials at all: one sentence says where they were looked for, and the streams are unknown" {
	fast_clock 5 # the metrics are asked for again after a minute
	scenario
	config_without_keys
	start_kdiagd
	wait_for 10 self_open credentials
	[ "$(the_credentials)" = "no credentials: the environment has none, ~/.aws/credentials does not exist, the metadata service is switched off by AWS_EC2_METADATA_DISABLED; give the instance a role, or set aws.profile" ]
	wait_for 10 looked
	wait_for 10 has_verdict orders unknown
	explained() { ctl status | grep "2 streams could not be seen, for a reason told above"; }
	wait_for 5 explained
	run ctl status
	[ "$status" -eq 2 ]
	[ "$(awssim_stat requests)" -le 3 ] # nothing is sent unsigned
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 3 ]
	[[ "$output" == *"no credentials: the environment has none"* ]]
	is_quiet
	# They appear: nobody need restart it.
	mkdir -p "$HOME/.aws"
	printf '%s\n' '[default]' 'aws_access_key_id = AKIADEFAULT' 'aws_secret_access_key = secret-of-default' >"$HOME/.aws/credentials"
	wait_for 20 all_is_seen
	wait_for 10 has_verdict orders ok
	wait_for 10 has_verdict short warning
	[ "$(grep -c 'self/credentials' "$LOG")" -eq 2 ]
	stop_kdiagd
	nothing_secret
}

@test "half a pair of keys, a profile that is not there: said by name, and no other source is taken instead" {
	scenario
	config_without_keys
	export AWS_ACCESS_KEY_ID=AKIAENVIRONMENT
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 3 ]
	[[ "$output" == *"no credentials: the environment has AWS_ACCESS_KEY_ID but no AWS_SECRET_ACCESS_KEY: set both or none"* ]]
	unset AWS_ACCESS_KEY_ID
	config_without_keys 'profile: nosuch'
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 3 ]
	[[ "$output" == *"profile nosuch is neither in ~/.aws/credentials nor in ~/.aws/config"* ]]
}

@test "a wrong secret: one critical finding until a reload brings the right one" {
	scenario
	config_without_keys 'access_key_id: AKIACONFIG, secret_access_key: secret-of-nobody'
	start_kdiagd -v
	wait_for 10 self_open credentials
	[[ "$(the_credentials)" == "AWS refuses the keys of config"* ]]
	wait_for 10 has_verdict orders unknown
	[ "$(json '.self | length' status)" = 1 ]
	awssim_post reset-stats '' >/dev/null
	pass 2
	[ "$(awssim_stat requests)" -le 8 ]
	is_quiet
	config_without_keys 'access_key_id: AKIACONFIG, secret_access_key: secret-of-config'
	ctl reload
	wait_for 10 all_is_seen
	wait_for 10 has_verdict orders ok
	[ "$(grep -c 'opened.*self/credentials' "$LOG")" -eq 1 ]
	stop_kdiagd
	nothing_secret
}

@test "a session token expires: said, and over once the file has a new one" {
	fast_clock 120
	scenario '    - {access_key_id: ASIAOLD, secret_access_key: secret-of-old, session_token: token-of-old, user: old, expires_in: 5m}'
	mkdir -p "$HOME/.aws"
	printf '%s\n' '[default]' 'aws_access_key_id = ASIAOLD' 'aws_secret_access_key = secret-of-old' \
		'aws_session_token = token-of-old' >"$HOME/.aws/credentials"
	INTERVAL=60s config_without_keys
	start_kdiagd -v
	wait_for 10 looked
	[ "$(verdict orders)" = ok ]
	wait_for 15 self_open credentials
	[[ "$(the_credentials)" == "AWS refuses the keys of profile default in ~/.aws/credentials"* ]]
	wait_for 10 has_verdict orders unknown
	wait_for 10 has_verdict short warning
	is_quiet
	printf '%s\n' '[default]' 'aws_access_key_id = AKIADEFAULT' 'aws_secret_access_key = secret-of-default' >"$HOME/.aws/credentials"
	wait_for 15 all_is_seen
	wait_for 10 has_verdict orders ok
	stop_kdiagd
	nothing_secret
	lacks token-of
}

# ---- the instance's role ----

# on_an_instance RATE IMDS: with a metadata service that is the simulator's, time running so much faster.
on_an_instance() {
	fast_clock "$1"
	scenario "  imds: {$2}"
	unset AWS_EC2_METADATA_DISABLED
	export AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$AWS_PORT"
	INTERVAL=5m config_without_keys
	start_kdiagd -v
	wait_for 10 looked
	[ "$(verdict orders)" = ok ]
	keep_secrets
}

# Remembers what the metadata service gives out now, to look for it in the log.
keep_secrets() {
	local at="http://127.0.0.1:$AWS_PORT/latest" token
	token=$(curl -sS --fail -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' "$at/api/token")
	curl -sS --fail -H "X-aws-ec2-metadata-token: $token" "$at/meta-data/iam/security-credentials/bastion" |
		jq -r '.SecretAccessKey, .Token' >>"$BATS_TEST_TMPDIR/secrets"
}

no_secret_was_said() {
	nothing_secret
	[ -s "$BATS_TEST_TMPDIR/secrets" ]
	! grep -nFf "$BATS_TEST_TMPDIR/secrets" "$LOG"
}

@test "the instance's role: keys are renewed ahead of their end, tokens too, and nobody notices" {
	on_an_instance 400 'role: bastion, lifetime: 20m, rotate_before: 5m'
	grep -q 'credentials from instance role bastion (IMDSv2)$' "$LOG"
	pass 1260 # past the end of the first keys
	keep_secrets
	wait_for 10 has_verdict orders ok
	awssim_post imds '{"forget_tokens": true}' >/dev/null
	tokens=$(awssim_stat operations.MetadataToken.calls)
	pass 960
	wait_for 15 stat_is operations.MetadataToken.calls $((tokens + 1))
	keep_secrets
	[ "$(sort -u "$BATS_TEST_TMPDIR/secrets" | wc -l)" -ge 4 ] # two keys at least, of two lines each
	[ "$(awssim_stat rejected_signatures)" -eq 0 ]
	wait_for 10 all_is_seen
	lacks 'opened (unknown|critical)|self/'
	stop_kdiagd
	no_secret_was_said
}

@test "keys that are taken away before their time are fetched anew, within the same call" {
	on_an_instance 60 'role: bastion, lifetime: 6h'
	awssim_post imds '{"expire": true}' >/dev/null
	json . run orders >/dev/null
	wait_for 10 has_verdict orders ok
	keep_secrets
	[ "$(awssim_stat rejected_signatures)" -ge 1 ]
	wait_for 10 all_is_seen
	lacks 'self/'
	stop_kdiagd
	no_secret_was_said
}

@test "the metadata service is out: the keys are used on, their end is foretold, and it ends by itself" {
	on_an_instance 400 'role: bastion, lifetime: 30m, rotate_before: 5m'
	fault http503 '"service": "imds"'
	pass 400
	wait_for 10 all_is_seen # nobody needs it yet
	wait_for 15 self_open expiring
	[ "$(the_self '.[0].severity')" = warning ]
	[[ "$(the_self '.[0].summary')" == *"the metadata service at http://127.0.0.1:$AWS_PORT: "*503* ]]
	[ "$(the_self length)" = 1 ]
	wait_for 10 has_verdict orders ok
	# The keys' end: now nothing is seen any more.
	wait_for 15 self_open credentials
	[ "$(the_self '.[0].severity')" = critical ]
	[ "$(the_self length)" = 1 ]
	wait_for 10 has_verdict orders unknown
	wait_for 10 has_verdict short warning
	is_quiet
	clear_faults
	wait_for 20 all_is_seen
	wait_for 10 has_verdict orders ok
	keep_secrets
	stop_kdiagd
	no_secret_was_said
}

@test "an instance without a role, and one whose metadata service does not answer" {
	scenario '  imds: {lifetime: 6h}'
	unset AWS_EC2_METADATA_DISABLED
	export AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$AWS_PORT"
	config_without_keys
	run "$BUILD_DIR/kdiagd" -1 -c "$CONFIG"
	[ "$status" -eq 3 ]
	[[ "$output" == *"~/.aws/credentials does not exist, the instance has no role; give the instance a role"* ]]
	fault hang '"service": "imds"'
	start_kdiagd
	wait_for 10 self_open credentials
	[[ "$(the_credentials)" == *"the metadata service at http://127.0.0.1:$AWS_PORT did not answer within 1 s"* ]]
	stop_kdiagd # while a fetch hangs, as like as not
	nothing_secret
}

# ---- other accounts ----

@test "accounts: a role is assumed with its external id, kept alive, and one that may not be assumed harms no other" {
	fast_clock 400
	scenario "$(printf '%s\n' '  roles:' \
		'    - {arn: "arn:aws:iam::123456789012:role/kdiag", external_id: abc, lifetime: 20m}' \
		'    - {arn: "arn:aws:iam::123456789012:role/closed", external_id: secret-of-closed}')"
	config_without_keys 'access_key_id: AKIACONFIG, secret_access_key: secret-of-config'
	sed -i '/^streams/d; s/interval: 1s/interval: 5m/' "$CONFIG"
	cat >>"$CONFIG" <<-'YAML'
		accounts:
		  - {name: prod, role_arn: "arn:aws:iam::123456789012:role/kdiag", external_id: abc}
		  - {name: closed, role_arn: "arn:aws:iam::123456789012:role/closed", external_id: wrong}
		streams:
		  - {name: orders, account: prod}
		  - {name: short, account: prod, expect: {shard_count: 3}}
		  - {name: orders, account: closed}
		  - {name: short, account: closed}
	YAML
	start_kdiagd -v
	wait_for 10 looked
	wait_for 5 grep -q 'account prod: arn:aws:sts::123456789012:assumed-role/kdiag/kdiag' "$LOG"
	[ "$(verdict prod/us-east-1/orders)" = ok ]
	wait_for 5 has_verdict closed/us-east-1/orders unknown
	[ "$(json '.self | map("\(.check) \(.subject)") | join(", ")' status)" = "credentials closed" ]
	[[ "$(the_credentials)" == "role arn:aws:iam::123456789012:role/closed may not be assumed: User: arn:aws:iam::123456789012:user/config is not authorized to perform: sts:AssumeRole"* ]]
	assumed=$(awssim_stat operations.AssumeRole.calls)
	pass 1260 # past the end of the first assumed keys
	[ "$(awssim_stat operations.AssumeRole.calls)" -gt "$assumed" ]
	[ "$(awssim_stat rejected_signatures)" -eq 0 ]
	wait_for 10 has_verdict prod/us-east-1/orders ok
	wait_for 10 has_verdict prod/us-east-1/short warning
	[ "$(grep -c 'opened.*self/' "$LOG")" -eq 1 ]
	is_quiet
	stop_kdiagd
	nothing_secret
}

@test "our own keys fail: the account says so, by its role, and all is well when they are good again" {
	fast_clock 60
	scenario "$(printf '%s\n' '  roles:' '    - {arn: "arn:aws:iam::123456789012:role/kdiag", lifetime: 1h}')"
	config_without_keys 'access_key_id: AKIACONFIG, secret_access_key: secret-of-config'
	sed -i '/^streams/d; s/interval: 1s/interval: 30s/' "$CONFIG"
	printf '%s\n' 'accounts: [{name: prod, role_arn: "arn:aws:iam::123456789012:role/kdiag"}]' \
		'streams: [{name: orders, account: prod}]' >>"$CONFIG"
	fault expired_token '"service": "sts"'
	start_kdiagd -v
	wait_for 10 self_open credentials
	[ "$(the_self 'map("\(.check) \(.subject)")[]')" = "credentials prod" ]
	[[ "$(the_credentials)" == "role arn:aws:iam::123456789012:role/kdiag may not be assumed: AWS refuses the keys of config, and there are no others: The security token"* ]]
	wait_for 10 has_verdict orders unknown
	clear_faults
	wait_for 20 all_is_seen
	wait_for 10 has_verdict orders ok
	stop_kdiagd
	nothing_secret
}
