"""Drives a running sandbox from the outside, over its control API: people act, faults are set, the record is read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

Json = dict[str, Any]
YOU, INFRA = "U0DEV0001", "C0INFRA01"


class Driver:
    """A client of /_control, /_log and /_state. Every act returns the sandbox's answer; `ok` is false where it was refused."""

    def __init__(self, base_url: str, *, timeout_seconds: float = 30.0) -> None:
        self._base_url, self._timeout = base_url.rstrip("/"), timeout_seconds
        self._opener = build_opener(ProxyHandler({}))

    def act(self, name: str, /, **arguments: Any) -> Json:
        """say, click, submit, close, open_home, react, invite, remove: see bot.sandbox.acts for their arguments."""
        return self._call(f"/_control/act/{name}", arguments)

    def order(self, name: str, /, **arguments: Any) -> Json:
        """reset, fault, clear_faults, rate_limits, add_person, archive, refresh_connection, drop_connections, drop_oldest_connection."""
        return self._call(f"/_control/{name}", arguments)

    def say(self, text: str, *, channel: str = INFRA, user: str = YOU, thread_ts: str | None = None) -> Json:
        return self.act("say", user=user, channel=channel, text=text, thread_ts=thread_ts)

    def fault(self, method: str, **fault: Any) -> None:
        """The next calls of `method` fail: see bot.sandbox.faults.Fault."""
        answer = self.order("fault", method=method, **fault)
        if not answer["ok"]:
            raise ValueError(answer.get("detail", answer["error"]))

    def state(self) -> Json:
        return self._call("/_state")

    def messages(self, channel: str = INFRA) -> list[Json]:
        """Everything in the channel, oldest first, replies and ephemeral messages (`only_for`) included."""
        return list(self.state()["messages"].get(channel, []))

    def calls(self, method: str | None = None, *, after: int = 0, wait_seconds: float = 0.0) -> list[Json]:
        """The record of API calls, all or those of one method."""
        calls = self._call(f"/_log?after={after}&wait={wait_seconds}")["calls"]
        return [call for call in calls if method in (None, call["method"])]

    def deliveries(self) -> list[Json]:
        """Each event the app was sent: attempts, acked, gave_up."""
        return list(self._call("/_log?after=999999999")["deliveries"])

    def wait_for_delivery(self, event_id: str, *, within_seconds: float = 10.0) -> Json:
        """Wait until the delivery of this event has ended, acknowledged or given up. Raises TimeoutError."""
        until = time.monotonic() + within_seconds
        while time.monotonic() < until:
            for delivery in self.deliveries():
                if delivery["event_id"] == event_id and (delivery["acked"] or delivery["gave_up"]):
                    return delivery
        raise TimeoutError(f"the delivery of {event_id} has not ended within {within_seconds} s")

    def wait_for_calls(
        self, method: str, count: int = 1, *, within_seconds: float = 10.0, where: Callable[[Json], bool] | None = None
    ) -> list[Json]:
        """Wait until `count` calls of `method` that satisfy `where` are on record. Raises TimeoutError with what came instead."""
        until, seen, found = time.monotonic() + within_seconds, 0, []
        while True:
            left = until - time.monotonic()
            for call in self.calls(after=seen, wait_seconds=max(0.0, min(left, 5.0))):
                seen = call["number"]
                if call["method"] == method and (where is None or where(call)):
                    found.append(call)
            if len(found) >= count:
                return found
            if left <= 0:
                recent = [f"{call['method']} {call['error'] or 'ok'}" for call in self.calls()][-10:]
                came = ", ".join(recent) or "none"
                raise TimeoutError(f"{len(found)} of {count} calls of {method} within {within_seconds} s; the last calls: {came}")

    def _call(self, path: str, body: Json | None = None) -> Json:
        content = None if body is None else json.dumps(body).encode()
        request = Request(self._base_url + path, data=content, headers={"Content-Type": "application/json"})  # noqa: S310 - a URL the caller made
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return dict(json.loads(response.read()))
        except HTTPError as error:
            with error:
                return dict(json.loads(error.read() or b"{}") or {"ok": False, "error": str(error.code)})
