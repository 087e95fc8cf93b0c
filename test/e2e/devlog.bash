# SPDX-License-Identifier: Apache-2.0
# A /dev/log of the test's own, for a daemon that calls the real syslog(3): in a mount namespace, so that the host's is never touched.
# `load devlog` in a .bats file, behind `load helpers`.
# shellcheck shell=bash

# need_devlog: skips the test, with the reason, where there can be none. Root needs a mount namespace, another user a user namespace besides.
need_devlog() {
	DEVLOG_UNSHARE=(unshare --mount)
	[[ "$(id -u)" == 0 ]] || DEVLOG_UNSHARE=(unshare --user --map-root-user --mount)
	(with_devlog /nowhere true) 2>"$BATS_TEST_TMPDIR/devlog.err" ||
		skip "no mount namespace for a private /dev/log: $(head -n 1 "$BATS_TEST_TMPDIR/devlog.err")"
}

# with_devlog TARGET COMMAND...: becomes COMMAND, in a namespace where /dev/log leads to TARGET; for ( … ) and for the background, where the
# process id stays. DEVLOG_BINDS: folders that stand in others' places besides, "FROM:TO …".
with_devlog() {
	mkdir -p "$BATS_TEST_TMPDIR/dev"
	# shellcheck disable=SC2016
	exec "${DEVLOG_UNSHARE[@]}" -- bash -c '
		set -e
		dev=$1 target=$2 binds=$3
		shift 3
		mount -t tmpfs -o mode=755 kdiag-test "$dev"
		for node in null zero full random urandom; do
			: >"$dev/$node"
			mount --bind "/dev/$node" "$dev/$node"
		done
		ln -s /proc/self/fd "$dev/fd"
		ln -s "$target" "$dev/log"
		mount --rbind "$dev" /dev
		for bind in $binds; do
			mount --bind "${bind%%:*}" "${bind#*:}"
		done
		exec "$@"' with_devlog "$BATS_TEST_TMPDIR/dev" "$1" "${DEVLOG_BINDS:-}" "${@:2}"
}
