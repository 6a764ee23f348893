"""Is a change the last of its resource? What is told of how things stand is held against what is stored since."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.ports import EventStore, Span
from core.story import Story
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_MOST_READ = 200
# Clocks differ: what is stamped a little ahead of ours has happened.
_AHEAD = timedelta(days=1)


def unchanged(events: EventStore, of: Sequence[UnifiedEvent], now: datetime) -> frozenset[str]:
    """Those of these events after which no other change of their resource is stored, whoever may see it, nor one of the same second.

    None where too much was stored to read it all.
    """
    if not of:
        return frozenset()
    span = Span(range=TimeRange(start=min(one.timestamp for one in of), end=now + _AHEAD))
    keys = frozenset(one.resource.key for one in of)
    page = events.page(EVERYTHING, EventFilter(resource_keys=keys), span, limit=_MOST_READ)
    if page.next:
        return frozenset()
    since: dict[str, list[UnifiedEvent]] = {key: [] for key in keys}
    for one in page.items:
        if not one.event.attempted:
            since[one.resource.key].append(one)
    return frozenset(
        one.id for one in of if all(other.id == one.id or other.timestamp < one.timestamp for other in since[one.resource.key])
    )


def verified(events: EventStore, stories: Mapping[str, Story], now: datetime) -> dict[str, Story]:
    """The stories, none said to be taken back where something happened to it after the undoing: only the last days are looked at again."""
    undoings = [story.taken_back.event_id for story in stories.values() if story.taken_back]
    still = unchanged(events, events.by_ids(EVERYTHING, undoings), now) if undoings else frozenset()
    return {
        story_id: replace(story, taken_back=None) if story.taken_back and story.taken_back.event_id not in still else story
        for story_id, story in stories.items()
    }
