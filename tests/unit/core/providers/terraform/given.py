"""What the tests of this provider share: a watched source with its rows and clock, and states as Terraform writes them."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.batch import Batch, Cursor, KnownState, Reading
from core.clock import Deadline
from core.json import JsonObject
from core.providers import ProviderContext, build
from core.redaction import Redactor
from core.settings import SourceSettings

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
LINEAGE = "6f1c4f0e-8f0a-4d3a-9f8e-000000000001"
REDACTOR = Redactor(b"k" * 32)


@dataclass
class Rows:
    """Known states in memory; `asked` counts the rows that were looked up or paged."""

    rows: dict[str, KnownState] = field(default_factory=dict)
    asked: int = 0

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        self.asked += len(keys)
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        found = [self.rows[key] for key in sorted(self.rows) if key.startswith(prefix) and key > after][:limit]
        self.asked += len(found)
        return found

    def take(self, found: Batch | Reading) -> None:
        for change in found.known_changes:
            if change.state is None:
                self.rows.pop(change.key, None)
            else:
                self.rows[change.key] = change


@dataclass
class Watch:
    """A provider, its rows and its clock, polled as the poller polls."""

    options: dict[str, Any]
    now: datetime = START
    rows: Rows = field(default_factory=Rows)
    cursor: Cursor | None = None

    def __post_init__(self) -> None:
        self.reconfigure(self.options)

    def reconfigure(self, options: dict[str, Any]) -> None:
        source = SourceSettings(name="tf-prod", provider="terraform", environment="prod", options=options)
        self.provider = build(source, ProviderContext(redactor=REDACTOR, clock=lambda: self.now))

    def poll(self, minutes: float = 1, seconds: float = 10) -> Batch:
        self.now += timedelta(minutes=minutes)
        batch = self.provider.poll(self.cursor, self.rows, Deadline.after(seconds))
        self.cursor = batch.cursor
        self.rows.take(batch)
        return batch


def instance(
    value: JsonObject, *, index: str | int | None = None, sensitive: Sequence[Sequence[str | int]] = (), **more: Any
) -> JsonObject:
    paths = [[{"type": "get_attr", "value": step} for step in path] for path in sensitive]
    indexed = {} if index is None else {"index_key": index}
    return {**indexed, "schema_version": 0, "attributes": value, "sensitive_attributes": paths, "private": "c2VjcmV0", **more}


def resource(kind: str, name: str, *instances: JsonObject, module: str = "", mode: str = "managed") -> JsonObject:
    placed = {"module": module} if module else {}
    return {**placed, "mode": mode, "type": kind, "name": name, "provider": 'provider["example"]', "instances": list(instances)}


def state(*resources: JsonObject, serial: int = 1, lineage: str = LINEAGE, outputs: JsonObject | None = None) -> JsonObject:
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": outputs or {},
        "resources": list(resources),
        "check_results": None,
    }


def write(path: Path, content: JsonObject | bytes, at: datetime) -> Path:
    """The file with that time, replaced whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    os.utime(fresh, (at.timestamp(), at.timestamp()))
    fresh.replace(path)
    return path
