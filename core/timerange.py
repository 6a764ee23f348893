"""A stretch of time, half open: from `start` (included) to `end` (not included). The customer's TimeRange."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import require_utc
from core.errors import ValueRefused


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class TimeRange:
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_utc("range.start", self.start)
        require_utc("range.end", self.end)
        if self.end < self.start:
            raise ValueRefused(f"a range ends before it starts: {self.start.isoformat()} to {self.end.isoformat()}")

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def overlaps(self, other: "TimeRange") -> bool:
        return self.start < other.end and other.start < self.end
