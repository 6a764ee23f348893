"""The Protocols that stand between the rooms. Times are aware UTC; every read takes the reader's visibility.

Every implementation runs the same contract suite (tests/contracts). A port raises StorageError (or ProviderError, ModelError)
and nothing of its library's own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from core.announcement import Announcement
from core.assessment import Assessment, Overrule, Verdict
from core.baseline import Activity, Baseline, Metric
from core.batch import Batch, Check, Cursor, KnownState, ManagedResource, Reading
from core.clock import Deadline
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageReport
from core.delivery import Delivery, Parked, Receipt, StoredDelivery
from core.json import JsonObject
from core.observation import Observation
from core.story import FollowUp, Story
from core.subscription import EventFilter, Feedback, Mute, Subscription, Visibility, Watermark
from core.timerange import TimeRange
from core.unified import UnifiedEvent

# --- providers ---------------------------------------------------------------------------------------------------------


class KnownStates(Protocol):
    """Last known states of one source's things, as rows. Bound to the source; reading only, the batch brings the changes."""

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        """Those of `keys` that are known (`state` never None)."""
        ...

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        """Known states whose key starts with `prefix`, in order of key, after `after` (not included)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxRow:
    """One thing pushed to us. `kind` is the sort of push (k8s-audit, slack-event), `topic` whom it is for (a source's name)."""

    key: str
    kind: str
    topic: str
    body: bytes
    received_at: datetime
    sequence: int = 0


class Inbox(Protocol):
    """Pushed things, written before the ack. `put` is idempotent on key."""

    def put(self, row: InboxRow) -> bool:
        """False where the key was there already (a redelivery)."""
        ...

    def pending(self, kind: str, topic: str = "", limit: int = 1000) -> Sequence[InboxRow]:
        """Rows not yet done, oldest first. An empty topic is any."""
        ...

    def done(self, keys: Collection[str], at: datetime) -> None: ...


class Provider(Protocol):
    """One configured source. Keeps nothing between polls but connections; may be called again after any crash.

    A poll ends by its deadline whatever the server does; it raises ProviderError for a failure of the whole source and returns
    a Batch with gaps in its coverage for a failure of a part.
    """

    @property
    def source(self) -> str: ...

    @property
    def provider(self) -> str: ...

    @property
    def lag(self) -> timedelta:
        """How late this source may tell of a change."""
        ...

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch: ...

    def committed(self, batch: Batch) -> None:
        """The batch is stored: acknowledge what needs it (delete queue messages)."""
        ...

    def check(self, deadline: Deadline) -> Sequence[Check]:
        """Access, and which permission is missing. Never raises for a refusal: that is a finding."""
        ...

    def close(self) -> None: ...


class RecordReader(Protocol):
    """Reads raw records of one format, as the source sends them. Pure but for what `known` tells of earlier snapshots."""

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        """Raises RecordUnreadable where the record is not of the format, saying what is wrong and where."""
        ...


# --- writing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """What one transaction writes. Parts left empty are left alone."""

    source: str
    batch: Batch
    conclusions: Conclusions = field(default_factory=Conclusions)
    deliveries: tuple[Delivery, ...] = ()
    backfilled: bool = False


class UnitOfWork(Protocol):
    def commit(self, commit: Commit) -> int:
        """Write all of it in one transaction and return the ingest sequence after it. Events already stored are left as they are;
        assessments of a revision already stored too; deliveries whose key exists too."""
        ...


# --- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page of a keyset; `next` is the opaque key to go on from, empty at the end."""

    items: tuple[UnifiedEvent, ...]
    next: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What to read: by time of the change, and/or by ingest sequence (after `after_sequence`, up to `until_sequence` included)."""

    range: TimeRange | None = None
    after_sequence: int | None = None
    until_sequence: int | None = None
    backfilled: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Events of a span, counted by the database. `late` are those that occurred before the span's range but arrived in its sequence."""

    total: int = 0
    by_verdict: Mapping[Verdict, int] = field(default_factory=dict)
    by_environment: Mapping[str, int] = field(default_factory=dict)
    by_provider: Mapping[str, int] = field(default_factory=dict)
    by_actor: Mapping[str, int] = field(default_factory=dict)
    by_change_type: Mapping[str, int] = field(default_factory=dict)


class EventStore(Protocol):
    def unseen(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are not stored yet."""
        ...

    def get(self, visibility: Visibility, event_id: str) -> UnifiedEvent | None: ...

    def by_ids(self, visibility: Visibility, ids: Collection[str]) -> Sequence[UnifiedEvent]: ...

    def page(
        self, visibility: Visibility, filter: EventFilter, span: Span, *, after: str = "", limit: int = 100, newest_first: bool = True
    ) -> Page:
        """Keyset pages over (occurred_at, sequence), never the whole window in memory."""
        ...

    def severest(self, visibility: Visibility, filter: EventFilter, span: Span, limit: int) -> Sequence[UnifiedEvent]:
        """The worst first: by severity, then newest."""
        ...

    def counts(self, visibility: Visibility, filter: EventFilter, span: Span) -> Counts: ...

    def of_story(self, visibility: Visibility, story_id: str, *, after: str = "", limit: int = 100) -> Page:
        """Newest first."""
        ...

    def of_stories(self, visibility: Visibility, story_ids: Collection[str], most: int) -> Sequence[UnifiedEvent]:
        """The newest `most` events of each of these stories, in no order."""
        ...

    def sequence(self) -> int:
        """The highest ingest sequence stored; 0 in an empty store."""
        ...

    def first_at(self) -> datetime | None:
        """The earliest `occurred_at` stored."""
        ...


class AssessmentStore(Protocol):
    def latest(self, event_ids: Collection[str]) -> Mapping[str, Assessment]: ...

    def revisions(self, event_id: str) -> Sequence[Assessment]:
        """Oldest first."""
        ...

    def overrule(self, event_id: str, overrule: Overrule) -> Assessment:
        """Add a revision that carries the person's word. Raises StorageError where the event is unknown."""
        ...

    def unfinished(self, limit: int = 100) -> Sequence[UnifiedEvent]:
        """Events whose latest assessment has failed steps, oldest first."""
        ...


class StoryStore(Protocol):
    def get(self, story_id: str) -> Story | None:
        """The story itself, also where it was merged into another."""
        ...

    def by_ids(self, ids: Collection[str]) -> Mapping[str, Story]: ...

    def by_links(self, keys: Collection[str], since: datetime) -> Mapping[str, Sequence[tuple[Story, float]]]:
        """Open, unmerged stories linked under each key (with the link's strength) and touched since; newest first."""
        ...

    def recent(self, visibility: Visibility, span: Span, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        """Unmerged stories whose last change lies in the span, severest and newest first; of all environments, or with a change in one
        of these."""
        ...

    def unsettled(self, visibility: Visibility, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        """Stories that are watched, degraded or unverified and still open, newest first."""
        ...

    def degraded(self, visibility: Visibility, limit: int = 200, *, environments: Collection[str] = ()) -> Sequence[Story]:
        """Stories that got worse and are still open, newest first."""
        ...


class ObservationStore(Protocol):
    def current(self, resource_keys: Collection[str]) -> Sequence[Observation]:
        """The latest reading of each check of these resources."""
        ...

    def of_environment(self, environment: str, since: datetime) -> Sequence[Observation]:
        """The latest reading of each check there, read since, and each trouble that stands from before (`Observation.standing`). An
        empty environment is all of them."""
        ...

    def history(self, resource_keys: Collection[str], span: TimeRange, limit: int = 1000) -> Sequence[Observation]:
        """Readings in the range, oldest first."""
        ...


class CoverageStore(Protocol):
    def report(self, span: TimeRange, sources: Collection[str], now: datetime) -> CoverageReport:
        """Gaps and completeness over `span` of the named sources (at least), joined from the stored stretches."""
        ...

    def last(self) -> Mapping[str, Coverage]:
        """The newest stretch of each source."""
        ...


class Cursors(Protocol):
    def get(self, source: str) -> Cursor | None: ...

    def known(self, source: str) -> KnownStates: ...


class ManagedResources(Protocol):
    def by_alias(self, aliases: Collection[str]) -> Mapping[str, ManagedResource]:
        """Which IaC state manages the thing that goes by this alias."""
        ...


class Announcements(Protocol):
    def around(self, span: TimeRange) -> Sequence[Announcement]:
        """Announcements whose range overlaps the span."""
        ...

    def save(self, announcement: Announcement) -> None: ...


class Baselines(Protocol):
    def get(self, keys: Collection[str]) -> Mapping[str, Baseline]: ...

    def prefixed(self, prefix: str, limit: int = 1000) -> Sequence[Baseline]: ...

    def save(self, baselines: Iterable[Baseline]) -> None: ...


class TeamActivity(Protocol):
    def between(self, first_day: str, last_day: str, environment: str = "") -> Sequence[Activity]:
        """Rows by actor and day, both days included, joined over environments where none is named."""
        ...


class Metrics(Protocol):
    """Comfort metrics over time."""

    def save(self, metrics: Iterable[Metric]) -> None: ...

    def between(self, name: str, span: TimeRange, environment: str = "") -> Sequence[Metric]: ...


class FollowUps(Protocol):
    def watching(self, limit: int = 500) -> Sequence[FollowUp]: ...


# --- telling -----------------------------------------------------------------------------------------------------------


class Deliveries(Protocol):
    def due(self, now: datetime, limit: int = 100) -> Sequence[StoredDelivery]:
        """Due or left in sending by a crash, oldest first. Where several revisions of one story wait for one destination,
        only the newest; the others become skipped."""
        ...

    def claim(self, key: str, at: datetime) -> StoredDelivery | None:
        """Mark as sending; None where someone else has it or it is gone."""
        ...

    def sent(self, key: str, receipt: Receipt) -> None: ...

    def postpone(self, key: str, not_before: datetime, failure: str) -> None: ...

    def park(self, key: str, until: datetime, why: str) -> None:
        """The destination takes nothing from us: this one waits until then, and with it the stories that are due there before."""
        ...

    def release(self, destination: str, at: datetime) -> int:
        """It does again: what is parked there is due at `at`. How many they are."""
        ...

    def parked(self) -> Sequence[Parked]:
        """What waits, by destination."""
        ...

    def fail(self, key: str, failure: str) -> None: ...

    def skip(self, key: str, why: str) -> None:
        """There is nothing left to tell of it."""
        ...

    def tried(self, destination: str, story_id: str) -> bool:
        """Was a revision of the story attempted there that a later one overtook before anybody knew whether it arrived?"""
        ...

    def receipt(self, destination: str, story_id: str) -> Receipt | None:
        """The newest receipt of the story there."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many deliveries are in each state."""
        ...


class Subscriptions(Protocol):
    def all(self) -> Sequence[Subscription]: ...

    def get(self, destination: str) -> Subscription | None: ...

    def save(self, subscription: Subscription) -> None: ...

    def remove(self, destination: str) -> None: ...


class Mutes(Protocol):
    def active(self, now: datetime) -> Sequence[Mute]: ...

    def save(self, mute: Mute) -> None: ...

    def remove(self, mute_id: str) -> None: ...


class Watermarks(Protocol):
    def get(self, reader: str) -> Watermark | None: ...

    def mark(self, reader: str, sequence: int, at: datetime) -> Watermark:
        """Move to `sequence`, keeping the one before for `undo`. Marking the same sequence again changes nothing."""
        ...

    def undo(self, reader: str) -> Watermark | None:
        """Back to the one before; None where there is none. A first mark is taken back too: then nothing is marked."""
        ...


class FeedbackStore(Protocol):
    def save(self, feedback: Feedback) -> None: ...

    def about(self, ids: Collection[str]) -> Sequence[Feedback]: ...


# --- the whole store, as bot.app hands it on -------------------------------------------------------------------------------


class Store(Protocol):
    """Every port of one database. Readers take the narrow ports, never this."""

    events: EventStore
    assessments: AssessmentStore
    stories: StoryStore
    observations: ObservationStore
    coverage: CoverageStore
    cursors: Cursors
    managed: ManagedResources
    announcements: Announcements
    baselines: Baselines
    activity: TeamActivity
    metrics: Metrics
    follow_ups: FollowUps
    deliveries: Deliveries
    subscriptions: Subscriptions
    mutes: Mutes
    watermarks: Watermarks
    feedback: FeedbackStore
    inbox: Inbox
    work: UnitOfWork

    def redaction_key(self) -> bytes:
        """32 random bytes, made at the first call and kept in the store."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """What this thread reads inside is of one moment, and cheaper. Not for reading what was written inside."""
        ...

    def close(self) -> None: ...


# --- language model --------------------------------------------------------------------------------------------------------


class LanguageModel(Protocol):
    """A model that writes text. Raises ModelError on refusal, overload or an empty answer."""

    def write(self, *, system: str, ask: str, max_tokens: int, deadline: Deadline) -> str: ...
