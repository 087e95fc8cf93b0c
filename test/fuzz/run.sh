#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every test/fuzz/fuzz_NAME.c for FUZZ_SECONDS (30), or those named as arguments. A target starts from
# test/fuzz/corpus/NAME, if that is there, and from what earlier runs found; a dictionary may stand beside it as NAME.dict.
# What breaks stays in build/fuzz/NAME-crash-…: give it to build/fuzz/bin/NAME to see it again.
set -u
cd "$(dirname "$0")/../.." || exit 1

seconds=${FUZZ_SECONDS:-30}
max_len=${FUZZ_MAX_LEN:-4096}
build=${BUILD:-build}/fuzz
bin=$build/bin
sanitize=address,undefined
packages=$(sed -n 's/^PKGS *:= *//p' Makefile)
passed=0 failed=0

unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE CFLAGS LDFLAGS

# The Makefile's own rules compile everything, kept in $build/obj and instrumented.
compile() {
	make --no-print-directory -s BUILD="$build" CC=clang OPT=-O1 \
		HARDEN="-fsanitize=fuzzer-no-link,$sanitize -fno-sanitize-recover=undefined -fno-omit-frame-pointer" "$@"
}

link() { # NAME
	# shellcheck disable=SC2086,SC2046  # lists of words
	clang -fsanitize=fuzzer,$sanitize -o "$bin/$1" "$build/obj/test/fuzz/fuzz_$1.o" -Wl,--start-group \
		"$build"/lib{daemon,aws,common}.a -Wl,--end-group $(pkg-config --libs $packages) -ldl -lm -pthread
}

run() { # NAME
	local corpus=$build/corpus/$1 seeds=test/fuzz/corpus/$1 dict=test/fuzz/$1.dict log=$build/$1.log
	local options=(-max_total_time="$seconds" -max_len="$max_len" -timeout=10 -rss_limit_mb=1024 -verbosity=1
		-print_final_stats=1 -artifact_prefix="$build/$1-")

	mkdir -p "$corpus"
	[ -f "$dict" ] && options+=(-dict="$dict")
	[ -d "$seeds" ] || seeds=
	"$bin/$1" "${options[@]}" "$corpus" ${seeds:+"$seeds"} >"$log" 2>&1
}

say() { # NAME: what its log tells
	local runs cover

	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log")
	cover=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$build/$1.log" | tail -1)
	printf 'ok    %-14s %s inputs in %s s, %s edges covered\n' "$1" "$runs" "$seconds" "$cover"
}

complain() { # NAME, what went wrong
	printf 'FAIL  %-14s %s (%s)\n' "$1" "$2" "$build/$1.log"
	grep -m 3 -E '^SUMMARY|Assertion|runtime error|Test unit written' "$build/$1.log" | sed 's/^/      /'
}

command -v clang >/dev/null || { echo 'clang is missing: run make deps' >&2; exit 1; }
mkdir -p "$bin"
compile "$build"/lib{common,aws,daemon}.a || exit 1

if [ $# -eq 0 ]; then
	mapfile -t names < <(basename -s .c test/fuzz/fuzz_*.c | sed "s/^fuzz_//")
	set -- "${names[@]}"
fi
for name; do
	if ! { compile "$build/obj/test/fuzz/fuzz_$name.o" && link "$name"; } >"$build/$name.log" 2>&1; then
		complain "$name" 'does not build'
		failed=$((failed + 1))
	elif ! run "$name"; then
		complain "$name" 'is broken by an input'
		failed=$((failed + 1))
	else
		say "$name"
		passed=$((passed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
