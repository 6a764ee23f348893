"""What one answer is asked of: a time, a filter, and what was read then."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.assessment import Verdict
from core.assistant.asked import Asked
from core.assistant.vocabulary import Wanted
from core.clock_skew import ahead, with_ahead
from core.coverage import CoverageReport
from core.event import ActorKind, ChangeType
from core.ports import Counts, CoverageStore, EventStore, Span, Watermarks
from core.report import Period, Question, Started
from core.subscription import EventFilter, Visibility
from core.timerange import TimeRange
from core.when import When, when

DEFAULT, SUSPECTED = timedelta(days=7), timedelta(days=1)
# These look at all that changed, whatever is named.
_UNNAMED = frozenset({Wanted.SUSPECTS, Wanted.INCIDENT, Wanted.STABLE, Wanted.SEEN})


class Kept(Protocol):
    """The ports that are read."""

    events: EventStore
    coverage: CoverageStore
    watermarks: Watermarks


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """`filter` is what is read, `said` the same as it was asked: without what it leaves out. `empty`: it leaves out all that there is.
    `span` is where events are read: a time that lasts until now has those that are stamped later."""

    asked: Asked
    period: Period
    filter: EventFilter
    said: EventFilter
    visibility: Visibility
    coverage: CoverageReport
    span: Span
    empty: bool = False


def scope_of(store: Kept, question: Question, found: Asked, visibility: Visibility, *, now: datetime, sources: Collection[str]) -> Scope:
    """Raises WhenUnclear, and StorageError."""
    asked_at = min(question.asked_at, now)
    period = _period(store, question, found, asked_at)
    said = replace(found.filter, text="" if found.wanted in _UNNAMED else " ".join(found.words))
    # Before anything else is read: what is stored from now on is not counted, and must not be called read either.
    coverage = _coverage(store, period.range, said, visibility, now, sources)
    span = Span(range=with_ahead(period.range, now) if period.range.end > asked_at else period.range)
    notes = (*period.notes, *ahead(store.events, visibility, said, span, now))
    period = replace(period, notes=notes)
    scope = Scope(asked=found, period=period, filter=said, said=said, visibility=visibility, coverage=coverage, span=span)
    return (
        scope if found.left_out == EventFilter() else _without(scope, store.events.counts(visibility, EventFilter(), scope.span), sources)
    )


def _period(store: Kept, question: Question, found: Asked, now: datetime) -> Period:
    mark = store.watermarks.get(question.asker) if found.left else None
    if found.when:
        meant = when(found.when, now=now, time_zone=question.time_zone, onwards=False)
        started = Started.ASKED
    elif mark:
        meant, started = When(range=TimeRange(start=min(mark.read_at, now), end=now)), Started.WATERMARK
    else:
        back = SUSPECTED if found.wanted is Wanted.SUSPECTS else DEFAULT
        meant, started = When(range=TimeRange(start=now - back, end=now)), Started.DEFAULT
    # What happened in this very moment is meant too.
    held = replace(meant.range, end=meant.range.end + timedelta(seconds=1)) if meant.range.end == now else meant.range
    return Period(range=held, started=started, time_zone=question.time_zone, notes=meant.notes)


def _coverage(
    store: Kept, span: TimeRange, wanted: EventFilter, visibility: Visibility, now: datetime, sources: Collection[str]
) -> CoverageReport:
    last = store.coverage.last()
    names = {*sources, *(name for name, one in last.items() if one.range.end > span.start)}
    for some in (wanted.sources, visibility.sources):
        names = names & some if some else names
    return store.coverage.report(span, tuple(sorted(names)), now)


def _without(scope: Scope, counts: Counts, sources: Collection[str]) -> Scope:
    """All that there is in that time but what is left out."""
    out = scope.asked.left_out
    there: Mapping[str, Iterable[Any]] = {
        "environments": counts.by_environment,
        "providers": counts.by_provider,
        "actors": counts.by_actor,
        "sources": {*sources, *scope.coverage.sources},
        "actor_kinds": ActorKind,
        "verdicts": Verdict,
        "change_types": ChangeType,
    }
    kept = {name: frozenset(getattr(scope.said, name) or all_) - getattr(out, name) for name, all_ in there.items() if getattr(out, name)}
    return replace(scope, filter=replace(scope.said, **kept), empty=not all(kept.values()))
