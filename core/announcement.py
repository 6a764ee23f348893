"""A declared window: something said beforehand (or by a run) that explains changes."""

from dataclasses import dataclass
from datetime import datetime

from core.event import UNKNOWN_ACTOR, Actor
from core.evidence import Evidence
from core.subscription import EventFilter
from core.timerange import TimeRange


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """`kind` is window (a person declared it), run (an apply, with its `reference` id) or pipeline.

    It explains an event that falls in `range` (an open end is far in the future) and matches `covers`; for a run,
    events that carry the reference, or touch a resource key in `covers.resource_keys`.
    """

    id: str
    kind: str
    title: str
    range: TimeRange
    covers: EventFilter
    source: str
    by: Actor = UNKNOWN_ACTOR
    reference: str = ""
    url: str = ""
    commit: str = ""
    observed_at: datetime | None = None

    def as_evidence(self, says: str, weight: float) -> Evidence:
        return Evidence(kind=self.kind, says=says, ref=self.id, at=self.range.start, weight=weight)
