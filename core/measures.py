"""The customer's ComfortMetrics over time: stability now, and each whole day's noise, time to settle and uptime of watching."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.analysis.stability import FRESH, as_metric, checks_of, stability
from core.assessment import Verdict
from core.baseline import Metric
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.coverage import read_until
from core.ports import CoverageStore, EventStore, Metrics, ObservationStore, Span, StoryStore
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange

NO_MESSAGE, WATCHED, TO_SETTLE, STABILITY, HEARTBEAT = "needed_no_message", "watched", "minutes_to_settle", "stability", "heartbeat"
_DAY = timedelta(days=1)
_BASELINE_DAYS = 14
_MOST_STORIES = 5000
# What a source last told is no measurement of now where it was not read for so long.
_BLIND = timedelta(minutes=10)


class Commits(Protocol):
    """core.ingest.Ingest."""

    def commit(self, conclusions: Conclusions) -> int: ...


class Measured(Protocol):
    """The ports that measuring reads."""

    events: EventStore
    stories: StoryStore
    observations: ObservationStore
    coverage: CoverageStore
    metrics: Metrics


class Measures:
    """Writes numbers, each with its parts. A day is written once, when it is whole."""

    def __init__(self, store: Measured, ingest: Commits, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._ingest = ingest
        self._clock = clock

    def measure(self) -> int:
        """Stability now and, once, the day before. How many numbers were written. Raises StorageError."""
        now = self._clock()
        found = (*self._stability(now), *self._yesterday(now))
        if found:
            self._ingest.commit(Conclusions(metrics=found))
        return len(found)

    def heartbeat(self) -> None:
        """One beat: somebody was awake at this time. Raises StorageError."""
        self._ingest.commit(Conclusions(metrics=(Metric(name=HEARTBEAT, at=self._clock(), numerator=1, denominator=1, source="wgo"),)))

    def _stability(self, now: datetime) -> list[Metric]:
        watched = {source for source, last in self._store.coverage.last().items() if read_until(last) >= now - _BLIND}
        read = [one for one in checks_of(self._store.observations.of_environment("", now - FRESH), now) if one.source in watched]
        unsettled = self._store.stories.degraded(EVERYTHING)
        scores = [stability(read, unsettled, now, name) for name in sorted({one.resource.environment for one in read} | {""})]
        return [as_metric(score) for score in scores if score is not None]

    def _yesterday(self, now: datetime) -> list[Metric]:
        end = now.replace(hour=0, minute=0, second=0, microsecond=0)
        day = TimeRange(start=end - _DAY, end=end)
        if self._store.metrics.between(WATCHED, TimeRange(start=end - timedelta(seconds=1), end=end)):
            return []
        return [metric for metric in (self._noise(day), self._uptime(day, now)) if metric is not None]

    def _noise(self, day: TimeRange) -> Metric | None:
        """Changes that needed no message, of all changes."""
        total = self._store.events.counts(EVERYTHING, EventFilter(), Span(range=day, backfilled=False)).total
        if not total:
            return None
        told = sum(1 for s in self._store.stories.recent(EVERYTHING, Span(range=day), _MOST_STORIES) if s.verdict is not Verdict.ROUTINE)
        return Metric(name=NO_MESSAGE, at=_last_moment(day), numerator=max(0, total - told), denominator=total, source="wgo")

    def _uptime(self, day: TimeRange, now: datetime) -> Metric | None:
        """Seconds in which each source was read, of all seconds of all sources."""
        sources = tuple(self._store.coverage.last())
        if not sources:
            return None
        gaps = self._store.coverage.report(day, sources, now).unread
        whole = len(sources) * day.duration.total_seconds()
        missed = sum((min(gap.range.end, day.end) - max(gap.range.start, day.start)).total_seconds() for gap in gaps)
        return Metric(name=WATCHED, at=_last_moment(day), numerator=max(0.0, whole - missed), denominator=whole, source=", ".join(sources))


def _last_moment(day: TimeRange) -> datetime:
    return day.end - timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """The first fourteen days and the latest fourteen, each a mean over its measurements."""

    baseline: float
    lately: float
    baseline_count: int
    lately_count: int

    @property
    def change(self) -> float | None:
        """The relative change; None where the baseline is zero."""
        return (self.lately - self.baseline) / self.baseline if self.baseline else None


def trend(history: Sequence[Metric], now: datetime) -> Trend | None:
    """None until there is something after the first fourteen days to compare with."""
    ordered = sorted(history, key=lambda one: one.at)
    if not ordered:
        return None
    split = ordered[0].at + timedelta(days=_BASELINE_DAYS)
    first = [one for one in ordered if one.at < split]
    later = [one for one in ordered if one.at >= split and one.at >= now - timedelta(days=_BASELINE_DAYS)]
    if not later:
        return None
    return Trend(baseline=_mean(first), lately=_mean(later), baseline_count=len(first), lately_count=len(later))


def _mean(metrics: Sequence[Metric]) -> float:
    return sum(one.numerator / one.denominator for one in metrics) / len(metrics)
