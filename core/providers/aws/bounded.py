"""A client whose every call ends by a deadline, whatever holds it up: a name that does not resolve, a byte every few seconds.

botocore's timeouts are between two bytes; a server that goes on sending a little outlasts them. So the call is made in a thread of
its own, and left behind there where it does not end. Few are ever left: while they hang, no more are begun.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError

from core.clock import Deadline

_MOST_LEFT = 16


@dataclass(slots=True)
class LeftBehind:
    """Calls of one source that nobody waits for any more."""

    threads: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def full(self) -> bool:
        with self.lock:
            self.threads = [one for one in self.threads if one.is_alive()]
            return len(self.threads) >= _MOST_LEFT

    def add(self, thread: threading.Thread) -> None:
        with self.lock:
            self.threads.append(thread)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounded:
    """`client` as it is, but for its calls: these raise botocore's ReadTimeoutError at the deadline, or after `seconds`.

    What cannot be read raises botocore's ResponseParserError, whatever its parsers made of it.
    """

    client: Any
    deadline: Deadline
    seconds: float
    left: LeftBehind

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return self._within(found) if callable(found) else found

    def _within(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def bounded(**given: Any) -> Any:
            if self.left.full:
                raise ReadTimeoutError(endpoint_url="the endpoint: earlier calls still hang")
            outcome: Future[Any] = Future()
            thread = threading.Thread(target=_run, args=(call, given, outcome), name="aws-call", daemon=True)
            thread.start()
            try:
                return outcome.result(timeout=min(self.seconds, self.deadline.remaining_seconds()))
            except TimeoutError as error:
                self.left.add(thread)
                raise ReadTimeoutError(endpoint_url=str(self.client.meta.endpoint_url)) from error

        return bounded


def _run(call: Callable[..., Any], given: dict[str, Any], outcome: "Future[Any]") -> None:
    try:
        outcome.set_result(call(**given))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # What botocore's parsers raise of an answer that is none of AWS's.
        outcome.set_exception(ResponseParserError(f"{type(error).__name__}: {error}"))
    except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
        outcome.set_exception(error)
