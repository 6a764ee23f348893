"""Everything Slack pushes: written to the inbox, acknowledged, then worked on. A crash after the acknowledgement loses nothing.

Bolt acknowledges an event before its listener runs, and does not recognise a redelivery. So the middleware here writes the row,
answers, and hands the row to a worker, which sends it through Bolt once more, to the listeners this time. What a crash interrupts
is still pending in the inbox at the next start.
"""

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse

from core.clock import Clock, utc_now
from core.errors import StorageError
from core.ports import Inbox, InboxRow

_log = logging.getLogger(__name__)
KIND = "slack"
# In a request's context: the inbox key of the row being worked on, and whether it was left over by an earlier run.
KEY, LEFT_OVER = "wgo_inbox_key", "wgo_left_over"
# Slack waits three seconds; the rest is for the way.
STORE_SECONDS = 1.5
WORKERS = 8
_REMEMBERED = 2000
Acks = Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]


@dataclass(slots=True)
class Intake:
    """Takes pushes in. `acks` answers a modal's submission by its callback id, at once and without I/O."""

    inbox: Inbox
    clock: Clock = utc_now
    acks: Acks = field(default_factory=dict)
    store_seconds: float = STORE_SECONDS
    _app: App | None = None
    _recent: "OrderedDict[str, None]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="intake"))
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="listener"))

    def attach(self, app: App) -> None:
        """Stand before the app's listeners."""
        self._app = app
        app.middleware(self._middleware)

    def start(self) -> int:
        """Take up what an earlier run left; how much that was. Raises StorageError."""
        rows = self.inbox.pending(KIND)
        for row in rows:
            self._workers.submit(self._work, row, left_over=True)
        return len(rows)

    def stop(self) -> None:
        """Finish what runs. What waits stays in the inbox for the next start."""
        self._writers.shutdown(wait=True, cancel_futures=False)
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _middleware(self, body: dict[str, Any], context: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:
        if KEY in context:
            return next()
        key = key_of(body)
        if self._new(key):
            row = InboxRow(key=key, kind=KIND, topic="", body=_written(body), received_at=self.clock())
            put = self._writers.submit(self.inbox.put, row)
            put.add_done_callback(lambda done: self._written(done, row))
            try:
                put.result(timeout=self.store_seconds)
            except NotYetError:
                _log.warning("inbox slow", extra={"key": key})
            except StorageError as error:
                _log.error("inbox row not stored", extra={"key": key, "error": str(error)})
        return self._ack(body)

    def _ack(self, body: dict[str, Any]) -> BoltResponse:
        view = body.get("view") or {}
        ack = self.acks.get(str(view.get("callback_id"))) if body.get("type") == "view_submission" else None
        return BoltResponse(status=200, body=ack(body)) if ack else BoltResponse(status=200, body="")

    def _new(self, key: str) -> bool:
        """False for what came a moment ago, whatever the store says."""
        with self._lock:
            if key in self._recent:
                return False
            self._recent[key] = None
            if len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
            return True

    def _written(self, put: "Future[bool]", row: InboxRow) -> None:
        # Where the store refused, the push is worked on all the same: it was acknowledged.
        if put.cancelled() or (put.exception() is None and not put.result()):
            return
        try:
            self._workers.submit(self._work, row)
        except RuntimeError:
            _log.info("left for the next start", extra={"key": row.key})

    def _work(self, row: InboxRow, *, left_over: bool = False) -> None:
        assert self._app is not None
        request = BoltRequest(body=json.loads(row.body), mode="socket_mode", context={KEY: row.key, LEFT_OVER: left_over})
        response = self._app.dispatch(request)
        if response.status == 404:
            _log.debug("no listener", extra={"key": row.key})
        elif response.status >= 400:
            _log.error("push not worked on", extra={"key": row.key, "status": response.status})
        try:
            self.inbox.done([row.key], self.clock())
        except StorageError as error:
            _log.error("inbox row not closed", extra={"key": row.key, "error": str(error)})


def key_of(body: Mapping[str, Any]) -> str:
    """The same for every delivery of the same push."""
    if event_id := body.get("event_id"):
        return f"slack:{event_id}"
    if trigger := body.get("trigger_id"):
        return f"slack:{trigger}"
    return f"slack:{hashlib.sha256(_written(body)).hexdigest()[:32]}"


def _written(body: Mapping[str, Any]) -> bytes:
    """The push as it is kept. The verification token is a secret, and of no use to us."""
    return json.dumps({name: value for name, value in body.items() if name != "token"}, sort_keys=True).encode()
