"""`make tour`: thirty real changes on real components, and what the bot's own pipeline says of each."""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.tour.change import event_object
from tests.tour.table import print_result
from tests.tour.tour import Result, take


def main() -> int:
    parser = argparse.ArgumentParser(prog="make tour", description=__doc__)
    parser.add_argument("--only", action="append", type=int, default=[], metavar="N", help="one change by its number; may be repeated")
    parser.add_argument("--json", action="store_true", help="print what was seen as JSON")
    asked = parser.parse_args()
    if not set(asked.only) <= set(range(1, 31)):
        parser.error("the changes are numbered 1 to 30")
    logging.basicConfig(level=logging.ERROR)
    progress = Console(stderr=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="wgo-tour-") as folder:
        result = take(Path(folder), only=asked.only, say=lambda says: progress.print(says, style="dim"))
    if asked.json:
        print(json.dumps(_as_object(result), indent=1, ensure_ascii=False))
    else:
        console = Console(width=None if sys.stdout.isatty() else 180, highlight=False)
        print_result(result, console)
    return 0 if result.right else 1


def _as_object(result: Result) -> dict[str, object]:
    return {
        "right": result.right,
        "changes": [one.as_object() for one in result.outcomes],
        "also": [event_object(one) for one in result.also],
        "failures": list(result.failures),
        "missing": dict(result.missing),
    }


if __name__ == "__main__":
    sys.exit(main())
