#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make bench: what kdiag costs, each figure beside something measured in the same run. `test/bench/run.sh NAME…` runs only those.
# A new one is a function and a word in `all`. No figure is judged here, save where a program says so by its exit status.
set -u
cd "$(dirname "$0")/../.." || exit 1
all="call idle scale ledger status iam logmine logs"
build=build
dir=$(mktemp -d)
sim='' daemon=''
end() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	[ -z "$sim" ] || kill "$sim" 2>/dev/null
	wait 2>/dev/null
	daemon='' sim=''
}
trap 'end; rm -rf "$dir"' EXIT
unset "${!AWS_@}" KDIAG_CLOCK
export AWS_ACCESS_KEY_ID=AKIABENCH AWS_SECRET_ACCESS_KEY=bench-secret AWS_EC2_METADATA_DISABLED=true

# start_sim COUNT LIMITS: COUNT streams of 4 shards, with AWS's published rate limits or without.
start_sim() {
	cat >"$dir/scenario.yaml" <<-YAML
		account: "123456789012"
		regions: [us-east-1]
		enforce_limits: $2
		credentials: {keys: [{access_key_id: AKIABENCH, secret_access_key: bench-secret, user: bench}]}
		generate: {count: $1, prefix: bulk-, shards: 4}
	YAML
	"$build/kdiag-awssim" -p 0 "$dir/scenario.yaml" >"$dir/sim.out" 2>&1 &
	sim=$!
	until grep -q 'listening on' "$dir/sim.out"; do sleep 0.1; done
	port=$(sed -n 's/.*127\.0\.0\.1://p' "$dir/sim.out" | head -n 1)
}

# write_config INTERVAL PACE COUNT: the simulator's streams, by name.
write_config() {
	cat >"$dir/kdiagd.yaml" <<-YAML
		daemon: {socket: $dir/k.sock, state: $dir/k.db, probes: ${probes:-$build/probes}, interval: $1}
		syslog: {enabled: false}
		aws: {region: us-east-1, pace: $2, endpoint_url: "http://127.0.0.1:$port"}
		streams:
	YAML
	seq -f '  - {name: bulk-%05.0f}' 0 "$(($3 - 1))" >>"$dir/kdiagd.yaml"
}

start_daemon() {
	"$build/kdiagd" -f -c "$dir/kdiagd.yaml" >"$dir/kdiagd.log" 2>&1 &
	daemon=$!
	until [ -S "$dir/k.sock" ]; do sleep 0.1; done
}

ctl() { "$build/kdiagctl" -s "$dir/k.sock" "$@"; }
stat_of() { curl -s "http://127.0.0.1:$port/_awssim/stats" | jq -r ".$1"; }
ticks() { awk '{print $14 + $15}' "/proc/$daemon/stat"; }
rss_mb() { awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$daemon/status"; }

# medians FILE: of each of kdiag, curl and boto3, and how many times curl's the others are.
medians() {
	awk '{us[$1] = us[$1] " " $4} END {
		for (w in us) {m = split(us[w], v, " "); for (i = 1; i < m; i++) for (j = i + 1; j <= m; j++)
			if (v[j] + 0 < v[i] + 0) {t = v[i]; v[i] = v[j]; v[j] = t} median[w] = v[int((m + 1) / 2)]}
		printf "median: kdiag %.1f us, curl %.1f us: %.2f times", median["kdiag"], median["curl"], median["kdiag"] / median["curl"]
		if ("boto3" in median) printf "; boto3 %.1f us: %.2f times", median["boto3"], median["boto3"] / median["curl"]
		printf "\n"}' "$1"
}

# calls LABEL ROUNDS PROBE…: the calls that these probes need, of 200 streams, five times in turn with the same requests in a bare libcurl loop.
calls() {
	local label=$1 rounds=$2 probes=$dir/probes
	shift 2
	echo "$label:"
	rm -rf "$probes"
	mkdir -p "$probes"
	cp "${@/#/$build/probes/}" "$probes"
	write_config 60s unlimited 200
	for _ in 1 2 3 4 5; do
		"$build/bench/call" "$dir/kdiagd.yaml" "$rounds"
		[ -z "$python" ] || "$python" test/bench/boto3_call.py "$port" 1000
	done | tee "$dir/call.out"
	medians "$dir/call.out"
	python='' # once is enough
}

# What an AWS call costs in CPU: kdiagd's own modules, a bare libcurl loop, boto3. Of the probes of status, shards and settings, with the metrics that they read; and of all nine,
# where one GetMetricData in thirty calls has 500 metrics in it, and brings the work of six more probes.
call() {
	local python=python3 nine=("$build"/probes/*.so)

	"$python" -c "import boto3" 2>/dev/null || python=/usr/bin/python3
	"$python" -c "import boto3" 2>/dev/null || python=''
	echo "== call: CPU of an AWS call, against kdiag-awssim, 8 connections"
	start_sim 200 false
	calls "DescribeStreamSummary, ListShards and GetMetricData, three probes" 15 stream_status.so shard_count.so config_drift.so
	calls "the same with all nine probes" 10 "${nine[@]##*/}"
	end
}

# The daemon with 100 streams at 60 s: CPU over two minutes after the first looks, and memory.
idle() {
	local seconds=${IDLE_SECONDS:-120} before after
	echo "== idle: kdiagd with 100 streams at 60 s, over $seconds s"
	start_sim 100 true
	write_config 60s 25% 100
	start_daemon
	sleep 25
	before=$(ticks)
	sleep "$seconds"
	after=$(ticks)
	awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v s="$seconds" -v rss="$(rss_mb)" \
		'BEGIN {printf "CPU %.2f %% of a core, RSS %s MB\n", 100 * t / hz / s, rss}'
	end
}

