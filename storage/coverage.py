"""Stretches that sources were read, joined as they come so that the table does not grow with polls."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from core.coverage import Coverage, CoverageReport, CoverageState
from core.timerange import TimeRange
from storage.database import Database, chunks
from storage.stretches import holes, joined, newest
from storage.tables import CoverageRow, table

_COVERAGE = table(CoverageRow)
_C = _COVERAGE.c
# Stretches of one part that the next one may join: a gap and a reading may end at the same moment.
_LOOKED_AT = 8


class SqlCoverageStore:
    """The port core.ports.CoverageStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, span: TimeRange, sources: Collection[str], now: datetime) -> CoverageReport:
        """Without named sources, all that were ever seen."""
        with self._database.read() as connection:
            named = sorted(set(sources)) or sorted(connection.scalars(select(_C.source).distinct()))
            touching = [one for some in chunks(named) for one in _touching(connection, some, span)]
            tails = [one for some in chunks(named) for one in _last(connection, some, span.end)]
        by_source: dict[str, list[Coverage]] = defaultdict(list)
        for one in dict.fromkeys((*touching, *tails)):
            by_source[one.source].append(one)
        gaps = [gap for source in named for gap in holes(source, by_source[source], span, now)]
        complete = [(source, until) for source in named if (until := _complete_until(by_source[source])) is not None]
        return CoverageReport(
            range=span,
            sources=tuple(named),
            gaps=tuple(sorted(gaps, key=lambda gap: (gap.range.start, gap.source, gap.part))),
            complete_until=tuple(complete),
        )

    def last(self) -> Mapping[str, Coverage]:
        by_source: dict[str, list[Coverage]] = defaultdict(list)
        with self._database.read() as connection:
            for one in _last(connection, None, None):
                by_source[one.source].append(one)
        found = ((source, newest(stretches)) for source, stretches in sorted(by_source.items()))
        return {source: one for source, one in found if one is not None}


def _complete_until(stretches: Sequence[Coverage]) -> datetime | None:
    """Of the whole source; of one that only tells of parts, the least of theirs."""
    whole = [one.complete_until for one in stretches if not one.part and one.state is not CoverageState.GAP]
    if whole:
        return max(whole)
    parts: dict[str, datetime] = {}
    for one in stretches:
        if one.part and one.state is not CoverageState.GAP:
            parts[one.part] = max(parts.get(one.part, one.complete_until), one.complete_until)
    return min(parts.values(), default=None)


def _touching(connection: Connection, sources: Sequence[str], span: TimeRange) -> list[Coverage]:
    asked = select(_COVERAGE).where(_C.source.in_(sources), _C.end_at >= span.start, _C.start_at <= span.end)
    return [_coverage(row) for row in connection.execute(asked.order_by(_C.id))]


def _last(connection: Connection, sources: Sequence[str] | None, before: datetime | None) -> list[Coverage]:
    """Each part's newest stretches (those that end at the same latest moment), started before a moment."""
    bounds: list[ColumnElement[bool]] = []
    if sources is not None:
        bounds.append(_C.source.in_(sources))
    if before is not None:
        bounds.append(_C.start_at <= before)
    ends = select(_C.source, _C.part, func.max(_C.end_at).label("latest")).where(*bounds).group_by(_C.source, _C.part).subquery()
    same = and_(_C.source == ends.c.source, _C.part == ends.c.part, _C.end_at == ends.c.latest)
    asked = select(_COVERAGE).join(ends, same).where(*bounds).order_by(_C.id)
    return [_coverage(row) for row in connection.execute(asked)]


def write(connection: Connection, coverage: Sequence[Coverage]) -> None:
    for one in coverage:
        _write_one(connection, one)


def _write_one(connection: Connection, one: Coverage) -> None:
    asked = select(_COVERAGE).where(_C.source == one.source, _C.part == one.part, _C.end_at >= one.range.start)
    for row in connection.execute(asked.order_by(_C.end_at.desc(), _C.id.desc()).limit(_LOOKED_AT)).all():
        grown = joined(_coverage(row), one)
        if grown is not None:
            connection.execute(update(_COVERAGE).where(_C.id == row.id).values(_row(grown)))
            return
    connection.execute(insert(_COVERAGE), [_row(one)])


def _coverage(row: Any) -> Coverage:
    return Coverage(
        source=row.source,
        range=TimeRange(start=row.start_at, end=row.end_at),
        state=CoverageState(row.state),
        complete_until=row.complete_until,
        reason=row.reason,
        next_step=row.next_step,
        part=row.part,
    )


def _row(one: Coverage) -> dict[str, Any]:
    return {
        "source": one.source,
        "part": one.part,
        "state": one.state.value,
        "start_at": one.range.start,
        "end_at": one.range.end,
        "complete_until": one.complete_until,
        "reason": one.reason,
        "next_step": one.next_step,
    }
