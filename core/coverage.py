"""Which stretch of time a source was read whole. Calm is only ever spoken for covered time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.clock import require_utc
from core.timerange import TimeRange


class CoverageState(StrEnum):
    READ = "read"  # read whole
    GAP = "gap"  # not read: failed, refused, timed out
    PARTIAL = "partial"  # read, but something named in `reason` was left out (a kind the role may not list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """One stretch of one source. `part` names a piece of the source (a state file, a region, a kind); empty is the whole.

    `complete_until` is the moment up to which the stretch can gain no more events (now less the source's own lag).
    """

    source: str
    range: TimeRange
    state: CoverageState
    complete_until: datetime
    reason: str = ""
    next_step: str = ""
    part: str = ""

    def __post_init__(self) -> None:
        require_utc("coverage.complete_until", self.complete_until)


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageReport:
    """Coverage of one asked range, joined: what was not read, and up to when each source is complete.

    `sources` are all configured or ever seen sources; a source with no reading in the range is a gap over all of it.
    """

    range: TimeRange
    sources: tuple[str, ...]
    gaps: tuple[Coverage, ...]
    complete_until: tuple[tuple[str, datetime], ...]

    @property
    def whole(self) -> bool:
        """True only where every source was read for all of the range (tails still arriving apart) and there is one at all."""
        return bool(self.sources) and not self.gaps

    @property
    def unread(self) -> tuple[Coverage, ...]:
        """The gaps in time. What was read but for a named part (a kind that the role may not list) is told, and stops no reassurance
        about the rest; what was left out because it could not be understood does."""
        return tuple(gap for gap in self.gaps if in_time(gap))

    @property
    def read_whole(self) -> tuple[str, ...]:
        """Names of the sources without a gap."""
        holed = {gap.source for gap in self.gaps}
        return tuple(name for name in self.sources if name not in holed)


def in_time(gap: Coverage) -> bool:
    """Is it a gap in time, and not a named part that was left out of what was read?"""
    return gap.state is not CoverageState.PARTIAL or gap.complete_until < gap.range.end


def read_until(last: Coverage) -> datetime:
    """Up to when a source was read, by its newest stretch: a gap begins where the last reading ended."""
    return last.range.start if last.state is CoverageState.GAP else last.range.end


# The reason of a gap that has no beginning.
NEVER_READ = "it has never been read"


def never_read(source: str, span: TimeRange) -> Coverage:
    """A configured source of which nothing has been read at all, as a gap over the span."""
    step = "The command wgo doctor says why."
    return Coverage(source=source, range=span, state=CoverageState.GAP, complete_until=span.start, reason=NEVER_READ, next_step=step)


def overlapping(gaps: Iterable[Coverage], span: TimeRange) -> tuple[Coverage, ...]:
    """The gaps that touch `span`, in order of time."""
    return tuple(sorted((gap for gap in gaps if gap.range.overlaps(span)), key=lambda gap: (gap.range.start, gap.source)))
