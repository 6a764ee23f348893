"""Baselines while a batch runs: each event counts before the next one is judged. The customer's BaselineTracker; rows in, rows out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from core.analysis import habits
from core.analysis.habits import Keys
from core.analysis.ties import Node, Side
from core.assessment import Verdict
from core.baseline import Baseline

_FOLLOWS = timedelta(hours=1)
_MOST_BEFORE = 3
# Who decides to change something; a platform only carries on.
_CHOOSING = (Side.MACHINERY, Side.HAND)


@dataclass(slots=True)
class Memory:
    """`rows` as they are now; `changed` gives those that are to be written. With `learns` off nothing is counted."""

    rows: dict[str, Baseline]
    learns: bool = True
    _touched: dict[str, None] = field(default_factory=dict)
    _followed: set[tuple[str, str]] = field(default_factory=set)

    def take(self, node: Node, keys: Keys, group: Sequence[Node], verdict: Verdict) -> None:
        """Count one new event, whether it was unplanned, and that it followed others of its story."""
        if not self.learns:
            return
        event, at = node.event, node.at
        ending = verdict.value if verdict is Verdict.UNPLANNED else ""
        for key in keys.all():
            held = self.rows.get(key) or Baseline(key=key)
            if key == keys.same:
                side = node.side.value if node.side in _CHOOSING else ""
                values = habits.values_of(event) if event.changes else None
                self._put(habits.remembered(held, at, side=side, values=values, ending=ending))
            elif key == keys.actor_kind:
                self._put(habits.remembered(held, at, ending=ending))
            elif key == keys.actor:
                self._put(habits.remembered(held, at, place=node.actor.network))
            else:
                self._put(habits.remembered(held, at))
        if not event.attempted:
            self._follow(node, group)

    def without(self, node: Node, keys: Keys) -> dict[str, Baseline]:
        """The rows as if this stored event had not been counted: what a second look at it compares with."""
        return {key: habits.forgotten(row, node.at) if key in keys.all() else row for key, row in self.rows.items()}

    def _follow(self, node: Node, group: Sequence[Node]) -> None:
        before: dict[str, Node] = {}
        resource, at = node.event.resource, node.at
        for other in group:
            if other.at >= at:
                break
            if at - other.at <= _FOLLOWS and other.event.resource.key != resource.key:
                before[other.event.resource.key] = other
        if not before:
            return
        label = f"{resource.kind} {resource.name} {node.event.change_type}"
        for other in list(before.values())[-_MOST_BEFORE:]:
            key = habits.keys_of(other.event, other.actor).same
            if key in self.rows and (other.id, label) not in self._followed:
                self._followed.add((other.id, label))
                self._put(habits.followed(self.rows[key], label, at - other.at))

    def _put(self, row: Baseline) -> None:
        self.rows[row.key] = row
        self._touched[row.key] = None

    def changed(self) -> tuple[Baseline, ...]:
        return tuple(self.rows[key] for key in self._touched)
