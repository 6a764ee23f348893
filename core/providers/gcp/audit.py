"""One Cloud Audit Log record → what changed. Pure. https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog"""

import re
from dataclasses import replace
from datetime import datetime

from core.batch import Reading
from core.event import (
    Actor,
    ActorKind,
    ChangeType,
    Event,
    Intent,
    IntentKind,
    Link,
    Reference,
    ReferenceKind,
    Resource,
    Scope,
    event_id,
)  # fmt: skip
from core.json import JsonObject
from core.kube import rules as kube
from core.kube.actors import Asker
from core.kube.acts import Thing, act_of, shown
from core.kube.requests import Request
from core.observation import Health, Observation, Signal
from core.providers.gcp import bigquery, clusters, rules
from core.providers.gcp.actors import actor, is_pipeline
from core.providers.gcp.deltas import changes_of, concerns, subject_of
from core.providers.gcp.entries import error_of, log_of, native_id, payload_of, spelled, time_of
from core.providers.gcp.kinds import asset_type, full_name, kind_of, part_of_instance
from core.providers.gcp.subject import Subject
from core.redaction import Redactor
from core.trait import Trait

_SENSITIVE = frozenset({Trait.READS_SECRET, Trait.READS_CREDENTIAL})
# https://cloud.google.com/logging/docs/audit#types
_MUTATING_LOGS = ("activity", "system_event")
_NAMESPACED = re.compile(r"namespaces/(?P<project>[^/]+)/(?P<rest>.+)")
_NO_TIME = {"time": "the record carries none; this is when it was read"}


def read(record: JsonObject, *, source: str, environment: str, redactor: Redactor, observed_at: datetime) -> Reading:
    """The record's one event, or its one sensitive observation, or nothing. Raises RecordUnreadable where it is no audit record."""
    record = spelled(record)
    payload = payload_of(record)
    service, method = str(payload.get("serviceName") or ""), str(payload.get("methodName") or "")
    log = log_of(record)
    at, told = time_of(record, payload, observed_at)
    if not method:
        return Reading()
    if clusters.is_of_cluster(service, method):
        return _of_cluster(
            record, payload, source=source, environment=environment, redactor=redactor, when=(at, told), observed_at=observed_at
        )
    of_method = rules.meaning(service, method, mutates=True if log in _MUTATING_LOGS else None)
    change_type = bigquery.meaning(service, payload, of_method)
    resource = _resource(record, payload, service, environment)
    if change_type is None:
        subject = Subject(change_type=ChangeType.ATTEMPTED, kind=resource.kind, method=f"{service} {method}".lower())
        return _sensitive_read(subject, payload, resource, source, at, method)
    error = error_of(payload, log)
    subject = subject_of(payload, resource.kind, change_type, resource.name, resource.scope.project)
    event = Event(
        id=event_id(source, native_id(record)),
        source=source,
        provider="gcp",
        occurred_at=at,
        observed_at=max(observed_at, at) if told else observed_at,
        resource=resource,
        change_type=ChangeType.ATTEMPTED if error else change_type,
        native_action=f"{service} {method}".strip(),
        native_id=native_id(record),
        actor=actor(payload, system_event=log == "system_event"),
        traits=rules.traits(subject),
        changes=changes_of(subject, redactor),
        references=_references(record, resource),
        intents=(),
        links=_links(record, resource),
        error=redactor.text(error),
        metadata={} if told else _NO_TIME,
    )
    return Reading(events=(replace(event, intents=_intents(event, payload)),))


def _of_cluster(
    record: JsonObject,
    payload: JsonObject,
    *,
    source: str,
    environment: str,
    redactor: Redactor,
    when: tuple[datetime, bool],
    observed_at: datetime,
) -> Reading:
    """A request to a GKE cluster's API server, read by the rules of Kubernetes."""
    at, told = when
    asked = clusters.request_of(payload)
    if asked is None:
        return Reading()
    place = clusters.cluster_of(record, environment, redactor)
    error = error_of(payload, log_of(record)) or clusters.failure_of(payload)
    asker = clusters.asker_of(payload, asked.action, refused=bool(error))
    act = act_of(asked, asker, clusters.object_of(payload.get("request")), clusters.object_of(payload.get("response")), place)
    if act is None:
        return _secret_read(asked, asker, place, source, at, refused=bool(error))
    resource = place.resource(act.thing, asked.group, uid=place.full_name(asked))
    subject = Subject(change_type=act.change_type, kind=resource.kind, method=f"{clusters.SERVICE} {asked.action}", agent=asked.agent)
    event = Event(
        id=event_id(source, native_id(record)),
        source=source,
        provider="gcp",
        occurred_at=at,
        observed_at=max(observed_at, at) if told else observed_at,
        resource=resource,
        change_type=ChangeType.ATTEMPTED if error else act.change_type,
        native_action=f"{clusters.SERVICE} {payload['methodName']}",
        native_id=native_id(record),
        actor=asker.actor,
        traits=act.traits | rules.traits(subject),
        changes=act.changes,
        references=(*_references(record, resource), *act.references),
        intents=act.intents,
        links=_links(record, resource),
        error=redactor.text(error),
        metadata={**shown(asked, place), **({} if told else _NO_TIME)},
    )
    return Reading(events=(replace(event, intents=(*event.intents, *_intents(event, payload))),))


