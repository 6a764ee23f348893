"""Changes for tests of analysis: one short call each, everything else at its plainest."""

from datetime import UTC, datetime, timedelta

from core.analysis.correlate import Group
from core.analysis.ties import Node, node_of
from core.event import (
    UNKNOWN_ACTOR,
    Actor,
    ActorKind,
    ChangeType,
    Event,
    Intent,
    Reference,
    ReferenceKind,
    Resource,
    Scope,
    Via,
    event_id,
)  # fmt: skip
from core.trait import Trait

T0 = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # a Monday

ANA = Actor(kind=ActorKind.HUMAN, id="ana@example.com", name="Ana", via=Via.CLI, tool="kubectl")
BEN = Actor(kind=ActorKind.HUMAN, id="ben@example.com", name="Ben", via=Via.CONSOLE)
APPLY = Actor(kind=ActorKind.AUTOMATION, via=Via.IAC, tool="Terraform 1.11")
SCALER = Actor(kind=ActorKind.SERVICE, id="autoscaler", name="autoscaler", via=Via.CONTROLLER)
NOBODY = UNKNOWN_ACTOR


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def change(
    name: str,
    minutes: float = 0.0,
    actor: Actor = NOBODY,
    *,
    kind: str = "Deployment",
    type: ChangeType = ChangeType.MODIFIED,
    source: str = "cluster",
    provider: str = "kubernetes",
    traits: tuple[Trait, ...] = (),
    refs: tuple[tuple[ReferenceKind, str], ...] = (),
    intents: tuple[Intent, ...] = (),
    uid: str = "",
    namespace: str = "shop",
    environment: str = "prod",
    number: int = 0,
    when: datetime | None = None,
    after: datetime | None = None,
    error: str = "",
) -> Event:
    occurred_at = when or at(minutes)
    native = f"{name}|{kind}|{type}|{occurred_at.isoformat()}|{actor.id}|{number}"
    return Event(
        id=event_id(source, native),
        source=source,
        provider=provider,
        occurred_at=occurred_at,
        occurred_after=after,
        observed_at=occurred_at,
        resource=Resource(provider=provider, kind=kind, name=name, scope=Scope(namespace=namespace), uid=uid, environment=environment),
        change_type=type,
        native_action="changed",
        native_id=native,
        actor=actor,
        traits=frozenset(traits),
        references=tuple(Reference(kind=kind_, id=id_) for kind_, id_ in refs),
        intents=intents,
        error=error,
    )


def node(event: Event) -> Node:
    return node_of(event, event.actor)


def partition(groups: list[Group]) -> set[frozenset[str]]:
    return {frozenset(one.id for one in group.nodes) for group in groups}


def named(groups: list[Group]) -> set[frozenset[str]]:
    """The partition by names of resources, for stories in which each event has its own."""
    return {frozenset(one.event.resource.name for one in group.nodes) for group in groups}
