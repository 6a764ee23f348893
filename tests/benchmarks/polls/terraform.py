"""Terraform state files of few and of many resources. A file is no request; nothing is asked of anyone."""

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from core.json import JsonObject
from tests.benchmarks.figures import Figure
from tests.benchmarks.polls.costs import FEW, MANY, SideBySide, watching

COMPONENT = ""
_BUILT_IN = 'provider["terraform.io/builtin/terraform"]'


@dataclass(slots=True)
class State:
    """A Terraform state file of so many resources, the first `changed` of which have another size."""

    path: Path
    many: int
    serial: int = 0
    lineage: str = field(default_factory=lambda: str(uuid.uuid4()))

    def write(self, changed: int, size: int) -> None:
        self.serial += 1
        instances = [_instance(number, size if number < changed else 3) for number in range(self.many)]
        resource: JsonObject = {"mode": "managed", "type": "terraform_data", "name": "many", "provider": _BUILT_IN}
        state = {"version": 4, "terraform_version": "1.11.4", "serial": self.serial, "lineage": self.lineage, "outputs": {}}
        self.path.write_text(json.dumps({**state, "resources": [{**resource, "instances": instances}]}), encoding="utf-8")


def _instance(number: int, size: int) -> JsonObject:
    value = {"name": f"thing-{number}", "size": size}
    attributes = {"id": str(uuid.UUID(int=number + 1)), "input": {"value": value, "type": ["object", {"name": "string", "size": "number"}]}}
    return {"index_key": number, "schema_version": 0, "attributes": attributes, "sensitive_attributes": []}


def measure(folder: Path) -> Iterator[Figure]:
    costs = SideBySide("terraform")
    for many in (FEW, MANY):
        state = State(folder / f"{many}.tfstate", many)
        state.write(0, 3)
        watched = watching(folder, "terraform", {"paths": [str(state.path)]}, lambda: 0, name=f"terraform-{many}")
        with closing(watched.store):
            costs.note("baseline", many, watched.poll(events=0))
            costs.measure(watched, many, state.write)
    yield from costs.figures()
