"""What is on or off, now and before: questions that conditions about guards and logs share. Pure.

Of an audit record only the request is seen, so what it switches off may have been off; of two snapshots both are. A request that sets one
field and no other tells that the field was otherwise; one that sends everything as it is, with one label changed, does not.
"""

from collections.abc import Collection, Mapping

from core.json import JsonValue
from core.providers.gcp.subject import Subject, find, words

# Fields of a request that say which thing is meant, or how the request is to be taken.
_WHICH = frozenset(
    {
        "type", "name", "kind", "id", "etag", "fingerprint", "selflink", "settingsversion", "project", "projectid", "projectnumber",
        "bucket", "projection", "instance", "region", "zone", "updatemask", "requestid", "alt",
    }
)  # fmt: skip


def truth(value: JsonValue) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "y", "on", "enabled", "1")


def became(subject: Subject, wanted: bool, *names: str) -> bool:
    """Is a switch of these names now `wanted`, and was it not before (as far as one can see)?"""
    now = [truth(value) for value in find(subject.after, *names) if not isinstance(value, Mapping | list)]
    was = [truth(value) for value in find(subject.before, *names) if not isinstance(value, Mapping | list)]
    return wanted in now and (not subject.before or not was or wanted not in was)


def sets_only(subject: Subject, *names: str) -> bool:
    """Does the request set these fields and nothing else?"""
    wanted = {"".join(words(name)) for name in names}
    return bool(subject.method) and any(True for _ in find(subject.after, *names)) and not _strays(subject.after, wanted)


def _strays(told: Mapping[str, JsonValue], wanted: set[str]) -> bool:
    """Is there a field that neither is wanted nor says which thing is meant?"""
    for key, below in told.items():
        name = "".join(words(str(key)))
        if name in wanted:
            continue
        if isinstance(below, Mapping) and below:
            if _strays(below, wanted):
                return True
        elif name not in _WHICH:
            return True
    return False


def has_mask(subject: Subject) -> bool:
    return any(bool(mask) for mask in find(subject.after, "updateMask"))


def masks(subject: Subject, *names: str) -> bool:
    """Does the request's mask name a field? What it names and the request leaves out is off or empty. https://google.aip.dev/134"""
    wanted = {"".join(words(name)) for name in names}
    told = [path for mask in find(subject.after, "updateMask") for path in _paths(mask)]
    return any("".join(words(part)) in wanted for path in told for part in path.split("."))


def _paths(mask: JsonValue) -> list[str]:
    """By either spelling: one text with commas, or an object with paths."""
    if isinstance(mask, str):
        return [path.strip() for path in mask.split(",")]
    return [str(path) for paths in find(mask, "paths") if isinstance(paths, list) for path in paths]


def turned_off(subject: Subject, name: str) -> bool:
    """Has a switch been turned off: by a request that names it, or since the snapshot before?"""
    if subject.before:
        return was_on(subject, name)
    return not _on(subject.after, name) and (masks(subject, name) if has_mask(subject) else sets_only(subject, name))


def cleared(subject: Subject, name: str) -> bool:
    """Has something been taken off: by a request that sets it, and it alone, to nothing, or since the snapshot before?"""
    if subject.before:
        return gone(subject, name)
    return sets_only(subject, name) and not any(bool(value) for value in find(subject.after, name))


def loosened(subject: Subject, parts: Collection[str], field: str, loose: Collection[str]) -> bool:
    """Is a part's field now one of the loose values, and was it told to be another, as far as one can see?"""
    now, was = (_values(state, parts, field) for state in (subject.after, subject.before))
    return any(value in loose for value in now) and (not subject.before or (bool(was) and not any(value in loose for value in was)))


def _values(state: JsonValue, parts: Collection[str], field: str) -> list[str]:
    return [str(value) for part in find(state, *parts) for value in find(part, field) if not isinstance(value, Mapping | list)]


def was_on(subject: Subject, *names: str) -> bool:
    """Snapshots only: was a switch of these names on, and is it off now or gone?"""
    return _on(subject.before, *names) and not _on(subject.after, *names)


def part_off(subject: Subject, *names: str) -> bool:
    """Has a part with a switch `enabled` been switched off: by this request, or since the snapshot before?"""
    if subject.before:
        return _part_on(subject.before, *names) and not _part_on(subject.after, *names)
    return any(isinstance(part, Mapping) and part.get("enabled") is False for part in find(subject.after, *names))


def gone(subject: Subject, *names: str) -> bool:
    """Snapshots only: was there something under these names that is no longer?"""
    return any(bool(value) for value in find(subject.before, *names)) and not any(bool(value) for value in find(subject.after, *names))


def fewer(subject: Subject, *names: str) -> bool:
    """Snapshots only: has a list of these names lost an entry?"""
    return bool(_entries(subject.before, *names) - _entries(subject.after, *names))


def more(subject: Subject, *names: str) -> bool:
    """Snapshots only: has a list of these names a new entry?"""
    return bool(subject.before) and bool(_entries(subject.after, *names) - _entries(subject.before, *names))


def _on(state: JsonValue, *names: str) -> bool:
    return any(truth(value) for value in find(state, *names) if not isinstance(value, Mapping | list))


def _part_on(state: JsonValue, *names: str) -> bool:
    return any(isinstance(part, Mapping) and truth(part.get("enabled")) for part in find(state, *names))


def _entries(state: JsonValue, *names: str) -> set[str]:
    return {str(entry) for told in find(state, *names) if isinstance(told, list) for entry in told}
