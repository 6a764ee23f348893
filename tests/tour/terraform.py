"""Changes 25 to 28: a real Terraform at work on one workspace."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.event import ActorKind, ChangeType, Via
from tests.components.terraform import Workspace
from tests.tour.change import SOMETHING, Change, Expected, Sight

SOURCE = "tour-terraform"
_FIRST = ("api", "web")
_ADDED = tuple(f"shard-{number:02}" for number in range(14))
_KEY = """
variable "key" {
  type      = string
  sensitive = true
}
resource "terraform_data" "signing" {
  input = { issuer = "acme", key = var.key }
}
"""
_RENAMED = 'resource "terraform_data" "%s" {\n  input = { port = 443 }\n}\n'
_MOVED = "moved {\n  from = terraform_data.front\n  to = terraform_data.edge\n}\n"


def _services(names: Iterable[str]) -> str:
    keys = json.dumps(list(names))
    return f'resource "terraform_data" "service" {{\n  for_each = toset({keys})\n  input = each.value\n}}\n'


@dataclass(slots=True)
class TerraformStage:
    workspace: Workspace

    @property
    def sources(self) -> Sequence[dict[str, object]]:
        return ({"name": SOURCE, "provider": "terraform", "environment": "prod", "options": {"paths": [str(self.workspace.state)]}},)

    def prepare(self) -> None:
        self.workspace.apply(_services(_FIRST) + _KEY + _RENAMED % "front", json_variables={"key": "hunter2-before"})

    def keep_alive(self) -> None:
        """Terraform does nothing by itself."""

    def changes(self) -> Sequence[Change]:
        made = (
            ("terraform apply of 14 resources", self._apply),
            ("terraform destroy of 3", self._destroy),
            ("an address moved", self._move),
            ("a sensitive attribute changed", self._key),
        )
        return [
            Change(number=number, made=says, make=make, after=number - 1 if number > 25 else None)
            for number, (says, make) in enumerate(made, 25)
        ]

    def _apply(self) -> Expected:
        self.workspace.apply(_services((*_FIRST, *_ADDED)) + _KEY + _RENAMED % "front")
        return Expected(sights=(_sight('terraform_data.service["shard-*"]', ChangeType.CREATED, times=14),), together=True)

    def _destroy(self) -> Expected:
        targets = [f'-target=terraform_data.service["{name}"]' for name in _ADDED[:3]]
        self.workspace.run("destroy", "-no-color", "-input=false", "-auto-approve", *targets)
        sights = [_sight(re.sub("^-target=", "", one), ChangeType.DELETED) for one in targets]
        return Expected(sights=tuple(sights), together=True)

    def _move(self) -> Expected:
        self.workspace.apply(_services((*_FIRST, *_ADDED[3:])) + _KEY + _RENAMED % "edge" + _MOVED)
        changes = {"address": ("terraform_data.front", "terraform_data.edge")}
        return Expected(sights=(_sight("terraform_data.edge", ChangeType.MOVED, changes=changes),))

    def _key(self) -> Expected:
        given = {"key": "hunter2-after"}
        self.workspace.apply(_services((*_FIRST, *_ADDED[3:])) + _KEY + _RENAMED % "edge", json_variables=given)
        changes = {"input.key": (SOMETHING, SOMETHING)}
        return Expected(sights=(_sight("terraform_data.signing", ChangeType.MODIFIED, changes=changes, hidden="hunter2"),))


def _sight(name: str, change_type: ChangeType, **more: object) -> Sight:
    """A state tells that Terraform did it, and not who ran it."""
    given = {"kind": "terraform_data", "actor": ActorKind.UNKNOWN, "via": Via.IAC, "changes": None, **more}
    return Sight(name=name, change_type=change_type, **given)  # type: ignore[arg-type]
