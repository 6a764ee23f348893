"""What a rule looks at: one call in AWS's words, or two snapshots of one resource."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from core.event import ChangeType
from core.json import JsonObject, JsonValue, parsed

# CloudTrail names some calls with the date of their API: UpdateFunctionCode20150331v2, CreateDistribution2020_05_31.
_DATED = re.compile(r"\d{8}(v\d+)?$|\d{4}_\d{2}_\d{2}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """`call` is "service:Name" without the API's date ("" for snapshots), `after` the request or the snapshot.

    `second_factor` is what the record says of the session's MFA: "true", "false", or nothing; `agent` is its User-Agent; `abroad` are
    the buckets that the record says another account owns.
    """

    change_type: ChangeType
    call: str = ""
    kind: str = ""
    name: str = ""
    account: str = ""
    caller: str = ""
    before: JsonObject = field(default_factory=dict)
    after: JsonObject = field(default_factory=dict)
    response: JsonObject = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    by_service: bool = False
    second_factor: str = ""
    agent: str = ""
    abroad: frozenset[str] = frozenset()


def call_of(event_source: str, event_name: str) -> str:
    """ec2.amazonaws.com, RunInstances → ec2:RunInstances. A source that is not told is "?"."""
    service = event_source.strip().lower().removesuffix(".amazonaws.com.cn").removesuffix(".amazonaws.com")
    return f"{service if re.fullmatch(r'[a-z0-9.-]*[a-z0-9-]', service) else '?'}:{_DATED.sub('', event_name.strip())}"


@lru_cache(maxsize=4096)
def words(camel: str) -> tuple[str, ...]:
    """AuthorizeSecurityGroupIngress → (authorize, security, group, ingress); dBInstanceIdentifier → (db, instance, identifier)."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", re.sub(r"^([a-z])([A-Z](?![a-z]))", r"\1\2", camel))
    found = [word for word in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if word]
    if len(found) > 1 and len(found[0]) == 1 and camel[:1].islower():
        return (found[0] + found[1], *found[2:])
    return tuple(found)


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """One spelling of a field's name: CidrIp, cidrIp and cidr_ip are the same field."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find(value: JsonValue, *names: str) -> Iterator[JsonValue]:
    """Every value under one of `names` (in any spelling), at any depth. Policy documents inside strings are opened."""
    yield from _find(value, {plain(name) for name in names})


def _find(value: JsonValue, wanted: set[str]) -> Iterator[JsonValue]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            if plain(str(key)) in wanted:
                yield below
            yield from _find(below, wanted)
    elif isinstance(value, list):
        for below in value:
            yield from _find(below, wanted)


def texts(value: JsonValue, *names: str) -> Iterator[str]:
    """The strings and numbers found under `names`, lists opened."""
    for found in find(value, *names):
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, str | int | float) and not isinstance(one, bool):
                yield str(one)


def mapping(holder: JsonValue, key: str) -> JsonObject:
    """The object under `key`, or an empty one where something else (null, "...", a list) is there."""
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, dict) else {}


def told(value: JsonValue) -> str:
    """A string that tells something: "..." and "null" stand for a value that was taken out."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return "" if text.lower() in ("...", "null", "none", "-", "***", "hidden_due_to_security_reasons") else text


def document(value: JsonValue) -> JsonObject:
    """A policy document: an object, or JSON in a string (plain or URL-encoded). Empty where it is neither."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        for text in (value, unquote(value)):
            try:
                read = parsed(text)
            except ValueError:
                continue
            return read if isinstance(read, dict) else {}
    return {}


def statements(policy: JsonValue) -> list[JsonObject]:
    """The statements of a policy document, whatever way it was written."""
    found = document(policy).get("Statement")
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict)]
