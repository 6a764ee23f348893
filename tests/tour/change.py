"""One change of the tour: what is done, what has to be seen of it, and what was."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from core.event import ActorKind, ChangeType, Event, Via
from core.json import JsonValue, encode
from core.trait import Trait
from core.unified import UnifiedEvent

# Stands for a value of which only the presence is known beforehand.
SOMETHING = "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """How one event has to look. `who` is the actor's name or id (* allowed, empty is nobody known); `changes` are path (* allowed) →
    before and after, and all of them, unless it is None; `hidden` must be nowhere in it. `times` such events are expected, each
    standing for `count` raw changes (None: any)."""

    kind: str
    name: str
    change_type: ChangeType
    who: str = ""
    actor: ActorKind = ActorKind.HUMAN
    via: Via = Via.CLI
    changes: Mapping[str, tuple[JsonValue, JsonValue]] | None = field(default_factory=dict)
    traits: frozenset[Trait] = frozenset()
    reason: str = ""
    evidence: str = ""
    hidden: str = ""
    times: int = 1
    count: int | None = 1

    def is_of(self, event: Event) -> bool:
        return _like(event.resource.kind, self.kind) and _like(event.resource.name, self.name) and event.change_type is self.change_type

    def faults(self, seen: UnifiedEvent) -> Iterator[str]:
        """What is not as it has to be."""
        event, actor = seen.event, seen.actor
        if not (any(_like(one, self.who) for one in (actor.name, actor.id)) if self.who else not actor.known):
            yield f"who is {actor.name or actor.id or 'nobody'}, not {self.who or 'nobody'}"
        if (actor.kind, actor.via) != (self.actor, self.via):
            yield f"a {actor.kind} by {actor.via}, not a {self.actor} by {self.via}"
        if self.changes is not None:
            yield from _differences(self.changes, event)
        if missing := self.traits - event.traits:
            yield f"without {', '.join(sorted(missing))}"
        if self.reason and not any(_like(intent.says, self.reason) for intent in event.intents):
            yield f"its reason is {[intent.says for intent in event.intents]}, not {self.reason!r}"
        if self.evidence and not any(_like(one.says, self.evidence) for one in seen.evidence):
            yield f"no evidence says {self.evidence!r}: {[one.says for one in seen.evidence]}"
        if self.hidden and self.hidden.encode() in encode(event):
            yield "its secret is told"
        if self.count is not None and event.count != self.count:
            yield f"it stands for {event.count}, not for {self.count}"


def _like(text: str, pattern: str) -> bool:
    """Only * is special."""
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))


def _differences(expected: Mapping[str, tuple[JsonValue, JsonValue]], event: Event) -> Iterator[str]:
    left = dict(expected)
    for change in event.changes:
        path = next((one for one in left if _like(change.path, one)), None)
        if path is None:
            yield f"{change.path} changed too"
            continue
        for word, wanted, found in zip(("before", "after"), left.pop(path), (change.before, change.after), strict=True):
            if not (found is not None if wanted == SOMETHING else found == wanted):
                yield f"{change.path} is {encode(found).decode()} {word}, not {encode(wanted).decode()}"
    for path in left:
        yield f"{path} is not told"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a change has to show: these events and no others, in one story where `together`; `health` has to become degraded where it
    names a resource's key. `then` is the second half of a change, made when the first was seen."""

    sights: tuple[Sight, ...] = ()
    together: bool = False
    health: str = ""
    then: "Callable[[], Expected] | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """`make` does it, for real, and says what has to be seen. It builds on the change whose number is `after`."""

    number: int
    made: str
    make: Callable[[], Expected]
    after: int | None = None


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What was seen of a change, `seconds` after it was made. Right where there are no faults."""

    number: int
    made: str
    seen: list[UnifiedEvent] = field(default_factory=list)
    seconds: float | None = None
    faults: list[str] = field(default_factory=list)
    health: str = ""

    @property
    def right(self) -> bool:
        return not self.faults

    def as_object(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "made": self.made,
            "right": self.right,
            "faults": self.faults,
            "seconds": None if self.seconds is None else round(self.seconds, 2),
            "health": self.health,
            "seen": [event_object(one) for one in self.seen],
        }


def event_object(seen: UnifiedEvent) -> dict[str, Any]:
    event, actor = seen.event, seen.actor
    return {
        "source": event.source,
        "resource": event.resource.key,
        "change_type": event.change_type.value,
        "action": event.native_action,
        "who": actor.name or actor.id,
        "kind": actor.kind.value,
        "via": actor.via.value,
        "tool": actor.tool,
        "changes": [{"path": one.path, "before": one.before, "after": one.after} for one in event.changes],
        "traits": sorted(event.traits),
        "count": event.count,
        "story": seen.correlation_id,
        "verdict": seen.verdict.value,
        "severity": seen.severity.value,
    }
