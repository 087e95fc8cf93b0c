#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# builds: hardened (it is what `make demo` runs)
# make demo, as far as its first screens: the five troubles that CloudWatch shows, each with number, unit, shard and next step, within seconds.

load helpers

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	BUILD="${KDIAG_BUILD:-build}" DEMO_ONCE=1 timeout 60 test/demo.sh >"$BATS_FILE_TMPDIR/screen"
}

# shows REGEX: on one line, whatever the width at which it was wrapped?
shows() {
	tr -s ' \n' ' ' <"$BATS_FILE_TMPDIR/screen" | grep -E "$1" || {
		cat "$BATS_FILE_TMPDIR/screen"
		return 1
	}
}

@test "the first status comes within seconds of the start" {
	shows 'up ([0-9]|1[0-9]) s .* [0-9]+ streams .* last look [0-9]+ s ago'
}

@test "lag: how far behind, the share of the retention, and when records are lost" {
	shows 'CRIT shipments us-east-1 consumers are (19|20) h [0-9]* ?(min )?behind \(8[34] % of 24 h retention\) and falling back; records are lost in [45] h'
	shows 'shipments aws kinesis increase-stream-retention-period --stream-name shipments --retention-period-hours 48'
}

@test "a hot shard, named, with the place to split it at" {
	shows 'CRIT checkout .*[0-9]+ % of the records are refused \([0-9,]+ of [0-9,]+ in 15 min\), on 1 of 4 shards: a hot key on shardId-000000000002, 100 % full'
	shows 'checkout aws kinesis split-shard --stream-name checkout --shard-to-split shardId-000000000002 --new-starting-hash-key 212676479325586539664609129644855132160'
}

@test "all shards full, and how many it takes" {
	shows 'CRIT iot-readings .*[0-9]+ % of the records are refused .*too few shards'
	shows 'iot-readings aws kinesis update-shard-count --stream-name iot-readings --target-shard-count 4'
}

@test "a stream that stopped, and since when" {
	shows 'CRIT returns us-east-1 no record has come in for 2[0-9] min, where [0-9,]+ a minute are usual: look at the producers'
	shows 'returns aws cloudtrail lookup-events'
}

@test "slow puts, against their ceiling and what was usual" {
	shows 'CRIT recommendations us-east-1 PutRecord calls take [0-9.]+ s on average, past the ceiling of 1 s \(usually 1[0-9] ms\)'
	shows 'recommendations aws cloudwatch get-metric-statistics .*--metric-name PutRecord.Latency'
}
