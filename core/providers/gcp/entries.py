"""One entry of an audit log, taken apart: which log, what it carries, when, its own id, what went wrong. Pure."""

import hashlib
import re
from datetime import UTC, datetime

from core.errors import RecordUnreadable
from core.json import JsonObject, JsonValue, canonical

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

# Pipelines that keep entries in tables write their keys in lower case.
_SPELLED = {one.lower(): one for one in ("protoPayload", "jsonPayload", "logName", "insertId", "receiveTimestamp")}


def spelled(record: JsonObject) -> JsonObject:
    """The entry with its keys as Cloud Logging spells them."""
    if _SPELLED.keys().isdisjoint(record):
        return record
    return {_SPELLED.get(key, key): value for key, value in record.items()}


def payload_of(record: JsonObject) -> JsonObject:
    payload = record.get("protoPayload")
    if isinstance(payload, dict):
        service = payload.get("serviceName") or _service_told(record)
        return {**payload, "serviceName": service} if service and not payload.get("serviceName") else payload
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


def _service_told(record: JsonObject) -> str:
    """The service where the payload was cut short of it: what was audited, or who runs the operation.

    https://cloud.google.com/logging/docs/api/v2/resource-list#tag_audited_resource and
    https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogEntryOperation
    """
    monitored, operation = record.get("resource"), record.get("operation")
    labels = monitored.get("labels") if isinstance(monitored, dict) else None
    audited = labels.get("service") if isinstance(labels, dict) else None
    return str(audited or (operation.get("producer") if isinstance(operation, dict) else "") or "")


def log_of(record: JsonObject) -> str:
    return str(record.get("logName") or "").replace("%2F", "/").rpartition("/")[2]


def time_of(record: JsonObject, payload: JsonObject, observed_at: datetime) -> tuple[datetime, bool]:
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


def native_id(record: JsonObject) -> str:
    insert_id = record.get("insertId")
    if isinstance(insert_id, str) and insert_id:
        return f"{log_of(record)}/{record.get('timestamp') or ''}/{insert_id}"
    return hashlib.sha256(canonical(record).encode()).hexdigest()[:32]


def error_of(payload: JsonObject, log: str) -> str:
    status = payload.get("status")
    if isinstance(status, dict) and status.get("code"):
        code = status["code"]
        return str(status.get("message") or (_CODES.get(code) if isinstance(code, int) else None) or f"code {code}")
    if log == "policy":
        return "denied by policy"
    checks = payload.get("authorizationInfo")
    granted = [check.get("granted") for check in checks if isinstance(check, dict)] if isinstance(checks, list) else []
    return "permission denied" if granted and not any(value is not False for value in granted) else ""
