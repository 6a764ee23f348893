"""Events: read by page, by severity, by story, and counted, all by indexes; written once."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, literal, select, tuple_

from core.assessment import Assessment, Verdict
from core.errors import ValueRefused
from core.event import Event
from core.ports import Counts, Page, Span
from core.subscription import EVERYTHING, EventFilter, Visibility
from core.unified import UnifiedEvent
from storage.columns import Moment, micros, moment
from storage.database import Database, add, chunks
from storage.event_rows import COLUMNS, JOINED, by_sequence, event_row, unified
from storage.filters import EVENTS, matching, visible, within
from storage.listed import Among
from storage.rows import select_all

_E = EVENTS.c
_STORED = select(_E.id).where(Among(_E.id, "ids"))
_RANKED = (
    select(
        _E.sequence, func.row_number().over(partition_by=_E.story_id, order_by=(_E.occurred_at.desc(), _E.sequence.desc())).label("place")
    )
    .where(Among(_E.story_id, "stories"))
    .subquery()
)
_NEWEST = select(*COLUMNS).select_from(JOINED.join(_RANKED, _RANKED.c.sequence == _E.sequence)).where(_RANKED.c.place <= bindparam("most"))
_HIGHEST = select(func.max(_E.sequence).label("highest"))


class SqlEventStore:
    """The port core.ports.EventStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unseen(self, ids: Collection[str]) -> set[str]:
        stored: set[str] = set()
        with self._database.read() as connection:
            for some in chunks(ids):
                stored.update(row.id for row in select_all(connection, _STORED, {"ids": some}))
        return set(ids) - stored

    def get(self, visibility: Visibility, event_id: str) -> UnifiedEvent | None:
        return next(iter(self.by_ids(visibility, (event_id,))), None)

    def by_ids(self, visibility: Visibility, ids: Collection[str]) -> Sequence[UnifiedEvent]:
        """In the order asked for; what is not there, or not to be seen, is left out."""
        found: dict[str, UnifiedEvent] = {}
        with self._database.read() as connection:
            for some in chunks(ids):
                asked = select(*COLUMNS).select_from(JOINED).where(_E.id.in_(some), *visible(visibility))
                found.update({row.id: unified(row) for row in connection.execute(asked)})
        return [found[one] for one in dict.fromkeys(ids) if one in found]

    def page(
        self, visibility: Visibility, filter: EventFilter, span: Span, *, after: str = "", limit: int = 100, newest_first: bool = True
    ) -> Page:
        asked = select(_E.occurred_at, _E.sequence).where(*visible(visibility), *matching(filter), *within(span)).limit(limit + 1)
        key = tuple_(_E.occurred_at, _E.sequence)
        if after:
            at, sequence = _place(after)
            place = tuple_(literal(at, Moment()), literal(sequence))
            asked = asked.where(key < place if newest_first else key > place)
        order = (_E.occurred_at.desc(), _E.sequence.desc()) if newest_first else (_E.occurred_at, _E.sequence)
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(*order)).all()
            shown = rows[:limit]
            items = by_sequence(connection, [row.sequence for row in shown])
        return Page(items=items, next=f"{micros(shown[-1].occurred_at)}.{shown[-1].sequence}" if len(rows) > limit and shown else "")

    def severest(self, visibility: Visibility, filter: EventFilter, span: Span, limit: int) -> Sequence[UnifiedEvent]:
        asked = select(_E.sequence).where(*visible(visibility), *matching(filter), *within(span))
        with self._database.read() as connection:
            order = (_E.severity.desc(), _E.occurred_at.desc(), _E.sequence.desc())
            return by_sequence(connection, list(connection.scalars(asked.order_by(*order).limit(limit))))

    def counts(self, visibility: Visibility, filter: EventFilter, span: Span) -> Counts:
        kinds = (_E.verdict, _E.environment, _E.provider, _E.actor, _E.change_type)
        asked = select(*kinds, func.count()).where(*visible(visibility), *matching(filter), *within(span)).group_by(*kinds)
        tallies: tuple[Counter[str], ...] = tuple(Counter() for _ in kinds)
        with self._database.read() as connection:
            for *values, count in connection.execute(asked):
                for tally, value in zip(tallies, values, strict=True):
                    tally[value] += count
        verdicts, environments, providers, actors, change_types = tallies
        return Counts(
            total=verdicts.total(),
            by_verdict={Verdict(name): count for name, count in verdicts.items()},
            by_environment=dict(environments),
            by_provider=dict(providers),
            by_actor=dict(actors),
            by_change_type=dict(change_types),
        )

    def of_story(self, visibility: Visibility, story_id: str, *, after: str = "", limit: int = 100) -> Page:
        """Newest first."""
        if not story_id:
            return Page(items=())
        return self.page(visibility, EventFilter(story_id=story_id), Span(), after=after, limit=limit)

    def of_stories(self, visibility: Visibility, story_ids: Collection[str], most: int) -> Sequence[UnifiedEvent]:
        found: list[UnifiedEvent] = []
        with self._database.read() as connection:
            for some in chunks(story_ids):
                named = {"stories": some, "most": most}
                if visibility == EVERYTHING:
                    found += [unified(row) for row in select_all(connection, _NEWEST, named)]
                else:
                    found += [unified(row) for row in connection.execute(_NEWEST.where(*visible(visibility)), named)]
        return found

    def sequence(self) -> int:
        with self._database.read() as connection:
            return highest(connection)

    def first_at(self) -> datetime | None:
        with self._database.read() as connection:
            first: datetime | None = connection.scalar(select(func.min(_E.occurred_at)))
            return first


def highest(connection: Connection) -> int:
    """The highest ingest sequence."""
    return int(select_all(connection, _HIGHEST)[0].highest or 0)


def write(connection: Connection, events: Sequence[Event], assessments: Sequence[Assessment], *, backfilled: bool) -> None:
    """Insert those that are not stored yet, each with the latest of its assessments."""
    latest: dict[str, Assessment] = {}
    for one in assessments:
        if one.event_id not in latest or latest[one.event_id].revision < one.revision:
            latest[one.event_id] = one
    add(connection, EVENTS, [event_row(event, latest.get(event.id), backfilled=backfilled) for event in events])


def _place(after: str) -> tuple[datetime, int]:
    at, _, sequence = after.partition(".")
    try:
        return moment(int(at)), int(sequence)
    except ValueError:
        raise ValueRefused(f"no key of a page: {after!r}") from None
