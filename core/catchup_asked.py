"""What one catch-up is about."""

from dataclasses import dataclass
from datetime import datetime

from core.clock_skew import MOMENT
from core.coverage import CoverageReport
from core.ports import Span
from core.report import Period
from core.subscription import EventFilter, Visibility
from core.timerange import TimeRange


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """`told` are its events, `late` what came after its time. `sequence` is up to where it tells, what came later is not told yet."""

    period: Period
    now: datetime
    coverage: CoverageReport
    sequence: int
    filter: EventFilter
    visibility: Visibility
    brief: bool
    told: Span
    late: Span | None = None

    @property
    def range(self) -> TimeRange:
        return self.period.range

    @property
    def over(self) -> bool:
        """Did it end before now? Words that are read a moment before the report is made end in that moment, which is still now."""
        return self.now - self.range.end > MOMENT
