"""Calls side by side on daemon threads: what hangs is left behind, and neither its caller nor the end of the program waits for it."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

_Call = tuple["Future[Any]", Callable[[], Any]]


class DaemonThreads:
    """`most` calls at a time; the others wait for one to end. Safe to use from several threads."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._waiting: deque[_Call] = deque()
        self._running = 0
        self._lock = threading.Lock()

    def start(self, call: Callable[[], Any]) -> "Future[Any]":
        """What the call returns or raises, some time."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.append((future, call))
            if self._running < self._most:
                self._running += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
        return future

    def close(self) -> None:
        """What has not begun never begins."""
        with self._lock:
            left, self._waiting = self._waiting, deque()
        for future, _ in left:
            future.cancel()

    def _next(self) -> _Call | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._running -= 1
            return None

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            future, call = taken
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is the caller's, who gets it from the future
                future.set_exception(error)
