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
import types
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


if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = now
else:  # an older one asks the class
    botocore.auth.datetime = types.SimpleNamespace(
        datetime=type("Moved", (datetime.datetime,), {"utcnow": staticmethod(now)})
    )


def call(service, operation, arguments):
    import boto3  # as slow as all the rest; --raw does without

    config = botocore.config.Config(
        retries={"total_max_attempts": 1}, read_timeout=5, proxies={}, parameter_validation=False
    )
    if service == "cloudwatch":
        if not hasattr(botocore.model.ServiceModel, "resolved_protocol"):
            return call_cloudwatch(operation, arguments)
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


def send(target, body, service, content_type):
    """Signed; the status, the headers and the text that come back."""
    headers = {"Content-Type": content_type, "X-Amz-Target": target, "Host": "127.0.0.1:" + ENV["AWS_PORT"]}
    request = botocore.awsrequest.AWSRequest("POST", URL, headers=headers, data=body.encode())
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET, TOKEN), service, REGION).add_auth(request)
    if "HEADER_UNSIGNED" in ENV:
        request.headers[ENV["HEADER_UNSIGNED"]] = "1"
    sent = urllib.request.Request(URL, data=body.encode(), headers=dict(request.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=5) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def raw(target, body):
    status, _, text = send(target, body, SERVICE, ENV.get("CONTENT_TYPE", "application/x-amz-json-1.1"))
    print(status, text)
    return 0


def call_cloudwatch(operation, arguments):
    """For a botocore that knows no JSON for CloudWatch (Debian 12 has 1.29): what a newer one sends and says."""
    name = "".join(word.capitalize() for word in operation.split("_"))
    target = "GraniteServiceVersion20100801." + name
    status, headers, text = send(target, json.dumps(arguments), "monitoring", "application/x-amz-json-1.0")
    answer = json.loads(text)
    if status == 200:
        print(json.dumps(answer))
        return 0
    code = headers.get("x-amzn-query-error", "").partition(";")[0] or answer["__type"].rpartition("#")[2]
    print(status, code, answer.get("message", answer.get("Message", "")))
    return 1


if sys.argv[1] == "--raw":
    sys.exit(raw(sys.argv[2], sys.argv[3]))
sys.exit(call(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}))
