"""Faults on demand: the next calls of a method fail as asked, before or after they took effect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """`method` is a Web API method, `*` for all, or `response_url`.

    kind: `error` answers {"ok": false, "error": …}; `status` an HTTP status; `close` drops the connection; `hang` answers
    nothing for `seconds`, then drops it. when: `after` lets the call take effect first.
    """

    method: str
    kind: Literal["error", "status", "close", "hang"] = "status"
    when: Literal["before", "after"] = "before"
    count: int = 1
    status: int = 500
    error: str = "internal_error"
    retry_after: int = 1
    seconds: float = 30.0


class Faults:
    """The faults still to come, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        """The fault this call meets, counted down."""
        for index, fault in enumerate(self._waiting):
            if fault.method in (method, "*"):
                if fault.count > 1:
                    self._waiting[index] = replace(fault, count=fault.count - 1)
                else:
                    del self._waiting[index]
                return fault
        return None
