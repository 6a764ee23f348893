"""How well a simulated year is understood: `python -m tests.benchmarks.simulated_year [--days N] [--seed S] [--json]`."""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.simulator.measures import SCORED, Measured, measure
from tests.simulator.replay import Replay
from tests.simulator.year import tell

DAYS, SEED = 60, 7


def figures(_folder: Path) -> Iterator[Figure]:
    """The aims of docs/accuracy.md on the first 60 days. Nothing of it touches a disk."""
    found = measure(Replay(tell(days=DAYS, seed=SEED)).run())
    note = f"{DAYS} simulated days, seed {SEED}"

    def share(name: str, value: float, limit: float) -> Figure:
        return Figure(name=name, value=100 * value, unit="%", limit=limit, at_least=True, note=note)

    for meant in SCORED:
        yield share(f"told {meant}, and right", found.accuracy[meant].value, 95)
        yield share(f"truly {meant}, and found", found.recall[meant].value, 90)
    yield Figure(name="stories against true causes", value=found.rand, unit="adjusted Rand", limit=0.9, at_least=True, note=note)
    yield share("events with context", found.context.value, 95)
    yield Figure(name="messages per 100 raw changes", value=100 * found.messages.value, unit="messages", limit=5, note=note)
    yield share("comfort for settled planned changes", found.comfort.value, 80)
    yield Figure(name="false reassurances", value=found.false_reassurances + found.across_gaps, unit="events", limit=0, note=note)
    yield share("reads not called a change", 1 - found.reads_called_change.value, 100)


def table(found: Measured, seconds: float) -> str:
    rows = [("raw changes", f"{found.changes:,} in {seconds:.0f} s"), ("events", f"{found.events:,}")]
    for meant in SCORED:
        rows.append((f"{meant}: right of those told so", str(found.accuracy[meant])))
        rows.append((f"{meant}: found of those that are", str(found.recall[meant])))
    rows += [
        ("told unknown", str(found.unknown)),
        ("adjusted Rand index of stories", f"{found.rand:.3f}"),
        ("stories that mix causes", str(found.mixed)),
        ("events with context", str(found.context)),
        ("messages per 100 raw changes", f"{100 * found.messages.value:.2f} ({found.messages.part:,}; {found.edits:,} edits)"),
        ("comfort for settled planned", str(found.comfort)),
        ("false reassurances", f"{found.false_reassurances} (across a gap: {found.across_gaps})"),
        ("reads called a change", str(found.reads_called_change)),
        ("changes not seen", str(found.unread_changes)),
    ]
    lines = [f"{name:<36} {value}" for name, value in rows]
    lines += ["", "by sort of cause:"]
    lines += [f"  {sort:<16} {json.dumps(told)}" for sort, told in found.by_sort.items()]
    lines += ["messages by sort: " + json.dumps(dict(found.messages_by_sort))]
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--json", action="store_true")
    told = asked.parse_args()
    begun = time.perf_counter()
    found = measure(Replay(tell(days=told.days, seed=told.seed)).run())
    print(json.dumps(asdict(found)) if told.json else table(found, time.perf_counter() - begun))


if __name__ == "__main__":
    main()
