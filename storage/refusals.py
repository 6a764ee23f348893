"""The databases' errors in our words, translated once, where the database is called."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.errors import StorageBusy, StorageError, StorageFull, StorageOutdated

_FULL = ("database or disk is full", "no space left", "could not extend file", "disk full", "disk i/o error")
_BUSY = ("database is locked", "database table is locked")
_READ_ONLY = ("attempt to write a readonly database", "read-only transaction")
_OUTDATED = ("no such table", "no such column", "undefinedtable", "undefinedcolumn")
_REFUSED = (
    "connection refused",
    "could not connect",
    "connection failed",
    "could not translate host",
    "failed to resolve",
    "timeout expired",
)
_DENIED = ("authentication failed", "no password supplied", "permission denied", "invalidcatalogname", 'database "', 'role "')
_BROKEN = ("file is not a database", "malformed", "file is encrypted")


@contextmanager
def told(place: str) -> Iterator[None]:
    """Raise StorageError in place of whatever the database raises. `place` names the database, without a password."""
    try:
        yield
    except SQLAlchemyError as error:
        raise in_our_words(place, error) from error


def in_our_words(place: str, error: Exception) -> StorageError:
    """The StorageError that says whose fault it is and what to do."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = " ".join(str(cause).split())
    lowered = f"{type(cause).__name__} {said}".lower()
    if isinstance(error, PoolTimeoutError):
        return StorageBusy(f"{place}: no free connection", next_step="Too much is asked at once; try again in a moment.")
    if any(sign in lowered for sign in _FULL):
        return StorageFull(f"{place}: no room left to write ({said})", next_step="Free some space, or keep less (database.retention_days).")
    if any(sign in lowered for sign in _BUSY):
        return StorageBusy(f"{place} is locked by another program", next_step="Close what else has the file open, then try again.")
    if any(sign in lowered for sign in _READ_ONLY):
        return StorageError(f"{place} can only be read", next_step="Give WGO's user the right to write the file and its folder.")
    if any(sign in lowered for sign in _OUTDATED):
        return StorageOutdated(f"{place} has an older schema ({said})", next_step="Run `wgo db upgrade`.")
    if any(sign in lowered for sign in _BROKEN):
        return StorageError(f"{place} is damaged or no database ({said})", next_step="Restore a backup: `wgo restore FILE`.")
    if "unable to open database file" in lowered:
        return StorageError(f"{place} cannot be opened", next_step="Check that its folder exists and that WGO's user may write there.")
    if any(sign in lowered for sign in _REFUSED):
        return StorageError(f"{place} cannot be reached ({said[:200]})", next_step="Check database.url, and that the server runs.")
    if any(sign in lowered for sign in _DENIED):
        return StorageError(f"{place} refuses us ({said[:200]})", next_step="Check user, password and database name in database.url.")
    return StorageError(f"{place}: {said[:300]}", next_step="If it stays so, see the log, and run `wgo doctor`.")
