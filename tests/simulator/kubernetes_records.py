"""Raw records of a cluster's API server, as its audit policy at RequestResponse writes them (audit.k8s.io/v1)."""

from datetime import datetime

from core.json import JsonObject
from tests.simulator.organisation import App

ARGO = "system:serviceaccount:argocd:argocd-application-controller"
CONTROLLER_AGENT = "kube-controller-manager/v1.31.4 (linux/amd64) kubernetes/a78aa47"
_GROUPS = {"deployments": "apps", "replicasets": "apps", "statefulsets": "apps", "jobs": "batch", "cronjobs": "batch"}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def controller(name: str) -> str:
    return f"system:serviceaccount:kube-system:{name}"


def audit(
    id: str, at: datetime, *, verb: str, resource: str, namespace: str, name: str, user: str, agent: str, address: str = "10.4.0.11",
    sub: str = "", asked: JsonObject | None = None, answer: JsonObject | None = None, code: int = 200, query: str = "",
    groups: tuple[str, ...] = (), failure: str = "",
) -> JsonObject:  # fmt: skip
    """One request."""
    group = _GROUPS.get(resource, "rbac.authorization.k8s.io" if "role" in resource else "")
    root = f"/apis/{group}/v1" if group else "/api/v1"
    place = f"/namespaces/{namespace}" if namespace else ""
    tail = "" if verb == "create" and not sub else f"/{name}"
    usual = ("system:serviceaccounts",) if user.startswith("system:serviceaccount") else (f"lumbra:{'engineers'}",)
    record: JsonObject = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": id, "stage": "ResponseComplete",
        "requestURI": f"{root}{place}/{resource}{tail}{'/' + sub if sub else ''}{query}",
        "verb": verb,
        "user": {"username": user, "groups": [*(groups or usual), "system:authenticated"]},
        "sourceIPs": [address],
        "userAgent": agent,
        "objectRef": {"resource": resource, "name": name, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": code, **({"message": failure, "status": "Failure"} if failure else {})},
        "requestReceivedTimestamp": stamp(at), "stageTimestamp": stamp(at),
    }  # fmt: skip
    ref = record["objectRef"]
    assert isinstance(ref, dict)
    ref.update({"apiGroup": group} if group else {})
    ref.update({"namespace": namespace} if namespace else {})
    ref.update({"subresource": sub} if sub else {})
    if asked is not None:
        record["requestObject"] = asked
    if answer is not None:
        record["responseObject"] = answer
    return record


def tracked(app: App) -> JsonObject:
    return {"argocd.argoproj.io/tracking-id": f"{app.application}:apps/Deployment:{app.namespace}/{app.name}"}


def deployment(app: App, image: str, note: JsonObject, *, owned: bool = True) -> JsonObject:
    mounts = [{"name": "settings", "configMap": {"name": f"{app.name}-settings"}}] if app.config else []
    return {
        "kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {"name": app.name, "namespace": app.namespace, "uid": uid(app),
            "annotations": {**(tracked(app) if owned else {}), **note}},
        "spec": {"replicas": app.replicas, "template": {"spec": {"containers": [{"name": app.name, "image": image}], "volumes": mounts}}},
    }  # fmt: skip


def uid(app: App) -> str:
    return f"{abs(hash_of(app.namespace + app.name)) % 16**8:08x}-4a1c-4d2e-9c55-0242ac120002"


def hash_of(text: str) -> int:
    """The same in every process."""
    return int.from_bytes(text.encode()[-7:], "big") * 2654435761 % 2**48


def replica_set(app: App, revision: str, replicas: int) -> JsonObject:
    return {
        "kind": "ReplicaSet", "apiVersion": "apps/v1",
        "metadata": {
            "name": f"{app.name}-{revision}", "namespace": app.namespace, "uid": f"rs-{app.namespace}-{app.name}-{revision}",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": app.name, "uid": uid(app), "controller": True}],
        },
        "spec": {"replicas": replicas},
    }  # fmt: skip


def pod(app: App, revision: str, number: str, image: str) -> JsonObject:
    return {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "name": f"{app.name}-{revision}-{number}", "namespace": app.namespace, "generateName": f"{app.name}-{revision}-",
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{app.name}-{revision}",
                "uid": f"rs-{app.namespace}-{app.name}-{revision}"}
            ],
        },
        "spec": {"containers": [{"name": app.name, "image": image}]},
    }  # fmt: skip
