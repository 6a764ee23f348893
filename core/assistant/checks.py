"""The checks of what a question names: which of its words have any, and how they stand. Pure."""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import phrases
from core.assistant.topics import word_in
from core.baseline import Metric
from core.observation import Health, Observation
from core.subscription import EventFilter, Visibility
from core.text import plain
from core.timerange import TimeRange

# An older reading says nothing of now, and a longer hole between two is a time that was not measured.
FRESH = timedelta(hours=1)
# Words that say what sort of thing the name beside them is.
_SORTS = re.compile(
    r"(?:micro)?services?|workloads?|app(?:lication)?s?|pods?|clusters?|namespaces?|nodes?|databases?|dbs?|instances?|servers?|api'?s"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Checks that pass of all that there are, under the name that it is told by."""

    name: str
    numerator: float
    denominator: float
    at: datetime

    @property
    def passes(self) -> bool:
        return self.numerator >= self.denominator


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """How something stood over a stretch of time: `worst` of `many` measurements from `first_at` to `last_at`. `unbroken`: with no
    longer hole from the first moment to the last."""

    worst: Score
    many: int
    first_at: datetime
    last_at: datetime
    unbroken: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedChecks:
    """`words` are the names, without the words that say their sort; `found` are the readings of what they name, `unmeasured` those that
    have none."""

    words: tuple[str, ...] = ()
    found: Sequence[Observation] = ()
    unmeasured: tuple[str, ...] = ()


def of_words(readings: Iterable[Observation], words: Sequence[str], places: EventFilter, visibility: Visibility) -> NamedChecks:
    """The readings that tell how the named things are: a whole name before a part of one, all words together before each by itself."""
    read = [one for one in readings if one.is_check and _seen(one, visibility)]
    held = [one for one in read if not places.environments or one.resource.environment in places.environments]
    unmeasured = [name for name in sorted(places.sources) if all(one.source != name for one in held)]
    unmeasured += [name for name in sorted(places.providers) if all(one.resource.provider != name for one in held)]
    held = [one for one in held if not places.sources or one.source in places.sources]
    held = [one for one in held if not places.providers or one.resource.provider in places.providers]
    by_word = {word: _called(word, held) for word in words}
    sorts = [word for word in words if _SORTS.fullmatch(word) and not by_word[word]]
    names = [word for word in words if word not in sorts] or sorts
    unmeasured += [word for word in names if not by_word[word]]
    if unmeasured and not any(by_word.values()):
        return NamedChecks(words=tuple(names), unmeasured=tuple(unmeasured))
    if names:
        together = [one for one in held if all(one in by_word[word] for word in names if by_word[word])]
        held = together or [one for one in held if any(one in by_word[word] for word in names)]
    return NamedChecks(words=tuple(names), found=held, unmeasured=tuple(unmeasured))


def scores(checks: Iterable[Observation]) -> dict[str, Score]:
    """The newest reading of each check, counted by the thing that it is of."""
    newest: dict[str, Observation] = {}
    for one in sorted(checks, key=lambda one: one.at):
        newest[one.key] = one
    by_thing: dict[str, list[Observation]] = {}
    for one in newest.values():
        by_thing.setdefault(_name(one), []).append(one)
    return {name: _score(name, held) for name, held in sorted(by_thing.items())}


def course(span: TimeRange, measured: Sequence[Score]) -> Course | None:
    """None where nothing was measured in the span."""
    ordered = sorted((one for one in measured if span.holds(one.at)), key=lambda one: one.at)
    if not ordered:
        return None
    times = [span.start, *(one.at for one in ordered), span.end]
    return Course(
        worst=min(ordered, key=lambda one: one.numerator / one.denominator),
        many=len(ordered),
        first_at=ordered[0].at,
        last_at=ordered[-1].at,
        unbroken=all(later - earlier <= FRESH for earlier, later in itertools.pairwise(times)),
    )


def of_metrics(metrics: Iterable[Metric]) -> dict[str, list[Score]]:
    """By environment; what names none, and the total, under the empty name."""
    found: dict[str, list[Score]] = {}
    for one in sorted(metrics, key=lambda one: one.at):
        score = Score(name=one.environment, numerator=one.numerator, denominator=one.denominator, at=one.at)
        found.setdefault(one.environment, []).append(score)
    return found


def of_readings(readings: Iterable[Observation]) -> dict[str, list[Score]]:
    """Each reading by itself, by the thing that it is of."""
    found: dict[str, list[Score]] = {}
    for one in readings:
        if one.is_check:
            found.setdefault(_name(one), []).append(_score(_name(one), [one]))
    return found


def _called(word: str, held: Sequence[Observation]) -> list[Observation]:
    whole = [one for one in held if one.resource.name.lower() == word]
    return whole or [one for one in held if word_in(word, one.resource.key.lower())]


def _seen(one: Observation, visibility: Visibility) -> bool:
    by_place = visibility.environments is None or one.resource.environment in visibility.environments
    return by_place and (visibility.sources is None or one.source in visibility.sources)


def _score(name: str, held: Sequence[Observation]) -> Score:
    passing = sum(one.health is Health.HEALTHY for one in held)
    return Score(name=name, numerator=passing, denominator=len(held), at=max(one.at for one in held))


def _name(one: Observation) -> str:
    return plain(phrases.place(one.resource))
