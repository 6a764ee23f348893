"""The rules of this provider: which traits a change has, what is noise, what holds secrets. Read once from rules/*.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

import yaml

from core.event import ChangeType
from core.json import JsonObject
from core.providers.terraform.conditions import CONDITIONS
from core.providers.terraform.subject import Subject
from core.trait import Trait

_STANDING = frozenset({ChangeType.CREATED, ChangeType.MODIFIED, ChangeType.REPLACED, ChangeType.MOVED})


def load(name: str) -> JsonObject:
    loaded: JsonObject = yaml.safe_load(files(__package__).joinpath("rules", name).read_text(encoding="utf-8"))
    return loaded


def fits(value: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


@dataclass(frozen=True, kw_only=True, slots=True)
class TraitRule:
    """A change that fits every part named has the traits. `why` and `source` are for people who ask.

    `when` holds of the instance as it is after; of one that was there before it must be new.
    """

    traits: frozenset[Trait]
    why: str
    source: str
    types: frozenset[ChangeType] = frozenset()
    kinds: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    when: tuple[str, ...] = ()

    def fits(self, subject: Subject) -> bool:
        types = self.types or (_STANDING if self.when or self.changed else frozenset(ChangeType))
        return (
            subject.change_type in types
            and (not self.kinds or fits(subject.kind, self.kinds))
            and (not self.changed or subject.change_type is ChangeType.CREATED or any(fits(path, self.changed) for path in subject.changed))
            and all(CONDITIONS[name](subject) for name in self.when)
        )


@cache
def trait_rules() -> tuple[TraitRule, ...]:
    """Every rule, checked: an unknown trait, change type or condition is an error at the first use."""
    rules = []
    for row in load("traits.yaml")["rules"]:
        unknown = set(row.get("when", ())) - set(CONDITIONS)
        if unknown:
            raise ValueError(f"rules/traits.yaml names unknown conditions {sorted(unknown)}")
        rules.append(
            TraitRule(
                traits=frozenset(Trait(name) for name in row["traits"]),
                why=row["why"],
                source=row["source"],
                types=frozenset(ChangeType(name) for name in row.get("types", ())),
                **{key: tuple(row.get(key, ())) for key in ("kinds", "changed", "when")},
            )
        )
    return tuple(rules)


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives."""
    found: set[Trait] = set()
    for rule in trait_rules():
        if not rule.traits <= found and rule.fits(subject):
            found |= rule.traits
    return frozenset(found)


@cache
def _noise() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    return tuple((tuple(row["kinds"]), tuple(row["paths"])) for row in load("noise.yaml")["rules"])


@cache
def is_noise(kind: str, attribute: str) -> bool:
    """Does the attribute move without anyone changing anything?"""
    return any(fits(kind, kinds) and fits(attribute, paths) for kinds, paths in _noise())


def automation(user: str) -> bool:
    """Is it an account that machinery runs under?"""
    return fits(user.lower(), load_actors())


@cache
def load_actors() -> tuple[str, ...]:
    return tuple(load("actors.yaml")["automation"])
