"""Two causes at work on one thing at once: which of them a controller carries on cannot be told from its records. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.analysis.chronicle import Assignment
from core.analysis.correlate import SKEW
from core.analysis.ties import STRUCTURE_STRENGTH, Node
from core.assessment import Assessment, Comfort, ComfortLevel, Verdict
from core.event import ReferenceKind
from core.story import DOUBTED, Story
from core.unified import UnifiedEvent

_DOUBTED = frozenset({Verdict.UNPLANNED, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Doubted:
    """What is unplanned or unknown, by what it touches."""

    by_name: dict[str, list[Node]] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Iterable[tuple[Node, Verdict]]) -> "Doubted":
        made = cls()
        for node, verdict in told:
            for name in _touched(node) if verdict in _DOUBTED else ():
                made.by_name.setdefault(name, []).append(node)
        return made


def crossed(story: Sequence[Node], doubted: Doubted, horizon: timedelta) -> bool:
    """Did something doubted of another story begin, within the horizon before, to touch what this one touches?

    Being part of the same application is too wide to count. What began later (give or take the clocks) caused nothing here.
    """
    own = {node.id for node in story}
    return any(
        other.id not in own and node.apart(other) <= horizon and other.begins <= node.at + SKEW
        for node in story
        for name in _touched(node)
        for other in doubted.by_name.get(name, ())
    )


def doubt(
    untouched: Iterable[Assignment], known: Mapping[str, UnifiedEvent], fresh: Doubted, horizon: timedelta, now: datetime
) -> tuple[list[Assessment], list[Story]]:
    """Stored stories that nothing else is new in, with what they say calmly, where what is judged now crosses them."""
    assessments, stories = list[Assessment](), list[Story]()
    for plan in untouched if fresh.by_name else ():
        calm = [one for node in plan.group.nodes if (one := known[node.id].assessment).comfort.reassures]
        if calm and plan.goes_on and crossed(plan.group.nodes, fresh, horizon):
            assessments += [uncalmed(one, DOUBTED, now) for one in calm]
            stories.append(replace(plan.goes_on, revision=plan.goes_on.revision + 1, updated_at=now, because=DOUBTED))
    return assessments, stories


def uncalmed(told: Assessment, because: str, now: datetime) -> Assessment:
    """The next revision of what was spoken of calmly before its story was in doubt."""
    level = ComfortLevel.NONE if told.comfort.level is ComfortLevel.NONE else ComfortLevel.LOW
    comfort = Comfort(level=level, stability=told.comfort.stability)
    return replace(told, revision=told.revision + 1, assessed_at=now, comfort=comfort, because=because)


def _touched(node: Node) -> set[str]:
    return {*node.names, *(point for point, strength in node.points.items() if strength > STRUCTURE_STRENGTH[ReferenceKind.PART_OF])}
