"""A story as views take it: with its headline event, a few of its others, and the Slack users behind its actors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.event import Actor
from core.ports import EventStore, StoryStore
from core.story import Story
from core.subscription import EVERYTHING, Visibility
from core.unified import UnifiedEvent

SHOWN_EVENTS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldStory:
    """`events` are its newest, at most SHOWN_EVENTS, the headline apart. `people` maps an actor's id to a Slack user."""

    story: Story
    headline: UnifiedEvent
    events: tuple[UnifiedEvent, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)


class Knows(Protocol):
    """Who of Slack stands behind these actors (bot.people)."""

    def of(self, actors: tuple[Actor, ...]) -> Mapping[str, str]: ...


class Stories(Protocol):
    events: EventStore
    stories: StoryStore


def told(store: Stories, people: Knows, story_id: str, *, visibility: Visibility = EVERYTHING) -> ToldStory | None:
    """The story as it stands now, also where it was merged; None where its events are no longer kept. Raises StorageError."""
    story = store.stories.get(story_id)
    if story is None:
        return None
    page = store.events.of_story(visibility, story.id, limit=SHOWN_EVENTS)
    headline = store.events.get(visibility, story.headline_event) or next(iter(page.items), None)
    if headline is None:
        return None
    others = tuple(one for one in page.items if one.id != headline.id)
    undone = (story.taken_back.actor,) if story.taken_back else ()
    actors = tuple(dict.fromkeys((*story.actors, *undone, headline.actor, *(one.actor for one in others))))
    return ToldStory(story=story, headline=headline, events=others, people=people.of(actors))
