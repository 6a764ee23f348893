"""The same rows by bare SQL, for comparison: what the database itself costs."""

import sqlite3
from pathlib import Path

from tests.benchmarks.figures import timed

# What the pipeline writes of one event; each with the column that ties it to the event's row.
_WRITTEN = {
    "events": "SELECT * FROM events WHERE sequence > ?",
    "assessments": "SELECT * FROM assessments WHERE event_id IN (SELECT id FROM events WHERE sequence > ?)",
    "stories": "SELECT * FROM stories WHERE id IN (SELECT story_id FROM events WHERE sequence > ?)",
    "story_links": "SELECT * FROM story_links WHERE story_id IN (SELECT story_id FROM events WHERE sequence > ?)",
    "story_sources": "SELECT * FROM story_sources WHERE story_id IN (SELECT story_id FROM events WHERE sequence > ?)",
    "follow_ups": "SELECT * FROM follow_ups WHERE story_id IN (SELECT story_id FROM events WHERE sequence > ?)",
    # As they are now: the pipeline wrote many of them more than once.
    "baselines": "SELECT * FROM baselines WHERE last_at >= (SELECT min(occurred_at) FROM events WHERE sequence > ?)",
}


def insert_again(written: Path, into: Path, *, after_sequence: int, at_once: int) -> float:
    """Events a second when the rows that the pipeline wrote after this sequence are inserted once more, into the same empty schema.

    A transaction takes what belongs to `at_once` events.
    """
    source = sqlite3.connect(f"file:{written}?mode=ro", uri=True)
    target = sqlite3.connect(into)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=NORMAL")
    schema = source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC")
    for (statement,) in schema:
        target.execute(statement)
    rows = {table: source.execute(select, (after_sequence,)).fetchall() for table, select in _WRITTEN.items()}
    events = len(rows["events"])
    transactions = max(1, events // at_once)
    with timed() as took:
        for number in range(transactions):
            for table, held in rows.items():
                if held:
                    share = held[len(held) * number // transactions : len(held) * (number + 1) // transactions]
                    target.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(held[0]))})", share)
            target.commit()
    source.close()
    target.close()
    return events / took()
