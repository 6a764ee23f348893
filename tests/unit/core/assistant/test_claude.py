"""Claude through the real SDK, against an endpoint on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from core.assistant.claude import ClaudeModel
from core.clock import Deadline
from core.errors import ModelError
from core.settings import ModelSettings


class _Endpoint(ThreadingHTTPServer):
    """Answers every request with `status` and `body`; with `hangs` set, not before it is released."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status = 200
        self.body: dict[str, Any] = {}
        self.hangs = False
        self.released = threading.Event()
        self.requests: list[dict[str, Any]] = []


class _Answering(BaseHTTPRequestHandler):
    server: _Endpoint

    def do_POST(self) -> None:
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        if self.server.hangs:
            self.server.released.wait(10)
            return
        body = json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[_Endpoint]:
    server = _Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def model(endpoint: _Endpoint) -> Iterator[ClaudeModel]:
    url = f"http://127.0.0.1:{endpoint.server_address[1]}"
    held = ClaudeModel(ModelSettings(api_key=SecretStr("sk-test"), base_url=url, timeout_seconds=0.5, name="claude-test"))
    yield held
    held.close()


def message(*texts: str, stop: str = "end_turn") -> dict[str, Any]:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test", "stop_reason": stop, "stop_sequence": None,
        "content": [{"type": "text", "text": text} for text in texts], "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip


def write(model: ClaudeModel) -> str:
    return model.write(system="be short", ask="say it", max_tokens=50, deadline=Deadline.after(5))


def test_the_text_of_an_answer_is_returned(endpoint: _Endpoint, model: ClaudeModel) -> None:
    endpoint.body = message("3 changes, ", "1 unplanned.")
    assert write(model) == "3 changes, 1 unplanned."
    asked = endpoint.requests[0]
    assert (asked["model"], asked["system"], asked["max_tokens"], asked["messages"]) == (
        "claude-test", "be short", 50, [{"role": "user", "content": "say it"}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "step"), [(529, "overloaded"), (429, "Too many requests"), (401, "model.api_key"), (500, "next report")]
)
def test_a_refusing_endpoint_is_asked_once_and_says_what_to_do(endpoint: _Endpoint, model: ClaudeModel, status: int, step: str) -> None:
    endpoint.status, endpoint.body = status, {"type": "error", "error": {"type": "overloaded_error", "message": "no"}}
    with pytest.raises(ModelError, match=f"answered {status}") as failed:
        write(model)
    assert step in failed.value.next_step
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (message("I would rather not.", stop="refusal"), "declined"),
        (message("3 chan", stop="max_tokens"), "cut off"),
        (message(" "), "empty"),
        (message(), "empty"),
    ],
)
def test_a_refusal_and_a_useless_answer_are_errors(endpoint: _Endpoint, model: ClaudeModel, body: dict[str, Any], says: str) -> None:
    endpoint.body = body
    with pytest.raises(ModelError, match=says):
        write(model)


def test_an_endpoint_that_never_answers_is_given_up_in_time(endpoint: _Endpoint, model: ClaudeModel) -> None:
    endpoint.hangs = True
    with pytest.raises(ModelError, match="did not answer in time"):
        write(model)


def test_an_endpoint_that_is_not_there_is_said_to_be_so() -> None:
    model = ClaudeModel(ModelSettings(api_key=SecretStr("sk-test"), base_url="http://127.0.0.1:9", timeout_seconds=0.5))
    with pytest.raises(ModelError, match="cannot be reached"):
        write(model)
    model.close()
