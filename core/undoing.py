"""Is what nobody explained still as it was left? It is looked at again and again: who took it back, and whether that still holds."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from core.analysis.undoing import by_whom
from core.assessment import Severity, Verdict
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import overlapping
from core.errors import StorageError
from core.ports import CoverageStore, EventStore, Span, StoryStore
from core.story import NO_LONGER, NOT_READ_SINCE, OPEN_FOR, TAKEN_BACK, Story, TakenBack
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_log = logging.getLogger(__name__)
_ALARMING = EventFilter(verdicts=frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN}), min_severity=Severity.MEDIUM)
# How many alarming events and stories are looked at, the gravest first; and of how many changes of a story and of a resource.
_MOST_ALARMING, _MOST_STORIES, _MOST_OF_STORY, _MOST_GRAVE, _MOST_OF_RESOURCE = 400, 50, 60, 5, 200
# Clocks differ: what is stamped a little ahead of ours has happened.
_AHEAD = timedelta(days=1)


class Commits(Protocol):
    """core.ingest.Ingest: writes conclusions, and tells them."""

    def exclusive(self) -> AbstractContextManager[object]: ...

    def commit(self, conclusions: Conclusions) -> int: ...


class Kept(Protocol):
    """The ports that looking again reads from."""

    events: EventStore
    stories: StoryStore
    coverage: CoverageStore


class Undoings:
    """Looks at the gravest unexplained stories of the last days. Nothing is remembered between two looks but what the stories say."""

    def __init__(self, store: Kept, ingest: Commits, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._ingest = ingest
        self._clock = clock

    def look(self) -> int:
        """How many stories are told otherwise now. Raises StorageError. One story that cannot be judged costs itself alone."""
        now = self._clock()
        differing: dict[str, tuple[int, TakenBack | None]] = {}
        for story in self._stories(now):
            try:
                found = self._found(story, now)
            except StorageError:
                raise
            except Exception:  # noqa: BLE001 - whatever is wrong with one story, the others are to be looked at
                _log.exception("could not see whether a story was taken back", extra={"story": story.id})
                continue
            if found != story.taken_back:
                differing[story.id] = (story.revision, found)
        if not differing:
            return 0
        with self._ingest.exclusive():
            # Read once more: what was told of a story in between is looked at the next time.
            held = self._store.stories.by_ids(differing)
            told = [_told(held[one], found, now) for one, (at, found) in differing.items() if one in held and held[one].revision == at]
            if told:
                self._ingest.commit(Conclusions(stories=tuple(told)))
        return len(told)

    def _stories(self, now: datetime) -> list[Story]:
        """By their gravest events of the last days, whatever else happened."""
        span = Span(range=TimeRange(start=now - OPEN_FOR, end=now + _AHEAD))
        alarming = self._store.events.severest(EVERYTHING, _ALARMING, span, _MOST_ALARMING)
        ids = list(dict.fromkeys(one.correlation_id for one in alarming if one.correlation_id))[:_MOST_STORIES]
        held = self._store.stories.by_ids(ids)
        return [held[one] for one in ids if one in held and not held[one].merged_into]

    def _found(self, story: Story, now: datetime) -> TakenBack | None:
        """None also where it is too large to be judged."""
        members = self._store.events.of_story(EVERYTHING, story.id, limit=_MOST_OF_STORY)
        grave = [
            one for one in members.items if one.severity is story.severity and one.verdict in _ALARMING.verdicts and not one.event.attempted
        ]
        if members.next or len(grave) > _MOST_GRAVE:
            return None
        back = taken_back((one, self._since(one, now)) for one in grave)
        if back is None:
            return None
        span = TimeRange(start=back.at, end=max(now, back.at + timedelta(seconds=1)))
        holes = overlapping(self._store.coverage.report(span, story.sources, now).unread, span)
        return replace(back, whole=not any(gap.source in story.sources for gap in holes))

    def _since(self, one: UnifiedEvent, now: datetime) -> Sequence[UnifiedEvent] | None:
        """What became of its resource since; None where that is more than is read: half a history misleads."""
        page = self._store.events.page(
            EVERYTHING,
            EventFilter(resource_keys=frozenset({one.resource.key})),
            Span(range=TimeRange(start=one.timestamp, end=now + _AHEAD)),
            limit=_MOST_OF_RESOURCE,
        )
        return None if page.next else page.items


def taken_back(changes: Iterable[tuple[UnifiedEvent, Sequence[UnifiedEvent] | None]]) -> TakenBack | None:
    """Of changes, each with what happened to its resource since (None: not all is known): the last undoing, where each is undone. Pure."""
    undone = []
    for one, since in changes:
        by = by_whom(one, since) if since is not None else None
        if by is None:
            return None
        undone.append(by)
    if not undone:
        return None
    last = max(undone, key=lambda one: (one.timestamp, one.id))
    return TakenBack(event_id=last.id, at=last.timestamp, actor=last.actor, changes=len(undone))


def _told(story: Story, found: TakenBack | None, now: datetime) -> Story:
    return replace(story, revision=story.revision + 1, updated_at=now, taken_back=found, because=_because(story.taken_back, found))


def _because(before: TakenBack | None, found: TakenBack | None) -> str:
    if found is None:
        return NO_LONGER
    return NOT_READ_SINCE if before and replace(before, whole=True) == replace(found, whole=True) and not found.whole else TAKEN_BACK
