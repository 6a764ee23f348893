"""One database, whichever it is: transactions that read, transactions that write, and statements both understand."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock, utc_now
from core.errors import StorageError
from storage.checkpoint import Checkpoints
from storage.lockfile import LockFile
from storage.refusals import told
from storage.rows import insert_all

# Variables in one statement; SQLite's limit is 32,766, and long lists plan badly everywhere.
MOST_KEYS = 500
# Held by a PostgreSQL transaction that ingests, so that sequences become visible in their order.
INGEST_LOCK = 0x57474F01


@dataclass(slots=True)
class Database:
    """`reader` and `writer` are the same where one connection does both (in memory). Safe to use from several threads.

    `exclusive` keeps writers of this process apart; with `shared`, readers too.
    """

    place: str
    reader: Engine
    writer: Engine | None
    clock: Clock = utc_now
    shared: bool = False
    lock_file: LockFile | None = None
    checkpoints: Checkpoints | None = None
    exclusive: threading.RLock = field(default_factory=threading.RLock)
    _together: threading.local = field(default_factory=threading.local)

    @property
    def postgres(self) -> bool:
        return self.reader.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot; inside `together` the one that it holds. Raises StorageError."""
        held: Connection | None = getattr(self._together, "connection", None)
        if held is not None:
            with told(self.place):
                yield held
            return
        aside: AbstractContextManager[object] = self.exclusive if self.shared else nullcontext()
        with told(self.place), aside, self.reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread reads inside is of one moment and costs one transaction. Not for reading what was written inside."""
        if getattr(self._together, "connection", None) is not None:
            yield
            return
        with self.read() as connection:
            self._together.connection = connection
            try:
                yield
            finally:
                self._together.connection = None

    @contextmanager
    def write(self, *, ingests: bool = False) -> Iterator[Connection]:
        """One transaction, written whole or not at all. `ingests` where it adds events. Raises StorageError."""
        if self.writer is None:
            raise StorageError(f"{self.place} was opened to be read only", next_step="Do this in the running bot, or stop it first.")
        aside: AbstractContextManager[object] = nullcontext() if self.postgres else self.exclusive
        with told(self.place), aside:
            with self.writer.begin() as connection:
                if ingests and self.postgres:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({INGEST_LOCK})")
                yield connection
            if self.checkpoints is not None:
                self.checkpoints.committed()

    def close(self) -> None:
        """Safe to call twice. Readers go first, so that the last connection, which tidies the log away, is the writer."""
        if self.checkpoints is not None:
            self.checkpoints.close()
        with self.exclusive:
            self.reader.dispose()
            if self.writer is not None and self.writer is not self.reader:
                self.writer.dispose()
            if self.lock_file is not None:
                self.lock_file.release()


def insert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insert that knows ON CONFLICT, in the connection's dialect."""
    return inserting(table, connection.dialect.name)


def inserting(table: Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    """As `insert`, for a statement that is built once: describing one costs more than running it."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _adding(table: Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    return inserting(table, dialect).on_conflict_do_nothing()


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows whose key is there already are left as they are."""
    if rows:
        insert_all(connection, table, _adding(table, connection.dialect.name), rows)


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, keep: Collection[str] = ()) -> None:
    """Rows whose key is there already are replaced, but for the columns in `keep`. The last of several rows of one key stands."""
    if not rows:
        return
    statement = _replacing(table, connection.dialect.name, tuple(rows[0]), frozenset(keep))
    if statement is not None:
        insert_all(connection, table, statement, rows)
    else:
        add(connection, table, rows)


@cache
def _replacing(table: Table, dialect: str, columns: tuple[str, ...], keep: frozenset[str]) -> "sqlite.Insert | postgresql.Insert | None":
    """None where nothing of a row but its key is written."""
    keys = [column.name for column in table.primary_key.columns]
    statement = inserting(table, dialect)
    new = {name: statement.excluded[name] for name in columns if name not in keys and name not in keep}
    return statement.on_conflict_do_update(index_elements=keys, set_=new) if new else None


def chunks(keys: Collection[str], size: int = MOST_KEYS) -> Iterator[list[str]]:
    """The distinct keys, in their order, in lists short enough for one statement."""
    distinct = list(dict.fromkeys(keys))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]
