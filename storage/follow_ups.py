"""Which stories are still watched."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from core.story import FollowUp, FollowUpState
from storage.columns import pack, unpack
from storage.database import Database, put
from storage.tables import FollowUpRow, table

_FOLLOW_UPS = table(FollowUpRow)
_F = _FOLLOW_UPS.c


class SqlFollowUps:
    """The port core.ports.FollowUps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def watching(self, limit: int = 500) -> Sequence[FollowUp]:
        """Those due first come first."""
        asked = select(_F.body).where(_F.state == FollowUpState.WATCHING.value).order_by(_F.due_at, _F.story_id).limit(limit)
        with self._database.read() as connection:
            return [unpack(FollowUp, packed) for packed in connection.scalars(asked)]


def write(connection: Connection, follow_ups: Sequence[FollowUp]) -> None:
    rows = [{"story_id": one.story_id, "state": one.state.value, "due_at": one.due_at, "body": pack(one)} for one in follow_ups]
    put(connection, _FOLLOW_UPS, rows)
