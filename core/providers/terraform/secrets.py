"""What may be kept of an instance's attributes: every secret replaced by a keyed hash, JSON in strings opened. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from core.json import JsonObject, JsonValue, parsed
from core.providers.terraform.rules import load
from core.providers.terraform.statefile import Instance, Output, Path, State
from core.providers.terraform.subject import leaves
from core.redaction import Redactor

# Values that may stand where a secret is looked for: switches, levels, small numbers.
_PLAIN = frozenset({"", "true", "false", "on", "off", "yes", "no", "debug", "info", "warn", "warning", "error", "prod", "dev", "staging"})
_ENVIRONMENT = ("environment", "env")
_LONGEST_JSON = 1024 * 1024
_LONGEST = 4000
# Shorter texts are words as often as secrets; copies of them are not looked for.
_SHORTEST = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretRule:
    """`spreads` says that the values are secrets wherever else in the state they stand."""

    kinds: tuple[str, ...]
    attributes: tuple[str, ...]
    spreads: bool = False

    def fits(self, kind: str, attribute: str) -> bool:
        return any(fnmatchcase(kind, pattern) for pattern in self.kinds) and any(
            fnmatchcase(attribute, pattern) for pattern in self.attributes
        )


@cache
def _rules() -> tuple[SecretRule, ...]:
    return tuple(
        SecretRule(kinds=tuple(row["kinds"]), attributes=tuple(row["attributes"]), spreads=row.get("spreads", False))
        for row in load("secrets.yaml")["rules"]
    )


@cache
def is_secret(kind: str, attribute: str) -> bool:
    """Does a rule say that this attribute of this resource type holds secrets?"""
    return any(rule.fits(kind, attribute) for rule in _rules())


@cache
def _spreads(kind: str, attribute: str) -> bool:
    return any(rule.spreads and rule.fits(kind, attribute) for rule in _rules())


@dataclass(frozen=True, slots=True)
class Found:
    """The texts that a state itself gives away as secrets, so that copies of them are found where nothing marks them.

    `by_head` holds them by their first letters, the longest first: a search costs the text's length, however many there are.
    """

    texts: frozenset[str]
    by_head: Mapping[str, Sequence[str]]

    def hide(self, value: JsonValue, redactor: Redactor) -> JsonValue:
        if not self.texts:
            return value
        if isinstance(value, str):
            return redactor.hash(value) if value in self.texts else self._without(value, redactor)
        if isinstance(value, Mapping):
            return {key: self.hide(below, redactor) for key, below in value.items()}
        if isinstance(value, list):
            return [self.hide(below, redactor) for below in value]
        return value

    def _without(self, value: str, redactor: Redactor) -> str:
        parts: list[str] = []
        kept = start = 0
        while start <= len(value) - _SHORTEST:
            heads = self.by_head.get(value[start : start + _SHORTEST], ())
            text = next((one for one in heads if value.startswith(one, start)), "")
            if text:
                parts += [value[kept:start], redactor.hash(text)]
                kept = start + len(text)
            start += len(text) or 1
        return "".join((*parts, value[kept:])) if parts else value


def found(state: State) -> Found:
    texts: set[str] = set()
    for instance in state.instances.values():
        for path in instance.sensitive:
            texts.update(_texts(_at(instance.attributes, path)))
        for name, value in instance.attributes.items():
            if _spreads(instance.kind, name):
                texts.update(_texts(value))
    for told in state.outputs.values():
        if told.sensitive:
            texts.update(_texts(told.value))
    by_head: dict[str, list[str]] = {}
    for text in sorted(texts, key=lambda text: (-len(text), text)):
        by_head.setdefault(text[:_SHORTEST], []).append(text)
    return Found(frozenset(texts), by_head)


def _texts(value: JsonValue) -> Iterator[str]:
    for leaf in leaves(value):
        if isinstance(leaf, str) and len(leaf) >= _SHORTEST and leaf.lower() not in _PLAIN:
            yield leaf


def _at(value: JsonValue, path: Path) -> JsonValue:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step, value.get(str(step)))
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return value
    return value


def redacted(instance: Instance, redactor: Redactor, known: Found) -> JsonObject:
    """The attributes without a secret in them. What the state marks as sensitive is hashed whole, whatever its value."""
    if () in instance.sensitive:
        return {name: redactor.hash(value) for name, value in instance.attributes.items() if value is not None}
    hidden: JsonObject = dict(instance.attributes)
    for path in instance.sensitive:
        hidden = _hide(hidden, path, redactor)
    return {name: _attribute(instance.kind, name, known.hide(value, redactor), redactor) for name, value in hidden.items()}


def output(told: Output, name: str, redactor: Redactor, known: Found) -> JsonValue:
    """An output's value; one that the state marks as sensitive is a hash."""
    return redactor.hash(told.value) if told.sensitive else _opened(name, known.hide(told.value, redactor), redactor)


def _attribute(kind: str, name: str, value: JsonValue, redactor: Redactor) -> JsonValue:
    if is_secret(kind, name):
        return _members(value, redactor)
    return _opened(name, value, redactor)


def _opened(name: str, value: JsonValue, redactor: Redactor) -> JsonValue:
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) <= _LONGEST_JSON:
        try:
            inner = parsed(value)
        except (ValueError, RecursionError):
            inner = value
        if isinstance(inner, dict | list):
            return _inside(inner, name, redactor)
    return _cut(_inside(value, name, redactor), redactor)


def _inside(value: JsonValue, name: str, redactor: Redactor) -> JsonValue:
    """By name and form, and environments hashed wherever they stand (container definitions, functions)."""
    return redactor.value(_environments(value, redactor), name=name)


def _environments(value: JsonValue, redactor: Redactor) -> JsonValue:
    if isinstance(value, Mapping):
        return {
            key: _members(below, redactor) if str(key).lower() in _ENVIRONMENT else _environments(below, redactor)
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [_environments(below, redactor) for below in value]
    return value


def _members(value: JsonValue, redactor: Redactor) -> JsonValue:
    """Each value hashed, so that one sees which member changed; names stay."""
    if isinstance(value, Mapping):
        return {
            key: below if key in ("name", "Name") and isinstance(below, str) else _members(below, redactor) for key, below in value.items()
        }
    if isinstance(value, list):
        return [_members(below, redactor) for below in value]
    if value is None or isinstance(value, bool) or (isinstance(value, str) and value.lower() in _PLAIN):
        return value
    if isinstance(value, str) and value.isdigit() and len(value) <= 5:
        return value
    return redactor.hash(value)


def _cut(value: JsonValue, redactor: Redactor) -> JsonValue:
    """A very long text is kept as its beginning and a hash: whether it changed is seen all the same."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:200]}… ({len(value)} characters, {redactor.hash(value)})"
    return value


def _hide(value: JsonValue, path: Path, redactor: Redactor) -> JsonValue:
    if not path:
        return None if value is None else redactor.hash(value)
    step, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        key = step if step in value else str(step)
        return {**value, key: _hide(value[key], rest, redactor)} if key in value else value
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return [*value[:step], _hide(value[step], rest, redactor), *value[step + 1 :]] if step >= 0 else redactor.hash(value)
    # The path leads into something of another shape (a JSON string, a set): all of it is taken for secret.
    return None if value is None else redactor.hash(value)
