"""What a poll has found so far; later readings see what earlier ones left known."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.batch import KnownState, Reading
from core.coverage import Coverage, CoverageState
from core.event import Event
from core.observation import Observation
from core.ports import KnownStates
from core.timerange import TimeRange

# Search and history tell of a change minutes after it; audit entries mostly within seconds, at times later.
# https://cloud.google.com/asset-inventory/docs/faq and https://cloud.google.com/logging/docs/audit
LAG = timedelta(minutes=10)
# So long a late word of what is gone may come: an index behind, a message that overtook another.
_LATELY = timedelta(hours=1)
_GONE = "gone/"


@dataclass(slots=True)
class Gathered:
    """Events, observations, coverage and the states that changed, over those that were known before."""

    source: str
    now: datetime
    under: KnownStates
    over: dict[str, KnownState] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    _ahead: dict[str, KnownState | None] = field(default_factory=dict)

    def look_ahead(self, keys: Collection[str]) -> None:
        """Read what is known under these keys, and when it went, at once: asking for one after the other costs a hundred times as much."""
        asked = [*keys, *(_GONE + key for key in keys)]
        self._ahead = {**dict.fromkeys(asked), **self.under.get(asked)}

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        held = {key: self.over.get(key, self._ahead.get(key)) for key in keys if key in self.over or key in self._ahead}
        unread = [key for key in keys if key not in held]
        found = self.under.get(unread) if unread else {}
        return {**found, **{key: row for key, row in held.items() if row is not None and row.state is not None}}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return self.under.page(prefix, after, limit)

    def one(self, key: str) -> KnownState | None:
        return self.get([key]).get(key)

    def take(self, reading: Reading) -> None:
        self.events += reading.events
        self.observations += reading.observations
        for change in reading.known_changes:
            if change.state is None and reading.events:
                self.forget(change.key, reading.events[0].occurred_at)
            else:
                self.over[change.key] = change

    def forget(self, key: str, at: datetime) -> None:
        """It is gone, and told: nobody shall tell it again, nor take a late word of it for a new thing."""
        self.over[key] = KnownState(key=key, state=None, at=at)
        self.over[_GONE + key] = KnownState(key=_GONE + key, state={"gone": True}, at=at)

    def went_at(self, key: str) -> datetime | None:
        """When it went, if that was lately."""
        row = self.one(_GONE + key)
        return row.at if row else None

    def forget_the_gone(self) -> None:
        for row in self.page(_GONE):
            if row.at < self.now - _LATELY:
                self.over[row.key] = KnownState(key=row.key, state=None, at=self.now)

    def covered(self, since: datetime, until: datetime) -> None:
        """The whole source was read over that stretch."""
        span = TimeRange(start=min(since, until), end=until)
        complete = min(until, self.now - LAG)
        self.coverage.append(Coverage(source=self.source, range=span, state=CoverageState.READ, complete_until=complete))

    def lacks(self, part: str, since: datetime, reason: str, next_step: str = "") -> None:
        """A named part of the source was not read."""
        span = TimeRange(start=min(since, self.now), end=self.now)
        state, complete = CoverageState.PARTIAL, self.now - LAG
        self.coverage.append(
            Coverage(source=self.source, range=span, state=state, complete_until=complete, part=part, reason=reason, next_step=next_step)
        )
