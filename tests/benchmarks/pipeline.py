"""What a change costs on its way from a batch to the database, next to bare inserts of the same rows."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import app
from core.analysis.comfort import comfort
from core.batch import Batch, Cursor
from core.bridge import EventBridge, Steps
from core.ingest import Ingest
from core.settings import DatabaseSettings, Settings
from core.timerange import TimeRange
from tests.benchmarks.bare import insert_again
from tests.benchmarks.figures import Figure, quantile, timed
from tests.benchmarks.history import SOURCE, event, fill

_BULK, _AT_ONCE, _WARM, _SINGLE = 10_000, 500, 5000, 2000
_APART = timedelta(seconds=2.6)


def measure(folder: Path, history: int) -> Iterator[Figure]:
    """Over a store that holds `history` events of 30 days: one by one as they come, then a storm."""
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{folder}/pipeline.db"))
    store = app.open_store(settings)
    now = datetime.now(UTC)
    try:
        for _ in fill(store, history, TimeRange(start=now - timedelta(days=30), end=now - timedelta(hours=1))):
            pass
        costs: list[float] = []

        def weighed(*args: object) -> object:
            started = time.perf_counter()
            try:
                return comfort(*args)  # type: ignore[arg-type]
            finally:
                costs.append(time.perf_counter() - started)

        ingest = Ingest(store, EventBridge(store, settings=settings.analysis, steps=Steps(comfort=weighed)))  # type: ignore[arg-type]
        chance = random.Random(11)
        # As dense as a million events in 30 days are; what the pipeline itself wrote of the last hours lies before the measured ones.
        begins = now - _APART * (_WARM + _SINGLE)
        events = [event(10_000_000 + n, begins + _APART * n, chance) for n in range(_WARM + _SINGLE)]
        for first in range(0, _WARM, _AT_ONCE):
            ingest.take(SOURCE, Batch(cursor=Cursor(), events=tuple(events[first : first + _AT_ONCE])))
        costs.clear()
        sequence, singles = store.events.sequence(), []
        for one in events[_WARM:]:
            with timed() as took:
                ingest.take(SOURCE, Batch(cursor=Cursor(), events=(one,)))
            singles.append(took() * 1000)
        alone = insert_again(folder / "pipeline.db", folder / "bare-single.db", after_sequence=sequence, at_once=1)
        yield Figure(name="one event, median", value=quantile(singles, 0.5), unit="ms", bare=1000 / alone)
        yield Figure(name="one event, p99", value=quantile(singles, 0.99), unit="ms", bare=1000 / alone, limit=5.0)
        yield Figure(name="comfort alone, p99", value=quantile(costs, 0.99) * 1000, unit="ms", limit=1.0)
        storm = [event(20_000_000 + n, now + timedelta(hours=2, milliseconds=100 * n), chance) for n in range(_BULK)]
        sequence = store.events.sequence()
        with timed() as took:
            for first in range(0, _BULK, _AT_ONCE):
                ingest.take(SOURCE, Batch(cursor=Cursor(), events=tuple(storm[first : first + _AT_ONCE])))
        rate = _BULK / took()
        bare = insert_again(folder / "pipeline.db", folder / "bare.db", after_sequence=sequence, at_once=_AT_ONCE)
        yield Figure(name="a storm, ten a second", value=rate, unit="events/s", bare=bare, limit=0.25 * bare, at_least=True)
    finally:
        store.close()
