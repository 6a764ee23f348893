"""How the workspace reaches the app: Socket Mode (`socket_mode`) or signed HTTP (`http_events`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Kind = Literal["events_api", "slash_commands", "interactive"]


class NotAckedError(Exception):
    """The app did not acknowledge. `reason` is Slack's word: timeout, connection_failed, http_error, not_connected."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One thing for the app. `attempt` is 0 at first; a redelivery says why the one before failed."""

    kind: Kind
    body: dict[str, Any]
    attempt: int = 0
    retry_reason: str = ""


class AppLink(Protocol):
    """A way to the app."""

    @property
    def connected(self) -> bool:
        """Whether an app is listening right now."""

    async def send(self, parcel: Parcel) -> dict[str, Any]:
        """Hand it over and wait for the acknowledgement; its body is returned. Raises NotAckedError."""

    async def close(self) -> None:
        """Let go of every connection."""
