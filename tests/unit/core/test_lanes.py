"""Polls side by side: one that hangs costs its own lane for one timeout, no more. Over real sockets that accept and never answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from core.lanes import Lanes
from core.poller import PollOutcome

PATIENCE = 20.0


@contextmanager
def silent_server() -> Iterator[tuple[str, int]]:
    """Accepts every connection (the kernel does) and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server.getsockname()[:2]


@dataclass(slots=True)
class Deaf:
    """Polls a server that never answers, and minds no deadline: the worst of providers."""

    source: str
    address: tuple[str, int]
    timeout_seconds: float = 0.15
    given_up: list[float] = field(default_factory=list)
    connected: threading.Event = field(default_factory=threading.Event)
    release: socket.socket | None = None
    wrote_after_all: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def poll(self, still_wanted: Callable[[], bool]) -> PollOutcome:
        with socket.create_connection(self.address) as connection:
            self.release = connection
            self.connected.set()
            with suppress(OSError):
                connection.recv(1)
        self.wrote_after_all = still_wanted()
        self.ended.set()
        return PollOutcome()

    def gave_up(self, seconds: float) -> PollOutcome:
        self.given_up.append(seconds)
        return PollOutcome(failure="no answer", wait_seconds=0.01)

    def hang_up(self) -> None:
        if self.release is not None:
            self.release.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Quick:
    """Answers at once, `backlog` times with more to come."""

    source: str
    backlog: int = 0
    timeout_seconds: float = 5.0
    polls: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    fails: bool = False

    def poll(self, still_wanted: Callable[[], bool]) -> PollOutcome:
        self.polls += 1
        if self.fails:
            self.done.set()
            return PollOutcome(failure="refused", wait_seconds=60.0)
        if self.polls <= self.backlog:
            return PollOutcome(wait_seconds=0.0)
        self.done.set()
        return PollOutcome()

    def gave_up(self, seconds: float) -> PollOutcome:
        raise AssertionError("it answered")


def until(holds: Callable[[], bool], lanes: Lanes) -> None:
    """Reap, as the scheduler does, until it holds."""
    ends_at = time.monotonic() + PATIENCE
    waiting = threading.Event()
    while not holds():
        assert time.monotonic() < ends_at, "it never came to hold"
        lanes.reap()
        waiting.wait(0.01)


def test_more_deaf_sources_than_lanes_starve_nobody() -> None:
    with ExitStack() as stack:
        deaf = [Deaf(f"deaf-{n}", stack.enter_context(silent_server())) for n in range(12)]
        quick = Quick("quick")
        lanes = Lanes(pollers=[*deaf, quick], parallel=3, grace_seconds=0.05)
        for source in [*(one.source for one in deaf), "quick"]:
            assert lanes.offer(source)
        until(quick.done.is_set, lanes)
        until(lambda: all(one.given_up for one in deaf), lanes)
        assert set(lanes.quarantined) == {one.source for one in deaf}
        quick.done.clear()
        assert lanes.offer("quick")
        until(quick.done.is_set, lanes)
        for one in deaf:
            one.hang_up()
        until(lambda: not lanes.quarantined, lanes)
        assert lanes.stop(PATIENCE)


def test_a_deaf_source_is_not_started_again_until_its_thread_ends_and_writes_nothing_late() -> None:
    with silent_server() as address:
        deaf = Deaf("deaf", address)
        lanes = Lanes(pollers=[deaf], parallel=1, grace_seconds=0.01)
        lanes.offer("deaf")
        until(lambda: bool(deaf.given_up), lanes)
        assert lanes.quarantined == ("deaf",)
        assert not lanes.offer("deaf")
        assert len(deaf.given_up) == 1
        deaf.hang_up()
        assert deaf.ended.wait(PATIENCE)
        assert not deaf.wrote_after_all
        until(lambda: not lanes.quarantined, lanes)
        deaf.connected.clear()
        until(lambda: lanes.offer("deaf"), lanes)
        assert deaf.connected.wait(PATIENCE)
        deaf.hang_up()
        until(lambda: not lanes.quarantined and lanes.stop(PATIENCE), lanes)


def test_a_backlog_is_read_on_at_once() -> None:
    busy = Quick("busy", backlog=120)
    lanes = Lanes(pollers=[busy], parallel=1)
    lanes.offer("busy")
    assert busy.done.wait(PATIENCE)
    assert busy.polls == 121
    assert lanes.stop(PATIENCE)


def test_a_failing_source_is_left_alone_for_as_long_as_it_asked() -> None:
    now = [1000.0]
    failing = Quick("failing", fails=True)
    lanes = Lanes(pollers=[failing], parallel=1, monotonic=lambda: now[0])
    lanes.offer("failing")
    assert failing.done.wait(PATIENCE)
    until(lambda: lanes.idle, lanes)
    assert not lanes.offer("failing")
    now[0] += 59.0
    assert not lanes.offer("failing")
    now[0] += 2.0
    assert lanes.offer("failing")
    assert lanes.stop(PATIENCE)


def test_nothing_starts_after_stop() -> None:
    quick = Quick("quick")
    lanes = Lanes(pollers=[quick], parallel=1)
    assert lanes.stop(1.0)
    assert not lanes.offer("quick")
    assert quick.polls == 0


def test_a_name_nobody_has_is_an_error() -> None:
    lanes = Lanes(pollers=[], parallel=1)
    with pytest.raises(KeyError):
        lanes.offer("nobody")
