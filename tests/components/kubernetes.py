"""A real control plane on loopback: etcd, API server, controller manager, scheduler. No kubelet: pods stay where tests put them."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.components.programs import KUBERNETES_FOLDER

_MASTERS = ("admin", "alice@example.com", "system:kube-controller-manager", "system:kube-scheduler")
_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [get, list, watch]}
- {level: Metadata, resources: [{group: "", resources: [secrets, configmaps]}]}
- {level: RequestResponse}
"""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass(slots=True)
class ControlPlane:
    """Users: admin and alice@example.com (both may do everything), wgo (nothing until it is bound)."""

    folder: Path
    extra: Sequence[str] = ()
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _clients: dict[str, httpx.Client] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)
    _ports: list[int] = field(default_factory=lambda: _free_ports(5))

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._ports[0]}"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    def start(self) -> None:
        api, etcd, peer, manager, scheduler = self._ports
        (self.folder / "audit.yaml").write_text(_POLICY)
        users = [*_MASTERS, "wgo"]
        groups = dict.fromkeys(_MASTERS, "system:masters")
        tokens = [f'{name}-token,{name},{number},"{groups.get(name, "watchers")}"' for number, name in enumerate(users)]
        (self.folder / "tokens.csv").write_text("\n".join(tokens))
        subprocess.run(["openssl", "genrsa", "-out", "sa.key", "2048"], cwd=self.folder, check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"], cwd=self.folder, check=True, capture_output=True)
        self._run(
            shutil.which("etcd") or "etcd", "--data-dir", "etcd", "--unsafe-no-fsync", "--log-level=error",
            f"--listen-client-urls=http://127.0.0.1:{etcd}", f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
        )  # fmt: skip
        self._run(
            "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={api}", "--insecure-port=0", "--cert-dir=certs", "--token-auth-file=tokens.csv", "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24", "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=sa.pub", "--service-account-signing-key-file=sa.key", "--endpoint-reconciler-type=none",
            "--disable-admission-plugins=ServiceAccount", "--audit-log-path=audit.log", "--audit-policy-file=audit.yaml", *self.extra,
        )  # fmt: skip
        self._until_ready()
        more = {
            "kube-controller-manager": ("--service-account-private-key-file=sa.key", "--controllers=*,-ttl,-nodeipam,-cloud-node-lifecycle")
        }
        for name, port in (("kube-controller-manager", manager), ("kube-scheduler", scheduler)):
            config = f"--kubeconfig={self.kubeconfig(f'system:{name}')}"
            others = [config.replace("--", f"--{kind}-") for kind in ("authentication", "authorization")]
            place = ("--bind-address=127.0.0.1", "--port=0", f"--secure-port={port}", f"--cert-dir=certs-{name}", "--leader-elect=false")
            self._run(name, config, *others, *place, *more.get(name, ()))
        self._until_settled()

    def _run(self, program: str, *arguments: str) -> None:
        binary = KUBERNETES_FOLDER / program
        log = (self.folder / f"{Path(program).name}.log").open("wb")
        command = [str(binary) if binary.is_file() else program, *arguments]
        self._running.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log))
        log.close()

    def _until_ready(self) -> None:
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                if (self.folder / "certs/apiserver.crt").is_file() and self.as_user("admin").get("/readyz").text == "ok":
                    return
            except httpx.TransportError:
                pass
            if self._running[-1].poll() is not None:
                raise RuntimeError((self.folder / "kube-apiserver.log").read_text()[-2000:])
            time.sleep(0.05)
        raise RuntimeError("the API server was not ready within a minute")

    def _until_settled(self) -> None:
        """Until the controllers have made what every new cluster gets: the aggregated roles and the first service account."""
        admin, ends = self.as_user("admin"), time.monotonic() + 60
        roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
        while time.monotonic() < ends:
            whole = all(admin.get(f"{roles}/{name}").json().get("rules") for name in ("admin", "edit", "view"))
            if whole and admin.get("/api/v1/namespaces/default/serviceaccounts/default").json().get("secrets"):
                return
            time.sleep(0.05)
        raise RuntimeError("the controllers did not settle within a minute")

    def kubeconfig(self, user: str) -> Path:
        """A kubeconfig whose only context is the user's."""
        path = self.folder / f"{user.replace(':', '-')}.kubeconfig"
        path.write_text(
            f"""\
apiVersion: v1
kind: Config
clusters: [{{name: test, cluster: {{server: "{self.url}", certificate-authority: {self.folder}/certs/apiserver.crt}}}}]
users: [{{name: "{user}", user: {{token: "{user}-token"}}}}]
contexts: [{{name: "{user}", context: {{cluster: test, user: "{user}"}}}}]
current-context: "{user}"
"""
        )
        return path

    def as_user(self, user: str) -> httpx.Client:
        """One client a user, whichever thread asks first: a second one would be dropped with its connections open."""
        with self._making:
            if user not in self._clients:
                trust = ssl.create_default_context(cafile=str(self.folder / "certs/apiserver.crt"))
                headers = {"Authorization": f"Bearer {user}-token", "User-Agent": "kubectl/v1.31.2 (linux/amd64) kubernetes/abc"}
                self._clients[user] = httpx.Client(base_url=self.url, verify=trust, headers=headers, timeout=20)
            return self._clients[user]

    def compact(self) -> None:
        """Let etcd forget every version but the newest."""
        with httpx.Client(base_url=self._etcd) as client:
            client.post("/kv/compaction", json={"revision": self._revision(client), "physical": True}).raise_for_status()

    def until_quiet(self, seconds: float = 1.0) -> None:
        """Until nobody has written anything for so long: controllers go on by themselves after what a test has made."""
        ends = time.monotonic() + 60
        with httpx.Client(base_url=self._etcd) as client:
            newest, since = self._revision(client), time.monotonic()
            while time.monotonic() - since < seconds:
                if time.monotonic() > ends:
                    raise RuntimeError("the control plane did not come to rest within a minute")
                time.sleep(0.1)
                if (revision := self._revision(client)) != newest:
                    newest, since = revision, time.monotonic()

    @property
    def _etcd(self) -> str:
        return f"http://127.0.0.1:{self._ports[1]}/v3"

    @staticmethod
    def _revision(etcd: httpx.Client) -> str:
        return str(etcd.post("/kv/range", json={"key": "AA=="}).json()["header"]["revision"])

    def stop(self) -> None:
        for client in self._clients.values():
            client.close()
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(slots=True)
class Person:
    """Someone with a token, at work on one namespace's objects."""

    plane: ControlPlane
    user: str = "alice@example.com"
    agent: str = ""

    def make(self, path: str, body: dict[str, Any], *, manager: str = "") -> dict[str, Any]:
        return self._told("POST", path, json=body, params=_by(manager))

    def patch(self, path: str, body: dict[str, Any], *, manager: str = "") -> dict[str, Any]:
        return self._told("PATCH", path, {"Content-Type": "application/merge-patch+json"}, json=body, params=_by(manager))

    def delete(self, path: str) -> dict[str, Any]:
        return self._told("DELETE", path)

    def get(self, path: str) -> dict[str, Any]:
        return self._told("GET", path)

    def _told(self, method: str, path: str, headers: Mapping[str, str] | None = None, **given: Any) -> dict[str, Any]:
        agent = {"User-Agent": self.agent} if self.agent else {}
        answer = self.plane.as_user(self.user).request(method, path, headers={**agent, **(headers or {})}, **given)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


def _by(manager: str) -> dict[str, str]:
    return {"fieldManager": manager} if manager else {}
