"""The small store of core's tests, indexed, so that a year fits through it in minutes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.batch import KnownState
from core.coverage import Coverage, CoverageReport, CoverageState
from core.event import ChangeType, Event
from core.observation import Observation
from core.ports import Commit, Page
from core.story import FollowUp, FollowUpState, Settling, Story, StoryLink
from core.subscription import Visibility
from core.timerange import TimeRange
from core.unified import UnifiedEvent
from tests.unit.core.small_store import SmallStore, _Coverages, _Events, _Observations, _Stories, _View, _Watching, newest

_LINKS_KEPT = timedelta(days=1)
_UNSETTLED = 50


@dataclass
class MemoryStore(SmallStore):
    """Same rows, found by index instead of by scan. `now` is the newest time it was told of; older links are let go."""

    story_of: dict[str, str] = field(default_factory=dict)
    events_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    links_of: dict[str, dict[str, StoryLink]] = field(default_factory=lambda: defaultdict(dict))
    open_questions: dict[str, FollowUp] = field(default_factory=dict)
    pending: dict[str, Story] = field(default_factory=dict)
    touched: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    by_resource: dict[str, dict[str, Observation]] = field(default_factory=lambda: defaultdict(dict))
    newest: dict[str, Coverage] = field(default_factory=dict)
    stretches: dict[str, list[Coverage]] = field(default_factory=lambda: defaultdict(list))
    known: dict[str, dict[str, KnownState]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        SmallStore.__post_init__(self)
        self.events = _Indexed(self)
        self.stories = _IndexedStories(self)
        self.observations = _IndexedObservations(self)
        self.coverage = _Stretches(self)
        self.follow_ups = _Questions(self)

    def commit(self, commit: Commit) -> int:
        sequence = SmallStore.commit(self, commit)
        self.commits.clear()
        self.sent.clear()
        self.readings.clear()
        conclusions = commit.conclusions
        for made in conclusions.assessments:
            del self.assessed[made.event_id][:-1]
            held = self.story_of.get(made.event_id)
            if held is not None:
                self.events_of[held].discard(made.event_id)
            self.story_of[made.event_id] = made.correlation.story_id
            self.events_of[made.correlation.story_id].add(made.event_id)
        for event in commit.batch.events:
            self.touched[event.resource.key].append(event)
        self._index(commit)
        return sequence

    def _index(self, commit: Commit) -> None:
        for link in commit.conclusions.links:
            rows = self.links_of[link.key]
            rows[link.story_id] = link
            if len(rows) > 8:
                for story_id in [key for key, row in rows.items() if row.last_at < link.last_at - _LINKS_KEPT]:
                    del rows[story_id]
        self.linked.clear()
        for question in commit.conclusions.follow_ups:
            self.open_questions[question.story_id] = question
            if question.state is not FollowUpState.WATCHING:
                del self.open_questions[question.story_id]
        for story in commit.conclusions.stories:
            self.pending[story.id] = story
            if not story.open or story.merged_into or story.settling in (Settling.SETTLED, Settling.NOT_STARTED):
                del self.pending[story.id]
        for one in commit.batch.observations:
            self.by_resource[one.resource.key][one.key] = one
        for event in commit.batch.events:
            if event.change_type is ChangeType.DELETED:
                self.by_resource.pop(event.resource.key, None)
        self.read.clear()
        for stretch in commit.batch.coverage:
            held = self.newest.get(stretch.source)
            if held is None or stretch.range.end >= held.range.end:
                self.newest[stretch.source] = stretch
            self._read(stretch)

    def _read(self, stretch: Coverage) -> None:
        if stretch.state is not CoverageState.READ:
            return
        rows = self.stretches[stretch.source]
        if rows and rows[-1].range.end >= stretch.range.start:
            joined = TimeRange(start=rows[-1].range.start, end=max(rows[-1].range.end, stretch.range.end))
            rows[-1] = Coverage(source=stretch.source, range=joined, state=CoverageState.READ, complete_until=stretch.complete_until)
        else:
            rows.append(stretch)


@dataclass
class _Of(_View):
    store: MemoryStore


class _Indexed(_Of, _Events):
    def unseen(self, ids: Collection[str]) -> set[str]:
        return {one for one in ids if one not in self.store.stored}

    def by_ids(self, visibility: Visibility, ids: Collection[str]) -> Sequence[UnifiedEvent]:
        return [self.store.unified(one) for one in ids if one in self.store.stored]

    def of_resources(self, keys: Collection[str]) -> Iterable[Event]:
        return (event for key in keys for event in self.store.touched.get(key, ()))

    def of_story(self, visibility: Visibility, story_id: str, *, after: str = "", limit: int = 100) -> Page:
        found = [self.store.unified(one) for one in self.store.events_of.get(story_id, ())]
        return Page(items=newest(found, limit))

    def of_stories(self, visibility: Visibility, story_ids: Collection[str], most: int) -> Sequence[UnifiedEvent]:
        return [one for story_id in story_ids for one in self.of_story(visibility, story_id, limit=most).items]


class _IndexedStories(_Of, _Stories):
    def by_links(self, keys: Collection[str], since: datetime) -> Mapping[str, Sequence[tuple[Story, float]]]:
        found: dict[str, list[tuple[Story, float]]] = {}
        for key in keys:
            for story_id, link in self.store.links_of.get(key, {}).items():
                story = self.store.told[story_id]
                if link.last_at >= since and story.open and not story.merged_into:
                    found.setdefault(key, []).append((story, link.strength))
        return found

    def unsettled(self, visibility: Visibility, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        return sorted(self.store.pending.values(), key=lambda story: story.last_at, reverse=True)[:_UNSETTLED]


class _IndexedObservations(_Of, _Observations):
    def current(self, resource_keys: Collection[str]) -> Sequence[Observation]:
        return [one for key in resource_keys for one in self.store.by_resource.get(key, {}).values()]

    def of_environment(self, environment: str, since: datetime) -> Sequence[Observation]:
        return [one for one in self.store.seen.values() if one.at >= since and (not environment or one.resource.environment == environment)]


class _Stretches(_Of, _Coverages):
    def report(self, span: TimeRange, sources: Collection[str], now: datetime) -> CoverageReport:
        gaps = []
        for source in sources:
            at = span.start
            for stretch in self.store.stretches.get(source, ()):
                if stretch.range.end < span.start:
                    continue
                if stretch.range.start > at:
                    gaps.append(self._gap(source, at, min(stretch.range.start, span.end)))
                at = max(at, stretch.range.end)
                if at >= span.end:
                    break
            if at < span.end:
                gaps.append(self._gap(source, at, span.end))
        return CoverageReport(range=span, sources=tuple(sources), gaps=tuple(gaps), complete_until=())

    def last(self) -> Mapping[str, Coverage]:
        return dict(self.store.newest)


class _Questions(_Of, _Watching):
    def watching(self, limit: int = 500) -> Sequence[FollowUp]:
        return list(self.store.open_questions.values())[:limit]