def _secret_read(asked: Request, asker: Asker, place: clusters.Cluster, source: str, at: datetime, *, refused: bool) -> Reading:
    if kube.sensitive(asked.action) is None or asker.actor.kind is ActorKind.SERVICE:
        return Reading()
    thing = Thing(kind="Secret", name=asked.name or "*", namespace=asked.namespace)
    return _sensitive(place.resource(thing, asked.group), asker.actor, source, at, f"called {asked.action}", refused=refused)


def _resource(record: JsonObject, payload: JsonObject, service: str, environment: str) -> Resource:
    monitored = record.get("resource") if isinstance(record.get("resource"), dict) else payload.get("resource")
    labels = monitored.get("labels") if isinstance(monitored, dict) else None
    labels = labels if isinstance(labels, dict) else {}
    path = _placed(str(payload.get("resourceName") or ""), labels)
    type_name = str(monitored.get("type") or "") if isinstance(monitored, dict) else ""
    concerned = concerns(payload)
    kind, name = kind_of(service, path, type_name, labels, concerned or _requested_name(payload))
    part = part_of_instance(service, str(payload.get("methodName") or ""))
    if part:
        own = _named_in_body(payload)
        kind, name, concerned = asset_type(service, part), f"{name}/{own}" if own else name, f"{part}/{own}".rstrip("/")
    project = str(labels.get("project_id") or _segment(path, "projects") or "")
    region = str(
        _segment(path, "zones")
        or _segment(path, "regions")
        or _segment(path, "locations")
        or labels.get("zone")
        or labels.get("location")
        or ""
    )
    return Resource(
        provider="gcp",
        kind=kind,
        name=name,
        scope=Scope(
            project="" if project in ("_", "-") else project,
            region=region,
            cluster=str(labels.get("cluster_name") or ""),
            namespace=str(_segment(path, "namespaces") or ""),
            account=str(_segment(path, "organizations") or ""),
        ),
        uid="/".join(part for part in (full_name(service, path), concerned) if part) if path else "",
        environment=environment,
    )


def _placed(path: str, labels: JsonObject) -> str:
    """The path as the inventory names it: Knative's interface of Cloud Run says namespaces/PROJECT, and no place.

    https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
    """
    knative = _NAMESPACED.match(path)
    if not knative:
        return path
    place = str(labels.get("location") or "")
    return f"projects/{knative['project']}/{f'locations/{place}/' if place else ''}{knative['rest']}"


def _requested_name(payload: JsonObject) -> str:
    request = payload.get("request")
    if not isinstance(request, dict):
        return ""
    for key in ("name", "instance", "account_id", "role_id", "bucket", "parent"):
        if isinstance(request.get(key), str) and request[key]:
            return str(request[key]).rsplit("/", 1)[-1]
    return ""


def _named_in_body(payload: JsonObject) -> str:
    request = payload.get("request")
    body = request.get("body") if isinstance(request, dict) else None
    return str(body.get("name") or body.get("commonName") or "") if isinstance(body, dict) else ""


def _segment(path: str, collection: str) -> str | None:
    found = re.search(rf"(?:^|/){collection}/([^/]+)", path)
    return found.group(1) if found else None


def _references(record: JsonObject, resource: Resource) -> tuple[Reference, ...]:
    found = []
    operation = record.get("operation")
    if isinstance(operation, dict) and operation.get("id"):
        found.append(Reference(kind=ReferenceKind.REQUEST, id=f"gcp-operation/{operation['id']}"))
    if resource.uid:
        found.append(Reference(kind=ReferenceKind.SAME_AS, id=resource.uid))
        found.append(Reference(kind=ReferenceKind.SAME_AS, id=resource.uid.partition("//")[2].partition("/")[2]))
    return tuple(found)


def _intents(event: Event, payload: JsonObject) -> tuple[Intent, ...]:
    if event.actor.kind is ActorKind.AUTOMATION and is_pipeline(event.actor.id, payload):
        return (Intent(kind=IntentKind.PIPELINE, says=event.actor.name, ref=event.actor.id),)
    return ()


def _links(record: JsonObject, resource: Resource) -> tuple[Link, ...]:
    insert_id, project = record.get("insertId"), resource.scope.project
    if not isinstance(insert_id, str) or not re.fullmatch(r"[\w.-]+", insert_id) or not re.fullmatch(r"[a-z0-9:.-]+", project):
        return ()
    return (
        Link(
            title="Logs Explorer", url=f"https://console.cloud.google.com/logs/query;query=insertId%3D%22{insert_id}%22?project={project}"
        ),
    )


def _sensitive_read(subject: Subject, payload: JsonObject, resource: Resource, source: str, at: datetime, method: str) -> Reading:
    if not rules.traits(subject) & _SENSITIVE:
        return Reading()
    who = actor(payload, system_event=False)
    return _sensitive(resource, who, source, at, f"called {method.rsplit('.', 1)[-1]}", refused=bool(error_of(payload, "")))


def _sensitive(resource: Resource, who: Actor, source: str, at: datetime, says: str, *, refused: bool) -> Reading:
    seen = Observation(
        source=source,
        resource=resource,
        signal=Signal.SENSITIVE_READ,
        health=Health.UNKNOWN,
        at=at,
        says=f"{who.name or 'someone unknown'} {says}",
        check=who.id,
        detail={"actor": who.id, "refused": refused},
    )
    return Reading(observations=(seen,))
