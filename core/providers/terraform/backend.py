"""What a backend must be able to do: say cheaply which states there are and whether they moved, read one, read a lock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.announcement import Announcement
from core.clock import Deadline
from core.errors import ProviderError, WgoError
from core.providers.terraform.locks import Lock
from core.providers.terraform.origin import Cause, Place

# What is remembered of each place: the stamp it had when it was read last ("" for one never read).
Stamps = Callable[[Place], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Glimpse:
    """One state as seen without reading it. `stamp` is another for every other content; `where` is the backend's own handle.

    `lock_stamp` tells one lock from another, empty where none is held; `lock` is set where seeing it cost nothing.
    `content` is set where looking already brought it.
    """

    place: Place
    where: str
    stamp: str
    written_at: datetime | None = None
    size: int | None = None
    lock_stamp: str = ""
    lock: Lock | None = None
    content: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """A place, or a piece of the configuration, that could not be looked at."""

    part: str
    why: WgoError
    place: Place | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """`announcements` are runs that are going on or were seen to end."""

    states: tuple[Glimpse, ...] = ()
    unread: tuple[Unread, ...] = ()
    announcements: tuple[Announcement, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A state's bytes, when they were written, and the run behind them where the backend knows it."""

    body: bytes
    written_at: datetime | None = None
    cause: Cause = field(default_factory=Cause)
    announcement: Announcement | None = None


class Backend(Protocol):
    """Raises ProviderError where nothing at all could be seen; what failed for one state is in `Look.unread`."""

    writes_often: bool  # the state is written within seconds of each change, not only at the end of an apply

    def look(self, stamps: Stamps, deadline: Deadline) -> Look: ...

    def read(self, glimpse: Glimpse, deadline: Deadline) -> Content:
        """Raises ProviderError, or RecordUnreadable where the content is beyond what is read."""
        ...

    def lock(self, glimpse: Glimpse, deadline: Deadline) -> Lock | None:
        """Who holds the lock of this state; None where it was let go meanwhile or cannot be read."""
        ...

    def expects(self, place_id: str) -> bool:
        """Would this configuration look at that place?"""
        ...

    def close(self) -> None: ...


def all_failed(unread: Sequence[Unread]) -> ProviderError | None:
    """The first failure that is the source's own and no matter of a state's content."""
    return next((one.why for one in unread if isinstance(one.why, ProviderError)), None)
