"""One CloudTrail record → what changed. Pure.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

from core.batch import Reading
from core.errors import RecordUnreadable
from core.event import ActorKind, ChangeType, Event, Resource, event_id
from core.json import JsonObject, JsonValue, canonical
from core.observation import Health, Observation, Signal
from core.providers.aws import rules
from core.providers.aws.actors import Who, who
from core.providers.aws.acts import UUID, Act, intents, links, references, tags_of
from core.providers.aws.controllers import at_work
from core.providers.aws.fields import changes_of, hidden
from core.providers.aws.resources import Where, resources_of
from core.providers.aws.spelling import in_small_letters, respelled
from core.providers.aws.subject import Subject, call_of, document, find, mapping, told
from core.redaction import Redactor


def unwrapped(record: JsonObject) -> JsonObject:
    """The CloudTrail record itself: out of EventBridge's envelope, out of what LookupEvents answers, or out of a row of Athena's."""
    detail = record.get("detail")
    if isinstance(detail, dict) and "eventName" not in record:
        return {"eventTime": record.get("time"), "awsRegion": record.get("region"), "recipientAccountId": record.get("account"), **detail}
    inside = record.get("CloudTrailEvent")
    if isinstance(inside, str):
        return document(inside)
    return respelled(record) if in_small_letters(record) else record


def read(record: JsonObject, *, source: str, environment: str, redactor: Redactor, observed_at: datetime) -> Reading:
    """The record's changes (one each thing it names), or its one sensitive observation, or nothing.

    Raises RecordUnreadable where it is no CloudTrail record.
    """
    record = unwrapped(record)
    if _is_insight(record):
        return Reading()
    if not isinstance(record.get("eventName"), str) or _OF_A_CALL.isdisjoint(record):
        raise RecordUnreadable("no eventName with eventSource or userIdentity: this is no CloudTrail record")
    act = _act(record, environment, observed_at)
    login = str(record.get("eventType")).lower() == "awsconsolesignin"
    change_type = None if login else rules.meaning(act.call, read_only=_flag(record.get("readOnly")))
    if change_type is None:
        return _sensitive_read(act, source)
    found = who(record)
    things = resources_of(act.call, record, act.request, act.response, act.where)
    events = tuple(_event(act, found, thing, index, change_type, source, redactor, observed_at) for index, thing in enumerate(things))
    return Reading(events=events)


def _is_insight(record: JsonObject) -> bool:
    """Insights tell of unusual rates of calls, which are told themselves.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html
    """
    return str(record.get("eventType")).lower() == "awscloudtrailinsight" or str(record.get("eventCategory")).lower() == "insight"


def _act(record: JsonObject, environment: str, observed_at: datetime) -> Act:
    identity = mapping(record, "userIdentity")
    at = parse_time(record.get("eventTime"))
    account = told(record.get("recipientAccountId")) or told(identity.get("accountId"))
    details = mapping(record, "serviceEventDetails")
    if not details and record.get("eventType") == "AwsServiceEvent":
        details = mapping(record, "additionalEventData")
    request = mapping(record, "requestParameters")
    name = str(record["eventName"])
    call = call_of(told(record.get("eventSource")) or rules.service_of(name), name)
    return Act(
        record=record,
        call=call,
        request=request or details,
        response=mapping(record, "responseElements"),
        extra=mapping(record, "additionalEventData"),
        where=Where(account=account, region=told(record.get("awsRegion")), environment=environment),
        at=at or observed_at,
        timed=at is not None,
        error=_error(record, details, call),
    )


# Of which a record that was trimmed by whoever kept it still holds some.
_OF_A_CALL = frozenset({"eventSource", "eventVersion", "userIdentity", "requestParameters", "recipientAccountId"})
_SUCCEEDED = re.compile(r"^2\d\d$")


def parse_time(value: JsonValue) -> datetime | None:
    """ISO 8601 with any number of fraction digits, stray spaces, or epoch seconds or milliseconds, as UTC; None for anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        if not isinstance(value, str):
            return None
        trimmed = re.sub(r"(?<=[:T])\s+", "", re.sub(r"(\.\d{6})\d+", r"\1", value.strip()))
        parsed = datetime.fromisoformat(trimmed)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _flag(value: JsonValue) -> bool | None:
    return True if str(value).lower() == "true" else False if str(value).lower() == "false" else None


def _error(record: JsonObject, details: JsonObject, call: str) -> str:
    code, message = record.get("errorCode"), record.get("errorMessage")
    if _SUCCEEDED.match(told(code)):
        # Some services write an HTTP status there whatever came of the call.
        code = message = None
    if code not in (None, "") or message not in (None, ""):
        return ": ".join(part for part in (told(code), told(message)) if part) or "failed"
    states = [str(value).upper() for value in find(details, "state", "status")]
    return "failed" if call.endswith("Failed") or "FAILED" in states else ""


