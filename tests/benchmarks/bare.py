"""The same rows by bare SQL, for comparison: what the database itself costs."""

import gzip
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from core.event import Event
from core.json import encode
from tests.benchmarks.figures import timed

_TABLE = """
CREATE TABLE events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, occurred_at TEXT, source TEXT, environment TEXT,
  resource_key TEXT, actor TEXT, verdict TEXT, body BLOB);
CREATE INDEX by_time ON events (occurred_at);
CREATE INDEX by_resource ON events (resource_key, occurred_at);
CREATE INDEX by_environment ON events (environment, occurred_at);
"""
_INSERT = "INSERT INTO events (id, occurred_at, source, environment, resource_key, actor, verdict, body) VALUES (?,?,?,?,?,?,?,?)"


def insert_events(path: Path, events: Sequence[Event], *, at_once: int) -> float:
    """Rows a second, the bodies encoded and compressed as ours are."""
    connection = sqlite3.connect(path)
    connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;{_TABLE}")
    with timed() as took:
        for first in range(0, len(events), at_once):
            connection.executemany(_INSERT, [_row(one) for one in events[first : first + at_once]])
            connection.commit()
    connection.close()
    return len(events) / took()


def _row(one: Event) -> tuple[object, ...]:
    body = gzip.compress(encode(one), 1)
    actor = one.actor.id
    return (one.id, one.occurred_at.isoformat(), one.source, one.environment, one.resource.key, actor, "routine", body)
