"""A request to a GKE cluster's API server, as Cloud Audit Logs carry it → the act that Kubernetes' own audit log would tell of. Pure.

Method and resource name say verb, group, resource and name; request and response are the objects. What they mean is told by core.kube.
https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from core.event import Actor, Resource, Scope, Via
from core.json import JsonObject, JsonValue
from core.kube import actors as kube
from core.kube.acts import Thing
from core.kube.kinds import DEFAULT_KINDS
from core.kube.patches import as_object
from core.kube.requests import Request, address_of
from core.kube.subject import items, mapping, text
from core.providers.gcp.actors import actor, address_in
from core.redaction import Redactor

SERVICE = "k8s.io"
_VERSION = re.compile(r"^v\d+((alpha|beta)\d+)?$")
_ZONE = re.compile(r"-[a-z]$")
_GROUPS = {kind.name: kind.group for kind in DEFAULT_KINDS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Where a record's things live. Its assets are spelt as Cloud Asset Inventory does."""

    project: str
    location: str
    name: str
    environment: str
    redactor: Redactor

    @property
    def cluster(self) -> str:
        return self.name

    def key(self, kind: str, name: str, namespace: str = "") -> str:
        return self.resource(Thing(kind=kind, name=name, namespace=namespace), _GROUPS.get(kind, "")).key

    def resource(self, thing: Thing, group: str, *, uid: str = "") -> Resource:
        return Resource(
            provider="gcp",
            kind=f"{_asset_group(group)}/{thing.kind.partition('.')[0]}",
            name=thing.name,
            scope=Scope(project=self.project, region=self.location, cluster=self.name, namespace=thing.namespace),
            uid=uid,
            environment=self.environment,
            labels=dict(thing.labels),
        )

    def full_name(self, asked: Request) -> str:
        """https://cloud.google.com/asset-inventory/docs/asset-names; empty where no one thing is named."""
        if not (asked.name and self.project and self.location and self.name):
            return ""
        place = f"{'zones' if _ZONE.search(self.location) else 'locations'}/{self.location}"
        inside = f"namespaces/{asked.namespace}/" if asked.namespace and asked.resource != "namespaces" else ""
        group = f"{asked.group}/" if asked.group else ""
        cluster = f"//container.googleapis.com/projects/{self.project}/{place}/clusters/{self.name}"
        return f"{cluster}/k8s/{inside}{group}{asked.resource}/{asked.name}"


def _asset_group(group: str) -> str:
    """k8s.io for the core group, apps.k8s.io for apps: https://cloud.google.com/asset-inventory/docs/asset-types"""
    return SERVICE if not group else group if "." in group else f"{group}.k8s.io"


def cluster_of(record: JsonObject, environment: str, redactor: Redactor) -> Cluster:
    labels = mapping(record, "resource", "labels")
    project, location, name = (text(labels, key) for key in ("project_id", "location", "cluster_name"))
    return Cluster(project=project, location=location, name=name, environment=environment, redactor=redactor)


def is_of_cluster(service: str, method: str) -> bool:
    """Is it a request to a cluster? Its methods say so themselves where an export leaves the service out."""
    return service == SERVICE or (not service and method.startswith("io.k8s."))


def failure_of(payload: JsonObject) -> str:
    """What the API server answered in place of the object, where it refused: a Status of Failure.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
    """
    answer = mapping(payload, "response")
    if text(answer, "status") != "Failure":
        return ""
    return text(answer, "message") or text(answer, "reason") or "refused by the API server"


def request_of(payload: JsonObject) -> Request | None:
    """What was asked; None where it concerns no resource (io.k8s.get), or only asks what would happen (a dry run).

    io.k8s.authorization.rbac.v1.clusterrolebindings.create is the group backwards, its version, resource, subresource and verb.
    """
    parts = text(payload, "methodName").split(".")
    version = next((at for at, part in enumerate(parts) if at and _VERSION.match(part)), len(parts))
    if len(parts) - version < 3:
        return None
    sent = mapping(payload, "request")
    if items(sent, "dryRun"):
        return None
    resource, *below, verb = parts[version + 1 :]
    path = text(payload, "resourceName").lstrip("/")
    uri = f"/api/{path.removeprefix('core/')}" if path.startswith("core/") else f"/apis/{path}"
    address = address_of(uri)
    command = [one for one in items(sent, "command") if isinstance(one, str)]
    asked = urlencode({"command": command, **({"container": text(sent, "container")} if text(sent, "container") else {})}, doseq=True)
    return Request(
        verb=verb.lower(),
        resource=resource,
        subresource="/".join(below),
        namespace=address["namespace"] or (address["name"] if resource == "namespaces" else ""),
        name=address["name"] or text(sent, "metadata", "name"),
        group=address["group"],
        uri=f"{uri}?{asked}" if below and command else uri,
        agent=text(payload, "requestMetadata", "callerSuppliedUserAgent"),
        code=None,
    )


def object_of(told: JsonValue) -> JsonObject:
    """The object of a request or response. Its type is in @type ("apps/v1.Deployment"), where a patch has none."""
    found = told if isinstance(told, dict) else {}
    of_type = text(found, "@type").rpartition("/")[2]
    kind = of_type.rpartition(".")[2] if of_type != "Patch" else ""
    if isinstance(found.get("value"), list):
        return as_object(found["value"])
    return {**({"kind": kind} if kind else {}), **{key: value for key, value in found.items() if key != "@type"}}


def asker_of(payload: JsonObject, action: str, *, refused: bool) -> kube.Asker:
    """Who asked: one of the cluster's own names as Kubernetes knows them, or a Google identity with the tool that it used.

    A request that was granted and names nobody had no identity, unless the record was cut short of it. Where it was refused, Google
    may only leave the name out:
    https://cloud.google.com/logging/docs/audit#user-id
    """
    told, sent = mapping(payload, "authenticationInfo"), mapping(payload, "requestMetadata")
    name, agent, address = text(told, "principalEmail"), text(sent, "callerSuppliedUserAgent"), address_in(sent)
    if not name and not text(told, "principalSubject"):
        who = kube.of_name("", agent, action=action, addresses=[address])
        return kube.Asker(actor=who, anonymous="authenticationInfo" in payload and not refused)
    if name.startswith("system:"):
        who = kube.of_name(name, agent, action=action, addresses=[address])
        return kube.Asker(actor=who, anonymous=kube.is_nobody(name))
    took = kube.unbound([text(told, "authoritySelector")])
    return kube.Asker(actor=_with_tool(actor(payload, system_event=False), agent, privileged=took), took_all_rights=took)


def _with_tool(who: Actor, agent: str, *, privileged: bool) -> Actor:
    """With the client of Kubernetes that Google's own table does not know. A User-Agent makes no Google identity a controller."""
    via, tool = kube.tool_of(agent)
    known = via not in (Via.UNKNOWN, Via.CONTROLLER, Via.GITOPS) and who.via in (Via.UNKNOWN, Via.SDK)
    return replace(who, via=via if known else who.via, tool=tool if known else who.tool, privileged=privileged)
