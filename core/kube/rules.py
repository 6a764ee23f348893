"""The rules of Kubernetes, whichever source tells of it: what a request does, who a name belongs to, which traits a change has.

Read once from rules/*.yaml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from core import rulefile
from core.event import ActorKind, ChangeType
from core.json import JsonObject
from core.kube.conditions import CONDITIONS
from core.kube.subject import Subject
from core.rulefile import TraitRule, fits, traits_of
from core.trait import Trait

NONE = "none"
_STANDING = frozenset({ChangeType.CREATED, ChangeType.MODIFIED, ChangeType.REPLACED, ChangeType.SCALED, ChangeType.RESTARTED})


_GLOBS = frozenset({"kinds", "actions", "names", "namespaces", "changed"})


def load(name: str) -> JsonObject:
    return rulefile.load(__package__, name)


@cache
def trait_rules() -> tuple[TraitRule[Subject], ...]:
    return rulefile.trait_rules(__package__, CONDITIONS, globs=_GLOBS)


@lru_cache(maxsize=2048)
def _rules_of(kind: str, action: str) -> tuple[TraitRule[Subject], ...]:
    return tuple(rule for rule in trait_rules() if rule.matches("kinds", kind) and rule.matches("actions", action))


def _fit(rule: TraitRule[Subject], subject: Subject) -> bool:
    """Of a rule that concerns the kind and action. `when` holds of the object as it is after; of a modified one it must be new."""
    types = rule.types or (_STANDING if rule.when else frozenset(ChangeType))
    return (
        subject.change_type in types
        and rule.matches("names", subject.name)
        and rule.matches("namespaces", subject.namespace)
        and rule.matches_any("changed", subject.changed)
        and rule.holds(subject)
    )


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives. An attempt is judged by what was tried."""
    return frozenset(traits_of(subject, _rules_of(subject.kind, subject.action), _fit))


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What a request does; `kind` where the thing made is another than the resource asked."""

    change_type: ChangeType
    kind: str = ""


@cache
def _verbs() -> Mapping[str, str]:
    return {verb: meaning for meaning, named in load("actions.yaml")["verbs"].items() for verb in named}


_BY = {"platform": ActorKind.SERVICE, "person": ActorKind.HUMAN}


@cache
def _exceptions() -> tuple[JsonObject, ...]:
    return tuple(load("actions.yaml")["exceptions"])


def meaning(action: str, *, name: str, agent: str, path: str, by: ActorKind) -> Meaning | None:
    """What "verb resource/subresource" does; None where it changes nothing. An unknown verb is taken for a change."""
    for row in _exceptions():
        if (
            fits(action, row["match"])
            and ("by" not in row or _BY[row["by"]] is by)
            and ("name" not in row or fits(name, row["name"]))
            and ("agent" not in row or fits(agent.lower(), row["agent"]))
            and ("path" not in row or fits(path.partition("?")[0], row["path"]))
        ):
            return None if row["as"] == NONE else Meaning(change_type=ChangeType(row["as"]), kind=row.get("kind", ""))
    told = _verbs().get(action.partition(" ")[0], ChangeType.MODIFIED)
    return None if told == NONE else Meaning(change_type=ChangeType(told))


@cache
def own_parts() -> tuple[str, ...]:
    """The names that the cluster's own parts go by."""
    return tuple(load("actions.yaml")["own_parts"]["like"])


@cache
def streams() -> frozenset[str]:
    """Resources whose requests stay open: told once, at their start."""
    return frozenset(load("actions.yaml")["streams"])


def sensitive(action: str) -> Trait | None:
    """The trait of a read that is worth knowing of."""
    return next((Trait(row["trait"]) for row in load_sensitive() if fits(action, row["match"])), None)


@cache
def load_sensitive() -> tuple[JsonObject, ...]:
    return tuple(load("actions.yaml")["sensitive_reads"])
