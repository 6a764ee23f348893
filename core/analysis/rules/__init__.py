"""Rules as data: each with its reason and its source. Read once; `version` names the whole set."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, cast

import yaml

from core.assessment import Severity, Verdict
from core.event import Actor
from core.trait import Trait

_FILES = ("classify.yaml", "severity.yaml", "identities.yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One weighing. Holds where all of `when` are seen and none of `unless`; adds `weight` to `verdict`.

    `scaled` multiplies the weight by the sign's size. `tells` names the sign whose sentence becomes the evidence.
    """

    name: str
    when: frozenset[str]
    unless: frozenset[str]
    tells: str
    verdict: Verdict
    weight: float
    scaled: bool
    why: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TraitRule:
    """What one trait means for severity. `telling` is above 0 for security-sensitive ones: how surely they are unplanned if unexplained."""

    severity: Severity
    telling: float
    says: str
    source: str

    @property
    def guarded(self) -> bool:
        return self.telling > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    traits: frozenset[Trait]
    severity: Severity


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _load(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.load(_text(name), Loader=yaml.CSafeLoader))


@cache
def version() -> str:
    """Changes with every change of a rule."""
    return hashlib.sha256("\x1f".join(_text(name) for name in _FILES).encode()).hexdigest()[:12]


@cache
def temperature() -> float:
    """What the sums of log-odds are divided by."""
    return float(_load("classify.yaml")["temperature"])


_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)")


@cache
def _mistakes() -> tuple[str, ...]:
    return tuple(pattern for raw in _load("classify.yaml")["mistakes"] for pattern in raw["like"])


def is_mistake(error: str) -> bool:
    """Did it fail for the request's own sake, and not because it was denied? Names in quotes are the caller's own words."""
    return not _match_one(error, _denials()) and bool(_match_one(_QUOTED.sub("", error), _mistakes()))


@cache
def _denials() -> tuple[str, ...]:
    return tuple(pattern for raw in _load("classify.yaml")["denials"] for pattern in raw["like"])


@cache
def weighings() -> tuple[Rule, ...]:
    return tuple(_rule(raw) for raw in _load("classify.yaml")["rules"])


# Whatever the events, few sets of signs are seen together.
@lru_cache(maxsize=4096)
def holding(signs: frozenset[str]) -> tuple[Rule, ...]:
    """The weighings that hold where just these signs are seen, in their order."""
    return tuple(rule for rule in weighings() if rule.when <= signs and rule.unless.isdisjoint(signs))


def _rule(raw: dict[str, Any]) -> Rule:
    verdict = next(v for v in (Verdict.PLANNED, Verdict.ROUTINE, Verdict.UNPLANNED) if v in raw)
    return Rule(
        name=raw["name"],
        when=frozenset(raw["when"]),
        unless=frozenset(raw.get("unless", ())),
        tells=raw["tells"],
        verdict=verdict,
        weight=float(raw[verdict]),
        scaled=bool(raw.get("scaled", False)),
        why=raw["why"],
        source=raw["source"],
    )


@cache
def traits() -> Mapping[Trait, TraitRule]:
    return {
        Trait(name): TraitRule(
            severity=Severity(raw["severity"]), telling=float(raw.get("guarded", 0.0)), says=raw["says"], source=raw["source"]
        )
        for name, raw in _load("severity.yaml")["traits"].items()
    }


@cache
def together() -> tuple[Together, ...]:
    return tuple(
        Together(traits=frozenset(map(Trait, raw["all"])), severity=Severity(raw["severity"])) for raw in _load("severity.yaml")["together"]
    )


@cache
def _patterns(group: str) -> tuple[str, ...]:
    return tuple(pattern.casefold() for raw in _load("identities.yaml")[group] for pattern in raw["like"])


@lru_cache(maxsize=4096)
def looks_like(group: str, spellings: frozenset[str]) -> str:
    """The pattern of `group` (ci, break_glass) that one of the spellings matches; empty where none does."""
    return matching(spellings, _patterns(group))


def given_names(actor: Actor) -> frozenset[str]:
    """What others call it, without what it may call itself: of a role's session the role."""
    if not looks_like("session_of_role", frozenset({actor.id})):
        return frozenset({actor.id, actor.name, actor.session})
    role = actor.id.rpartition("/")[0]
    return frozenset({role, role.rpartition("/")[2]})


def matching(spellings: frozenset[str], patterns: tuple[str, ...]) -> str:
    """The first of `patterns` that one of the spellings matches, without case; empty where none does."""
    if not patterns:
        return ""
    return next((found for one in sorted(spellings) if one and (found := _match_one(one, patterns))), "")


@lru_cache(maxsize=4096)
def _match_one(spelling: str, patterns: tuple[str, ...]) -> str:
    folded = spelling.casefold()
    return next((pattern for pattern in patterns if fnmatchcase(folded, pattern.casefold())), "")
