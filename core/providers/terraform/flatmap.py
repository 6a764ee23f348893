"""Terraform's old flat spelling of nested values (`ingress.#`, `tags.%`) into nested ones. Pure."""

from typing import Any

from core.json import JsonObject, JsonValue


def expand(flat: JsonObject) -> JsonObject:
    """{"tags.%": "1", "tags.a": "x", "ports.#": "2", "ports.0": "1", "ports.1": "2"} → {"tags": {"a": "x"}, "ports": ["1", "2"]}."""
    root: dict[str, Any] = {}
    for key in sorted(flat, key=str):
        _put(root, str(key).split("."), flat[key])
    settled = _settle(root)
    return settled if isinstance(settled, dict) else {}


def _put(holder: dict[str, Any], parts: list[str], value: JsonValue) -> None:
    for part in parts[:-1]:
        below = holder.setdefault(part, {})
        if not isinstance(below, dict):
            below = holder[part] = {"": below}
        holder = below
    if isinstance(holder.get(parts[-1]), dict):
        holder[parts[-1]][""] = value
    else:
        holder[parts[-1]] = value


def _settle(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "#" in value:
        # A set's keys are hashes of its members: their order says nothing.
        return [_settle(below) for key, below in sorted(value.items(), key=lambda one: _number(one[0])) if key != "#"]
    return {key: _settle(below) for key, below in value.items() if key != "%"}


def _number(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdigit() else (0, key)
