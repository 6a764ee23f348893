"""The rules of this provider: which traits a change has, what is noise, what holds secrets. Read once from rules/*.yaml."""

from functools import cache, lru_cache

from core import rulefile
from core.event import ChangeType
from core.json import JsonObject
from core.providers.terraform.conditions import CONDITIONS
from core.providers.terraform.subject import Subject
from core.rulefile import TraitRule, fits, traits_of
from core.trait import Trait

_STANDING = frozenset({ChangeType.CREATED, ChangeType.MODIFIED, ChangeType.REPLACED, ChangeType.MOVED})


_GLOBS = frozenset({"kinds", "changed"})


def load(name: str) -> JsonObject:
    return rulefile.load(__package__, name)


@cache
def trait_rules() -> tuple[TraitRule[Subject], ...]:
    return rulefile.trait_rules(__package__, CONDITIONS, globs=_GLOBS)


@lru_cache(maxsize=2048)
def _rules_of(kind: str) -> tuple[TraitRule[Subject], ...]:
    return tuple(rule for rule in trait_rules() if rule.matches("kinds", kind))


def _fit(rule: TraitRule[Subject], subject: Subject) -> bool:
    """Of a rule that concerns the kind. `when` holds of the instance as it is after, and newly so; a creation fits any path."""
    types = rule.types or (_STANDING if rule.when or "changed" in rule.globs else frozenset(ChangeType))
    return (
        subject.change_type in types
        and (subject.change_type is ChangeType.CREATED or rule.matches_any("changed", subject.changed))
        and rule.holds(subject)
    )


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives."""
    return frozenset(traits_of(subject, _rules_of(subject.kind), _fit))


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
