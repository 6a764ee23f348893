"""Calls and snapshots for tests of conditions."""

from typing import Any

from core.event import ChangeType
from core.providers.aws.subject import Subject

OWN, OTHER = "123456789012", "999988887777"


def asked(call: str = "", /, **request: Any) -> Subject:
    """A call by mia of account OWN with this request."""
    return Subject(change_type=ChangeType.MODIFIED, call=call, account=OWN, caller="mia", after=request)


def became(before: dict[str, Any], **after: Any) -> Subject:
    """Two snapshots of one resource."""
    return Subject(change_type=ChangeType.MODIFIED, account=OWN, before=before, after=after)


def answered(call: str, request: dict[str, Any], **response: Any) -> Subject:
    return Subject(change_type=ChangeType.CREATED, call=call, account=OWN, after=request, response=response)


def seen(**facts: Any) -> Subject:
    return Subject(change_type=ChangeType.MODIFIED, **facts)


def allows(principal: Any, action: str = "s3:GetObject", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}]}


def ingress(cidr: str) -> Subject:
    return asked("ec2:AuthorizeSecurityGroupIngress", ipPermissions={"items": [{"ipRanges": {"items": [{"cidrIp": cidr}]}}]})


TRUST = {"Action": "sts:AssumeRole", "Effect": "Allow"}
AWS_POLICY = "arn:aws:iam::aws:policy/"
