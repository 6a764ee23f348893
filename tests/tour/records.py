"""CloudTrail's records, as AWS writes them for the callers of the tour: people in the console and at a shell, CI, services."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

ACCOUNT = "123456789012"
ANA = "ana@acme.example"
_ROLE = "AWSReservedSSO_Admin_0123456789abcdef"


def _session(role: str, name: str, issuer: str) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{name}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": role, "arn": issuer},
            "attributes": {"creationDate": "2026-11-25T08:00:00Z", "mfaAuthenticated": "true"},
        },
    }


_PERSON = _session(_ROLE, ANA, f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{_ROLE}")
CONSOLE: Mapping[str, Any] = {
    "userIdentity": _PERSON,
    "sourceIPAddress": "203.0.113.77",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "sessionCredentialFromConsole": "true",
}
CLI: Mapping[str, Any] = {
    "userIdentity": _PERSON,
    "sourceIPAddress": "203.0.113.77",
    "userAgent": "aws-cli/2.17.32 md/awscrt#0.21.2 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.9",
}
PIPELINE: Mapping[str, Any] = {
    "userIdentity": _session("github-actions-infra", "GitHubActions", f"arn:aws:iam::{ACCOUNT}:role/github-actions-infra"),
    "sourceIPAddress": "198.51.100.8",
    "userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.100.0",
}
AUTOSCALING: Mapping[str, Any] = {
    "userIdentity": {
        "type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT,
        "invokedBy": "autoscaling.amazonaws.com",
    },
    "sourceIPAddress": "autoscaling.amazonaws.com",
    "userAgent": "autoscaling.amazonaws.com",
}  # fmt: skip
CLOUDFORMATION: Mapping[str, Any] = {
    "userIdentity": {**_PERSON, "invokedBy": "cloudformation.amazonaws.com"},
    "sourceIPAddress": "cloudformation.amazonaws.com",
    "userAgent": "cloudformation.amazonaws.com",
}


def record(caller: Mapping[str, Any], call: str, request: Mapping[str, Any], at: datetime, **more: Any) -> dict[str, Any]:
    """What AWS would write of "ec2 StopInstances" and its request. Times have whole seconds there."""
    service, name = call.split(" ")
    return {
        "eventVersion": "1.11",
        "eventID": str(uuid.uuid4()),
        "requestID": str(uuid.uuid4()),
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "requestParameters": dict(request),
        "responseElements": None,
        "readOnly": False,
        "managementEvent": True,
        "eventCategory": "Management",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        **caller,
        **more,
    }
