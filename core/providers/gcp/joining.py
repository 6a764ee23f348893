"""One event a change: what the inventory saw and what the audit log tells of the same act. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from core.event import Event

# An asset's change within this of an audited act on the same resource is that act.
JOIN = timedelta(minutes=5)


def joined(audited: Sequence[Event], seen: Sequence[Event]) -> list[Event]:
    """An asset's difference becomes the before and after of the act that the audit log tells of; what finds no partner stays."""
    left = list(seen)
    found = []
    for act in audited:
        match = next((e for e in left if e.resource.uid == act.resource.uid and not act.attempted and _same_time(act, e)), None)
        if match is None:
            found.append(act)
            continue
        left.remove(match)
        merged = match.changes or act.changes
        resource = replace(act.resource, labels=match.resource.labels)
        found.append(replace(act, changes=merged, traits=act.traits | match.traits, resource=resource))
    return found + left


def _same_time(act: Event, seen: Event) -> bool:
    earliest = seen.occurred_after or seen.occurred_at - JOIN
    return earliest - JOIN <= act.occurred_at <= seen.occurred_at + JOIN
