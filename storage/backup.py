"""Verified backups, and the way back. A backup that could not be restored and counted is none, and does not get the name of one."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from core.clock import Clock, utc_now
from core.errors import StorageBusy, StorageError, StorageFull
from storage import postgres
from storage.lockfile import LockFile
from storage.opening import file_of

_PREFIX = "wgo-"
_SECONDS = 3600


def backup(url: str, folder: Path, kept: int = 7, pg_dump: str = "pg_dump", *, clock: Clock = utc_now) -> Path:
    """Write one backup into `folder`, verify it, and remove all but the newest `kept`. Safe beside a running bot. Raises StorageError."""
    path = file_of(url)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        step = "Name a folder in which WGO's user may write: database.backup_folder."
        raise StorageError(f"{folder} cannot hold backups ({error.strerror})", next_step=step) from error
    suffix = "db" if path else "pgdump"
    target = folder / f"{_PREFIX}{clock().astimezone(UTC):%Y%m%dT%H%M%S.%fZ}.{suffix}"
    unfinished = target.with_name(f".{target.name}.part")
    try:
        if path:
            _copy(path, unfinished)
            _verify(unfinished, path)
        elif (parsed := make_url(url)).get_backend_name() == "postgresql":
            _dump(parsed, unfinished, pg_dump)
            _require_list(unfinished, pg_dump)
        else:
            raise StorageError("a database in memory has no backup", next_step="Set database.url to a file: sqlite:///wgo.db")
        unfinished.replace(target)
    except OSError as error:
        raise StorageFull(
            f"{target} could not be written ({error.strerror})", next_step="Free some space, or change the folder."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    _rotate(folder, suffix, kept)
    return target


def restore(url: str, file: Path, pg_restore: str = "pg_restore", *, clock: Clock = utc_now) -> str:
    """Put a backup in the database's place; a sentence on what was done. The database as it was is kept aside (SQLite).

    Raises StorageBusy beside a running bot, and StorageError for a file that is no backup; then nothing was changed.
    """
    if not file.is_file():
        raise StorageError(f"there is no file {file}", next_step="`ls` the backup folder, and name one of its files.")
    path = file_of(url)
    if path is None:
        return _restore_dump(make_url(url), file, pg_restore)
    if not path.parent.is_dir():
        raise StorageError(f"the folder of {path} does not exist", next_step=f"Make it: mkdir -p {path.parent}")
    lock = LockFile.take(path)
    try:
        return _swap(path, file, clock())
    finally:
        lock.release()


def _swap(path: Path, file: Path, now: datetime) -> str:
    fresh = path.with_name(f".{path.name}.restored")
    fresh.unlink(missing_ok=True)
    try:
        shutil.copyfile(file, fresh)
        counted = _counted(fresh)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageFull(f"{fresh} could not be written ({error.strerror})", next_step="Free some space.") from error
    except StorageError:
        fresh.unlink(missing_ok=True)
        raise
    aside = path.with_name(f"{path.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    held = path.exists()
    if held:
        # Whatever is still in the log goes into the file first, so that the file alone is the whole database.
        _sqlite(path, lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        path.replace(aside)
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    fresh.replace(path)
    kept = f" What was there before is in {aside}." if held else ""
    return f"Restored {counted:,} changes from {file} into {path}.{kept}"


# --- SQLite --------------------------------------------------------------------------------------------------------------


def _sqlite(path: Path, work: Callable[[sqlite3.Connection], object], *, mode: str = "rwc") -> None:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=30)) as connection:
            work(connection)
    except sqlite3.Error as error:
        if "full" in str(error) or "disk I/O" in str(error):
            raise StorageFull(f"{path}: no room left ({error})", next_step="Free some space, or change the folder.") from error
        raise StorageError(f"{path} is no whole database ({error})", next_step="Use another backup.") from error


def _copy(path: Path, target: Path) -> None:
    if not path.exists():
        raise StorageError(f"there is no database at {path} yet", next_step="Start the bot once (`wgo run`), or check database.url.")
    # At one go: a copy page by page would begin again whenever somebody writes.
    _sqlite(path, lambda source: _sqlite(target, lambda copy: source.backup(copy)), mode="ro")


def _verify(made: Path, source: Path) -> None:
    """Sound, and as long as its original was or longer, once restored elsewhere."""
    trial = made.with_name(f"{made.name}.trial")
    try:
        shutil.copyfile(made, trial)
        if _counted(trial) != _counted(made):
            raise StorageError(f"the backup of {source} does not restore whole", next_step="Try again; check the disk.")
    finally:
        for rest in ("", "-wal", "-shm"):
            trial.with_name(trial.name + rest).unlink(missing_ok=True)
    for rest in ("-wal", "-shm"):
        made.with_name(made.name + rest).unlink(missing_ok=True)
    with made.open("rb+") as written:
        os.fsync(written.fileno())


def _counted(path: Path) -> int:
    """How many events a whole database of ours holds. Raises StorageError for anything else."""
    found: list[int] = []

    def look(connection: sqlite3.Connection) -> None:
        says = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if says != "ok":
            raise StorageError(f"{path} is damaged ({says})", next_step="Use another backup.")
        # One file, without a log beside it.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
        found.append(int(connection.execute("SELECT count(*) FROM events").fetchone()[0]))

    _sqlite(path, look)
    return found[0]


# --- PostgreSQL ----------------------------------------------------------------------------------------------------------


def _dump(url: URL, target: Path, pg_dump: str) -> None:
    _run([pg_dump, "--format=custom", "--no-owner", f"--file={target}", _named(url)], url)


def _require_list(dump: Path, pg_dump: str) -> None:
    program = Path(pg_dump).with_name(Path(pg_dump).name.replace("pg_dump", "pg_restore"))
    listed = _run([str(program), "--list", str(dump)], None)
    if "TABLE DATA" not in listed or " events " not in listed:
        raise StorageError(f"{dump} is no dump of WGO's database", next_step="Check database.url, and use another backup.")


def _restore_dump(url: URL, file: Path, pg_restore: str) -> str:
    _require_list(file, pg_restore.replace("pg_restore", "pg_dump"))
    _require_alone(url)
    _run([pg_restore, "--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={_named(url)}", str(file)], url)
    return f"Restored {file} into {url.render_as_string(hide_password=True)}, in place of what was there."


def _require_alone(url: URL) -> None:
    """Raises StorageBusy where a bot is connected."""
    database = postgres.on_server(url, utc_now, read_only=True)
    try:
        with database.read() as connection:
            others = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'wgo' AND pid <> pg_backend_pid()"
            ).scalar_one()
    finally:
        database.close()
    if others:
        raise StorageBusy(f"another WGO is connected to {database.place}", next_step="Stop it first, then restore.")


def _named(url: URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(command: list[str], url: URL | None) -> str:
    # The password goes by the environment: arguments can be read by every user of the machine.
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url is not None and url.password else {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, env=environment, check=False)  # noqa: S603 - the configured program
    except FileNotFoundError as error:
        raise StorageError(
            f"there is no program {command[0]}", next_step="Install PostgreSQL's client, or set database.pg_dump."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StorageError(f"{command[0]} did not end within an hour", next_step="Look at the server's load.") from error
    if done.returncode:
        raise StorageError(f"{command[0]} failed: {done.stderr.strip()[-300:]}", next_step="See what it says above.")
    return done.stdout


def _rotate(folder: Path, suffix: str, kept: int) -> None:
    for old in sorted(folder.glob(f"{_PREFIX}*.{suffix}"))[: -max(kept, 1)]:
        old.unlink(missing_ok=True)