# 5,000 streams at AWS's published limits: is a call throttled, is every status fresh, how much memory?
scale() {
	local seconds=${SCALE_SECONDS:-240} before after
	echo "== scale: kdiagd with 5,000 streams at 60 s, AWS's rate limits, a quarter of them used, over $seconds s"
	start_sim 5000 true
	write_config 60s 25% 5000
	start_daemon
	sleep 70
	before=$(ticks)
	sleep "$seconds"
	after=$(ticks)
	ctl --json status >"$dir/status.json"
	jq -r '(.now | fromdate) as $now | [.streams[] | $now - ((.as_of // "1970-01-01T00:00:00Z") | fromdate)] |
		"\(length) streams, oldest look \(max) s ago"' "$dir/status.json"
	awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v s="$seconds" -v rss="$(rss_mb)" \
		-v throttled="$(stat_of throttled)" -v calls="$(jq .api.calls "$dir/status.json")" \
		'BEGIN {printf "%d calls, %d throttled; CPU %.2f %% of a core, RSS %s MB\n", calls, throttled, 100 * t / hz / s, rss}'
	end
}

# The lines of a log group: 60 templates, a few of each an hour.
templates() {
	local verb noun
	for verb in opened closed sent received created deleted started stopped read wrote; do
		for noun in connection batch lease cursor file session; do
			echo "      - {text: \"{time} INFO $verb the $noun {hex} of {shard} in {ms} ms\", per_min: {base: 0.1, day: 0.5, noise: 0.3}}"
		done
	done
}

all_learnt() { [ "$(ctl --json findings --all | jq '[.[] | select(.check == "silence" and (.summary | startswith("nothing")))] | length')" -ge 100 ]; }

# 100 log groups of 60 templates, after a day of their past and an hour more (of a clock that runs 60 times faster): memory, which must stay under 40 MB.
logs() {
	local n
	echo "== logs: kdiagd with 100 log groups of 60 templates in 10 streams"
	KDIAG_CLOCK="60@$(date +%s)"
	export KDIAG_CLOCK
	start_sim 10 false
	{
		echo 'log_groups:'
		for n in $(seq -w 0 99); do
			printf '  - name: /aws/lambda/bulk-0000%s-%s\n    templates:\n' "${n%?}" "$n"
			templates
		done
	} >>"$dir/scenario.yaml"
	end
	"$build/kdiag-awssim" -p 0 "$dir/scenario.yaml" >"$dir/sim.out" 2>&1 &
	sim=$!
	until grep -q 'listening on' "$dir/sim.out"; do sleep 0.1; done
	port=$(sed -n 's/.*127\.0\.0\.1://p' "$dir/sim.out" | head -n 1)
	write_config 60s unlimited 0
	for n in {0..9}; do
		echo "  - {name: bulk-0000$n, log_groups: [/aws/lambda/bulk-0000$n-*]}"
	done >>"$dir/kdiagd.yaml"
	start_daemon
	until all_learnt; do sleep 1; done
	sleep 60
	awk -v rss="$(rss_mb)" -v peak="$(awk '/VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$daemon/status")" -v events="$(ctl --json facts bulk-00000 |
		jq '[.facts[] | select(.kind == "log_groups") | .value[].templates[0].count] | add * 10 | round')" \
		'BEGIN {printf "about %d events; RSS %s MB, at most %s MB (limit 40)\n", events, rss, peak; exit peak >= 40}'
	n=$?
	end
	unset KDIAG_CLOCK
	return "$n"
}

ledger() {
	echo "== ledger: 10,000 open findings"
	"$build/bench/ledger" "$build/probes" "$dir"
}

# has_open COUNT: so many findings are open.
has_open() { [ "$(ctl --json findings | jq length)" -ge "$1" ]; }

# kdiagctl status as it is typed, of 1,000 streams with 10 open findings each: real time from the start of the process to its end. Fails at 50 ms.
status() {
	local began took=() n
	echo "== status: the command, with 10,000 open findings"
	mkdir -p "$dir/probes"
	cp "$build/test/probes/many.so" "$dir/probes/"
	start_sim 1000 false
	write_config 1h unlimited 1000
	sed -i "s|probes: $build/probes|probes: $dir/probes|" "$dir/kdiagd.yaml"
	echo 'probes: {many: {findings: 10, open: 1 of 1}}' >>"$dir/kdiagd.yaml"
	start_daemon
	until has_open 10000; do sleep 0.5; done
	for n in {1..21}; do
		began=${EPOCHREALTIME/./}
		ctl status >"$dir/status"
		took+=($((${EPOCHREALTIME/./} - began)))
	done
	printf '%s\n' "${took[@]}" | sort -n | awk -v lines="$(wc -l <"$dir/status")" '{us[NR] = $1} END {
		printf "status  %d lines in %.1f ms (median of %d; %.1f to %.1f; limit 50)\n", lines, us[11] / 1000, NR, us[1] / 1000, us[NR] / 1000
		exit us[11] >= 50000}'
	n=$?
	end
	return "$n"
}

iam() {
	echo "== iam: policy evaluations"
	"$build/bench/iam"
}

logmine() {
	echo "== logmine: lines mined a second, beside grep -c"
	LOGMINE_HOSTILE=${LOGMINE_HOSTILE:-1000000} "$build/bench/logmine"
}

make -s -j"$(nproc)" BUILD=$build bench-built || exit 1
status=0
[ $# -gt 0 ] || set -- $all
for name in "$@"; do
	case " $all " in *" $name "*) ;; *) echo "there is no bench $name ($all)"; exit 2 ;; esac
	"$name" || status=1
done
exit $status
