"""Kubernetes: ConfigMaps of a real control plane, read with the rights of deploy/permissions and no more.

The API server's own audit log counts what was asked.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.figures import Figure
from tests.benchmarks.polls.costs import FEW, MANY, SideBySide, watching
from tests.components.kubernetes import ControlPlane, Person

COMPONENT = "kubernetes"
_ROLE = Path(__file__).parents[3] / "deploy" / "permissions" / "kubernetes-clusterrole.yaml"
_COUNTED = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules: [{level: Metadata, users: [wgo]}, {level: None}]
"""
_MAPS = "/api/v1/namespaces/default/configmaps"
# As many as the API server lets one client have under way and this machine has use for.
_AT_ONCE = 8
# Each of them is watched for a second.
_IDLE_RUNS = 10


@contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    folder.mkdir()
    (folder / "counted.yaml").write_text(_COUNTED, encoding="utf-8")
    plane = ControlPlane(folder=folder, extra=("--audit-policy-file=counted.yaml",))
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


def _map(number: int, value: int) -> dict[str, Any]:
    settings = {f"setting-{one}": f"value {value} of {number}" for one in range(5)}
    return {"metadata": {"name": f"map-{number:05}", "labels": {"app": f"app-{number % 50}"}}, "data": settings}


def _each(first: int, after: int, act: Any) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(act, range(first, after)):
            pass


def make_maps(admin: Person, first: int, after: int) -> None:
    _each(first, after, lambda number: admin.make(_MAPS, _map(number, 0)))


def allow(admin: Person) -> None:
    role = next(iter(yaml.safe_load_all(_ROLE.read_text(encoding="utf-8"))))
    base = "/apis/rbac.authorization.k8s.io/v1"
    admin.make(f"{base}/clusterroles", role)
    who = {"kind": "User", "name": "wgo", "apiGroup": "rbac.authorization.k8s.io"}
    of = {"kind": "ClusterRole", "name": role["metadata"]["name"], "apiGroup": "rbac.authorization.k8s.io"}
    admin.make(f"{base}/clusterrolebindings", {"metadata": {"name": "wgo"}, "roleRef": of, "subjects": [who]})


def _asked(plane: ControlPlane) -> int:
    """Requests of ours; nobody else's are in the log, which does not exist before the first."""
    return plane.audit_log.read_bytes().count(b"\n") if plane.audit_log.exists() else 0


def measure(folder: Path) -> Iterator[Figure]:
    costs = SideBySide("kubernetes")
    with control_plane(folder / "plane") as plane:
        admin = Person(plane, "admin")
        allow(admin)
        made = 0
        for many in (FEW, MANY):
            make_maps(admin, made, many)
            made = many
            options = {"kubeconfig": str(plane.kubeconfig("wgo"))}
            watched = watching(folder, "kubernetes", options, lambda: _asked(plane), name=f"kubernetes-{many}")

            def change(number: int, value: int) -> None:
                _each(0, number, lambda one: admin.patch(f"{_MAPS}/map-{one:05}", {"data": _map(one, value)["data"]}))

            with closing(watched.store), closing(watched.provider):
                costs.note("baseline", many, watched.poll(events=0))
                costs.measure(watched, many, change, idle_runs=_IDLE_RUNS)
    yield from costs.figures()
