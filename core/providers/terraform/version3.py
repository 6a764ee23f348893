"""State version 3, as Terraform 0.7 to 0.11 wrote it. Pure."""

import re
from collections.abc import Iterator
from typing import TypeVar

from core.errors import RecordUnreadable
from core.json import JsonObject
from core.providers.terraform.flatmap import expand
from core.providers.terraform.statefile import Instance, Output, State, base_address, head

T = TypeVar("T")
# "aws_instance.web", "aws_instance.web.3", "data.aws_ami.base".
_KEY = re.compile(r"^(?P<data>data\.)?(?P<kind>[^.]+)\.(?P<name>.+?)(?:\.(?P<index>\d+))?$")


def state(body: JsonObject) -> State:
    serial, lineage, tool = head(body, 3)
    modules = body.get("modules") or []
    if not isinstance(modules, list):
        raise RecordUnreadable("the state's modules are no list")
    instances: dict[str, Instance] = {}
    outputs: dict[str, Output] = {}
    for number, module in enumerate(modules):
        if not isinstance(module, dict):
            raise RecordUnreadable(f"modules[{number}] is no object")
        path = [str(part) for part in _told(module, "path", list) or ["root"]]
        address = ".".join(f"module.{part}" for part in path[1:])
        instances.update({found.address: found for found in _instances(module, address)})
        if not address:
            outputs = _outputs(module)
    return State(version=3, serial=serial, lineage=lineage, tool=tool, instances=instances, outputs=outputs)


def _instances(module: JsonObject, address: str) -> Iterator[Instance]:
    resources = module.get("resources") or {}
    if not isinstance(resources, dict):
        raise RecordUnreadable("a module's resources are no object")
    for key, found in resources.items():
        told = _KEY.match(str(key))
        if told is None or not isinstance(found, dict):
            raise RecordUnreadable(f"{key!r} is no resource's key")
        if told["data"]:
            continue
        told_primary = found.get("primary")
        primary: JsonObject = told_primary if isinstance(told_primary, dict) else {}
        index = int(told["index"]) if told["index"] else None
        kind = str(found.get("type") or told["kind"])
        flat = {"id": primary.get("id"), **_told(primary, "attributes", dict)}
        yield Instance(
            address=base_address(address, kind, told["name"]) + ("" if index is None else f"[{index}]"),
            kind=kind,
            module=address,
            name=told["name"],
            index=index,
            provider=str(found.get("provider") or ""),
            attributes=expand(flat),
            tainted=primary.get("tainted") is True,
            deposed=tuple(f"{number}" for number, old in enumerate(_told(found, "deposed", list)) if old),
        )


def _told(holder: JsonObject, key: str, kind: type[T]) -> T:
    """What stands under the key; empty where nothing does. Raises RecordUnreadable where it is of another kind."""
    found = holder.get(key)
    if found is not None and not isinstance(found, kind):
        raise RecordUnreadable(f"{key} is no {'list' if kind is list else 'object'}")
    return kind() if found is None else found


def _outputs(module: JsonObject) -> dict[str, Output]:
    outputs = module.get("outputs") or {}
    found = {}
    for name, told in outputs.items() if isinstance(outputs, dict) else ():
        if isinstance(told, dict) and "value" in told:
            found[str(name)] = Output(value=told["value"], sensitive=told.get("sensitive") is True)
        else:
            found[str(name)] = Output(value=told)
    return found
