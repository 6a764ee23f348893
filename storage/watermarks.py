"""Where each reader left off."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from core.subscription import Watermark
from storage.database import Database, put
from storage.tables import WatermarkRow, table

_WATERMARKS = table(WatermarkRow)
_W = _WATERMARKS.c
_COLUMNS = ("reader", "sequence", "read_at", "previous_sequence", "previous_read_at")


class SqlWatermarks:
    """The port core.ports.Watermarks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, reader: str) -> Watermark | None:
        with self._database.read() as connection:
            return _get(connection, reader)

    def mark(self, reader: str, sequence: int, at: datetime) -> Watermark:
        with self._database.write() as connection:
            held = _get(connection, reader)
            if held is not None and held.sequence == sequence:
                return held
            marked = Watermark(
                reader=reader,
                sequence=sequence,
                read_at=at,
                # A first mark goes on from nothing, which can be gone back to; after an undo there is nothing to go back to.
                previous_sequence=held.sequence if held else 0,
                previous_read_at=held.read_at if held else None,
            )
            _put(connection, marked)
        return marked

    def undo(self, reader: str) -> Watermark | None:
        with self._database.write() as connection:
            held = _get(connection, reader)
            if held is None or held.previous_sequence is None:
                return None
            if held.previous_read_at is None:
                connection.execute(delete(_WATERMARKS).where(_W.reader == reader))
                return None
            back = Watermark(reader=reader, sequence=held.previous_sequence, read_at=held.previous_read_at)
            _put(connection, back)
        return back


def _get(connection: Connection, reader: str) -> Watermark | None:
    row = connection.execute(select(_WATERMARKS).where(_W.reader == reader)).mappings().first()
    return Watermark(**row) if row else None


def _put(connection: Connection, mark: Watermark) -> None:
    put(connection, _WATERMARKS, [{name: getattr(mark, name) for name in _COLUMNS}])
