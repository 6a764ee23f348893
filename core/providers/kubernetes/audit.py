"""One audit record of the API server → what changed. Pure. https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/"""

import hashlib
import json
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

from core.batch import KnownState, Reading
from core.errors import RecordUnreadable
from core.event import Actor, ActorKind, ChangeType, Event, Reference, ReferenceKind, Resource, event_id
from core.json import JsonObject, JsonValue, canonical
from core.observation import Health, Observation, Signal
from core.providers.kubernetes import actors, rules, ties
from core.providers.kubernetes.kinds import full_kind, kind_of
from core.providers.kubernetes.origin import PROVIDER, Origin, parse_time
from core.providers.kubernetes.patches import as_object, changed_fields
from core.providers.kubernetes.requests import Request, request_of
from core.providers.kubernetes.state import arguments, redacted_patch
from core.providers.kubernetes.subject import Subject, items, mapping, text
from core.trait import Trait

# Places in which log systems put the record that they carry.
_WRAPPERS = (("properties", "log"), ("log",), ("@message",), ("message",), ("jsonPayload",), ("auditEvent",))
_STARTED = "ResponseStarted"


def unwrapped(record: JsonObject) -> JsonObject:
    """The audit record itself, out of what a log system wrapped around it. Raises RecordUnreadable where there is none."""
    found: JsonValue = record
    for _ in range(3):
        if isinstance(found, dict) and _is_audit(found):
            return found
        inner = next((value for keys in _WRAPPERS if (value := _inside(found, keys)) is not None), None)
        if inner is None:
            break
        found = inner
    raise RecordUnreadable("no audit record: neither objectRef nor verb with a requestURI is there")


def _is_audit(found: JsonObject) -> bool:
    if "involvedObject" in found or "regarding" in found:
        return False
    return isinstance(found.get("objectRef"), dict) or (isinstance(found.get("requestURI"), str) and isinstance(found.get("verb"), str))


def _inside(found: JsonValue, keys: tuple[str, ...]) -> JsonObject | None:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, str) and found.lstrip().startswith("{"):
        try:
            found = json.loads(found)
        except ValueError:
            return None
    return found if isinstance(found, dict) else None


def open_key(record: JsonObject) -> str:
    """The key under which the start of a long request is remembered, so that its end is not told as another."""
    return f"audit-open/{text(record, 'auditID')}" if text(record, "auditID") else ""


def is_stream(record: JsonObject) -> bool:
    """Does the record tell of a request that stays open?"""
    return request_of(record).target in rules.streams()


def read(record: JsonObject, started: KnownState | None, *, origin: Origin, observed_at: datetime) -> Reading:
    """The record's one event, or its one sensitive observation, or nothing. `record` is unwrapped; `started` what `open_key` tells."""
    asked = request_of(record)
    stage = text(record, "stage")
    if not asked.resource or stage == "RequestReceived" or _dry_run(record, asked):
        return Reading()
    actor = actors.of_record(record)
    by_platform = actor.kind is ActorKind.SERVICE
    meaning = rules.meaning(asked.action, name=asked.name, agent=asked.agent, path=asked.uri, by_platform=by_platform)
    at, told = _time(record, observed_at)
    if meaning is None:
        return _sensitive_read(asked, record, actor, origin, at)
    key = open_key(record)
    if asked.target in rules.streams() and stage == "ResponseComplete" and started is not None:
        return Reading(known_changes=(KnownState(key=key, state=None, at=at),))
    event = _event(record, asked, meaning, actor, origin, at, observed_at, told)
    remembered = stage == _STARTED and bool(key)
    return Reading(events=(event,), known_changes=(KnownState(key=key, state={"at": at.isoformat()}, at=at),) if remembered else ())


