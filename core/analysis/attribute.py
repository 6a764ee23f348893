"""Who did it, after joining what other sources know of the same change. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from core.analysis.ties import Side, side_of
from core.announcement import Announcement
from core.assessment import Attribution
from core.event import Actor, ActorKind, ChangeType, Event, ReferenceKind
from core.evidence import Evidence
from core.trait import Trait

# Another source's record of the very change lies within its lag and clock.
NEAR = timedelta(minutes=5)
# No two layers tell one of these as something else, but for what is deleted and created again.
_UNLIKE_ANY = frozenset({ChangeType.CREATED, ChangeType.DELETED, ChangeType.MOVED, ChangeType.EXECUTED})


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
    if len({one.actor.id or one.actor.name for one in nearest}) > 1:
        return Attribution(actor=event.actor, evidence=_doubt(event, nearest))
    return _found(event, best.actor, f"{best.source} saw {_name(best)} change it", best.id)


def _doubt(event: Event, nearest: Sequence[Event]) -> tuple[Evidence, ...]:
    """Each record is named, so that a later look finds all of them again, also where only one of them is at hand."""
    people = _and({_name(one) for one in nearest})
    seen = {(one.source, one.actor.id or one.actor.name): one for one in reversed(nearest)}
    return (
        Evidence(kind="identity", says=f"which of {people} made this change is not known", ref=event.id),
        *(
            Evidence(kind="identity", says=f"{source} saw {_name(one)} change it in that time", ref=one.id)
            for (source, _), one in sorted(seen.items())
        ),
    )


def _name(event: Event) -> str:
    return event.actor.name or event.actor.id


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
    if _apart(event, other) > NEAR or names_of(event).isdisjoint(names_of(other)):
        return False
    return _one_sort(event.change_type, other.change_type) and _explains_fields(event, other)


def _one_sort(one: ChangeType, other: ChangeType) -> bool:
    types = {one, other}
    if ChangeType.REPLACED in types:
        return ChangeType.EXECUTED not in types
    return one is other or (types.isdisjoint(_UNLIKE_ANY) and types != {ChangeType.STARTED, ChangeType.STOPPED})


def _explains_fields(event: Event, other: Event) -> bool:
    """Can the act have changed what the event shows? Ruled out only where both tell it in words that can be compared."""
    if not event.changes:
        return True
    # Of its kind alone, whoever tells it: only labels, or only how many.
    if Trait.TAGS in other.traits and Trait.TAGS not in event.traits:
        return False
    if other.change_type is ChangeType.SCALED and event.change_type is not ChangeType.SCALED and Trait.SCALES not in event.traits:
        return False
    one_spelling = event.provider == other.provider and event.resource.kind == other.resource.kind
    return not (one_spelling and other.changes) or not _words(event).isdisjoint(_words(other))


def _words(event: Event) -> set[str]:
    """The parts of its fields' paths, however they are written: `tag_set` and `TagSet` are one."""
    parts = (part for change in event.changes for part in re.split(r"[./\[\]]", change.path))
    return {re.sub(r"[^a-z0-9]", "", part.lower()) for part in parts} - {""}


def _apart(event: Event, other: Event) -> timedelta:
    begins = event.occurred_after or event.occurred_at
    if begins <= other.occurred_at <= event.occurred_at:
        return timedelta(0)
    return min(abs(event.occurred_at - other.occurred_at), abs(begins - other.occurred_at))
