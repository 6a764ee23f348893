"""Who did it: from the user of an audit record, or, of the tool alone, from an object's managed fields."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from core.event import UNKNOWN_ACTOR, Actor, ActorKind, Via
from core.json import JsonObject, JsonValue
from core.kube.rules import load
from core.kube.subject import items, mapping, text
from core.rulefile import fits


@cache
def _table(name: str) -> tuple[JsonObject, ...]:
    return tuple(load("actors.yaml")[name])


@cache
def _table_of(name: str) -> JsonObject:
    found: JsonObject = load("actors.yaml")[name]
    return found


@cache
def _privileged_groups() -> frozenset[str]:
    return frozenset(_table_of("privileged_groups")["names"])


def _first(table: str, value: str) -> JsonObject | None:
    return next((row for row in _table(table) if fits(value, row["like"])), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """Who made a request. `took_all_rights`: a person asked in the name of a group that nothing limits."""

    actor: Actor
    anonymous: bool = False
    took_all_rights: bool = False


def is_nobody(name: str) -> bool:
    """The name that the API server gives to whoever shows no identity."""
    return name in ("system:anonymous", "system:unauthenticated")


def unbound(groups: Iterable[JsonValue]) -> bool:
    """Is one of them a group whose members RBAC does not limit?"""
    return not _privileged_groups().isdisjoint(map(str, groups))


def of_record(record: JsonObject, action: str) -> Asker:
    """Who asked, of an audit record. A proxy that impersonates someone is their tool; a person who impersonates stays themselves."""
    user, other = mapping(record, "user"), mapping(record, "impersonatedUser")
    name, session, through = text(user, "username"), _session(user), ""
    groups = items(user, "groups")
    took = False
    if text(other, "username"):
        if name.startswith(("system:serviceaccount:", "system:apiserver")):
            user, name, through = other, text(other, "username"), f"through {name}"
        else:
            session, took = f"as {text(other, 'username')}", unbound(items(other, "groups"))
    actor = of_name(
        name,
        text(record, "userAgent"),
        action=action,
        groups=items(user, "groups"),
        shown=_of_extra(user),
        session=through or session,
        addresses=record.get("sourceIPs"),
    )
    anonymous = is_nobody(text(mapping(record, "user"), "username")) or "system:unauthenticated" in groups
    return Asker(actor=replace(actor, privileged=True) if took else actor, anonymous=anonymous, took_all_rights=took)


def of_name(
    name: str, agent: str, *, action: str, groups: Sequence[JsonValue] = (), shown: str = "", session: str = "", addresses: JsonValue = None
) -> Actor:
    """The actor by that user name, with that program, doing `action` ("verb resource/subresource")."""
    via, tool = tool_of(agent)
    network = _network(addresses)
    if not name:
        return Actor(via=via, tool=tool, network=network) if tool or network else UNKNOWN_ACTOR
    row = _first("users", name)
    kind = ActorKind(row["kind"]) if row else ActorKind.HUMAN
    if row and row["via"] != "unknown" and not (row["via"] == "gitops" and _by_hand(agent)):
        via, tool = Via(row["via"]), str(row.get("tool") or tool)
    if row and row.get("own_tool") and not _does_so(name, action, agent):
        kind, (via, tool) = ActorKind.UNKNOWN, tool_of(agent)
    if via is Via.GITOPS and not (row and "gitops" in (row["via"], row.get("may_be"))):
        via, tool = Via.UNKNOWN, _program(agent)  # Nor is anyone Git's controller for it.
    privileged = bool(row and row.get("privileged")) or unbound(groups)
    if kind in (ActorKind.HUMAN, ActorKind.UNKNOWN) and via is Via.CONTROLLER:
        if privileged and _beside_the_server(addresses):
            return Actor(kind=ActorKind.SERVICE, id=name, name=tool.partition(" ")[0], via=via, tool=tool, session=session)
        via = Via.UNKNOWN  # Anyone may send any User-Agent; a person is not the platform for it.
    # A GitOps controller goes by its product's name; its account stays its id.
    called = tool if row and row.get("tool") and via is Via.GITOPS else shown or _shown(name)
    return Actor(
        kind=kind, id=name, name=called, via=via, tool=tool, session=session, network=network,
        privileged=privileged and kind is not ActorKind.SERVICE,
    )  # fmt: skip


def is_misused(actor: Actor) -> bool:
    """Did somebody ask with a node's or a controller's credential what no node or controller asks, or with a tool that none has?"""
    row = _first("users", actor.id)
    return actor.kind is ActorKind.UNKNOWN and bool(row and row.get("own_tool"))


def _does_so(name: str, action: str, agent: str) -> bool:
    """Is it what that part of the platform does, and not with a person's tool? Else somebody holds its credential."""
    row = next((one for one in _table("platform_acts") if fits(name, one["like"])), None)
    usual = row is None or fits(action, _table_of("any_part")["like"]) or fits(action, row["does"])
    return usual and not _by_hand(agent)


def _by_hand(agent: str) -> bool:
    return fits(agent.lower(), _table_of("hands")["like"])


def tool_of(agent: str) -> tuple[Via, str]:
    """How, and with which program and version, by the User-Agent."""
    lowered = agent.lower()
    row = _first("agents", lowered) if lowered else None
    if row is None:
        return Via.UNKNOWN, ""
    return Via(row["via"]), _program(agent, str(row["tool"]))


