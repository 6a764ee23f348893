"""What is not to be told for a while."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from core.subscription import Mute
from storage.columns import pack, unpack
from storage.database import Database, put
from storage.rows import select_all
from storage.tables import MuteRow, table

_MUTES = table(MuteRow)
_M = _MUTES.c
_ACTIVE = select(_M.body).where(_M.until > bindparam("now")).order_by(_M.until, _M.id)


class SqlMutes:
    """The port core.ports.Mutes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self, now: datetime) -> Sequence[Mute]:
        """Those that end first come first."""
        with self._database.read() as connection:
            return [unpack(Mute, packed) for (packed,) in select_all(connection, _ACTIVE, {"now": now})]

    def save(self, mute: Mute) -> None:
        with self._database.write() as connection:
            put(connection, _MUTES, [{"id": mute.id, "until": mute.until, "body": pack(mute)}])

    def remove(self, mute_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(_MUTES).where(_M.id == mute_id))
