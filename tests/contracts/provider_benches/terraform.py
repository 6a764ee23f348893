"""Terraform: one state in a bucket, written as an apply writes it, behind a server that can fail in every way."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.components.state_server import StateServer, state_server

COMPONENTS: tuple[str, ...] = ()


@dataclass
class TerraformBench:
    server: StateServer
    provider: str = "terraform"
    at: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    serial: int = 0

    def options(self) -> dict[str, Any]:
        return {"gcs": {"bucket": "states", "prefix": "shop", "endpoint": self.server.url}}

    def now(self) -> datetime:
        return self.at

    def wait(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)

    def make(self, name: str, value: int) -> None:
        self.attributes[name] = {"id": f"thing-{name}", "size": value}
        self._write()

    change = make

    def delete(self, name: str) -> None:
        del self.attributes[name]
        self._write()

    def many(self, number: int) -> None:
        self.attributes.update({f"many{one}": {"id": f"thing-many{one}", "size": one} for one in range(number)})
        self._write()

    def plant_secret(self, name: str, text: str) -> None:
        self.attributes[name] = {"id": f"thing-{name}", "size": 1, "password": text, "user_data": f"export KEY={text}"}
        self._write()

    def _write(self) -> None:
        self.serial += 1
        resources = [
            {
                "mode": "managed",
                "type": "example_thing",
                "name": name,
                "provider": 'provider["registry.terraform.io/acme/example"]',
                "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "private": "cHJpdmF0ZQ=="}],
            }
            for name, attributes in sorted(self.attributes.items())
        ]
        state = {
            "version": 4,
            "terraform_version": "1.11.4",
            "serial": self.serial,
            "lineage": "l-1",
            "outputs": {},
            "resources": resources,
        }
        self.server.put("shop/prod.tfstate", json.dumps(state).encode(), self.at)

    def refuse(self) -> None:
        self.server.fault = 403

    def throttle(self) -> None:
        self.server.fault = 429

    def hang(self) -> None:
        self.server.fault = "hang"

    def malform(self) -> None:
        self.server.fault = "garbage"

    def heal(self) -> None:
        self.server.fault = None

    def calls(self) -> int:
        return len(self.server.calls)

    def sent(self) -> int:
        return self.server.sent


@contextmanager
def bench(folder: Path, component: None) -> Iterator[TerraformBench]:
    with state_server() as server:
        yield TerraformBench(server)
