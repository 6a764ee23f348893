"""Admin Activity and System Event audit logs over the Cloud Logging API. https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.clock import Deadline
from core.errors import ProviderMalformed, ProviderThrottled
from core.json import JsonObject
from core.providers.gcp.quotas import Quota
from core.providers.gcp.rest import Rest

PAGE = 1000
# https://cloud.google.com/logging/quotas: 100 resources a call, 60 calls a minute and project.
MOST_RESOURCES = 100
_PER_MINUTE = 60
NEEDS = "logging.logEntries.list"


@dataclass(slots=True)
class AuditLogs:
    """One source's audit entries."""

    rest: Rest
    quota: Quota = field(default_factory=lambda: Quota(_PER_MINUTE))

    def page(self, resources: Sequence[str], since: datetime, token: str, deadline: Deadline) -> tuple[list[JsonObject], str]:
        """One page of those resources' entries from `since` on, oldest first, and the token of the next (empty at the end)."""
        missing = self.quota.take(deadline)
        if missing:
            raise ProviderThrottled(
                f"{self.rest.source}: the minute's share of log queries is used up", source=self.rest.source, retry_after_seconds=missing
            )
        logs = " OR ".join(f'logName:"cloudaudit.googleapis.com%2F{name}"' for name in ("activity", "system_event"))
        ask: JsonObject = {
            "resourceNames": list(resources),
            "filter": f'({logs}) AND timestamp>="{since.isoformat()}"',
            "orderBy": "timestamp asc",
            "pageSize": PAGE,
            **({"pageToken": token} if token else {}),
        }
        url = f"{self.rest.options.logging_url.rstrip('/')}/v2/entries:list"
        answer = self.rest.call("Cloud Logging", url, NEEDS, deadline, ask=ask)
        entries = answer.get("entries", [])
        if not isinstance(entries, list):
            raise ProviderMalformed(f"{self.rest.source}: Cloud Logging answered no list of entries", source=self.rest.source)
        return entries, str(answer.get("nextPageToken") or "")

    def since(self, resources: Sequence[str], since: datetime, deadline: Deadline) -> Iterator[JsonObject]:
        token = ""
        while True:
            entries, token = self.page(resources, since, token, deadline)
            yield from entries
            if not token:
                return
