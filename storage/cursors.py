"""Where each source goes on, and what its things were like."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from core.batch import Cursor, KnownState
from core.ports import KnownStates
from storage.columns import clean, pack, unpack
from storage.database import Database, chunks, put
from storage.tables import CursorRow, KnownStateRow, table

_CURSORS, _KNOWN = table(CursorRow), table(KnownStateRow)
_C, _K = _CURSORS.c, _KNOWN.c


class SqlCursors:
    """The port core.ports.Cursors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, source: str) -> Cursor | None:
        with self._database.read() as connection:
            packed = connection.scalar(select(_C.body).where(_C.source == source))
        return unpack(Cursor, packed) if packed else None

    def known(self, source: str) -> KnownStates:
        return SqlKnownStates(self._database, source)


class SqlKnownStates:
    """The port core.ports.KnownStates, bound to one source."""

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        found: dict[str, KnownState] = {}
        with self._database.read() as connection:
            for some in chunks(keys):
                for packed in connection.scalars(select(_K.body).where(_K.source == self._source, _K.key.in_(some))):
                    state = unpack(KnownState, packed)
                    found[state.key] = state
        return found

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        # One lower bound: of two, SQLite begins at the first and walks over all that lies before the prefix.
        asked = select(_K.body).where(_K.source == self._source, _K.key > after if after >= prefix else _K.key >= prefix)
        if prefix:
            asked = asked.where(_K.key < past(prefix))
        with self._database.read() as connection:
            return [unpack(KnownState, packed) for packed in connection.scalars(asked.order_by(_K.key).limit(limit))]


def past(prefix: str) -> str:
    """A string after every other that starts with `prefix`."""
    return f"{clean(prefix)}\U0010ffff"


def write(connection: Connection, source: str, cursor: Cursor | None, changes: Sequence[KnownState], now: datetime) -> None:
    """A cursor without anything in it is left alone; a state of None takes the thing out."""
    if cursor is not None and cursor.state:
        put(connection, _CURSORS, [{"source": source, "at": now, "body": pack(cursor)}])
    latest = {change.key: change for change in changes}
    kept = [one for one in latest.values() if one.state is not None]
    for some in chunks([one.key for one in latest.values() if one.state is None]):
        connection.execute(delete(_KNOWN).where(_K.source == source, _K.key.in_(some)))
    put(connection, _KNOWN, [{"source": source, "key": one.key, "at": one.at, "body": pack(one)} for one in kept])
