"""What was pushed to us, kept until it is done with."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from core.ports import InboxRow
from storage.database import Database, chunks, insert
from storage.tables import InboxTableRow, table

_INBOX = table(InboxTableRow)
_I = _INBOX.c
_COLUMNS = ("key", "kind", "topic", "body", "received_at")


class SqlInbox:
    """The port core.ports.Inbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, row: InboxRow) -> bool:
        with self._database.write() as connection:
            statement = insert(connection, _INBOX).values({name: getattr(row, name) for name in _COLUMNS})
            return connection.execute(statement.on_conflict_do_nothing().returning(_I.sequence)).first() is not None

    def pending(self, kind: str, topic: str = "", limit: int = 1000) -> Sequence[InboxRow]:
        asked = select(_I.sequence, *(_I[name] for name in _COLUMNS)).where(_I.done_at.is_(None), _I.kind == kind)
        if topic:
            asked = asked.where(_I.topic == topic)
        with self._database.read() as connection:
            return [InboxRow(**row) for row in connection.execute(asked.order_by(_I.sequence).limit(limit)).mappings()]

    def done(self, keys: Collection[str], at: datetime) -> None:
        with self._database.write() as connection:
            done(connection, keys, at)


def done(connection: Connection, keys: Collection[str], at: datetime) -> None:
    """A row stays until it is pruned, so that a redelivery is known for one."""
    for some in chunks(keys):
        connection.execute(update(_INBOX).where(_I.key.in_(some), _I.done_at.is_(None)).values(done_at=at))
