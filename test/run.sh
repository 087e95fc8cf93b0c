#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every test: unit tests under valgrind and under ASan+UBSan, and the real binaries end to end, hardened and under ASan.
# The last line is `N passed, N failed, N skipped`. `test/run.sh unit` or `test/run.sh e2e [NAME]` run a part.
set -u
cd "$(dirname "$0")/.." || exit 1

part=${1:-all}
only=${2:-}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
passed=0 failed=0 skipped=0
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LC_ALL=C.UTF-8

# count NAME FILE STATUS: adds up a TAP file; a program that dies without a failed line is a failure too.
count() {
	local ok notok skip
	ok=$(grep -c '^ok ' "$2")
	notok=$(grep -c '^not ok ' "$2")
	skip=$(grep -ciE '^ok .*# *skip' "$2")
	[ "$3" -ne 0 ] && [ "$notok" -eq 0 ] && notok=1
	[ "$((ok + notok))" -eq 0 ] && notok=1
	passed=$((passed + ok - skip)) failed=$((failed + notok)) skipped=$((skipped + skip))
	printf '%-34s %4d passed' "$1" "$((ok - skip))"
	[ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
	[ "$notok" -gt 0 ] && printf ', %d FAILED' "$notok"
	printf '\n'
	grep -iE '^ok .*# *skip' "$2" | sed 's/^/    /'
	[ "$notok" -gt 0 ] && sed 's/^/    /' "$2" "$2.err" 2>/dev/null | tail -n 60
}

build() {
	echo "building $1"
	shift
	make -s -j"$(nproc)" "$@" tests-built >"$out/build" 2>&1 && return
	tail -n 40 "$out/build"
	echo "0 passed, 1 failed"
	exit 1
}

unit() {
	local label=$1 dir=$2 t
	shift 2
	for t in "$dir"/test/test_*; do
		[ -x "$t" ] || continue
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 120 "$@" "$t" >"$out/tap" 2>"$out/tap.err"
		count "$label ${t##*/test_}" "$out/tap" $?
	done
}

e2e() {
	local label=$1 dir=$2 f
	for f in test/e2e/*.bats; do
		case $f in *"$only"*) ;; *) continue ;; esac
		KDIAG_BUILD=$dir timeout 280 bats --tap "$f" >"$out/tap" 2>"$out/tap.err" </dev/null
		count "$label $(basename "$f" .bats)" "$out/tap" $?
	done
}

build "build/ (hardened)" BUILD=build WERROR=-Werror
build "build/asan/ (ASan, UBSan)" BUILD=build/asan SANITIZE=1 OPT=-O1 WERROR=-Werror
if [ "$part" != e2e ]; then
	unit valgrind build valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=98 \
	    --suppressions=test/valgrind.supp
	unit asan build/asan
fi
if [ "$part" != unit ]; then
	e2e e2e build
	e2e "e2e asan" build/asan
fi
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
