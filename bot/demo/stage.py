"""The folder a demo runs in: a Terraform configuration with its state, feeds of the other sources, and the bot's own settings."""

import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import yaml

from bot.demo import state_file
from bot.demo.scenario import Scenario, Step, record_step
from core.json import JsonObject

TERRAFORM = "terraform-prod"
ENVIRONMENT = "prod"
# A demo is watched by someone who waits for it: everything that takes minutes elsewhere takes seconds here.
_POLL_SECONDS = 2.0
_SETTLE_MINUTES = 1.0
_SCALED, _MOST_REPLICAS = "web", 9


@dataclass(slots=True)
class DemoFolder:
    """Writes what happens to where the bot's sources read it. `resources` is what the Terraform state holds now."""

    root: Path
    scenario: Scenario
    resources: dict[str, JsonObject] = field(default_factory=dict)
    serial: int = 0
    lineage: str = ""

    def prepare(self, at: datetime) -> None:
        """Lay out the folder and the first state."""
        self.feeds.mkdir(parents=True, exist_ok=True)
        for source in self.scenario.sources:
            (self.feeds / f"{source}.jsonl").touch()
        self.lineage = self.lineage or str(uuid.uuid4())
        self.apply(self.scenario.resources, at)

    @property
    def infrastructure(self) -> Path:
        return self.root / "infrastructure"

    @property
    def feeds(self) -> Path:
        return self.root / "feeds"

    @property
    def settings_path(self) -> Path:
        return self.root / "wgo.yaml"

    def write_settings(self, *, bot_token: str, app_token: str, api_url: str, channel: str) -> Path:
        """The settings of the bot that watches this folder; readable by its owner only, as it holds tokens."""
        feeds = [
            {"name": name, "provider": "demo-feed", "environment": environment, "options": {"path": str(self.feeds / f"{name}.jsonl")}}
            for name, environment in self.scenario.sources.items()
        ]
        state = {"paths": [str(self.infrastructure / "terraform.tfstate")]}
        written = {
            "slack": {"bot_token": bot_token, "app_token": app_token, "base_url": api_url, "channel": channel},
            "database": {"url": f"sqlite:///{self.root / 'wgo.db'}", "backup_folder": str(self.root / "backups")},
            "sources": [{"name": TERRAFORM, "provider": "terraform", "environment": ENVIRONMENT, "options": state}, *feeds],
            "poll": {"every_seconds": _POLL_SECONDS, "jitter_seconds": 0.2},
            "analysis": {
                "settle_minutes": _SETTLE_MINUTES,
                "teams": {"platform": ["ana", "chloe"], "payments": ["ben"]},
            },
        }
        descriptor = os.open(self.settings_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write("# Written by `wgo demo`.\n")
            yaml.safe_dump(written, opened, sort_keys=False)
        return self.settings_path

    def do(self, step: Step) -> None:
        """Make a step happen at its time: a record reaches its feed, a state is written, a source goes down or comes back."""
        feed = self.feeds / f"{step.source}.jsonl"
        down = feed.with_name(feed.name + ".down")
        if step.kind == "record":
            with feed.open("a", encoding="utf-8") as opened:
                opened.write(json.dumps({"format": step.format, "record": step.record}) + "\n")
        elif step.kind == "apply":
            self.apply(step.resources, step.at)
        elif step.kind == "down":
            down.touch()
        elif step.kind == "up":
            down.unlink(missing_ok=True)
            # What happened while it was down is lost: reading begins anew here, and the gap stays a gap.
            feed.with_name(feed.name + ".lost").write_text(step.at.isoformat(), encoding="utf-8")

    def apply(self, changed: JsonObject, at: datetime) -> None:
        """The next state: `changed` replaces resources by name; None removes one. Goes on from a state that a real apply wrote."""
        self._take_over()
        self.resources.update({name: value for name, value in changed.items() if value is not None})
        for name in [name for name, value in changed.items() if value is None]:
            self.resources.pop(name, None)
        self.serial += 1
        state_file.write(self.infrastructure, self.resources, serial=self.serial, lineage=self.lineage, at=at)

    def _take_over(self) -> None:
        path = self.infrastructure / "terraform.tfstate"
        if not path.exists():
            return
        held = json.loads(path.read_text(encoding="utf-8"))
        self.serial, self.lineage = max(self.serial, int(held["serial"])), str(held["lineage"])
        instances = [instance for resource in held["resources"] for instance in resource["instances"]]
        self.resources = {str(i["index_key"]): i["attributes"]["input"]["value"] for i in instances if "index_key" in i}

    @property
    def next_run(self) -> str:
        """What the provider calls the run that writes the next state: its lineage and serial."""
        return f"{self.lineage}/{self.serial + 1}"

    def pulse(self, at: datetime) -> None:
        """Health is read once more."""
        for row in self.scenario.pulse:
            self.do(record_step(row, self.scenario.templates, at, int(at.timestamp())))

    def live_step(self, number: int, at: datetime) -> tuple[str, Step]:
        """The title and step of the button's `number`-th press, each a change of what is there: what was written for the scenario happens
        once, then one service is scaled on and on."""
        row = self.scenario.live[number] if number < len(self.scenario.live) else {}
        if "use" in row:
            return str(row["title"]), record_step(row, self.scenario.templates, at, number)
        self._take_over()
        changed: JsonObject = row.get("apply", {})
        if all(self.resources.get(name) == value for name, value in changed.items()):
            row, changed = self._scaled()
        return str(row["title"]), Step(at=at, kind="apply", source=TERRAFORM, resources=changed)

    def _scaled(self) -> tuple[JsonObject, JsonObject]:
        service = self.resources.get(_SCALED)
        if not isinstance(service, dict) or not isinstance(service.get("replicas"), int):  # somebody made something else of it
            service = self.scenario.resources[_SCALED]
        replicas = service["replicas"] % _MOST_REPLICAS + 1
        return {"title": f"Scale {_SCALED} to {replicas}"}, {_SCALED: {**service, "replicas": replicas}}
