"""The words after `/wgo catchup`: `[since] [in <environment|provider|source>] [brief|full] [share]`, in any order. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.errors import WhenUnclear
from core.subscription import EventFilter
from core.when import When, when

ALIASES = ("catchup", "catch-up", "catch up", "catch me up", "summarize", "summarise")
USAGE = "catchup [since] [in <environment|provider|source>] [brief|full] [share]"
_IN = re.compile(r"\bin\s+(\S+)", re.IGNORECASE)
_NEGATIVE = re.compile(r"(?:(?:since|from|after|in|for|over|within|during|the|last|past)\s+)*[-−–]\s*\d", re.IGNORECASE)
_YEARS = re.compile(r"\b(\d+)\s*(?:years?|y)\b", re.IGNORECASE)
_LENGTHS = "Say it like 30m, 24h, 7d or 2 weeks."
_EXAMPLE = "catchup since yesterday 5pm in prod full"


class RequestUnclear(WhenUnclear):
    """The words of a catch-up that cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatchUpRequest:
    """What is asked. `when` None is from where this reader left off."""

    when: When | None = None
    filter: EventFilter = field(default_factory=EventFilter)
    brief: bool = True
    share: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The names that "in …" may take."""

    environments: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def environments_called(self, name: str) -> frozenset[str]:
        """Those of that name, whatever its case."""
        return _called(name, self.environments)

    def find(self, name: str) -> EventFilter | None:
        """The filter of that name, whatever its case; environments first, as people mean them most. None where nothing is called so."""
        if found := self.environments_called(name):
            return EventFilter(environments=found)
        if found := _called(name, self.sources):
            return EventFilter(sources=found)
        if found := _called(name, self.providers):
            return EventFilter(providers=found)
        return None

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(sorted(self.environments | self.providers | self.sources))


def _called(name: str, held: Collection[str]) -> frozenset[str]:
    return frozenset(one for one in held if one and one.lower() == name.lower())


def narrowed(words: str, known: Places) -> tuple[str, EventFilter]:
    """What is left of the words without the places named by "in …", and these places. Raises RequestUnclear
    for a name that is none; what may be a time stays a word."""
    wanted = EventFilter()
    for found in reversed(list(_IN.finditer(words))):
        held = known.find(found[1].rstrip(",."))
        if held is not None:
            wanted = wanted.widened(held)
            words = f"{words[: found.start()]} {words[found.end() :]}"
        elif _no_time(found[1]):
            raise _unknown_place(found[1], known)
    return " ".join(words.split()), wanted


def takes(words: str) -> str | None:
    """What follows where the words begin with catchup or another name for it; None where they do not."""
    plain = " ".join(words.split())
    for alias in ALIASES:
        if plain.lower() == alias or plain.lower().startswith(alias + " "):
            return plain[len(alias) :].strip()
    return None


def parse(words: str, *, now: datetime, time_zone: str, known: Places) -> CatchUpRequest:
    """Raises RequestUnclear, or WhenUnclear for what should be a time. A word that is no known place is never taken for one."""
    left = words.split()
    request = CatchUpRequest(share=_take(left, "share"))
    full, brief = _take(left, "full"), _take(left, "brief")
    if full and brief:
        raise RequestUnclear("brief or full, not both", next_step=f"{USAGE}. For example: {_EXAMPLE}")
    request = replace(request, brief=not full)
    wanted = EventFilter()
    rest = " ".join(left)
    # "in prod" names a place, "in the last 3 days" a time: only the last "in" with a known name is a place.
    for found in reversed(list(_IN.finditer(rest))):
        held = known.find(found[1].rstrip(",."))
        if held is not None:
            wanted = wanted.widened(held)
            rest = f"{rest[: found.start()]} {rest[found.end() :]}"
        elif _no_time(found[1]):
            raise _unknown_place(found[1], known)
    rest = " ".join(rest.split())
    if not rest:
        return replace(request, filter=wanted)
    lone = known.find(rest)
    if lone is not None:
        return replace(request, filter=wanted.widened(lone))
    return replace(request, filter=wanted, when=asked_time(rest, now=now, time_zone=time_zone))


def asked_time(words: str, *, now: datetime, time_zone: str) -> When:
    """The time that the words name. Raises WhenUnclear, also for one of no length, a negative one, and one that began before all dates: of
    none of them anything could be told, and no time at all must not be called quiet."""
    if _NEGATIVE.match(words):
        raise RequestUnclear(f"“{words}” is a negative time", next_step=f"{_LENGTHS} Each counts back from now.")
    years = _YEARS.search(words)
    if years and int(years[1]) >= now.year:
        raise RequestUnclear(f"“{words}” is longer than there are dates", next_step=_LENGTHS)
    found = when(words, now=now, time_zone=time_zone)
    if not found.range.duration:
        raise RequestUnclear(f"“{words}” is no length of time", next_step=_LENGTHS)
    return found


def _take(words: list[str], word: str) -> bool:
    found = [one for one in words if one.lower().lstrip("-") == word]
    for one in found:
        words.remove(one)
    return bool(found)


def _no_time(word: str) -> bool:
    return (
        re.fullmatch(r"the|last|past|an?|\d.*|jan.*|feb.*|mar(ch)?|apr.*|may|june?|july?|aug.*|sep.*|oct.*|nov.*|dec.*", word.lower())
        is None
    )


def _unknown_place(name: str, known: Places) -> RequestUnclear:
    names = ", ".join(known.all) or "none yet"
    return RequestUnclear(f"nothing I watch is called {name!r}", next_step=f"Environments, providers and sources I know: {names}.")


def unknown_environment(name: str, known: Places) -> RequestUnclear:
    names = ", ".join(sorted(known.environments)) or "none yet"
    return RequestUnclear(f"no environment that I watch is called {name!r}", next_step=f"Environments I know: {names}.")
