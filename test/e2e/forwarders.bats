#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kdiagd's own syslog(3) into a real rsyslogd, syslog-ng and journald: each a private process on a private /dev/log, with the config of etc/forwarders/.

load helpers
load daemon
load devlog

umask 022
DAEMONS="$ROOT/build/log-daemons" # test/log_daemons.sh unpacks them there
CONFIGS="$ROOT/etc/forwarders"
PROBES="$BATS_TEST_TMPDIR/probes"
DEVLOG="$BATS_TEST_TMPDIR/log"
ETC="$BATS_TEST_TMPDIR/etc"
OUT="$BATS_TEST_TMPDIR/out" # stands for /var/log/kdiag
SPOOL="$BATS_TEST_TMPDIR/spool"
LONG_HOST=$(printf 'h%.0s' {1..64}) # HOST_NAME_MAX

setup() {
	mkdir -p "$PROBES" "$ETC" "$OUT" "$SPOOL"
	cp "$BUILD_DIR"/probes/{config_drift,shard_count,stream_status}.so "$BUILD_DIR"/test/probes/{many,hostile}.so "$PROBES"
}

teardown() {
	local pid
	for pid in "${WATCH_PID:-}" "${REMOTE_PID:-}" "${HOLDER_PID:-}" "${LOG_PID:-}" "$(held_pid)"; do
		[[ -z "$pid" ]] || { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
	done
	stop_kdiagd
	stop_awssim
}

# ---- the log daemons ----

# need DAEMON: sets PROGRAM and LIBRARIES, of the unpacked one or the host's; skips the test where there is none.
need() {
	need_devlog
	LIBRARIES="$DAEMONS/usr/lib/syslog-ng:$(echo "$DAEMONS"/lib/*-linux-gnu):$(echo "$DAEMONS"/usr/lib/*-linux-gnu)"
	PROGRAM="$DAEMONS/usr/sbin/$1"
	[[ -x "$PROGRAM" ]] && return
	LIBRARIES=
	PROGRAM="$(PATH="$PATH:/usr/sbin:/sbin" type -P "$1")" || skip "there is no $1: test/log_daemons.sh could not unpack Debian's"
}

# log_daemon [OPTION...]: becomes it, in the foreground.
log_daemon() {
	case $PROGRAM in
	*/rsyslogd)
		exec env LD_LIBRARY_PATH="$LIBRARIES" "$PROGRAM" -n -i "$ETC/pid" -f "$ETC/main.conf" \
			${LIBRARIES:+-M "${LIBRARIES##*:}/rsyslog"} "$@"
		;;
	*/syslog-ng)
		exec env LD_LIBRARY_PATH="$LIBRARIES" "$PROGRAM" -F --no-caps -f "$ETC/main.conf" -R "$SPOOL/persist" -p "$ETC/pid" -c "$ETC/ctl" \
			${LIBRARIES:+--module-path="$(echo "${LIBRARIES%%:*}"/[0-9]*)"} "$@"
		;;
	esac
}

# The log daemon that hold() started, which is no child of ours.
held_pid() {
	local pid
	pid=$(cat "$ETC/pid" 2>/dev/null) || return 0
	! grep -qF "$ETC/main.conf" "/proc/$pid/cmdline" 2>/dev/null || echo "$pid"
}

