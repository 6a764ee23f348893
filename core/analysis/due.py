"""Which stories and which of their events are to be looked at (again), now that a batch arrived. Pure."""

from collections.abc import Collection, Mapping, Sequence

from core.analysis.cause import Cause
from core.analysis.chronicle import Assignment
from core.analysis.ties import Node
from core.unified import UnifiedEvent

Known = Mapping[str, UnifiedEvent]


def touched(plans: Sequence[Assignment], known: Known, again: Collection[str]) -> list[Assignment]:
    """Those whose story is not as it is stored: events are new in it, came from another, went to another, or are better known."""
    losing = {
        known[n.id].correlation_id for p in plans for n in p.group.nodes if n.id in known and known[n.id].correlation_id != p.story_id
    }
    return [
        plan
        for plan in plans
        if plan.swallows
        or plan.story_id in losing
        or any(node.id in again or _not_its_own(node, plan, known) or _known_otherwise(known[node.id], node) for node in plan.group.nodes)
    ]


def arrived(plan: Assignment, known: Known) -> set[str]:
    """The plan's events that are not stored as its own yet."""
    return {node.id for node in plan.group.nodes if _not_its_own(node, plan, known)}


def to_judge(plan: Assignment, cause: Cause, stored_cause: Cause | None, known: Known, again: Collection[str]) -> Sequence[Node]:
    """Its new events, and its stored ones where what is known of them or of their cause is not what it was.

    `stored_cause` is that of its stored events alone; None where all are to be judged whatever it was.
    """
    if stored_cause is None or not cause.tells_the_same(stored_cause):
        return plan.group.nodes
    fresh = arrived(plan, known)
    return [node for node in plan.group.nodes if node.id in fresh or node.id in again or _known_otherwise(known[node.id], node)]


def _not_its_own(node: Node, plan: Assignment, known: Known) -> bool:
    return node.id not in known or known[node.id].correlation_id != plan.story_id


def _known_otherwise(held: UnifiedEvent, node: Node) -> bool:
    """Is it somebody else's now, somebody's at last, or nobody's any more?"""
    return (node.actor.id, node.actor.name) != (held.actor.id, held.actor.name)
