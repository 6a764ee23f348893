"""What the tests of the Google Cloud source share: a watch over it, and audit entries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.batch import Batch, Cursor, KnownState
from core.clock import Deadline
from core.providers import ProviderContext
from core.providers.gcp.options import GcpSettings
from core.providers.gcp.provider import GcpProvider
from core.redaction import Redactor
from core.settings import SourceSettings
from tests.components.cloud_asset import CloudAsset

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
FIREWALL = "//compute.googleapis.com/projects/acme/global/firewalls/allow-web"
INSTANCE = "//compute.googleapis.com/projects/acme/zones/europe-west1-b/instances/web-1"


@dataclass
class Rows:
    rows: dict[str, KnownState] = field(default_factory=dict)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return [row for key, row in sorted(self.rows.items()) if key.startswith(prefix) and key > after][:limit]


@dataclass
class Watch:
    """A provider, its rows and its clock, polled as the poller polls."""

    google: CloudAsset
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    rows: Rows = field(default_factory=Rows)
    cursor: Cursor | None = None

    def __post_init__(self) -> None:
        options = GcpSettings(
            **{"scope": "projects/acme", "asset_endpoint": self.google.endpoint, "logging_url": self.google.logging_url, **self.options}
        )
        context = ProviderContext(redactor=Redactor(b"k" * 32), clock=lambda: self.now)
        self.provider = GcpProvider.from_settings(SourceSettings(name="gcp-prod", provider="gcp", environment="prod"), options, context)

    def poll(self, minutes: float = 1, seconds: float = 10, *, stored: bool = True) -> Batch:
        """Not `stored` is a poll whose batch was lost on its way."""
        self.now += timedelta(minutes=minutes)
        batch = self.provider.poll(self.cursor, self.rows, Deadline.after(seconds))
        if not stored:
            return batch
        self.cursor = batch.cursor
        for change in batch.known_changes:
            if change.state is None:
                self.rows.rows.pop(change.key, None)
            else:
                self.rows.rows[change.key] = change
        self.provider.committed(batch)
        return batch


def audited(method: str, name: str, at: datetime, email: str = "ana@acme.example") -> dict[str, Any]:
    return {
        "logName": "projects/acme/logs/cloudaudit.googleapis.com%2Factivity",
        "insertId": f"{method}-{at.isoformat()}",
        "timestamp": at.isoformat(),
        "protoPayload": {
            "serviceName": "compute.googleapis.com",
            "methodName": method,
            "resourceName": name.removeprefix("//compute.googleapis.com/"),
            "authenticationInfo": {"principalEmail": email},
        },
    }
