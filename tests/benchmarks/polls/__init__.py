"""What a poll costs: nothing changed, a few things changed; with 10 and with 10,000 things to watch."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tests.benchmarks.figures import Figure
from tests.benchmarks.polls import aws, gcp, kubernetes, terraform
from tests.components.needed import COMPONENTS

_MEASURED = {"terraform": terraform, "kubernetes": kubernetes, "aws": aws, "gcp": gcp}


def measure(folder: Path) -> Iterator[Figure]:
    """The figures of every provider whose component is here; a line for those that are left out."""
    for name, provider in _MEASURED.items():
        missing = COMPONENTS[provider.COMPONENT]() if provider.COMPONENT else ""
        if missing:
            Console(stderr=True, highlight=False).print(f"polls of {name} are not measured: {missing}")
            continue
        yield from provider.measure(folder)
