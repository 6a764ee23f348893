"""One provider on its way through its changes: make one, poll as the bot does until it is seen, hold it against what is expected."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from core.observation import Health
from core.poller import Poller
from core.ports import Span, Store
from core.subscription import EVERYTHING, EventFilter
from core.unified import UnifiedEvent
from tests.tour.change import Change, Expected, Outcome

_PATIENCE_SECONDS = 30.0
_BETWEEN_SECONDS = 0.2
# A change that has to stay silent, and what may follow one, is waited for this many polls.
_SILENT_POLLS = 3


class Stage(Protocol):
    """A running component with what lies in it before the first poll."""

    @property
    def sources(self) -> Sequence[dict[str, object]]:
        """As they stand in the settings file."""
        ...

    def prepare(self) -> None: ...

    def changes(self) -> Sequence[Change]: ...

    def keep_alive(self) -> None:
        """Called before each change: what a machine would do by itself meanwhile."""
        ...


@dataclass(slots=True)
class Lane:
    """`told` are the events that are accounted for, `failures` what the polls could not read."""

    stage: Stage
    pollers: Sequence[Poller]
    store: Store
    told: set[str] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """The first polls: a baseline. What they tell of (an audit trail tells of an hour before) is not the tour's."""
        for _ in range(2):
            self._poll()
        self.told |= {one.id for one in self._events()}

    def walk(self, only: Sequence[int]) -> None:
        changes = self.stage.changes()
        wanted = set(only) if only else {change.number for change in changes}
        for change in reversed(changes):
            if change.number in wanted and change.after is not None:
                wanted.add(change.after)
        for change in changes:
            if change.number in wanted:
                self.stage.keep_alive()
                self.outcomes.append(self._outcome(change))
        self._poll()

    def _outcome(self, change: Change) -> Outcome:
        found = Outcome(number=change.number, made=change.made)
        make: Callable[[], Expected] | None = change.make
        while make is not None:
            expected = make()
            self._look(expected, found)
            make = expected.then
        return found

    def _look(self, expected: Expected, found: Outcome) -> None:
        """Poll until it is seen, or for long enough."""
        made_at, polls = time.monotonic(), 0
        while True:
            self._poll()
            polls += 1
            fresh = [one for one in self._events() if one.id not in self.told]
            found.health = found.health or self._health(expected)
            waited = time.monotonic() - made_at
            if _complete(expected, fresh) and bool(found.health) == bool(expected.health):
                found.seconds = max(waited, found.seconds or 0.0) if expected.sights else None
                if expected.sights or polls >= _SILENT_POLLS:
                    break
            if waited > _PATIENCE_SECONDS:
                break
            time.sleep(_BETWEEN_SECONDS)
        found.faults += _faults(expected, fresh, found.health)
        found.seen += fresh
        self.told |= {one.id for one in fresh}

    def _poll(self) -> None:
        with ThreadPoolExecutor(max_workers=len(self.pollers)) as side_by_side:
            self.failures += filter(None, side_by_side.map(_read_on, self.pollers))

    def _events(self) -> list[UnifiedEvent]:
        wanted = EventFilter(sources=frozenset(poller.source for poller in self.pollers))
        return list(self.store.events.page(EVERYTHING, wanted, Span(after_sequence=0), limit=1000, newest_first=False).items)

    def untold(self) -> list[UnifiedEvent]:
        """Events that belong to no change."""
        return [one for one in self._events() if one.id not in self.told]

    def _health(self, expected: Expected) -> str:
        current = self.store.observations.current([expected.health]) if expected.health else ()
        return next((one.says for one in current if one.health is Health.DEGRADED), "")


def _complete(expected: Expected, seen: Sequence[UnifiedEvent]) -> bool:
    return all(sum(sight.is_of(one.event) for one in seen) >= sight.times for sight in expected.sights)


def _read_on(poller: Poller) -> str:
    """Poll until there is no backlog; what went wrong."""
    outcome = poller.poll()
    while outcome.wait_seconds == 0:
        outcome = poller.poll()
    return f"{poller.source}: {outcome.failure}" if outcome.failure else ""


def _faults(expected: Expected, seen: Sequence[UnifiedEvent], health: str) -> list[str]:
    faults: list[str] = []
    left = list(seen)
    for sight in expected.sights:
        fitting = [one for one in left if sight.is_of(one.event)]
        if len(fitting) != sight.times:
            faults.append(f"{sight.change_type} {sight.kind} {sight.name}: seen {len(fitting)} times, not {sight.times}")
        for one in fitting:
            left.remove(one)
            faults += [f"{one.resource.name}: {fault}" for fault in sight.faults(one)]
    faults += [f"also told: {one.change_type} {one.resource.key} ({one.event.native_action})" for one in left]
    stories = len({one.correlation_id for one in seen})
    if expected.together and stories > 1:
        faults.append(f"{stories} stories, not one")
    if expected.health and not health:
        faults.append(f"{expected.health} is not known to be degraded")
    return faults
