"""One Cloud Audit Log record → what changed. Pure. https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog"""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

from core.batch import Reading
from core.errors import RecordUnreadable
from core.event import (
    ActorKind,
    ChangeType,
    Event,
    FieldChange,
    Intent,
    IntentKind,
    Link,
    Reference,
    ReferenceKind,
    Resource,
    Scope,
    event_id,
)  # fmt: skip
from core.json import JsonObject, JsonValue, canonical
from core.observation import Health, Observation, Signal
from core.providers.gcp import rules
from core.providers.gcp.actors import actor, is_pipeline
from core.providers.gcp.kinds import full_name, kind_of
from core.providers.gcp.subject import Binding, Subject, find
from core.redaction import Redactor
from core.trait import Trait

_SENSITIVE = frozenset({Trait.READS_SECRET, Trait.READS_CREDENTIAL})
_MOST_FIELDS = 60
# https://cloud.google.com/logging/docs/audit#types
_MUTATING_LOGS = ("activity", "system_event")
# google.rpc.Code, for records that carry the number alone.
_CODES = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}


def read(record: JsonObject, *, source: str, environment: str, redactor: Redactor, observed_at: datetime) -> Reading:
    """The record's one event, or its one sensitive observation, or nothing. Raises RecordUnreadable where it is no audit record."""
    payload = _payload(record)
    service, method = str(payload.get("serviceName") or ""), str(payload.get("methodName") or "")
    log = _log(record)
    at, told = _time(record, payload, observed_at)
    if not method:
        return Reading()
    change_type = rules.meaning(service, method, mutates=True if log in _MUTATING_LOGS else None)
    resource = _resource(record, payload, service, environment)
    if change_type is None:
        subject = Subject(change_type=ChangeType.ATTEMPTED, kind=resource.kind, method=f"{service} {method}".lower())
        return _sensitive_read(subject, payload, resource, source, at, method)
    error = _error(payload, log)
    subject = _subject(payload, resource.kind, change_type)
    event = Event(
        id=event_id(source, _native_id(record)),
        source=source,
        provider="gcp",
        occurred_at=at,
        observed_at=max(observed_at, at) if told else observed_at,
        resource=resource,
        change_type=ChangeType.ATTEMPTED if error else change_type,
        native_action=f"{service} {method}".strip(),
        native_id=_native_id(record),
        actor=actor(payload, system_event=log == "system_event"),
        traits=rules.traits(subject),
        changes=_changes(subject, redactor),
        references=_references(record, resource),
        intents=(),
        links=_links(record, resource),
        error=redactor.text(error),
        metadata={} if told else {"time": "the record carries none; this is when it was read"},
    )
    return Reading(events=(replace(event, intents=_intents(event)),))


def _payload(record: JsonObject) -> JsonObject:
    payload = record.get("protoPayload")
    if isinstance(payload, dict):
        return payload
    old = record.get("jsonPayload")
    if isinstance(old, dict) and ("event_subtype" in old or "methodName" in old):
        # The activity log of Compute Engine before audit logs: https://cloud.google.com/compute/docs/logging/activity-logs (retired)
        user = old.get("actor")
        email = user.get("user") if isinstance(user, dict) else None
        return {
            "methodName": old.get("event_subtype"),
            "serviceName": "compute.googleapis.com",
            "authenticationInfo": {"principalEmail": email},
            **old,
        }
    if "methodName" in record and "serviceName" in record:
        return record
    raise RecordUnreadable("no protoPayload: this is no Cloud Audit Log record")


def _log(record: JsonObject) -> str:
    return str(record.get("logName") or "").replace("%2F", "/").rpartition("/")[2]


def _time(record: JsonObject, payload: JsonObject, observed_at: datetime) -> tuple[datetime, bool]:
    attributes = payload.get("requestMetadata")
    requested = attributes.get("requestAttributes") if isinstance(attributes, dict) else None
    candidates = [record.get("timestamp"), requested.get("time") if isinstance(requested, dict) else None, record.get("receiveTimestamp")]
    for candidate in candidates:
        parsed = parse_time(candidate)
        if parsed is not None:
            return parsed, True
    return observed_at, False


