"""Is what nobody explained still as it was left? Open stories are looked at again as new changes come, and say who took them back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from core.analysis.undoing import by_whom
from core.assessment import Severity, Verdict
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.ports import EventStore, Span, StoryStore
from core.story import NO_LONGER, OPEN_FOR, TAKEN_BACK, Story, TakenBack
from core.subscription import EVERYTHING, EventFilter, Visibility
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_TO_LOOK_AT = frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN})
_MOST_STORIES, _MOST_EVENTS, _PAGE, _MOST_PAGES, _MOST_SINCE = 50, 60, 500, 10, 200
_MOMENT = timedelta(seconds=1)


class Commits(Protocol):
    """core.ingest.Ingest: writes conclusions, and tells them."""

    def exclusive(self) -> AbstractContextManager[object]: ...

    def commit(self, conclusions: Conclusions) -> int: ...


class Kept(Protocol):
    """The ports that looking again reads from."""

    events: EventStore
    stories: StoryStore


class Undoings:
    """Looks at the gravest open stories of the last days whenever something was stored since it looked last."""

    def __init__(self, store: Kept, ingest: Commits, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._ingest = ingest
        self._clock = clock
        self._looked_at = -1

    def look(self) -> int:
        """How many stories were taken back, or done again, since. Raises StorageError."""
        sequence = self._store.events.sequence()
        if sequence == self._looked_at:
            return 0
        now = self._clock()
        with self._ingest.exclusive():
            span = Span(range=TimeRange(start=now - OPEN_FOR, end=now + _MOMENT))
            recent = self._store.stories.recent(EVERYTHING, span, _MOST_STORIES)
            stories = [story for story in recent if story.verdict in _TO_LOOK_AT and story.severity.rank >= Severity.MEDIUM.rank]
            found = self._found(stories, now) if stories else {}
            told = [_told(story, found[story.id], now) for story in stories if story.id in found and found[story.id] != story.taken_back]
            if told:
                self._ingest.commit(Conclusions(stories=tuple(told)))
        self._looked_at = sequence
        return len(told)

    def _found(self, stories: Sequence[Story], now: datetime) -> Mapping[str, TakenBack | None]:
        """By story. Where not everything since could be read, nothing is said to be taken back."""
        events = self._store.events.of_stories(EVERYTHING, [story.id for story in stories], _MOST_EVENTS)
        grave: dict[str, list[UnifiedEvent]] = defaultdict(list)
        severity = {story.id: story.severity for story in stories if story.event_count <= _MOST_EVENTS}
        for one in events:
            if severity.get(one.correlation_id) is one.severity and one.verdict in _TO_LOOK_AT and not one.event.attempted:
                grave[one.correlation_id].append(one)
        afterwards = self._afterwards([one for members in grave.values() for one in members], now)
        return {story_id: taken_back((one, afterwards.get(one.resource.key, ())) for one in members) for story_id, members in grave.items()}

    def _afterwards(self, events: Sequence[UnifiedEvent], now: datetime) -> dict[str, list[UnifiedEvent]]:
        """The changes of each of these resources since, oldest first. Nothing of any where they are too many: half a history misleads."""
        keys = frozenset(one.resource.key for one in events)
        if not keys:
            return {}
        span = Span(range=TimeRange(start=min(one.timestamp for one in events), end=now + _MOMENT))
        found: dict[str, list[UnifiedEvent]] = {key: [] for key in keys}
        after = ""
        for _ in range(_MOST_PAGES):
            page = self._store.events.page(EVERYTHING, EventFilter(resource_keys=keys), span, after=after, limit=_PAGE, newest_first=False)
            for one in page.items:
                found[one.resource.key].append(one)
            after = page.next
            if not after:
                return found
        return {}


def unchanged(events: EventStore, visibility: Visibility, of: Sequence[UnifiedEvent], now: datetime) -> frozenset[str]:
    """Those of these events after which no other change of their resource is stored. None where too much was stored to read it all."""
    span = Span(range=TimeRange(start=min(one.timestamp for one in of), end=now + _MOMENT))
    page = events.page(visibility, EventFilter(resource_keys=frozenset(one.resource.key for one in of)), span, limit=_MOST_SINCE)
    if page.next:
        return frozenset()
    newest: dict[str, str] = {}
    for one in page.items:
        if not one.event.attempted:
            newest.setdefault(one.resource.key, one.id)
    return frozenset(one.id for one in of if newest.get(one.resource.key) == one.id)


def taken_back(changes: Iterable[tuple[UnifiedEvent, Sequence[UnifiedEvent]]]) -> TakenBack | None:
    """Of changes, each with what happened to its resource since (oldest first): the last undoing, where each is undone. Pure."""
    undone = []
    for one, afterwards in changes:
        by = by_whom(one, (other for other in afterwards if other.timestamp >= one.timestamp))
        if by is None:
            return None
        undone.append(by)
    if not undone:
        return None
    last = max(undone, key=lambda one: (one.timestamp, one.id))
    return TakenBack(event_id=last.id, at=last.timestamp, actor=last.actor, changes=len(undone))


def _told(story: Story, found: TakenBack | None, now: datetime) -> Story:
    because = TAKEN_BACK if found else NO_LONGER
    return replace(story, revision=story.revision + 1, updated_at=now, taken_back=found, because=because)
