"""What the provider does when the server does not do what it should: typed errors, stated gaps, and an end by the deadline."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.batch import Batch, CheckState, Cursor
from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimedOut,
    ProviderUnreachable,
    SettingsError,
)
from core.ports import Provider
from core.providers import build
from core.settings import SourceSettings
from tests.unit.core.providers.kubernetes.given import CONTEXT, Rows

Answer = tuple[int, dict[str, str], bytes]
PLAIN = {"Content-Type": "application/json"}


def listed(*items: Any, token: str = "", version: str = "7") -> Answer:
    return 200, PLAIN, json.dumps({"metadata": {"resourceVersion": version, "continue": token}, "items": list(items)}).encode()


def settings_map(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "5"}, "data": {"level": "info"}}


@pytest.fixture
def server() -> Iterator[Callable[[Callable[[str, dict[str, list[str]]], Answer]], str]]:
    """An API server of one function: path and query in, an answer out."""
    running: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str, dict[str, list[str]]], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                split = urlsplit(self.path)
                status, headers, body = answer(split.path, parse_qs(split.query))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        running.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=running[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{running[-1].server_address[1]}"

    yield start
    for one in running:
        one.shutdown()
        one.server_close()


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Callable[..., Provider]]:
    opened: list[Provider] = []

    def make(url: str, **options: Any) -> Provider:
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "k", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": "t"}}], "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        }  # fmt: skip
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        options = {"kubeconfig": str(tmp_path / "kubeconfig"), **options}
        opened.append(build(SourceSettings(name="eks", provider="kubernetes", options=options), CONTEXT))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def poll(provider: Provider, rows: Rows, cursor: Cursor | None = None, seconds: float = 10) -> Batch:
    batch = provider.poll(cursor, rows, Deadline.after(seconds))
    rows.take(batch)
    return batch


def ends_in_time(provider: Provider, error: type[ProviderError], seconds: float = 2) -> None:
    began = time.monotonic()
    with pytest.raises(error):
        poll(provider, Rows(), seconds=seconds)
    assert time.monotonic() - began < seconds + 0.5


def left_behind(within_seconds: float) -> bool:
    """Does a call's thread still run after that?"""
    ends_at = time.monotonic() + within_seconds
    while any(one.name == "k8s-eks" for one in threading.enumerate()):
        if time.monotonic() > ends_at:
            return True
        time.sleep(0.02)
    return False


