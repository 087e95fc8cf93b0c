#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the compiler does not see: format, clang-tidy, both compilers' warnings, the direction of the arrows, the manual pages, the scripts.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
mkdir -p build # a fresh clone has none
fail() { echo "lint: $*"; bad=1; }

mapfile -t sources < <(git ls-files -co --exclude-standard '*.c' '*.h')
mapfile -t units < <(git ls-files -co --exclude-standard '*.c')

clang-format --dry-run -Werror "${sources[@]}" || fail "clang-format -i mends these"

# Dependencies point one way (DESIGN: common <- probes; common <- daemon/aws <- daemon; common <- daemon/ctl).
arrows() { git grep -nE "#include [\"<]$2" -- "$1" | grep -vE "${3:-^$}" && fail "$1 must not include $2"; }
arrows 'common/*' '(daemon|probes|test)/'
arrows 'probes/*' '(common/|daemon/|test/)'
arrows 'daemon/ctl/*' '(daemon/|probes/)' '"daemon/ctl/'
arrows 'daemon/aws/*' 'daemon/' '"daemon/aws/'
# Each of these libraries is known to one room.
only() { git grep -lE "#include <$1" -- 'common/*' 'daemon/*' 'probes/*' | grep -vE "^$2$" && fail "<$1> belongs to $2 alone"; }
only 'curl/' 'daemon/aws/http[a-z_]*\.[ch]'
only 'yaml\.h' 'common/yaml_tree\.c'
only 'expat\.h' 'daemon/aws/xml\.c'
only 'sqlite3\.h' 'daemon/store[a-z_]*\.[ch]'
only 'dlfcn\.h' 'common/plugin[a-z_]*\.c'
git grep -nE '\b(vsyslog|syslog)\(' -- 'common/*.c' 'daemon/*.c' | grep -vE '^daemon/syslog_port\.c|/\*| \* ' && fail "syslog(3) belongs to daemon/syslog_port.c"

for cc in gcc clang; do
	make -s -j"$(nproc)" CC=$cc BUILD=build/lint-$cc WERROR=-Werror tests-built >build/lint-$cc.log 2>&1 ||
		{ tail -n 30 build/lint-$cc.log; fail "$cc warns"; }
done

mapfile -t flags < <(printf '%s\n' -std=c11 -D_GNU_SOURCE -I. -Icommon '-DKDIAG_VERSION="0"' '-DKDIAG_PROBES="p"'
	pkg-config --cflags jansson libevent libcurl openssl | tr ' ' '\n' | grep .)
tidy() { clang-tidy --quiet "$@" -- "${flags[@]}" 2>/dev/null; }
half=$(((${#units[@]} + 1) / 2))
tidy "${units[@]:0:half}" >build/lint-tidy.1 & # two cores, two halves
tidy "${units[@]:half}" >build/lint-tidy.2
wait
grep -hE ' (error|warning): ' build/lint-tidy.[12] | sort -u | head -n 60 | grep . && fail "clang-tidy"

for page in $(git ls-files -co --exclude-standard '*.[1-8]'); do
	mandoc -Tlint -Wwarning "$page" || fail "$page"
done
git ls-files -co --exclude-standard '*.sh' '*.bash' .ci/run | xargs shellcheck -x -S warning || fail "shellcheck"
[ "$bad" -eq 0 ] && echo "lint: all holds"
exit "$bad"
