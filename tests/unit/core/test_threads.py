"""Calls side by side that keep nobody waiting."""

import subprocess
import sys
import threading

import pytest

from core.threads import DaemonThreads


def test_what_a_call_returns_and_raises_comes_back() -> None:
    threads = DaemonThreads(2, "calls")
    assert [threads.start(lambda number=number: number * 2).result(5) for number in range(5)] == [0, 2, 4, 6, 8]  # type: ignore[misc]
    with pytest.raises(ZeroDivisionError):
        threads.start(lambda: 1 / 0).result(5)


def test_no_more_run_at_a_time_than_was_said_and_what_waits_can_be_called_off() -> None:
    threads, go, running = DaemonThreads(2, "calls"), threading.Event(), threading.Semaphore(0)

    def call() -> bool:
        running.release()
        return go.wait(5)

    calls = [threads.start(call) for _ in range(4)]
    assert running.acquire(timeout=5) and running.acquire(timeout=5)
    assert not running.acquire(timeout=0.05)
    threads.close()
    assert [one.cancelled() for one in calls] == [False, False, True, True]
    go.set()
    assert [one.result(5) for one in calls[:2]] == [True, True]


def test_a_call_that_hangs_does_not_keep_the_program_from_ending() -> None:
    program = "import threading; from core.threads import DaemonThreads; DaemonThreads(1, 'x').start(threading.Event().wait)"
    assert subprocess.run([sys.executable, "-c", program], timeout=20, check=False).returncode == 0
