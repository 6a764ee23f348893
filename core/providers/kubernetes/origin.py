"""Where a reading comes from: what every normalised fact of one source shares."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from core.event import Resource, Scope
from core.json import JsonValue
from core.redaction import Redactor

PROVIDER = "kubernetes"
# What a change is called natively that was seen on its object.
SNAPSHOT = "object snapshot"
# Where an event's metadata holds the resourceVersion that the change itself made.
VERSION = "resource_version"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """`cluster` is the name people know the cluster by; it stands in every resource's scope."""

    source: str
    environment: str
    cluster: str
    redactor: Redactor

    def resource(self, kind: str, name: str, namespace: str = "", *, uid: str = "", labels: JsonValue = None) -> Resource:
        return Resource(
            provider=PROVIDER,
            kind=kind,
            name=name,
            scope=Scope(cluster=self.cluster, namespace=namespace),
            uid=uid,
            environment=self.environment,
            labels={str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {},
        )

    def key(self, kind: str, name: str, namespace: str = "") -> str:
        """The resource key of a thing that is only referred to."""
        return self.resource(kind, name, namespace).key


def parse_time(value: JsonValue) -> datetime | None:
    """RFC 3339 with any number of fraction digits, as UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.strip()))
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
