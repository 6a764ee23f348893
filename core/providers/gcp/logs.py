"""Admin Activity and System Event audit logs over the Cloud Logging API, by httpx. https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from core.clock import Deadline
from core.errors import ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.json import JsonObject
from core.providers.gcp.inventory import credentials
from core.providers.gcp.options import GcpSettings

PAGE = 1000
_NEEDS = "logging.logEntries.list"
_CALL_SECONDS = 20.0


@dataclass(slots=True)
class AuditLogs:
    """One source's audit entries. `client` speaks HTTP; the token is fetched when first needed."""

    source: str
    options: GcpSettings
    client: httpx.Client
    _credentials: Any = None

    def page(self, since: datetime, token: str, deadline: Deadline) -> tuple[list[JsonObject], str]:
        """One page of entries from `since` on, oldest first, and the token of the next (empty at the end)."""
        logs = " OR ".join(f'logName:"cloudaudit.googleapis.com%2F{name}"' for name in ("activity", "system_event"))
        ask = {
            "resourceNames": [self.options.scope],
            "filter": f'({logs}) AND timestamp>="{since.isoformat()}"',
            "orderBy": "timestamp asc",
            "pageSize": PAGE,
            **({"pageToken": token} if token else {}),
        }
        answer = self._post(ask, deadline)
        entries = answer.get("entries", [])
        if not isinstance(entries, list):
            raise ProviderMalformed(f"{self.source}: Cloud Logging answered no list of entries", source=self.source)
        return entries, str(answer.get("nextPageToken") or "")

    def since(self, since: datetime, deadline: Deadline) -> Iterator[JsonObject]:
        token = ""
        while True:
            entries, token = self.page(since, token, deadline)
            yield from entries
            if not token:
                return

    def _post(self, ask: JsonObject, deadline: Deadline) -> JsonObject:
        if deadline.passed:
            raise ProviderTimedOut(f"{self.source} had no time left to ask for audit logs", source=self.source)
        url = f"{self.options.logging_url.rstrip('/')}/v2/entries:list"
        try:
            headers = self._headers(deadline)
            answer = self.client.post(url, json=ask, headers=headers, timeout=deadline.timeout_seconds(_CALL_SECONDS))
        except httpx.TimeoutException as error:
            raise ProviderTimedOut(f"{self.source}: Cloud Logging did not answer in time", source=self.source) from error
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"{self.source}: Cloud Logging could not be reached: {error}", source=self.source) from error
        return self._checked(answer)

    def _checked(self, answer: httpx.Response) -> JsonObject:
        if answer.status_code in (401, 403):
            raise ProviderForbidden(source=self.source, needs=_NEEDS)
        if answer.status_code == 429:
            wait = answer.headers.get("retry-after", "")
            raise ProviderThrottled(source=self.source, retry_after_seconds=float(wait) if wait.isdigit() else 60.0)
        if answer.status_code >= 500:
            raise ProviderUnreachable(f"{self.source}: Cloud Logging answered {answer.status_code}", source=self.source)
        try:
            body = answer.json()
        except ValueError as error:
            raise ProviderMalformed(f"{self.source}: Cloud Logging answered something that is no JSON", source=self.source) from error
        if answer.status_code != 200 or not isinstance(body, dict):
            raise ProviderMalformed(f"{self.source}: Cloud Logging answered {answer.status_code}", source=self.source)
        return body

    def _headers(self, deadline: Deadline) -> dict[str, str]:
        if self.options.logging_url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]")):
            # A loopback endpoint is an emulator or a proxy that adds the credentials itself; a token is never sent without TLS.
            return {}
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        try:
            if self._credentials is None:
                self._credentials = credentials(self.options)
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except GoogleAuthError as error:
            raise ProviderForbidden(f"{self.source} has no usable credentials: {error}", source=self.source, needs=_NEEDS) from error
        return {"Authorization": f"Bearer {self._credentials.token}"}
