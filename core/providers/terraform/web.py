"""HTTP for the backends that speak it: each call within the deadline whatever the server does, bodies bounded, errors made ours."""

from dataclasses import dataclass, field

import httpx

from core.clock import Deadline
from core.errors import ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.json import JsonObject
from core.providers.terraform.local import too_large

_CALL_SECONDS = 15.0
_WAIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(slots=True)
class Web:
    """One source's connections. `what` names the other side for people."""

    source: str
    what: str
    largest_bytes: int
    client: httpx.Client = field(default_factory=lambda: httpx.Client(follow_redirects=False))

    def get(
        self, url: str, deadline: Deadline, *, needs: str, headers: dict[str, str] | None = None, accept: tuple[int, ...] = (200,)
    ) -> Answer:
        """A GET. Raises ProviderError for every status but those of `accept`, RecordUnreadable for a body beyond the limit."""
        if deadline.passed:
            raise ProviderTimedOut(f"{self.source}: no time was left to ask {self.what}", source=self.source)
        try:
            answer = self._streamed(url, headers or {}, deadline)
        except httpx.TimeoutException as error:
            raise ProviderTimedOut(f"{self.source}: {self.what} did not answer in time", source=self.source) from error
        except httpx.RemoteProtocolError as error:
            raise ProviderMalformed(f"{self.source}: {self.what} broke off its answer", source=self.source) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnreachable(
                f"{self.source}: {self.what} could not be reached: {type(error).__name__}",
                source=self.source,
                next_step="Check the address, the network and the certificate.",
            ) from error
        return self._checked(answer, needs, accept)

    def json(self, url: str, deadline: Deadline, *, needs: str, headers: dict[str, str] | None = None) -> JsonObject:
        answer = self.get(url, deadline, needs=needs, headers=headers)
        try:
            body = httpx.Response(200, content=answer.body).json()
        except ValueError as error:
            raise ProviderMalformed(f"{self.source}: {self.what} answered something that is no JSON", source=self.source) from error
        if not isinstance(body, dict):
            raise ProviderMalformed(f"{self.source}: {self.what} answered no JSON object", source=self.source)
        return body

    def _streamed(self, url: str, headers: dict[str, str], deadline: Deadline) -> Answer:
        with self.client.stream("GET", url, headers=headers, timeout=deadline.timeout_seconds(_CALL_SECONDS)) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self.largest_bytes:
                    raise too_large(int(response.headers.get("content-length") or len(body)), self.largest_bytes)
                if deadline.passed:
                    raise httpx.ReadTimeout("the answer drips")
            return Answer(status=response.status_code, headers=response.headers, body=bytes(body))

    def _checked(self, answer: Answer, needs: str, accept: tuple[int, ...]) -> Answer:
        status = answer.status
        if status in accept:
            return answer
        if status == 401:
            raise ProviderForbidden(
                f"{self.source}: {self.what} does not accept the credentials (401)",
                source=self.source,
                needs=needs,
                next_step=f"Renew or correct the credentials that WGO uses for {self.source}.",
            )
        if status == 403:
            raise ProviderForbidden(f"{self.source}: {self.what} refuses us ({status}): {needs} is needed", source=self.source, needs=needs)
        if status == 429:
            wait = answer.headers.get("retry-after") or answer.headers.get("x-ratelimit-reset") or ""
            raise ProviderThrottled(
                f"{self.source}: {self.what} asks us to slow down", source=self.source, retry_after_seconds=_seconds(wait)
            )
        if status >= 500:
            raise ProviderUnreachable(f"{self.source}: {self.what} answered {status}", source=self.source)
        if status == 404:
            raise ProviderForbidden(
                f"{self.source}: {self.what} knows no such thing, or may not show it to us (404)",
                source=self.source,
                needs=needs,
                next_step=f"Check the name in the settings; else grant {needs}.",
            )
        raise ProviderMalformed(f"{self.source}: {self.what} answered {status}", source=self.source)

    def close(self) -> None:
        self.client.close()


def _seconds(told: str) -> float:
    try:
        return max(0.0, float(told))
    except ValueError:
        return _WAIT_SECONDS
