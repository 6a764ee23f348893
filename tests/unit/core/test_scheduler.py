"""When things are done: each source polled, each chore by its name, and nothing after stop."""

import threading
from datetime import time, timedelta
from typing import Any

import pytest

from core.errors import StorageError
from core.scheduler import BACKUP, HEARTBEAT, SETTLE, Chore, Rhythm, Scheduler, chores, next_runs
from tests.unit.core.test_lanes import PATIENCE, Deaf, Quick, silent_server, until


def test_every_source_is_polled_right_away_and_jobs_bear_their_names() -> None:
    quick = [Quick("a"), Quick("b")]
    rhythms = {one.source: Rhythm(every_seconds=60.0, jitter_seconds=3.0) for one in quick}
    scheduler = Scheduler(quick, rhythms, chores({SETTLE: lambda: None, BACKUP: lambda: None}))
    scheduler.start()
    try:
        assert all(one.done.wait(PATIENCE) for one in quick)
        assert scheduler.job_names == ("backup", "poll:a", "poll:b", "reap", "settle")
        assert set(next_runs(scheduler)) == set(scheduler.job_names)
    finally:
        assert scheduler.stop(PATIENCE)


def test_deaf_sources_beyond_the_number_of_lanes_delay_no_other_source_for_ever() -> None:
    with silent_server() as address:
        deaf = [Deaf(f"deaf-{n}", address) for n in range(5)]
        quick = Quick("quick")
        everyone: list[Any] = [*deaf, quick]
        rhythms = {one.source: Rhythm(every_seconds=0.2) for one in everyone}
        scheduler = Scheduler(everyone, rhythms, parallel=2)
        scheduler.lanes.grace_seconds = 0.01
        scheduler.start()
        try:
            until(lambda: quick.polls >= 3, scheduler.lanes)
            until(lambda: len(scheduler.lanes.quarantined) == 5, scheduler.lanes)
        finally:
            for one in deaf:
                one.hang_up()
            assert scheduler.stop(PATIENCE)


def test_chores_are_done_again_and_again_though_one_of_them_fails() -> None:
    twice = threading.Event()
    runs: list[int] = []

    def works() -> None:
        runs.append(1)
        if len(runs) >= 2:
            twice.set()

    def fails() -> None:
        raise StorageError("no room")

    every = timedelta(seconds=0.05)
    scheduler = Scheduler([], {}, [Chore(name="fails", work=fails, every=every), Chore(name="works", work=works, every=every)])
    scheduler.start()
    try:
        assert twice.wait(PATIENCE)
    finally:
        assert scheduler.stop(PATIENCE)


def test_a_chore_can_be_done_now_by_its_name() -> None:
    runs: list[str] = []
    scheduler = Scheduler([], {}, chores({HEARTBEAT: lambda: runs.append("beat")}))
    scheduler.run_now(HEARTBEAT)
    assert runs == ["beat"]
    with pytest.raises(KeyError):
        scheduler.run_now("nothing of that name")


def test_daily_chores_have_their_hour_and_others_their_interval() -> None:
    found = {chore.name: (chore.every, chore.daily_at) for chore in chores({SETTLE: lambda: None, BACKUP: lambda: None})}
    assert found == {SETTLE: (timedelta(seconds=30), None), BACKUP: (None, time(2, 40))}


def test_work_without_a_rhythm_is_refused() -> None:
    with pytest.raises(KeyError):
        chores({"dance": lambda: None})
