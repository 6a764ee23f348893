"""Time as WGO uses it: aware, UTC, injected; and the deadline that every vendor call gets its timeouts from."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.errors import ValueRefused

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, aware and UTC."""
    return datetime.now(UTC)


def require_utc(name: str, at: datetime) -> None:
    """Raise ValueRefused unless `at` is aware with offset zero."""
    if at.tzinfo is UTC:
        return
    offset = at.utcoffset()
    if offset is None:
        raise ValueRefused(f"{name} has no time zone: {at.isoformat()}")
    if offset.total_seconds() != 0:
        raise ValueRefused(f"{name} is not UTC: {at.isoformat()}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """The moment by which a poll must be done, on the monotonic clock, in seconds."""

    ends_at: float
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)

    @classmethod
    def after(cls, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> "Deadline":
        return cls(ends_at=monotonic() + seconds, monotonic=monotonic)

    def remaining_seconds(self) -> float:
        """Seconds left; zero once passed, never negative."""
        return max(0.0, self.ends_at - self.monotonic())

    def timeout_seconds(self, at_most: float) -> float:
        """A timeout for one call: what is left, at most `at_most`, at least 0.05 so that libraries take it as a timeout."""
        return max(0.05, min(at_most, self.remaining_seconds()))

    @property
    def passed(self) -> bool:
        return self.remaining_seconds() <= 0.0
