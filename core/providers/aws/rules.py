"""The rules of this provider: what a call does and to what, who a name belongs to, which traits a change has. Read from rules/*.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files

import yaml

from core.event import ChangeType
from core.json import JsonObject
from core.providers.aws.conditions import CONDITIONS
from core.providers.aws.subject import Subject, find, words
from core.trait import Trait

READ = "read"
# A prefix that says how often, not what: the next word decides (BatchDeleteImage, AdminCreateUser).
_HOW = frozenset({"batch", "bulk", "admin", "transact"})


def load(name: str) -> JsonObject:
    loaded: JsonObject = yaml.load(files(__package__).joinpath("rules", name).read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


def fits(value: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


@dataclass(frozen=True, kw_only=True, slots=True)
class TraitRule:
    """A change that fits every part named has the traits. `why` and `source` are for people who ask."""

    traits: frozenset[Trait]
    why: str
    source: str
    types: frozenset[ChangeType] = frozenset()
    calls: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def concerns(self, call: str, kind: str) -> bool:
        return (not self.calls or fits(call, self.calls)) and (not self.kinds or fits(kind, self.kinds))

    def fits(self, subject: Subject) -> bool:
        """Of a rule that concerns the call and kind: does the rest hold too?"""
        return (
            (not self.types or subject.change_type in self.types)
            and (not self.changed or any(fits(path, self.changed) for path in subject.changed))
            and all(CONDITIONS[name](subject) for name in self.when)
            and not any(CONDITIONS[name](subject) for name in self.unless)
        )


@cache
def trait_rules() -> tuple[TraitRule, ...]:
    """Every rule, checked: an unknown trait, change type or condition is an error at the first use."""
    rules = []
    for row in load("traits.yaml")["rules"]:
        unknown = {*row.get("when", ()), *row.get("unless", ())} - set(CONDITIONS)
        if unknown:
            raise ValueError(f"rules/traits.yaml names unknown conditions {sorted(unknown)}")
        rules.append(
            TraitRule(
                traits=frozenset(Trait(name) for name in row["traits"]),
                why=row["why"],
                source=row["source"],
                types=frozenset(ChangeType(name) for name in row.get("types", ())),
                **{key: tuple(row.get(key, ())) for key in ("calls", "kinds", "changed", "when", "unless")},
            )
        )
    return tuple(rules)


@lru_cache(maxsize=2048)
def _rules_of(call: str, kind: str) -> tuple[TraitRule, ...]:
    return tuple(rule for rule in trait_rules() if rule.concerns(call, kind))


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives. An attempt is judged by what was tried."""
    found: set[Trait] = set()
    for rule in _rules_of(subject.call, subject.kind):
        if not rule.traits <= found and rule.fits(subject):
            found |= rule.traits
    if Trait.GRANTS_ADMIN in found or Trait.EXPOSES_PUBLICLY in found:
        found.discard(Trait.TAGS)
    return frozenset(found)


@cache
def _verbs() -> Mapping[str, str]:
    return {verb: meaning for meaning, named in load("actions.yaml")["verbs"].items() for verb in named}


@cache
def _exceptions() -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple((tuple(row["match"]), row["as"]) for row in load("actions.yaml")["exceptions"])


@lru_cache(maxsize=2048)
def _excepted(call: str) -> str:
    return next((named for patterns, named in _exceptions() if fits(call, patterns)), "")


@lru_cache(maxsize=2048)
def _by_verb(call: str) -> str:
    parts = words(call.partition(":")[2])
    if len(parts) > 1 and parts[0] in _HOW:
        parts = parts[1:]
    for length in (2, 1):
        meaning = _verbs().get("".join(parts[:length])) if len(parts) >= length else None
        if meaning is not None:
            return meaning
    return ""


def meaning(call: str, *, read_only: bool | None) -> ChangeType | None:
    """What the call does; None where it changes nothing.

    `read_only` is what the record itself says (None where it does not). A verb that the tables do not know is taken for a change:
    a card too many is better than a change untold.
    """
    if read_only:
        return None
    named = _excepted(call) or _by_verb(call) or ChangeType.MODIFIED.value
    return None if named == READ else ChangeType(named)


@cache
def _data_plane() -> tuple[str, ...]:
    return tuple(load("actions.yaml")["data_plane"]["calls"])


@lru_cache(maxsize=2048)
def writes_data(call: str) -> bool:
    """Does the call write or delete a customer's data rather than configure something?"""
    return fits(call, _data_plane())


@cache
def _sensitive() -> tuple[JsonObject, ...]:
    return tuple(load("actions.yaml")["sensitive_reads"])


def sensitive(call: str, request: JsonObject, extra: JsonObject) -> JsonObject | None:
    """The row of a read or log-in that is worth knowing of: its `trait` and what it `says`."""
    for row in _sensitive():
        if fits(call, row["match"]) and all(
            any(str(value).lower() == wanted for value in find([request, extra], key)) for key, wanted in row.get("where", {}).items()
        ):
            return row
    return None
