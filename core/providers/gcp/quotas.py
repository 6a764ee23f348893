"""Google's quotas of calls a minute, kept by us: a call waits for its turn, and is not made where none comes in time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.clock import Deadline

# At once, and over the rest of the minute: together the quota, whichever minute one looks at.
_AT_ONCE = 0.4


@dataclass(slots=True)
class Quota:
    """A bucket. One process's share of `per_minute`, which Google counts for each project that calls."""

    per_minute: float
    monotonic: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    _level: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        self._level = self.per_minute * _AT_ONCE

    @property
    def _rate(self) -> float:
        return self.per_minute * (1 - _AT_ONCE) / 60

    def take(self, deadline: Deadline) -> float:
        """Wait for a turn; 0, or the seconds until there is one where it comes after the deadline."""
        now = self.monotonic()
        if self._at is not None:
            self._level = min(self.per_minute * _AT_ONCE, self._level + (now - self._at) * self._rate)
        self._at = now
        missing = (1.0 - self._level) / self._rate
        if missing > 0:
            if missing >= deadline.remaining_seconds():
                return missing
            self.wait(missing)
            self._level, self._at = 1.0, self.monotonic()
        self._level -= 1.0
        return 0.0
