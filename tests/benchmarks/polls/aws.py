"""AWS: DynamoDB tables of moto, changed for real; what CloudTrail writes of it is asked of the tests' own LookupEvents.

Every table is known, as after it was touched once. The daily sweep describes fifty a poll and is measured by itself.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from core.batch import Batch, Cursor
from core.event import Resource, Scope
from core.ports import Commit
from core.providers.aws.lookup import Pace
from core.providers.aws.provider import AwsProvider
from core.providers.aws.state import Known, redacted
from tests.benchmarks.figures import Figure
from tests.benchmarks.polls.aside import Aside, aside
from tests.benchmarks.polls.costs import FEW, MANY, MovableClock, SideBySide, Watching, watching
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import client, made_up_credentials, moto

COMPONENT = "moto"
_ACCOUNT, _REGION, _KIND = "123456789012", "eu-west-1", "AWS::DynamoDB::Table"
_KEY = {"AttributeName": "id", "AttributeType": "S"}
_SETTLED_MINUTES = 21


def _put(held: CloudTrail, records: list[dict[str, Any]]) -> None:
    held.put(*records, region=_REGION)


def _calls(held: CloudTrail) -> int:
    return held.calls.total() + held.handed_on


def _url(held: CloudTrail) -> str:
    return held.url


@dataclass(slots=True)
class _Account:
    url: str
    trail: Aside[CloudTrail]
    clock: MovableClock
    made: list[Mapping[str, Any]] = field(default_factory=list)

    def fill(self, many: int) -> None:
        tables = client(self.url, "dynamodb", _REGION)
        capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
        keys = {"AttributeDefinitions": [_KEY], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
        for number in range(many):
            answer = tables.create_table(TableName=f"table-{number:05}", ProvisionedThroughput=capacity, **keys)
            self.made.append(answer["TableDescription"])

    def know(self, watched: Watching) -> None:
        """The rows that the provider would have kept, had each table been touched once since it is watched."""
        provider = watched.provider
        assert isinstance(provider, AwsProvider)
        known = Known(watched.store.cursors.known(provider.source))
        for table in self.made:
            scope = Scope(account=_ACCOUNT, region=_REGION)
            thing = Resource(provider="aws", kind=_KIND, name=table["TableName"], scope=scope, uid=table["TableArn"])
            # What moto answered when it made the table is what describing it gives.
            known.keep(thing, redacted(thing, dict(table), provider.context.redactor), self.clock() - timedelta(days=1))
        rows = tuple(known.over.values())
        watched.store.work.commit(Commit(source=provider.source, batch=Batch(cursor=Cursor(), known_changes=rows)))

    def change(self, number: int, value: int) -> None:
        tables = client(self.url, "dynamodb", _REGION)
        records = []
        for one in range(number):
            capacity = {"ReadCapacityUnits": value, "WriteCapacityUnits": 1}
            tables.update_table(TableName=f"table-{one:05}", ProvisionedThroughput=capacity)
            records.append(self._record(f"table-{one:05}", value))
        self.trail.do(_put, records)

    def _record(self, table: str, value: int) -> dict[str, Any]:
        user = {"type": "IAMUser", "arn": f"arn:aws:iam::{_ACCOUNT}:user/ana", "userName": "ana", "accountId": _ACCOUNT}
        capacity = {"readCapacityUnits": value, "writeCapacityUnits": 1}
        return {
            "eventVersion": "1.11", "eventID": str(uuid.uuid4()), "eventTime": self.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": "dynamodb.amazonaws.com", "eventName": "UpdateTable", "awsRegion": _REGION, "userIdentity": user,
            "sourceIPAddress": "203.0.113.77", "userAgent": "aws-cli/2.17.32", "responseElements": None, "readOnly": False,
            "requestParameters": {"tableName": table, "provisionedThroughput": capacity},
            "eventType": "AwsApiCall", "recipientAccountId": _ACCOUNT,
        }  # fmt: skip


@contextmanager
def _account(many: int) -> Iterator[_Account]:
    with made_up_credentials(), moto() as url, aside(partial(cloudtrail, behind=url)) as trail:
        account = _Account(url, trail, MovableClock())
        account.fill(many)
        yield account


def measure(folder: Path) -> Iterator[Figure]:
    costs = SideBySide("aws")
    for many in (FEW, MANY):
        with _account(many) as account:
            _measure(folder, account, many, costs)
    yield from costs.figures()


def _measure(folder: Path, account: _Account, many: int, costs: SideBySide) -> None:
    trail, clock = account.trail, account.clock
    options = {"regions": [_REGION], "endpoint_url": trail.do(_url)}
    watched = watching(folder, "aws", options, lambda: trail.do(_calls), name=f"aws-{many}", clock=clock)
    assert isinstance(watched.provider, AwsProvider)
    # Polls that are a minute apart find their bucket of requests full again.
    watched.provider = replace(watched.provider, pace=lambda: Pace(rate=1e9, size=1e9))
    with closing(watched.store), closing(watched.provider):
        account.know(watched)
        costs.note("first poll", many, watched.poll(events=0))
        costs.measure(watched, many, account.change, wait=clock.wait, settled_minutes=_SETTLED_MINUTES)
        clock.wait(24 * 60)
        costs.note("a poll of the daily sweep", many, watched.poll(events=0))
