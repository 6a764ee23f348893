"""Times as people say them ("yesterday 5pm", "since monday", "before 9:35 today", "between monday and wednesday", "24h"), in their own
time zone.

What a clock change skips moves forward, what it doubles means the earlier; both are said. Pure: the moment is handed in.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import when_grammar as grammar
from core.errors import WhenUnclear
from core.timerange import TimeRange
from core.when_clock import EXAMPLES, Clock, Local, zone_of

__all__ = ["EXAMPLES", "When", "find", "when"]

# Where only an end is said, and around a time of day that something happened "at".
_BEFORE, _AROUND = timedelta(days=7), timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """A stretch of time, and what must be said about how the words were taken."""

    range: TimeRange
    notes: tuple[str, ...] = ()


def find(words: str) -> tuple[str, str]:
    """The first time phrase in a sentence, and the sentence without it; an empty phrase where there is none."""
    found = grammar.PHRASE.search(_plain(words))
    if found is None:
        return "", words
    plain = _plain(words)
    return found[0], f"{plain[: found.start()]} {plain[found.end() :]}".strip()


def when(words: str, *, now: datetime, time_zone: str = "UTC", onwards: bool = True) -> When:
    """What the words mean to someone in that time zone. A day or a time alone means from then until now; with `onwards` off, or after
    "on" or "during", a day is that day only, and "at" a time is around it. Raises WhenUnclear for words that name no time, or one that
    is still to come."""
    said = _plain(words).rstrip("?.!,")
    clock = Clock(now=now, zone=zone_of(time_zone), words=words.strip())
    if until := grammar.UNTIL.match(said):
        return _until(clock, said[until.end() :], through=bool(grammar.THROUGH.match(said)))
    near = not onwards and re.search(r"\b(?:at|around|about)\s", said) is not None
    if grammar.SINCE.match(said):
        onwards, near = True, False
    elif grammar.WITHIN.match(said):
        onwards = False
    bare = said
    for lead in (grammar.SINCE, grammar.WITHIN, grammar.NEAR):
        shorter = lead.sub("", bare, count=1) if lead.match(bare) else bare
        bare = shorter if not grammar.AT_HOUR.fullmatch(bare) else bare
    bare = bare.strip()
    if not bare:
        raise clock.unclear()
    between = grammar.BETWEEN.fullmatch(bare) or grammar.BETWEEN.fullmatch(said)
    if between:
        return _between(clock, between[1] or between[3], between[2] or between[4])
    if re.fullmatch(grammar.LATELY, bare) and not re.fullmatch(grammar.WORD, bare):
        return _resolved(clock, clock.back(bare), onwards=True)
    moment = clock.moment(bare)
    return _around(clock, moment) if near and moment.exact else _resolved(clock, moment, onwards=onwards)


def _plain(words: str) -> str:
    return " ".join(words.lower().replace("’", "'").split())


def _between(clock: Clock, first: str, second: str) -> When:
    until = clock.moment(second)
    base = clock if until.start > clock.local else clock.as_of(until.start)
    begin = base.moment(first) if re.fullmatch(rf"(?:{grammar.DAY})(?:\s.*)?", first) else clock.moment(first)
    start, notes = clock.at(begin)
    end, more = clock.at(Local(start=until.end or until.start, exact=until.exact))
    if end < start:
        raise WhenUnclear(f"“{clock.words}” ends before it begins", next_step="Put the earlier time first.")
    if start > clock.now:
        raise clock.to_come()
    return When(range=TimeRange(start=start, end=min(end, clock.now)), notes=(*notes, *more))


def _until(clock: Clock, said: str, *, through: bool) -> When:
    """What lies before: on the same day where a time of a named day is said, else in the week before. A whole day is part of what goes
    `through` it."""
    bare = said.strip()
    moment = clock.moment(bare)
    named = grammar.ON_TIME.fullmatch(bare)
    of_day = moment.exact and named is not None and (named["day2"] or (named["day"] and named["time"]))
    last = moment.end if through and moment.end is not None else moment.start
    end, notes = clock.at(Local(start=last, exact=moment.exact, note=moment.note))
    if of_day:
        start = clock.at(Local(start=moment.start.replace(hour=0, minute=0, second=0, microsecond=0)))[0]
    else:
        start, notes = end - _BEFORE, (*notes, "Since when is not said: the seven days before it are meant.")
    if start > clock.now:
        raise clock.to_come()
    return When(range=TimeRange(start=start, end=min(end, clock.now)), notes=notes)


def _around(clock: Clock, moment: Local) -> When:
    at, notes = clock.at(moment)
    if at > clock.now:
        raise clock.to_come()
    minutes = int(_AROUND.total_seconds() / 60)
    notes = (*notes, f"“{clock.words}” is taken as {minutes} minutes before it to {minutes} after.")
    return When(range=TimeRange(start=at - _AROUND, end=min(clock.now, at + _AROUND)), notes=notes)


def _resolved(clock: Clock, at: Local, *, onwards: bool) -> When:
    start, notes = clock.at(at)
    if start > clock.now:
        raise clock.to_come()
    end = clock.now
    if not onwards and at.end is not None:
        end = min(clock.now, clock.at(Local(start=at.end))[0])
    return When(range=TimeRange(start=start, end=max(start, end)), notes=notes)
