#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every test: unit tests under valgrind and under ASan and UBSan, and the real binaries end to end, hardened and under ASan, KDIAG_TEST_JOBS side by side.
# The last line is `N passed, N failed[, N skipped]`. `test/run.sh unit [NAME]` and `test/run.sh e2e [NAME]` run a part.
set -u
cd "$(dirname "$0")/.." || exit 1

part=${1:-all}
only=${2:-}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
passed=0 failed=0 skipped=0 later=()
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LC_ALL=C.UTF-8 CMOCKA_MESSAGE_OUTPUT=TAP out

build() {
	echo "building $1"
	shift
	make -s -j"$(nproc)" "$@" tests-built >"$out/build" 2>&1 && return
	tail -n 40 "$out/build"
	echo "0 passed, 1 failed"
	exit 1
}

# run_one LABEL NAME SECONDS COMMAND...: its TAP into $out/LABEL.NAME.tap, its exit status beside it.
run_one() {
	local to="$out/$1.$2" seconds=$3
	shift 3
	printf '%q ' timeout "$seconds" "$@" >"$to.again"
	local began=$SECONDS
	timeout "$seconds" "$@" >"$to.tap" 2>"$to.err" </dev/null
	local rc=$?
	echo $((SECONDS - began)) >"$to.took"
	echo $rc >"$to.status" # the last: what has it has ended
}
export -f run_one

# again LABEL NAME: what failed beside others, on a machine that may be short of time, has one more try alone; that one counts, and both are said.
again() {
	local to="$out/$1.$2" command
	command=$(cat "$to.again")
	rm "$to.again"
	eval "$command" >"$to.tap" 2>"$to.err" </dev/null
	echo $? >"$to.status"
	report "$1" "$2"
}

# report LABEL NAME: adds it up. A program that dies without a failed line is a failure too; cmocka marks what is skipped `not ok # SKIP`.
report() {
	local tap="$out/$1.$2.tap" ok notok skip
	skip=$(grep -ciE '^(not )?ok .*# *skip' "$tap")
	ok=$(grep -E '^ok ' "$tap" | grep -vciE '# *skip')
	notok=$(grep -E '^not ok ' "$tap" | grep -vciE '# *skip')
	if [ "$(cat "$out/$1.$2.status")" -ne 0 ] && [ "$notok" -eq 0 ] || [ "$((ok + skip))" -eq 0 ]; then
		notok=$((notok + 1))
		echo "exit status $(cat "$out/$1.$2.status") (124: it took too long)" >>"$out/$1.$2.err"
	fi
	if [ "$notok" -gt 0 ] && [ -e "$out/$1.$2.again" ]; then
		printf '%-10s %-22s failed beside others; alone, at the end:\n' "$1" "$2"
		grep -E -A 12 '^not ok ' "$tap" | grep -v '^ok ' | head -n 40 | sed 's/^/    /'
		later+=("$1 $2")
		return
	fi
	passed=$((passed + ok)) failed=$((failed + notok)) skipped=$((skipped + skip))
	printf '%-10s %-22s %4d passed %4d s' "$1" "$2" "$ok" "$(cat "$out/$1.$2.took")"
	[ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
	[ "$notok" -gt 0 ] && printf ', %d FAILED' "$notok"
	printf '\n'
	grep -iE '^(not )?ok .*# *skip' "$tap" | sed 's/^/    /'
	[ "$notok" -gt 0 ] && { grep -v '^ok ' "$tap"; cat "$out/$1.$2.err"; } | tail -n 60 | sed 's/^/    /'
}

# What there is to do: LABEL NAME SECONDS COMMAND..., a line each, in the order in which it begins; reported in the same order.
: >"$out/units"
: >"$out/e2es"

# unit LABEL FOLDER [WRAPPER...]
unit() {
	local label=$1 dir=$2 t
	shift 2
	for t in "$dir"/test/test_*"$only"*; do
		[ -x "$t" ] && echo "$label ${t##*/test_} 240 nice $* $t" >>"$out/units"
	done
}

# e2e LABEL FOLDER KIND: but not what says, in a line "# builds: OTHER", that this kind of build shows nothing that the other does not.
e2e() {
	local label=$1 dir=$2 kind=$3 f only_in
	for f in test/e2e/*"$only"*.bats; do
		[ -e "$f" ] || continue
		only_in=$(sed -n 's/^# builds: \([a-z]*\).*/\1/p' "$f")
		[ -n "$only_in" ] && [ "$only_in" != "$kind" ] && continue
		# Simulated days, which are long, are of one build only: they begin first, so that none of them is left over at the end.
		echo "$([ "$only_in" = hardened ]; echo $?) $label $(basename "$f" .bats) 280 env KDIAG_BUILD=$dir bats --tap $f" >>"$out/e2es"
	done
}

build "build/ (hardened)" BUILD=build WERROR=-Werror
build "build/asan/ (ASan, UBSan)" BUILD=build/asan SANITIZE=1 OPT=-O1
if [ "$part" != unit ]; then
	e2e e2e-asan build/asan asan
	e2e e2e build hardened
fi
if [ "$part" != e2e ]; then
	unit valgrind build env KDIAG_TEST_SHARE=10 valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=98 \
		--suppressions=test/valgrind.supp
	unit asan build/asan
fi
sort -s -k 1,1 "$out/e2es" | cut -d ' ' -f 2- >"$out/sorted" && mv "$out/sorted" "$out/e2es"
began=$SECONDS
# The end-to-end tests wait much; the unit tests, which hardly do, fill the gaps behind them, one at a time, nicely.
begin() { xargs -P "$2" -I{} bash -c 'run_one {}' <"$out/$1" & }
jobs=${KDIAG_TEST_JOBS:-$(($(nproc) + 2))}
begin e2es "$jobs"
if [ -s "$out/e2es" ]; then begin units 1; else begin units "$jobs"; fi
while read -r label name _; do
	until [ -e "$out/$label.$name.status" ]; do sleep 0.2; done
	report "$label" "$name"
done < <(cat "$out/units" "$out/e2es")
wait
for one in "${later[@]}"; do
	# shellcheck disable=SC2086
	again $one
done
echo "tests took $((SECONDS - began)) s"
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
