"""AWS: tables and stacks of moto, changed for real, and what CloudTrail would write of it, behind a LookupEvents that can fail."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import client, made_up_credentials, moto

COMPONENTS = ("moto",)
_ACCOUNT = "123456789012"
_KEY = {"AttributeName": "id", "AttributeType": "S"}


@dataclass
class AwsBench:
    """A thing is a table, its value the read capacity. AWS describes what was touched: what is made before the first poll is so known."""

    moto_url: str
    trail: CloudTrail
    provider: str = "aws"
    at: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)
    stacks: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tables = client(self.moto_url, "dynamodb")
        self.formation = client(self.moto_url, "cloudformation")

    def options(self) -> dict[str, Any]:
        return {"regions": ["eu-west-1"], "endpoint_url": self.trail.url}

    def now(self) -> datetime:
        return self.at

    def wait(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)

    def make(self, name: str, value: int) -> None:
        capacity = {"ReadCapacityUnits": value, "WriteCapacityUnits": 1}
        keys = {"AttributeDefinitions": [_KEY], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
        self.tables.create_table(TableName=_table(name), ProvisionedThroughput=capacity, **keys)
        self._tell("dynamodb CreateTable", {"tableName": _table(name), "provisionedThroughput": _lower(capacity)})

    def change(self, name: str, value: int) -> None:
        capacity = {"ReadCapacityUnits": value, "WriteCapacityUnits": 1}
        self.tables.update_table(TableName=_table(name), ProvisionedThroughput=capacity)
        self._tell("dynamodb UpdateTable", {"tableName": _table(name), "provisionedThroughput": _lower(capacity)})

    def delete(self, name: str) -> None:
        self.tables.delete_table(TableName=_table(name))
        self._tell("dynamodb DeleteTable", {"tableName": _table(name)})

    def many(self, number: int) -> None:
        for one in range(number):
            self.make(f"many-{one}", one + 1)

    def plant_secret(self, name: str, text: str) -> None:
        """As a parameter of a stack that its template does not hide."""
        template = {"Parameters": {"DbPassword": {"Type": "String"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
        given = [{"ParameterKey": "DbPassword", "ParameterValue": text}]
        act = self.formation.update_stack if name in self.stacks else self.formation.create_stack
        told = "UpdateStack" if name in self.stacks else "CreateStack"
        act(StackName=name, TemplateBody=json.dumps(template), Parameters=given)
        self.stacks.add(name)
        self._tell(f"cloudformation {told}", {"stackName": name, "parameters": [_lower(one) for one in given]})

    def _tell(self, call: str, request: dict[str, Any]) -> None:
        service, name = call.split(" ")
        record = {
            "eventVersion": "1.11",
            "eventID": str(uuid.uuid4()),
            "eventTime": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": "eu-west-1",
            "userIdentity": {
                "type": "IAMUser", "arn": f"arn:aws:iam::{_ACCOUNT}:user/ana", "userName": "ana", "accountId": _ACCOUNT,
            },
            "sourceIPAddress": "203.0.113.77",
            "userAgent": "aws-cli/2.17.32",
            "requestParameters": request,
            "responseElements": None,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "recipientAccountId": _ACCOUNT,
        }  # fmt: skip
        self.trail.put(record)

    def refuse(self) -> None:
        self.trail.fault["eu-west-1"] = "AccessDeniedException"

    def throttle(self) -> None:
        self.trail.fault["eu-west-1"] = "ThrottlingException"

    def hang(self) -> None:
        self.wait(1)  # Where no time went by there is nothing to ask for.
        self.trail.fault["eu-west-1"] = "hang"

    def malform(self) -> None:
        self.trail.fault["eu-west-1"] = "garbage"

    def heal(self) -> None:
        self.trail.fault.clear()

    def calls(self) -> int:
        return self.trail.calls.total() + self.trail.handed_on

    def sent(self) -> int:
        return self.trail.sent


def _table(name: str) -> str:
    return f"bench.{name}"


def _lower(given: dict[str, Any]) -> dict[str, Any]:
    """CloudTrail writes the names of fields so."""
    return {key[0].lower() + key[1:]: value for key, value in given.items()}


@contextmanager
def component(_: Path) -> Iterator[str]:
    with moto() as url:
        yield url


@contextmanager
def bench(folder: Path, component: str) -> Iterator[AwsBench]:
    httpx.post(f"{component}/moto-api/reset").raise_for_status()
    with made_up_credentials(), cloudtrail(behind=component) as trail:
        made = AwsBench(component, trail)
        try:
            yield made
        finally:
            made.tables.close()
            made.formation.close()
