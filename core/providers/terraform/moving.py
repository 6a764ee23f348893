"""A resource that left one state and stands in another has moved: nothing was destroyed and nothing made. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from core.event import ChangeType, Event, FieldChange, ReferenceKind

_Name = tuple[str, str]


def between_states(events: Sequence[Event]) -> list[Event]:
    """A deletion and a creation of the same thing, by kind and the provider's own id, in one poll become one move. Order is kept."""
    gone = _by_name(events, ChangeType.DELETED)
    made = _by_name(events, ChangeType.CREATED)
    pairs = {made[name][0].id: gone[name][0] for name in made if len(made[name]) == 1 and len(gone.get(name, ())) == 1}
    left = {event.id for event in pairs.values()}
    return [_moved(event, pairs[event.id]) if event.id in pairs else event for event in events if event.id not in left]


def _by_name(events: Sequence[Event], change_type: ChangeType) -> dict[_Name, list[Event]]:
    found: dict[_Name, list[Event]] = {}
    for event in events:
        name = next((ref.id for ref in event.references if ref.kind is ReferenceKind.SAME_AS), "")
        if event.change_type is change_type and name:
            found.setdefault((event.resource.kind, name), []).append(event)
    return found


def _moved(made: Event, gone: Event) -> Event:
    before = f"{gone.metadata['workspace']}: {gone.resource.name}"
    after = f"{made.metadata['workspace']}: {made.resource.name}"
    return replace(
        made,
        change_type=ChangeType.MOVED,
        native_action="moved to another state",
        traits=frozenset(),
        changes=(FieldChange(path="address", before=before, after=after),),
        metadata={**made.metadata, "moved_from": gone.resource.name, "moved_from_workspace": gone.metadata["workspace"]},
    )
