"""One cause, one story. A pure function of the set of events: the order in which they arrived has no say.

From the strongest tie to the weakest: a shared operation, a sitting of one actor, a structural reference or the same resource,
and, low in confidence, nearness in time where only one cause is near. An event without an operation picks exactly one cause, the
best, so that it never glues two causes together.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from core.analysis.ties import NEARNESS, NEARNESS_STRENGTH, ONLY_ONE, SAME_THING_STRENGTH, Node, Side, compatible
from core.evidence import Evidence

OPERATION_HORIZON = timedelta(hours=6)
# Clocks of two sources differ, and a consequence may be stamped a little before its cause.
SKEW = timedelta(minutes=2)
# Beyond this many candidates under one name the nearest in time are looked at.
_MOST_CANDIDATES = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """Why an event belongs to its group: the tie to one other member."""

    to: str
    strength: float
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Events of one cause in order of time, each with its ties to the others."""

    nodes: tuple[Node, ...]
    joins: dict[str, tuple[Joined, ...]]

    def confidence(self, event_id: str) -> float:
        """1 − the chance that every tie of the event misleads; 1 for an event alone."""
        if len(self.nodes) == 1:
            return 1.0
        doubt = 1.0
        for join in self.joins.get(event_id, ()):
            doubt *= 1.0 - join.strength
        return round(1.0 - doubt, 4)

    def evidence(self, event_id: str) -> tuple[Evidence, ...]:
        return tuple(Evidence(kind="tie", says=join.says, ref=join.to) for join in self.joins.get(event_id, ()))


@dataclass(slots=True)
class _Sets:
    parent: dict[str, str] = field(default_factory=dict)

    def find(self, one: str) -> str:
        root = one
        while (above := self.parent.setdefault(root, root)) != root:
            root = above
        while self.parent[one] != root:
            self.parent[one], one = root, self.parent[one]
        return root

    def union(self, one: str, other: str) -> None:
        a, b = self.find(one), self.find(other)
        if a != b:
            self.parent[max(a, b)] = min(a, b)


def correlate(nodes: Iterable[Node], horizon: timedelta) -> list[Group]:
    """Partition into groups of one cause, in order of their first event. Raises nothing."""
    work = _Work(sorted({node.id: node for node in nodes}.values(), key=_order), horizon)
    work.join_operations()
    work.join_sittings()
    work.join_consequences()
    work.join_near()
    return work.groups()


def _order(node: Node) -> tuple[object, str]:
    return node.at, node.id


