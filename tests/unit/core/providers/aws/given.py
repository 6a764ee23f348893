"""What the tests of this provider share: records as CloudTrail writes them, and a source polled as the poller polls it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.batch import Batch, Cursor, KnownState, Reading
from core.clock import Deadline
from core.event import Event
from core.providers import ProviderContext, reader
from core.providers.aws.lookup import Pace
from core.providers.aws.options import AwsSettings
from core.providers.aws.provider import AwsProvider
from core.redaction import Redactor
from core.settings import SourceSettings

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
ACCOUNT = "123456789012"
CONTEXT = ProviderContext(redactor=Redactor(b"k" * 32), clock=lambda: START)
ANN = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:ann@acme.example",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ann@acme.example",
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "userName": "AWSReservedSSO_Admin_0123456789abcdef", "arn": f"arn:aws:iam::{ACCOUNT}:role/sso"},
        "attributes": {"creationDate": "2026-11-24T08:00:00Z", "mfaAuthenticated": "true"},
    },
}


def record(event: str, request: dict[str, Any] | None = None, *, at: datetime = START, **more: Any) -> dict[str, Any]:
    """ "ec2 StopInstances" and what was asked for → a record. Its id follows from what it says."""
    service, name = event.split(" ")
    told = {
        "eventVersion": "1.09",
        "userIdentity": ANN,
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.77",
        "userAgent": "aws-cli/2.17.32 md/awscrt#0.21.2",
        "requestParameters": request,
        "responseElements": None,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        **more,
    }
    return {"eventID": str(uuid.uuid5(uuid.NAMESPACE_URL, repr(told))), **told}


@dataclass
class Rows:
    """Known states in memory."""

    rows: dict[str, KnownState] = field(default_factory=dict)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return [row for key, row in sorted(self.rows.items()) if key.startswith(prefix) and key > after][:limit]

    def take(self, batch: Batch) -> None:
        for change in batch.known_changes:
            if change.state is None:
                self.rows.pop(change.key, None)
            else:
                self.rows[change.key] = change


def read(told: dict[str, Any]) -> Reading:
    return reader("cloudtrail", source="aws-prod", environment="prod", context=CONTEXT).read(told, Rows(), START)


def one(told: dict[str, Any]) -> Event:
    (event,) = read(told).events
    return event


@dataclass
class Watch:
    """A source, its rows and its clock. The pace of requests does not wait."""

    url: str
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    rows: Rows = field(default_factory=Rows)
    cursor: Cursor | None = None

    def __post_init__(self) -> None:
        usual = {"regions": ("eu-west-1",), "endpoint_url": self.url, "alarms": False, "describe": False, "first_hours": 1}
        options = AwsSettings(**{**usual, **self.options})
        context = ProviderContext(redactor=Redactor(b"k" * 32), clock=lambda: self.now)
        self.provider = AwsProvider.from_settings(SourceSettings(name="aws-prod", provider="aws", environment="prod"), options, context)
        self.provider.pace = lambda: Pace(wait=lambda seconds: None)

    def poll(self, minutes: float = 1, seconds: float = 20) -> Batch:
        self.now += timedelta(minutes=minutes)
        batch = self.provider.poll(self.cursor, self.rows, Deadline.after(seconds))
        self.cursor = batch.cursor
        self.rows.take(batch)
        return batch
