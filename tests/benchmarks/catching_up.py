"""A catch-up over a day of a month's store, next to the bare select of that day's rows; and what the store takes in memory."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import app
from core.ports import Span
from core.settings import DatabaseSettings, Settings, SourceSettings
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange
from tests.benchmarks.figures import Figure, median, resident_mib, timed
from tests.benchmarks.history import SOURCE, fill

_RUNS = 9


def measure(folder: Path, events: int) -> Iterator[Figure]:
    """`events` spread over 30 days; each figure is the median of several runs."""
    path = folder / "month.db"
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{path}"), sources=(SourceSettings(name=SOURCE, provider="kubernetes"),))
    now = datetime.now(UTC)
    store = app.open_store(settings)
    try:
        with timed() as took:
            for _ in fill(store, events, TimeRange(start=now - timedelta(days=30), end=now)):
                pass
        yield Figure(name=f"filling {events:,} events", value=took(), unit="s", note=f"{path.stat().st_size / 2**20:.0f} MiB on disk")
        bare = _bare_select(path, now)
        catch_up = app.build_catchup(settings, store)
        day = TimeRange(start=now - timedelta(days=1), end=now)
        runs = []
        for _ in range(_RUNS):
            with timed() as took:
                report = catch_up.over(day)
            runs.append(took() * 1000)
        note = f"{report.counts.total:,} changes in it"
        yield Figure(name="catch-up of 24 h", value=median(runs), unit="ms", bare=bare, limit=min(100.0, 3 * bare), note=note)
        with timed() as took:
            store.events.page(EVERYTHING, EventFilter(), Span(range=day), limit=100)
        yield Figure(name="first page of the day", value=took() * 1000, unit="ms", bare=bare)
    finally:
        store.close()


def _bare_select(path: Path, now: datetime) -> float:
    """Milliseconds to read the columns of the day's rows, on a connection of its own."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    runs = []
    since = int((now - timedelta(days=1)).timestamp() * 1_000_000)
    select = "SELECT id, occurred_at, source, environment, verdict FROM events WHERE occurred_at >= ?"
    for _ in range(_RUNS):
        with timed() as took:
            rows = connection.execute(select, (since,)).fetchall()
        runs.append(took() * 1000)
    connection.close()
    assert rows, "the bare select found no row to compare with"
    return median(runs)


def resident(folder: Path, events: int) -> Iterator[Figure]:
    """What the process holds after a week's history was taken in and read once."""
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{folder}/week.db"))
    now = datetime.now(UTC)
    store = app.open_store(settings)
    try:
        for _ in fill(store, events, TimeRange(start=now - timedelta(days=7), end=now), at_once=500):
            pass
        app.build_catchup(settings, store).over(TimeRange(start=now - timedelta(days=7), end=now))
        yield Figure(name=f"resident memory after {events:,} events", value=resident_mib(), unit="MiB", limit=200.0)
    finally:
        store.close()
