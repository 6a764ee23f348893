"""`make bench`: every measurement, each in a process of its own so that none leaves anything behind for the next."""

import argparse
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import Figure, machine
from tests.benchmarks.measurements import measured, measurements


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="events of history in the store")
    parser.add_argument("--only", action="append", choices=sorted(measurements(1)), help="one measurement; may be repeated")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args()
    progress = Console(stderr=True, highlight=False)
    figures: list[Figure] = []
    for name in measurements(asked.events):
        if asked.only and name not in asked.only:
            continue
        progress.print(f"measuring {name} …", style="dim")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
            figures += alone.submit(measured, name, asked.events).result()
    if asked.json:
        print(json.dumps({"machine": machine(), "figures": [one.as_object() for one in figures]}, indent=1))
    else:
        _print(figures)
    return 1 if any(one.holds is False for one in figures) else 0


def _print(figures: list[Figure]) -> None:
    table = Table(title=machine(), title_justify="left")
    for column, justify in (("measured", "left"), ("value", "right"), ("bare", "right"), ("aim", "right"), ("", "left"), ("", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for one in figures:
        aim = "" if one.limit is None else f"{'≥' if one.at_least else '≤'} {one.limit:,.2f}"
        mark = {None: "", True: "✓", False: "✗"}[one.holds]
        bare = "" if one.bare is None else f"{one.bare:,.2f}"
        table.add_row(one.name, f"{one.value:,.2f} {one.unit}", bare, aim, mark, one.note)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


if __name__ == "__main__":
    sys.exit(main())