# derive NAME: the config from etc/forwarders with this test's paths; every option is switched on with OPTIONS=on.
derive() {
	sed -E "s|/var/log/kdiag|$OUT|; s|logs\.example\.com|127.0.0.1|; s|5170|${REMOTE_PORT:-9}|; s|/usr/local/bin/kdiag-page|$ETC/page|
		s|disk-buffer\(|&dir(\"$SPOOL\") |; s|queue\.saveOnShutdown|action.resumeInterval=\"1\" &|" "$CONFIGS/$1" >"$ETC/kdiag.conf"
	[[ "${OPTIONS:-}" != on ]] || sed -Ei 's/^(\t*)#([^ ])/\1\2/' "$ETC/kdiag.conf"
	printf '#!/bin/sh\nexec cat >>%s\n' "$OUT/paged" >"$ETC/page"
	chmod +x "$ETC/page"
}

# configure DAEMON: what a host's main config has, and ours. $OUT/raw holds what came, $OUT/fields (syslog-ng) what was made of it.
configure() {
	need "$1"
	case $1 in
	rsyslogd)
		derive rsyslog.conf
		cat >"$ETC/main.conf" <<-CONF
			global(workDirectory="$SPOOL")
			module(load="imuxsock" SysSock.Use="off")
			input(type="imuxsock" Socket="$DEVLOG")
			template(name="raw" type="string" string="%rawmsg%\n")
			action(type="omfile" file="$OUT/raw" template="raw")
			template(name="rfc5424" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% $LONG_HOST %APP-NAME% %PROCID% %MSGID% - %msg:2:\$%\n")
			action(type="omfile" file="$OUT/rfc5424" template="rfc5424")
			include(file="$ETC/kdiag.conf")
			action(type="omfile" file="$OUT/syslog")
		CONF
		;;
	syslog-ng)
		derive syslog-ng.conf
		cat >"$ETC/main.conf" <<-CONF
			@version: current
			source s_src { unix-dgram("$DEVLOG" flags(store-raw-message)); };
			log { source(s_src); destination { file("$OUT/raw" template("\${RAWMSG}\n")); }; };
			log { source(s_src); destination { file("$OUT/rfc5424" template("<\${PRI}>1 \${ISODATE} $LONG_HOST \${PROGRAM} \${PID} - - \${MESSAGE}\n")); }; };
			@include "$ETC/kdiag.conf"
			log { source(s_src); parser(p_kdiag); destination { file("$OUT/fields" template("\$(format-json kdiag.*)\n")); }; };
		CONF
		;;
	esac
}

# check_config: the log daemon's own checker, which says nothing.
check_config() {
	local option=-s
	[[ "$PROGRAM" == */syslog-ng ]] || option=-N1
	(log_daemon "$option") >"$BATS_TEST_TMPDIR/check" 2>&1 && ! grep -iE 'error|warning|deprecated|unknown' "$BATS_TEST_TMPDIR/check"
}

start_log() {
	(log_daemon) >>"$BATS_TEST_TMPDIR/log.err" 2>&1 3>&- &
	LOG_PID=$!
	wait_for 10 is_listening
}

# A line through it comes out.
is_listening() {
	local mark="ready ${LOG_PID:-}"
	timeout 1 logger --socket "$DEVLOG" -t ready "$mark" && grep -q "$mark" "$OUT/raw"
}

# end_log SIGNAL: and waits until it is gone.
end_log() {
	kill "-$1" "$LOG_PID"
	wait "$LOG_PID" || true
	LOG_PID=
}

# ---- a remote that takes JSON lines over TCP ----

# Takes a port for it; nobody listens there yet.
reserve_remote() {
	socat -d -d -u TCP-LISTEN:0,bind=127.0.0.1 - 2>"$ETC/remote.err" 3>&- &
	REMOTE_PID=$!
	wait_for 5 grep -q 'listening on' "$ETC/remote.err"
	REMOTE_PORT=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$ETC/remote.err")
	kill "$REMOTE_PID"
	wait "$REMOTE_PID" || true
}

start_remote() {
	socat -u "TCP-LISTEN:$REMOTE_PORT,bind=127.0.0.1,reuseaddr,fork" "OPEN:$OUT/remote,creat,append" 2>/dev/null 3>&- &
	REMOTE_PID=$!
}

# ---- kdiagd ----

# up: the simulator with the stream orders, and kdiagd on the private /dev/log.
up() {
	start_awssim - <<-YAML
		$(scenario_head)
		streams: [{name: orders, shards: 8}]
	YAML
	write_syslog_config 0
	(with_devlog "$DEVLOG" "$BUILD_DIR/kdiagd" -f -c "$CONFIG") >>"$LOG" 2>&1 3>&- &
	KDIAGD_PID=$!
	wait_for 10 is_up
	wait_for 10 looked
}

# write_syslog_config MANY [HOSTILE]: so many findings of the probe many, and those of hostile with "true". One good look resolves.
write_syslog_config() {
	write_config "$(
		printf 'probes: {many: {findings: %s, resolve: 1 of 1}, hostile: {enabled: %s}, ' "$1" "${2:-false}"
		printf '%s\n' 'shard_count: {resolve: 1 of 1}, stream_status: {resolve: 1 of 1}}' \
			'streams: [{name: orders, expect: {shard_count: 8}}, {name: missing, probes: {many: {findings: 0}, hostile: {enabled: false}}}]'
	)"
	sed -i "s|probes: $BUILD_DIR/probes|probes: $PROBES|; s|^syslog:.*|syslog: {heartbeat: 1s, burst: 100000}|" "$CONFIG"
}