def native_id(record: JsonObject) -> str:
    """CloudTrail's own id where it is one, with a digest of what was called; else a digest of the record.

    The id alone would do for what AWS writes; records that people copied and changed keep the id of their model.
    """
    given = record.get("eventID")
    if isinstance(given, str) and UUID.match(given):
        called = canonical([record.get(key) for key in ("eventSource", "eventName", "requestParameters")])
        return f"{given.lower()}/{hashlib.sha256(called.encode()).hexdigest()[:8]}"
    return hashlib.sha256(canonical(record).encode()).hexdigest()[:32]


def _event(
    act: Act, found: Who, thing: Resource, index: int, change_type: ChangeType, source: str, redactor: Redactor, observed_at: datetime
) -> Event:
    named = native_id(act.record) + (f"/{thing.name}" if index else "")
    request = hidden(act.call, act.request, redactor)
    response = hidden(act.call, act.response, redactor)
    changes = changes_of(act.call, change_type, request, response, thing.name)
    subject = Subject(
        change_type=change_type,
        call=act.call,
        kind=thing.kind,
        name=thing.name,
        account=act.where.account,
        caller=found.actor.name,
        after=act.request,
        response=act.response,
        changed=tuple(change.path for change in changes),
        by_service=found.actor.kind is ActorKind.SERVICE or _for_a_service(act),
        second_factor=_second_factor(act),
        agent=told(act.record.get("userAgent")),
        abroad=_abroad(act),
    )
    traits = rules.traits(subject)
    found = replace(found, actor=at_work(found.actor, act.record, act.call, traits))
    tags = {key: redactor.text(value) for key, value in tags_of(act.request).items() if not redactor.names_secret(key)}
    event = Event(
        id=event_id(source, named),
        source=source,
        provider="aws",
        occurred_at=act.at,
        observed_at=max(observed_at, act.at) if act.timed else observed_at,
        resource=replace(thing, labels=tags),
        change_type=ChangeType.ATTEMPTED if act.error else change_type,
        native_action=act.call.replace("?:", ""),
        native_id=named,
        actor=found.actor,
        traits=traits,
        changes=changes,
        references=references(act, thing, tags),
        links=links(act),
        error=redactor.text(act.error),
        metadata=_metadata(act, redactor),
    )
    return replace(event, intents=tuple(intents(event, act, found, tags)))


def _abroad(act: Act) -> frozenset[str]:
    """The buckets that the record says another account owns than the caller's. Where it stands in their own trail, they are ours."""
    own, ours = told(mapping(act.record, "userIdentity").get("accountId")), told(act.record.get("recipientAccountId"))
    listed = act.record.get("resources")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    owners = ((told(row.get("ARN") or row.get("arn")).rpartition(":::")[2], told(row.get("accountId"))) for row in rows)
    return frozenset(bucket for bucket, owner in owners if own and owner and owner not in (own, ours) and bucket and "/" not in bucket)


def _for_a_service(act: Act) -> bool:
    """Grants that a service makes for itself when somebody uses it with a key: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"""
    invoker = told(mapping(act.record, "userIdentity").get("invokedBy"))
    return act.call in ("kms:CreateGrant", "kms:RetireGrant") and invoker.endswith(".amazonaws.com")


def _second_factor(act: Act) -> str:
    attributes = mapping(mapping(mapping(act.record, "userIdentity"), "sessionContext"), "attributes")
    said = str(attributes.get("mfaAuthenticated")).lower()
    return said if said in ("true", "false") else ""


def _metadata(act: Act, redactor: Redactor) -> JsonObject:
    identity = mapping(act.record, "userIdentity")
    attributes = mapping(mapping(identity, "sessionContext"), "attributes")
    key = told(identity.get("accessKeyId"))
    found: JsonObject = {}
    if not act.timed:
        found["time"] = "the record carries none; this is when it was read"
    if key:
        found["access_key"] = redactor.hash(key)
    if told(attributes.get("mfaAuthenticated")):
        found["mfa"] = str(attributes["mfaAuthenticated"]).lower() == "true"
    if told(identity.get("invokedBy")):
        found["invoked_by"] = told(identity.get("invokedBy"))
    if told(act.record.get("userAgent")):
        found["user_agent"] = redactor.text(told(act.record.get("userAgent")))[:200]
    if str(act.record.get("managementEvent")).lower() == "false" or rules.writes_data(act.call):
        found["data_event"] = True
    return found


def _sensitive_read(act: Act, source: str) -> Reading:
    row = rules.sensitive(act.call, act.request, act.extra)
    found = who(act.record).actor
    root_login = act.call.endswith(":ConsoleLogin") and found.privileged
    if row is None and not root_login:
        return Reading()
    says = str(row["says"]) if row else "logged in to the console as root"
    thing = resources_of(act.call, act.record, act.request, act.response, act.where)[0]
    return Reading(
        observations=(
            Observation(
                source=source,
                resource=thing,
                signal=Signal.SENSITIVE_READ,
                health=Health.UNKNOWN,
                at=act.at,
                says=f"{found.name or 'someone unknown'} {says}",
                check=found.id,
                detail={"actor": found.id, "refused": bool(act.error), "call": act.call},
            ),
        )
    )
