"""From a URL to a store."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, utc_now
from core.errors import StorageError
from storage import postgres, schema, sqlite
from storage.database import Database
from storage.store import SqlStore

_EXAMPLES = "Set database.url to sqlite:///wgo.db or postgresql://user@host/name."


def open_store(url: str, *, read_only: bool = False, migrate: bool = True, clock: Clock = utc_now) -> SqlStore:
    """The store at `url`, its schema made or upgraded if it may be. Raises StorageError.

    On SQLite a store that is not read only owns the file until it is closed; one that is may be opened beside it.
    """
    database = open_database(url, read_only=read_only, clock=clock)
    try:
        if migrate and not read_only:
            schema.prepare(database)
        else:
            schema.require_current(database)
        store = SqlStore(database)
        if not read_only:
            store.redaction_key()
    except BaseException:
        database.close()
        raise
    return store


def upgrade(url: str) -> str:
    """Bring the schema up to date; the revision it has now. Raises StorageError."""
    database = open_database(url, read_only=False)
    try:
        schema.prepare(database)
    finally:
        database.close()
    return schema.HEAD


def open_database(url: str, *, read_only: bool, clock: Clock = utc_now) -> Database:
    """Whatever its schema. Raises StorageError."""
    path = file_of(url)
    if path is not None:
        return sqlite.on_file(path, clock, read_only=read_only)
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return sqlite.in_memory(clock)
    return postgres.on_server(parsed, clock, read_only=read_only)


def file_of(url: str) -> Path | None:
    """The file of a SQLite URL; None in memory and for PostgreSQL. Raises StorageError for any other URL."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except SQLAlchemyError as error:
        raise StorageError("database.url is not a database URL", next_step=_EXAMPLES) from error
    if backend not in ("sqlite", "postgresql"):
        raise StorageError(f"database.url names {backend}, which WGO does not know", next_step=_EXAMPLES)
    if backend == "postgresql" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(parsed.database)
