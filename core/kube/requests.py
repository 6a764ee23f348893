"""What was asked of an API server. Pure."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from core.json import JsonObject
from core.kube.patches import as_object
from core.kube.subject import mapping, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What an audit record says was asked, its gaps filled from the request's address. `in_the_name_of` is who was impersonated."""

    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    group: str
    uri: str
    agent: str
    code: int | None
    uid: str = ""
    in_the_name_of: str = ""

    @property
    def target(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    @property
    def action(self) -> str:
        return f"{self.verb} {self.target}"


def request_of(record: JsonObject) -> Request:
    ref = mapping(record, "objectRef")
    uri = text(record, "requestURI") or text(record, "http", "url_details", "path")
    path = address_of(uri)
    resource = text(ref, "resource") or path["resource"]
    subresource = text(ref, "subresource") or path["subresource"]
    name = text(ref, "name") or path["name"] or text(as_object(record.get("requestObject")), "metadata", "name")
    status = mapping(record, "responseStatus")
    code = status.get("code", mapping(record, "http").get("status_code"))
    verb = (text(record, "verb") or _verb(text(record, "http", "method"), record, subresource, path)).lower()
    return Request(
        verb=verb,
        resource=resource,
        subresource=subresource,
        namespace=text(ref, "namespace") or path["namespace"],
        name=name or text(mapping(record, "responseObject"), "metadata", "name"),
        group=text(ref, "apiGroup") or path["group"],
        uri=uri,
        agent=text(record, "userAgent") or text(record, "http", "useragent"),
        uid=text(ref, "uid"),
        in_the_name_of=text(record, "impersonatedUser", "username"),
        code=int(code) if isinstance(code, int | str) and str(code).isdigit() else None,
    )


def _verb(method: str, record: JsonObject, subresource: str, path: dict[str, str]) -> str:
    """The verb of a record that lacks it: from the HTTP method, else from what such a request must have been."""
    named = {"post": "create", "put": "update"}.get(method.lower(), method.lower())
    if named:
        return named
    if subresource in ("exec", "attach", "portforward", "token", "eviction", "binding"):
        return "create"
    if isinstance(record.get("requestObject"), dict | list):
        return "update" if path["name"] else "create"
    return "get"


def address_of(uri: str) -> dict[str, str]:
    """/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE, taken apart."""
    parts = [unquote(part) for part in urlsplit(uri).path.split("/") if part]
    found = {"group": "", "namespace": "", "resource": "", "name": "", "subresource": ""}
    if parts[:1] == ["apis"] and len(parts) > 3:
        found["group"], rest = parts[1], parts[3:]
    elif parts[:1] == ["api"] and len(parts) > 2:
        rest = parts[2:]
    else:
        return found
    if rest[0] == "namespaces" and len(rest) > 1:
        found["namespace"] = rest[1]
        if len(rest) > 2 and rest[2] not in ("finalize", "status"):
            rest = rest[2:]
    found.update(zip(("resource", "name", "subresource"), rest, strict=False))
    return found
