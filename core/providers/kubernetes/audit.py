"""One audit record of the API server → what changed. Pure. https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/"""

import hashlib
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from core.batch import KnownState, Reading
from core.errors import RecordUnreadable
from core.event import Actor, ActorKind, ChangeType, Event, event_id
from core.json import JsonObject, JsonValue, canonical, parsed
from core.kube import actors, rules
from core.kube.acts import act_of, shown
from core.kube.patches import as_object
from core.kube.requests import Request, request_of
from core.kube.subject import items, mapping, text
from core.observation import Health, Observation, Signal
from core.providers.kubernetes.origin import PROVIDER, VERSION, Origin, parse_time
from core.trait import Trait

# Places in which log systems put the record that they carry.
_WRAPPERS = (("properties", "log"), ("log",), ("@message",), ("message",), ("jsonPayload",), ("auditEvent",))
_STARTED = "ResponseStarted"
_UNTIMED: JsonObject = {"time": "the record carries none; this is when it was read"}


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
            found = parsed(found)
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
    asker = actors.of_record(record, asked.action)
    at, told = _time(record, observed_at)
    act = act_of(asked, asker, as_object(record.get("requestObject")), mapping(record, "responseObject"), origin)
    if act is None:
        return _sensitive_read(asked, record, asker.actor, origin, at)
    key = open_key(record)
    if asked.target in rules.streams() and stage == "ResponseComplete" and started is not None:
        return Reading(known_changes=(KnownState(key=key, state=None, at=at),))
    error = _error(record, asked)
    native = text(record, "auditID") or hashlib.sha256(canonical(record).encode()).hexdigest()[:32]
    event = Event(
        id=event_id(origin.source, native),
        source=origin.source,
        provider=PROVIDER,
        occurred_at=at,
        observed_at=max(observed_at, at) if told else observed_at,
        resource=origin.resource(act.thing.kind, act.thing.name, act.thing.namespace, uid=act.thing.uid, labels=dict(act.thing.labels)),
        change_type=ChangeType.ATTEMPTED if error else act.change_type,
        native_action=asked.action,
        native_id=native,
        actor=asker.actor,
        traits=act.traits,
        changes=act.changes,
        references=act.references,
        intents=act.intents,
        error=origin.redactor.text(error),
        metadata={**shown(asked, origin), **_version(record), **({} if told else _UNTIMED)},
    )
    remembered = stage == _STARTED and bool(key)
    return Reading(events=(event,), known_changes=(KnownState(key=key, state={"at": at.isoformat()}, at=at),) if remembered else ())


def _dry_run(record: JsonObject, asked: Request) -> bool:
    options = record.get("requestObject")
    return bool(parse_qs(urlsplit(asked.uri).query).get("dryRun")) or (isinstance(options, dict) and bool(items(options, "dryRun")))


def _version(record: JsonObject) -> JsonObject:
    """The version the answered object has; a record of level Metadata or Request carries no answer."""
    version = text(record, "responseObject", "metadata", "resourceVersion")
    return {VERSION: version} if version else {}


def _time(record: JsonObject, observed_at: datetime) -> tuple[datetime, bool]:
    created = mapping(record, "metadata").get("creationTimestamp")
    stamps = (record.get("requestReceivedTimestamp"), record.get("stageTimestamp"), record.get("timestamp"), record.get("time"), created)
    for stamp in stamps:
        parsed = parse_time(stamp)
        if parsed is not None:
            return parsed, True
    return observed_at, False


def _error(record: JsonObject, asked: Request) -> str:
    status = mapping(record, "responseStatus")
    if (asked.code is not None and asked.code >= 400) or (asked.code is None and text(status, "status") == "Failure"):
        return text(status, "message") or text(status, "reason") or f"HTTP status {asked.code}"
    if text(record, "annotations", "authorization.k8s.io/decision") == "forbid":
        return text(record, "annotations", "authorization.k8s.io/reason") or "forbidden"
    return "the API server panicked" if text(record, "stage") == "Panic" else ""


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
