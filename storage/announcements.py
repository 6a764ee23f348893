"""Declared windows and runs."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from core.announcement import Announcement
from core.timerange import TimeRange
from storage.columns import pack, unpack
from storage.database import Database, put
from storage.rows import select_all
from storage.tables import AnnouncementRow, table

_ANNOUNCEMENTS = table(AnnouncementRow)
_A = _ANNOUNCEMENTS.c
_AROUND = select(_A.body).where(_A.start_at < bindparam("end"), _A.end_at > bindparam("start")).order_by(_A.start_at, _A.id)


class SqlAnnouncements:
    """The port core.ports.Announcements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def around(self, span: TimeRange) -> Sequence[Announcement]:
        with self._database.read() as connection:
            return [unpack(Announcement, packed) for (packed,) in select_all(connection, _AROUND, {"start": span.start, "end": span.end})]

    def save(self, announcement: Announcement) -> None:
        with self._database.write() as connection:
            write(connection, (announcement,))


def write(connection: Connection, announcements: Sequence[Announcement]) -> None:
    rows = [{"id": one.id, "start_at": one.range.start, "end_at": one.range.end, "body": pack(one)} for one in announcements]
    put(connection, _ANNOUNCEMENTS, rows)
