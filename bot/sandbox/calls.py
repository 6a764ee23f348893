"""The record of everything the app did: every Web API call and response_url post, in order, with what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRecord:
    """One call. `took_effect` is true when it changed or read the workspace, whatever the app was then told."""

    number: int
    at: str
    method: str
    args: dict[str, Any]
    ok: bool
    took_effect: bool
    error: str | None = None
    status: int = 200
    fault: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)


class CallLog:
    """Grows only; `since` waits for more, so that a test needs no sleep."""

    def __init__(self) -> None:
        self._records: list[CallRecord] = []
        self._arrived = asyncio.Event()

    def add(self, at: datetime, method: str, args: dict[str, Any], **rest: Any) -> None:
        visible = {name: value for name, value in args.items() if name != "token"}
        self._records.append(CallRecord(number=len(self._records) + 1, at=at.isoformat(), method=method, args=visible, **rest))
        self._arrived.set()
        self._arrived = asyncio.Event()

    async def since(self, number: int, *, wait_seconds: float = 0) -> list[dict[str, Any]]:
        """The records after `number`; where there are none yet, the first to arrive within `wait_seconds`."""
        if len(self._records) <= number and wait_seconds > 0:
            try:
                await asyncio.wait_for(self._arrived.wait(), wait_seconds)
            except TimeoutError:
                return []
        return [asdict(record) for record in self._records[number:]]
