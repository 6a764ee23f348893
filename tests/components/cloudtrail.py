"""CloudTrail's LookupEvents on loopback, as botocore calls it: pages, newest first, late and repeated records, and its faults.

moto has no LookupEvents. Calls to other services are handed on to moto where `behind` names its URL.
"""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.components import aws_wire

_TYPE = "application/x-amz-json-1.1"


@dataclass
class CloudTrail:
    """What the endpoint holds, by region, and what was asked of it.

    `fault` by region is an error code, "hang", "trickle" (a byte now and then) or "garbage"; `calls` counts by region, `sent` bytes
    answered, `handed_on` what was asked of other services (`asked` by action). `refused` by action ("AssumeRole 123456789012" for one
    account) is an error code that is answered instead of handing on, `answers` by action what is answered instead: a value for JSON or
    CBOR, text for XML; `pages` by action what is answered as it stands.
    """

    url: str = ""
    behind: str = ""
    page_size: int = 50
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    fault: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    handed_on: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Callable[[dict[str, Any]], Any]] = field(default_factory=dict)
    sent: int = 0
    expired_tokens: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def put(self, *records: dict[str, Any], region: str = "eu-west-1") -> None:
        self.records.setdefault(region, []).extend(records)

    def lookup(self, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        start, end = (datetime.fromtimestamp(asked[key], UTC) if key in asked else None for key in ("StartTime", "EndTime"))
        rows = [
            (datetime.fromisoformat(one["eventTime"]), one)
            for one in self.records.get(region, [])
            if str(one.get("readOnly")).lower() != "true"
        ]
        within = [(at, one) for at, one in rows if (start is None or at >= start) and (end is None or at <= end)]
        newest = [one for _, one in sorted(within, key=lambda pair: pair[0], reverse=True)]
        first = int(asked.get("NextToken") or 0)
        page = newest[first : first + self.page_size]
        events = [{"EventId": one["eventID"], "EventName": one["eventName"], "CloudTrailEvent": json.dumps(one)} for one in page]
        more = {"NextToken": str(first + self.page_size)} if first + self.page_size < len(newest) else {}
        return {"Events": events, **more}


def _endpoint(held: CloudTrail) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes: the second would wait 40 ms for the first one's receipt.
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not (self.headers.get("x-amz-target") or "").endswith("LookupEvents"):
                self._hand_on(body)
                return
            region = str(self.headers["authorization"]).split("Credential=")[1].split("/")[2]
            held.calls[region] += 1
            asked = json.loads(body)
            fault = held.fault.get(region, "")
            if held.expired_tokens and "NextToken" in asked:
                held.expired_tokens, fault = False, "InvalidNextTokenException"
            if fault == "hang":
                held.released.wait(30)
            if fault == "trickle":
                self._trickle()
            elif fault == "garbage":
                self._answer(200, b"<html>a proxy's page</html>")
            elif fault and fault != "hang":
                self._answer(400, json.dumps({"__type": fault, "message": "as the test asked"}).encode())
            else:
                self._answer(200, json.dumps(held.lookup(region, asked)).encode())

        def _trickle(self) -> None:
            """More than half a minute of an answer, a byte at a time, each sooner than any timeout between two bytes."""
            self.send_response(200)
            self.send_header("content-length", "200")
            self.end_headers()
            for _ in range(200):
                if held.released.wait(0.2):
                    return
                self.wfile.write(b" ")

        def _instead(self, body: bytes) -> bool:
            """Refuse or answer the action in the words of its own protocol, if the test asked for that."""
            call = aws_wire.read(self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            held.asked[call.action] += 1
            code = held.refused.get(call.action) or held.refused.get(f"{call.action} {call.account}")
            if code:
                self._answer(*call.fault(code), call.kind)
            elif call.action in held.pages:
                self._answer(200, held.pages[call.action], call.kind)
            elif call.action in held.answers:
                self._answer(200, call.answer(held.answers[call.action](call.given)), call.kind)
            else:
                return False
            return True

        def _hand_on(self, body: bytes) -> None:
            held.handed_on += 1
            if self._instead(body):
                return
            headers = {key: value for key, value in self.headers.items() if key.lower() not in ("content-length", "connection", "expect")}
            request = urllib.request.Request(held.behind + self.path, data=body or None, headers=headers, method=self.command)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    self._answer(answer.status, answer.read(), answer.headers.get("content-type", ""))
            except urllib.error.HTTPError as refused:
                with refused:
                    self._answer(refused.code, refused.read(), refused.headers.get("content-type", ""))

        def _answer(self, status: int, body: bytes, kind: str = _TYPE) -> None:
            held.sent += len(body)
            self.send_response(status)
            self.send_header("content-type", kind)
            if kind == aws_wire.CBOR:
                self.send_header("smithy-protocol", "rpc-v2-cbor")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_HEAD(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Endpoint


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that gave up is what the tests are about."""


@contextmanager
def cloudtrail(behind: str = "") -> Iterator[CloudTrail]:
    """A running endpoint on a free port of loopback."""
    held = CloudTrail(behind=behind)
    server = _Server(("127.0.0.1", 0), _endpoint(held))
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        held.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
