"""State version 4, as Terraform 0.12 and later and every OpenTofu write it. Pure."""

import json
from collections.abc import Iterator

from core.errors import RecordUnreadable
from core.json import JsonObject, JsonValue
from core.providers.terraform.flatmap import expand
from core.providers.terraform.statefile import Instance, Output, Path, State, base_address, head

# Attributes of dynamic type are written as {"value": …, "type": …}, the type in cty's own spelling.
_TYPES = frozenset({"string", "number", "bool", "dynamic"})
_COLLECTIONS = frozenset({"list", "set", "map", "object", "tuple"})


def state(body: JsonObject) -> State:
    serial, lineage, tool = head(body, 4)
    instances: dict[str, Instance] = {}
    for number, resource in enumerate(_list(body, "resources")):
        if not isinstance(resource, dict):
            raise RecordUnreadable(f"resources[{number}] is no object")
        if resource.get("mode", "managed") == "managed":
            for instance in _instances(resource, number):
                instances[instance.address] = instance
    outputs = body.get("outputs") or {}
    if not isinstance(outputs, dict):
        raise RecordUnreadable("the state's outputs are no object")
    return State(
        version=4,
        serial=serial,
        lineage=lineage,
        tool=tool,
        instances=instances,
        outputs={
            str(name): Output(value=told.get("value"), sensitive=told.get("sensitive") is True)
            for name, told in outputs.items()
            if isinstance(told, dict)
        },
    )


def _list(holder: JsonObject, key: str) -> list[JsonValue]:
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordUnreadable(f"{key} is no list")
    return value


def _instances(resource: JsonObject, number: int) -> Iterator[Instance]:
    kind, name, module = resource.get("type"), resource.get("name"), resource.get("module") or ""
    if not (isinstance(kind, str) and kind and isinstance(name, str) and name and isinstance(module, str)):
        raise RecordUnreadable(f"resources[{number}] has no type and name")
    current: dict[str, Instance] = {}
    deposed: dict[str, list[str]] = {}
    only_deposed: dict[str, Instance] = {}
    for found in _list(resource, "instances"):
        if not isinstance(found, dict):
            raise RecordUnreadable(f"resources[{number}]: an instance is no object")
        made = _instance(found, kind=kind, name=name, module=module, provider=str(resource.get("provider") or ""))
        key = found.get("deposed")
        if isinstance(key, str) and key:
            deposed.setdefault(made.address, []).append(key)
            only_deposed[made.address] = made
        else:
            current[made.address] = made
    for address, made in {**only_deposed, **current}.items():
        yield _with(made, tuple(sorted(deposed.get(address, ()))))


def _with(made: Instance, deposed: tuple[str, ...]) -> Instance:
    if not deposed:
        return made
    return Instance(
        address=made.address, kind=made.kind, module=made.module, name=made.name, index=made.index, provider=made.provider,
        attributes=made.attributes, sensitive=made.sensitive, tainted=made.tainted, deposed=deposed,
    )  # fmt: skip


def _instance(found: JsonObject, *, kind: str, name: str, module: str, provider: str) -> Instance:
    index = found.get("index_key")
    if not isinstance(index, str | int) or isinstance(index, bool):
        index = None
    attributes = found.get("attributes")
    if not isinstance(attributes, dict):
        flat = found.get("attributes_flat")
        attributes = expand(flat) if isinstance(flat, dict) else {}
    plain = {key: unwrapped(value) for key, value in attributes.items()}
    address = base_address(module, kind, name) + ("" if index is None else f"[{json.dumps(index, ensure_ascii=False)}]")
    return Instance(
        address=address,
        kind=kind,
        module=module,
        name=name,
        index=index,
        provider=provider,
        attributes=plain,
        sensitive=tuple(_path(path) for path in _list(found, "sensitive_attributes") if isinstance(path, list)),
        tainted=found.get("status") == "tainted",
    )


def unwrapped(value: JsonValue) -> JsonValue:
    """The value of an attribute of dynamic type; any other value as it is."""
    if isinstance(value, dict) and value.keys() == {"value", "type"} and _is_type(value["type"]):
        return value["value"]
    return value


def _is_type(told: JsonValue) -> bool:
    if isinstance(told, str):
        return told in _TYPES
    return isinstance(told, list) and len(told) == 2 and told[0] in _COLLECTIONS


def _path(steps: list[JsonValue]) -> Path:
    """Steps of a cty path: {"type": "get_attr", "value": name} or {"type": "index", "value": {"value": key, "type": …}}."""
    path: list[str | int] = []
    for step in steps:
        value = step.get("value") if isinstance(step, dict) else step
        if isinstance(value, dict):
            value = value.get("value")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, str | int) or isinstance(value, bool):
            break  # A step that is not understood: everything below the ones before it is taken for secret.
        path.append(value)
    return tuple(path)
