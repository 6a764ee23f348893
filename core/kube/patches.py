"""Requests as objects: JSON patches unfolded, and the fields that a patch tells of. Pure."""

from core.event import FieldChange
from core.json import JsonObject, JsonValue

_MOST_FIELDS = 60
# What a patch or a request carries beside the change itself.
_BESIDE = (
    "apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.resourceVersion", "metadata.uid", "metadata.creationTimestamp",
    "metadata.managedFields", "metadata.generation", "metadata.selfLink", "propagationPolicy", "gracePeriodSeconds", "preconditions",
)  # fmt: skip
_NAMES = ("name", "key", "containerPort", "port", "mountPath", "ip", "type")


def as_object(request: JsonValue) -> JsonObject:
    """The request as an object. A JSON patch becomes the fields it sets (removed ones become null)."""
    if isinstance(request, dict):
        return request
    found: JsonObject = {}
    for step in request if isinstance(request, list) else []:
        if isinstance(step, dict) and isinstance(step.get("path"), str) and step.get("op") in ("add", "replace", "remove"):
            _set(found, _pointer(step["path"]), step.get("value") if step["op"] != "remove" else None)
    return found


def _pointer(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _set(found: JsonObject, parts: list[str], value: JsonValue) -> None:
    here: JsonValue = found
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        below: JsonValue = value if last else [] if parts[at + 1].isdigit() or parts[at + 1] == "-" else {}
        if isinstance(here, list):
            here.append(below)
            here = below
        elif isinstance(here, dict):
            if last or not isinstance(here.get(part), dict | list):
                here[part] = below
            here = here[part]


def changed_fields(verb: str, subresource: str, clean: JsonObject) -> tuple[FieldChange, ...]:
    """The fields that a patch sets, their value before unknown. A whole object (create, update) does not tell what changed in it."""
    if subresource == "scale" and "spec" in clean:
        return tuple(change for change in _flat("", clean) if change.path == "spec.replicas")
    if verb not in ("patch", "apply") or subresource not in ("", "ephemeralcontainers", "resize"):
        return ()
    return tuple(_flat("", clean)[:_MOST_FIELDS])


def _flat(path: str, value: JsonValue) -> list[FieldChange]:
    if path.startswith(_BESIDE) or path.rpartition(".")[2].startswith("$"):
        return []
    if isinstance(value, dict) and value:
        return [change for key, below in sorted(value.items()) for change in _flat(f"{path}.{key}" if path else str(key), below)]
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return [change for at, one in enumerate(value) for change in _items(path, at, one)]
    return [FieldChange(path=path, before=None, after=value)] if path else []


def _items(path: str, at: int, one: JsonObject) -> list[FieldChange]:
    name = next((key for key in _NAMES if isinstance(one.get(key), str | int)), None)
    below = {key: value for key, value in one.items() if key != name} if name and len(one) > 1 else one
    return _flat(f"{path}[{one[name] if name else at}]", below)
