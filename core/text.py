"""Plain text with typed slots. Core says who, when, what and where; views render each slot for Slack or the terminal and escape it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.event import Actor, Resource


class TimeStyle(StrEnum):
    CLOCK = "clock"  # 03:12
    DAY_CLOCK = "day_clock"  # Sat 03:12
    DATE = "date"  # 21 Nov


@dataclass(frozen=True, slots=True)
class Person:
    actor: Actor


@dataclass(frozen=True, slots=True)
class Time:
    at: datetime
    style: TimeStyle = TimeStyle.DAY_CLOCK


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource; `short` shows its name only."""

    resource: Resource
    short: bool = True


@dataclass(frozen=True, slots=True)
class Strong:
    says: str


@dataclass(frozen=True, slots=True)
class Code:
    says: str


@dataclass(frozen=True, slots=True)
class LinkTo:
    says: str
    url: str


@dataclass(frozen=True, slots=True)
class EventRef:
    """Points at a stored event or story, so that a view can offer its details."""

    says: str
    id: str


Slot = str | Person | Time | Thing | Strong | Code | LinkTo | EventRef
Text = tuple[Slot, ...]


def text(*slots: Slot) -> Text:
    return tuple(slots)


def plain(words: Sequence[Slot]) -> str:
    """The text without any mark-up, times in UTC. For logs, search and fallbacks."""
    return "".join(_plain(slot) for slot in words)


def _plain(slot: Slot) -> str:
    match slot:
        case str():
            return slot
        case Person(actor=actor):
            return actor.name or actor.id or "someone unknown"
        case Time(at=at, style=TimeStyle.CLOCK):
            return at.strftime("%H:%M UTC")
        case Time(at=at, style=TimeStyle.DATE):
            return at.strftime("%d %b")
        case Time(at=at):
            return at.strftime("%a %d %b %H:%M UTC")
        case Thing(resource=resource, short=short):
            return resource.name if short else f"{resource.kind} {resource.name}"
        case Strong(says=says) | Code(says=says) | EventRef(says=says):
            return says
        case LinkTo(says=says):
            return says


def people_of(*texts: Sequence[Slot]) -> tuple[Actor, ...]:
    """Everyone whom these texts name, each once."""
    return tuple(dict.fromkeys(slot.actor for words in texts for slot in words if isinstance(slot, Person)))
