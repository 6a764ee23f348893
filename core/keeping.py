"""Can what is seen be kept? Stands before the unit of work, and remembers since when the store refuses it and what was missed.

A poll reads the store before its source: who polls says here, too, that it was refused (`refused`).
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from core.clock import Clock, utc_now
from core.coverage import Coverage, CoverageReport, CoverageState
from core.errors import StorageError
from core.ports import Commit, CoverageStore, UnitOfWork
from core.timerange import TimeRange


@dataclass(frozen=True, kw_only=True, slots=True)
class Unkept:
    """A spell in which the store refused what came. `until` is None while it goes on."""

    since: datetime
    says: str
    next_step: str
    until: datetime | None = None


class Keeping:
    """The port core.ports.UnitOfWork before another one. Safe to use from several threads.

    A spell lasts until everyone who was refused has committed again: a small one may find room where a big one does not.
    """

    def __init__(self, work: UnitOfWork, *, clock: Clock = utc_now) -> None:
        self._work = work
        self._clock = clock
        self._lock = threading.Lock()
        self._refused: dict[str, datetime] = {}
        self._spell: Unkept | None = None
        self._kept_at: datetime | None = None

    @property
    def spell(self) -> Unkept | None:
        """The one that goes on, or the last one; None where there was none since the start."""
        return self._spell

    @property
    def kept_at(self) -> datetime | None:
        """When anything was kept last; None where nothing was since the start."""
        return self._kept_at

    def unkept(self, source: str, now: datetime) -> Coverage | None:
        """The stretch up to now of which nothing could be kept, as a gap of the source; None while it can."""
        since, spell = self._refused.get(source), self._spell
        if since is None or spell is None or since >= now:
            return None
        return Coverage(
            source=source,
            range=TimeRange(start=since, end=now),
            state=CoverageState.GAP,
            complete_until=since,
            reason=f"I can't keep what I see: {spell.says}",
            next_step=spell.next_step,
        )

    def commit(self, commit: Commit) -> int:
        """As the port says. The first commit of a source after refused ones says in its coverage what was not kept."""
        since = self._refused.get(commit.source)
        try:
            sequence = self._work.commit(_with_gap(commit, since, self._clock(), self._spell))
        except StorageError as error:
            self.refused(commit.source, error)
            raise
        self._was_kept(commit.source)
        return sequence

    def refused(self, source: str, error: StorageError) -> None:
        """The store refused this source's poll. Until its next commit, what it would have brought is not kept."""
        with self._lock:
            now = self._clock()
            self._refused.setdefault(source, now)
            begun = self._spell is not None and self._spell.until is None
            if not begun:
                self._spell = Unkept(since=now, says=str(error), next_step=error.next_step)

    def _was_kept(self, source: str) -> None:
        with self._lock:
            self._kept_at = self._clock()
            self._refused.pop(source, None)
            if not self._refused and self._spell is not None and self._spell.until is None:
                self._spell = replace(self._spell, until=self._clock())


class KeptCoverage:
    """The port core.ports.CoverageStore before another one: what the store refuses now cannot be told there, and is a gap all the same."""

    def __init__(self, coverage: CoverageStore, keeping: Keeping) -> None:
        self._coverage = coverage
        self._keeping = keeping

    def report(self, span: TimeRange, sources: Collection[str], now: datetime) -> CoverageReport:
        told = self._coverage.report(span, sources, now)
        for source in told.sources:
            gap = self._keeping.unkept(source, now)
            if gap is not None and gap.range.overlaps(span):
                told = _with(told, gap)
        return told

    def last(self) -> Mapping[str, Coverage]:
        return self._coverage.last()


def _with(told: CoverageReport, gap: Coverage) -> CoverageReport:
    """A gap for which no other reason is stored is the same one."""
    same = [one for one in told.gaps if one.source == gap.source and not one.reason and one.range.overlaps(gap.range)]
    start = min((gap.range.start, *(one.range.start for one in same)))
    whole = TimeRange(start=max(start, told.range.start), end=min(gap.range.end, told.range.end))
    others = (one for one in told.gaps if one not in same)
    gaps = sorted((*others, replace(gap, range=whole)), key=lambda one: (one.range.start, one.source, one.part))
    return replace(told, gaps=tuple(gaps))


def _with_gap(commit: Commit, since: datetime | None, now: datetime, spell: Unkept | None) -> Commit:
    """Read it was, after the spell: what the source still tells of that time is there. What came and went in it may not be."""
    batch = commit.batch
    if since is None or since >= now or not batch.coverage:
        return commit
    missed = Coverage(
        source=commit.source,
        range=TimeRange(start=since, end=now),
        state=CoverageState.PARTIAL,
        complete_until=now,
        reason=f"nothing could be written {since:%H:%M}–{now:%H:%M} UTC ({spell.says if spell else 'the store refused'})",
        next_step="What came and went in that time may be missing: look at the source itself where it matters.",
        part="what could not be kept",
    )
    return replace(commit, batch=replace(batch, coverage=(*batch.coverage, missed)))
