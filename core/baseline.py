"""What is usual, as rows: one Baseline per key. The customer's BaselineTracker keeps these; analysis is pure over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """Counts of one kind of thing (a change on a resource, an actor's acts, a weekly routine).

    `hours` counts by hour of the week (0 is Monday 00:00 UTC), `days` by ISO date, `recent` are the last times in order (at most 64),
    `endings` how they ended (verdicts, settled, degraded), `followed_by` what came within the hour after, `numbers` whatever an
    online model keeps. All sparse.
    """

    key: str
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    hours: Mapping[int, int] = field(default_factory=dict)
    days: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[datetime, ...] = ()
    endings: Mapping[str, int] = field(default_factory=dict)
    followed_by: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """One actor on one day in one environment. Counts, never a grade."""

    actor: str
    name: str
    day: str
    environment: str
    team: str = ""
    changes: int = 0
    planned: int = 0
    unplanned: int = 0
    routine: int = 0
    unknown: int = 0
    attempted: int = 0
    reverts: int = 0

    def plus(self, other: "Activity") -> "Activity":
        """With the other's counts added; whose they are is kept."""
        counts = ("changes", "planned", "unplanned", "routine", "unknown", "attempted", "reverts")
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in counts})


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One number over time, never without its parts: stability, MTTR, noise, uptime of watching, comfort. `denominator` 0 is refused."""

    name: str
    at: datetime
    numerator: float
    denominator: float
    source: str
    environment: str = ""
