"""What an audit entry says of its change: roles given and taken, keys of metadata, fields that were asked for. Pure."""

import re
from collections.abc import Iterator

from core.event import ChangeType, FieldChange
from core.json import JsonObject, JsonValue
from core.providers.gcp.grants import EVERYONE
from core.providers.gcp.subject import Binding, Subject, find, parameter
from core.redaction import Redactor

_MOST_FIELDS = 60
_PROJECT = re.compile(r"(?:^|/)projects/([^/]+)")
_CONCERNED = ("GROUP_EMAIL", "USER_EMAIL", "ROLE_NAME", "INBOUND_SSO_PROFILE_NAME", "DOMAIN_NAME", "SETTING_NAME", "ORG_UNIT_NAME")


def concerns(payload: JsonObject) -> str:
    """Which group, user, role or setting an event of Workspace is of; its resource name tells only the page of settings.

    https://developers.google.com/workspace/admin/reports/v1/appendix/activity/admin-event-names
    """
    if payload.get("serviceName") != "admin.googleapis.com":
        return ""
    return next((told for name in _CONCERNED if (told := parameter(payload.get("metadata"), name))), "")


def subject_of(payload: JsonObject, kind: str, change_type: ChangeType, name: str = "", project: str = "") -> Subject:
    checks = payload.get("authorizationInfo")
    permissions = (
        {str(c.get("permission")) for c in checks if isinstance(c, dict) and c.get("granted") is not False}
        if isinstance(checks, list)
        else set()
    )
    request, authentication, sent = (payload.get(key) for key in ("request", "authenticationInfo", "requestMetadata"))
    policy = _policy(payload)
    described = {key: payload.get(key) for key in ("metadata", "serviceData") if isinstance(payload.get(key), dict)}
    return Subject(
        change_type=change_type,
        kind=kind,
        name=name,
        method=f"{payload.get('serviceName') or ''} {payload.get('methodName') or ''}".lower(),
        after=request if isinstance(request, dict) else {},
        bindings=tuple(_bindings(payload, policy or ())),
        policy=policy,
        projects=frozenset({project, *_PROJECT.findall(str(payload.get("resourceName") or ""))} - {"", "_", "-"}),
        permissions=frozenset(permissions),
        caller=str(authentication.get("principalEmail") or "") if isinstance(authentication, dict) else "",
        agent=str(sent.get("callerSuppliedUserAgent") or "") if isinstance(sent, dict) else "",
        metadata=described,
    )


def _bindings(payload: JsonObject, policy: tuple[Binding, ...]) -> list[Binding]:
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
    request = payload.get("request")
    if isinstance(request, dict) and "ownershipinvite" in str(payload.get("methodName") or "").lower() and request.get("member"):
        return [Binding(action="ADD", role="roles/owner", member=str(request["member"]))]
    # Without a delta, a policy that names everyone still opens the resource to everyone.
    return [binding for binding in policy if binding.member.lower() in EVERYONE]


def _policy(payload: JsonObject) -> tuple[Binding, ...] | None:
    """The whole policy as the request has it, else as the answer does. https://cloud.google.com/iam/docs/reference/rest/v1/Policy"""
    for told in (payload.get("request"), payload.get("response")):
        listed = [below for below in find(told, "bindings") if isinstance(below, list)]
        if listed or any(True for _ in find(told, "policy")):
            return tuple(_members(listed))
    return None


def _members(listed: list[list[JsonValue]]) -> Iterator[Binding]:
    for bindings in listed:
        for binding in bindings:
            if isinstance(binding, dict) and isinstance(members := binding.get("members"), list):
                yield from (Binding(action="ADD", role=str(binding.get("role") or ""), member=str(member)) for member in members)


def changes_of(subject: Subject, redactor: Redactor) -> tuple[FieldChange, ...]:
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
