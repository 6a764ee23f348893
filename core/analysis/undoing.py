"""Was a change taken back? Only what is wholly the other way round counts: each field as it was before, or what was made is gone. Pure."""

import re
from collections.abc import Iterable

from core.event import ChangeType, Event, FieldChange
from core.json import canonical
from core.trait import Trait
from core.unified import UnifiedEvent

_OWN_NAMES = frozenset({"kubernetes", "terraform"})
_KIND, _ACT = re.compile(r"::|/"), re.compile(r"[:.\s]")
_VERB = re.compile(r"^(?:[A-Z][a-z]+(?=[A-Z]|$)|[a-z]+$)")
_OPPOSITES = (
    (ChangeType.STOPPED, ChangeType.STARTED),
    (ChangeType.STARTED, ChangeType.STOPPED),
)
# Where a record tells only what was asked for, the same words beside the opposite trait take it back: attach and detach one policy.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html
_GIVEN_AND_TAKEN = (
    (frozenset({Trait.GRANTS_ACCESS, Trait.GRANTS_ADMIN, Trait.GRANTS_USE, Trait.SHARES_OUTSIDE}), Trait.REVOKES_ACCESS),
    (frozenset({Trait.OPENS_NETWORK, Trait.EXPOSES_PUBLICLY, Trait.ADMITS_FEW}), Trait.CLOSES_NETWORK),
)


def takes_back(later: Event, earlier: Event) -> bool:
    """Does `later` leave nothing of what `earlier` changed in the same resource?"""
    one, other = later.resource, earlier.resource
    if one.key != other.key or (one.uid and other.uid and one.uid != other.uid):
        return False
    if later.attempted or earlier.attempted or later.occurred_at < earlier.occurred_at:
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


def by_whom(earlier: UnifiedEvent, afterwards: Iterable[UnifiedEvent]) -> UnifiedEvent | None:
    """The change that took it back, if it stays taken back: `afterwards` are the same resource's changes in the order of their times."""
    found: UnifiedEvent | None = None
    for one in afterwards:
        if one.id == earlier.id:
            continue
        if found is None:
            found = one if takes_back(one.event, earlier.event) else None
        elif takes_back(one.event, found.event) or _again(one.event, earlier.event):
            found = None
    return found


def _itself(event: Event) -> bool:
    """Is it the resource itself that came or went, and not a part of it?

    A user's access key is told under the user: another key of theirs deleted takes nothing back. Kubernetes and Terraform tell each
    thing under its own name.
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


def _again(later: Event, earlier: Event) -> bool:
    """Is it the same act once more, whatever was in between?"""
    return (
        later.resource.key == earlier.resource.key
        and not later.attempted
        and later.change_type is earlier.change_type
        and later.native_action == earlier.native_action
        and (_told(earlier.changes) <= _told(later.changes))
    )


def _turned(change: FieldChange) -> tuple[str, str, str]:
    return change.path, canonical(change.after), canonical(change.before)


def _taken(later: Event, earlier: Event) -> bool:
    return any(not given.isdisjoint(earlier.traits) and taken in later.traits for given, taken in _GIVEN_AND_TAKEN)


def _told(changes: Iterable[FieldChange]) -> set[tuple[str, str]]:
    """What was asked for, where nothing tells what was before."""
    return {(change.path, canonical(change.after)) for change in changes if change.before is None}
