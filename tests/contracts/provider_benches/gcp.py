"""Google Cloud: instances in a Cloud Asset Inventory over real gRPC, their audit entries over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc

from tests.components.cloud_asset import CloudAsset, cloud_asset

COMPONENTS: tuple[str, ...] = ()
_KIND = "compute.googleapis.com/Instance"


@dataclass
class GcpBench:
    google: CloudAsset
    provider: str = "gcp"
    at: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)
    above: tuple[str, ...] = ()

    def options(self) -> dict[str, Any]:
        return {"scope": "projects/acme", "asset_endpoint": self.google.endpoint, "logging_url": self.google.logging_url}

    def now(self) -> datetime:
        return self.at

    def wait(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)

    def make(self, name: str, value: int) -> None:
        self.google.put(_full(name), _KIND, self.at, {"name": name, "size": value}, self.above)

    change = make

    def delete(self, name: str) -> None:
        self.google.put(_full(name), _KIND, self.at, None, self.above)

    def many(self, number: int) -> None:
        for one in range(number):
            self.google.put(_full(f"many-{one}"), _KIND, self.at - timedelta(days=1), {"name": f"many-{one}", "size": one}, self.above)

    def plant_secret(self, name: str, text: str) -> None:
        items = [{"key": "startup-script", "value": f"export KEY={text}"}, {"key": "db-password", "value": text}]
        self.google.put(_full(name), _KIND, self.at, {"name": name, "size": 1, "password": text, "metadata": {"items": items}}, self.above)

    def refuse(self) -> None:
        self.google.fault = grpc.StatusCode.PERMISSION_DENIED

    def throttle(self) -> None:
        self.google.fault = grpc.StatusCode.RESOURCE_EXHAUSTED

    def hang(self) -> None:
        self.google.fault = "hang"

    def malform(self) -> None:
        self.google.logs.body = b"<html>a proxy's page</html>"
        self.google.fault = grpc.StatusCode.INVALID_ARGUMENT

    def heal(self) -> None:
        self.google.fault, self.google.logs.body = None, None

    def calls(self) -> int:
        return sum(self.google.calls.values())

    def sent(self) -> int:
        return 0


def _full(name: str) -> str:
    return f"//compute.googleapis.com/projects/acme/zones/europe-west1-b/instances/{name}"


@contextmanager
def bench(folder: Path, component: None) -> Iterator[GcpBench]:
    with cloud_asset() as google:
        yield GcpBench(google)
