#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# heartbeat-age.sh FILE SECONDS: has kdiagd been heard of lately? For cron, monit and Nagios: one line, exit status 0 yes, 2 no.
# FILE is where a forwarder writes heartbeats, SECONDS at least twice syslog.heartbeat, or a late one raises an alarm:
#
#     * * * * *  root  heartbeat-age.sh /var/log/kdiag/heartbeat.json 660 >/dev/null || echo "kdiagd is silent" | mail -s kdiagd oncall
#
# Run it where the lines arrive, not where kdiagd runs: then a dead host, network or forwarder is noticed as well.
set -u
if [ $# -ne 2 ] || [ "$2" -le 0 ] 2>/dev/null || ! [ "$2" -gt 0 ] 2>/dev/null; then
	echo "usage: heartbeat-age.sh FILE SECONDS" >&2
	exit 2
fi
if ! changed=$(stat -c %Y -- "$1" 2>/dev/null); then
	echo "CRITICAL - no heartbeat of kdiagd yet: there is no file $1"
	exit 2
fi
age=$(($(date +%s) - changed))
if [ "$age" -gt "$2" ]; then
	echo "CRITICAL - kdiagd has been silent for $age s (more than $2 s)"
	exit 2
fi
echo "OK - the last heartbeat of kdiagd is $age s old"
