"""Who is named in a question: known people by address, name or first name, and strangers. Small letters throughout. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from core.assistant import topics, vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """`actors` are those that are known, `strangers` those asked about who are not. `shared` are names that fit several, with whom.
    `rest` are the words without them all."""

    rest: str
    actors: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def plainly(text: str) -> str:
    """Small letters without accents: who is called Chloé is mostly known as chloe."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))


def people(rest: str, actors: Collection[str]) -> Named:
    """A whole name or address means nobody else, unless others are called by it for short; a part of one means all whom it fits. A
    stranger is only taken for one where somebody is asked about with "by" or "what did … do"."""
    found: set[str] = set()
    short = called(actors)
    for actor in sorted(actors, key=len, reverse=True):
        whole = plainly(actor)
        left = _without(whole, rest) if whole not in short else rest
        if left != rest:
            found.add(actor)
            rest = left
    shared: dict[str, tuple[str, ...]] = {}
    for form, whom in sorted(short.items(), key=lambda one: -len(one[0])):
        left = _without(form, rest)
        if left != rest:
            found.update(whom)
            rest = left
            if len(whom) > 1:
                shared[form] = whom
    nobody = vocabulary.PLAIN | topics.TOOLS
    strangers = tuple(dict.fromkeys(one for one in vocabulary.SOMEONE.findall(rest) if one not in nobody and not _acts(one)))
    for stranger in strangers:
        rest = re.sub(rf"(?:\bby )?\b{re.escape(stranger)}(?!\w)", " ", rest)
    return Named(rest=rest, actors=frozenset(found), strangers=strangers, shared=shared)


def called(actors: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Each short form of a name or an address, with all whom it fits."""
    fits: dict[str, list[str]] = {}
    for actor in sorted(actors):
        local = plainly(actor).partition("@")[0]
        for form in dict.fromkeys((local, re.split(r"[\s.]", local)[0])):
            if _names_somebody(form):
                fits.setdefault(form, []).append(actor)
    return {form: tuple(whom) for form, whom in fits.items()}


def _names_somebody(form: str) -> bool:
    return len(form) > 2 and form not in vocabulary.PLAIN | topics.TOOLS


def _without(form: str, rest: str) -> str:
    """The words without the form. What goes on to an address is another name."""
    if not _names_somebody(form):
        return rest
    return re.sub(rf"(?<![\w.-])(?<!\w@)(?:by )?{re.escape(form)}(?:'s)?(?![\w@-]|\.\w)", " ", rest)


def _acts(word: str) -> bool:
    """Is it what is done, rather than who does it?"""
    return word in vocabulary.VERDICTS or any(re.fullmatch(pattern, word) for pattern, _ in vocabulary.TYPES)
