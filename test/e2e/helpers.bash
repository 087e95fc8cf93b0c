# SPDX-License-Identifier: Apache-2.0
# What every end-to-end test needs: the simulator up and down, and waiting for a condition, with a bound. `load helpers` in a .bats file.
# shellcheck shell=bash

ROOT="$(cd "$BATS_TEST_DIRNAME/../.." && pwd)"
BUILD_DIR="${KDIAG_BUILD:-build}" # test/run.sh sets it
[[ "$BUILD_DIR" == /* ]] || BUILD_DIR="$ROOT/$BUILD_DIR"

# not COMMAND...: fails when the command does not. `! command` would not do: bash's errexit lets it pass (shellcheck SC2314). Behind a
# pipe: lines | not grep -n '...'.
not() {
	! "$@"
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails, and says what was waited for, when the time is over.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS > end)); then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

# start_awssim SCENARIO: runs the simulator on a free port; sets AWS_PORT and AWS_PID. SCENARIO: a file, or - to read it from stdin.
start_awssim() {
	local scenario="$1" out="$BATS_TEST_TMPDIR/awssim.out"
	if [[ "$scenario" == - ]]; then
		scenario="$BATS_TEST_TMPDIR/scenario.yaml"
		cat >"$scenario"
	fi
	: >"$out"
	"$BUILD_DIR/kdiag-awssim" -p 0 "$scenario" >"$out" 2>"$BATS_TEST_TMPDIR/awssim.err" 3>&- &
	AWS_PID=$!
	wait_for 10 grep -q "listening on" "$out" || {
		cat "$BATS_TEST_TMPDIR/awssim.err" >&2
		return 1
	}
	AWS_PORT="$(sed -n 's/^listening on 127\.0\.0\.1://p' "$out")"
	export AWS_PORT
}

# Ends it, and fails when it did not end well (a leak under ASan, say).
stop_awssim() {
	local pid="${AWS_PID:-}" rc=0
	[[ -n "$pid" ]] || return 0
	AWS_PID=
	kill "$pid" 2>/dev/null || true
	wait "$pid" || rc=$?
	((rc == 0)) || {
		echo "kdiag-awssim ended with $rc" >&2
		cat "$BATS_TEST_TMPDIR/awssim.err" >&2
		return 1
	}
}

# awssim_post WHAT JSON: the simulator's admin endpoint (test/awssim/README.md).
awssim_post() {
	curl -sS --fail-with-body -X POST -d "$2" "http://127.0.0.1:$AWS_PORT/_awssim/$1"
}

# awssim_stat PATH: a count of its statistics: throttled, operations.ListStreams.calls
awssim_stat() {
	curl -sS "http://127.0.0.1:$AWS_PORT/_awssim/stats" | jq -r ".$1"
}