# storm COUNT: so many findings are open in a second or two, each with a line as it opens or resolves.
storm() {
	write_syslog_config "$1"
	ctl reload >/dev/null
	wait_for 10 stormed "$1"
}

stormed() {
	[[ "$(json '[.[] | select(.probe == "many")] | length' findings)" == "$1" ]]
}

# watch_changes: what subscribers are told from now on goes into WATCHED, behind the answer to the request.
watch_changes() {
	WATCHED="$BATS_TEST_TMPDIR/watched"
	socat STDIO,ignoreeof "UNIX-CONNECT:$SOCKET" <<<'{"op":"subscribe"}' >"$WATCHED" 2>/dev/null 3>&- &
	WATCH_PID=$!
	wait_for 5 grep -q '"subscribed":true' "$WATCHED"
}

# ---- what must hold of what came ----

# play: opens, changes and resolves, watched, critical ones among them.
play() {
	watch_changes
	wait_for 10 stream_gives DELETING critical
	wait_for 10 stream_gives ACTIVE ok
	awssim_post stream '{"name":"orders","shards":5}' >/dev/null
	wait_for 10 has_verdict orders warning
	wait_for 10 grep -q '"shard_count"' "$WATCHED"
}

stream_gives() {
	awssim_post stream "{\"name\":\"orders\",\"status\":\"$1\"}"
	has_verdict orders "$2"
}

AS_TEXTS='map_values(if . == null then "" else tostring end)'

first_watched() {
	jq -s 'map(select(.event))[0].seq' "$WATCHED"
}

# same FILE FILTER FILE FILTER: the objects of both, made comparable, are the same, each as often.
same() {
	diff <(jq -cS "$2" "$1" | sort) <(jq -cS "$4" "$3" | sort)
}

same_soon() {
	wait_for 5 same "$@" || same "$@"
}

# sequence FILE: every change from the first on, once, in order.
in_order() {
	jq -se 'map(.seq) | . == [range(1; length + 1)]' "$1" >/dev/null
}

# forwards: what every forwarder of etc/forwarders makes of the same lines.
forwards() {
	local first
	play
	first=$(first_watched)
	# Each field of each change, with its type, and the host besides; nothing else, nothing twice.
	same_soon "$WATCHED" 'select(.event)' "$OUT/findings.json" "select(.seq >= $first) | del(.host)"
	in_order "$OUT/findings.json"
	[ "$(jq -r '.host | split(".")[0]' "$OUT"/*.json | sort -u)" = "$(uname -n | cut -d. -f1)" ]
	[ "$(jq -s '[.[].event] | unique | join(" ")' "$OUT/findings.json")" = '"opened resolved"' ]
	# What is critical, and only that, reaches the alert and the program behind it.
	same_soon "$OUT/findings.json" 'select(.severity == "critical" and .event == "opened")' "$OUT/alert.json" .
	[ "$(jq -r .stream "$OUT/alert.json" | sort | tr '\n' ' ')" = "missing orders " ]
	same_soon "$OUT/alert.json" . "$OUT/paged" .
	# Heartbeats stand apart, and the mark of the start before them.
	jq -se '.[0] | .event == "started" and .seq == 0 and .version' "$OUT/heartbeat.json"
	jq -se '.[1:] | length >= 1 and all(.event == "heartbeat" and (.seq | type) == "number" and .dropped == 0 and .v == 1)' "$OUT/heartbeat.json"
	jq -se '.[-1].open | .critical == 1 and .warning >= 0 and .unknown == 0 and .info == 0' "$OUT/heartbeat.json"
	[ ! -e "$OUT/kdiagd.log" ]
	# Text is no JSON, and has a file of its own.
	sed -i 's/heartbeat: 1s/heartbeat: 1s, format: text/' "$CONFIG"
	ctl reload
	wait_for 5 grep -q 'heartbeat seq' "$OUT/kdiagd.log"
}

