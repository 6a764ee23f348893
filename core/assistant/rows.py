"""The pieces that answers are made of: a change as a line, its number, its citation, counts in words. Pure."""

import re
from collections.abc import Sequence

from core import phrases
from core.assessment import Verdict
from core.ports import Counts
from core.report import Citation
from core.story import Settling, Story
from core.text import EventRef, Text
from core.unified import UnifiedEvent


def line(one: UnifiedEvent, number: int, story: Story | None) -> Text:
    return (mark(number, one), " ", *phrases.told(one), f": {phrases.VERDICTS[one.verdict]}.", *_stands(one, story))


def _stands(one: UnifiedEvent, story: Story | None) -> Text:
    """That its story is not well, or was taken back; what else is known of it stands with the story itself."""
    if story is None:
        return ()
    if story.settling is Settling.DEGRADED:
        return (" ", *phrases.stands(story))
    return (" ", *phrases.taken_back(story)) if story.taken_back is not None and story.headline_event == one.id else ()


def mark(number: int, one: UnifiedEvent) -> EventRef:
    return EventRef(f"[{number}]", one.id)


def citations(events: Sequence[UnifiedEvent]) -> tuple[Citation, ...]:
    return tuple(
        Citation(
            number=number, says=phrases.told(one), event_id=one.id, story_id=one.correlation_id, at=one.timestamp, links=one.event.links
        )
        for number, one in enumerate(events, 1)
    )


def by(people: Counts) -> str:
    names = [name for name in people.by_actor if name]
    if not people.total:
        return ", none by a person" if not names else ""
    if not names:
        return ""
    return f", {people.total:,} by {_people(names)}"


def _people(names: Sequence[str]) -> str:
    """How many they are. Who has an address and a name that begin alike may be one person twice: then only the names are counted."""
    if len({re.split(r"[@\s.]", name.lower())[0] for name in names}) < len(names):
        return f"people under {len(names)} names"
    return "one person" if len(names) == 1 else f"{len(names)} people"


def verdicts(counts: Counts) -> str:
    ordered = (Verdict.UNPLANNED, Verdict.UNKNOWN, Verdict.PLANNED, Verdict.ROUTINE)
    words = {**{verdict: verdict.value for verdict in Verdict}, Verdict.UNKNOWN: "I can't tell"}
    return ", ".join(f"{counts.by_verdict[one]:,} {words[one]}" for one in ordered if counts.by_verdict.get(one))
