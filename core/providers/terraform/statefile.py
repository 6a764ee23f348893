"""A state file as a value: instances by address, outputs, serial and lineage. Versions 3 and 4; all else is refused with a reason. Pure.

https://developer.hashicorp.com/terraform/internals/json-format is the format for others; the file's own is
`internal/states/statefile/version4.go` of Terraform and OpenTofu.
"""

import json
from dataclasses import dataclass, field

from core.errors import RecordUnreadable
from core.json import JsonObject, JsonValue, parsed

Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One managed resource instance as the state holds it, secrets and all: it never leaves this provider unredacted.

    `sensitive` are paths into `attributes`; `deposed` the keys of old objects that still wait for their destruction.
    """

    address: str
    kind: str
    module: str
    name: str
    index: str | int | None
    provider: str
    attributes: JsonObject
    sensitive: tuple[Path, ...] = ()
    tainted: bool = False
    deposed: tuple[str, ...] = ()

    @property
    def resource(self) -> str:
        """The address without its index: what `count` and `for_each` multiply."""
        return base_address(self.module, self.kind, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    value: JsonValue
    sensitive: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """`instances` by address. Data sources are left out: they are what was read, not what is managed."""

    version: int
    serial: int
    lineage: str
    tool: str
    instances: dict[str, Instance] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)


def base_address(module: str, kind: str, name: str) -> str:
    return ".".join(part for part in (module, kind, name) if part)


def load(content: bytes) -> JsonObject:
    """The file's JSON object. Raises RecordUnreadable that says what the file is instead."""
    if not content.strip(b" \t\r\n\0"):
        raise RecordUnreadable("the state file is empty", next_step="An apply in progress writes it soon; else restore it from a backup.")
    if content[:2] == b"\x1f\x8b":
        raise RecordUnreadable("the file is gzipped, not a state", next_step="Point WGO at the state itself.")
    try:
        value = parsed(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise RecordUnreadable(
            f"the file is not text (byte {error.start})", next_step="It may be encrypted or no state: point WGO at a plain state."
        ) from error
    except json.JSONDecodeError as error:
        raise _no_json(content, error) from error
    except ValueError as error:
        raise RecordUnreadable(f"the file is no readable JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordUnreadable(f"the file holds a JSON {type(value).__name__}, not a state", next_step="Point WGO at a state file.")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _no_json(content: bytes, error: json.JSONDecodeError) -> RecordUnreadable:
    if content.lstrip()[:1] == b"{" and not content.rstrip(b" \t\r\n\0").endswith(b"}"):
        return RecordUnreadable(
            f"the state is cut off after {len(content)} bytes",
            next_step="It is read again with the next poll; if it stays so, restore it from a backup.",
        )
    if b"$ANSIBLE_VAULT" in content[:200] or b"age-encryption.org" in content[:200] or content.startswith(b"-----BEGIN"):
        return RecordUnreadable("the file is encrypted", next_step="Give WGO a way to read the plain state (a remote backend).")
    if content.startswith(b"version https://git-lfs"):
        return RecordUnreadable("the file is a Git LFS pointer, not a state", next_step="Fetch it with `git lfs pull`.")
    where = f"line {error.lineno}, column {error.colno}"
    if content.lstrip()[:1] == b"{":
        return RecordUnreadable(f"the state is broken at {where}: {error.msg}", next_step="Restore it from a backup.")
    return RecordUnreadable(f"the file is no state: not JSON at {where}", next_step="Point WGO at a state file.")


def parse(body: JsonObject) -> State:
    """The state in `body`. Raises RecordUnreadable where it is none, or of a version that is not read."""
    if "sops" in body and isinstance(body["sops"], dict):
        raise RecordUnreadable("the state is encrypted with sops", next_step="Give WGO a way to read the plain state (a remote backend).")
    if "encrypted_data" in body or "encryption_version" in body:
        raise RecordUnreadable(
            "the state is encrypted by OpenTofu", next_step="WGO holds no key of yours; publish what it may see through another backend."
        )
    version = body.get("version")
    if body.get("format_version") and version is None:
        raise RecordUnreadable(
            "the file is the output of `terraform show -json`, not a state",
            next_step="Point WGO at the state itself (`terraform state pull`).",
        )
    if isinstance(version, bool) or not isinstance(version, int):
        raise RecordUnreadable("the file is no state: it has no version number", next_step="Point WGO at a state file.")
    if version == 4:
        from core.providers.terraform import version4

        return version4.state(body)
    if version == 3:
        from core.providers.terraform import version3

        return version3.state(body)
    if version < 3:
        raise RecordUnreadable(
            f"state version {version} is older than what is read (3 and 4)",
            next_step="Terraform 0.7 or later writes it anew at its next apply.",
        )
    raise RecordUnreadable(f"state version {version} is newer than what is read (3 and 4)", next_step="Update WGO.")


def head(body: JsonObject, version: int) -> tuple[int, str, str]:
    """Serial, lineage and the version of the tool that wrote it."""
    serial = body.get("serial", 0)
    if isinstance(serial, bool) or not isinstance(serial, int) or serial < 0:
        raise RecordUnreadable(f"the state's serial is no number: {type(serial).__name__}")
    lineage = body.get("lineage")
    tool = body.get("terraform_version")
    if version == 4 and "resources" not in body and "outputs" not in body and lineage is None and tool is None:
        raise RecordUnreadable("the file is no state: version 4 without resources, outputs or lineage")
    return serial, lineage if isinstance(lineage, str) else "", tool if isinstance(tool, str) else ""
