"""What one poll has found so far, and what it may claim to have read."""

from dataclasses import dataclass, field
from datetime import datetime

from core.coverage import Coverage, CoverageState
from core.errors import ProviderError
from core.event import Event
from core.observation import Observation
from core.providers.aws.places import Place
from core.providers.aws.state import Known
from core.timerange import TimeRange


@dataclass(slots=True)
class Gathered:
    """`span` is what this poll is to cover. `places`: account id → where a record of it came from."""

    source: str
    environment: str
    span: TimeRange
    known: Known
    events: dict[str, Event] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    errors: list[ProviderError] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    more: bool = False

    @property
    def now(self) -> datetime:
        return self.span.end

    def cover(
        self, span: TimeRange, state: CoverageState, complete: datetime, part: str = "", reason: str = "", next_step: str = ""
    ) -> None:
        """Say of a stretch how it was read."""
        told = Coverage(source=self.source, range=span, state=state, complete_until=complete, part=part, reason=reason, next_step=next_step)
        self.coverage.append(told)

    def lacks(self, part: str, reason: str, next_step: str = "") -> None:
        """Say that this poll had to leave out a named part, which hides no change: a before, a reading of health."""
        self.cover(self.span, CoverageState.PARTIAL, self.now, part, reason, next_step)
