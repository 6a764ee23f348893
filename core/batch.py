"""What one poll brings home, and the small things it needs to go on from where it was."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.announcement import Announcement
from core.coverage import Coverage
from core.event import Event
from core.json import JsonObject
from core.observation import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Opaque to everyone but its provider, and small (under 64 KiB as JSON)."""

    state: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownState:
    """The last known state of one thing (redacted), or its removal where `state` is None. `key` is unique within the source."""

    key: str
    state: JsonObject | None
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedResource:
    """A resource that an IaC state manages. `aliases` are the ids other layers use for it: ARN, self link, uid, key, plain id.

    `says` is what the state says it should be (redacted). `removed` takes it out of the register.
    """

    source: str
    address: str
    kind: str
    aliases: tuple[str, ...]
    workspace: str
    since: datetime
    says: JsonObject = field(default_factory=dict)
    environment: str = ""
    removed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """One poll's whole yield. `more` asks for another poll at once (a backlog). `handled` are inbox keys that this batch used up."""

    cursor: Cursor
    events: tuple[Event, ...] = ()
    observations: tuple[Observation, ...] = ()
    known_changes: tuple[KnownState, ...] = ()
    managed: tuple[ManagedResource, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    handled: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one raw record says, for backfill. No event and `baseline` False: a read, a log-in, a health reading; nothing changed.

    `baseline` is the first snapshot of its lineage. `handled` is empty; the rest is as in Batch.
    """

    events: tuple[Event, ...] = ()
    observations: tuple[Observation, ...] = ()
    known_changes: tuple[KnownState, ...] = ()
    managed: tuple[ManagedResource, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    baseline: bool = False


class CheckState(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One finding of `wgo doctor`. Amber and red name the next step."""

    name: str
    state: CheckState
    says: str
    next_step: str = ""
