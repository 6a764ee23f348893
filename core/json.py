"""JSON as a type, and the one canonical way to turn a value into bytes and back."""

import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

JsonScalar = str | int | float | bool | None
JsonValue = Any  # A recursive alias costs mypy and pydantic more than it tells; producers keep to JSON's types.
JsonObject = dict[str, JsonValue]
T = TypeVar("T")
# Made once: every event is spelt some times, and making an encoder takes longer than a short value.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", kind))


def encode(value: object) -> bytes:
    """A frozen dataclass of ours as compact JSON bytes (times in ISO 8601, enums by value)."""
    return _adapter(cast("Hashable", type(value))).serializer.to_json(value)


def decode(kind: type[T], encoded: bytes | str) -> T:
    """The value that `encode` wrote. Raises pydantic.ValidationError where the bytes are not such a value."""
    return cast("T", _adapter(cast("Hashable", kind)).validator.validate_json(encoded))


def canonical(value: JsonValue) -> str:
    """One spelling per JSON value: sorted keys, no spaces. For ids and hashes."""
    return _CANONICAL.encode(value)
