"""Changes looked through for what no column tells, and counted. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.assessment import Verdict
from core.assistant.topics import Sought
from core.event import ActorKind
from core.ports import Counts
from core.unified import UnifiedEvent

_OPEN = frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What was found. `called` are the names that it goes by, `about` says what else was looked for; `missing` is what nothing held all
    of, where `shown` is only what comes closest. `looked` changes of `of` were looked through, where they were."""

    counts: Counts
    people: Counts
    shown: Sequence[UnifiedEvent] = ()
    called: str = ""
    about: str = ""
    missing: str = ""
    looked: int = 0
    of: int = 0


def through(events: Sequence[UnifiedEvent], of: int, sought: Sought, called: str) -> Looked:
    """The changes that hold all that is sought; else those that hold the first part of it that any does."""
    found, about, missing = [one for one in events if sought.holds(one)], sought.says, ""
    parts = sought.parts()
    for part in parts if not found and len(parts) > 1 else ():
        if near := [one for one in events if part.holds(one)]:
            found, about, missing = near, part.says, sought.says
            break
    return Looked(
        counts=counted(found),
        people=counted(one for one in found if one.actor.kind is ActorKind.HUMAN),
        shown=_first(found),
        called=called,
        about=about,
        missing=missing,
        looked=len(events),
        of=of,
    )


def counted(events: Iterable[UnifiedEvent]) -> Counts:
    held = tuple(events)
    return Counts(
        total=len(held),
        by_verdict=Counter(one.verdict for one in held),
        by_environment=Counter(one.event.environment for one in held),
        by_provider=Counter(one.event.provider for one in held),
        by_actor=Counter(one.actor.name or one.actor.id for one in held),
        by_change_type=Counter(one.event.change_type.value for one in held),
    )


def _first(events: Sequence[UnifiedEvent]) -> tuple[UnifiedEvent, ...]:
    """One change a story: what nobody explained first, then in the order given."""
    found: dict[str, UnifiedEvent] = {}
    for one in sorted(events, key=lambda one: one.verdict not in _OPEN):
        found.setdefault(one.correlation_id or one.id, one)
    return tuple(found.values())
