"""A whole WGO for a test: the local workspace, a folder with sources, and the bot as a process of its own that can be killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.demo import scenario as scenarios
from bot.demo.cli import CHANNEL, manifest
from bot.demo.scenario import Step, record_step
from bot.demo.stage import DemoFolder
from bot.sandbox import Configuration, Driver, PageButton, RunningSandbox, Timing, start_in_thread
from core.json import JsonObject

_PATIENT = Timing(ack_seconds=20.0, redeliver_after=(0.0, 1.0, 1.0))


@dataclass(slots=True)
class World:
    sandbox: RunningSandbox
    stage: DemoFolder
    settings_path: Path
    driver: Driver
    bot: "subprocess.Popen[bytes] | None" = None
    _numbers: list[int] = field(default_factory=lambda: [0])

    def start(self) -> None:
        """Start the bot and return at once."""
        with (self.stage.root / "bot.log").open("ab") as log:
            self.bot = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "--config", str(self.settings_path), "run"],
                stdout=log,
                stderr=log,
                cwd=self.stage.root,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def kill(self) -> None:
        """As the machine's power would: no chance to clean up."""
        assert self.bot is not None
        self.bot.send_signal(signal.SIGKILL)
        self.bot.wait(10)

    def stop(self) -> int:
        assert self.bot is not None
        self.bot.terminate()
        return self.bot.wait(30)

    def connected(self, connections: int = 2, within_seconds: float = 30.0) -> None:
        wait_until(lambda: self.driver.state()["connections"] >= connections, within_seconds, "the bot to connect", self.log)

    def record(self, use: str, source: str, **given: Any) -> None:
        """A raw record of the scenario's templates reaches a source now."""
        self.do({"use": use, "source": source, "with": given})

    def do(self, row: JsonObject) -> None:
        self._numbers[0] += 1
        self.stage.do(record_step(row, self.stage.scenario.templates, datetime.now(UTC), self._numbers[0]))

    def step(self, step: Step) -> None:
        self.stage.do(step)

    def log(self) -> str:
        path = self.stage.root / "bot.log"
        return path.read_text(encoding="utf-8", errors="replace")[-6000:] if path.exists() else ""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the bot's database beside it."""
        connection = sqlite3.connect(f"file:{self.stage.root / 'wgo.db'}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def messages(self) -> list[dict[str, Any]]:
        """What the channel shows of the bot's: no replies, no ephemeral ones."""
        bots = [one for one in self.driver.messages(CHANNEL) if one.get("bot_id") or one.get("app_id")]
        return [one for one in bots if not one.get("only_for") and one.get("thread_ts") in (None, one.get("ts"))]

    def posted_stories(self) -> list[str]:
        """The story of each post that took effect, in order, notes and replies apart; a story posted twice is in it twice."""
        found = []
        for call in self.driver.calls("chat.postMessage"):
            metadata = call["args"].get("metadata") or {}
            metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
            if call["took_effect"] and metadata.get("event_type") == "wgo_story":
                found.append(str(metadata["event_payload"]["story_id"]))
        return found


@contextmanager
def world(folder: Path, *, buttons: tuple[PageButton, ...] = (), withheld: tuple[str, ...] = ()) -> Iterator[World]:
    """A workspace and a folder that nothing has happened in yet. The bot is stopped at the end, if it still runs."""
    stage = DemoFolder(root=folder, scenario=scenarios.load("week", datetime.now(UTC)))
    stage.prepare(datetime.now(UTC))
    sandbox = start_in_thread(Configuration(manifest=manifest(), buttons=buttons, withheld=withheld, timing=_PATIENT))
    path = stage.write_settings(bot_token=sandbox.bot_token, app_token=sandbox.app_token, api_url=sandbox.api_url, channel=CHANNEL)
    made = World(sandbox=sandbox, stage=stage, settings_path=path, driver=Driver(sandbox.base_url))
    try:
        yield made
    finally:
        if made.bot is not None and made.bot.poll() is None:
            made.kill()
        sandbox.stop()


def wait_until(holds: Callable[[], object], within_seconds: float, what: str, also: Callable[[], str] = lambda: "") -> None:
    """Ask until it holds. Raises AssertionError that says what was waited for."""
    until = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < until, f"waited {within_seconds} s for {what}\n{also()}"
        time.sleep(0.05)
