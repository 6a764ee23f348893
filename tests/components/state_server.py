"""A server on loopback that keeps Terraform states as backends do: the http backend, Cloud Storage's JSON API, HCP Terraform's API.

Each answers as the real one documents it, as far as reading goes; and it can be told to refuse, to throttle, to hang or to break off.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Kept:
    body: bytes
    at: datetime
    generation: int


@dataclass
class StateServer:
    """What it holds. `fault` is an HTTP status, "hang", "truncated" or "garbage", of paths that hold `fault_at`."""

    objects: dict[str, Kept] = field(default_factory=dict)
    workspaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    fault: int | str | None = None
    fault_at: str = ""
    token: str = ""
    etags: bool = True
    calls: list[str] = field(default_factory=list)
    sent: int = 0
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def put(self, name: str, body: bytes, at: datetime) -> None:
        before = self.objects.get(name)
        self.objects[name] = Kept(body=body, at=at, generation=before.generation + 1 if before else 1)

    def publish(self, workspace: str, body: bytes, at: datetime, *, run: str = "") -> None:
        """The next state version of an HCP workspace."""
        held = self.workspaces.setdefault(workspace, {"version": 0, "locked": False, "current_run": ""})
        held.update(version=held["version"] + 1, body=body, at=at, run=run, current_run=run or held["current_run"])

    def answer(self, path: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        split = urlsplit(path)
        if self.token and headers.get("authorization") != f"Bearer {self.token}" and "/archive/" not in path:
            return 401, {}, b"{}"
        if split.path.startswith("/storage/v1/b/"):
            return self._storage(split.path.split("/", 5)[5:], parse_qs(split.query))
        if split.path.startswith("/api/v2/"):
            return self._api(split.path.removeprefix("/api/v2/").split("/"))
        if split.path.startswith("/archive/"):
            held = self.workspaces[split.path.rsplit("/", 1)[-1]]
            return 200, {}, held["body"]
        return self._plain(unquote(split.path.lstrip("/")), headers)

    def _plain(self, name: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        kept = self.objects.get(name)
        if kept is None:
            return 404, {}, b""
        etag = '"' + hashlib.md5(kept.body, usedforsecurity=False).hexdigest() + '"'
        if self.etags and headers.get("if-none-match") == etag:
            return 304, {"etag": etag}, b""
        return 200, {"etag": etag} if self.etags else {}, kept.body

    def _storage(self, rest: list[str], asked: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        _, _, name = rest[0].partition("o/") if rest else ("", "", "")
        if name:
            kept = self.objects.get(unquote(name))
            return (200, {}, kept.body) if kept else (404, {}, b"{}")
        prefix = asked.get("prefix", [""])[0]
        items = [
            {"name": key, "generation": str(kept.generation), "updated": kept.at.isoformat(), "size": str(len(kept.body))}
            for key, kept in sorted(self.objects.items())
            if key.startswith(prefix)
        ]
        return 200, {}, json.dumps({"items": items} if items else {}).encode()

    def _api(self, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
        if parts[0] == "organizations":
            rows = [self._workspace(name) for name in sorted(self.workspaces)]
            current = [held["current_run"] for held in self.workspaces.values() if held["current_run"]]
            included = [row for run in current for row in self.runs[run] if row["type"] == "runs"]
            return 200, {}, json.dumps({"data": rows, "included": included, "meta": {"pagination": {"next-page": None}}}).encode()
        if parts[0] == "workspaces":
            name = parts[1].removeprefix("ws-")
            held = self.workspaces[name]
            related = {"run": {"data": {"id": held["run"], "type": "runs"}}} if held["run"] else {}
            attributes = {
                "created-at": held["at"].isoformat(),
                "hosted-state-download-url": f"{self.url}/archive/{name}",
                "serial": held["version"],
            }
            row = {"id": f"sv-{name}-{held['version']}", "type": "state-versions", "attributes": attributes, "relationships": related}
            return 200, {}, json.dumps({"data": row}).encode()
        rows = self.runs[parts[1]]
        return 200, {}, json.dumps({"data": rows[0], "included": rows[1:]}).encode()

    def _workspace(self, name: str) -> dict[str, Any]:
        held = self.workspaces[name]
        related: dict[str, Any] = {"current-state-version": {"data": {"id": f"sv-{name}-{held['version']}", "type": "state-versions"}}}
        if held["current_run"]:
            related["current-run"] = {"data": {"id": held["current_run"], "type": "runs"}}
        return {
            "id": f"ws-{name}",
            "type": "workspaces",
            "attributes": {"name": name, "locked": held["locked"]},
            "relationships": related,
        }


def run_rows(run: str, *, status: str, message: str, user: str, at: datetime, ended: datetime | None = None) -> list[dict[str, Any]]:
    """A run with what is included of it: its user, its plan's counts, its commit."""
    stamps = {"planned-at": at.isoformat(), "applying-at": at.isoformat(), **({"applied-at": ended.isoformat()} if ended else {})}
    attributes = {"status": status, "message": message, "source": "tfe-ui", "status-timestamps": stamps, "created-at": at.isoformat()}
    plan = {"resource-additions": 1, "resource-changes": 1, "resource-destructions": 0}
    return [
        {"id": run, "type": "runs", "attributes": attributes},
        {"id": f"user-{user}", "type": "users", "attributes": {"username": user, "is-service-account": False}},
        {"id": f"plan-{run}", "type": "plans", "attributes": plan},
        {"id": f"ia-{run}", "type": "ingress-attributes", "attributes": {"commit-sha": "0a1b2c3d4e5f60718293", "sender-username": user}},
    ]


def _endpoint(held: StateServer) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.calls.append(self.path)
            faulty = held.fault if held.fault_at in self.path else None
            if faulty == "hang":
                held.released.wait(30)
                return
            if isinstance(faulty, int):
                self._send(faulty, {"retry-after": "17"}, b"{}")
                return
            status, headers, body = held.answer(self.path, self.headers)
            if faulty == "garbage":
                body = b"<html>a proxy's page</html>"
            self._send(status, headers, body, cut=faulty == "truncated")

        def _send(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            sent = body[: len(body) // 2] if cut else body
            held.sent += len(sent)
            self.wfile.write(sent)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Endpoint


@contextmanager
def state_server() -> Iterator[StateServer]:
    """A running server on a free port of loopback."""
    held = StateServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _endpoint(held))
    server.daemon_threads = True
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield held
    finally:
        held.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
