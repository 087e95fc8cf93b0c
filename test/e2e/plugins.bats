#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: asan (the hardened build has other files to show itself in)
# Probes as files: those that are refused, those of third parties, those that say too much.

load helpers
load daemon

umask 022
PROBES="$BATS_TEST_TMPDIR/probes"
TEST_PROBES="$BUILD_DIR/test/probes"
OWN=$(cd "$BATS_TEST_DIRNAME/../../probes" && printf '%s\n' *.c | sed 's/\.c$//' | LC_ALL=C sort | xargs)

setup() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams:
		  - {name: orders, shards: 2, consumers: [search, {name: billing, status: CREATING}, {name: old, status: CREATING}]}
		  - {name: clicks, shards: 2}
	YAML
	mkdir "$PROBES"
	cp "$BUILD_DIR"/probes/*.so "$PROBES"
	write_probes_config
}

teardown() {
	stop_kdiagd
	stop_awssim
}

# write_probes_config [PROBES_YAML]: with the folder of this test.
write_probes_config() {
	write_config "$(printf 'probes: {%s}\nstreams: [{name: orders}, {name: clicks}]' "${1:-}")"
	sed -i "s|probes: $BUILD_DIR/probes|probes: $PROBES|" "$CONFIG"
}

up() {
	start_kdiagd
	wait_for 10 looked
}

# add NAME: a new inode in one step, as install(1) and dpkg do it.
add() {
	install -m 644 "$TEST_PROBES/$1.so" "$PROBES/${2:-$1}.so"
}

loaded() {
	json '[.probes[].name] | join(" ")' probes
}

# why NAME: the sentence of a refused one; there is exactly one.
why() {
	json "[.refused[] | select(.name == \"$1\") | .why] | if length == 1 then .[0] else \"\(length) sentences\" end" probes
}

# refused NAME SENTENCE: with its path, in one sentence, and as one finding of self with the same one.
refused() {
	local said
	said=$(why "$1")
	[[ "$said" == "$PROBES/$1.so $2" ]] || {
		echo "said of $1: $said" >&2
		return 1
	}
	[ "$(json "[.self[] | select(.check == \"probe\" and .subject == \"$1\") | .summary] | join(\"|\")" status)" = "$said" ]
}

finding() {
	json ".[] | select(.stream == \"orders\" and .probe == \"$1\" and .subject == \"$2\") | .$3" findings --all
}

finding_is() {
	[ "$(finding "$1" "$2" "$3")" = "$4" ]
}

fill_with_refused() {
	echo 'this is no shared object' >"$PROBES/garbage.so"
	: >"$PROBES/empty.so"
	head -c 8000 "$PROBES/shard_count.so" >"$PROBES/cut.so"
	add no_symbol
	add next_abi
	add misnamed
	ln -s shard_count.so "$PROBES/linked.so"
	cp "$PROBES/shard_count.so" "$PROBES/open.so"
	chmod o+w "$PROBES/open.so"
	mkdir "$PROBES/folder.so"
	mkfifo "$PROBES/fifo.so"
	echo 'no probe, and none that is looked at' >"$PROBES/README"
}

@test "what is no sound probe is refused by name, each with one sentence and one finding; the rest runs" {
	fill_with_refused
	run "$BUILD_DIR/kdiagd" -t -c "$CONFIG"
	[ "$status" -eq 0 ]
	[ "$(grep -c "^warning: $PROBES/" <<<"$output")" -eq 10 ]
	up
	refused garbage "is no shared object: build it with cc -fPIC -shared"
	refused empty "is no shared object: build it with cc -fPIC -shared"
	refused cut "is cut short: install it again"
	refused no_symbol "has no symbol kd_probe: end its source with const struct kd_probe kd_probe = {...}"
	refused next_abi "is built for ABI 2, this kdiag has ABI 1: build it against this kdiag's kdiag/probe.h"
	refused misnamed 'holds the probe "somebody_else": a probe'"'"'s file is called NAME.so'
	refused linked "is a symbolic link: copy the file itself into the folder"
	refused open "may be written by all: chmod o-w it"
	refused folder "is no regular file: remove it from the folder"
	refused fifo "is no regular file: remove it from the folder"
	[ "$(json '.refused | length' probes)" -eq 10 ]
	[ "$(json '.self | length' status)" -eq 10 ]
	[ "$(loaded)" = "$OWN" ]
	has_verdict orders ok
	run ctl probes
	[ "$status" -eq 0 ]
	[[ "$output" == *refused*garbage* ]]
	not grep -nE '^.{81,}' <<<"$output"
	# What stays refused is not told again by a reload; what is mended is over.
	ctl reload
	rm "$PROBES/garbage.so"
	chmod o-w "$PROBES/open.so"
	mv "$PROBES/open.so" "$BATS_TEST_TMPDIR"
	ctl reload
	wait_for 5 looked
	[ "$(json '.self | length' status)" -eq 8 ]
	[ "$(grep -c 'opened warning .*self/probe/' "$LOG")" -eq 10 ]
	[ "$(grep -c 'resolved warning .*self/probe/' "$LOG")" -eq 2 ]
	stop_kdiagd
	log_is_clean
}

@test "a probe or a folder of another user is refused" {
	((EUID == 0)) || skip "only root can give a file away"
	cp "$PROBES/shard_count.so" "$PROBES/foreign.so"
	chown 12345 "$PROBES/foreign.so"
	up
	refused foreign "belongs to another user than root or the one kdiag runs as: chown root it"
	has_verdict orders ok
	chown 12345 "$PROBES"
	run ctl reload
	[ "$status" -eq 1 ]
	[[ "$output" == *"$PROBES belongs to another user than root or the one kdiag runs as: chown root it"* ]]
	[ "$(loaded)" = "$OWN" ]
	chown 0 "$PROBES"
	rm "$PROBES/foreign.so"
	ctl reload
	wait_for 10 looked
	[ "$(loaded)" = "$OWN" ]
	[ "$(json '.self | length' status)" -eq 0 ]
	has_verdict orders ok
}

@test "a probe that was cut anywhere never takes kdiag along" {
	local size at
	mkdir "$BATS_TEST_TMPDIR/cut"
	size=$(stat -c %s "$PROBES/config_drift.so")
	for at in 1 16 63 64 100 600 1000 4095 4096 4097 6000 8192 9000 12288 $((size / 2)) $((size - 64)) $((size - 1)); do
		head -c "$at" "$PROBES/config_drift.so" >"$BATS_TEST_TMPDIR/cut/cut_$at.so"
	done
	run "$BUILD_DIR/kdiagctl" replay --probes "$BATS_TEST_TMPDIR/cut" - cut_4096 </dev/null
	[ "$status" -eq 1 ]
	[[ "$output" == *"/cut_4096.so is cut short: install it again" ]]
	cp "$BATS_TEST_TMPDIR"/cut/*.so "$PROBES"
	up
	[ "$(json '.refused | length' probes)" -eq 17 ]
	[ "$(loaded)" = "$OWN" ]
	stop_kdiagd
	log_is_clean
}

@test "no folder, or nothing in it: one sentence at the start, and a reload changes nothing" {
	up
	mv "$PROBES" "$PROBES.away"
	run ctl reload
	[ "$status" -eq 1 ]
	[[ "${lines[0]}" == "$CONFIG:1:"*"no probe could be loaded from $PROBES: $PROBES cannot be read: No such file or directory" ]]
	[ "$(loaded)" = "$OWN" ]
	ctl run orders
	stop_kdiagd
	mkdir "$PROBES"
	run "$BUILD_DIR/kdiagd" -f -c "$CONFIG"
	[ "$status" -eq 1 ]
	[[ "${lines[0]}" == "$CONFIG:1:"*"no probe could be loaded from $PROBES"* ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "a probe of a third party comes and goes by reload, with its options and its findings" {
	up
	write_probes_config 'consumers: {creating_warning: 1s, ignore: [old]}'
	run ctl reload
	[ "$status" -eq 1 ]
	[[ "$output" == *"kdiagd.yaml:4:"*consumers* ]]
	self_open config
	add consumers
	ctl reload
	self_none config
	wait_for 10 has_verdict orders warning
	finding_is consumers billing severity warning
	[[ "$(finding consumers billing summary)" == "billing is CREATING, "*" after it was registered: it gets no records" ]]
	[[ "$(finding consumers billing next)" == "aws kinesis describe-stream-consumer --consumer-arn arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/billing:"* ]]
	finding_is consumers search severity ok
	finding_is consumers old severity ok
	has_verdict clicks ok
	[ "$(json '.[] | select(.probe == "consumers" and .stream == "clicks") | .summary' findings --all)" = "0 enhanced fan-out consumers" ]
	[ "$(awssim_stat operations.ListStreamConsumers.calls)" -ge 1 ]
	[ "$(json '.probes[] | select(.name == "consumers") | .options[0].default' probes)" = 10m ]
	run "$BUILD_DIR/kdiagd" --options --probes "$PROBES"
	[[ "$output" == *creating_warning*"how long a consumer may be CREATING"* ]]

	# Its facts can be replayed.
	ctl facts orders >"$BATS_TEST_TMPDIR/facts.json"
	run "$BUILD_DIR/kdiagctl" replay --probes "$PROBES" "$BATS_TEST_TMPDIR/facts.json" consumers
	[ "$status" -eq 0 ]
	[[ "$output" == *billing*"is CREATING"* ]]

	# A wrong option is refused whole.
	write_probes_config 'consumers: {creating_warnin: 1s}'
	run ctl reload
	[ "$status" -eq 1 ]
	[[ "$output" == *'kdiagd.yaml:4:'*'unknown key "creating_warnin"'*'did you mean "creating_warning"?'* ]]
	finding_is consumers billing state open

	# Mended in AWS: over. Taken away: what was open resolves.
	write_probes_config 'consumers: {creating_warning: 1s}'
	ctl reload
	wait_for 10 finding_is consumers old severity warning
	awssim_post stream '{"name":"orders","consumers":["search","billing",{"name":"old","status":"CREATING"}]}' >/dev/null
	wait_for 10 finding_is consumers billing state resolved
	rm "$PROBES/consumers.so"
	write_probes_config
	ctl reload
	wait_for 10 has_verdict orders ok
	[ -z "$(finding consumers old state)" ]
	grep -q 'resolved warning orders .* consumers/active/old .*the probe was taken away' "$LOG"
	[ "$(loaded)" = "$OWN" ]
	stop_kdiagd
	log_is_clean
}

@test "a consumer that is deregistered is no longer reported, and resolves" {
	add consumers
	write_probes_config 'consumers: {creating_warning: 1s}'
	up
	finding_is consumers billing state open
	awssim_post stream '{"name":"orders","consumers":["search"]}' >/dev/null
	gone() { [[ "$(finding consumers billing state)" != open ]]; }
	wait_for 10 gone
	wait_for 10 has_verdict orders ok
}

@test "a new version of a probe is taken by reload" {
	add consumers
	up
	finding_is consumers stream summary "3 enhanced fan-out consumers"
	sed 's/enhanced fan-out consumers", count/consumers, as the new version says", count/' \
		"$BATS_TEST_DIRNAME/probes/consumers.c" >"$BATS_TEST_TMPDIR/consumers.c"
	cc -shared -fPIC -I"$ROOT/common" -o "$BATS_TEST_TMPDIR/consumers.so" "$BATS_TEST_TMPDIR/consumers.c"
	for _ in 1 2 3; do
		install -m 644 "$BATS_TEST_TMPDIR/consumers.so" "$PROBES/consumers.so"
		ctl reload
		wait_for 5 finding_is consumers stream summary "3 consumers, as the new version says"
		add consumers
		ctl reload
		wait_for 5 finding_is consumers stream summary "3 enhanced fan-out consumers"
	done
}

@test "a probe that says too much is cut, and that is said once" {
	add many
	write_probes_config
	up
	wait_for 5 self_open report
	[ "$(json '[.[] | select(.probe == "many" and .stream == "orders")] | length' findings)" -eq 1000 ]
	[ "$(json '[.self[] | select(.check == "report")] | length' status)" -eq 1 ]
	[[ "$(json '.self[] | select(.check == "report") | .summary' status)" == \
		"probe many: 4000 of its findings about "*" (us-east-1) were left out: more than 1000 in a look, "* ]]
	# A screen stays a screen, whatever a probe says.
	run ctl status
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -lt 40 ]
	not grep -nE '^.{81,}' <<<"$output"
	run ctl status orders
	[ "$status" -eq 1 ]
	ctl reload
	[ "$(grep -c 'opened warning .*self/report/many' "$LOG")" -eq 1 ]
	write_probes_config 'many: {findings: 10}'
	ctl reload
	wait_for 10 self_none report
	write_probes_config 'many: {findings: 1001}'
	ctl reload
	wait_for 10 self_open report
	write_probes_config 'many: {enabled: false}'
	ctl reload
	wait_for 5 self_none report
	wait_for 5 has_verdict orders ok
	stop_kdiagd
	log_is_clean
}

@test "the README's probe compiles as it says there, and judges in replay and in the daemon" {
	cd "$BATS_TEST_TMPDIR"
	sed -n '/^    #include <kdiag\/probe.h>/,/judge = judge};/s/^    //p' "$ROOT/README.md" >encrypted.c
	grep -q '^    cc -shared -fPIC -I/usr/include -o encrypted.so encrypted.c$' "$ROOT/README.md"
	cc -Wall -Werror -shared -fPIC -I"$ROOT/common" -o encrypted.so encrypted.c
	up
	ctl facts orders >facts.json
	run "$BUILD_DIR/kdiagctl" replay --probes . facts.json encrypted
	[ "$status" -eq 0 ]
	[[ "$output" == "WARN  encrypted"*"records are not encrypted at rest" ]]
	awssim_post stream '{"name":"orders","encryption":"KMS","key_id":"alias/aws/kinesis"}' >/dev/null
	install -m 644 encrypted.so "$PROBES/"
	ctl reload
	wait_for 10 finding_is encrypted stream summary "encrypted with alias/aws/kinesis"
}
