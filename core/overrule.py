"""A person's word on a verdict: it counts from now on, it is told, and it teaches."""

from contextlib import AbstractContextManager
from typing import Protocol

from core.assessment import Assessment, Overrule
from core.conclusions import Conclusions
from core.errors import StorageError
from core.lookback import LookBack
from core.ports import EventStore, StoryStore
from core.story import Story
from core.subscription import EVERYTHING


class Commits(Protocol):
    """core.ingest.Ingest: writes conclusions, and tells them."""

    def exclusive(self) -> AbstractContextManager[object]: ...

    def commit(self, conclusions: Conclusions) -> int: ...


class Overruled(Protocol):
    """The ports that an overrule reads from."""

    events: EventStore
    stories: StoryStore


class Overrules:
    """Applies what people say. The same word twice changes nothing the second time but who said it last."""

    def __init__(self, store: Overruled, look_back: LookBack, ingest: Commits) -> None:
        self._store = store
        self._look_back = look_back
        self._ingest = ingest

    def apply(self, event_id: str, overrule: Overrule) -> Assessment:
        """The event's new assessment, committed. Raises StorageError where the event is not stored (any more)."""
        with self._ingest.exclusive():
            one = self._store.events.get(EVERYTHING, event_id)
            if one is None:
                raise StorageError(
                    f"there is no event {event_id}", next_step="It may be older than what is kept (database.retention_days)."
                )
            conclusions = self._look_back.overruled(one, self._story(one.correlation_id), overrule)
            self._ingest.commit(conclusions)
        return conclusions.assessments[0]

    def _story(self, story_id: str) -> Story | None:
        """The story, or the one that it was merged into."""
        story = self._store.stories.get(story_id)
        return self._store.stories.get(story.merged_into) if story and story.merged_into else story
