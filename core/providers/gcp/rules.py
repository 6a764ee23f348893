"""The rules of this provider: what a method does, and which traits a change has. Read once from rules/*.yaml."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from core import rulefile
from core.event import ChangeType
from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Subject, words
from core.rulefile import TraitRule, traits_of
from core.trait import Trait

READ = "read"
_GLOBS = frozenset({"methods", "kinds", "changed", "permissions"})


@cache
def trait_rules() -> tuple[TraitRule[Subject], ...]:
    return rulefile.trait_rules(__package__, CONDITIONS, globs=_GLOBS)


@lru_cache(maxsize=2048)
def _rules_of(method: str, kind: str) -> tuple[TraitRule[Subject], ...]:
    return tuple(rule for rule in trait_rules() if rule.matches("methods", method) and rule.matches("kinds", kind))


def _fit(rule: TraitRule[Subject], subject: Subject) -> bool:
    """Of a rule that concerns the method and kind: does the rest hold too?"""
    used = rule.matches_any("changed", subject.changed) and rule.matches_any("permissions", subject.permissions)
    return (not rule.types or subject.change_type in rule.types) and used and rule.holds(subject)


@cache
def _verbs() -> Mapping[str, str]:
    verbs = rulefile.load(__package__, "methods.yaml")["verbs"]
    return {"".join(verb.split("_")): meaning for meaning, named in verbs.items() for verb in named}


@cache
def _exceptions() -> tuple[tuple[str, str], ...]:
    return tuple((row["match"], row["as"]) for row in rulefile.load(__package__, "methods.yaml")["exceptions"])


def meaning(service: str, method: str, *, mutates: bool | None) -> ChangeType | None:
    """What the method does; None where it changes nothing.

    `mutates` is what the log itself says (Admin Activity and System Event: True; Data Access: False; None where the record
    does not tell): it decides for a verb that the table does not know.
    """
    spelled = f"{service} {method}".lower()
    for pattern, named in _exceptions():
        if fnmatchcase(spelled, pattern):
            return None if named == READ else ChangeType(named)
    parts = words(method.rsplit(".", 1)[-1])
    for length in (2, 1):
        told = _verbs().get("".join(parts[:length])) if len(parts) >= length else None
        if told is not None:
            return None if told == READ else ChangeType(told)
    return ChangeType.MODIFIED if mutates else None


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives. An attempt is judged by what was tried."""
    return frozenset(traits_of(subject, _rules_of(subject.method, subject.kind), _fit))
