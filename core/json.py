"""JSON as a type, and the one canonical way to turn a value into bytes and back."""

import json
import re
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

JsonScalar = str | int | float | bool | None
JsonValue = Any  # A recursive alias costs mypy and pydantic more than it tells; producers keep to JSON's types.
JsonObject = dict[str, JsonValue]
T = TypeVar("T")
_HALVES, _HALVES_IN_BYTES = re.compile(r"\\u[dD][89a-fA-F]"), re.compile(rb"\\u[dD][89a-fA-F]")
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


def parsed(content: str | bytes, **given: Any) -> JsonValue:
    """The value of a JSON text. Raises ValueError where it is none, or is nested too deep to be read.

    Half a character (an escape \\ud800 that nothing follows: JSON allows it, no database keeps it) becomes U+FFFD; no record is lost.
    """
    try:
        value = json.loads(content, **given)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    halves = _HALVES.search(content) if isinstance(content, str) else _HALVES_IN_BYTES.search(content)
    return _whole(value) if halves else value


def _whole(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return {_whole(key): _whole(one) for key, one in value.items()} if isinstance(value, dict) else value


def canonical(value: JsonValue) -> str:
    """One spelling per JSON value: sorted keys, no spaces. For ids and hashes."""
    return _CANONICAL.encode(value)
