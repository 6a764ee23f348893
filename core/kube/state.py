"""An object as WGO remembers it: without noise and without secrets. Pure."""

from collections.abc import Mapping
from functools import cache

from core.json import JsonObject, JsonValue
from core.kube.rules import load
from core.kube.subject import items, mapping, text
from core.redaction import Redactor
from core.rulefile import fits

# Metadata that people set. The rest is book-keeping of the API server and of controllers (owners, finalizers).
_METADATA = ("labels", "annotations")
_SECRET_DATA = ("data", "stringData", "binaryData", "encryptedData")
# Values that are plainly no secret, whatever they are kept in: https://12factor.net/config keeps switches and levels there too.
_PLAIN = frozenset({
    "true", "false", "yes", "no", "on", "off", "debug", "info", "warn", "warning", "error", "trace", "fatal", "none", "null",
    "production", "staging", "development",
})  # fmt: skip


@cache
def _rows(section: str) -> tuple[JsonObject, ...]:
    return tuple(load("noise.yaml")[section])


def is_noise(kind: str, name: str) -> bool:
    """Is the object as a whole a heartbeat or a record of others?"""
    return any(row["kind"] == kind and fits(name, row["names"]) for row in _rows("objects"))


def made_beside(kind: str, name: str) -> bool:
    """Does the control plane make such an object by itself, beside something that is told?"""
    return any(row["kind"] == kind and fits(name, row["names"]) for row in _rows("made_by_platform"))


def state_of(found: JsonObject, redactor: Redactor) -> JsonObject:
    """What is kept of an object, to be compared with what is kept of it next time."""
    kind = text(found, "kind")
    kept: JsonObject = {key: value for key, value in found.items() if key not in ("apiVersion", "kind", "metadata")}
    for row in _rows("paths"):
        if row["kind"] in ("*", kind):
            for path in row["paths"]:
                kept = _without(kept, path.split("."))
    metadata = mapping(found, "metadata")
    kept["metadata"] = {key: _quiet(metadata.get(key), key) for key in _METADATA}
    if mapping(kept, "spec", "template"):
        kept["spec"] = {**kept["spec"], "template": _template(kept["spec"]["template"])}
    if kind == "Node" and items(kept, "spec", "taints"):
        patterns = [pattern for row in _rows("taints") for pattern in row["like"]]
        kept["spec"] = {**kept["spec"], "taints": [one for one in items(kept, "spec", "taints") if not fits(text(one, "key"), patterns)]}
    return _redacted(kind, kept, redactor)


def _template(template: JsonObject) -> JsonObject:
    """With labels and annotations always there, so that the first of them is one field and not the whole."""
    metadata = mapping(template, "metadata")
    return {**template, "metadata": {**metadata, **{key: _quiet(metadata.get(key), key) for key in _METADATA}}}


def _quiet(value: JsonValue, section: str) -> JsonObject:
    if not isinstance(value, Mapping):
        return {}
    patterns = [pattern for row in _rows(section) for pattern in row["like"]]
    return {key: below for key, below in value.items() if not fits(str(key), patterns)}


def _without(value: JsonObject, path: list[str]) -> JsonObject:
    if path[0] not in value:
        return value
    if len(path) == 1:
        return {key: below for key, below in value.items() if key != path[0]}
    below = value[path[0]]
    return {**value, path[0]: _without(below, path[1:])} if isinstance(below, dict) else value


def redacted_patch(kind: str, patch: JsonObject, redactor: Redactor) -> JsonObject:
    """A request or a patch with nothing secret in it, for the changes that it tells of."""
    kept = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind", "status")}
    metadata = mapping(kept, "metadata")
    if metadata:
        kept["metadata"] = {**metadata, **{key: _quiet(metadata[key], key) for key in _METADATA if key in metadata}}
    return _redacted(kind, kept, redactor)


def _redacted(kind: str, kept: JsonObject, redactor: Redactor) -> JsonObject:
    secret = {key: _hashed(kept[key], redactor) for key in _SECRET_DATA if isinstance(kept.get(key), Mapping)} if _keeps(kind) else {}
    settings = {}
    if kind == "ConfigMap":
        settings = {key: _settings(kept[key], redactor) for key in ("data", "binaryData") if isinstance(kept.get(key), Mapping)}
    held = {**secret, **settings}
    hidden = _hide_arguments({key: value for key, value in kept.items() if key not in held}, redactor)
    cleaned = redactor.value(hidden)
    assert isinstance(cleaned, dict)
    return {**cleaned, **held}


def _keeps(kind: str) -> bool:
    return kind.endswith("Secret")


def _hashed(values: JsonObject, redactor: Redactor) -> JsonObject:
    return {str(key): redactor.hash(value) for key, value in values.items()}


def _settings(values: JsonObject, redactor: Redactor) -> JsonObject:
    return {str(key): setting(str(key), value, redactor) for key, value in values.items()}


def setting(name: str, value: JsonValue, redactor: Redactor) -> JsonValue:
    """The value of a ConfigMap's key or an environment variable: shown where it is a plain switch or level, else hashed."""
    if value is None or value == "" or (str(value).lower() in _PLAIN and not Redactor.names_secret(name)):
        return value
    return redactor.hash(value)


def _hide_arguments(value: JsonValue, redactor: Redactor) -> JsonValue:
    """Environment values, and what follows --password and the like in commands, at any depth."""
    if isinstance(value, list):
        return [_hide_arguments(below, redactor) for below in value]
    if not isinstance(value, Mapping):
        return value
    hidden = {}
    for key, below in value.items():
        if key in ("args", "command") and isinstance(below, list):
            hidden[key] = arguments(below, redactor)
        elif key == "env" and isinstance(below, list):
            hidden[key] = [_variable(one, redactor) for one in below]
        else:
            hidden[key] = _hide_arguments(below, redactor)
    return hidden


def _variable(one: JsonValue, redactor: Redactor) -> JsonValue:
    if not isinstance(one, Mapping) or not isinstance(one.get("value"), str):
        return one
    return {**one, "value": setting(str(one.get("name")), one["value"], redactor)}


def arguments(words: list[JsonValue], redactor: Redactor) -> list[JsonValue]:
    """A command's words: the value of --token=…, of --token …, and of TOKEN=… is hashed."""
    shown: list[JsonValue] = []
    told = False
    for word in words:
        if not isinstance(word, str):
            shown.append(word)
            continue
        name, equals, value = word.partition("=")
        if told and not word.startswith("-"):
            shown.append(redactor.hash(word))
        elif equals and Redactor.names_secret(name.lstrip("-")) and value and " " not in name:
            shown.append(f"{name}={redactor.hash(value)}")
        else:
            shown.append(redactor.text(word))
        told = not equals and word.startswith("-") and Redactor.names_secret(word.lstrip("-"))
    return shown
