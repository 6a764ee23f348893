"""What really happened, kept beside each raw record. The analyzer never sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.announcement import Announcement
from core.json import JsonObject


class Meant(StrEnum):
    """The true verdict. AMBIGUOUS is what nobody could tell from the records: it is scored for harm and stories, not for its verdict."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"
    ROUTINE = "routine"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """`cause` is the story it belongs to, `sort` which generator made it, `harm` whether it must never be spoken of calmly.

    `healthy` says whether what it touched was read as healthy afterwards: None where nothing could be read.
    """

    meant: Meant
    cause: str
    sort: str
    harm: bool = False
    healthy: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Raw:
    """One record of one source as it is sent. `truth` is None for what changes nothing (a read).

    `vitals` are later readings of the thing it touched: minutes after it, and whether healthy.
    """

    source: str
    format: str
    at: datetime
    arrives_at: datetime
    record: JsonObject
    truth: Truth | None
    vitals: tuple[tuple[float, bool], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """A stretch in which a source was not read. `lost`: what it would have told never arrives; else it arrives when it ends."""

    source: str
    start: datetime
    end: datetime
    lost: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    """Everything in order of arrival."""

    start: datetime
    end: datetime
    records: tuple[Raw, ...]
    announcements: tuple[Announcement, ...]
    outages: tuple[Outage, ...]
    environments: dict[str, str]
