"""One provider on its way through its changes: make one, poll as the bot does until it is seen, hold it against what is expected."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.observation import Health
from core.poller import Poller
from core.ports import Span, Store
from core.subscription import EVERYTHING, EventFilter
from core.unified import UnifiedEvent
from tests.tour.change import Change, Expected, Outcome

_PATIENCE_SECONDS = 30.0
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
        for change in self.stage.changes():
            if not only or change.number in only:
                self.stage.keep_alive()
                self.outcomes.append(self._outcome(change))
        self._poll()

    def _outcome(self, change: Change) -> Outcome:
        expected = change.make()
        made_at = time.monotonic()
        found = Outcome(number=change.number, made=change.made)
        polls = 0
        while True:
            self._poll()
            polls += 1
            fresh = [one for one in self._events() if one.id not in self.told]
            found.seen = fresh
            if not found.health:
                found.health = self._health(expected)
            waited = time.monotonic() - made_at
            if _complete(expected, fresh) and bool(found.health) == bool(expected.health):
                found.seconds = waited if expected.sights else None
                if expected.sights or polls >= _SILENT_POLLS:
                    break
            if waited > _PATIENCE_SECONDS:
                break
        found.faults = list(_faults(expected, found))
        self.told |= {one.id for one in found.seen}
        return found

    def _poll(self) -> None:
        for poller in self.pollers:
            outcome = poller.poll()
            while outcome.wait_seconds == 0:
                outcome = poller.poll()
            if outcome.failure:
                self.failures.append(f"{poller.source}: {outcome.failure}")

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


def _faults(expected: Expected, found: Outcome) -> "list[str]":
    faults: list[str] = []
    left = list(found.seen)
    for sight in expected.sights:
        fitting = [one for one in left if sight.is_of(one.event)]
        if len(fitting) != sight.times:
            faults.append(f"{sight.change_type} {sight.kind} {sight.name}: seen {len(fitting)} times, not {sight.times}")
        for one in fitting:
            left.remove(one)
            faults += [f"{one.resource.name}: {fault}" for fault in sight.faults(one)]
    faults += [f"also told: {one.change_type} {one.resource.key} ({one.event.native_action})" for one in left]
    if expected.together and len({one.correlation_id for one in found.seen}) > 1:
        faults.append(f"{len({one.correlation_id for one in found.seen})} stories, not one")
    if expected.health and not found.health:
        faults.append(f"{expected.health} is not known to be degraded")
    return faults
