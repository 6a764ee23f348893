"""The rules of this provider: what a request does, who a name belongs to, which traits a change has. Read once from rules/*.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

import yaml

from core.event import ChangeType
from core.json import JsonObject
from core.providers.kubernetes.conditions import CONDITIONS
from core.providers.kubernetes.subject import Subject
from core.trait import Trait

NONE = "none"
_STANDING = frozenset({ChangeType.CREATED, ChangeType.MODIFIED, ChangeType.REPLACED, ChangeType.SCALED, ChangeType.RESTARTED})


def load(name: str) -> JsonObject:
    loaded: JsonObject = yaml.safe_load(files(__package__).joinpath("rules", name).read_text(encoding="utf-8"))
    return loaded


def fits(value: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


@dataclass(frozen=True, kw_only=True, slots=True)
class TraitRule:
    """A change that fits every part named has the traits. `why` and `source` are for people who ask.

    `when` holds of the object as it is after; of a modified object whose state before is known it must be new.
    """

    traits: frozenset[Trait]
    why: str
    source: str
    types: frozenset[ChangeType] = frozenset()
    kinds: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def fits(self, subject: Subject) -> bool:
        types = self.types or (_STANDING if self.when else frozenset(ChangeType))
        return (
            subject.change_type in types
            and (not self.kinds or fits(subject.kind, self.kinds))
            and (not self.actions or fits(subject.action, self.actions))
            and (not self.names or fits(subject.name, self.names))
            and (not self.namespaces or fits(subject.namespace, self.namespaces))
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
                **{key: tuple(row.get(key, ())) for key in ("kinds", "actions", "names", "namespaces", "changed", "when", "unless")},
            )
        )
    return tuple(rules)


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives. An attempt is judged by what was tried."""
    found: set[Trait] = set()
    for rule in trait_rules():
        if not rule.traits <= found and rule.fits(subject):
            found |= rule.traits
    return frozenset(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What a request does; `kind` where the thing made is another than the resource asked."""

    change_type: ChangeType
    kind: str = ""


@cache
def _verbs() -> Mapping[str, str]:
    return {verb: meaning for meaning, named in load("actions.yaml")["verbs"].items() for verb in named}


@cache
def _exceptions() -> tuple[JsonObject, ...]:
    return tuple(load("actions.yaml")["exceptions"])


def meaning(action: str, *, name: str, agent: str, path: str, by_platform: bool) -> Meaning | None:
    """What "verb resource/subresource" does; None where it changes nothing. An unknown verb is taken for a change."""
    for row in _exceptions():
        if (
            fits(action, row["match"])
            and (row.get("by") != "platform" or by_platform)
            and ("name" not in row or fits(name, row["name"]))
            and ("agent" not in row or fits(agent.lower(), row["agent"]))
            and ("path" not in row or fits(path.partition("?")[0], row["path"]))
        ):
            return None if row["as"] == NONE else Meaning(change_type=ChangeType(row["as"]), kind=row.get("kind", ""))
    told = _verbs().get(action.partition(" ")[0], ChangeType.MODIFIED)
    return None if told == NONE else Meaning(change_type=ChangeType(told))


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
