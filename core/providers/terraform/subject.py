"""What a rule looks at: one instance's change in Terraform's words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.event import ChangeType
from core.json import JsonObject, JsonValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """`before` and `after` are redacted attributes (empty where there is none); `changed` are paths.

    `multiplied` says that the instance is one of several of its `count`, and others of them stay.
    """

    change_type: ChangeType
    kind: str
    before: JsonObject = field(default_factory=dict)
    after: JsonObject = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    multiplied: bool = False

    @property
    def tops(self) -> frozenset[str]:
        """The attributes that changed, without what is below them."""
        return frozenset(top(path) for path in self.changed)


def top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def find(value: JsonValue, *names: str) -> Iterator[JsonValue]:
    """Every value under one of `names`, at any depth; letters' case does not count."""
    wanted = {name.lower() for name in names}
    stack: list[JsonValue] = [value]
    while stack:
        here = stack.pop()
        if isinstance(here, Mapping):
            for key, below in here.items():
                if str(key).lower() in wanted:
                    yield below
                stack.append(below)
        elif isinstance(here, list):
            stack.extend(here)


def leaves(value: JsonValue) -> Iterator[JsonValue]:
    """Every scalar below."""
    if isinstance(value, Mapping):
        for below in value.values():
            yield from leaves(below)
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below)
    else:
        yield value