class _Work:
    def __init__(self, nodes: Sequence[Node], horizon: timedelta) -> None:
        self.nodes = nodes
        self.horizon = horizon
        self.sets = _Sets()
        self.ties: dict[str, dict[str, Joined]] = defaultdict(dict)
        self.by_name: dict[str, list[Node]] = defaultdict(list)
        self.by_point: dict[str, list[Node]] = defaultdict(list)
        self.anchored: set[str] = set()
        for node in nodes:
            self.sets.find(node.id)
            for name in node.names:
                self.by_name[name].append(node)
            for point in node.points:
                self.by_point[point].append(node)

    def join(self, one: Node, other: Node, strength: float, says: str) -> None:
        self.sets.union(one.id, other.id)
        self.ties[one.id].setdefault(other.id, Joined(to=other.id, strength=strength, says=says))
        self.ties[other.id].setdefault(one.id, Joined(to=one.id, strength=strength, says=says))

    def join_operations(self) -> None:
        by_key: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            for key in node.operations:
                by_key[key].append(node)
        for key, sharing in by_key.items():
            for before, after in pairwise(sharing):
                if before.apart(after) <= OPERATION_HORIZON:
                    strength, says = min(before.operations[key], after.operations[key])
                    self.join(before, after, strength, f"{says} {key.split(':', 2)[2]}")
        self.anchored = {node.id for node in self.nodes if node.causes}

    def join_sittings(self) -> None:
        by_sitting: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.sitting and not node.causes:
                by_sitting[node.sitting].append(node)
        attached: set[str] = set()
        for sitting in by_sitting.values():
            for node in sitting:
                if self._attach(node, self.anchored, both_ways=True):
                    attached.add(node.id)
        for sitting in by_sitting.values():
            for stretch in self._stretches(sitting):
                self._join_stretch(stretch, attached)
        self.anchored |= {node.id for sitting in by_sitting.values() for node in sitting if node.side is not Side.PLATFORM} | attached

    def _stretches(self, sitting: list[Node]) -> Iterable[list[Node]]:
        stretch = [sitting[0]]
        for node in sitting[1:]:
            if stretch[-1].apart(node) > self.horizon:
                yield stretch
                stretch = []
            stretch.append(node)
        yield stretch

    def _join_stretch(self, stretch: list[Node], attached: set[str]) -> None:
        hosts = [node for node in stretch if node.id in attached]
        free = [node for node in stretch if node.id not in attached]
        if hosts:
            for node in free:
                host = min(hosts, key=lambda other, node=node: (node.apart(other), other.id))  # type: ignore[misc]
                self.join(node, host, node.sitting_strength, "same sitting of one actor")
            return
        for before, after in pairwise(free):
            self.join(before, after, before.sitting_strength, "same sitting of one actor")

    def join_consequences(self) -> None:
        """Loose changes go to their causes, the consequences of consequences round by round; what is left ties up among itself."""
        loose = [node for node in self.nodes if node.id not in self.anchored]
        # What starts by itself has consequences of its own: they are nearer to it than to an operation of some minutes ago.
        hosts = self.anchored | {node.id for node in loose if node.starts_itself}
        while loose:
            attached = {node.id for node in loose if self._attach(node, hosts, both_ways=node.side is Side.UNKNOWN)}
            loose = [node for node in loose if node.id not in attached]
            if not attached:
                break
            hosts |= attached
        left = {node.id for node in loose}
        for node in loose:
            self._attach(node, left, both_ways=False)

    def _attach(self, node: Node, hosts: set[str], *, both_ways: bool) -> bool:
        """Join the node to its best host: strongest tie, then nearest in time, then lowest id."""
        best: tuple[float, timedelta, str] | None = None
        chosen: tuple[Node, float, str] | None = None
        for other, strength, says in self._candidates(node):
            if other.id == node.id or other.id not in hosts or not compatible(node, other):
                continue
            if node.apart(other) > self.horizon or (not both_ways and not _may_cause(other, node)):
                continue
            rank = (-strength, node.apart(other), other.id)
            if best is None or rank < best:
                best, chosen = rank, (other, strength, says)
        if chosen is None:
            return False
        self.join(node, *chosen)
        return True

    def _candidates(self, node: Node) -> Iterable[tuple[Node, float, str]]:
        for name in node.names:
            if not node.starts_itself:
                for other in self._nearest(self.by_name[name], node):
                    if not other.starts_itself:
                        yield other, SAME_THING_STRENGTH, f"same resource {name}"
            for other in self._nearest(self.by_point[name], node):
                # What starts by itself is caused by what steers it, not by what merely belongs to the same thing.
                if not node.starts_itself or name in other.steers:
                    yield other, other.points[name], f"refers to {name}"
        for point, strength in node.points.items():
            named = self._nearest(self.by_name[point], node)
            if point.startswith(ONLY_ONE) and self._several(named, node):
                continue
            for other in named:
                yield other, strength, f"refers to {point}"
            if strength <= 0.5:
                for other in self._nearest(self.by_point[point], node):
                    if node.apart(other) <= SKEW:
                        yield other, min(strength, other.points[point]), f"both part of {point}"

    def _several(self, others: list[Node], node: Node) -> bool:
        """Are they, as far as they are in reach, of more than one operation?"""
        return len({key for other in others if node.apart(other) <= self.horizon for key in other.causes}) > 1

    @staticmethod
    def _nearest(others: list[Node], node: Node) -> list[Node]:
        """Of many, those around the node in order of time: a storm must not cost its square."""
        if len(others) <= _MOST_CANDIDATES:
            return others
        here = bisect_left(others, node.at, key=lambda other: other.at)
        return others[max(0, here - _MOST_CANDIDATES // 2) : here + _MOST_CANDIDATES // 2]

    def join_near(self) -> None:
        """A change by nobody known, within a minute of one operation in the same narrow place, and of one only."""
        by_place: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.place and node.operations:
                by_place[node.place].append(node)
        for node in self.nodes:
            if node.side is not Side.UNKNOWN or node.operations or not node.place or self.ties.get(node.id):
                continue
            near = [other for other in self._nearest(by_place.get(node.place, []), node) if node.apart(other) <= NEARNESS]
            if near and len({self.sets.find(other.id) for other in near}) == 1:
                other = min(near, key=lambda other, node=node: (node.apart(other), other.id))  # type: ignore[misc]
                self.join(node, other, NEARNESS_STRENGTH, "within a minute, in the same place; nothing else ties them")

    def groups(self) -> list[Group]:
        members: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            members[self.sets.find(node.id)].append(node)
        return [Group(nodes=tuple(group), joins={n.id: _strongest(self.ties.get(n.id, {})) for n in group}) for group in members.values()]


def _may_cause(cause: Node, effect: Node) -> bool:
    """Does it begin no later than the effect (give or take the clocks)? Ties in time go by id, so that two never cause each other."""
    if effect.starts_itself and cause.side is Side.PLATFORM:
        return False
    return cause.begins <= effect.at + SKEW


def _strongest(ties: dict[str, Joined]) -> tuple[Joined, ...]:
    return tuple(sorted(ties.values(), key=lambda join: (-join.strength, join.to))[:5])