def test_a_server_that_accepts_and_never_answers_ends_by_the_deadline(provider: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ends_in_time(provider(f"http://127.0.0.1:{silent.getsockname()[1]}"), ProviderTimedOut)


def test_a_server_that_drips_ends_by_the_deadline(provider: Any) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as dripping:

        def drip() -> None:
            dripping.settimeout(5)
            connection, _ = dripping.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
                while not stop.wait(0.05):
                    connection.sendall(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            ends_in_time(provider(f"http://127.0.0.1:{dripping.getsockname()[1]}", kinds=["Pod"], warnings=False), ProviderTimedOut)
            assert not left_behind(within_seconds=1), "every poll would leave another"
        finally:
            stop.set()
            thread.join()


def test_nobody_at_the_address_is_unreachable(provider: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ends_in_time(provider(f"http://127.0.0.1:{port}"), ProviderUnreachable)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((200, PLAIN, b'{"items": ['), ProviderMalformed),
        ((200, PLAIN, b'{"items": 3, "metadata": {}}'), ProviderMalformed),
        ((200, PLAIN, b"[]"), ProviderMalformed),
        ((429, {"Retry-After": "7"}, b"{}"), ProviderThrottled),
        ((401, PLAIN, b'{"message": "Unauthorized"}'), ProviderForbidden),
        ((403, PLAIN, b"<html>"), ProviderForbidden),
        ((500, PLAIN, b""), ProviderUnreachable),
        ((504, PLAIN, b"{}"), ProviderTimedOut),
    ],
)
def test_what_the_server_answers_becomes_a_typed_error(server: Any, provider: Any, answer: Answer, error: type[ProviderError]) -> None:
    with pytest.raises(error) as raised:
        poll(provider(server(lambda *_: answer)), Rows())
    assert raised.value.source == "eks"


def test_a_throttle_says_how_long(server: Any, provider: Any) -> None:
    with pytest.raises(ProviderThrottled) as raised:
        poll(provider(server(lambda *_: (429, {"Retry-After": "7"}, b"{}"))), Rows())
    assert raised.value.retry_after_seconds == 7


def test_one_kind_that_fails_is_a_gap_and_is_read_on_where_it_stood(server: Any, provider: Any) -> None:
    failing = threading.Event()

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        if path.endswith("/configmaps") and failing.is_set():
            return 500, PLAIN, b'{"message": "etcd leader changed"}'
        if "watch" in query:
            assert query["resourceVersion"] == ["7"]
            return 200, PLAIN, b""
        return listed()

    watcher, rows = provider(server(answer), kinds=["ConfigMap", "Service"]), Rows()
    first = poll(watcher, rows)
    failing.set()
    second = poll(watcher, rows, first.cursor)
    (gap,) = [one for one in second.coverage if one.part]
    assert (gap.part, gap.state) == ("configmaps", CoverageState.GAP)
    assert "etcd leader changed" in gap.reason
    failing.clear()
    assert [one.part for one in poll(watcher, rows, second.cursor).coverage] == [""]


def test_a_list_is_read_in_pages_and_an_expired_one_from_its_beginning(server: Any, provider: Any) -> None:
    expired = threading.Event()

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        assert query["limit"] == ["500"]
        if "continue" not in query:
            return listed(settings_map("a"), token="more")
        if not expired.is_set():
            expired.set()
            return 410, PLAIN, b'{"message": "the provided continue parameter is too old"}'
        return listed(settings_map("b"))

    watcher, rows = provider(server(answer), kinds=["ConfigMap"], warnings=False), Rows()
    first = poll(watcher, rows)
    assert first.more
    second = poll(watcher, rows, first.cursor)
    assert (second.events, second.more) == ((), False)
    assert sorted(rows.rows) == ["object/configmaps/shop/a", "object/configmaps/shop/b"]


def test_a_first_list_that_does_not_fit_into_one_poll_goes_on_in_the_next(server: Any, provider: Any) -> None:
    slow = threading.Event()

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        if "continue" not in query:
            return listed(settings_map("a"), token="more")
        if not slow.is_set():
            slow.set()
            return 504, PLAIN, b'{"message": "took too long"}'
        return listed(settings_map("b"))

    watcher, rows = provider(server(answer), kinds=["ConfigMap"], warnings=False), Rows()
    with pytest.raises(ProviderTimedOut):
        poll(watcher, rows)  # The only kind: nothing else was read.
    watcher = provider(server(answer), kinds=["ConfigMap", "Service"], warnings=False)
    slow.clear()
    first = poll(watcher, rows)
    assert first.more
    assert "object/configmaps/shop/a" in rows.rows
    assert "object/configmaps/shop/b" not in rows.rows
    second = poll(watcher, rows, first.cursor)
    assert (second.events, "object/configmaps/shop/b" in rows.rows) == ((), True)


def test_a_watch_that_sends_nonsense_is_a_gap_of_its_kind(server: Any, provider: Any) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        broken = "watch" in query and path.endswith("/services")
        return (200, PLAIN, b'{"type": "ADDED", "object"\n') if broken else (200, PLAIN, b"") if "watch" in query else listed()

    watcher, rows = provider(server(answer), kinds=["ConfigMap", "Service"], warnings=False), Rows()
    second = poll(watcher, rows, poll(watcher, rows).cursor)
    assert [one.part for one in second.coverage if one.state is CoverageState.GAP] == ["services"]


def test_a_watch_that_breaks_off_within_a_change_is_a_gap_and_the_change_is_told_later(server: Any, provider: Any) -> None:
    line = json.dumps({"type": "ADDED", "object": {"apiVersion": "v1", "kind": "ConfigMap", **settings_map("comes")}}).encode()
    whole = threading.Event()

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        if "watch" not in query or path.endswith("/services"):
            return (200, PLAIN, b"") if "watch" in query else listed()
        return 200, PLAIN, line + b"\n" if whole.is_set() else line[:-20]

    watcher, rows = provider(server(answer), kinds=["ConfigMap", "Service"], warnings=False), Rows()
    second = poll(watcher, rows, poll(watcher, rows).cursor)
    (gap,) = [one for one in second.coverage if one.state is CoverageState.GAP]
    assert (gap.part, second.events) == ("configmaps", ())
    assert "broke off" in gap.reason
    whole.set()
    assert [event.resource.name for event in poll(watcher, rows, second.cursor).events] == ["comes"]


def test_a_busy_kind_is_read_in_parts(server: Any, provider: Any) -> None:
    from core.providers.kubernetes.client import MOST_CHANGES

    lines = [json.dumps({"type": "ADDED", "object": {"kind": "Event", **settings_map(f"m{n}")}}) for n in range(MOST_CHANGES + 1)]

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        return (200, PLAIN, "".join(f"{line}\n" for line in lines).encode()) if "watch" in query else listed()

    watcher, rows = provider(server(answer), kinds=["ConfigMap"], warnings=False), Rows()
    assert poll(watcher, rows, poll(watcher, rows).cursor).more


def test_a_field_that_a_newer_server_shows_is_no_change_and_a_written_one_is(server: Any, provider: Any) -> None:
    upgraded = threading.Event()

    def workload(name: str, generation: int, **spec: Any) -> dict[str, Any]:
        metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "5", "generation": generation}
        return {"metadata": metadata, "spec": {"replicas": 1, **spec}}

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        if "watch" in query:
            return 410, PLAIN, b'{"message": "too old resource version"}'
        if not upgraded.is_set():
            return listed(workload("defaulted", 1), workload("written", 1))
        return listed(workload("defaulted", 1, revisionHistoryLimit=10), workload("written", 2, paused=True))

    watcher, rows = provider(server(answer), kinds=["Deployment"], warnings=False), Rows()
    first = poll(watcher, rows)
    upgraded.set()
    second = poll(watcher, rows, first.cursor)
    assert [event.resource.name for event in second.events] == ["written"]
    assert poll(watcher, rows, second.cursor).events == ()


