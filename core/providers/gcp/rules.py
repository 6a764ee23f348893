"""The rules of this provider: what a method does, and which traits a change has. Read once from rules/*.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

import yaml

from core.event import ChangeType
from core.json import JsonObject
from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Subject, words
from core.trait import Trait

READ = "read"


@dataclass(frozen=True, kw_only=True, slots=True)
class TraitRule:
    """A change that fits every part named has the traits. `why` and `source` are for people who ask."""

    traits: frozenset[Trait]
    why: str
    source: str
    methods: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    when: tuple[str, ...] = ()

    def fits(self, subject: Subject) -> bool:
        return (
            (not self.methods or _any(subject.method, self.methods))
            and (not self.kinds or _any(subject.kind, self.kinds))
            and (not self.changed or any(_any(path, self.changed) for path in subject.changed))
            and all(CONDITIONS[name](subject) for name in self.when)
        )


def _any(value: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def _load(name: str) -> JsonObject:
    loaded: JsonObject = yaml.safe_load(files(__package__).joinpath("rules", name).read_text(encoding="utf-8"))
    return loaded


@cache
def trait_rules() -> tuple[TraitRule, ...]:
    """Every rule, checked: an unknown trait or condition is an error at the first use."""
    rules = []
    for row in _load("traits.yaml")["rules"]:
        unknown = set(row.get("when", ())) - set(CONDITIONS)
        if unknown:
            raise ValueError(f"rules/traits.yaml names unknown conditions {sorted(unknown)}")
        rules.append(
            TraitRule(
                traits=frozenset(Trait(name) for name in row["traits"]),
                why=row["why"],
                source=row["source"],
                **{key: tuple(row.get(key, ())) for key in ("methods", "kinds", "changed", "when")},
            )
        )
    return tuple(rules)


@cache
def _verbs() -> Mapping[str, str]:
    verbs = _load("methods.yaml")["verbs"]
    return {"".join(verb.split("_")): meaning for meaning, named in verbs.items() for verb in named}


@cache
def _exceptions() -> tuple[tuple[str, str], ...]:
    return tuple((row["match"], row["as"]) for row in _load("methods.yaml")["exceptions"])


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
    found: set[Trait] = set()
    for rule in trait_rules():
        if not rule.traits <= found and rule.fits(subject):
            found |= rule.traits
    return frozenset(found)
