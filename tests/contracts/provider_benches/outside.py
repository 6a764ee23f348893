"""The example of docs/providers.md, taken from the page and installed as a package would be: found by its entry point."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.components.state_server import StateServer, state_server

COMPONENTS: tuple[str, ...] = ()
PAGE = Path(__file__).parents[3] / "docs" / "providers.md"


def code() -> str:
    """The page's one block of Python."""
    (found,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return str(found)


@dataclass
class OutsideBench:
    server: StateServer
    provider: str = "flags"
    at: datetime = datetime(2026, 11, 24, 9, tzinfo=UTC)
    flags: dict[str, dict[str, Any]] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        return {"url": f"{self.server.url}/flags"}

    def now(self) -> datetime:
        return self.at

    def wait(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)

    def make(self, name: str, value: int) -> None:
        self.flags[name] = {"share": value}
        self._write()

    change = make

    def delete(self, name: str) -> None:
        del self.flags[name]
        self._write()

    def many(self, number: int) -> None:
        self.flags.update({f"many{one}": {"share": one} for one in range(number)})
        self._write()

    def plant_secret(self, name: str, text: str) -> None:
        self.flags[name] = {"share": 1, "webhook_token": text}
        self._write()

    def _write(self) -> None:
        self.server.put("flags", json.dumps({"flags": self.flags}).encode(), self.at)

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
def bench(folder: Path, component: None) -> Iterator[OutsideBench]:
    (folder / "wgo_flags.py").write_text(code(), encoding="utf-8")
    installed = folder / "wgo_flags-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: wgo-flags\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[wgo.providers]\nflags = wgo_flags:FlagProvider\n", encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        with state_server() as server:
            yield OutsideBench(server)
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("wgo_flags", None)
