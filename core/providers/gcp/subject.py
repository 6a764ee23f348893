"""What a rule looks at: one change in Google Cloud's words, from an audit record or from two snapshots."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.event import ChangeType
from core.json import JsonObject, JsonValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """One member of one role, added or removed."""

    action: str  # ADD or REMOVE
    role: str
    member: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """`method` is "service method" in lower case ("" for snapshots), `after` the request or the snapshot.

    `name` is the thing's own, `permissions` are what was used, `caller` is who asked, `agent` with which program.
    `bindings` are what changed. `policy` is the whole one as it was set, None where the record tells none. `projects` are the id and the
    number of the project that the thing is in, as far as told.
    """

    change_type: ChangeType
    kind: str
    name: str = ""
    method: str = ""
    before: JsonObject = field(default_factory=dict)
    after: JsonObject = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    policy: tuple[Binding, ...] | None = None
    projects: frozenset[str] = frozenset()
    changed: tuple[str, ...] = ()
    permissions: frozenset[str] = frozenset()
    caller: str = ""
    agent: str = ""
    metadata: JsonObject = field(default_factory=dict)


def words(camel: str) -> list[str]:
    """setCommonInstanceMetadata → [set, common, instance, metadata]."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", camel)
    return [word for word in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if word]


def find(value: JsonValue, *names: str) -> Iterator[JsonValue]:
    """Every value under one of `names` (either spelling: camelCase or snake_case), at any depth."""
    wanted = {"".join(words(name)) for name in names}
    yield from _find(value, wanted)


def _find(value: JsonValue, wanted: set[str]) -> Iterator[JsonValue]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            if "".join(words(str(key))) in wanted:
                yield below
            yield from _find(below, wanted)
    elif isinstance(value, list):
        for below in value:
            yield from _find(below, wanted)


def parameter(told: JsonValue, name: str) -> str:
    """A parameter of an event of Workspace's own logs. https://cloud.google.com/logging/docs/audit/gsuite-audit-logging"""
    return next(
        (
            str(one.get("value") or "")
            for listed in find(told, "parameter")
            if isinstance(listed, list)
            for one in listed
            if isinstance(one, Mapping) and one.get("name") == name
        ),
        "",
    )
