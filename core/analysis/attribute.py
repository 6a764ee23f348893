"""Who did it, after joining what other sources know of the same change. Pure."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from core.analysis.ties import Side, side_of
from core.announcement import Announcement
from core.assessment import Attribution
from core.event import Actor, ActorKind, Event, ReferenceKind
from core.evidence import Evidence

# Another source's record of the very change lies within its lag and clock.
NEAR = timedelta(minutes=5)


def names_of(event: Event) -> frozenset[str]:
    """What the event's resource goes by in any layer."""
    same = {ref.id for ref in event.references if ref.kind is ReferenceKind.SAME_AS}
    return frozenset({event.resource.key, event.resource.uid, *same} - {""})


def attribute(event: Event, others: Iterable[Event], announcements: Sequence[Announcement]) -> Attribution:
    """The person or identity behind `event`. `others` are changes of the same resource told by other sources, near in time.

    A known actor stays, and gains the name of who started the run it belongs to. Where several changed it in that time and nothing tells
    whose change this is, nobody is named and the evidence says so. Nothing found: the event's own actor, no evidence.
    """
    if event.actor.known and event.actor.kind is not ActorKind.UNKNOWN:
        return Attribution(actor=event.actor)
    run_ids = {ref.id for ref in event.references if ref.kind is ReferenceKind.RUN}
    for said in announcements:
        named = said.reference in run_ids or event.resource.key in said.covers.resource_keys
        if said.by.known and said.kind != "window" and named and said.range.holds(event.occurred_at):
            return _found(event, said.by, f"{said.title} was started by {said.by.name or said.by.id}", said.id)
    nearest = _nearest(event, [other for other in others if _same_change(event, other)])
    if not nearest:
        return Attribution(actor=event.actor)
    best = nearest[0]
    people = {one.actor.id or one.actor.name: one.actor.name or one.actor.id for one in nearest}
    if len(people) > 1:
        seen = f"{_and({one.source for one in nearest})} saw {_and(set(people.values()))} change it in that time"
        says = f"{seen}; which of them made this change is not known"
        return Attribution(actor=event.actor, evidence=(Evidence(kind="identity", says=says, ref=best.id),))
    return _found(event, best.actor, f"{best.source} saw {best.actor.name or best.actor.id} change it", best.id)


def _nearest(event: Event, witnesses: Sequence[Event]) -> list[Event]:
    """Those that are equally near: each record within the span in which the change happened is."""
    nearest = min((_apart(event, one) for one in witnesses), default=None)
    return sorted((one for one in witnesses if _apart(event, one) == nearest), key=lambda one: one.id)


def _and(names: Collection[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last


def _found(event: Event, actor: Actor, says: str, ref: str) -> Attribution:
    own = event.actor
    # The event's own word on the tool stays where it has one: the other source may know the person only.
    via = own.via if own.via.value != "unknown" else actor.via
    joined = Actor(
        kind=actor.kind,
        id=actor.id,
        name=actor.name,
        via=via,
        tool=own.tool or actor.tool,
        session=actor.session,
        network=actor.network,
        privileged=actor.privileged or own.privileged,
    )
    return Attribution(actor=joined, evidence=(Evidence(kind="identity", says=says, ref=ref),))


def _same_change(event: Event, other: Event) -> bool:
    if other.id == event.id or other.source == event.source or not other.actor.known or other.attempted != event.attempted:
        return False
    sides = {side_of(event.actor), side_of(other.actor)}
    if sides == {Side.HAND, Side.MACHINERY}:
        return False
    return _apart(event, other) <= NEAR and not names_of(event).isdisjoint(names_of(other))


def _apart(event: Event, other: Event) -> timedelta:
    begins = event.occurred_after or event.occurred_at
    if begins <= other.occurred_at <= event.occurred_at:
        return timedelta(0)
    return min(abs(event.occurred_at - other.occurred_at), abs(begins - other.occurred_at))
