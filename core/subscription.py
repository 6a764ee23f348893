"""Who hears what, when: subscriptions, mutes, quiet hours, comfort mode; and the customer's EventFilter."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum

from core.assessment import Severity, Verdict
from core.event import ActorKind, ChangeType


class ComfortMode(StrEnum):
    """How much comfort a reader wants: high adds reassurance wherever earned, standard where it helps, off states facts only."""

    HIGH = "high"
    STANDARD = "standard"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visibility:
    """What a reader may see. A parameter of every read. None is everything."""

    environments: frozenset[str] | None = None
    sources: frozenset[str] | None = None


EVERYTHING = Visibility()


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFilter:
    """Criteria joined by AND; within one, any of the members. Empty means no restriction. `text` is matched in resource names and keys."""

    environments: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    resource_keys: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()
    actor_kinds: frozenset[ActorKind] = frozenset()
    verdicts: frozenset[Verdict] = frozenset()
    change_types: frozenset[ChangeType] = frozenset()
    min_severity: Severity = Severity.INFO
    story_id: str = ""
    text: str = ""

    def widened(self, other: "EventFilter") -> "EventFilter":
        """With the members of the other's criteria beside its own."""
        sets = {
            name: held | getattr(other, name) for name in self.__dataclass_fields__ if isinstance(held := getattr(self, name), frozenset)
        }
        return replace(self, **sets)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuietHours:
    """Local times of day; may cross midnight. Nothing below `breaks_at` severity is sent inside them."""

    start: time
    end: time
    time_zone: str
    breaks_at: Severity = Severity.CRITICAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """One destination and what it hears. Routine stories are not posted unless `tells_routine`."""

    destination: str
    filter: EventFilter = field(default_factory=EventFilter)
    visibility: Visibility = EVERYTHING
    comfort_mode: ComfortMode = ComfortMode.STANDARD
    quiet_hours: QuietHours | None = None
    tells_routine: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Mute:
    """Nothing that matches is sent to the destination until `until`. Unplanned security-relevant stories break through."""

    id: str
    destination: str
    filter: EventFilter
    until: datetime
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Watermark:
    """Where a reader left off: the store's ingest sequence and the time of the report that was marked as read. `previous` is for Undo:
    of a first mark it is sequence 0 without a time, after an undo there is none."""

    reader: str
    sequence: int
    read_at: datetime
    previous_sequence: int | None = None
    previous_read_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """What a person said about a verdict or an answer."""

    about: str
    by: str
    at: datetime
    says: str
    why: str = ""
