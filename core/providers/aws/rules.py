"""The rules of this provider: what a call does and to what, who a name belongs to, which traits a change has. Read from rules/*.yaml."""

from collections.abc import Mapping
from functools import cache, lru_cache

from core import rulefile
from core.event import ChangeType
from core.json import JsonObject
from core.providers.aws.conditions import CONDITIONS
from core.providers.aws.subject import Subject, find, words
from core.rulefile import TraitRule, fits, traits_of
from core.trait import Trait

READ = "read"
# A prefix that says how often, not what: the next word decides (BatchDeleteImage, AdminCreateUser).
_HOW = frozenset({"batch", "bulk", "admin", "transact"})


_GLOBS = frozenset({"calls", "kinds", "changed"})


def load(name: str) -> JsonObject:
    return rulefile.load(__package__, name)


@cache
def trait_rules() -> tuple[TraitRule[Subject], ...]:
    return rulefile.trait_rules(__package__, CONDITIONS, globs=_GLOBS)


@lru_cache(maxsize=2048)
def _rules_of(call: str, kind: str) -> tuple[TraitRule[Subject], ...]:
    return tuple(rule for rule in trait_rules() if rule.matches("calls", call) and rule.matches("kinds", kind))


def _fit(rule: TraitRule[Subject], subject: Subject) -> bool:
    """Of a rule that concerns the call and kind: does the rest hold too?"""
    return (not rule.types or subject.change_type in rule.types) and rule.matches_any("changed", subject.changed) and rule.holds(subject)


def traits(subject: Subject) -> frozenset[Trait]:
    """Every trait that a rule gives. An attempt is judged by what was tried."""
    found = traits_of(subject, _rules_of(subject.call, subject.kind), _fit)
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
def _services() -> dict[str, set[str]]:
    """The services under which our tables know a call of this name."""
    found: dict[str, set[str]] = {}
    for rule in trait_rules():
        for call in rule.globs.get("calls", ()):
            service, _, name = call.partition(":")
            if name and not set("*?[") & set(f"{service}{name}"):
                found.setdefault(name.lower(), set()).add(service)
    return found


def service_of(name: str) -> str:
    """The service that a call is of, where a record does not tell and our tables know it of one alone; empty otherwise."""
    known = _services().get(name.strip().lower(), set())
    return next(iter(known)) if len(known) == 1 else ""


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
