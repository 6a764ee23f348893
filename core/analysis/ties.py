"""What an event can be joined on: the operation that caused it, the sitting of its actor, the names of its resource. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.announcement import Announcement
from core.event import Actor, ActorKind, Event, ReferenceKind, Scope, Via
from core.trait import Trait


class Side(StrEnum):
    """Who moves things: declared machinery (IaC, GitOps, CI), a person's own hand, the platform itself, or nobody knows."""

    MACHINERY = "machinery"
    HAND = "hand"
    PLATFORM = "platform"
    UNKNOWN = "unknown"


# How surely two events that share such a reference have one cause. The order is the order of trust.
OPERATION_STRENGTH = {
    ReferenceKind.RUN: 0.98,
    ReferenceKind.STACK_OPERATION: 0.97,
    ReferenceKind.REQUEST: 0.96,
    ReferenceKind.RELEASE: 0.95,
    ReferenceKind.ROLLOUT: 0.9,
}
STRUCTURE_STRENGTH = {
    ReferenceKind.OWNER: 0.85,
    ReferenceKind.MOUNTS: 0.75,
    ReferenceKind.TARGETS: 0.75,
    ReferenceKind.PART_OF: 0.5,
}
SESSION_STRENGTH = 0.85
SITTING_STRENGTH = 0.7
SAME_THING_STRENGTH = 0.8
# What points at this leads to a cause only where one operation answers to it within the horizon.
ONLY_ONE = "stack-in:"
ONLY_ONE_STRENGTH = 0.6
NEARNESS_STRENGTH = 0.35
NEARNESS = timedelta(seconds=60)
_OPERATION_SAYS = {
    ReferenceKind.RUN: "same run",
    ReferenceKind.STACK_OPERATION: "same stack operation",
    ReferenceKind.REQUEST: "same request",
    ReferenceKind.RELEASE: "same release",
    ReferenceKind.ROLLOUT: "same rollout",
}
_REQUEST = f"op:{ReferenceKind.REQUEST}:"
# Acts that the platform starts by itself; a change of the same resource next to them is no cause of theirs.
_SELF_STARTED = frozenset({Trait.SCALES, Trait.BACKS_UP, Trait.MAINTAINS, Trait.ROTATES})


# They open an editor or ask back: somebody sat before them, whoever it was.
_EDITORS = frozenset({"kubectl edit"})


def side_of(actor: Actor) -> Side:
    if actor.via in (Via.IAC, Via.GITOPS):
        return Side.MACHINERY
    if actor.kind is ActorKind.SERVICE or actor.via in (Via.CONTROLLER, Via.SERVICE):
        return Side.PLATFORM
    if actor.kind is ActorKind.HUMAN:
        return Side.HAND
    if actor.kind is ActorKind.AUTOMATION:
        return Side.MACHINERY
    return Side.HAND if actor.via is Via.CONSOLE or actor.tool in _EDITORS else Side.UNKNOWN


