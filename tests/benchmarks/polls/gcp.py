"""Google Cloud: disks of a project in the tests' own Cloud Asset Inventory, over real gRPC, in a process of its own."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from core.providers.gcp.provider import GcpProvider
from core.providers.gcp.quotas import Quota
from tests.benchmarks.figures import Figure
from tests.benchmarks.polls.aside import Aside, aside
from tests.benchmarks.polls.costs import FEW, MANY, MovableClock, SideBySide, watching
from tests.components.cloud_asset import CloudAsset, cloud_asset

COMPONENT = ""
_KIND = "compute.googleapis.com/Disk"
# What is searched again each time, and how often the inventory is listed in this measurement: apart, as it is named apart.
_SETTLED_MINUTES = 11
_SWEEP_MINUTES = 100_000


def put(held: CloudAsset, first: int, after: int, at: datetime, size: int) -> None:
    for number in range(first, after):
        name = f"disk-{number}"
        full = f"//compute.googleapis.com/projects/acme/zones/europe-west1-b/disks/{name}"
        labels = {"team": f"team-{number % 7}", "app": name}
        held.put(full, _KIND, at, {"name": name, "sizeGb": size, "zone": "europe-west1-b", "type": "pd-balanced", "labels": labels})


def _calls(held: CloudAsset) -> int:
    return sum(held.calls.values())


def places(held: CloudAsset) -> tuple[str, str]:
    return held.endpoint, held.logging_url


def measure(folder: Path) -> Iterator[Figure]:
    costs = SideBySide("gcp")
    for many in (FEW, MANY):
        with aside(cloud_asset) as google:
            _measure(folder, google, many, costs)
    yield from costs.figures()


def _measure(folder: Path, google: Aside[CloudAsset], many: int, costs: SideBySide) -> None:
    clock = MovableClock()
    google.do(put, 0, many, clock(), 10)
    clock.wait(60)
    asset, logs = google.do(places)
    options = {"scope": "projects/acme", "asset_endpoint": asset, "logging_url": logs, "sweep_minutes": _SWEEP_MINUTES}
    watched = watching(folder, "gcp", options, lambda: google.do(_calls), name=f"gcp-{many}", clock=clock)
    assert isinstance(watched.provider, GcpProvider)
    # Polls that are a minute apart find their quotas whole again.
    watched.provider.logs.quota = Quota(1e9)
    watched.provider.inventory.quotas.update({needs: Quota(1e9) for needs in watched.provider.inventory.quotas})

    def change(number: int, value: int) -> None:
        google.do(put, 0, number, clock(), value)

    with closing(watched.store), closing(watched.provider):
        costs.note("baseline", many, watched.poll(events=0))
        costs.measure(watched, many, change, wait=clock.wait, settled_minutes=_SETTLED_MINUTES)
        clock.wait(_SWEEP_MINUTES)
        costs.note("sweep", many, watched.poll(events=0))
