"""Many changes of one cause told as one event with a count. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.event import ChangeType, Event, FieldChange


def without_followers_of_namespaces(events: Sequence[Event], going: frozenset[str], inside: Mapping[str, int]) -> list[Event]:
    """A namespace takes along what is in it: one event with the number of what goes. `going` are namespaces that were told before,
    `inside` is how many things were known in those that are told now: most of them go after it was told."""
    deleted = {event.resource.name for event in events if event.resource.kind == "Namespace" and event.change_type is ChangeType.DELETED}
    took: Counter[str] = Counter()
    kept = []
    for event in events:
        namespace = event.resource.scope.namespace
        if event.change_type is ChangeType.DELETED and namespace and namespace in deleted | going:
            took[namespace] += event.count
        else:
            kept.append(event)
    took |= {name: max(took[name], number) for name, number in inside.items()}
    return [
        replace(event, count=event.count + took[event.resource.name], metadata={**event.metadata, "took_along": took[event.resource.name]})
        if event.resource.kind == "Namespace" and event.change_type is ChangeType.DELETED and took[event.resource.name]
        else event
        for event in kept
    ]


def without_flapping(events: Sequence[Event]) -> list[Event]:
    """Scaled up and down by the same hand within one poll: one event, from the first number to the last."""
    latest: dict[str, int] = {}
    kept: list[Event] = []
    for event in events:
        at = latest.get(event.resource.key)
        if at is not None and _same_scaling(kept[at], event):
            kept[at] = replace(
                kept[at], occurred_at=event.occurred_at, changes=_from_to(kept[at], event), count=kept[at].count + event.count
            )
        else:
            latest[event.resource.key] = len(kept)
            kept.append(event)
    return kept


def _same_scaling(one: Event, other: Event) -> bool:
    return one.change_type is other.change_type is ChangeType.SCALED and one.actor == other.actor


def _from_to(one: Event, other: Event) -> tuple[FieldChange, ...]:
    first = {change.path: change for change in one.changes}
    return tuple(replace(change, before=first[change.path].before) if change.path in first else change for change in other.changes)
