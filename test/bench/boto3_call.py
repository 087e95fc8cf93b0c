# SPDX-License-Identifier: Apache-2.0
"""What the same two calls cost in boto3, in microseconds of CPU a call: boto3_call.py PORT CALLS."""
import resource
import sys

import boto3

port, calls = sys.argv[1], int(sys.argv[2])
client = boto3.client("kinesis", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}")


def look(number):
    name = f"bulk-{number % 8:05d}"
    client.describe_stream_summary(StreamName=name)
    client.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


look(0)
began = cpu()
for number in range(calls // 2):
    look(number)
print(f"boto3  {calls:8d} calls  {(cpu() - began) / calls * 1e6:8.1f} us of CPU a call")
