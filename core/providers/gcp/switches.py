"""What is on or off, now and before: questions that conditions about guards and logs share. Pure.

Of an audit record only the request is seen, so what it switches off may have been off; of two snapshots both are.
"""

from collections.abc import Mapping

from core.json import JsonValue
from core.providers.gcp.subject import Subject, find


def truth(value: JsonValue) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "on", "enabled")


def became(subject: Subject, wanted: bool, *names: str) -> bool:
    """Is a switch of these names now `wanted`, and was it not before (as far as one can see)?"""
    now = [truth(value) for value in find(subject.after, *names) if not isinstance(value, Mapping | list)]
    was = [truth(value) for value in find(subject.before, *names) if not isinstance(value, Mapping | list)]
    return wanted in now and (not subject.before or not was or wanted not in was)


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
