"""How patient Slack is. Tests shorten these; the defaults are Slack's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Seconds. `redeliver_after` is the wait before each redelivery of an event that was not acknowledged.

    https://docs.slack.dev/apis/events-api#retries: at once, after a minute, after five.
    """

    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    redeliver_after: tuple[float, ...] = (0.0, 60.0, 300.0)
    status_seconds: float = 120.0
    clock: Callable[[], datetime] = utc_now
