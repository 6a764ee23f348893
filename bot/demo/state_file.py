"""A real Terraform state (v4) of terraform_data resources, and the configuration it belongs to. Terraform goes on from it."""

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from core.json import JsonObject, JsonValue

MAIN_TF = """# Edit a value in services.auto.tfvars.json (or here), then: terraform init && terraform apply
terraform {
  required_version = ">= 1.4"
}

variable "services" {
  type = any
}

resource "terraform_data" "service" {
  for_each = var.services
  input    = each.value
}
"""


def write(folder: Path, resources: Mapping[str, JsonObject], *, serial: int, lineage: str, at: datetime | None = None) -> Path:
    """Write the next state and its configuration; `at` becomes the file's time. The state is replaced whole, never half written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(MAIN_TF, encoding="utf-8")
    (folder / "services.auto.tfvars.json").write_text(json.dumps({"services": resources}, indent=2) + "\n", encoding="utf-8")
    path = folder / "terraform.tfstate"
    fresh = folder / ".terraform.tfstate.new"
    fresh.write_text(json.dumps(state(resources, serial=serial, lineage=lineage), indent=2), encoding="utf-8")
    if at is not None:
        os.utime(fresh, (at.timestamp(), at.timestamp()))
    fresh.replace(path)
    return path


def state(resources: Mapping[str, JsonObject], *, serial: int, lineage: str) -> JsonObject:
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": {},
        "resources": [
            {
                "mode": "managed",
                "type": "terraform_data",
                "name": "service",
                "provider": 'provider["terraform.io/builtin/terraform"]',
                "instances": [_instance(name, value) for name, value in sorted(resources.items())],
            }
        ],
        "check_results": None,
    }


def _instance(name: str, value: JsonObject) -> JsonObject:
    typed = {"value": value, "type": _type(value)}
    identity = str(uuid.UUID(hashlib.md5(f"wgo-demo/{name}".encode(), usedforsecurity=False).hexdigest()))
    attributes = {"id": identity, "input": typed, "output": typed, "triggers_replace": None}
    return {"index_key": name, "schema_version": 0, "attributes": attributes, "sensitive_attributes": []}


def _type(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return ["object", {key: _type(below) for key, below in sorted(value.items())}]
    if isinstance(value, list):
        return ["tuple", [_type(below) for below in value]]
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "string"
