"""Sentences as data: what may be said to calm, each naming the evidence it needs."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from core.assessment import ComfortLevel


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """May be said where every fact of `needs` holds. `says` holds the names of facts in braces; those facts are its evidence."""

    name: str
    needs: tuple[str, ...]
    says: str
    level: ComfortLevel
    why: str


@cache
def comforting() -> tuple[Sentence, ...]:
    """In order of preference: the first whose needs hold is said."""
    raw = yaml.safe_load(files(__package__).joinpath("comfort.yaml").read_text(encoding="utf-8"))
    return tuple(
        Sentence(name=one["name"], needs=tuple(one["needs"]), says=one["says"], level=ComfortLevel(one["level"]), why=one["why"])
        for one in raw["sentences"]
    )