def parse_time(value: JsonValue) -> datetime | None:
    """RFC 3339 with any number of fraction digits, as UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", value.strip())
    try:
        parsed = datetime.fromisoformat(trimmed)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _native_id(record: JsonObject) -> str:
    insert_id = record.get("insertId")
    if isinstance(insert_id, str) and insert_id:
        return f"{_log(record)}/{record.get('timestamp') or ''}/{insert_id}"
    return hashlib.sha256(canonical(record).encode()).hexdigest()[:32]


def _resource(record: JsonObject, payload: JsonObject, service: str, environment: str) -> Resource:
    monitored = record.get("resource") if isinstance(record.get("resource"), dict) else payload.get("resource")
    labels = monitored.get("labels") if isinstance(monitored, dict) else None
    labels = labels if isinstance(labels, dict) else {}
    path = str(payload.get("resourceName") or "")
    type_name = str(monitored.get("type") or "") if isinstance(monitored, dict) else ""
    kind, name = kind_of(service, path, type_name, labels, _requested_name(payload))
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
        uid=full_name(service, path) if path else "",
        environment=environment,
    )


def _requested_name(payload: JsonObject) -> str:
    request = payload.get("request")
    if not isinstance(request, dict):
        return ""
    for key in ("name", "instance", "account_id", "role_id", "bucket", "parent"):
        if isinstance(request.get(key), str) and request[key]:
            return str(request[key]).rsplit("/", 1)[-1]
    return ""


def _segment(path: str, collection: str) -> str | None:
    found = re.search(rf"(?:^|/){collection}/([^/]+)", path)
    return found.group(1) if found else None


def _error(payload: JsonObject, log: str) -> str:
    status = payload.get("status")
    if isinstance(status, dict) and status.get("code"):
        code = status["code"]
        return str(status.get("message") or (_CODES.get(code) if isinstance(code, int) else None) or f"code {code}")
    if log == "policy":
        return "denied by policy"
    checks = payload.get("authorizationInfo")
    granted = [check.get("granted") for check in checks if isinstance(check, dict)] if isinstance(checks, list) else []
    return "permission denied" if granted and not any(value is not False for value in granted) else ""


def _subject(payload: JsonObject, kind: str, change_type: ChangeType) -> Subject:
    checks = payload.get("authorizationInfo")
    permissions = (
        {str(c.get("permission")) for c in checks if isinstance(c, dict) and c.get("granted") is not False}
        if isinstance(checks, list)
        else set()
    )
    request, authentication = payload.get("request"), payload.get("authenticationInfo")
    described = {key: payload.get(key) for key in ("metadata", "serviceData") if isinstance(payload.get(key), dict)}
    return Subject(
        change_type=change_type,
        kind=kind,
        method=f"{payload.get('serviceName') or ''} {payload.get('methodName') or ''}".lower(),
        after=request if isinstance(request, dict) else {},
        bindings=tuple(_bindings(payload)),
        permissions=frozenset(permissions),
        caller=str(authentication.get("principalEmail") or "") if isinstance(authentication, dict) else "",
        metadata=described,
    )


def _bindings(payload: JsonObject) -> list[Binding]:
    told = [
        Binding(action=str(delta.get("action") or "").upper(), role=str(delta.get("role") or ""), member=str(delta.get("member") or ""))
        for holder in ("serviceData", "metadata")
        for deltas in find(payload.get(holder), "bindingDeltas")
        if isinstance(deltas, list)
        for delta in deltas
        if isinstance(delta, dict)
    ]
    if told:
        return told
    # Without a delta, a request that names everyone still opens the resource to everyone.
    request = payload.get("request")
    return [
        Binding(action="ADD", role=str(binding.get("role") or ""), member=str(member))
        for bindings in find(request, "bindings")
        if isinstance(bindings, list)
        for binding in bindings
        if isinstance(binding, dict) and isinstance(binding.get("members"), list)
        for member in binding["members"]
        if str(member).lower() in ("allusers", "allauthenticatedusers")
    ]


def _changes(subject: Subject, redactor: Redactor) -> tuple[FieldChange, ...]:
    changes = [
        FieldChange(
            path=f"bindings[{b.role}]", before=b.member if b.action == "REMOVE" else None, after=b.member if b.action == "ADD" else None
        )
        for b in subject.bindings
    ]
    for delta in find(subject.metadata, "instanceMetadataDelta", "projectMetadataDelta"):
        if isinstance(delta, dict):
            changes += _metadata_changes(delta)
    if subject.change_type is not ChangeType.DELETED and subject.after:
        changes += _flat("", redactor.value({k: v for k, v in subject.after.items() if k not in ("@type", "policy", "resource", "name")}))
    return tuple(changes[:_MOST_FIELDS])


def _metadata_changes(delta: JsonObject) -> list[FieldChange]:
    # The delta may hold the key's value behind its name: "ssh-keys ssh-rsa AAAA…". Only the name is kept.
    return [
        FieldChange(path=f"metadata.{str(key).split(' ', 1)[0]}", before=None, after=name.removesuffix("MetadataKeys"))
        for name, keys in sorted(delta.items())
        for key in (keys if isinstance(keys, list) else [keys])
    ]


def _flat(path: str, value: JsonValue, depth: int = 0) -> list[FieldChange]:
    if isinstance(value, dict) and depth < 3 and value:
        return [
            one
            for key, below in sorted(value.items())
            if key != "@type"
            for one in _flat(f"{path}.{key}" if path else str(key), below, depth + 1)
        ]
    return [FieldChange(path=path, before=None, after=value)] if path else []


def _references(record: JsonObject, resource: Resource) -> tuple[Reference, ...]:
    found = []
    operation = record.get("operation")
    if isinstance(operation, dict) and operation.get("id"):
        found.append(Reference(kind=ReferenceKind.REQUEST, id=f"gcp-operation/{operation['id']}"))
    if resource.uid:
        found.append(Reference(kind=ReferenceKind.SAME_AS, id=resource.uid))
        found.append(Reference(kind=ReferenceKind.SAME_AS, id=resource.uid.partition("//")[2].partition("/")[2]))
    return tuple(found)


def _intents(event: Event) -> tuple[Intent, ...]:
    if event.actor.kind is ActorKind.AUTOMATION and is_pipeline(event.actor.id):
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
    return Reading(
        observations=(
            Observation(
                source=source,
                resource=resource,
                signal=Signal.SENSITIVE_READ,
                health=Health.UNKNOWN,
                at=at,
                says=f"{who.name or 'someone unknown'} called {method.rsplit('.', 1)[-1]}",
                check=who.id,
                detail={"actor": who.id, "refused": bool(_error(payload, ""))},
            ),
        )
    )
