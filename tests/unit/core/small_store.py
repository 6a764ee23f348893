"""A store in memory for tests of core, just wide enough: what one commit writes, the ports read back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from core.announcement import Announcement
from core.assessment import Assessment
from core.baseline import Baseline, Metric
from core.batch import Cursor, KnownState, ManagedResource
from core.coverage import Coverage, CoverageReport, CoverageState
from core.delivery import Delivery, Receipt
from core.event import ChangeType, Event
from core.observation import Observation
from core.ports import Commit, Counts, Page, Span
from core.story import FollowUp, FollowUpState, Settling, Story, StoryLink
from core.subscription import EventFilter, Mute, Subscription, Visibility
from core.timerange import TimeRange
from core.unified import UnifiedEvent


@dataclass
class SmallStore:
    """Each port is the store itself where names do not clash, else a small view of it."""

    stored: dict[str, Event] = field(default_factory=dict)
    assessed: dict[str, list[Assessment]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, Story] = field(default_factory=dict)
    linked: dict[tuple[str, str], StoryLink] = field(default_factory=dict)
    rows: dict[str, Baseline] = field(default_factory=dict)
    read: list[Coverage] = field(default_factory=list)
    seen: dict[str, Observation] = field(default_factory=dict)
    readings: list[Observation] = field(default_factory=list)
    said: dict[str, Announcement] = field(default_factory=dict)
    managed_rows: dict[str, ManagedResource] = field(default_factory=dict)
    watched: dict[str, FollowUp] = field(default_factory=dict)
    sent: dict[str, Delivery] = field(default_factory=dict)
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    measured: list[Metric] = field(default_factory=list)
    cursor_of: dict[str, Cursor] = field(default_factory=dict)
    subscribed: list[Subscription] = field(default_factory=list)
    muted: list[Mute] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    refuses: Exception | None = None

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def __post_init__(self) -> None:
        self.work = self
        self.events = _Events(self)
        self.assessments = _Assessments(self)
        self.stories = _Stories(self)
        self.observations = _Observations(self)
        self.coverage = _Coverages(self)
        self.managed = _Managed(self)
        self.announcements = _Announced(self)
        self.baselines = _Rows(self)
        self.follow_ups = _Watching(self)
        self.deliveries = _Sent(self)
        self.subscriptions = _Subscribed(self)
        self.mutes = _Muted(self)
        self.cursors = _Cursors(self)
        self.metrics = _Metrics(self)

    def commit(self, commit: Commit) -> int:
        if self.refuses is not None:
            raise self.refuses
        self.commits.append(commit)
        batch, conclusions = commit.batch, commit.conclusions
        for event in batch.events:
            self.stored.setdefault(event.id, event)
        for made in conclusions.assessments:
            if all(one.revision != made.revision for one in self.assessed[made.event_id]):
                self.assessed[made.event_id].append(made)
        self.told.update({story.id: story for story in conclusions.stories})
        self.linked.update({(link.key, link.story_id): link for link in conclusions.links})
        self.rows.update({row.key: row for row in conclusions.baselines})
        self.watched.update({one.story_id: one for one in conclusions.follow_ups})
        self.measured += conclusions.metrics
        self.read += batch.coverage
        self.seen.update({one.key: one for one in batch.observations})
        gone = {one.resource.key for one in batch.events if one.change_type is ChangeType.DELETED}
        self.seen = {key: one for key, one in self.seen.items() if one.resource.key not in gone}
        self.readings += batch.observations
        self.said.update({one.id: one for one in batch.announcements})
        self.managed_rows.update({alias: one for one in batch.managed for alias in one.aliases})
        for delivery in commit.deliveries:
            self.sent.setdefault(delivery.key, delivery)
        if batch.cursor.state:
            self.cursor_of[commit.source] = batch.cursor
        return len(self.stored)

    def unified(self, event_id: str) -> UnifiedEvent:
        return UnifiedEvent(event=self.stored[event_id], assessment=max(self.assessed[event_id], key=lambda one: one.revision))

    def partition(self) -> set[frozenset[str]]:
        """The stories' events, as sets of ids."""
        found: dict[str, set[str]] = defaultdict(set)
        for event_id in self.stored:
            found[self.unified(event_id).correlation_id].add(event_id)
        return {frozenset(ids) for ids in found.values()}


def newest(found: Iterable[UnifiedEvent], most: int) -> tuple[UnifiedEvent, ...]:
    return tuple(sorted(found, key=lambda one: (one.timestamp, one.id), reverse=True)[:most])


@dataclass
class _View:
    store: SmallStore


class _Events(_View):
    def unseen(self, ids: Collection[str]) -> set[str]:
        return set(ids) - self.store.stored.keys()

    def get(self, visibility: Visibility, event_id: str) -> UnifiedEvent | None:
        return self.store.unified(event_id) if event_id in self.store.stored else None

    def by_ids(self, visibility: Visibility, ids: Collection[str]) -> Sequence[UnifiedEvent]:
        return [self.store.unified(one) for one in ids if one in self.store.stored]

    def counts(self, visibility: Visibility, filter: EventFilter, span: Span) -> Counts:
        assert span.range is not None
        return Counts(total=sum(1 for event in self.store.stored.values() if span.range.holds(event.occurred_at)))

    def page(
        self, visibility: Visibility, filter: EventFilter, span: Span, *, after: str = "", limit: int = 100, newest_first: bool = True
    ) -> Page:
        """Of named resources only."""
        assert span.range is not None
        found = [self.store.unified(event.id) for event in self.of_resources(filter.resource_keys) if span.range.holds(event.occurred_at)]
        types, verdicts = filter.change_types, filter.verdicts
        wanted = (one for one in found if one.event.change_type in types and (not verdicts or one.verdict in verdicts))
        return Page(items=newest(wanted, limit))

    def of_resources(self, keys: Collection[str]) -> Iterable[Event]:
        return [event for event in self.store.stored.values() if event.resource.key in keys]

    def of_story(self, visibility: Visibility, story_id: str, *, after: str = "", limit: int = 100) -> Page:
        found = [one for key in self.store.stored if (one := self.store.unified(key)).correlation_id == story_id]
        return Page(items=newest(found, limit))

    def of_stories(self, visibility: Visibility, story_ids: Collection[str], most: int) -> Sequence[UnifiedEvent]:
        return [one for story_id in story_ids for one in self.of_story(visibility, story_id, limit=most).items]


