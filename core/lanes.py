"""Polls side by side, each on a thread of its own that can be left behind. A source that hangs costs its own lane for one timeout, no more.

Python cannot end a thread. A poll past its time is given up: its slot is freed, its source is quarantined (not started again until
that thread ends), and what it may still bring is not written. So there is at most one thread left behind per source.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from core.poller import PollOutcome

_log = logging.getLogger(__name__)
# A poll ends by its own deadline; it is given up only this much later.
GRACE_SECONDS = 5.0
# A backlog is read on at once, but after so many polls in a row another source gets the lane.
MOST_IN_A_ROW = 50


class Polls(Protocol):
    """What a lane runs (core.poller.Poller)."""

    timeout_seconds: float

    @property
    def source(self) -> str: ...

    def poll(self, still_wanted: Callable[[], bool]) -> PollOutcome: ...

    def gave_up(self, seconds: float) -> PollOutcome: ...


@dataclass(slots=True)
class _Running:
    poller: Polls
    started_at: float
    abandoned: bool = False
    thread: threading.Thread | None = None


@dataclass(slots=True)
class Lanes:
    """`parallel` polls at a time. `offer` never blocks; `reap` is to be called often. Safe to call from any thread."""

    pollers: Iterable[Polls]
    parallel: int
    grace_seconds: float = GRACE_SECONDS
    monotonic: Callable[[], float] = time.monotonic
    _by_source: dict[str, Polls] = field(default_factory=dict)
    _waiting: deque[str] = field(default_factory=deque)
    _running: dict[str, _Running] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _stopping: bool = False
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._by_source = {poller.source: poller for poller in self.pollers}

    @property
    def quarantined(self) -> tuple[str, ...]:
        """Sources whose last poll was given up and whose thread has not ended."""
        with self._lock:
            return tuple(sorted(source for source, running in self._running.items() if running.abandoned))

    @property
    def idle(self) -> bool:
        """Nothing waits, and nothing runs that was not given up."""
        with self._lock:
            return not self._waiting and all(running.abandoned for running in self._running.values())

    def offer(self, source: str) -> bool:
        """Ask for a poll. False where it is waiting or running already, set aside, or backing off. A KeyError for a source that is none."""
        asked = self._by_source[source].source
        with self._lock:
            refused = (
                self._stopping or asked in self._running or asked in self._waiting or self.monotonic() < self._not_before.get(asked, 0.0)
            )
            if not refused:
                self._waiting.append(asked)
                self._start_waiting()
            return not refused

    def reap(self) -> tuple[str, ...]:
        """Give up the polls that are past their time; their sources' names."""
        now = self.monotonic()
        late: list[_Running] = []
        with self._lock:
            for running in self._running.values():
                if not running.abandoned and now - running.started_at > running.poller.timeout_seconds + self.grace_seconds:
                    running.abandoned = True
                    late.append(running)
            self._start_waiting()
        for running in late:
            source = running.poller.source
            _log.warning("poll given up", extra={"source": source, "seconds": now - running.started_at})
            outcome = running.poller.gave_up(now - running.started_at)
            with self._lock:
                self._set_aside(source, outcome)
        return tuple(running.poller.source for running in late)

    def stop(self, seconds: float) -> bool:
        """Start nothing more and wait for what runs; False where something still runs after that."""
        ends_at = time.monotonic() + seconds
        with self._lock:
            self._stopping = True
            self._waiting.clear()
            while any(not running.abandoned for running in self._running.values()):
                left = ends_at - time.monotonic()
                if left <= 0 or not self._lock.wait(left):
                    return not any(not running.abandoned for running in self._running.values())
            return True

    def _start_waiting(self) -> None:
        active = sum(1 for running in self._running.values() if not running.abandoned)
        while self._waiting and active < self.parallel and not self._stopping:
            source = self._waiting.popleft()
            running = _Running(poller=self._by_source[source], started_at=self.monotonic())
            self._running[source] = running
            running.thread = threading.Thread(target=self._run, args=(running,), name=f"poll-{source}", daemon=True)
            running.thread.start()
            active += 1

    def _run(self, running: _Running) -> None:
        source = running.poller.source
        outcome = PollOutcome(failure="the poll did not start")
        try:
            for _ in range(MOST_IN_A_ROW):
                outcome = running.poller.poll(lambda: not running.abandoned)
                with self._lock:
                    if running.abandoned or self._stopping or outcome.wait_seconds != 0.0:
                        break
                    running.started_at = self.monotonic()
        finally:
            with self._lock:
                del self._running[source]
                if not running.abandoned:
                    self._set_aside(source, outcome)
                if outcome.wait_seconds == 0.0 and not self._stopping:
                    self._waiting.append(source)
                self._start_waiting()
                self._lock.notify_all()

    def _set_aside(self, source: str, outcome: PollOutcome) -> None:
        if outcome.failure and outcome.wait_seconds:
            self._not_before[source] = self.monotonic() + outcome.wait_seconds
        else:
            self._not_before.pop(source, None)
