"""What the tests of this provider share: a context, states kept in memory, and the shapes of raw records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.batch import Batch, KnownState, Reading
from core.json import JsonObject
from core.providers import ProviderContext, reader
from core.redaction import Redactor

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CONTEXT = ProviderContext(redactor=Redactor(b"k" * 32), clock=lambda: NOW)


@dataclass
class Rows:
    """Known states in memory; `asked` are the keys that were looked up."""

    rows: dict[str, KnownState] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        self.asked += keys
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return [self.rows[key] for key in sorted(self.rows) if key.startswith(prefix) and key > after][:limit]

    def take(self, found: Batch | Reading) -> None:
        for change in found.known_changes:
            if change.state is None:
                self.rows.pop(change.key, None)
            else:
                self.rows[change.key] = change


def read(format: str, *records: JsonObject) -> list[Reading]:
    """Each record's reading, each seeing what the ones before left known."""
    reads, rows, found = reader(format, source="eks", environment="prod", context=CONTEXT), Rows(), []
    for record in records:
        reading = reads.read(record, rows, NOW)
        rows.take(reading)
        found.append(reading)
    return found


def audit(verb: str = "create", resource: str = "configmaps", **given: Any) -> JsonObject:
    """An audit record of `resource` ("pods/exec", "deployments.apps"); `body` is the request, the rest overrides the record's fields."""
    target, _, subresource = resource.partition("/")
    plural, _, group = target.partition(".")
    place = {"namespace": given.pop("namespace", "shop")}
    ref = {"resource": plural, "name": given.pop("name", "web"), "apiVersion": "v1", "apiGroup": group, "subresource": subresource, **place}
    record = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "auditID": "a-1",
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/shop/{plural}/web",
        "verb": verb,
        "user": {"username": given.pop("user", "ana@acme.example"), "groups": given.pop("groups", ["system:authenticated"])},
        "sourceIPs": ["203.0.113.77"],
        "userAgent": given.pop("agent", "kubectl/v1.31.2 (linux/amd64) kubernetes/abc"),
        "objectRef": {key: value for key, value in ref.items() if value},
        "responseStatus": {"code": given.pop("code", 201), "metadata": {}},
        "requestReceivedTimestamp": "2026-11-23T03:12:00.123456Z",
        "stageTimestamp": "2026-11-23T03:12:00.223456Z",
        "annotations": {"authorization.k8s.io/decision": "allow"},
    }
    if "body" in given:
        record["requestObject"] = given.pop("body")
    return {**record, **given}


def manifest(kind: str = "Deployment", name: str = "web", **given: Any) -> JsonObject:
    """An object as the API server returns it."""
    api = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "NetworkPolicy": "networking.k8s.io/v1", "CronJob": "batch/v1"}
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{kind}-{name}",
        "resourceVersion": given.pop("version", "1"),
        "creationTimestamp": "2026-11-01T00:00:00Z",
        **given.pop("metadata", {}),
    }
    return {"apiVersion": given.pop("api", api.get(kind, "v1")), "kind": kind, "metadata": metadata, **given}


def deployment(image: str = "api:1", replicas: int = 2, **given: Any) -> JsonObject:
    template = {
        "metadata": {"labels": {"app": "web"}, **({"annotations": given.pop("notes")} if "notes" in given else {})},
        "spec": {"containers": [{"name": "app", "image": image, **given.pop("container", {})}], **given.pop("pod", {})},
    }
    return manifest(spec={"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}, **given)
