#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes botocore.json beside itself: requests as kdiag sends them, signed by botocore, for test_sign.

Run it with a python3 that has botocore (1.40 or newer); the test needs neither. Only what is asked here changes the file:
the time, the keys and the cases are fixed.
"""
import datetime
import json
import pathlib

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEPT//////////wEaCXVzLWVhc3QtMSJHMEUCIQDw+x/ExAmPlE==" + "Zm9vYmFy" * 40
JSON_1_1, JSON_1_0 = "application/x-amz-json-1.1", "application/x-amz-json-1.0"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
KINESIS, LOGS, CLOUDWATCH = "Kinesis_20131202.", "Logs_20140328.", "GraniteServiceVersion20100801."

# name, service, region, host, target, content type, body, token, time
CASES = [
    ("kinesis", "kinesis", "us-east-1", "kinesis.us-east-1.amazonaws.com", KINESIS + "DescribeStreamSummary",
     JSON_1_1, '{"StreamName":"orders"}', None, "20261122T101400Z"),
    ("kinesis with a token", "kinesis", "us-east-1", "kinesis.us-east-1.amazonaws.com", KINESIS + "ListShards",
     JSON_1_1, '{"StreamName":"orders","ShardFilter":{"Type":"AT_LATEST"},"MaxResults":10000}', TOKEN, "20261122T101400Z"),
    ("the last second of a day", "kinesis", "eu-central-1", "kinesis.eu-central-1.amazonaws.com",
     KINESIS + "ListStreams", JSON_1_1, "{}", TOKEN, "20261231T235959Z"),
    ("the first second of a day", "kinesis", "eu-central-1", "kinesis.eu-central-1.amazonaws.com",
     KINESIS + "ListStreams", JSON_1_1, "{}", TOKEN, "20270101T000000Z"),
    ("cloudwatch", "monitoring", "ap-northeast-3", "monitoring.ap-northeast-3.amazonaws.com",
     CLOUDWATCH + "GetMetricData", JSON_1_0, '{"StartTime":1795342440,"EndTime":1795343340,"MetricDataQueries":[]}',
     None, "20261122T101400Z"),
    ("logs, UTF-8 in the body", "logs", "eu-west-1", "logs.eu-west-1.amazonaws.com", LOGS + "FilterLogEvents",
     JSON_1_1, '{"logGroupName":"/aws/lambda/größe","filterPattern":"✗ 失敗 \U0001F525"}', TOKEN, "20261122T101400Z"),
    ("no body", "kinesis", "us-west-2", "kinesis.us-west-2.amazonaws.com", KINESIS + "DescribeLimits", JSON_1_1, "",
     None, "20261122T101400Z"),
    ("sts, the Query protocol", "sts", "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com", None, FORM,
     "Action=GetCallerIdentity&Version=2011-06-15", TOKEN, "20261122T101400Z"),
    ("iam in China", "iam", "cn-north-1", "iam.cn-north-1.amazonaws.com.cn", None, FORM,
     "Action=GetRole&RoleName=orders-producer&Version=2010-05-08", None, "20261122T101400Z"),
    ("an emulator's host and port", "kinesis", "us-east-1", "127.0.0.1:4566", KINESIS + "DescribeStreamSummary",
     JSON_1_1, '{"StreamName":"orders"}', TOKEN, "20261122T101400Z"),
    ("a body of 10 KB", "kinesis", "us-east-1", "kinesis.us-east-1.amazonaws.com", KINESIS + "ListShards",
     JSON_1_1, '{"NextToken":"' + "AAAAAAAAAAE" * 930 + '"}', None, "20261122T101400Z"),
]


def sign(case):
    name, service, region, host, target, content_type, body, token, time = case
    botocore.auth.get_current_datetime = lambda: datetime.datetime.strptime(time, "%Y%m%dT%H%M%SZ")
    headers = {"Host": host, "Content-Type": content_type}
    if target is not None:
        headers["X-Amz-Target"] = target
    request = AWSRequest("POST", "https://%s/" % host, headers=headers, data=body.encode())
    auth = botocore.auth.SigV4Auth(Credentials(ACCESS, SECRET, token), service, region)
    auth.add_auth(request)
    assert request.headers["X-Amz-Date"] == time
    canonical = auth.canonical_request(without(request, "Authorization"))
    assert request.headers["Authorization"].endswith(
        auth.signature(auth.string_to_sign(request, canonical), request))
    sent = [[key, request.headers[key]] for key in
            ("Host", "Content-Type", "X-Amz-Date", "X-Amz-Target", "X-Amz-Security-Token") if key in request.headers]
    return {"name": name, "service": service, "region": region, "access_key": ACCESS, "secret_key": SECRET,
            "time": time, "headers": sent, "body": body, "canonical_request": canonical,
            "string_to_sign": auth.string_to_sign(request, canonical),
            "authorization": request.headers["Authorization"]}


def without(request, name):
    copy = AWSRequest(request.method, request.url, headers=dict(request.headers), data=request.data)
    copy.context.update(request.context)
    del copy.headers[name]
    return copy


def main():
    out = pathlib.Path(__file__).with_name("botocore.json")
    out.write_text(json.dumps([sign(case) for case in CASES], indent=1, ensure_ascii=True) + "\n")


main()
