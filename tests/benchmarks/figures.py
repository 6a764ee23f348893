"""What a measurement says: a number, its unit, what a bare store needs for the same, and what we aim for."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`bare` is the same rows by bare inserts or selects in the same run; `limit` what it must not pass (`at_least`: must reach)."""

    name: str
    value: float
    unit: str
    bare: float | None = None
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_object(self) -> dict[str, object]:
        return {**asdict(self), "holds": self.holds}


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Seconds since the block began; fixed when it ends."""
    started = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - started
    ended.append(time.perf_counter())


def quantile(of: Sequence[float], share: float) -> float:
    """The `share` quantile, by the nearest rank."""
    ordered = sorted(of)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(of: Sequence[float]) -> float:
    return statistics.median(of)


def resident_mib() -> float:
    """What this process holds in memory now (VmRSS of /proc/self/status, Linux only)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


def machine() -> str:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?")
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
