"""Two states of one object → what changed between them. Pure. The state kept is `state.state_of`: no noise, no secrets."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.batch import KnownState, Reading
from core.diff import diff
from core.errors import RecordUnreadable
from core.event import UNKNOWN_ACTOR, Actor, ActorKind, ChangeType, Event, FieldChange, event_id
from core.json import JsonObject, canonical
from core.kube import actors, rules, ties
from core.kube.kinds import full_kind
from core.kube.state import is_noise, made_beside, state_of
from core.kube.subject import Subject, items, mapping, text
from core.observation import Observation
from core.providers.kubernetes import health
from core.providers.kubernetes.origin import PROVIDER, SNAPSHOT, VERSION, Origin, parse_time
from core.trait import Trait

_LIST_KEYS = ("name", "key", "containerPort", "port", "mountPath", "ip", "topologyKey", "uid", "type")
_TEMPLATES_KEPT = 10
_WHOLE_SECOND = timedelta(seconds=1)
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """One look at one object. `since` is when it was looked at before: what cannot be timed happened after that.

    `state_at` is when the state before was known: writers' times are whole seconds, so two changes may share one.
    `listed` where it was found by listing again after a loss.
    """

    found: JsonObject
    key: str
    origin: Origin
    observed_at: datetime
    since: datetime | None = None
    state_at: datetime | None = None
    listed: bool = False

    @property
    def generation(self) -> int:
        told = mapping(self.found, "metadata").get("generation")
        return told if isinstance(told, int) else 0

    @property
    def version_made(self) -> str:
        """The resourceVersion this change made; "" where it was not watched: later writes of the status may have made that one."""
        return "" if self.listed or self.since is None else text(self.found, "metadata", "resourceVersion")

    @property
    def kind(self) -> str:
        return full_kind(text(self.found, "kind"), text(self.found, "apiVersion").rpartition("/")[0])

    @property
    def name(self) -> str:
        return text(self.found, "metadata", "name")

    @property
    def namespace(self) -> str:
        return text(self.found, "metadata", "namespace")

    @property
    def uid(self) -> str:
        return text(self.found, "metadata", "uid")

    @property
    def deleting(self) -> bool:
        return bool(text(self.found, "metadata", "deletionTimestamp"))


def lineage_key(record: JsonObject) -> str:
    """The key under which the states of one object follow each other: its uid, else its place and name. Raises RecordUnreadable."""
    metadata = mapping(record, "metadata")
    kind, name = text(record, "kind"), text(metadata, "name")
    if not kind or not name:
        raise RecordUnreadable("no object: kind and metadata.name are needed")
    place = text(metadata, "uid") or f"{text(metadata, 'namespace')}/{name}"
    return f"lineage/{place}/{kind}"


def read(record: JsonObject, key: str, before: KnownState | None, *, origin: Origin, observed_at: datetime) -> Reading:
    """The difference to the state before of the same lineage; a baseline where there is none."""
    glance = Glance(found=record, key=key, origin=origin, observed_at=observed_at)
    if before is None or before.state is None:
        return baseline(glance)
    return compare(glance, before.state)


def kept(glance: Glance, before: JsonObject | None = None) -> JsonObject:
    """What is remembered of the object. `templates` are digests of the latest pod templates, newest last."""
    state = state_of(glance.found, glance.origin.redactor)
    remembered: JsonObject = {"kind": glance.kind, "name": glance.name, "namespace": glance.namespace, "uid": glance.uid}
    remembered |= {"object": state, "owners": items(glance.found, "metadata", "ownerReferences")}
    if glance.deleting:
        remembered["deleting"] = True
    if glance.generation:
        remembered["generation"] = glance.generation
    writers = sorted({_writer(entry) for entry in items(glance.found, "metadata", "managedFields")})
    if writers:
        remembered["writers"] = writers
    template = _template(state)
    if template:
        earlier = [one for one in items(before, "templates") if one != template]
        remembered["templates"] = [*earlier, template][-_TEMPLATES_KEPT:]
    return remembered


def _writer(entry: JsonObject) -> str:
    return f"{text(entry, 'manager')} {text(entry, 'time')}"


def _template(state: JsonObject) -> str:
    template = mapping(state, "spec", "template")
    if not template:
        return ""
    return hashlib.sha256(canonical(_without_restart(template)).encode()).hexdigest()[:12]


def _without_restart(template: JsonObject) -> JsonObject:
    metadata = mapping(template, "metadata")
    annotations = {key: value for key, value in mapping(metadata, "annotations").items() if key != _RESTARTED_AT}
    return {**template, "metadata": {**metadata, "annotations": annotations}}


def baseline(glance: Glance) -> Reading:
    """First sight: nothing to compare with."""
    if is_noise(glance.kind, glance.name):
        return Reading(baseline=True)
    return Reading(known_changes=(_known(glance, kept(glance)),), observations=_health(glance), baseline=True)


def created(glance: Glance) -> Reading:
    """An object that was not there when the whole was last read."""
    if is_noise(glance.kind, glance.name):
        return Reading()
    written = actors.manager_of(items(glance.found, "metadata", "managedFields"), ())
    at, actor = parse_time(text(glance.found, "metadata", "creationTimestamp")), actors.of_manager(text(written, "manager"))
    beside = (actor.kind is ActorKind.SERVICE or not actor.tool) and made_beside(glance.kind, glance.name)
    events = () if beside else (_event(glance, ChangeType.CREATED, {}, (), actor, at),)
    return Reading(events=events, known_changes=(_known(glance, kept(glance)),), observations=_health(glance))


def compare(glance: Glance, before: JsonObject) -> Reading:
    """What changed since `before`: at most one event. A status alone, a resync or another order is none."""
    if is_noise(glance.kind, glance.name):
        return Reading()
    if before.get("uid") and glance.uid and before["uid"] != glance.uid:
        return _replaced(glance, before)
    after = kept(glance, before)
    if glance.deleting:
        if before.get("deleting"):
            return Reading()
        return replace(_deletion(glance, before), known_changes=(_known(glance, after),))
    old = mapping(before, "object")
    changes = diff(old, after["object"], list_keys=_LIST_KEYS)
    if not changes or _shown_otherwise(glance, before, changes):
        # A newer writer of nothing that is kept is no reason to write.
        kept_anew = () if _quiet(before) == _quiet(after) else (_known(glance, after),)
        return Reading(observations=_health(glance), known_changes=kept_anew)
    paths = tuple(change.path for change in changes)
    written = actors.manager_of(items(glance.found, "metadata", "managedFields"), paths)
    at = parse_time(text(written, "time"))
    if _writer(written) in items(before, "writers") and (at is None or (glance.state_at or glance.observed_at) >= at + _WHOLE_SECOND):
        # Who wrote these fields last had done so before the last look: that is not this change. What removes a field, and the scale
        # subresource before 1.22, leave no writer.
        written, at = {}, None
    event = _event(glance, _change_type(changes, old, after), before, changes, actors.of_manager(text(written, "manager")), at)
    return Reading(events=(event,), known_changes=(_known(glance, after),), observations=_health(glance))


def _quiet(state: JsonObject) -> str:
    return canonical({key: value for key, value in state.items() if key not in ("writers", "generation")})


def _shown_otherwise(glance: Glance, before: JsonObject, changes: tuple[FieldChange, ...]) -> bool:
    """Is it the server that shows a field otherwise (a new default, another version) while nobody wrote the specification?

    Each write of a specification raises the generation: https://kubernetes.io/docs/reference/using-api/api-concepts/
    """
    same = glance.generation and glance.generation == before.get("generation")
    return bool(glance.listed and same) and all(change.path.startswith("spec.") for change in changes)


def deleted(key: str, before: KnownState, *, origin: Origin, observed_at: datetime, at: datetime | None = None) -> Reading:
    """An object that is gone. Silent where its deletion was told when it began."""
    state = before.state or {}
    removal = (KnownState(key=key, state=None, at=observed_at),)
    if state.get("deleting"):
        return Reading(known_changes=removal)
    metadata = {
        **mapping(state, "object", "metadata"),
        **{key: state.get(key) for key in ("name", "namespace", "uid")},
        "ownerReferences": items(state, "owners"),
    }
    found = {**mapping(state, "object"), "kind": state.get("kind"), "metadata": metadata}
    glance = Glance(found=found, key=key, origin=origin, observed_at=observed_at, since=before.at)
    return Reading(events=(_event(glance, ChangeType.DELETED, state, (), UNKNOWN_ACTOR, at),), known_changes=removal)


def deleted_at(found: JsonObject) -> datetime | None:
    """When its deletion was asked for: the mark lies its grace period ahead. None where it carries no mark."""
    at = parse_time(text(found, "metadata", "deletionTimestamp"))
    grace = mapping(found, "metadata").get("deletionGracePeriodSeconds")
    return at - timedelta(seconds=grace) if at is not None and isinstance(grace, int | float) else at


def _deletion(glance: Glance, before: JsonObject) -> Reading:
    event = _event(glance, ChangeType.DELETED, before, (), UNKNOWN_ACTOR, deleted_at(glance.found))
    return Reading(events=(event,))


def _replaced(glance: Glance, before: JsonObject) -> Reading:
    """Deleted and made again under its name, both unseen."""
    after = kept(glance)
    changes = diff(mapping(before, "object"), after["object"], list_keys=_LIST_KEYS)
    written = actors.manager_of(items(glance.found, "metadata", "managedFields"), ())
    at = parse_time(text(glance.found, "metadata", "creationTimestamp"))
    event = _event(glance, ChangeType.REPLACED, before, changes, actors.of_manager(text(written, "manager")), at)
    return Reading(events=(event,), known_changes=(_known(glance, after),), observations=_health(glance))


def _change_type(changes: tuple[FieldChange, ...], old: JsonObject, after: JsonObject) -> ChangeType:
    paths = [change.path for change in changes]
    if all(path == "spec.replicas" for path in paths):
        return ChangeType.SCALED
    at = mapping(after, "object", "spec", "template", "metadata", "annotations").get(_RESTARTED_AT)
    restarted = at is not None and at != mapping(old, "spec", "template", "metadata", "annotations").get(_RESTARTED_AT)
    return ChangeType.RESTARTED if restarted and _template(old) == _template(after["object"]) else ChangeType.MODIFIED


def _event(
    glance: Glance, change_type: ChangeType, before: JsonObject, changes: tuple[FieldChange, ...], actor: Actor, at: datetime | None
) -> Event:  # fmt: skip
    origin, occurred_at = glance.origin, min(at, glance.observed_at) if at else glance.observed_at
    gone = change_type is ChangeType.DELETED
    subject = Subject(
        change_type=change_type,
        kind=glance.kind,
        name=glance.name,
        namespace=glance.namespace,
        group=text(glance.found, "apiVersion").rpartition("/")[0],
        before=mapping(before, "object"),
        after={} if gone else glance.found,
        changed=tuple(change.path for change in changes),
        by_platform=actor.kind is ActorKind.SERVICE,
    )
    native = _native_id(glance, change_type, before)
    written = None if change_type is ChangeType.CREATED else subject.changed
    return Event(
        id=event_id(origin.source, native),
        source=origin.source,
        provider=PROVIDER,
        occurred_at=occurred_at,
        occurred_after=None if at else min(glance.since, occurred_at) if glance.since else None,
        observed_at=glance.observed_at,
        resource=origin.resource(
            glance.kind, glance.name, glance.namespace, uid=glance.uid, labels=mapping(glance.found, "metadata", "labels")
        ),
        change_type=change_type,
        native_action=SNAPSHOT,
        native_id=native,
        actor=actor,
        nameless=True,
        traits=_traits(subject, before, glance),
        changes=changes,
        metadata={VERSION: version} if (version := glance.version_made) and not gone else {},
        references=ties.references(glance.found, origin, with_namespace=gone or change_type is ChangeType.CREATED),
        intents=() if gone else ties.intents(glance.found, actor.tool, origin, written),
    )


def _traits(subject: Subject, before: JsonObject, glance: Glance) -> frozenset[Trait]:
    found = rules.traits(subject)
    template = _template(state_of(glance.found, glance.origin.redactor)) if subject.change_type is ChangeType.MODIFIED else ""
    earlier = items(before, "templates")
    if template and template in earlier[:-1]:
        found |= {Trait.ROLLS_BACK}
    return found


def _native_id(glance: Glance, change_type: ChangeType, before: JsonObject) -> str:
    place = "/".join(part for part in (glance.kind, glance.namespace, glance.name) if part)
    if change_type is ChangeType.DELETED:
        return f"{place}@{glance.uid}@deleted"
    version = text(glance.found, "metadata", "resourceVersion")
    told = [state_of(glance.found, glance.origin.redactor), None if version else before.get("object")]
    return f"{place}@{glance.uid}@{version}@{hashlib.sha256(canonical(told).encode()).hexdigest()[:12]}"


def _known(glance: Glance, state: JsonObject) -> KnownState:
    return KnownState(key=glance.key, state=state, at=glance.observed_at)


def _health(glance: Glance) -> tuple[Observation, ...]:
    return health.readings(glance.found, glance.origin, glance.observed_at)