class _Assessments(_View):
    def unfinished(self, limit: int = 100) -> Sequence[UnifiedEvent]:
        return [one for key in self.store.stored if (one := self.store.unified(key)).assessment.failed_steps][:limit]


class _Stories(_View):
    def get(self, story_id: str) -> Story | None:
        return self.store.told.get(story_id)

    def by_links(self, keys: Collection[str], since: datetime) -> Mapping[str, Sequence[tuple[Story, float]]]:
        found: dict[str, list[tuple[Story, float]]] = defaultdict(list)
        for (key, story_id), link in self.store.linked.items():
            story = self.store.told[story_id]
            if key in keys and link.last_at >= since and story.open and not story.merged_into:
                found[key].append((story, link.strength))
        return found

    def recent(self, visibility: Visibility, span: Span, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        assert span.range is not None
        return [story for story in self.store.told.values() if not story.merged_into and span.range.holds(story.last_at)][:limit]

    def unsettled(self, visibility: Visibility, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        return [
            story for story in self.store.told.values() if story.open and story.settling not in (Settling.SETTLED, Settling.NOT_STARTED)
        ]

    def degraded(self, visibility: Visibility, limit: int = 200, *, environments: Collection[str] = ()) -> Sequence[Story]:
        return [story for story in self.unsettled(visibility) if story.settling is Settling.DEGRADED]


class _Observations(_View):
    def current(self, resource_keys: Collection[str]) -> Sequence[Observation]:
        return [one for one in self.store.seen.values() if one.resource.key in resource_keys]

    def history(self, resource_keys: Collection[str], span: TimeRange, limit: int = 1000) -> Sequence[Observation]:
        return [one for one in self.store.readings if one.resource.key in resource_keys and span.holds(one.at)][:limit]

    def of_environment(self, environment: str, since: datetime) -> Sequence[Observation]:
        return [one for one in self.store.seen.values() if (not environment or one.resource.environment == environment) and one.at >= since]


class _Coverages(_View):
    def report(self, span: TimeRange, sources: Collection[str], now: datetime) -> CoverageReport:
        gaps = []
        for source in sources:
            at = span.start
            for stretch in sorted(
                (c for c in self.store.read if c.source == source and c.state is CoverageState.READ), key=lambda c: c.range
            ):
                if stretch.range.start > at:
                    gaps.append(self._gap(source, at, min(stretch.range.start, span.end)))
                at = max(at, stretch.range.end)
                if at >= span.end:
                    break
            if at < span.end:
                gaps.append(self._gap(source, at, span.end))
        return CoverageReport(range=span, sources=tuple(sources), gaps=tuple(gaps), complete_until=())

    @staticmethod
    def _gap(source: str, start: datetime, end: datetime) -> Coverage:
        return Coverage(source=source, range=TimeRange(start=start, end=end), state=CoverageState.GAP, complete_until=start)

    def last(self) -> Mapping[str, Coverage]:
        return {one.source: one for one in sorted(self.store.read, key=lambda c: c.range.end)}


class _Managed(_View):
    def by_alias(self, aliases: Collection[str]) -> Mapping[str, ManagedResource]:
        return {alias: self.store.managed_rows[alias] for alias in aliases if alias in self.store.managed_rows}


class _Announced(_View):
    def around(self, span: TimeRange) -> Sequence[Announcement]:
        return [one for one in self.store.said.values() if one.range.overlaps(span)]


class _Rows(_View):
    def get(self, keys: Collection[str]) -> Mapping[str, Baseline]:
        return {key: self.store.rows[key] for key in keys if key in self.store.rows}

    def prefixed(self, prefix: str, limit: int = 1000) -> Sequence[Baseline]:
        return [row for key, row in sorted(self.store.rows.items()) if key.startswith(prefix)][:limit]


class _Metrics(_View):
    def between(self, name: str, span: TimeRange, environment: str = "") -> Sequence[Metric]:
        return [one for one in self.store.measured if one.name == name and span.holds(one.at) and one.environment == environment]


class _Watching(_View):
    def watching(self, limit: int = 500) -> Sequence[FollowUp]:
        return [one for one in self.store.watched.values() if one.state is FollowUpState.WATCHING]


class _Sent(_View):
    def receipt(self, destination: str, story_id: str) -> Receipt | None:
        return self.store.receipts.get((destination, story_id))


class _Subscribed(_View):
    def all(self) -> Sequence[Subscription]:
        return self.store.subscribed


class _Muted(_View):
    def active(self, now: datetime) -> Sequence[Mute]:
        return [one for one in self.store.muted if now < one.until]


class _Cursors(_View):
    def get(self, source: str) -> Cursor | None:
        return self.store.cursor_of.get(source)

    def known(self, source: str) -> "_Nothing":
        return _Nothing()


class _Nothing:
    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return ()
