"""A full disk under the running bot: it goes on, says so, loses no change, and tells each once when there is room again."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.components.small_disk import LimitedFiles, SmallDisk, small_disk
from tests.e2e.world import World, wait_until, world

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("full-disk"), pytest.mark.timeout(240)]

UNKEPT, KEPT = "I can't keep what I see since", "I can keep what I see again."


@dataclass(slots=True)
class Drill:
    """A bot whose database is on a disk that can be filled."""

    here: World
    disk: SmallDisk | LimitedFiles

    @property
    def database(self) -> Path:
        return self.disk.folder / "wgo.db"

    def start(self) -> None:
        self.here.start()
        self.here.connected()
        wait_until(lambda: "terraform-prod" in self.read(), 30, "the first reading of the state", self.here.log)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def read(self) -> set[str]:
        return {str(row[0]) for row in self.rows("SELECT DISTINCT source FROM cursors")}

    def stored(self) -> int:
        return int(self.rows("SELECT count(*) FROM events")[0][0])

    def fill(self) -> None:
        assert self.here.bot is not None
        self.disk.fill(self.here.bot.pid)

    def free(self) -> None:
        assert self.here.bot is not None
        self.disk.free(self.here.bot.pid)

    def change(self, replicas: int) -> None:
        """One in the Terraform state and one in AWS."""
        self.here.stage.apply({"payments": {"image": "payments:2.7.3", "replicas": replicas, "port": 8443}}, datetime.now(UTC))
        self.here.record("open-ssh", "aws-prod", n=replicas)

    def notes(self) -> list[str]:
        return [str(one["text"]) for one in self.here.messages() if str(one["text"]).startswith((UNKEPT, KEPT))]

    def wgo(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "bot.cli", "--config", str(self.here.settings_path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def home(self) -> str:
        marked = max((call["number"] for call in self.here.driver.calls()), default=0)
        self.here.driver.act("open_home", user="U0DEV0001", tab="home")
        call = self.here.driver.wait_for_calls("views.publish", within_seconds=20, where=lambda one: one["number"] > marked)[0]
        return json.dumps(call["args"]["view"], ensure_ascii=False)

    def all_told_once(self) -> None:
        waiting = "SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'skipped', 'failed')"
        wait_until(lambda: self.rows(waiting)[0][0] == 0, 60, "every delivery to be made", self.here.log)
        told = Counter(self.here.posted_stories())
        assert {story: many for story, many in told.items() if many > 1} == {}
        stories = {str(row[0]) for row in self.rows("SELECT DISTINCT story_id FROM events")}
        merged = {str(row[0]) for row in self.rows("SELECT id FROM stories WHERE merged_into != ''")}
        assert stories - merged <= set(told), "a story that nobody was told of"


@contextmanager
def drill(folder: Path, disk: SmallDisk | LimitedFiles) -> Iterator[Drill]:
    disk.folder.mkdir(exist_ok=True)
    with world(folder / "run") as here:
        settings = yaml.safe_load(here.settings_path.read_text())
        settings["database"] = {"url": f"sqlite:///{disk.folder / 'wgo.db'}", "backup_folder": None}
        settings["poll"]["backoff_max_seconds"] = 2.0
        here.settings_path.write_text(yaml.safe_dump(settings))
        yield Drill(here=here, disk=disk)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Drill]:
    with small_disk(tmp_path / "small") as disk, drill(tmp_path, disk) as made:
        yield made


@pytest.fixture(params=[pytest.param("mounted", marks=pytest.mark.component("small-disk")), "limited"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drill]:
    if request.param == "mounted":
        yield request.getfixturevalue("mounted")
        return
    with drill(tmp_path, LimitedFiles(tmp_path / "limited")) as made:
        yield made


def test_on_a_full_disk_the_bot_says_so_goes_on_and_tells_every_change_once_when_there_is_room_again(here: Drill) -> None:
    here.start()
    here.change(4)
    wait_until(lambda: here.stored() == 2, 30, "the first changes", here.here.log)
    here.all_told_once()

    here.fill()
    here.change(5)
    wait_until(lambda: here.notes(), 60, "the note", here.here.log)
    assert [note.startswith(UNKEPT) for note in here.notes()] == [True]
    assert "no room left to write" in here.notes()[0]
    assert "Free some space" in here.notes()[0]
    assert "no room left to write" in here.here.log()
    assert UNKEPT in here.home()
    assert here.here.bot is not None and here.here.bot.poll() is None
    assert here.stored() == 2

    here.free()
    wait_until(lambda: here.stored() == 4, 60, "what happened meanwhile", here.here.log)
    wait_until(lambda: here.notes()[0].startswith(KEPT), 90, "the note's end", here.here.log)
    assert len(here.notes()) == 1
    here.all_told_once()
    assert UNKEPT not in here.home()
    caught = here.wgo("catchup", "1h", "full")
    assert "nothing could be written" in " ".join(caught.stdout.split()), caught.stdout + caught.stderr
    assert here.here.stop() == 0


@pytest.mark.component("small-disk")
def test_a_bot_that_is_killed_on_a_full_disk_starts_on_it_says_what_is_wrong_and_loses_nothing(mounted: Drill) -> None:
    mounted.start()
    mounted.fill()
    mounted.change(5)
    wait_until(lambda: "no room left to write" in mounted.here.log(), 30, "the refusal in the log", mounted.here.log)
    mounted.here.kill()
    doctor = mounted.wgo("doctor", "--json")
    found = {one["name"]: one for one in json.loads(doctor.stdout)}
    assert doctor.returncode == 1
    assert found["disk"]["state"] == "red"
    assert "Free some space" in found["disk"]["next_step"]
    mounted.here.start()
    wait_until(lambda: mounted.notes(), 60, "the note", mounted.here.log)
    mounted.free()
    wait_until(lambda: mounted.stored() == 2, 60, "what happened meanwhile", mounted.here.log)
    mounted.all_told_once()
