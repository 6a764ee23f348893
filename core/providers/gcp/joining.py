"""One event a change: what the inventory saw and what the audit log tells of the same act. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from core.event import Event, Reference
from core.trait import Trait

# An asset's change within this of an audited act on the same resource is that act.
JOIN = timedelta(minutes=5)
# Marks of acts that a cursor remembers; of more, the oldest are read as if they were new, and known by their ids then.
_MOST_TOLD = 1500
_MARK = 12


def joined(audited: Sequence[Event], seen: Sequence[Event], told: Mapping[str, bool]) -> tuple[list[Event], dict[str, bool]]:
    """Events, and the acts that are told by now.

    An asset's difference becomes the before and after of the act that the audit log tells of; what finds no partner stays. `told` are the
    acts of earlier polls, by a mark of their ids: true for those that have their before and after. They are read again, for late ones
    among them; a difference of theirs that comes only now is told with their actor, a change that is not theirs stays for itself.
    """
    left, found = list(seen), list[Event]()
    marks: dict[str, bool] = {}
    for act in audited:
        mark = act.id[:_MARK]
        match = None if told.get(mark) else next((one for one in left if _is_of(one, act)), None)
        marks[mark] = match is not None or told.get(mark, False)
        if match is not None:
            left.remove(match)
        if mark not in told:
            found.append(_merged(act, match) if match else act)
        elif match is not None and (match.changes or match.traits - act.traits - {Trait.CHANGES_CONFIGURATION}):
            found.append(replace(match, actor=act.actor, intents=act.intents, references=_both(match, act)))
    return found + left, dict(list(marks.items())[-_MOST_TOLD:])


def _merged(act: Event, seen: Event) -> Event:
    resource = replace(act.resource, labels=seen.resource.labels)
    return replace(act, changes=seen.changes or act.changes, traits=act.traits | seen.traits, resource=resource)


def _both(seen: Event, act: Event) -> tuple[Reference, ...]:
    return tuple(dict.fromkeys((*seen.references, *act.references)))


def _is_of(seen: Event, act: Event) -> bool:
    if seen.resource.uid != act.resource.uid or act.attempted:
        return False
    earliest = seen.occurred_after or seen.occurred_at - JOIN
    return earliest - JOIN <= act.occurred_at <= seen.occurred_at + JOIN