# waits_for_the_remote: nobody listens yet, and the log daemon is restarted meanwhile.
waits_for_the_remote() {
	wait_for 5 test -s "$OUT/heartbeat.json"
	kill -STOP "$KDIAGD_PID" # no line in between
	end_log TERM
	start_remote
	start_log
	kill -CONT "$KDIAGD_PID"
	all_remote() { same <(cat "$OUT/findings.json" "$OUT/heartbeat.json") . "$OUT/remote" .; }
	wait_for 10 all_remote || all_remote
}

# ---- rsyslog and syslog-ng ----

@test "rsyslog: the config is good, with its options off and on" {
	configure rsyslogd
	check_config
	OPTIONS=on configure rsyslogd
	check_config
}

@test "rsyslog: each field arrives as its own: in the file, at the remote, at the alert" {
	reserve_remote
	OPTIONS=on configure rsyslogd
	start_log
	up
	forwards
	waits_for_the_remote
	[ "$(grep -c kdiagd "$OUT/syslog")" = 0 ] # the option "stop"
	stop_kdiagd
	log_is_clean
}

@test "syslog-ng: the config is good, with its options off and on" {
	configure syslog-ng
	check_config
	OPTIONS=on configure syslog-ng
	check_config
}

@test "syslog-ng: each field arrives as its own: in the file, at the remote, at the alert" {
	reserve_remote
	OPTIONS=on configure syslog-ng
	start_log
	up
	forwards
	# Each field is a macro of its own, which is a text before syslog-ng 4.0.
	same_soon "$OUT/findings.json" "del(.host) | $AS_TEXTS" "$OUT/fields" ".kdiag | select(.id) | $AS_TEXTS"
	waits_for_the_remote
	stop_kdiagd
	log_is_clean
}

# busy DAEMON: it stands, with kdiagd, and findings can come in storms.
busy() {
	configure "$1"
	start_log
	up
	storm 3
	wait_for 5 arrived 3
}

# arrived COUNT: so many lines of storms, and all lines up to them once and in order.
arrived() {
	in_order "$OUT/findings.json" && [[ "$(jq -s 'map(select(.probe == "many")) | length' "$OUT/findings.json")" == "$1" ]]
}

# within SECONDS COMMAND...: it ends by itself in that time, whatever its exit status.
within() {
	local rc=0
	timeout -s KILL "$@" >/dev/null || rc=$?
	((rc != 137))
}

# A log daemon that stands still is nobody's trouble but its own, and gets all lines later.
stalls() {
	busy "$1"
	kill -STOP "$LOG_PID"
	storm 600
	within 1 "$BUILD_DIR/kdiagctl" -s "$SOCKET" status
	within 1 "$BUILD_DIR/kdiagctl" -s "$SOCKET" run orders shard_count
	storm 0
	kill -CONT "$LOG_PID"
	wait_for 10 arrived 1200
	kill -STOP "$LOG_PID"
	storm 600
	stop_kdiagd # within 2 s, though lines are left
	log_is_clean
}

@test "rsyslog stalls: kdiagd goes on, ends in time, and loses nothing when rsyslog comes back" {
	stalls rsyslogd
}

@test "syslog-ng stalls: kdiagd goes on, ends in time, and loses nothing when syslog-ng comes back" {
	stalls syslog-ng
}