def _event(
    record: JsonObject, asked: Request, meaning: rules.Meaning, actor: Actor, origin: Origin, at: datetime, observed_at: datetime,
    told: bool,
) -> Event:  # fmt: skip
    kind = meaning.kind or _kind(record, asked)
    found = as_object(record.get("requestObject"))
    answered = mapping(record, "responseObject")
    resource = _resource(record, asked, kind, found, answered, origin)
    clean = redacted_patch(kind, found, origin.redactor)
    changes = changed_fields(asked.verb, asked.subresource, clean)
    paths = tuple(change.path for change in changes)
    # What is sent with a delete are its options, not the thing.
    whole = text(answered, "kind") == kind.partition(".")[0] and (not found or asked.verb == "delete")
    described = {**answered, "kind": kind} if whole else {**found, "kind": kind}
    subject = Subject(
        change_type=_change_type(meaning.change_type, asked, found, paths),
        kind=kind,
        name=resource.name,
        namespace=asked.namespace,
        action=asked.action,
        path=asked.uri,
        after=described if meaning.change_type is not ChangeType.DELETED else {},
        before=described if meaning.change_type is ChangeType.DELETED else {},
        changed=paths if asked.verb == "patch" or meaning.change_type is ChangeType.SCALED else (),
        by_platform=actor.kind is ActorKind.SERVICE,
        anonymous=actors.anonymous(record),
    )
    error = _error(record, asked)
    native = text(record, "auditID") or hashlib.sha256(canonical(record).encode()).hexdigest()[:32]
    return Event(
        id=event_id(origin.source, native),
        source=origin.source,
        provider=PROVIDER,
        occurred_at=at,
        observed_at=max(observed_at, at) if told else observed_at,
        resource=resource,
        change_type=ChangeType.ATTEMPTED if error else subject.change_type,
        native_action=asked.action,
        native_id=native,
        actor=actor,
        traits=rules.traits(subject),
        changes=changes,
        references=_references(asked, resource, kind, (described, answered), origin),
        intents=ties.intents(described, actor.tool.partition(" ")[0] if actor.tool != "Argo CD" else actor.tool, origin, paths),
        error=origin.redactor.text(error),
        metadata=_metadata(asked, origin, told),
    )


def _dry_run(record: JsonObject, asked: Request) -> bool:
    options = record.get("requestObject")
    return bool(parse_qs(urlsplit(asked.uri).query).get("dryRun")) or (isinstance(options, dict) and bool(items(options, "dryRun")))


def _time(record: JsonObject, observed_at: datetime) -> tuple[datetime, bool]:
    created = mapping(record, "metadata").get("creationTimestamp")
    stamps = (record.get("requestReceivedTimestamp"), record.get("stageTimestamp"), record.get("timestamp"), record.get("time"), created)
    for stamp in stamps:
        parsed = parse_time(stamp)
        if parsed is not None:
            return parsed, True
    return observed_at, False


def _kind(record: JsonObject, asked: Request) -> str:
    told = text(as_object(record.get("requestObject")), "kind") or text(record, "responseObject", "kind")
    usual = kind_of(asked.resource)
    # Options, scales, evictions and statuses are not the thing itself.
    own = told if told and not asked.subresource and told.lower().startswith(usual.lower()[:4]) else usual
    return full_kind(own, asked.group)


def _resource(record: JsonObject, asked: Request, kind: str, found: JsonObject, answered: JsonObject, origin: Origin) -> Resource:
    of_kind = bool(answered) and text(answered, "kind") == kind.partition(".")[0]
    metadata = mapping(answered if of_kind else found, "metadata")
    name = asked.name or text(metadata, "name")
    generated = text(metadata, "generateName") or text(found, "metadata", "generateName")
    if not name:
        name = f"{generated}*" if generated else "*"
    return origin.resource(
        kind,
        name,
        "" if kind == "Namespace" else asked.namespace or text(metadata, "namespace"),
        uid="" if asked.subresource == "token" else text(record, "objectRef", "uid") or text(metadata, "uid"),
        labels=metadata.get("labels"),
    )