def _program(agent: str, called: str = "") -> str:
    """With its version, where it tells one; by the product's name, where given."""
    program, _, rest = agent.partition(" ")[0].partition("/")
    version = rest.partition("/")[0].removeprefix("v")
    return f"{called or program} {version}" if version[:1].isdigit() else called or program


def _session(user: JsonObject) -> str:
    # EKS and the OIDC plugins keep the person behind the user name in `extra`.
    for key in ("arn", "canonicalArn", "sessionName", "authentication.kubernetes.io/credential-id"):
        found = items(mapping(user, "extra"), key)
        if found and isinstance(found[0], str):
            return found[0]
    return ""


def _of_extra(user: JsonObject) -> str:
    session = items(mapping(user, "extra"), "sessionName")
    return session[0] if session and isinstance(session[0], str) and not text(user, "username").startswith("system:serviceaccount:") else ""


def _shown(name: str) -> str:
    if name.startswith("system:serviceaccount:"):
        return name.removeprefix("system:serviceaccount:").replace(":", "/", 1)
    if name.startswith("arn:") or "#" in name:
        return name.rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    if name.startswith("system:"):
        return name
    if workflow := _OF_A_REPOSITORY.search(name):
        return workflow.group(1)
    return name.rsplit(":", 1)[-1]


# Subjects of the tokens that GitHub and GitLab give to jobs: repo:acme/shop:ref:refs/heads/main, project_path:acme/shop:ref_type:branch
# https://docs.github.com/en/actions/reference/security/oidc and https://docs.gitlab.com/ci/secrets/id_token_authentication/
_OF_A_REPOSITORY = re.compile(r"(?:^|:)(?:repo|project_path):([^:]+/[^:]+):")


def _beside_the_server(addresses: JsonValue) -> bool:
    """Did it come over loopback? Control plane components that use an administrator's certificate do; nobody else can without the host."""
    try:
        return isinstance(addresses, list) and bool(addresses) and all(ipaddress.ip_address(str(one)).is_loopback for one in addresses)
    except ValueError:
        return False


def _network(addresses: JsonValue) -> str:
    first = addresses[0] if isinstance(addresses, list) and addresses else None
    try:
        parsed = ipaddress.ip_address(str(first))
    except ValueError:
        return ""
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def of_manager(manager: str) -> Actor:
    """The tool that a field manager's name tells of. A person's tool leaves the person unknown."""
    if not manager:
        return UNKNOWN_ACTOR
    row = _first("managers", manager.lower())
    if row is None:
        return Actor(tool=manager)
    kind = ActorKind(row["kind"])
    tool = str(row["tool"] or manager.replace("kubectl-", "kubectl "))
    named = kind is not ActorKind.UNKNOWN
    return Actor(kind=kind, id=manager if named else "", name=tool if named else "", via=Via(row["via"]), tool=tool)


def manager_of(managed_fields: Sequence[JsonValue], changed: Sequence[str]) -> JsonObject:
    """The entry that wrote the changed fields: the newest that owns one of them, else the newest that writes more than status."""
    entries = [entry for entry in managed_fields if isinstance(entry, dict) and text(entry, "manager")]
    writing = [entry for entry in entries if text(entry, "subresource") != "status" and not _status_only(mapping(entry, "fieldsV1"))]
    owning = [entry for entry in writing if any(_owns(mapping(entry, "fieldsV1"), path) for path in changed)]
    return max(owning or writing, key=lambda entry: text(entry, "time"), default={})


def _status_only(fields: JsonObject) -> bool:
    # 1.20 and before have no `subresource`: a controller's status writes are told by their fields.
    inside = set(mapping(fields, "f:metadata", "f:annotations")) - {".", "f:deployment.kubernetes.io/revision"}
    told = {key for key in fields if key not in ("f:status", "f:metadata")}
    metadata = set(mapping(fields, "f:metadata")) - {"f:annotations"}
    return bool(fields) and not told and not metadata and not inside


def _owns(fields: JsonObject, path: str) -> bool:
    """Does the set of fields hold `path`? List items are keyed objects (`k:{"name":"app"}`) there; the first step into one decides."""
    here: JsonValue = fields
    for step in _steps(path):
        name, _, item = step.partition("[")
        if not isinstance(here, dict) or f"f:{name}" not in here:
            return False
        here = here[f"f:{name}"]
        if item:
            key = next((k for k in here if k.startswith("k:") and f'"{item[:-1]}"' in k), None) if isinstance(here, dict) else None
            if key is None:
                return not any(k.startswith("k:") for k in here) if isinstance(here, dict) else True
            here = here[key]
        if not here:
            return True
    return True


_DOTTED = (
    "metadata.labels.", "metadata.annotations.", "data.", "spec.template.metadata.annotations.", "spec.template.metadata.labels.",
)  # fmt: skip


def _steps(path: str) -> list[str]:
    """`metadata.labels.app.kubernetes.io/name` has dots inside its last step."""
    for prefix in _DOTTED:
        if path.startswith(prefix):
            return [*prefix[:-1].split("."), path.removeprefix(prefix)]
    return path.split(".")