# hold DAEMON: as under systemd, the socket is not the log daemon's own, and outlives it. It runs while $ETC/go is there.
hold() {
	configure "$1"
	: >"$ETC/go"
	{
		declare -p PROGRAM LIBRARIES ETC SPOOL
		declare -f log_daemon
		# shellcheck disable=SC2016
		printf '%s\n' 'while sleep 0.05; do [[ ! -e "$ETC/go" ]] || (export LISTEN_PID=$BASHPID && log_daemon); done'
	} >"$ETC/hold"
	systemd-socket-activate --datagram -l "$DEVLOG" bash "$ETC/hold" >>"$BATS_TEST_TMPDIR/log.err" 2>&1 3>&- &
	HOLDER_PID=$!
	wait_for 10 is_listening
}

@test "rsyslog restarts on a socket that systemd holds: nothing is lost" {
	local pid
	hold rsyslogd
	up
	storm 3
	wait_for 5 arrived 3
	rm "$ETC/go"
	pid=$(held_pid)
	kill -TERM "$pid"
	wait_for 5 is_gone "$pid"
	storm 600
	within 1 "$BUILD_DIR/kdiagctl" -s "$SOCKET" status
	: >"$ETC/go"
	wait_for 10 arrived 600
}

# gap: how many changes never arrived; those that did came once and in order, and the heartbeat has the number of the last.
gap() {
	jq -ser 'map(.seq) | if . == unique then .[-1] - length else error("twice or out of order") end' "$OUT/findings.json"
}

# resolved COUNT: so many lines of the end of a storm, and a heartbeat behind them.
resolved() {
	[[ "$(jq -s 'map(select(.event == "resolved" and .probe == "many")) | length' "$OUT/findings.json")" == "$1" &&
		"$(jq -s '.[-1].seq' "$OUT/findings.json")" == "$(jq -s '.[-1].seq' "$OUT/heartbeat.json")" ]]
}

# A log daemon that owns its socket takes it along: what is said while nobody listens waits in kdiagd, which finds the new one by itself.
restarts() {
	busy "$1"
	end_log "$2"
	storm 300
	within 1 "$BUILD_DIR/kdiagctl" -s "$SOCKET" status
	[ "$(json .syslog.queued status)" -ge 297 ]
	start_log
	storm 0
	wait_for 10 resolved 300
	[ "$(gap)" -eq 0 ]
	stop_kdiagd
	has_stopped() { jq -se '.[-1] | .event == "stopped" and .seq > 600' "$OUT/heartbeat.json"; }
	wait_for 5 has_stopped
	log_is_clean
}

@test "rsyslog restarts with its socket: nothing that was queued is lost" {
	restarts rsyslogd TERM
}

@test "syslog-ng restarts with its socket: nothing that was queued is lost" {
	restarts syslog-ng KILL
}

# within_limit FILE LEAST: the longest line, of so many bytes at least (or nothing was put to the test), is under 2,048.
within_limit() {
	LC_ALL=C awk -v least="$2" 'length > max { max = length } END { print FILENAME ": " max; exit !(max >= least && max < 2048) }' "$1"
}

# survives: names and sentences that try to break a reader, and are too long. Each line is short ASCII, arrives as JSON, and is a finding of ours.
survives() {
	local told="$BATS_TEST_TMPDIR/told"
	configure "$1"
	start_log
	up
	write_syslog_config 0 true
	ctl reload
	wait_for 10 hostile_arrived
	ctl --json findings | jq -c '.[] | select(.probe == "hostile")' >"$told"
	[ "$(wc -l <"$told")" -eq 11 ]
	# What is not shortened is the same; what is, says so, and is the beginning.
	same <(jq -c 'select(.probe == "hostile" and (.trunc | not))' "$OUT/findings.json") '{id, subject, summary, next}' \
		<(jq -c --slurpfile short <(jq -c 'select(.trunc)' "$OUT/findings.json") 'select(.id as $id | all($short[]; .id != $id))' "$told") '{id, subject, summary, next}'
	jq -se --slurpfile told "$told" 'map(select(.trunc)) | length >= 3 and all(. as $it | any($told[]; .id == $it.id and
		(.summary | startswith($it.summary)) and (.subject | startswith($it.subject))))' "$OUT/findings.json"
	# No line is forged, none falls out of its form, none is too long: the message is what stands behind "kdiagd[PID]: ".
	[ ! -e "$OUT/kdiagd.log" ]
	[ "$(jq -r 'select(.probe != "hostile") | .stream' "$OUT/alert.json")" = missing ]
	[ "$(grep -c kdiagd "$OUT/raw")" -eq "$(grep -cE "^<[0-9]+>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} kdiagd\\[$KDIAGD_PID\\]: @cee:\\{.*\\}\$" "$OUT/raw")" ]
	[ "$(LC_ALL=C grep -c '[^ -~]' "$OUT/raw")" -eq 0 ]
	# Together with the header, syslog(3)'s own and the longest that a forwarder would make of it.
	within_limit "$OUT/raw" 1800
	within_limit "$OUT/rfc5424" 1900
	stop_kdiagd
	log_is_clean
}

