"""A SQLite log is moved into its database beside the writer."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.checkpoint import Checkpoints


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "busy.db"


@pytest.fixture
def writer(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("CREATE TABLE rows (body BLOB)")
        yield connection


class Held:
    """A lock that says when it was taken."""

    def __init__(self) -> None:
        self.taken = threading.Event()

    def __enter__(self) -> None:
        self.taken.set()

    def __exit__(self, *_: object) -> None:
        pass


def _write(writer: sqlite3.Connection, checkpoints: Checkpoints, commits: int, size: int) -> None:
    for _ in range(commits):
        writer.execute("INSERT INTO rows VALUES (?)", (bytes(size),))
        checkpoints.committed()


def _alone(file: Path) -> int:
    """Rows in the database without its log. The moving thread is given ten seconds to bring some."""
    rows, pause = 0, threading.Event()
    for _ in range(1000):
        copy = file.with_name("copy.db")
        copy.write_bytes(file.read_bytes())
        with closing(sqlite3.connect(f"file:{copy}?immutable=1", uri=True)) as connection:
            found = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            rows = connection.execute("SELECT count(*) FROM rows").fetchone()[0] if found else 0
        if rows:
            break
        pause.wait(0.01)
    return rows


def test_many_commits_are_moved_without_the_writer_doing_it(file: Path, writer: sqlite3.Connection) -> None:
    checkpoints = Checkpoints(file, threading.RLock())
    _write(writer, checkpoints, 500, 10)
    assert _alone(file) == 500
    checkpoints.close()


def test_a_few_commits_start_nothing(file: Path, writer: sqlite3.Connection) -> None:
    before = threading.active_count()
    checkpoints = Checkpoints(file, threading.RLock())
    _write(writer, checkpoints, 499, 10)
    assert threading.active_count() == before
    checkpoints.close()


def test_writers_are_held_up_only_where_the_log_is_long(file: Path, writer: sqlite3.Connection) -> None:
    short, long = Held(), Held()
    few = Checkpoints(file, short)
    _write(writer, few, 500, 10)
    assert _alone(file) == 500
    few.close()
    many = Checkpoints(file, long)
    _write(writer, many, 500, 80_000)
    assert long.taken.wait(10)
    many.close()
    assert not short.taken.is_set()


def test_a_database_that_went_away_is_no_crash_and_closing_twice_is_none_either(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_bytes(b"no database at all, and longer than the header of one would have to be: " * 20)
    checkpoints = Checkpoints(file, threading.RLock())
    for _ in range(500):
        checkpoints.committed()
    pause = threading.Event()
    for _ in range(1000):
        if caplog.records:
            break
        pause.wait(0.01)
    checkpoints.close()
    checkpoints.close()
    assert "was not moved" in caplog.text
