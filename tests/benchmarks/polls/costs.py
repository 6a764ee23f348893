"""What polls cost: time on the clock, time of this process's own, requests; few objects beside many."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import app
from core.clock import Clock, Deadline, utc_now
from core.ports import Commit, Provider, Store
from core.settings import DatabaseSettings, Settings, SourceSettings
from tests.benchmarks.figures import Figure, median

FEW, MANY = 10, 10_000
# Of the many as of the few, so that they can be compared; more than ten only of the many.
CHANGED = (1, 10, 50)
BUSY_RUNS = 5
_POLL_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    wall_ms: float
    cpu_ms: float
    requests: float

    @property
    def note(self) -> str:
        return f"CPU {self.cpu_ms:,.1f} ms, {self.requests:,.0f} request{'' if self.requests == 1 else 's'}"


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    return Cost(
        wall_ms=median([one.wall_ms for one in costs]),
        cpu_ms=median([one.cpu_ms for one in costs]),
        requests=median([one.requests for one in costs]),
    )


@dataclass(slots=True)
class MovableClock:
    """Polls of a source that is asked once a minute, without the minutes."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.at

    def wait(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)


@dataclass(slots=True)
class Watching:
    """A provider over a real store. `requests` counts those made so far."""

    provider: Provider
    store: Store
    requests: Callable[[], int]

    def poll(self, *, events: int) -> Cost:
        """One poll with its backlog, stored. Raises where it does not tell of just so many changes: it would measure something else."""
        asked, wall, cpu = self.requests(), time.perf_counter(), time.process_time()
        told = 0
        more = True
        while more:
            source = self.provider.source
            batch = self.provider.poll(self.store.cursors.get(source), self.store.cursors.known(source), Deadline.after(_POLL_SECONDS))
            self.store.work.commit(Commit(source=source, batch=batch))
            self.provider.committed(batch)
            told, more = told + len(batch.events), batch.more
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if told != events:
            raise RuntimeError(f"{self.provider.source} told of {told} changes where {events} were made")
        return Cost(wall_ms=wall * 1000, cpu_ms=cpu * 1000, requests=self.requests() - asked)


def watching(
    folder: Path, provider: str, options: Mapping[str, Any], requests: Callable[[], int], *, name: str, clock: Clock = utc_now
) -> Watching:
    """A source of that name over a new database."""
    settings = Settings(
        database=DatabaseSettings(url=f"sqlite:///{folder}/{name}.db"),
        sources=(SourceSettings(name=name, provider=provider, options=dict(options)),),
    )
    store = app.open_store(settings)
    (built,) = app.build_providers(settings, store, clock=clock)
    return Watching(provider=built, store=store, requests=requests)


@dataclass(slots=True)
class SideBySide:
    """Costs by what was done and of how many objects; told in pairs."""

    provider: str
    costs: dict[str, dict[int, Cost]] = field(default_factory=dict)

    def note(self, did: str, many: int, cost: Cost) -> None:
        self.costs.setdefault(did, {})[many] = cost

    def measure(
        self, watched: Watching, many: int, change: Callable[[int, int], None], *, idle_runs: int = 20,
        wait: Callable[[float], None] = lambda minutes: None, settled_minutes: float = 0,
    ) -> None:  # fmt: skip
        """Idle polls, then busy ones. `change(number, value)` sets the first so many objects to a value; a minute goes by before each
        poll, `settled_minutes` before each change: until earlier ones are no longer looked at again."""

        def idle() -> Cost:
            wait(1)
            return watched.poll(events=0)

        def busy(number: int, value: int) -> Cost:
            wait(settled_minutes)
            idle()
            wait(1)
            change(number, value)
            return watched.poll(events=number)

        wait(settled_minutes)
        idle()
        self.note("nothing changed", many, middle([idle() for _ in range(idle_runs)]))
        for number in CHANGED:
            if number <= many:
                costs = [busy(number, number * 100 + run) for run in range(BUSY_RUNS)]
                self.note(f"{number} changed", many, middle(costs))

    def figures(self) -> Iterator[Figure]:
        for did, by_many in sorted(self.costs.items(), key=lambda one: one[0].endswith("changed")):
            for many, cost in by_many.items():
                few = by_many.get(FEW) if did == "nothing changed" and many != FEW else None
                name = f"{self.provider}, {did}, {many:,} objects"
                # On the clock it is also the component's time and that of whoever else uses the machine: no aim for that.
                yield Figure(name=name, value=cost.wall_ms, unit="ms", note=cost.note)
                if few:
                    yield Figure(name=f"{name}: CPU", value=cost.cpu_ms, unit="ms", limit=_no_more(few.cpu_ms))
                    yield Figure(name=f"{name}: requests", value=cost.requests, unit="", limit=few.requests)


def _no_more(few: float) -> float:
    """A thousand times the objects may cost what noise costs, and no more: a quarter and 3 ms."""
    return 1.25 * few + 3
