"""SQLite: one writing connection in one process, readers beside it, or everything on one connection in memory."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from core.clock import Clock
from core.errors import StorageError
from storage.checkpoint import Checkpoints
from storage.database import Database
from storage.lockfile import LockFile

_READERS, _MORE_READERS = 4, 12
# Waiting for a lock that another program holds; between our own connections nothing waits.
_BUSY_MILLISECONDS = 5000
# NORMAL: in WAL mode a commit survives a crash of the process, and a power cut costs at most the last commits, which the
# cursor stored with them asks for again.
_PRAGMAS = ("PRAGMA foreign_keys=ON", f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}", "PRAGMA temp_store=MEMORY")
# Our own checkpoints come far earlier; this one, which a commit has to wait for, is for where they fail.
_WRITER = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-32768", "PRAGMA wal_autocheckpoint=20000")
_READER = ("PRAGMA query_only=ON", "PRAGMA cache_size=-16384", "PRAGMA mmap_size=33554432")


def in_memory(clock: Clock) -> Database:
    """A database that lives as long as its store."""
    engine = _engine(":memory:", _PRAGMAS, "BEGIN", poolclass=StaticPool)
    return Database(place="the database in memory", reader=engine, writer=engine, clock=clock, shared=True)


def on_file(path: Path, clock: Clock, *, read_only: bool) -> Database:
    """Raises StorageError where the file cannot be used, StorageBusy where another process writes it."""
    _require(path, read_only=read_only)
    place = str(path)
    if read_only:
        reader = _engine(_read_only_uri(path), (*_PRAGMAS, *_READER), "BEGIN", poolclass=QueuePool)
        return Database(place=place, reader=reader, writer=None, clock=clock)
    lock = LockFile.take(path)
    writer = _engine(place, (*_PRAGMAS, *_WRITER), "BEGIN IMMEDIATE", poolclass=StaticPool)
    reader = _engine(place, (*_PRAGMAS, *_READER), "BEGIN", poolclass=QueuePool)
    database = Database(place=place, reader=reader, writer=writer, clock=clock, lock_file=lock)
    database.checkpoints = Checkpoints(path, database.exclusive)
    return database


def _require(path: Path, *, read_only: bool) -> None:
    if not path.parent.is_dir():
        raise StorageError(f"the folder of {path} does not exist", next_step=f"Make it (mkdir -p {path.parent}), or change database.url.")
    if path.is_dir():
        raise StorageError(f"{path} is a folder", next_step="Name a file in database.url: sqlite:///wgo.db")
    if read_only and not path.exists():
        raise StorageError(f"there is no database at {path} yet", next_step="Start the bot once (`wgo run`), or check database.url.")
    if not read_only and path.exists() and not os.access(path, os.W_OK):
        raise StorageError(f"{path} can only be read", next_step="Give WGO's user the right to write it, or check database.url.")


def _read_only_uri(path: Path) -> str:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    beside = path.with_name(f"{path.name}-wal")
    if not beside.exists() and not os.access(path.parent, os.W_OK):
        # SQLite cannot make the files that a reader of a WAL database needs, and nobody else is writing.
        return f"{uri}&immutable=1"
    return uri


def _engine(name: str, pragmas: tuple[str, ...], begin: str, *, poolclass: type[Any]) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(name, check_same_thread=False, uri=name.startswith("file:"), isolation_level=None)
        for pragma in pragmas:
            connection.execute(pragma)
        return connection

    sizes = {"pool_size": _READERS, "max_overflow": _MORE_READERS} if poolclass is QueuePool else {}
    engine = create_engine("sqlite://", creator=connect, poolclass=poolclass, **sizes)

    @event.listens_for(engine, "begin")
    def _(connection: Any) -> None:
        # The driver would begin only before the first write; a transaction here is one from its first statement on.
        connection.exec_driver_sql(begin)

    return engine
