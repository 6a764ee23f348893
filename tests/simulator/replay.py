"""A year through the real way: reader, bridge, routing, follow-ups, on the year's own clock."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from core.announcement import Announcement
from core.batch import Batch, Cursor, KnownState, ManagedResource
from core.bridge import EventBridge
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery, Receipt
from core.event import Event
from core.followup import FollowUps
from core.ingest import Ingest
from core.lookback import LookBack
from core.observation import Health, Observation, Signal
from core.ports import Commit, RecordReader
from core.providers import ProviderContext, reader
from core.redaction import Redactor
from core.routing import worth_telling
from core.settings import AnalysisSettings
from core.subscription import Subscription
from core.timerange import TimeRange
from core.unified import UnifiedEvent
from tests.simulator.memory_store import MemoryStore
from tests.simulator.scribe import FORMAT, STATE
from tests.simulator.truth import Raw, Truth, Year

CHANNEL = "channel"
POLLED = timedelta(minutes=1)
_LOOKED = timedelta(minutes=2)
# What the settings make of a poll a minute, see core.settings.
HOLD = 1.25 * POLLED


@dataclass(frozen=True, slots=True)
class _Known:
    """What a source knew at its last poll. A state file that was the same then bounds when it changed."""

    rows: dict[str, KnownState]
    polled_at: datetime | None

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {key: self._one(self.rows[key]) for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return [self._one(self.rows[key]) for key in sorted(self.rows) if key.startswith(prefix) and key > after][:limit]

    def _one(self, row: KnownState) -> KnownState:
        return replace(row, at=self.polled_at) if self.polled_at else row


@dataclass
class Outcome:
    """What came out. `truths` by event id; `calmed_by` holds, by event id, every time it was spoken of calmly and whether across a hole."""

    year: Year
    store: MemoryStore = field(default_factory=MemoryStore)
    truths: dict[str, Truth] = field(default_factory=dict)
    changes: int = 0
    unread_changes: int = 0
    reads: int = 0
    reads_called_change: int = 0
    posted: int = 0
    edited: int = 0
    calmed: dict[str, datetime] = field(default_factory=dict)
    calmed_across: set[str] = field(default_factory=set)
    posted_stories: set[str] = field(default_factory=set)

    def told(self) -> Iterator[tuple[UnifiedEvent, Truth]]:
        for event_id, truth in self.truths.items():
            yield self.store.unified(event_id), truth


class _Listening(MemoryStore):
    """A store that says what was committed."""

    def __init__(self, hear: Any) -> None:
        MemoryStore.__init__(self)
        self._hear = hear

    def commit(self, commit: Commit) -> int:
        sequence = MemoryStore.commit(self, commit)
        self._hear(commit)
        return sequence


class Replay:
    """Drives one year. Nothing of it touches a network or a disk."""

    def __init__(self, year: Year, settings: AnalysisSettings | None = None, *, hold: timedelta = HOLD) -> None:
        self.outcome = Outcome(year=year)
        self.store = _Listening(self._heard)
        self.outcome.store = self.store
        self.store.subscribed = [Subscription(destination=CHANNEL)]
        self.now = year.start
        ports: Any = self.store
        chosen = settings or AnalysisSettings()
        look_back = LookBack(ports, settings=chosen, clock=lambda: self.now)
        self.ingest = Ingest(ports, EventBridge(ports, settings=chosen, clock=lambda: self.now), clock=lambda: self.now, hold=hold)
        self.follow_ups = FollowUps(ports, self.ingest, look_back, clock=lambda: self.now)
        context = ProviderContext(redactor=Redactor(b"k" * 32), clock=lambda: self.now)
        self.readers: dict[str, RecordReader] = {
            source: reader(FORMAT[source], source=source, environment=place, context=context) for source, place in year.environments.items()
        }
        self.read_until = dict.fromkeys(year.environments, year.start - timedelta(hours=1))
        self.vitals: dict[str, list[tuple[datetime, int, Observation]]] = defaultdict(list)
        self.number = 0
        self.waiting: list[tuple[datetime, int, Delivery]] = []

    def run(self) -> Outcome:
        """Poll after poll until the end; stories are looked at again in between."""
        due: dict[tuple[datetime, str], list[Raw]] = defaultdict(list)
        for raw in self.outcome.year.records:
            due[self._poll_after(raw.arrives_at), raw.source].append(raw)
        for said in self.outcome.year.announcements:
            assert said.observed_at is not None
            self.store.said[said.id] = said
        polls = sorted(due)
        for at, source in polls:
            self._look_until(at)
            self._poll(source, at, due[at, source])
        self._look_until(self.outcome.year.end)
        return self.outcome

    def _poll_after(self, at: datetime) -> datetime:
        start = self.outcome.year.start
        return start + POLLED * (int((at - start) / POLLED) + 1)

    def _look_until(self, at: datetime) -> None:
        """Health is read and stories are followed up, as the scheduler would."""
        while self.store.open_questions and self.now + _LOOKED <= at:
            self.now += _LOOKED
            self._fail_polls()
            self._read_vitals()
            self.follow_ups.settle(self.now)
            self._tell()
        self.now = max(self.now, at)
        self._tell()

    def _fail_polls(self) -> None:
        """A source that is out says so at every poll."""
        for out in self.outcome.year.outages:
            if out.start <= self.now < out.end:
                missed = self._stretch(out.source, max(out.start, self.read_until[out.source]), self.now, CoverageState.GAP)
                self.ingest.take(out.source, Batch(cursor=Cursor(), coverage=(missed,)))

    def _read_vitals(self) -> None:
        for source in self.vitals:
            seen = [] if self._out(source, self.now) else self._due_vitals(source)
            if seen:
                self.ingest.take(source, Batch(cursor=Cursor(), observations=tuple(seen), coverage=self._coverage(source)))

    def _due_vitals(self, source: str) -> list[Observation]:
        waiting, seen = self.vitals[source], []
        while waiting and waiting[0][0] <= self.now:
            one = heapq.heappop(waiting)[2]
            if not self._out(source, one.at):
                seen.append(one)
        return seen

    def _out(self, source: str, at: datetime) -> bool:
        return any(one.source == source and one.start <= at < one.end for one in self.outcome.year.outages)

    def _coverage(self, source: str) -> tuple[Coverage, ...]:
        """From the last poll until now, less what was lost."""
        begin, now = self.read_until[source], self.now
        self.read_until[source] = now
        found = []
        for out in self.outcome.year.outages:
            if out.source == source and out.start < now and out.end > begin:
                if out.end > now and not out.lost:
                    now = max(begin, out.start)
                    self.read_until[source] = now
                elif out.lost:
                    found.append(self._stretch(source, max(begin, out.start), min(out.end, now), CoverageState.GAP))
                    if out.start > begin:
                        found.append(self._stretch(source, begin, out.start, CoverageState.READ))
                    begin = min(out.end, now)
        if now > begin:
            found.append(self._stretch(source, begin, now, CoverageState.READ))
        return tuple(sorted(found, key=lambda one: one.range.start))

    @staticmethod
    def _stretch(source: str, start: datetime, end: datetime, state: CoverageState) -> Coverage:
        return Coverage(source=source, range=TimeRange(start=start, end=end), state=state, complete_until=end)

    def _poll(self, source: str, at: datetime, raws: Sequence[Raw]) -> None:
        rows = self.store.known[source]
        events: list[Event] = []
        observations = self._due_vitals(source)
        managed: list[ManagedResource] = []
        announced: list[Announcement] = []
        for raw in raws:
            known = _Known(rows, at - POLLED if source == STATE else None)
            reading = self.readers[source].read(raw.record, known, at if source != STATE else raw.arrives_at)
            rows.update({row.key: row for row in reading.known_changes})
            observations += reading.observations
            managed += reading.managed
            announced += reading.announcements
            events += reading.events
            self._count(raw, reading.events)
        batch = Batch(
            cursor=Cursor(), events=tuple(events), observations=tuple(observations), managed=tuple(managed),
            announcements=tuple(announced), coverage=self._coverage(source),
        )  # fmt: skip
        self.ingest.take(source, batch)

    def _count(self, raw: Raw, events: Sequence[Event]) -> None:
        if raw.truth is None:
            self.outcome.reads += 1
            self.outcome.reads_called_change += bool(events)
            return
        self.outcome.changes += 1
        self.outcome.unread_changes += not events
        for event in events:
            self.outcome.truths[event.id] = raw.truth
        for minutes, well in raw.vitals if events else ():
            self.number += 1
            heapq.heappush(self.vitals[raw.source], (at := raw.at + timedelta(minutes=minutes), self.number, _vital(events[0], at, well)))

    def _heard(self, commit: Commit) -> None:
        for delivery in commit.deliveries:
            self.number += 1
            heapq.heappush(self.waiting, (delivery.not_before, self.number, delivery))
        self._tell()
        for made in commit.conclusions.assessments:
            if made.comfort.reassures:
                self.outcome.calmed.setdefault(made.event_id, made.assessed_at)
                event = self.store.stored[made.event_id]
                if any(
                    out.source == event.source and out.lost and out.start < made.assessed_at - _LOOKED and out.end > event.occurred_at
                    for out in self.outcome.year.outages
                ):
                    self.outcome.calmed_across.add(made.event_id)

    def _tell(self) -> None:
        """What is due now, as the notifier does it: of one story only the newest that may go, and a joined one with its elder."""
        while self.waiting and self.waiting[0][0] <= self.now:
            self._deliver(heapq.heappop(self.waiting)[2])

    def _deliver(self, delivery: Delivery) -> None:
        where = (delivery.destination, delivery.story_id)
        before, story = self.store.receipts.get(where), self.store.told[delivery.story_id]
        if before is not None:
            if before.revision >= delivery.revision:
                return
            self.outcome.edited += 1
        elif story.merged_into or not worth_telling(story, self.store.subscribed[0]):
            return
        else:
            self.outcome.posted += 1
            self.outcome.posted_stories.add(delivery.story_id)
        self.store.receipts[where] = Receipt(
            destination=delivery.destination, story_id=delivery.story_id, revision=delivery.revision, message="m", sent_at=self.now
        )


def _vital(event: Event, at: datetime, well: bool) -> Observation:
    says = "all of it is ready" if well else "half of it is not ready"
    return Observation(
        source=event.source,
        resource=event.resource,
        signal=Signal.STATUS,
        health=Health.HEALTHY if well else Health.DEGRADED,
        at=at,
        says=says,
    )
