"""Was a change taken back? Only what is wholly the other way round counts, and only while nothing touched it since. Pure."""

import re
from collections.abc import Iterable

from core.analysis import rules
from core.event import ChangeType, Event, FieldChange
from core.json import canonical
from core.trait import Trait
from core.unified import UnifiedEvent

# A thing is told under its own name there, so that it came or went is never said of a part of it.
_OWN_NAMES = frozenset({"kubernetes"})
_KIND, _ACT = re.compile(r"::|/"), re.compile(r"[:.\s]")
_VERB = re.compile(r"^(?:[A-Z][a-z]+(?=[A-Z]|$)|[a-z]+$)")
_OPPOSITES = (
    (ChangeType.STOPPED, ChangeType.STARTED),
    (ChangeType.STARTED, ChangeType.STOPPED),
)
_MADE_ANEW = frozenset({ChangeType.CREATED, ChangeType.REPLACED, ChangeType.MOVED})
# Where a record tells only what was asked for, the same words beside the opposite trait take it back: attach and detach one policy.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html
_GIVEN_AND_TAKEN = (
    (frozenset({Trait.GRANTS_ACCESS, Trait.GRANTS_ADMIN, Trait.GRANTS_USE, Trait.SHARES_OUTSIDE}), Trait.REVOKES_ACCESS),
    (frozenset({Trait.OPENS_NETWORK, Trait.EXPOSES_PUBLICLY, Trait.ADMITS_FEW}), Trait.CLOSES_NETWORK),
)


def by_whom(earlier: UnifiedEvent, others: Iterable[UnifiedEvent]) -> UnifiedEvent | None:
    """The change that took it back, if it stays taken back. `others` are the resource's other changes, in any order.

    It stays so while no other change touched the same since; one in the very second of the undoing may have come after it.
    """
    told = [one for one in others if one.id != earlier.id]
    undoing = [one for one in told if takes_back(one.event, earlier.event)]
    if not undoing:
        return None
    last = max(undoing, key=lambda one: (one.timestamp, one.id))
    took = {one.id for one in undoing}
    again = any(one.id not in took and one.timestamp >= last.timestamp and _touches(one.event, earlier.event) for one in told)
    return None if again else last


def takes_back(later: Event, earlier: Event) -> bool:
    """Does `later` leave nothing of what `earlier` changed in the same resource, as told by the same source?

    What happened in the same second may have happened the other way round.
    """
    one, other = later.resource, earlier.resource
    if one.key != other.key or (one.uid and other.uid and one.uid != other.uid) or later.source != earlier.source:
        return False
    if later.attempted or earlier.attempted or later.occurred_at <= earlier.occurred_at:
        return False
    if (earlier.change_type, later.change_type) in _OPPOSITES:
        return _noun(earlier) == _noun(later)
    if earlier.change_type is ChangeType.CREATED and later.change_type is ChangeType.DELETED:
        return _itself(earlier) and _itself(later)
    if not earlier.changes:
        return False
    now = {(change.path, canonical(change.before), canonical(change.after)) for change in later.changes}
    if all(_turned(change) in now for change in earlier.changes):
        return True
    return _taken(later, earlier) and bool(_told(earlier.changes)) and _told(later.changes) == _told(earlier.changes)


def _touches(later: Event, earlier: Event) -> bool:
    """May it have been done again by this, in whatever form? A field that is set, a security-sensitive trait of the same kind, a thing that
    is there once more. A field that is only taken away brings nothing back."""
    if later.attempted or later.resource.key != earlier.resource.key:
        return False
    paths = {change.path for change in earlier.changes}
    sets = any(change.path in paths and change.after is not None for change in later.changes)
    table = rules.traits()
    guarded = any(trait in table and table[trait].guarded for trait in later.traits & earlier.traits)
    alike = later.change_type is earlier.change_type and not (later.changes and earlier.changes)
    return sets or guarded or alike or later.change_type in _MADE_ANEW


def _itself(event: Event) -> bool:
    """Is it the resource itself that came or went, and not a part of it?

    A user's access key is told under the user: another key of theirs deleted takes nothing back. What a state no longer holds may be there.
    """
    if event.provider in _OWN_NAMES:
        return True
    kind = _KIND.split(event.resource.kind)[-1].casefold()
    return bool(kind) and _noun(event) in (kind, f"{kind}s")


def _noun(event: Event) -> str:
    """What the act is done to, in its own words: what follows its verb, or stands before a verb that comes last."""
    parts = _ACT.split(event.native_action)
    noun = _VERB.sub("", parts[-1]) or (parts[-2] if len(parts) > 1 else "")
    return noun.casefold().rstrip("0123456789")


def _turned(change: FieldChange) -> tuple[str, str, str]:
    return change.path, canonical(change.after), canonical(change.before)


def _taken(later: Event, earlier: Event) -> bool:
    return any(not given.isdisjoint(earlier.traits) and taken in later.traits for given, taken in _GIVEN_AND_TAKEN)


def _told(changes: Iterable[FieldChange]) -> set[tuple[str, str]]:
    """What was asked for, where nothing tells what was before."""
    return {(change.path, canonical(change.after)) for change in changes if change.before is None}