hostile_arrived() {
	[[ "$(jq -s 'map(select(.probe == "hostile")) | length' "$OUT/findings.json")" == 11 ]]
}

@test "rsyslog: hostile names and texts are harmless, and no line has 2,048 bytes" {
	survives rsyslogd
}

@test "syslog-ng: hostile names and texts are harmless, and no line has 2,048 bytes" {
	survives syslog-ng
}

# ---- journald ----

# start_journald: in a namespace where /run and /var/log are this test's, so that the host's journal is not touched.
start_journald() {
	local run="$BATS_TEST_TMPDIR/run"
	need_devlog
	[[ -s /etc/machine-id ]] || skip "journald needs /etc/machine-id"
	PROGRAM=/lib/systemd/systemd-journald
	[[ -x "$PROGRAM" ]] || skip "there is no $PROGRAM"
	mkdir -p "$run/systemd/journal" "$run/systemd/journald.conf.d" "$SPOOL/journal"
	: >"$run/systemd/journal/flushed" # the start of the host is over: Storage=persistent goes to the disk
	cp "$CONFIGS/journald.conf" "$run/systemd/journald.conf.d/kdiag.conf"
	printf '%s\n' '[Journal]' 'ReadKMsg=no' 'Audit=' >"$run/systemd/journald.conf.d/test.conf" # nothing of the host's kernel
	DEVLOG="$run/systemd/journal/dev-log"
	(DEVLOG_BINDS="$run:/run $SPOOL:/var/log" && with_devlog "$DEVLOG" "$PROGRAM") >>"$BATS_TEST_TMPDIR/log.err" 2>&1 3>&- &
	LOG_PID=$!
	wait_for 10 test -S "$DEVLOG"
}

# In the place of the host's.
journalctl() {
	command journalctl -D "$SPOOL/journal" "$@"
}

# query WORDS: runs the README's command below the comment with these words; it follows no more.
query() {
	local command
	command=$(grep -A1 "^# .*$1" "$CONFIGS/README.md" | tail -n 1)
	[[ "$command" == journalctl* ]]
	eval "${command/ -f / }"
}

heartbeat_queried() {
	query 'last hour' | grep -q '"event":"heartbeat"'
}

@test "journald: the queries of the README find what they say" {
	start_journald
	query 'silence' | grep -qx 'kdiagd is silent'
	up
	play
	wait_for 5 heartbeat_queried
	query 'last hour' >"$OUT/all"
	jq -c 'select(.id)' "$OUT/all" >"$OUT/findings.json"
	in_order "$OUT/findings.json"
	same_soon "$WATCHED" 'select(.event)' "$OUT/findings.json" "select(.seq >= $(first_watched))"
	query 'with the host' >"$OUT/hosts"
	same "$OUT/findings.json" . "$OUT/hosts" 'select(.id) | del(.host)'
	[ "$(jq -r .host "$OUT/hosts" | sort -u)" = "$(uname -n)" ]
	[ "$(query 'critical ones only' | grep -c ' opened missing: stream does not exist')" -eq 1 ]
	[ "$(query 'critical ones only' | grep -vc ' opened ')" -eq 0 ]
	[ "$(query 'what was open' | cut -d' ' -f1,2 | sort | tr '\n' ' ')" = "critical missing warning orders " ]
	[ -z "$(query 'never arrived')" ]
	[ -z "$(query 'silence')" ]
	stop_kdiagd
	log_is_clean
}

