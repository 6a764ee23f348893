"""The demo's button: each press is a change."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo import cli
from bot.demo import scenario as scenarios
from bot.demo.stage import DemoFolder

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)


def folder(at: Path, name: str) -> DemoFolder:
    stage = DemoFolder(root=at, scenario=scenarios.load(name, NOW))
    stage.prepare(NOW)
    for step in stage.scenario.steps:
        if step.kind == "apply":
            stage.do(step)
    return stage


def there(stage: DemoFolder) -> tuple[str, ...]:
    """What the bot's sources read, whatever counts up with each writing left out."""
    state = json.loads((stage.infrastructure / "terraform.tfstate").read_text())
    return (json.dumps(state["resources"]), *(path.read_text() for path in sorted(stage.feeds.glob("*.jsonl"))))


@pytest.mark.parametrize("name", scenarios.names())
def test_each_press_of_the_button_changes_what_is_there_and_says_what(name: str, tmp_path: Path) -> None:
    stage, titles = folder(tmp_path, name), []
    for number in range(20):
        before = there(stage)
        title, step = stage.live_step(number, NOW)
        stage.do(step)
        titles.append(title)
        assert there(stage) != before, title
    assert len(set(titles[:8])) == 8


def test_what_somebody_has_applied_already_is_not_said_to_be_done_again(tmp_path: Path) -> None:
    stage = folder(tmp_path, "week")
    stage.apply({"web": {"image": "web:5.3.1", "replicas": 6, "port": 80}}, NOW)
    title, step = stage.live_step(0, NOW)
    assert (title, step.resources["web"]["replicas"]) == ("Scale web to 7", 7)
    stage.apply({"web": {"image": "web:6"}}, NOW)
    assert stage.live_step(9, NOW)[0] == "Scale web to 4"


def test_the_command_that_is_shown_is_one_that_can_be_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / ".venv" / "bin" / "wgo"
    script.parent.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert cli.command() == f"{script.with_name('python')} -m bot.cli"
    script.touch(mode=0o755)
    assert cli.command() == ".venv/bin/wgo"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert cli.command() == str(script)
    monkeypatch.setenv("PATH", str(script.parent))
    assert cli.command() == "wgo"