def _change_type(meant: ChangeType, asked: Request, found: JsonObject, paths: tuple[str, ...]) -> ChangeType:
    if meant is not ChangeType.MODIFIED or asked.verb != "patch":
        return meant
    if paths and all(path == "spec.replicas" for path in paths):
        return ChangeType.SCALED
    at = "kubectl.kubernetes.io/restartedAt"
    return ChangeType.RESTARTED if at in mapping(found, "spec", "template", "metadata", "annotations") else meant


def _error(record: JsonObject, asked: Request) -> str:
    status = mapping(record, "responseStatus")
    if (asked.code is not None and asked.code >= 400) or (asked.code is None and text(status, "status") == "Failure"):
        return text(status, "message") or text(status, "reason") or f"HTTP status {asked.code}"
    if text(record, "annotations", "authorization.k8s.io/decision") == "forbid":
        return text(record, "annotations", "authorization.k8s.io/reason") or "forbidden"
    return "the API server panicked" if text(record, "stage") == "Panic" else ""


def _references(
    asked: Request, resource: Resource, kind: str, objects: tuple[JsonObject, JsonObject], origin: Origin
) -> tuple[Reference, ...]:
    """Of what was sent; and of the object as it was answered, whose it is: a patch does not repeat its labels."""
    found, answered = objects
    placed = {**found, "kind": kind, "metadata": {**mapping(found, "metadata"), "namespace": asked.namespace}}
    whole = asked.verb in ("create", "delete", "deletecollection") and not asked.subresource
    told = list(ties.references(placed, origin, with_namespace=whole))
    if not asked.subresource and text(answered, "kind") == kind.partition(".")[0]:
        whole_object = ties.references({**answered, "kind": kind}, origin)
        told += [one for one in whole_object if one.kind is ReferenceKind.PART_OF]
    if resource.uid:
        told.append(Reference(kind=ReferenceKind.SAME_AS, id=resource.uid))
    if kind == "TokenRequest" and asked.name:
        told.append(Reference(kind=ReferenceKind.OWNER, id=origin.key("ServiceAccount", asked.name, asked.namespace)))
    return tuple(dict.fromkeys(told))


def _metadata(asked: Request, origin: Origin, told: bool) -> JsonObject:
    query = parse_qs(urlsplit(asked.uri).query)
    shown: JsonObject = {}
    if asked.target in rules.streams() and query.get("command"):
        shown["command"] = " ".join(str(word) for word in arguments([unquote(word) for word in query["command"]], origin.redactor))
    if query.get("container"):
        shown["container"] = query["container"][0]
    if asked.resource == "nodes" and asked.subresource == "proxy":
        shown["path"] = origin.redactor.text(urlsplit(asked.uri).path.partition("/proxy")[2])
    if asked.verb == "deletecollection":
        shown["collection"] = True
    if not told:
        shown["time"] = "the record carries none; this is when it was read"
    return shown


def _sensitive_read(asked: Request, record: JsonObject, actor: Actor, origin: Origin, at: datetime) -> Reading:
    trait = rules.sensitive(asked.action)
    if trait is None or actor.kind is ActorKind.SERVICE or trait is not Trait.READS_SECRET:
        return Reading()
    who = actor.name or "someone unknown"
    refused = bool(_error(record, asked))
    what = f"the Secret {asked.name}" if asked.name else "every Secret" + (f" in {asked.namespace}" if asked.namespace else "")
    seen = Observation(
        source=origin.source,
        resource=origin.resource("Secret", asked.name or "*", asked.namespace),
        signal=Signal.SENSITIVE_READ,
        health=Health.UNKNOWN,
        at=at,
        says=f"{who} {'was refused' if refused else 'read'} {what}",
        check=actor.id,
        detail={"actor": actor.id, "refused": refused},
    )
    return Reading(observations=(seen,))
