"""Kubernetes: a real control plane; between it and the provider a plain pipe that counts, and can refuse, throttle, hang and garble."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from core.clock import utc_now
from tests.components.kubernetes import ControlPlane, Person

COMPONENTS = ("kubernetes",)
_NUMBER = count(1)


@dataclass
class Pipe:
    """`user` is whose token it sends on: the real server decides what that one may do."""

    plane: ControlPlane
    user: str = "admin"
    fault: str = ""
    calls: int = 0
    sent: int = 0
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)


def _endpoint(pipe: Pipe) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pipe.calls += 1
            if pipe.fault == "hang":
                pipe.released.wait(30)
                return
            if pipe.fault == "throttle":
                self._send(429, b"{}", {"Retry-After": "7"})
                return
            accept = {"Accept": self.headers.get("accept", "application/json")}
            answer = pipe.plane.as_user(pipe.user).get(self.path, headers=accept)
            body = b"<html>\n<body>a proxy's page</body>\n</html>\n" if pipe.fault == "malform" else answer.content
            self._send(answer.status_code, body, {"Content-Type": answer.headers.get("content-type", "application/json")})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            pipe.sent += len(body)
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    return Endpoint


@dataclass
class KubernetesBench:
    pipe: Pipe
    folder: Path
    namespace: str
    provider: str = "kubernetes"

    def __post_init__(self) -> None:
        self.admin = Person(self.pipe.plane, "admin")
        self.admin.make("/api/v1/namespaces", {"metadata": {"name": self.namespace}})

    def options(self) -> dict[str, Any]:
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "k", "cluster": {"server": self.pipe.url}}],
            "users": [{"name": "u", "user": {"token": "t"}}], "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        }  # fmt: skip
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps(config))
        # Services have no controller that writes to them again: what is seen is what the test did.
        kinds = ["Service", "PersistentVolumeClaim", "Secret"]
        return {"kubeconfig": str(path), "namespaces": [self.namespace], "kinds": kinds, "warnings": False}

    def now(self) -> datetime:
        return utc_now()

    def wait(self, minutes: float) -> None:
        """The server's clock is the real one."""

    def _path(self, kind: str, name: str = "") -> str:
        return f"/api/v1/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def make(self, name: str, value: int) -> None:
        self.admin.make(self._path("services"), {"metadata": {"name": name}, "spec": {"clusterIP": "None", **_ports(value)}})

    def change(self, name: str, value: int) -> None:
        self.admin.patch(self._path("services", name), {"spec": _ports(value)})

    def delete(self, name: str) -> None:
        self.admin.delete(self._path("services", name))

    def many(self, number: int) -> None:
        for one in range(number):
            self.make(f"many-{one}", one + 1)

    def plant_secret(self, name: str, text: str) -> None:
        body = {"metadata": {"name": name}, "data": {"key": base64.b64encode(text.encode()).decode()}}
        secrets = self._path("secrets")
        if self.pipe.plane.as_user("admin").get(f"{secrets}/{name}").status_code == 200:
            self.admin.patch(f"{secrets}/{name}", body)
        else:
            self.admin.make(secrets, body)

    def refuse(self) -> None:
        self.pipe.user = "wgo"

    def throttle(self) -> None:
        self.pipe.fault = "throttle"

    def hang(self) -> None:
        self.pipe.fault = "hang"

    def malform(self) -> None:
        self.pipe.fault = "malform"

    def heal(self) -> None:
        self.pipe.fault, self.pipe.user = "", "admin"

    def calls(self) -> int:
        return self.pipe.calls

    def sent(self) -> int:
        return self.pipe.sent


def _ports(value: int) -> dict[str, Any]:
    return {"ports": [{"name": "web", "port": value, "targetPort": 80}]}


@contextmanager
def component(folder: Path) -> Iterator[ControlPlane]:
    plane = ControlPlane(folder=folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


@contextmanager
def bench(folder: Path, component: ControlPlane) -> Iterator[KubernetesBench]:
    pipe = Pipe(component)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _endpoint(pipe))
    server.daemon_threads = True
    pipe.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield KubernetesBench(pipe, folder, f"bench-{next(_NUMBER)}")
    finally:
        pipe.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
