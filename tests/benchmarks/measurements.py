"""What is measured, by name."""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bot.collecting import collect_seldom
from tests.benchmarks import catching_up, pipeline
from tests.benchmarks.figures import Figure

Measurement = Callable[[Path], Iterator[Figure]]


def measurements(events: int) -> dict[str, Measurement]:
    return {
        "pipeline": partial(pipeline.measure, history=events),
        "catchup": partial(catching_up.measure, events=events),
        "memory": partial(catching_up.resident, events=min(events, 100_000)),
        "idle": _idle,
        "polls": _polls,
        "verdicts": _verdicts,
    }


def measured(name: str, events: int) -> list[Figure]:
    """The figures of one measurement, taken in a folder of its own, by a process set up as `wgo` sets itself up."""
    collect_seldom()
    with tempfile.TemporaryDirectory(prefix="wgo-bench-") as folder:
        return list(measurements(events)[name](Path(folder)))


# Imported where they are measured: what these need of other people's libraries is no part of what the others hold in memory.
def _idle(folder: Path) -> Iterator[Figure]:
    from tests.benchmarks import idle

    return idle.measure(folder)


def _polls(folder: Path) -> Iterator[Figure]:
    from tests.benchmarks import polls

    return polls.measure(folder)


def _verdicts(folder: Path) -> Iterator[Figure]:
    from tests.benchmarks import simulated_year

    return simulated_year.figures(folder)
