"""Rules as data: what a row may say, and that a slip of the pen in one is an error and not a rule that never holds."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import rulefile
from core.event import ChangeType
from core.kube import rules as kube
from core.providers.aws import rules as aws
from core.providers.gcp import rules as gcp
from core.providers.terraform import rules as terraform
from core.trait import Trait

ROW = "{traits: [tags], why: labels, source: 'https://example.com'"


@dataclass(frozen=True)
class Thing:
    red: bool = False
    big: bool = False


CONDITIONS: Mapping[str, Callable[[Thing], bool]] = {"red": lambda one: one.red, "big": lambda one: one.big}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An importable package whose rules a test writes."""
    (tmp_path / "vendor_of_things" / "rules").mkdir(parents=True)
    (tmp_path / "vendor_of_things" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "vendor_of_things"
    sys.modules.pop("vendor_of_things", None)


def write(tmp_path: Path, rows: str) -> None:
    (tmp_path / "vendor_of_things" / "rules" / "traits.yaml").write_text(f"rules:\n{rows}", encoding="utf-8")


def read(package: str) -> tuple[rulefile.TraitRule[Thing], ...]:
    return rulefile.trait_rules(package, CONDITIONS, globs=frozenset({"kinds"}))


def test_a_row_becomes_a_rule_with_its_reason(tmp_path: Path, package: str) -> None:
    write(tmp_path, f"  - {ROW}, types: [deleted], kinds: ['A::*'], when: [red], unless: [big]}}\n")
    (rule,) = read(package)
    assert (rule.traits, rule.types, rule.why) == (frozenset({Trait.TAGS}), frozenset({ChangeType.DELETED}), "labels")
    assert rule.matches("kinds", "A::B")
    assert not rule.matches("kinds", "B::A")
    assert rule.matches("calls", "whatever the row does not ask")
    assert [rule.holds(one) for one in (Thing(red=True), Thing(), Thing(red=True, big=True))] == [True, False, False]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (", when: [gren]", "unknown conditions"),
        (", unless: [gren]", "unknown conditions"),
        (", unles: [red]", "unknown keys"),
        (", calls: ['x']", "unknown keys"),
        (", types: [vanished]", "vanished"),
    ],
)
def test_a_slip_of_the_pen_is_an_error(more: str, says: str, tmp_path: Path, package: str) -> None:
    write(tmp_path, f"  - {ROW}{more}}}\n")
    with pytest.raises(ValueError, match=says):
        read(package)


def test_a_rule_adds_to_what_others_gave(tmp_path: Path, package: str) -> None:
    write(tmp_path, f"  - {ROW}, when: [red]}}\n  - {ROW.replace('tags', 'scales')}}}\n")
    asked = rulefile.traits_of(Thing(red=True), read(package), lambda rule, one: rule.holds(one))
    assert asked == {Trait.TAGS, Trait.SCALES}


def test_every_rule_of_every_provider_has_a_reason_and_a_source() -> None:
    for provider in (aws, gcp, kube, terraform):
        rules = provider.trait_rules()
        assert len(rules) > 20, provider
        for rule in rules:
            assert rule.why, rule
            assert rule.source.startswith("https://"), rule
