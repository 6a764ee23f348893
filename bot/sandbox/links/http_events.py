"""Signed HTTP requests to the app (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.sandbox.links import NotAckedError, Parcel

VERIFY_AGAIN_SECONDS = 1.0


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Slack-Signature."""
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return f"v0={digest}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestUrls:
    """Where the app listens, one URL each for events, commands and actions."""

    events: str
    commands: str
    actions: str

    @classmethod
    def all_at(cls, url: str) -> RequestUrls:
        return cls(events=url, commands=url, actions=url)


class HttpLink:
    """Counts as connected once the events URL has answered Slack's challenge, until a request finds nobody there."""

    def __init__(
        self, urls: RequestUrls, secret: str, *, ack_seconds: float, clock: Callable[[], datetime], changed: Callable[[], None]
    ) -> None:
        self._urls, self._secret, self._clock, self._changed = urls, secret, clock, changed
        self._client = httpx.AsyncClient(timeout=ack_seconds, trust_env=False)
        self._connected = False
        self._verifying: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._connected

    def start(self) -> None:
        """Begin to look for the app, and go on until it answers."""
        if self._verifying is None or self._verifying.done():
            self._verifying = asyncio.get_running_loop().create_task(self._verify_until_answered())

    async def send(self, parcel: Parcel) -> dict[str, Any]:
        if not self._connected and not await self.verify():
            raise NotAckedError("not_connected")
        url, body, kind = self._encode(parcel)
        headers = {"X-Slack-Retry-Num": str(parcel.attempt), "X-Slack-Retry-Reason": parcel.retry_reason} if parcel.attempt else {}
        try:
            response = await self._post(url, body, kind, headers)
        except httpx.TimeoutException:
            raise NotAckedError("http_timeout") from None
        except httpx.HTTPError:
            self._set_connected(False)
            self.start()
            raise NotAckedError("connection_failed") from None
        if response.status_code != 200:
            raise NotAckedError("http_error")
        return _answer(response)

    async def verify(self) -> bool:
        """Slack's url_verification: the app must send the challenge back."""
        challenge = secrets.token_urlsafe(12)
        body = json.dumps({"type": "url_verification", "token": "sandbox", "challenge": challenge}).encode()
        try:
            response = await self._post(self._urls.events, body, "application/json", {})
        except httpx.HTTPError:
            self._set_connected(False)
            return False
        self._set_connected(response.status_code == 200 and challenge in response.text)
        return self._connected

    async def close(self) -> None:
        if self._verifying is not None:
            self._verifying.cancel()
        await self._client.aclose()

    async def _verify_until_answered(self) -> None:
        while not await self.verify():  # noqa: ASYNC110 - the app is another process: there is nothing to wait on
            await asyncio.sleep(VERIFY_AGAIN_SECONDS)

    def _set_connected(self, connected: bool) -> None:
        if connected != self._connected:
            self._connected = connected
            self._changed()

    def _encode(self, parcel: Parcel) -> tuple[str, bytes, str]:
        match parcel.kind:
            case "events_api":
                return self._urls.events, json.dumps(parcel.body).encode(), "application/json"
            case "slash_commands":
                return self._urls.commands, urlencode(parcel.body).encode(), "application/x-www-form-urlencoded"
            case "interactive":
                return self._urls.actions, urlencode({"payload": json.dumps(parcel.body)}).encode(), "application/x-www-form-urlencoded"

    async def _post(self, url: str, body: bytes, kind: str, headers: dict[str, str]) -> httpx.Response:
        timestamp = str(int(self._clock().timestamp()))
        signed = {"Content-Type": kind, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": sign(self._secret, timestamp, body)}
        return await self._client.post(url, content=body, headers=signed | headers)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if not response.text:
        return {}
    try:
        body = response.json()
    except ValueError:
        return {"text": response.text}
    return body if isinstance(body, dict) else {}