def test_the_doctor_says_what_is_wrong_and_what_to_do(server: Any, provider: Any) -> None:
    refused = provider(server(lambda *_: (403, PLAIN, b'{"message": "no"}')), kinds=["Pod"], warnings=False).check(Deadline.after(5))
    assert [(check.state, check.name) for check in refused] == [
        (CheckState.RED, "eks"),
        (CheckState.AMBER, "eks pods"),
        (CheckState.AMBER, "eks audit log"),
    ]
    assert "list pods" in refused[1].next_step
    (broken,) = provider(server(lambda *_: (500, PLAIN, b"")), kinds=["Pod"], warnings=False).check(Deadline.after(5))
    assert broken.state is CheckState.RED


def test_a_kubeconfig_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    source = SourceSettings(name="eks", provider="kubernetes", options={"kubeconfig": str(tmp_path / "none")})
    with pytest.raises(ProviderError, match="the kubeconfig cannot be used"):
        poll(build(source, CONTEXT), Rows())


@pytest.mark.parametrize(
    "options", [{"kinds": ["Deploymint"]}, {"namespaces": ["Not A Name"]}, {"custom_resources": ["widgets"]}, {"nonsense": 1}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="eks"):
        build(SourceSettings(name="eks", provider="kubernetes", options=options), CONTEXT)


@pytest.mark.parametrize("body", ["users:\n- user: {token: sesame, x: [\n", "{{{{not: yaml", "clusters: 3\nusers: sesame\n", "\x00\x01"])
def test_a_kubeconfig_that_is_none_is_an_error_of_ours_that_shows_nothing_of_it(provider: Any, tmp_path: Path, body: str) -> None:
    made = provider("http://127.0.0.1:9")
    (tmp_path / "kubeconfig").write_text(body)
    (check,) = made.check(Deadline.after(5))
    assert check.state is CheckState.RED
    assert check.says.startswith("the kubeconfig cannot be used: ")
    assert "sesame" not in check.says
    assert check.next_step == "Name a kubeconfig file and a context that exist in the source's options."


def test_credentials_that_are_not_accepted_are_to_be_renewed_and_no_role_is_asked_for(server: Any, provider: Any) -> None:
    (check,) = provider(server(lambda *_: (401, PLAIN, b'{"message": "Unauthorized"}'))).check(Deadline.after(5))
    assert (check.state, check.says) == (CheckState.RED, "Unauthorized")
    assert check.next_step == "Renew or correct the token or certificate of the kubeconfig: the API server does not accept it."
