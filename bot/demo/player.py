"""Plays a scenario's past: each step at its own time, read by the real providers and taken in by the real pipeline.

Nobody is subscribed while it plays, so a week of history posts nothing.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.demo.scenario import Step
from bot.demo.stage import DemoFolder
from core.announcement import Announcement
from core.event import Actor, ActorKind, Via
from core.poller import Poller
from core.ports import Store
from core.subscription import EventFilter
from core.timerange import TimeRange

# The sources are read this often while a week passes; around each step, too.
_EVERY = timedelta(hours=1)
_SEEN_AFTER = timedelta(seconds=5)
# When what changed is looked at again: whether it has settled.
_SETTLED_AFTER = (timedelta(minutes=11), timedelta(minutes=31))
_LEAD = timedelta(hours=2)


@dataclass(slots=True)
class SceneClock:
    """The time that it is in the scenario."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the pipeline is made of, on the scene's clock (bot.app builds it). `chores` run at every reading, as the scheduler's would."""

    store: Store
    pollers: Mapping[str, Poller]
    chores: tuple[Callable[[], object], ...]


@dataclass(slots=True)
class Player:
    """Plays the steps of `folder.scenario` up to `now`."""

    folder: DemoFolder
    parts: Parts
    clock: SceneClock
    now: datetime
    _down: set[str] = field(default_factory=set)

    def play(self, progress: Callable[[float], None] = lambda _: None) -> None:
        """All of it; `progress` hears the share that is done. Raises StorageError."""
        begins = min((step.at for step in self.folder.scenario.steps), default=self.now) - _LEAD
        self.clock.at = begins
        self.folder.prepare(begins)
        for at, step in self._agenda(begins):
            self.clock.at = at
            if step is None:
                self._read_all()
            else:
                self._do(step)
            progress((at - begins) / (self.now - begins))
        self.clock.at = self.now
        # How the services are as the live demo begins: what is measured of them is not half an hour old then.
        self.folder.pulse(self.now)
        self._read_all()

    def _agenda(self, begins: datetime) -> Iterator[tuple[datetime, Step | None]]:
        """Steps in order of time, and None where everything is read."""
        readings = {begins + _EVERY * number for number in range(int((self.now - begins) / _EVERY) + 1)}
        readings |= {step.at + after for step in self.folder.scenario.steps for after in _SETTLED_AFTER if step.at + after < self.now}
        looks = ((at, None) for at in sorted(readings))
        steps = ((step.at, step) for step in self.folder.scenario.steps)
        yield from heapq.merge(looks, steps, key=lambda one: one[0])

    def _do(self, step: Step) -> None:
        if step.kind == "announce":
            self.parts.store.announcements.save(_announcement(step, self.folder.next_run))
            return
        if step.kind in ("down", "up"):
            self._poll(step.source)
        self.folder.do(step)
        self.clock.at = min(step.at + _SEEN_AFTER, self.now)
        self._poll(step.source)

    def _read_all(self) -> None:
        for source in self.parts.pollers:
            self._poll(source)
        for chore in self.parts.chores:
            chore()

    def _poll(self, source: str) -> None:
        if source in self.parts.pollers:
            self.parts.pollers[source].poll()


def _announcement(step: Step, run: str) -> Announcement:
    """A window covers what it names; a run is the one that writes the next state."""
    told = step.announce
    return Announcement(
        id=str(told["id"]),
        kind=str(told["kind"]),
        title=str(told["title"]),
        range=TimeRange(start=told["start"], end=told["end"]),
        covers=EventFilter(environments=frozenset(told.get("environments", ()))),
        source=step.source,
        by=Actor(kind=ActorKind.HUMAN, id=str(told["by"]), name=str(told["by"]).capitalize(), via=Via.IAC),
        reference=run if told["kind"] == "run" else "",
        commit=str(told.get("commit", "")),
        observed_at=step.at,
    )
