"""What one request does: to which thing, of which kind, which fields, with which traits, for which reason. Pure.

Whoever reads requests (an audit log of the API server, a cloud's log of it) says who asked and what was sent; the rest is told here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from core.event import ActorKind, ChangeType, FieldChange, Intent, Reference, ReferenceKind
from core.json import JsonObject
from core.kube import rules, ties
from core.kube.actors import Asker, is_misused
from core.kube.kinds import full_kind, kind_of
from core.kube.patches import changed_fields
from core.kube.requests import Request
from core.kube.state import arguments, redacted_patch
from core.kube.subject import Subject, mapping, text
from core.kube.ties import Place
from core.rulefile import fits
from core.trait import Trait

_RESTARTED = "kubectl.kubernetes.io/restartedAt"
# Kinds of what is sent or answered that are not the thing itself.
_NOT_THE_THING = frozenset({"Status", "DeleteOptions", "Scale", "Eviction"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """What a request concerns. `name` is never empty: `web-*` where the server makes it up, `*` where all are meant."""

    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """`change_type` is what was meant, also where it was refused. Nothing secret is left in it."""

    thing: Thing
    change_type: ChangeType
    traits: frozenset[Trait]
    changes: tuple[FieldChange, ...] = ()
    references: tuple[Reference, ...] = ()
    intents: tuple[Intent, ...] = ()


def act_of(asked: Request, asker: Asker, sent: JsonObject, answered: JsonObject, place: Place) -> Act | None:
    """The act; None where the request changes nothing. `sent` and `answered` are the objects of request and response, where told."""
    by_platform = asker.actor.kind is ActorKind.SERVICE
    meaning = rules.meaning(asked.action, name=asked.name, agent=asked.agent, path=asked.uri, by=asker.actor.kind)
    if meaning is None:
        return None
    kind = meaning.kind or _kind(asked, sent, answered)
    thing = _thing(asked, kind, sent, answered)
    changes = changed_fields(asked.verb, asked.subresource, redacted_patch(kind, sent, place.redactor))
    paths = tuple(change.path for change in changes)
    # What is sent with a delete are its options, not the thing.
    whole = text(answered, "kind") == kind.partition(".")[0] and (not sent or asked.verb == "delete")
    described = {**answered, "kind": kind} if whole else {**sent, "kind": kind}
    gone = meaning.change_type is ChangeType.DELETED
    subject = Subject(
        change_type=_change_type(meaning.change_type, asked, sent, paths),
        kind=kind,
        name=thing.name,
        namespace=asked.namespace,
        group=asked.group,
        action=asked.action,
        path=asked.uri,
        after={} if gone else described,
        before=described if gone else {},
        changed=paths if asked.verb == "patch" or meaning.change_type is ChangeType.SCALED else (),
        user=asker.actor.id,
        agent=asked.agent,
        by_platform=by_platform,
        anonymous=asker.anonymous,
        took_all_rights=asker.took_all_rights,
        poses_as_platform=_poses_as_platform(asked, asker),
        platforms_credential=is_misused(asker.actor),
    )
    tool = asker.actor.tool
    return Act(
        thing=thing,
        change_type=subject.change_type,
        traits=rules.traits(subject),
        changes=changes,
        references=_references(asked, thing, (described, answered), place),
        intents=ties.intents(described, tool.partition(" ")[0] if tool != "Argo CD" else tool, place, _written(asked, sent, paths)),
    )


def _poses_as_platform(asked: Request, asker: Asker) -> bool:
    """Did somebody ask in the name of a part of the cluster? One whom a proxy speaks for is the asker, and poses as nobody."""
    name = asked.in_the_name_of
    return name != asker.actor.id and fits(name, rules.own_parts())


def _written(asked: Request, sent: JsonObject, paths: tuple[str, ...]) -> tuple[str, ...] | None:
    """The fields that the request itself wrote: all of a new object. An update and an apply send the object whole, with what lay on it
    before, so neither tells.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/
    """
    if asked.verb == "create":
        return None
    applied = asked.verb == "apply" or bool(text(sent, "apiVersion") and text(sent, "kind"))
    return () if applied else paths


def _kind(asked: Request, sent: JsonObject, answered: JsonObject) -> str:
    told = text(sent, "kind") or text(answered, "kind")
    usual = kind_of(asked.resource)
    # Options, scales, evictions and statuses are not the thing itself.
    own = told not in _NOT_THE_THING and not asked.subresource and told.lower().startswith(usual.lower()[:4])
    return full_kind(told if told and own else usual, asked.group)


def _thing(asked: Request, kind: str, sent: JsonObject, answered: JsonObject) -> Thing:
    of_kind = bool(answered) and text(answered, "kind") == kind.partition(".")[0]
    metadata = mapping(answered if of_kind else sent, "metadata")
    name = asked.name or text(metadata, "name")
    generated = text(metadata, "generateName") or text(sent, "metadata", "generateName")
    if not name:
        name = f"{generated}*" if generated else "*"
    return Thing(
        kind=kind,
        name=name,
        namespace="" if kind == "Namespace" else asked.namespace or text(metadata, "namespace"),
        uid="" if asked.subresource == "token" else asked.uid or text(metadata, "uid"),
        labels={str(key): str(value) for key, value in mapping(metadata, "labels").items()},
    )


def _change_type(meant: ChangeType, asked: Request, sent: JsonObject, paths: tuple[str, ...]) -> ChangeType:
    if meant is not ChangeType.MODIFIED or asked.verb != "patch":
        return meant
    if paths and all(path == "spec.replicas" for path in paths):
        return ChangeType.SCALED
    return ChangeType.RESTARTED if _RESTARTED in mapping(sent, "spec", "template", "metadata", "annotations") else meant


def _references(asked: Request, thing: Thing, objects: tuple[JsonObject, JsonObject], place: Place) -> tuple[Reference, ...]:
    """Of what was sent; and of the object as it was answered, whose it is: a patch does not repeat its labels."""
    described, answered = objects
    placed = {**described, "kind": thing.kind, "metadata": {**mapping(described, "metadata"), "namespace": asked.namespace}}
    whole = asked.verb in ("create", "delete", "deletecollection") and not asked.subresource
    told = list(ties.references(placed, place, with_namespace=whole))
    if not asked.subresource and text(answered, "kind") == thing.kind.partition(".")[0]:
        whole_object = ties.references({**answered, "kind": thing.kind}, place)
        told += [one for one in whole_object if one.kind is ReferenceKind.PART_OF]
    if thing.uid:
        told.append(Reference(kind=ReferenceKind.SAME_AS, id=thing.uid))
    if thing.kind == "TokenRequest" and asked.name:
        told.append(Reference(kind=ReferenceKind.OWNER, id=place.key("ServiceAccount", asked.name, asked.namespace)))
    return tuple(dict.fromkeys(told))


def shown(asked: Request, place: Place) -> JsonObject:
    """What else is worth showing of a request: a command and its container, the kubelet's path, that all were meant. Without secrets."""
    query = parse_qs(urlsplit(asked.uri).query)
    told: JsonObject = {}
    if asked.target in rules.streams() and query.get("command"):
        told["command"] = " ".join(str(word) for word in arguments([unquote(word) for word in query["command"]], place.redactor))
    if query.get("container"):
        told["container"] = query["container"][0]
    if asked.resource == "nodes" and asked.subresource == "proxy":
        told["path"] = place.redactor.text(urlsplit(asked.uri).path.partition("/proxy")[2])
    if asked.verb == "deletecollection":
        told["collection"] = True
    return told
