"""What is usual, a row a key."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from core.baseline import Baseline
from storage.columns import pack, unpack
from storage.cursors import past
from storage.database import Database, chunks, put
from storage.listed import Among
from storage.rows import select_all
from storage.tables import BaselineRow, table

_BASELINES = table(BaselineRow)
_B = _BASELINES.c
_BY_KEY = select(_B.body).where(Among(_B.key, "keys"))


class SqlBaselines:
    """The port core.ports.Baselines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, keys: Collection[str]) -> Mapping[str, Baseline]:
        found: dict[str, Baseline] = {}
        with self._database.read() as connection:
            for some in chunks(keys):
                for (packed,) in select_all(connection, _BY_KEY, {"keys": some}):
                    row = unpack(Baseline, packed)
                    found[row.key] = row
        return found

    def prefixed(self, prefix: str, limit: int = 1000) -> Sequence[Baseline]:
        """In order of key."""
        asked = select(_B.body).where(_B.key >= prefix, _B.key < past(prefix)).order_by(_B.key).limit(limit)
        with self._database.read() as connection:
            return [unpack(Baseline, packed) for packed in connection.scalars(asked)]

    def save(self, baselines: Iterable[Baseline]) -> None:
        with self._database.write() as connection:
            write(connection, tuple(baselines))


def write(connection: Connection, baselines: Sequence[Baseline]) -> None:
    put(connection, _BASELINES, [{"key": one.key, "last_at": one.last_at, "body": pack(one)} for one in baselines])
