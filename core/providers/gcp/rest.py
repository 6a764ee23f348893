"""Google's REST APIs by httpx: one call with its token and timeout, its faults made ours."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from core.clock import Deadline
from core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimedOut,
    ProviderUnreachable,
)
from core.json import JsonObject, parsed
from core.providers.gcp.options import GcpSettings

_CALL_SECONDS = 20.0


class Missing(ProviderError):
    """What was asked for does not exist, or not for us."""


@dataclass(slots=True)
class Rest:
    """One source's calls. The token is fetched when first needed."""

    source: str
    options: GcpSettings
    client: httpx.Client
    _credentials: Any = None

    def call(self, what: str, url: str, needs: str, deadline: Deadline, *, ask: JsonObject | None = None) -> JsonObject:
        """POST `ask` (GET where there is none) to `what`'s URL. Raises ProviderError."""
        if deadline.passed:
            raise ProviderTimedOut(f"{self.source} had no time left to ask {what}", source=self.source)
        try:
            headers = self._headers(url, needs, deadline)
            timeout = deadline.timeout_seconds(_CALL_SECONDS)
            with self.client.stream("GET" if ask is None else "POST", url, json=ask, headers=headers, timeout=timeout) as answer:
                body = self._body(what, answer, deadline)
        except httpx.TimeoutException as error:
            raise ProviderTimedOut(f"{self.source}: {what} did not answer in time", source=self.source) from error
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"{self.source}: {what} could not be reached: {error}", source=self.source) from error
        return self._checked(what, needs, answer, body)

    def _body(self, what: str, answer: httpx.Response, deadline: Deadline) -> bytes:
        """All of it; a server that sends a byte now and then is not waited for beyond the deadline."""
        found = bytearray()
        for piece in answer.iter_bytes():
            found += piece
            if deadline.passed:
                raise ProviderTimedOut(f"{self.source}: {what} did not answer in time", source=self.source)
        return bytes(found)

    def _checked(self, what: str, needs: str, answer: httpx.Response, text: bytes) -> JsonObject:
        if answer.status_code in (401, 403):
            raise ProviderForbidden(source=self.source, needs=needs)
        if answer.status_code == 429:
            wait = answer.headers.get("retry-after", "")
            raise ProviderThrottled(source=self.source, retry_after_seconds=float(wait) if wait.isdigit() else 60.0)
        if answer.status_code >= 500:
            raise ProviderUnreachable(f"{self.source}: {what} answered {answer.status_code}", source=self.source)
        try:
            body = parsed(text)
        except ValueError as error:
            raise ProviderMalformed(f"{self.source}: {what} answered something that is no JSON", source=self.source) from error
        if answer.status_code == 404:
            raise Missing(f"{self.source}: {what} answered that there is no such thing{_said(body)}", source=self.source)
        if answer.status_code != 200 or not isinstance(body, dict):
            raise ProviderMalformed(f"{self.source}: {what} answered {answer.status_code}{_said(body)}", source=self.source)
        return body

    def _headers(self, url: str, needs: str, deadline: Deadline) -> dict[str, str]:
        if url.startswith("http://"):
            return {}  # Loopback, as the options allow no other: nobody there is given a token.
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        try:
            if self._credentials is None:
                self._credentials = credentials(self.options)
            if not self._credentials.valid:
                self._credentials.refresh(partial(Request(), timeout=deadline.timeout_seconds(_CALL_SECONDS)))
        except GoogleAuthError as error:
            raise ProviderForbidden(f"{self.source} has no usable credentials: {error}", source=self.source, needs=needs) from error
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def close(self) -> None:
        self.client.close()


def _said(body: object) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return f": {message}" if isinstance(message, str) and message else ""


def credentials(options: GcpSettings) -> Any:
    """Application Default Credentials or those of the file, read-only where the scope allows. Raises GoogleAuthError."""
    import google.auth

    scopes = ["https://www.googleapis.com/auth/cloud-platform.read-only", "https://www.googleapis.com/auth/logging.read"]
    if options.feed_subscription:
        scopes.append("https://www.googleapis.com/auth/pubsub")  # Pub/Sub knows no narrower one: to acknowledge is to write.
    if options.credentials_file:
        load: Any = google.auth.load_credentials_from_file
        found, _ = load(str(options.credentials_file), scopes=scopes)
    else:
        found, _ = google.auth.default(scopes=scopes)
    return found.with_quota_project(options.quota_project) if options.quota_project else found
