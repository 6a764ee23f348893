"""Where a state was read: what every event of it carries."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from core.event import Actor, Intent, Link, Reference
from core.redaction import Redactor


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One state of one source. `id` tells it from every other of the source for ever, `label` is its name for people."""

    id: str
    label: str

    @property
    def key(self) -> str:
        """The row of what is known of the state itself."""
        return f"state/{self._digest}"

    @property
    def prefix(self) -> str:
        """What the rows of its instances begin with."""
        return f"instance/{self._digest}/"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.id.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """The run or apply behind a version of a state, as far as something told of it. Empty: nothing did."""

    actor: Actor | None = None
    references: tuple[Reference, ...] = ()
    intents: tuple[Intent, ...] = ()
    links: tuple[Link, ...] = ()
    after: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The source, and how its secrets are hidden."""

    source: str
    environment: str
    redactor: Redactor