# ---- the rest ----

# checked NAME EXPRESSION CHECKER...: as the file is, and with the options on that EXPRESSION finds.
checked() {
	local file="$ETC/$1"
	cp "$CONFIGS/$1" "$file"
	"${@:3}" "$file"
	sed -Ei "$2" "$file"
	not cmp -s "$CONFIGS/$1" "$file"
	"${@:3}" "$file"
}

# kdiagd reads YAML strictly, and says at once when a file is none. Of what the keys mean it knows nothing.
is_yaml() {
	run "$BUILD_DIR/kdiagd" -t -c "$1"
	[[ "$output" == *"unknown section"* && "$output" != *YAML* ]]
}

YAML_OPTION='s/^( +)#( *(- )?[a-z_]+:)/\1\2/'

@test "Vector and Fluent Bit: the configs are YAML, and write where the others do" {
	checked vector.yaml "$YAML_OPTION" is_yaml
	checked fluent-bit.yaml "$YAML_OPTION" is_yaml
	for file in findings heartbeat alert; do
		grep -q "path: /var/log/kdiag/$file.json" "$CONFIGS/vector.yaml"
		grep -q "file: $file.json" "$CONFIGS/fluent-bit.yaml"
	done
}

# Fluent Bit cannot be run here; what its config finds and chooses by, can: with a line of each kind.
@test "Fluent Bit: the expressions find the JSON, and send each event where it belongs" {
	local config="$CONFIGS/fluent-bit.yaml" cee route
	cee=$(sed -n "s/^ *regex: '\(\^@cee.*\)'$/\1/p" "$config")
	[ "$(grep -oP "$cee" <<<'@cee:{"v":1,"event":"opened"}')" = '@cee:{"v":1,"event":"opened"}' ]
	not grep -P "$cee" <<<'watching @cee:{} streams'
	# route FIELD VALUE: the tags that rules of that field give it.
	route() {
		sed -nE "s/^ *(- )?(rule: )?\\\$$1 (\^[^ ]*) (kdiag\.[a-z]*) .*/\3 \4/p" "$config" | while read -r expression tag; do
			! grep -qE "$expression" <<<"$2" || echo "$tag"
		done
	}
	for event in heartbeat started stopped; do [ "$(route event $event)" = kdiag.heartbeat ]; done
	for event in opened changed resolved reminder suppressed; do [ -z "$(route event $event)" ]; done
	[ "$(route event dropped)" = kdiag.alert ]
	[ "$(route severity critical)" = kdiag.alert ]
	[ -z "$(route severity warning)" ]
}

@test "Vector: its own checker takes the config" {
	type -P vector || skip "no vector here: its config was not checked"
	checked vector.yaml "$YAML_OPTION" vector validate --no-environment
}

@test "Fluent Bit: its own checker takes the config" {
	type -P fluent-bit || skip "no fluent-bit here: its config was not checked"
	checked fluent-bit.yaml "$YAML_OPTION" fluent-bit --dry-run -c
}

@test "heartbeat-age.sh tells how long ago the last heartbeat was" {
	run "$CONFIGS/heartbeat-age.sh" "$OUT/none" 10
	[ "$status" -eq 2 ]
	[[ "$output" == "CRITICAL - no heartbeat"*"$OUT/none" ]]
	: >"$OUT/heartbeat.json"
	run "$CONFIGS/heartbeat-age.sh" "$OUT/heartbeat.json" 10
	[ "$status" -eq 0 ]
	[[ "$output" == "OK - "* ]]
	touch -d '-20 seconds' "$OUT/heartbeat.json"
	run "$CONFIGS/heartbeat-age.sh" "$OUT/heartbeat.json" 10
	[ "$status" -eq 2 ]
	[[ "$output" == "CRITICAL - kdiagd has been silent for 2"?" s (more than 10 s)" ]]
	for wrong in '' 0 -1 ten; do
		run "$CONFIGS/heartbeat-age.sh" "$OUT/heartbeat.json" $wrong
		[ "$status" -eq 2 ]
		[[ "$output" == usage:* ]]
	done
}
