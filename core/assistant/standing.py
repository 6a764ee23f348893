"""What is read of how it stands: scores, checks of what is named, what is not well, what nobody explained."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from core.assistant import answering, checks
from core.assistant.checks import Course, NamedChecks, Score
from core.assistant.scope import Scope
from core.assistant.steadiness import Stands
from core.ports import EventStore, Metrics, ObservationStore, StoryStore
from core.report import Started
from core.story import Settling
from core.subscription import EventFilter
from core.timerange import TimeRange
from core.unexplained import unexplained

_OPEN, _MOST_STORIES, _MOST_READINGS = 5, 500, 1000
_STABILITY = "stability"
_LATELY, _MOMENT = timedelta(minutes=30), timedelta(minutes=1)


class Kept(Protocol):
    """The ports that are read."""

    events: EventStore
    stories: StoryStore
    metrics: Metrics
    observations: ObservationStore


def standing(store: Kept, scope: Scope, now: datetime) -> Stands:
    """How what the question names stands now, and over the time that it names. Raises StorageError."""
    scope = _with_places(store, scope, now)
    said, span = scope.said, scope.period.range
    over = now - span.end > _MOMENT
    longer = scope.period.started is not Started.DEFAULT and span.duration > _MOMENT
    named = _named(store, scope, now)
    measured = _measured(store, scope, now) if named is None else checks.scores(named.found)
    courses = _courses(store, scope, named) if over or longer else None
    # Of several names each may have changed: then all that is open in their place counts.
    words = named.words[0] if named is not None and len(named.words) == 1 else ""
    places = EventFilter(environments=said.environments, sources=said.sources, providers=said.providers, text=words)
    unwell = () if over else store.stories.degraded(scope.visibility, _MOST_STORIES, environments=said.environments)
    unsettled = () if over else store.stories.unsettled(scope.visibility, _MOST_STORIES, environments=said.environments)
    open_ = unexplained(store, scope.visibility, places, scope.span, enough=_OPEN)
    changed = store.events.counts(scope.visibility, places, scope.span).by_environment if named is None else {}
    known = measured or courses
    heads = store.events.by_ids(scope.visibility, {story.headline_event for story in unwell})
    return Stands(
        measured=measured,
        unwell=unwell,
        watched=sum(1 for story in unsettled if story.settling is Settling.WATCHING),
        heads={one.id: one for one in heads},
        unexplained=open_,
        cut=open_.cut or max(len(unwell), len(unsettled)) >= _MOST_STORIES,
        places=frozenset() if named is not None else said.environments or (frozenset(changed) if known else frozenset()),
        coverage=scope.coverage,
        span=span,
        unmeasured=(*(named.unmeasured if named is not None else ()), *_no_thing(scope)),
        courses=courses,
        over=over,
        doubts=scope.asked.doubts,
    )


def _with_places(store: Kept, scope: Scope, now: datetime) -> Scope:
    """Where no change is known of an environment that is measured, its name is one of the words still."""
    span, visible = scope.period.range, scope.visibility.environments
    read = store.metrics.between(_STABILITY, TimeRange(start=min(span.start, now - _LATELY), end=now + _LATELY))
    places = {one.environment.lower(): one.environment for one in read if visible is None or one.environment in visible}
    found = frozenset(places[word] for word in scope.asked.words if word in places)
    words = tuple(word for word in scope.asked.words if word not in places)
    said = replace(scope.said, environments=scope.said.environments | found)
    return replace(scope, asked=replace(scope.asked, words=words), said=said)


def _named(store: Kept, scope: Scope, now: datetime) -> NamedChecks | None:
    """The checks of what is named beside an environment; None where nothing is."""
    if not (scope.asked.words or scope.said.sources or scope.said.providers):
        return None
    read = store.observations.of_environment("", now - checks.FRESH)
    return checks.of_words(read, scope.asked.words, scope.said, scope.visibility)


def _no_thing(scope: Scope) -> tuple[str, ...]:
    """What the question is about that is no thing with a check: a topic, people, a sort of change."""
    about = (scope.asked.sought.says,) if scope.asked.sought else ()
    sorts = answering.narrowed(scope.said)
    by = tuple(f"what {kind} did" for kind in sorted(scope.said.actor_kinds))
    return (*about, *sorted(scope.said.actors), *by, *((f"what is {sorts}",) if sorts else ()))


def _measured(store: Kept, scope: Scope, now: datetime) -> Mapping[str, Score]:
    """The newest score of each environment."""
    return {name: scores[-1] for name, scores in _scores(store, scope, TimeRange(start=now - _LATELY, end=now + _LATELY)).items()}


def _courses(store: Kept, scope: Scope, named: NamedChecks | None) -> Mapping[str, Course]:
    span = scope.period.range
    if named is None:
        scores = _scores(store, scope, span)
    else:
        keys = {one.resource.key for one in named.found}
        scores = checks.of_readings(store.observations.history(keys, span, _MOST_READINGS)) if keys else {}
    found = {name: checks.course(span, held) for name, held in sorted(scores.items())}
    return {name: one for name, one in found.items() if one is not None}


def _scores(store: Kept, scope: Scope, span: TimeRange) -> dict[str, list[Score]]:
    wanted, visible = scope.said.environments, scope.visibility.environments
    return {
        name: scores
        for name, scores in checks.of_metrics(store.metrics.between(_STABILITY, span)).items()
        if (not wanted or name in wanted) and (visible is None or name in visible)
    }
