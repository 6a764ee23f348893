"""Pure structural diff of two JSON values."""

from collections.abc import Collection, Mapping

from core.event import FieldChange
from core.json import JsonValue, canonical

_MISSING = object()


def diff(
    before: JsonValue, after: JsonValue, *, ignore: Collection[str] = (), list_keys: Collection[str] = ("name", "key", "id", "uid", "type")
) -> tuple[FieldChange, ...]:
    """Field changes from `before` to `after`, in order of path. `ignore` holds dotted paths (and what is below them) to leave out.

    Lists of objects that all carry one of `list_keys`, each value once, are compared by it (`containers[app].image`), so
    that order does not count; lists of scalars are compared as multisets and reported whole; other lists by position.
    """
    found: list[FieldChange] = []
    _walk("", before, after, found, frozenset(ignore), tuple(list_keys))
    return tuple(sorted(found, key=lambda change: change.path))


def _walk(
    path: str, before: JsonValue, after: JsonValue, found: list[FieldChange], ignore: frozenset[str], list_keys: tuple[str, ...]
) -> None:
    if path in ignore or before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() | after.keys():
            below = f"{path}.{key}" if path else str(key)
            if key in before and key in after:
                _walk(below, before[key], after[key], found, ignore, list_keys)
            else:
                _leaf(below, before.get(key), after.get(key), found, ignore)
        return
    if isinstance(before, list) and isinstance(after, list):
        _walk_list(path, before, after, found, ignore, list_keys)
        return
    _leaf(path, before, after, found, ignore)


def _leaf(path: str, before: JsonValue, after: JsonValue, found: list[FieldChange], ignore: frozenset[str]) -> None:
    if path not in ignore and before != after:
        found.append(FieldChange(path=path, before=before, after=after))


def _walk_list(
    path: str, before: list[JsonValue], after: list[JsonValue], found: list[FieldChange], ignore: frozenset[str], list_keys: tuple[str, ...]
) -> None:
    key = _key_of(before + after, list_keys)
    if key is not None and _each_once(before, key) and _each_once(after, key):
        old = {str(item[key]): item for item in before}
        new = {str(item[key]): item for item in after}
        for name in old.keys() | new.keys():
            below = f"{path}[{name}]"
            if name in old and name in new:
                _walk(below, old[name], new[name], found, ignore, list_keys)
            else:
                _leaf(below, old.get(name), new.get(name), found, ignore)
    elif sorted(map(canonical, before)) == sorted(map(canonical, after)):
        return
    elif len(before) == len(after) and all(isinstance(item, Mapping) for item in before + after):
        for index, (old_item, new_item) in enumerate(zip(before, after, strict=True)):
            _walk(f"{path}[{index}]", old_item, new_item, found, ignore, list_keys)
    else:
        _leaf(path, before, after, found, ignore)


def _key_of(items: list[JsonValue], list_keys: tuple[str, ...]) -> str | None:
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    return next((key for key in list_keys if all(isinstance(item.get(key), str | int) for item in items)), None)


def _each_once(items: list[JsonValue], key: str) -> bool:
    names = [str(item[key]) for item in items]
    return len(names) == len(set(names))
