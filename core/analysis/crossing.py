"""Two causes at work on one thing at once: which of them a controller carries on cannot be told from its records. Pure."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from core.analysis.correlate import SKEW
from core.analysis.ties import STRUCTURE_STRENGTH, Node
from core.assessment import Verdict
from core.event import ReferenceKind

_DOUBTED = frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN})


def crossed(story: Sequence[Node], others: Iterable[tuple[Node, Verdict]], horizon: timedelta) -> bool:
    """Did something unplanned or unknown of another story begin, within the horizon before, to touch what this one touches?

    Being part of the same application is too wide to count. What began later (give or take the clocks) caused nothing here.
    """
    here: dict[str, list[Node]] = {}
    for node in story:
        for name in _touched(node):
            here.setdefault(name, []).append(node)
    return any(
        node.apart(other) <= horizon and other.begins <= node.at + SKEW
        for other, verdict in others
        if verdict in _DOUBTED
        for name in _touched(other)
        for node in here.get(name, ())
    )


def _touched(node: Node) -> set[str]:
    return {*node.names, *(point for point, strength in node.points.items() if strength > STRUCTURE_STRENGTH[ReferenceKind.PART_OF])}
