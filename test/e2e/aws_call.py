# SPDX-License-Identifier: Apache-2.0
"""One AWS call by boto3, for tests that want the simulator judged by AWS's own client.

aws_call.py SERVICE OPERATION [JSON]      prints the result in one line, or "HTTP-STATUS CODE MESSAGE"
aws_call.py --raw TARGET BODY             signs and sends a JSON body as it is; prints "HTTP-STATUS BODY"

KEY, SECRET, TOKEN, REGION, AWS_PORT come from the environment; SERVICE (of the signature), CONTENT_TYPE and
HEADER_UNSIGNED (a name) for --raw. KDIAG_CLOCK moves the time of the signature as it moves the simulator's. CloudWatch is spoken to in JSON, of the three protocols that boto3 has for it.
"""
import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.model

ENV = os.environ
URL = "http://127.0.0.1:" + ENV["AWS_PORT"] + "/"
KEY = ENV.get("KEY", "AKIATEST")
SECRET = ENV.get("SECRET", "test-secret")
TOKEN = ENV.get("TOKEN") or None
REGION = ENV.get("REGION", "us-east-1")
SERVICE = ENV.get("SERVICE", "kinesis")


def now():
    """The time, sped up as common/clock.h says."""
    rate, _, epoch = ENV.get("KDIAG_CLOCK", "1@0").partition("@")
    seconds = float(epoch) + (time.time() - float(epoch)) * float(rate)
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)


botocore.auth.get_current_datetime = now


def call(service, operation, arguments):
    import boto3  # as slow as all the rest; --raw does without

    config = botocore.config.Config(
        retries={"total_max_attempts": 1}, read_timeout=5, proxies={}, parameter_validation=False
    )
    if service == "cloudwatch":
        botocore.model.ServiceModel.resolved_protocol = "json"
    client = boto3.client(
        service,
        endpoint_url=URL,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=TOKEN,
        config=config,
    )
    try:
        result = getattr(client, operation)(**arguments)
    except botocore.exceptions.ClientError as error:
        answer = error.response
        print(answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"])
        return 1
    except botocore.exceptions.BotoCoreError as error:
        print(type(error).__name__, error)
        return 1
    result.pop("ResponseMetadata")
    print(json.dumps(result, default=str))
    return 0


def raw(target, body):
    headers = {
        "Content-Type": ENV.get("CONTENT_TYPE", "application/x-amz-json-1.1"),
        "X-Amz-Target": target,
        "Host": "127.0.0.1:" + ENV["AWS_PORT"],
    }
    request = botocore.awsrequest.AWSRequest("POST", URL, headers=headers, data=body.encode())
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET, TOKEN), SERVICE, REGION).add_auth(request)
    if "HEADER_UNSIGNED" in ENV:
        request.headers[ENV["HEADER_UNSIGNED"]] = "1"
    sent = urllib.request.Request(URL, data=body.encode(), headers=dict(request.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=5) as answer:
            print(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
    return 0


if sys.argv[1] == "--raw":
    sys.exit(raw(sys.argv[2], sys.argv[3]))
sys.exit(call(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}))
