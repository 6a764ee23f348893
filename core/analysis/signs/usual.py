"""Where and when: whose the resource is, and what is usual there, then and for who did it. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from core.analysis import habits
from core.analysis.cause import owned_by_git
from core.analysis.signs.seen import Seen, Sign
from core.analysis.ties import Side
from core.event import ChangeType, ReferenceKind
from core.trait import Trait

_ROLLBACK_WINDOW = timedelta(hours=2)


def where(seen: Seen) -> Iterator[Sign]:
    """Signs of the place: who owns the resource, and where the actor never was before."""
    managed = seen.managed
    if managed is not None and not managed.removed:
        says = f"{managed.address} in {managed.workspace or managed.source} owns this and will undo it at the next apply"
        yield Sign(name="managed", says=says, ref=f"{managed.source}:{managed.address}", kind="managed", at=managed.since)
    else:
        yield from _tracked(seen)
    actor = seen.baselines.get(seen.keys.actor)
    network = seen.node.actor.network
    if actor and network and actor.count >= 10:
        known = habits.places(actor)
        if known and network not in known:
            yield Sign(name="new_place", says=f"never before from {network}", ref=seen.keys.actor, kind="habit")


def _tracked(seen: Seen) -> Iterator[Sign]:
    """Does a GitOps application own it?"""
    for ref in seen.node.event.references:
        if ref.kind is ReferenceKind.PART_OF and owned_by_git(ref.id):
            yield Sign(
                name="managed",
                says=f"the GitOps application {ref.id.rpartition('/')[2]} owns this and will undo it at the next sync",
                ref=ref.id,
                kind="managed",
            )
            return


def when(seen: Seen) -> Iterator[Sign]:
    """Signs of the time: what happens then again and again, and what was never seen."""
    at, baselines, keys = seen.node.at, seen.baselines, seen.keys
    if keys.actor and keys.actor not in baselines:
        days = habits.known_days(baselines.get(keys.stream), at)
        if days >= habits.HISTORY_NEEDED_DAYS:
            yield Sign(name="new_actor", says=f"first change by this actor in {int(days)} days of history", ref=keys.actor, kind="habit")
    actor = baselines.get(keys.actor)
    if actor and habits.hour_is_strange(actor, at):
        says = f"{actor.count} changes by this actor before, hardly any near {at:%H}:00 UTC"
        yield Sign(name="off_hours", says=says, ref=keys.actor, kind="habit")
    for key in _habitual(seen):
        usual = habits.regularity(baselines[key], at) if key in baselines else None
        if usual:
            says = f"{usual.hits} of the last {usual.of} {usual.unit(at)} near {at:%H:%M} UTC"
            yield Sign(name="habit", says=says, ref=key, kind="habit")
            break
    same = baselines.get(keys.same)
    if seen.node.side is Side.HAND and same and (deployed := habits.by_machinery(same)):
        says = f"until now machinery changed this here, {deployed[0]} of {deployed[1]} times"
        yield Sign(name="usually_declared", says=says, ref=keys.same, kind="habit", at=same.last_at)
    acts = baselines.get(keys.actor_kind)
    if acts and acts.count >= 20 and habits.recent_days(acts, at, 30) >= 10 and not acts.endings.get("unplanned"):
        yield Sign(name="usual_of_actor", says=f"this actor did the like {acts.count} times before", ref=keys.actor_kind, kind="habit")
    yield from _rollback(seen)


def _habitual(seen: Seen) -> tuple[str, ...]:
    """The baselines in which a habit counts. A program does the like to many things; what a person does every day to one thing says
    nothing about another, and nothing makes it usual that a hand deletes or stops."""
    if seen.node.side is not Side.HAND:
        return seen.keys.same, seen.keys.actor_kind
    return () if seen.node.event.change_type in (ChangeType.DELETED, ChangeType.STOPPED) else (seen.keys.same,)


def _rollback(seen: Seen) -> Iterator[Sign]:
    event = seen.node.event
    if Trait.ROLLS_BACK in event.traits:
        yield Sign(name="rollback_soon", says="an earlier version is brought back", ref=event.id, kind="rule")
        return
    same = seen.baselines.get(seen.keys.same)
    if same and same.last_at and event.changes and timedelta(0) <= event.occurred_at - same.last_at <= _ROLLBACK_WINDOW:
        was, now = habits.values_of(event)
        if same.numbers.get("was") == now and same.numbers.get("now") == was:
            says = f"it undoes the change of {same.last_at:%H:%M} UTC"
            yield Sign(name="rollback_soon", says=says, ref=same.key, kind="habit", at=same.last_at)
