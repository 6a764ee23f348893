"""What nobody explained and is not over, found by verdict: what is graver and explained pushes none of it out of the page read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from core.assessment import Severity, Verdict
from core.ports import EventStore, Span, StoryStore
from core.story import Settling, Story
from core.subscription import EventFilter, Visibility
from core.unified import UnifiedEvent

VERDICTS = frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN})
# How many changes are looked through at first, and then where too few of those were open.
_LOOKED = (200, 5000)


class Kept(Protocol):
    """The ports that are read."""

    events: EventStore
    stories: StoryStore


def _over(one: UnifiedEvent, story: Story) -> bool:
    """Healthy pods end the question of most changes. Of a grant or a privileged workload that nobody meant they say nothing, while it
    stands."""
    grave = one.verdict is Verdict.UNPLANNED and one.severity.rank >= Severity.HIGH.rank and story.taken_back is None
    return story.settling is Settling.SETTLED and not grave


@dataclass(frozen=True, kw_only=True, slots=True)
class Unexplained:
    """One change a story, its gravest, the gravest first; and their stories by id. `cut`: there were more changes than were looked
    through, so that none here does not mean that there is none."""

    events: tuple[UnifiedEvent, ...] = ()
    stories: Mapping[str, Story]
    cut: bool = False


def unexplained(
    store: Kept, visibility: Visibility, wanted: EventFilter, span: Span, *, enough: int, told_as: Collection[Verdict] = tuple(Verdict)
) -> Unexplained:
    """Those of `wanted` (whose own verdicts narrow it further) in stories that are told as one of `told_as`, until `enough` are found.
    Raises StorageError."""
    verdicts = VERDICTS & wanted.verdicts if wanted.verdicts else VERDICTS
    held = Unexplained(stories={})
    if not verdicts:
        return held
    for most in _LOOKED:
        read = store.events.severest(visibility, replace(wanted, verdicts=verdicts), span, most)
        stories = store.stories.by_ids({one.correlation_id for one in read if one.correlation_id})
        gravest: dict[str, UnifiedEvent] = {}
        for one in read:
            story = stories.get(one.correlation_id)
            if story is None or (story.verdict in told_as and not _over(one, story)):
                gravest.setdefault(one.correlation_id or one.id, one)
        held = Unexplained(events=tuple(gravest.values()), stories=stories, cut=len(read) >= most)
        if not held.cut or len(gravest) >= enough:
            break
    return held