def unexplained(actor: Actor, side: Side) -> bool:
    """Does who did it leave open why? A program that is neither IaC nor GitOps is machinery by its kind only, and keys leak."""
    return side in (Side.HAND, Side.UNKNOWN) or (side is Side.MACHINERY and actor.via not in (Via.IAC, Via.GITOPS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One event as correlation sees it.

    `operations` maps operation keys to strengths, `sitting` is the key of its actor's sitting (empty: none), `names` are what its
    resource goes by, `points` what it points at (id → strength), `steers` those of them that it scales or routes to,
    `starts_itself` that nothing beside it need have caused it. `place` is where nearness in time may mean something: a namespace, or an
    account's region; empty where the scope is too wide.
    """

    event: Event
    actor: Actor
    side: Side
    operations: dict[str, tuple[float, str]]
    sitting: str
    sitting_strength: float
    names: frozenset[str]
    points: dict[str, float]
    steers: frozenset[str]
    starts_itself: bool
    place: str

    @property
    def id(self) -> str:
        return self.event.id

    @property
    def at(self) -> datetime:
        return self.event.occurred_at

    @property
    def causes(self) -> dict[str, tuple[float, str]]:
        """Its operations that stand for a whole cause. A request is one call of many: it names itself, not why it was made."""
        return {key: tie for key, tie in self.operations.items() if not key.startswith(_REQUEST)}

    @property
    def begins(self) -> datetime:
        return self.event.occurred_after or self.event.occurred_at

    def apart(self, other: "Node") -> timedelta:
        """Time between the two (spans where the source gives no instant); zero where they overlap."""
        if self.at < other.begins:
            return other.begins - self.at
        if other.at < self.begins:
            return self.begins - other.at
        return timedelta(0)


def _place(event: Event) -> str:
    scope = event.resource.scope
    narrow = scope.namespace or ((scope.account or scope.project) and scope.region)
    return f"{event.resource.environment}|{scope}" if narrow else ""


def node_of(event: Event, actor: Actor, announcements: tuple[Announcement, ...] = ()) -> Node:
    """`announcements` are those of runs and pipelines; an event of declared machinery that one covers belongs to that run."""
    side = side_of(actor)
    operations = {
        f"op:{ref.kind}:{ref.id}": (OPERATION_STRENGTH[ref.kind], _OPERATION_SAYS[ref.kind])
        for ref in event.references
        if ref.kind in OPERATION_STRENGTH
    }
    for said in announcements:
        if side is not Side.HAND and said.reference and event.resource.key in said.covers.resource_keys:
            operations.setdefault(f"op:run:{said.reference}", (0.9, f"{said.title} declared this resource"))
    sitting, strength = _sitting(event, actor, side)
    names = {event.resource.key, *(ref.id for ref in event.references if ref.kind is ReferenceKind.SAME_AS)}
    if event.resource.uid:
        names.add(event.resource.uid)
    points = {ref.id: STRUCTURE_STRENGTH[ref.kind] for ref in event.references if ref.kind in STRUCTURE_STRENGTH}
    # A stack's tool calls with the credentials of whoever started the operation, who is all that ties the two.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-iam.html#using-iam-servicerole
    of_stack = any(ref.kind is ReferenceKind.STACK_OPERATION for ref in event.references)
    if actor.known and of_stack:
        names.add(_started_by(event, actor))
    elif actor.known and actor.via is Via.IAC and all(key.startswith(_REQUEST) for key in operations):
        points.setdefault(_started_by(event, actor), SESSION_STRENGTH)
    place = _place(event)
    if place:
        # With a role of its own it calls as that role, and names no stack; then the only operation going on in the place is its cause.
        if of_stack:
            names.add(f"{ONLY_ONE}{place}")
        elif actor.tool.startswith("CloudFormation") and all(key.startswith(_REQUEST) for key in operations):
            points.setdefault(f"{ONLY_ONE}{place}", ONLY_ONE_STRENGTH)
    return Node(
        event=event,
        actor=actor,
        side=side,
        operations=operations,
        sitting=sitting,
        sitting_strength=strength,
        names=frozenset(names),
        points=points,
        steers=frozenset(ref.id for ref in event.references if ref.kind is ReferenceKind.TARGETS),
        starts_itself=side is Side.PLATFORM and not _SELF_STARTED.isdisjoint(event.traits),
        place=place,
    )


def _started_by(event: Event, actor: Actor) -> str:
    return f"stack-by:{event.source}|{event.resource.environment}|{actor.id or actor.name}"


def _realm(event: Event) -> Scope:
    """Where one job of machinery works: a namespace, or all regions of an account."""
    scope = event.resource.scope
    return Scope(account=scope.account, project=scope.project, cluster=scope.cluster, namespace=scope.namespace)


def _sitting(event: Event, actor: Actor, side: Side) -> tuple[str, float]:
    # Machinery and hand are told apart within one session: a person's fix beside their own apply is another story.
    session = actor.session or next((ref.id for ref in event.references if ref.kind is ReferenceKind.SESSION), "")
    if side is Side.PLATFORM:
        who = actor.id or actor.name
        return (f"sit:{who}|{event.resource.key}|{event.change_type}", SITTING_STRENGTH) if who else ("", 0.0)
    if session:
        return f"sit:{session}|{actor.id}|{side}", SESSION_STRENGTH
    if actor.known and side is Side.MACHINERY:
        # Machinery works on many causes at once; without a session, one place and application at a time is one of them.
        part = next((ref.id for ref in event.references if ref.kind is ReferenceKind.PART_OF), "")
        return (
            f"sit:{event.source}|{actor.id or actor.name}|{actor.via}|{event.environment}|{_realm(event)}|{part}",
            SITTING_STRENGTH,
        )
    if actor.known and side is not Side.UNKNOWN:
        return f"sit:{event.source}|{actor.id or actor.name}|{side}|{actor.via}|{event.environment}", SITTING_STRENGTH
    return "", 0.0


def kept_keys(node: Node) -> dict[str, float]:
    """Keys under which later events find this one's story, with their strength."""
    keys = {key: strength for key, (strength, _) in node.operations.items()}
    keys.update({f"is:{name}": SAME_THING_STRENGTH for name in node.names})
    keys.update({f"of:{point}": strength for point, strength in node.points.items()})
    if node.sitting:
        keys[node.sitting] = node.sitting_strength
    if node.place and (node.operations or node.side is Side.UNKNOWN):
        keys[f"near:{node.place}|{_bucket(node.at)}"] = NEARNESS_STRENGTH
    return keys


def asked_keys(node: Node) -> set[str]:
    """Keys to look for earlier stories under: what this event shares with them, is pointed at by, or points at."""
    keys = {*node.operations, *(f"is:{name}" for name in node.names), *(f"of:{name}" for name in node.names)}
    for point in node.points:
        keys |= {f"is:{point}", f"of:{point}"}
    if node.sitting:
        keys.add(node.sitting)
    if node.place and (node.operations or node.side is Side.UNKNOWN):
        keys |= {f"near:{node.place}|{_bucket(node.at) + step}" for step in (-1, 0, 1)}
    return keys


def _bucket(at: datetime) -> int:
    return int(at.timestamp() // NEARNESS.total_seconds())


def compatible(one: Node, other: Node) -> bool:
    """May the two have one cause? Never a hand and machinery, nor two people, nor two runs. Symmetric, and of the pair alone."""
    sides = {one.side, other.side}
    if sides == {Side.HAND, Side.MACHINERY}:
        return False
    if one.side is other.side and one.side in (Side.HAND, Side.MACHINERY):
        if _differing_people(one.actor, other.actor) or {one.actor.via, other.actor.via} == {Via.IAC, Via.GITOPS}:
            return False
        return not _differing_runs(one, other)
    return True


def _differing_people(one: Actor, other: Actor) -> bool:
    if one.kind is not ActorKind.HUMAN or other.kind is not ActorKind.HUMAN or not (one.known and other.known):
        return False
    return _spellings(one).isdisjoint(_spellings(other))


def _spellings(actor: Actor) -> set[str]:
    raw = {actor.id.casefold(), actor.name.casefold()} - {""}
    return raw | {spelling.rsplit("/", 1)[-1].partition("@")[0] for spelling in raw}


def _differing_runs(one: Node, other: Node) -> bool:
    return bool(one.causes) and bool(other.causes) and one.causes.keys().isdisjoint(other.causes)
