"""One change of one instance, of a state's outputs or of a state itself, as an Event. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.event import (
    UNKNOWN_ACTOR,
    Actor,
    ActorKind,
    ChangeType,
    Event,
    FieldChange,
    Reference,
    ReferenceKind,
    Resource,
    Scope,
    Via,
    event_id,
)
from core.json import JsonObject
from core.providers.terraform import identity, rules
from core.providers.terraform.origin import Cause, Origin, Place
from core.providers.terraform.subject import Subject
from core.trait import Trait

PROVIDER = "terraform"
_MOST_NAMES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of one state. It was written at `at`, its changes happened after `after`. `turn` counts how often the file was
    put back or exchanged: serials may come again after that."""

    origin: Origin
    place: Place
    serial: int
    lineage: str
    tool: str
    turn: int
    at: datetime
    after: datetime | None
    observed_at: datetime
    cause: Cause

    @property
    def run(self) -> str:
        """The id that every change of this version shares."""
        return f"{self.lineage or self.place.id}/{self.serial}" + (f"/{self.turn}" if self.turn else "")

    def native_id(self, what: str) -> str:
        place = "" if self.place.id == self.lineage else f"{self.place.id}@"
        return f"{place}{self.run}@{what}"


@dataclass(frozen=True, slots=True)
class Change:
    """One instance. `was` and `now` are its rows' states, empty where it was not or is no more."""

    type: ChangeType
    address: str
    was: JsonObject
    now: JsonObject
    fields: tuple[FieldChange, ...] = ()
    multiplied: bool = False
    came_from: str = ""


_ACTIONS = {
    ChangeType.CREATED: "added to the state",
    ChangeType.DELETED: "removed from the state",
    ChangeType.REPLACED: "replaced",
    ChangeType.MOVED: "moved in the state",
}


def of_instance(version: Version, change: Change) -> Event:
    state = change.now or change.was
    says = state.get("says") or {}
    kind = str(state.get("kind"))
    subject = Subject(
        change_type=change.type,
        kind=kind,
        before=change.was.get("says") or {},
        after=change.now.get("says") or {},
        changed=tuple(field.path for field in change.fields),
        multiplied=change.multiplied,
    )
    traits = rules.traits(subject)
    change_type = ChangeType.SCALED if change.type is ChangeType.MODIFIED and traits == {Trait.SCALES} else change.type
    names = dict.fromkeys(identity.aliases(kind, says))
    return Event(
        id=event_id(version.origin.source, version.native_id(change.address)),
        source=version.origin.source,
        provider=PROVIDER,
        occurred_at=version.at,
        occurred_after=version.after,
        observed_at=version.observed_at,
        resource=Resource(
            provider=PROVIDER,
            kind=kind,
            name=change.address,
            scope=identity.scope(says, version.place.label),
            uid=f"{version.lineage or version.place.id}/{change.address}",
            environment=version.origin.environment,
            labels=identity.labels(says),
        ),
        change_type=change_type,
        native_action=_ACTIONS.get(change.type, "changed in the state"),
        native_id=version.native_id(change.address),
        actor=_actor(version),
        traits=traits or _ordinary(change),
        changes=change.fields,
        references=(*_run(version), *(Reference(kind=ReferenceKind.SAME_AS, id=name) for name in names)),
        intents=version.cause.intents,
        links=version.cause.links,
        metadata={
            "serial": version.serial,
            "workspace": version.place.label,
            **({"moved_from": change.came_from} if change.came_from else {}),
        },
    )


def _ordinary(change: Change) -> frozenset[Trait]:
    only_moved = change.type is ChangeType.MOVED and len(change.fields) == 1
    return frozenset() if only_moved else frozenset({Trait.CHANGES_CONFIGURATION})


def of_outputs(version: Version, changes: Sequence[FieldChange]) -> Event:
    """Outputs that changed while no resource did."""
    return _about_state(version, "outputs", ChangeType.MODIFIED, "outputs changed", tuple(changes), _actor(version))


def of_state(version: Version, before: JsonObject, added: Sequence[str], gone: Sequence[str], changed: Sequence[str]) -> Event:
    """The file was exchanged, put back or rewritten; what that did to its content is counted, not told as changes of the resources."""
    fields = [
        FieldChange(path=name, before=before.get(name), after=now)
        for name, now in (("lineage", version.lineage), ("serial", version.serial))
        if before.get(name) != now
    ]
    counts = (("resources added", added), ("resources gone", gone), ("resources changed", changed))
    fields += [FieldChange(path=path, before=None, after=list(named[:_MOST_NAMES])) for path, named in counts if named]
    if before.get("lineage") != version.lineage:
        change_type, says = ChangeType.REPLACED, "another state stands in its place (its lineage changed)"
    elif version.serial < int(before.get("serial") or 0):
        change_type, says = ChangeType.MODIFIED, f"the state went back from serial {before.get('serial')} to {version.serial}"
    else:
        change_type, says = ChangeType.MODIFIED, f"the state was rewritten under the same serial {version.serial}"
    told = {"added": len(added), "gone": len(gone), "changed": len(changed)}
    return _about_state(version, "state", change_type, says, tuple(fields), UNKNOWN_ACTOR, told)


def _about_state(
    version: Version, what: str, change_type: ChangeType, action: str,
    fields: tuple[FieldChange, ...], actor: Actor, told: JsonObject | None = None,
) -> Event:  # fmt: skip
    return Event(
        id=event_id(version.origin.source, version.native_id(f"({what})")),
        source=version.origin.source,
        provider=PROVIDER,
        occurred_at=version.at,
        occurred_after=version.after,
        observed_at=version.observed_at,
        resource=state_resource(version.origin, version.place, version.lineage),
        change_type=change_type,
        native_action=action,
        native_id=version.native_id(f"({what})"),
        actor=version.cause.actor or actor,
        traits=frozenset({Trait.CHANGES_CONFIGURATION}),
        changes=fields,
        references=_run(version),
        intents=version.cause.intents,
        links=version.cause.links,
        metadata={"serial": version.serial, "workspace": version.place.label, **(told or {})},
    )


def state_resource(origin: Origin, place: Place, lineage: str) -> Resource:
    return Resource(
        provider=PROVIDER,
        kind="terraform_state",
        name=place.label,
        scope=Scope(project=place.label),
        uid=lineage or place.id,
        environment=origin.environment,
    )


def _run(version: Version) -> tuple[Reference, ...]:
    """What is told of the run comes first; the version itself ties its own changes together."""
    return (*version.cause.references, Reference(kind=ReferenceKind.RUN, id=version.run))


def _actor(version: Version) -> Actor:
    """A state names no person: that machinery wrote it is all it tells."""
    tool = f"Terraform {version.tool}".strip()
    told = version.cause.actor
    if told is None:
        return Actor(kind=ActorKind.UNKNOWN, via=Via.IAC, tool=tool)
    return Actor(kind=told.kind, id=told.id, name=told.name, via=Via.IAC, tool=told.tool or tool, session=told.session)
