"""kill -9 of the bot, at random moments and at the worst ones: nothing is lost, nothing is told twice.

The bot is a real process, the workspace real Slack protocol; what was posted is read off the workspace's own record.
"""

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.world import World, wait_until, world

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("kill"), pytest.mark.timeout(400)]

KILLS = int(os.environ.get("WGO_KILLS", "20"))
CHANGES, A_STORY = 1000, 50


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "run") as made:
        yield made


def opened_port(here: World, number: int = 0) -> None:
    """A change that is told at once: root opens a port from the console."""
    here.record("open-ssh", "aws-prod", n=number)


def stored(here: World) -> int:
    try:
        return int(here.rows("SELECT count(*) FROM events")[0][0])
    except Exception:  # noqa: BLE001 - the file may not be there yet
        return 0


def open_deliveries(here: World) -> int:
    return int(here.rows("SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'skipped', 'failed')")[0][0])


def all_told_once(here: World) -> None:
    wait_until(lambda: open_deliveries(here) == 0, 90, "every delivery to be made", here.log)
    twice = {story: many for story, many in Counter(here.posted_stories()).items() if many > 1}
    assert not twice


def test_a_change_that_was_committed_but_not_sent_is_sent_after_the_crash(here: World) -> None:
    here.driver.fault("chat.postMessage", kind="status", status=503, count=1000)
    here.start()
    wait_until(lambda: stored(here) >= 0 and here.driver.state()["connections"] >= 1, 30, "the bot", here.log)
    opened_port(here)
    here.driver.wait_for_calls("chat.postMessage", within_seconds=30)
    here.kill()
    here.driver.order("clear_faults")
    here.start()
    here.driver.wait_for_calls("chat.postMessage", within_seconds=60, where=lambda call: call["took_effect"])
    all_told_once(here)


def test_a_post_whose_answer_the_crash_cut_off_is_found_and_not_sent_again(here: World) -> None:
    here.driver.fault("chat.postMessage", kind="hang", when="after", seconds=8, count=1)
    here.start()
    here.connected()
    opened_port(here)
    here.driver.wait_for_calls("chat.postMessage", within_seconds=30, where=lambda call: call["took_effect"])
    here.kill()
    here.start()
    all_told_once(here)
    assert len(here.posted_stories()) == 1


def test_an_update_that_the_crash_cut_off_is_made_again(here: World) -> None:
    here.start()
    here.connected()
    opened_port(here)
    here.driver.wait_for_calls("chat.postMessage", within_seconds=30, where=lambda call: call["took_effect"])
    here.driver.fault("chat.update", kind="hang", when="before", seconds=8, count=1)
    opened_port(here, 1)
    here.driver.wait_for_calls("chat.update", within_seconds=60, where=lambda call: bool(call["fault"]))
    here.kill()
    here.start()
    here.driver.wait_for_calls("chat.update", within_seconds=60, where=lambda call: call["took_effect"])
    all_told_once(here)


def test_a_killed_backup_leaves_nothing_that_looks_like_one(here: World) -> None:
    """At ten moments from the first imports to the last rename: what is in the folder is whole, or not called a backup."""
    here.start()
    here.connected()
    opened_port(here)
    wait_until(lambda: stored(here) == 1, 30, "the change stored", here.log)
    chance = random.Random(7)
    command = [sys.executable, "-m", "bot.cli", "--config", str(here.settings_path), "backup"]
    for _ in range(10):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(chance.uniform(0.3, 1.8))
        running.kill()
        running.wait(10)
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    kept = sorted((here.stage.root / "backups").glob("wgo-*.db"))
    assert kept
    for path in kept:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_nothing_is_lost_or_told_twice_over_many_kills_at_random_moments(here: World) -> None:
    """1,000 changes in 50 stories, the bot killed at random moments while it reads and tells them."""
    chance = random.Random(20261125)
    written = 0
    for kill in range(KILLS):
        here.start()
        wanted = CHANGES * (kill + 1) // KILLS
        while written < wanted:
            apply_of(here, written // A_STORY, written % A_STORY)
            written += 1
        before = datetime.now(UTC)
        lives = chance.uniform(0.2, 3.5)
        wait_until(lambda b=before, s=lives: datetime.now(UTC) - b > timedelta(seconds=s), 10, "the moment")  # type: ignore[misc]
        here.kill()
    here.start()
    wait_until(lambda: stored(here) == CHANGES, 60, f"{CHANGES} changes stored", here.log)
    all_told_once(here)
    told = set(here.posted_stories())
    stories = {str(row[0]) for row in here.rows("SELECT DISTINCT story_id FROM events")}
    merged = {str(row[0]) for row in here.rows("SELECT id FROM stories WHERE merged_into != ''")}
    assert stories - merged <= told, "a story that nobody was told of"


def apply_of(here: World, story: int, number: int) -> None:
    """One of the changes of one session: the same person's session opens port after port of one group."""
    opened = here.stage.scenario.templates["open-ssh"]["record"]
    record = json.loads(json.dumps(opened))
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = f"person-{story}@acme.example"
    session = {"arn": f"arn:aws:sts::111122223333:assumed-role/Admin/{name}", "principalId": f"AROA{story:016d}:{name}"}
    record |= {
        "eventID": f"kill-{story}-{number}",
        "eventTime": at,
        "userIdentity": {"type": "AssumedRole", "accountId": "111122223333", **session},
    }
    record["requestParameters"]["groupId"] = f"sg-{story:04d}{number:04d}"
    with (here.stage.feeds / "aws-prod.jsonl").open("a", encoding="utf-8") as feed:
        feed.write(json.dumps({"format": "cloudtrail", "record": record}) + "\n")
