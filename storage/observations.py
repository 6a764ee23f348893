"""Health readings: the history, and the latest of each check."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, true

from core.event import ChangeType, Event
from core.observation import Observation
from core.timerange import TimeRange
from storage.columns import pack, unpack
from storage.database import Database, add, chunks, insert
from storage.rows import select_all
from storage.tables import CurrentObservationRow, ObservationRow, table

# Readings carry the time of the poll, deletions often whole seconds of another clock.
_SAME_MOMENT = timedelta(minutes=1)
_HISTORY, _CURRENT = table(ObservationRow), table(CurrentObservationRow)
_H, _C = _HISTORY.c, _CURRENT.c
_SINCE = select(_C.body).where(_C.at >= bindparam("since")).order_by(_C.key)
_STANDING = select(_C.body).where(_C.standing == true(), _C.at < bindparam("since")).order_by(_C.key)
_OF_ENVIRONMENT, _STANDING_THERE = (asked.where(_C.environment == bindparam("environment")) for asked in (_SINCE, _STANDING))


class SqlObservationStore:
    """The port core.ports.ObservationStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, resource_keys: Collection[str]) -> Sequence[Observation]:
        found: list[Observation] = []
        with self._database.read() as connection:
            for some in chunks(resource_keys):
                rows = connection.scalars(select(_C.body).where(_C.resource_key.in_(some)).order_by(_C.key))
                found += [unpack(Observation, packed) for packed in rows]
        return found

    def of_environment(self, environment: str, since: datetime) -> Sequence[Observation]:
        named = {"since": since, "environment": environment} if environment else {"since": since}
        with self._database.read() as connection:
            both = (_OF_ENVIRONMENT, _STANDING_THERE) if environment else (_SINCE, _STANDING)
            return [unpack(Observation, packed) for asked in both for (packed,) in select_all(connection, asked, named)]

    def history(self, resource_keys: Collection[str], span: TimeRange, limit: int = 1000) -> Sequence[Observation]:
        found: list[tuple[datetime, str, bytes]] = []
        with self._database.read() as connection:
            for some in chunks(resource_keys):
                asked = select(_H.at, _H.key, _H.body).where(_H.resource_key.in_(some), _H.at >= span.start, _H.at < span.end)
                found += [(row.at, row.key, row.body) for row in connection.execute(asked.order_by(_H.at, _H.key).limit(limit))]
        return [unpack(Observation, packed) for _, _, packed in sorted(found)[:limit]]


def write(connection: Connection, observations: Sequence[Observation]) -> None:
    """Every reading into the history; the latest of each check into its row, unless that is newer."""
    if not observations:
        return
    rows = [_row(one) for one in observations]
    add(connection, _HISTORY, [{name: row[name] for name in ("key", "resource_key", "at", "body")} for row in rows])
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["key"] not in newest or newest[row["key"]]["at"] <= row["at"]:
            newest[row["key"]] = row
    statement = insert(connection, _CURRENT)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={"resource_key": new.resource_key, "environment": new.environment, "at": new.at, "standing": new.standing, "body": new.body},
        where=_C.at <= new.at,
    )
    connection.execute(statement, list(newest.values()))


def withdraw(connection: Connection, events: Sequence[Event]) -> None:
    """What is gone is neither well nor unwell. Its history stays, and so does what was read of one that came after it."""
    gone = [one for one in events if one.change_type is ChangeType.DELETED]
    if gone:
        rows = [{"gone": one.resource.key, "until": one.occurred_at + _SAME_MOMENT} for one in gone]
        connection.execute(delete(_CURRENT).where(_C.resource_key == bindparam("gone"), _C.at <= bindparam("until")), rows)


def _row(one: Observation) -> dict[str, Any]:
    return {
        "key": one.key,
        "resource_key": one.resource.key,
        "environment": one.resource.environment,
        "at": one.at,
        "standing": one.standing,
        "body": pack(one),
    }
