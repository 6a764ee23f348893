"""Cloud Logging's entries:list and Pub/Sub's pull subscriptions over HTTP and JSON, as far as our provider calls them."""

import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

NAME = "projects/acme/subscriptions/wgo-assets"


@dataclass
class Logging:
    """Entries of every project; a call is told those of the resources it names and no other. `asked` holds what calls named."""

    entries: list[dict[str, Any]]
    status: int = 200
    body: bytes | None = None
    refused: set[str] = field(default_factory=set)
    asked: list[list[str]] = field(default_factory=list)

    def answer(self, asked: dict[str, Any]) -> tuple[int, bytes]:
        names: list[str] = asked["resourceNames"]
        self.asked.append(names)
        assert len(names) <= 100, "the real one refuses more than 100 resources"
        if self.refused & set(names):
            return 403, b"{}"
        if self.body is not None or self.status != 200:
            return self.status, self.body or b"{}"
        since = datetime.fromisoformat(asked["filter"].split('timestamp>="')[1].rstrip('"'))
        mine = [one for one in self.entries if one["logName"].partition("/logs/")[0] in names or any("/views/" in name for name in names)]
        recent = [one for one in mine if datetime.fromisoformat(one["timestamp"]).astimezone(UTC) >= since]
        return 200, json.dumps({"entries": recent}).encode()


@dataclass
class Subscription:
    """Messages that wait, those that were handed out and not acknowledged, and what was acknowledged. `status` refuses every call,
    `get_status` the look at the subscription itself; after `good_pulls` none succeeds any more."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    out: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=lambda: {"topic": "projects/acme/topics/assets", "ackDeadlineSeconds": 60})
    status: int = 200
    get_status: int = 200
    good_pulls: int | None = None
    _number: int = 0

    def publish(self, change: dict[str, Any] | bytes) -> None:
        text = change if isinstance(change, bytes) else json.dumps(change).encode()
        self._number += 1
        self.waiting.append({"data": base64.b64encode(text).decode(), "messageId": str(self._number)})

    def come_again(self) -> None:
        """The deadline of what was handed out is over: it waits once more."""
        self.waiting = [*self.out.values(), *self.waiting]
        self.out.clear()

    def answer(self, action: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        if self.status != 200:
            return self.status, json.dumps(
                {"error": {"code": self.status, "message": "Resource not found (resource=wgo-assets)."}}
            ).encode()
        if action == "pull":
            if self.good_pulls == 0:
                return 503, b"{}"
            self.good_pulls = None if self.good_pulls is None else self.good_pulls - 1
            return 200, json.dumps(self._pull(int(asked["maxMessages"]))).encode()
        if action == "acknowledge":
            self.acknowledged += [self.out.pop(one)["messageId"] for one in asked["ackIds"] if one in self.out]
            return 200, b"{}"
        return self.get_status, json.dumps({"name": NAME, **self.settings}).encode()

    def _pull(self, most: int) -> dict[str, Any]:
        sent, self.waiting = self.waiting[:most], self.waiting[most:]
        found = []
        for message in sent:
            self._number += 1
            self.out[f"ack-{self._number}"] = message
            found.append({"ackId": f"ack-{self._number}", "message": message})
        return {"receivedMessages": found} if found else {}


@dataclass
class Slowness:
    """`how` is "hang" before the answer, or "trickle": a byte of it now and then. It ends with the tests."""

    how: str = ""
    released: threading.Event = field(default_factory=threading.Event)


def endpoint(logs: Logging, feed: Subscription, slow: Slowness, calls: dict[str, int]) -> type[BaseHTTPRequestHandler]:
    """`calls` counts by entries:list, pull, acknowledge and get."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path == "/v2/entries:list":
                self._send("entries:list", *logs.answer(asked))
            elif self.path.startswith(f"/v1/{NAME}:"):
                action = self.path.rpartition(":")[2]
                self._send(action, *feed.answer(action, asked))
            else:
                self._send("unknown", 404, b"{}")

        def do_GET(self) -> None:
            if self.path == f"/v1/{NAME}":
                self._send("get", *feed.answer("get", {}))
            else:
                self._send("unknown", 404, b"{}")

        def _send(self, counted: str, status: int, body: bytes) -> None:
            calls[counted] = calls.get(counted, 0) + 1
            if slow.how == "hang":
                slow.released.wait(30)
                return
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if slow.how == "trickle":
                body = body.ljust(300)
            for start in range(0, len(body), 1 if slow.how == "trickle" else max(1, len(body))):
                self.wfile.write(body[start:] if not slow.how else body[start : start + 1])
                if slow.how and slow.released.wait(0.1):
                    return

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Endpoint
