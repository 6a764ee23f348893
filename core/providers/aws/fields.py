"""Which fields a call changes, as far as its record tells: what was asked for, before and after where the answer names both. Pure."""

import json
from collections.abc import Iterator, Mapping

from core.event import ChangeType, FieldChange
from core.json import JsonObject, JsonValue
from core.providers.aws.subject import document, find, mapping, plain
from core.redaction import Redactor

_MOST_FIELDS = 60
_LONGEST_TEXT = 2000
# Names that say which thing is meant or how the call is to be made, not what it shall be.
_NOT_STATE = frozenset(
    {
        "clienttoken", "clientrequesttoken", "dryrun", "host", "nexttoken", "maxresults", "xmlns", "instanceset", "instancesset",
        "groupid", "instanceid",
        "bucketname", "rolename", "username", "groupname", "keyid", "functionname", "dbinstanceidentifier", "dbclusteridentifier",
        "tablename",
        "clientrequestid", "requestid", "idempotencytoken", "publicaccessblock", "acl", "policy", "versioning", "logging",
        "location", "alarmnames",
    }
)  # fmt: skip
# Wholly secret whatever the names inside are: environment variables, parameters, commands.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
_ENVIRONMENTS = frozenset({"variables", "environmentvariables", "environment", "envvars"})
_VALUES = frozenset({"value", "parametervalue", "parametervalues"})


def hidden(call: str, request: JsonValue, redactor: Redactor) -> JsonValue:
    """The request without its secrets: by name, by form, and the values of environment variables and parameters wholly."""
    values = call in ("ssm:PutParameter", "?:PutParameter") or call.startswith("cloudformation:")
    return redactor.value(_blanked(request, redactor, values=values, commands=call in ("ssm:SendCommand", "ssm:StartAutomationExecution")))


def _blanked(value: JsonValue, redactor: Redactor, *, values: bool, commands: bool) -> JsonValue:
    if isinstance(value, Mapping):
        found: JsonObject = {}
        for key, below in value.items():
            name = plain(str(key))
            if name in _ENVIRONMENTS or (commands and name == "parameters"):
                found[key] = _hashed(below, redactor)
            elif values and name in _VALUES and not isinstance(below, Mapping | list):
                found[key] = redactor.hash(below) if below not in (None, "") else below
            else:
                found[key] = _blanked(below, redactor, values=values, commands=commands)
        return found
    if isinstance(value, list):
        return [_blanked(one, redactor, values=values, commands=commands) for one in value]
    if isinstance(value, str) and value.lstrip().startswith(("{", "%7B")) and document(value):
        return _blanked(document(value), redactor, values=values, commands=commands)
    return value


def _hashed(value: JsonValue, redactor: Redactor) -> JsonValue:
    if isinstance(value, Mapping):
        return {key: below if plain(str(key)) in ("name", "key", "type") else _hashed(below, redactor) for key, below in value.items()}
    if isinstance(value, list):
        return [_hashed(one, redactor) for one in value]
    return value if value in (None, "") or isinstance(value, bool) else redactor.hash(value)


def changes_of(call: str, change_type: ChangeType, request: JsonObject, response: JsonObject, name: str) -> tuple[FieldChange, ...]:
    """The field changes that a (redacted) request and response tell of the thing `name`."""
    if call.startswith(("ec2:AuthorizeSecurityGroup", "ec2:RevokeSecurityGroup")):
        return tuple(_rules(call, request))[:_MOST_FIELDS]
    states = tuple(_states(response, name))
    if states or change_type is ChangeType.DELETED:
        return states
    told = {key: value for key, value in request.items() if plain(str(key)) not in _NOT_STATE or isinstance(value, Mapping)}
    return tuple(change for change in _flat("", told) if not _names_it(change.after, name))[:_MOST_FIELDS]


def _names_it(value: JsonValue, name: str) -> bool:
    """A parameter that says which thing is meant, by its name or its ARN, says nothing of what it shall be."""
    return isinstance(value, str) and bool(name) and (value == name or value.endswith((f"/{name}", f":{name}")))


def _states(response: JsonObject, name: str) -> Iterator[FieldChange]:
    for items in find(response, "items"):
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and item.get("instanceId") == name and "currentState" in item:
                before, after = mapping(item, "previousState").get("name"), mapping(item, "currentState").get("name")
                yield FieldChange(path="state", before=before, after=after)


def _rules(call: str, request: JsonObject) -> Iterator[FieldChange]:
    path = "egress" if call.endswith("Egress") else "ingress"
    revoked = ":Revoke" in call
    for rule in _spoken(request):
        yield FieldChange(path=path, before=rule if revoked else None, after=None if revoked else rule)


def _spoken(request: JsonObject) -> Iterator[str]:
    """Rules in one line each: "tcp 22 0.0.0.0/0"."""
    permissions = mapping(request, "ipPermissions").get("items")
    rows = [row for row in permissions if isinstance(row, dict)] if isinstance(permissions, list) and permissions else [request]
    for row in rows:
        ports = f"{row.get('fromPort', '')}" if row.get("fromPort") == row.get("toPort") else f"{row.get('fromPort')}-{row.get('toPort')}"
        protocol = {"-1": "all", "6": "tcp", "17": "udp"}.get(str(row.get("ipProtocol")), str(row.get("ipProtocol") or ""))
        peers = [str(one) for one in find(row, "cidrIp", "cidrIpv6", "prefixListId", "sourceSecurityGroupName") if isinstance(one, str)]
        peers += [str(one) for groups in find(row, "groups") for one in find(groups, "groupId") if isinstance(one, str)]
        for peer in peers:
            yield " ".join(part for part in (protocol, ports, peer) if part)


def _flat(path: str, value: JsonValue, depth: int = 0) -> Iterator[FieldChange]:
    if isinstance(value, dict) and depth < 3 and value:
        for key, below in sorted(value.items(), key=lambda pair: str(pair[0])):
            if not str(key).startswith(("xmlns", "xsi:")):
                yield from _flat(f"{path}.{key}" if path else str(key), below, depth + 1)
    elif path and value not in (None, "", [], {}, [""]):
        yield FieldChange(path=path, before=None, after=_short(value))


def _short(value: JsonValue) -> JsonValue:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return value if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " …"
