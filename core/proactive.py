"""Speaking without being asked, where it helps: a source gone blind and back, a big burst with one planned cause, a routine that failed
to happen. At most once a cause, and within a budget per destination; otherwise silent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.analysis.anomaly import silences
from core.assessment import Verdict
from core.baseline import Metric
from core.batch import Batch, Cursor
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery
from core.ports import Baselines, Commit, CoverageStore, Metrics, Span, StoryStore, Subscriptions, UnitOfWork
from core.ports import Deliveries as DeliveryStore
from core.routing import quiet_until
from core.story import Settling, Story
from core.subscription import EVERYTHING, Subscription
from core.timerange import TimeRange

OWN_SOURCE = "wgo"
NOTE_METRIC = "proactive_note"
BLIND_AFTER = timedelta(minutes=10)
BIG = 25
NOTES_A_DAY = 6
_DAY = timedelta(days=1)
_MOST_ROUTINES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something to say once. `revision` 2 edits what revision 1 said, and is only sent where that was."""

    id: str
    says: str
    sources: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    revision: int = 1


class Watched(Protocol):
    """The ports that speaking up needs."""

    stories: StoryStore
    coverage: CoverageStore
    baselines: Baselines
    metrics: Metrics
    deliveries: DeliveryStore
    subscriptions: Subscriptions
    work: UnitOfWork


class Proactive:
    """The customer's ProactiveComfort."""

    def __init__(self, store: Watched, *, clock: Clock = utc_now, notes_a_day: int = NOTES_A_DAY) -> None:
        self._store = store
        self._clock = clock
        self._notes_a_day = notes_a_day

    def speak(self) -> int:
        """How many notes were sent on their way. Raises StorageError."""
        now = self._clock()
        last = self._store.coverage.last()
        notes = [*blind(last.values(), now), *self._back(last.values(), now), *self._explained(now), *self._silent(tuple(last), now)]
        deliveries, counted = self._within_budget(notes, now)
        if deliveries:
            conclusions = Conclusions(metrics=counted)
            commit = Commit(source=OWN_SOURCE, batch=Batch(cursor=Cursor()), conclusions=conclusions, deliveries=deliveries)
            self._store.work.commit(commit)
        return len(deliveries)

    def _back(self, last: Iterable[Coverage], now: datetime) -> list[Note]:
        """Sources that are read again after a blind spell of the last day."""
        back = [one.source for one in last if one.state is not CoverageState.GAP]
        report = self._store.coverage.report(TimeRange(start=now - _DAY, end=now), back, now) if back else None
        return [
            Note(
                id=_blind_id(gap),
                says=f"{gap.source} is read again. Not read: {_stretch(gap)}. I can't vouch for that gap.",
                sources=(gap.source,),
                revision=2,
            )
            for gap in (report.gaps if report else ())
            if gap.source in back and gap.range.duration >= BLIND_AFTER
        ]

    def _explained(self, now: datetime) -> list[Note]:
        """A big burst that one planned cause explains: told once it has settled, with what was seen."""
        span = Span(range=TimeRange(start=now - timedelta(hours=2), end=now))
        found = []
        for story in self._store.stories.recent(EVERYTHING, span, limit=20):
            if (
                story.event_count >= BIG
                and story.verdict is Verdict.PLANNED
                and story.settling is Settling.SETTLED
                and self._whole(story, now)
            ):
                since = f"The {story.event_count} changes since {story.first_at:%H:%M} UTC"
                says = f"{since} have one cause: {story.cause}. {story.settling_says}."
                found.append(Note(id=f"note/burst/{story.id}", says=says, sources=story.sources, environments=story.places))
        return found

    def _whole(self, story: Story, now: datetime) -> bool:
        end = max(story.last_at, story.settled_at or story.last_at)
        report = self._store.coverage.report(TimeRange(start=story.first_at, end=end), story.sources, now)
        return not [gap for gap in report.gaps if gap.source in story.sources]

    def _silent(self, sources: tuple[str, ...], now: datetime) -> list[Note]:
        found = []
        for silence in silences(self._store.baselines.prefixed("same/", _MOST_ROUTINES), now):
            around = TimeRange(start=silence.expected_at - timedelta(hours=1), end=silence.expected_at + timedelta(hours=1))
            # A routine that was not seen because nobody looked did not fail to happen.
            if sources and self._store.coverage.report(around, sources, now).whole:
                identity = f"note/silence/{silence.key}/{silence.expected_at:%Y-%m-%d}"
                found.append(Note(id=identity, says=f"{silence.says[0].upper()}{silence.says[1:]}.", sources=sources))
        return found

    def _within_budget(self, notes: Sequence[Note], now: datetime) -> tuple[tuple[Delivery, ...], tuple[Metric, ...]]:
        spent = self._store.metrics.between(NOTE_METRIC, TimeRange(start=now - _DAY, end=now + timedelta(seconds=1))) if notes else ()
        found: list[Delivery] = []
        counted: list[Metric] = []
        for subscription in self._store.subscriptions.all() if notes else ():
            left = self._notes_a_day - sum(1 for one in spent if one.source == subscription.destination)
            for note in notes:
                if not _hears(subscription, note) or not self._unsaid(subscription.destination, note):
                    continue
                if left <= 0 and note.revision == 1:
                    continue
                left -= note.revision == 1
                found.append(_delivery(subscription, note, now))
                if note.revision == 1:
                    counted.append(Metric(name=NOTE_METRIC, at=now, numerator=1, denominator=1, source=subscription.destination))
        return tuple(found), tuple(counted)

    def _unsaid(self, destination: str, note: Note) -> bool:
        receipt = self._store.deliveries.receipt(destination, note.id)
        if note.revision == 1:
            return receipt is None
        return receipt is not None and receipt.revision < note.revision


def blind(last: Iterable[Coverage], now: datetime) -> list[Note]:
    """Sources that have not been read for a while."""
    return [
        Note(
            id=_blind_id(one),
            says=f"{one.source} has not been read since {one.range.start:%H:%M} UTC: {one.reason or 'no reason was given'}. "
            f"{one.next_step} What changes there I can't see.".replace("  ", " "),
            sources=(one.source,),
        )
        for one in last
        if one.state is CoverageState.GAP and now - one.range.start >= BLIND_AFTER
    ]


def _blind_id(gap: Coverage) -> str:
    return f"note/blind/{gap.source}/{gap.range.start:%Y-%m-%dT%H:%M:%S}"


def _stretch(gap: Coverage) -> str:
    return f"{gap.range.start:%a %H:%M}–{gap.range.end:%H:%M} UTC"


def _hears(subscription: Subscription, note: Note) -> bool:
    may, wants = subscription.visibility, subscription.filter
    if may.sources is not None and not set(note.sources) <= may.sources:
        return False
    if may.environments is not None and not (note.environments and may.environments.issuperset(note.environments)):
        return False
    if wants.sources and not set(note.sources) & wants.sources:
        return False
    return not (wants.environments and note.environments and wants.environments.isdisjoint(note.environments))


def _delivery(subscription: Subscription, note: Note, now: datetime) -> Delivery:
    not_before = (quiet_until(subscription.quiet_hours, now) if subscription.quiet_hours else None) or now
    return Delivery(
        destination=subscription.destination,
        story_id=note.id,
        revision=note.revision,
        not_before=not_before,
        kind="note",
        body=note.says,
    )
