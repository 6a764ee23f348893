"""Rules as providers, and `core.kube` below them, keep them: a folder `rules/` of YAML files, each row with its reason and source.

What a row may ask of a change is the package's own: globs over fields of its Subject, and named conditions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Generic, TypeVar

import yaml

from core.event import ChangeType
from core.json import JsonObject
from core.trait import Trait

S = TypeVar("S")
_ALWAYS = frozenset({"traits", "why", "source", "types", "when", "unless"})


def load(package: str, name: str) -> JsonObject:
    """The file `rules/<name>` of a package."""
    loaded: JsonObject = yaml.load(files(package).joinpath("rules", name).read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


def fits(value: str, patterns: Sequence[str]) -> bool:
    """Does one of the globs match? With case."""
    return any(fnmatchcase(value, pattern) for pattern in patterns)


@dataclass(frozen=True, kw_only=True, slots=True)
class TraitRule(Generic[S]):
    """A change that fits every part named has the traits. `why` and `source` are for people who ask.

    `globs` holds, by the row's key, the patterns of which one must match; a key that the row leaves out is not asked.
    """

    traits: frozenset[Trait]
    why: str
    source: str
    types: frozenset[ChangeType] = frozenset()
    globs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    when: tuple[Callable[[S], bool], ...] = ()
    unless: tuple[Callable[[S], bool], ...] = ()

    def matches(self, key: str, value: str) -> bool:
        return key not in self.globs or fits(value, self.globs[key])

    def matches_any(self, key: str, values: Iterable[str]) -> bool:
        return key not in self.globs or any(fits(value, self.globs[key]) for value in values)

    def holds(self, subject: S) -> bool:
        """Its conditions, apart from types and globs."""
        return all(asks(subject) for asks in self.when) and not any(asks(subject) for asks in self.unless)


def trait_rules(
    package: str, conditions: Mapping[str, Callable[[S], bool]], *, globs: frozenset[str], name: str = "traits.yaml"
) -> tuple[TraitRule[S], ...]:
    """Every rule of the file, checked: an unknown key, trait, change type or condition is a ValueError at the first use."""
    return tuple(_rule(row, conditions, globs, name) for row in load(package, name)["rules"])


def _rule(row: JsonObject, conditions: Mapping[str, Callable[[S], bool]], globs: frozenset[str], name: str) -> TraitRule[S]:
    if unknown := row.keys() - _ALWAYS - globs:
        raise ValueError(f"rules/{name} has unknown keys {sorted(unknown)}")
    if unknown := {*row.get("when", ()), *row.get("unless", ())} - set(conditions):
        raise ValueError(f"rules/{name} names unknown conditions {sorted(unknown)}")
    return TraitRule(
        traits=frozenset(Trait(one) for one in row["traits"]),
        why=row["why"],
        source=row["source"],
        types=frozenset(ChangeType(one) for one in row.get("types", ())),
        globs={key: tuple(row[key]) for key in sorted(globs & row.keys())},
        when=tuple(conditions[one] for one in row.get("when", ())),
        unless=tuple(conditions[one] for one in row.get("unless", ())),
    )


def traits_of(subject: S, rules: Iterable[TraitRule[S]], fit: Callable[[TraitRule[S], S], bool]) -> set[Trait]:
    """Every trait that a rule gives. A rule whose traits are all there already is not asked."""
    found: set[Trait] = set()
    for rule in rules:
        if not rule.traits <= found and fit(rule, subject):
            found |= rule.traits
    return found
