"""What survives a restart: an append-only file of JSON lines, each one record as it is now. Last line of a key wins."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest record of each kind and key."""

    records: dict[tuple[str, str], Any] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, Any]:
        return {key: value for (each, key), value in self.records.items() if each == kind}


class Journal:
    """Appends to `path`, or keeps nothing where there is none. A torn last line (the process died in it) is dropped."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._out: IO[str] | None = None

    def read(self) -> Kept:
        """Read what is there, rewrite it without what was replaced, and open the file for more."""
        kept = Kept()
        if self._path is None:
            return kept
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                if not line.endswith("}"):
                    continue
                record = json.loads(line)
                if record["value"] is None:
                    kept.records.pop((record["kind"], record["key"]), None)
                else:
                    kept.records[(record["kind"], record["key"])] = _thaw(record)
            fresh = self._path.with_suffix(".new")
            fresh.write_text("".join(_line(kind, key, value) for (kind, key), value in kept.records.items()), encoding="utf-8")
            fresh.replace(self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._out = self._path.open("a", encoding="utf-8")
        return kept

    def keep(self, kind: str, key: str, value: Any) -> None:
        if self._out is not None:
            self._out.write(_line(kind, key, value))
            self._out.flush()

    def keep_bytes(self, kind: str, key: str, value: dict[str, Any], content: bytes) -> None:
        self.keep(kind, key, {**value, "content": content})

    def close(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None


def _line(kind: str, key: str, value: Any) -> str:
    content = value.get("content") if isinstance(value, dict) else None
    if isinstance(content, bytes):
        record = {"kind": kind, "key": key, "value": {**value, "content": None}, "base64": base64.b64encode(content).decode()}
    else:
        record = {"kind": kind, "key": key, "value": value}
    return json.dumps(record, separators=(",", ":")) + "\n"


def _thaw(record: dict[str, Any]) -> Any:
    if "base64" in record:
        return {**record["value"], "content": base64.b64decode(record["base64"])}
    return record["value"]
