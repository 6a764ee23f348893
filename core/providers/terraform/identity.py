"""What other layers call a resource: ARN, self link, uid, plain id; and the place it lives in. From redacted attributes only. Pure."""

import re
from collections.abc import Iterator

from core.event import Scope
from core.json import JsonObject, JsonValue

_ARN = re.compile(r"^arn:[a-z-]+:[a-z0-9-]*:(?P<region>[a-z0-9-]*):(?P<account>\d{12}|aws)?:.+")
_LINK = re.compile(
    r"^https://(?:www\.googleapis\.com/(?P<api>[a-z]+)/(?:v\d\w*|beta)|(?P<host>[a-z]+\.googleapis\.com)/(?:\w+/)?(?:v\d\w*))/(?P<path>.+)$"
)
_HASHED = "redacted:"
# Ids that are no names: providers write them where an API gives none.
_NO_ID = frozenset({"", "none", "default", "-", "static", "true", "false"})
_SHORTEST = 4


def provider_id(attributes: JsonObject) -> str:
    """The strongest id that the provider gives; empty where it gives none of use."""
    for name in ("arn", "self_link", "id"):
        value = attributes.get(name)
        if _usable(value):
            return str(value)
    return ""


def _usable(value: JsonValue) -> bool:
    return isinstance(value, str) and len(value) >= _SHORTEST and value.lower() not in _NO_ID and not value.startswith(_HASHED)


def aliases(kind: str, attributes: JsonObject) -> tuple[str, ...]:
    """Every name under which another layer may know it, the strongest first."""
    found = list(_kubernetes(kind, attributes) if kind.startswith("kubernetes_") else _cloud(attributes))
    return tuple(dict.fromkeys(found))


def _cloud(attributes: JsonObject) -> Iterator[str]:
    for name in ("arn", "self_link", "id", "unique_id"):
        value = attributes.get(name)
        if not _usable(value):
            continue
        yield str(value)
        link = _LINK.match(str(value))
        if link:
            host = link["host"] or f"{link['api']}.googleapis.com"
            yield f"//{host}/{link['path']}"
            yield link["path"]


def _kubernetes(kind: str, attributes: JsonObject) -> Iterator[str]:
    metadata = attributes.get("metadata")
    first = metadata[0] if isinstance(metadata, list) and metadata else metadata
    if not isinstance(first, dict) and kind == "kubernetes_manifest":
        manifest = attributes.get("object") or attributes.get("manifest")
        first = manifest.get("metadata") if isinstance(manifest, dict) else None
    if isinstance(first, dict):
        if _usable(first.get("uid")):
            yield str(first["uid"])
        if isinstance(first.get("namespace"), str) and isinstance(first.get("name"), str):
            yield f"{_kind(kind, attributes)}/{first['namespace']}/{first['name']}"
            yield f"{first['namespace']}/{first['name']}"
    if _usable(attributes.get("id")):
        yield str(attributes["id"])


def _kind(kind: str, attributes: JsonObject) -> str:
    if kind == "kubernetes_manifest":
        manifest = attributes.get("manifest")
        return str(manifest.get("kind")) if isinstance(manifest, dict) else ""
    plain = re.sub(r"_v\d\w*$", "", kind.removeprefix("kubernetes_"))
    return "".join(part.capitalize() for part in plain.split("_"))


def scope(attributes: JsonObject, workspace: str) -> Scope:
    """Account and region as far as an ARN or the attributes tell; the workspace stands as the project, so that two never mix."""
    told = _ARN.match(str(attributes.get("arn") or ""))
    account = told["account"] or "" if told else ""
    region = told["region"] if told else attributes.get("region")
    return Scope(account=account, project=workspace, region=region if isinstance(region, str) and len(region) < 40 else "")


def labels(attributes: JsonObject) -> dict[str, str]:
    for name in ("tags", "labels", "effective_labels"):
        found = attributes.get(name)
        if isinstance(found, dict) and found:
            return {str(key): value for key, value in found.items() if isinstance(value, str)}
    return {}
