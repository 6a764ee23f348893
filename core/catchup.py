"""The catch-up: what happened since a reader left, from SQL counts and a few of the worst rows, never from a window read whole.

Calm is only spoken for covered time; what arrived late is told once, marked late; backfilled history is one line.
"""

import contextlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from core import catchup_parts as parts
from core.assessment import Verdict
from core.assistant import summary
from core.catchup_asked import Asked
from core.catchup_places import KnownPlaces
from core.catchup_request import CatchUpRequest, Places, narrowed, parse
from core.catchup_scores import scores
from core.clock import Clock, utc_now
from core.clock_skew import ahead, with_ahead
from core.coverage import CoverageReport
from core.errors import ModelError, WgoError
from core.ports import Baselines, CoverageStore, EventStore, LanguageModel, Metrics, Span, StoryStore, TeamActivity, Watermarks
from core.report import CatchUpReport, LookAt, MissedRoutine, Period, RolledUp, Started, TeamRow
from core.story import OPEN_FOR, Settling
from core.subscription import EVERYTHING, EventFilter, Visibility
from core.timerange import TimeRange
from core.unchanged import unchanged, verified
from core.unexplained import VERDICTS, unexplained
from core.unified import UnifiedEvent
from core.when import When, when

DEFAULT = timedelta(days=7)
ANYTHING = EventFilter()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CALM = frozenset({Verdict.PLANNED, Verdict.ROUTINE})
_MOST_READ, _MOST_PLANNED, _MOST_ROUTINE = 80, 80, 40
_MOST_BASELINES, _MOST_UNWELL = 1000, 200
_BRIEF, _FULL = 5, 20
_HOUR = timedelta(hours=1)


class Told(Protocol):
    """The ports that a catch-up reads."""

    events: EventStore
    stories: StoryStore
    coverage: CoverageStore
    baselines: Baselines
    activity: TeamActivity
    metrics: Metrics
    watermarks: Watermarks


class CatchUp:
    """Makes reports; moves no watermark. Raises StorageError where the store cannot be read."""

    def __init__(self, store: Told, *, clock: Clock = utc_now, model: LanguageModel | None = None, sources: Collection[str] = ()) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._sources = tuple(sources)
        self._places = KnownPlaces(store, clock, sources)

    def read(self, words: str, *, time_zone: str = "UTC") -> CatchUpRequest:
        """What the words after `/wgo catchup` ask for. Raises RequestUnclear and WhenUnclear."""
        now = self._clock()
        if not re.search(r"\bin\b", words):
            with contextlib.suppress(WgoError):  # no place is named: none need be known
                return parse(words, now=now, time_zone=time_zone, known=Places())
        return parse(words, now=now, time_zone=time_zone, known=self._places.named_in(words))

    def narrowed(self, words: str) -> tuple[str, EventFilter]:
        """Words to look for, and the places that "in …" among them names. Raises RequestUnclear where nothing watched is called so."""
        if not re.search(r"\bin\b", words, re.IGNORECASE):
            return words, ANYTHING
        return narrowed(words, self._places.named_in(words))

    def environments(self, names: Iterable[str]) -> frozenset[str]:
        """The environments of these names. Raises RequestUnclear for one that is not watched."""
        return self._places.environments(names)

    def asked(self, words: str, *, reader: str, time_zone: str = "UTC", visibility: Visibility = EVERYTHING) -> CatchUpReport:
        """The report that the words after `/wgo catchup` ask for. Raises RequestUnclear and WhenUnclear."""
        request = self.read(words, time_zone=time_zone)
        return self.report(
            reader=reader, since=request.when, filter=request.filter, brief=request.brief, time_zone=time_zone, visibility=visibility
        )

    def report(
        self,
        *,
        reader: str,
        since: When | TimeRange | str | None = None,
        filter: EventFilter = ANYTHING,
        brief: bool = True,
        time_zone: str = "UTC",
        visibility: Visibility = EVERYTHING,
    ) -> CatchUpReport:
        """What this reader missed: since the time that is asked for, else since what they marked as read, else the last seven days.

        Raises WhenUnclear where `since` are words that name no time.
        """
        now = self._clock()
        if since is not None and since != "":
            return self.over(since, filter=filter, brief=brief, time_zone=time_zone, visibility=visibility)
        mark = self._store.watermarks.get(reader)
        start = min(mark.read_at, now) if mark else now - DEFAULT
        range_, late = TimeRange(start=start, end=now), None
        coverage, sequence = self._snapshot(range_, filter, visibility, now)
        told = Span(range=with_ahead(range_, now), until_sequence=sequence, backfilled=False)
        if mark:
            told = Span(after_sequence=mark.sequence, until_sequence=sequence, backfilled=False)
            late = replace(told, range=TimeRange(start=_EPOCH, end=start))
        period = Period(range=range_, started=Started.WATERMARK if mark else Started.DEFAULT, time_zone=time_zone)
        asked = Asked(
            period=period, now=now, coverage=coverage, sequence=sequence, filter=filter, visibility=visibility, brief=brief, told=told,
            late=late,
        )  # fmt: skip
        return self._report(asked)

    def over(
        self,
        since: When | TimeRange | str,
        *,
        filter: EventFilter = ANYTHING,
        brief: bool = True,
        time_zone: str = "UTC",
        visibility: Visibility = EVERYTHING,
    ) -> CatchUpReport:
        """What happened in a stretch of time, whoever asks. Words that mean until now take in what is stamped ahead of now."""
        now = self._clock()
        meant = when(since, now=now, time_zone=time_zone) if isinstance(since, str) else since
        held = meant if isinstance(meant, When) else When(range=meant)
        coverage, sequence = self._snapshot(held.range, filter, visibility, now)
        period = Period(range=held.range, started=Started.ASKED, time_zone=time_zone, notes=held.notes)
        told = Span(range=with_ahead(held.range, now) if isinstance(meant, When) else held.range, until_sequence=sequence)
        asked = Asked(
            period=period, now=now, coverage=coverage, sequence=sequence, filter=filter, visibility=visibility, brief=brief, told=told
        )  # fmt: skip
        return self._report(asked)

    # --- gathering

    def _snapshot(self, span: TimeRange, wanted: EventFilter, visibility: Visibility, now: datetime) -> tuple[CoverageReport, int]:
        """What was read, and then up to where it is told: what is stored in between is told and not called read, never the reverse."""
        coverage = self._store.coverage.report(span, self._covered_by(span, wanted, visibility), now)
        return coverage, self._store.events.sequence()

    def _report(self, asked: Asked) -> CatchUpReport:
        events, coverage = self._store.events, asked.coverage
        counts = events.counts(asked.visibility, asked.filter, asked.told)
        notes = (*asked.period.notes, *ahead(events, asked.visibility, asked.filter, asked.told, asked.now))
        read = self._worst(asked)
        unwell, more_unwell = self._degraded(asked)
        held = self._store.stories.by_ids({one.correlation_id for one in (*read, *unwell)})
        items = parts.look_at((*read, *unwell), verified(events, held, asked.now), asked.range)
        open_before, more_open = self._open_before(asked, {one.story_id for one in items})
        most = _BRIEF if asked.brief else _FULL
        shown = self._still(asked, items[:most], (*read, *unwell), coverage)
        also, cut = self._also(asked, {one.story_id for one in items})
        absent = self._missed(asked)
        report = CatchUpReport(
            period=replace(asked.period, notes=notes),
            made_at=asked.now,
            sequence=asked.sequence,
            coverage=coverage,
            counts=counts,
            filter=asked.filter,
            brief=asked.brief,
            look_at=tuple(shown),
            more_to_look_at=max(0, len(items) - most),
            look_at_cut=len(read) >= _MOST_READ,
            also=also,
            also_cut=cut,
            missed=absent,
            team=self._team(asked),
            stability=scores(self._store.metrics, asked.now, asked.visibility, asked.filter.environments),
            recommendations=tuple(parts.recommendations(items[:most], absent, coverage)),
            late=events.counts(asked.visibility, asked.filter, asked.late).total if asked.late else 0,
            backfilled=self._backfilled(asked),
            open_before=open_before,
            cut=more_unwell or more_open,
        )
        return replace(report, summary=self._summary(report))

    def _still(self, asked: Asked, items: Sequence[LookAt], events: Iterable[UnifiedEvent], coverage: CoverageReport) -> list[LookAt]:
        """The items; of what alarms it is also told that it was not changed since, where its source was read without a hole until now."""
        asking = {item.event_id for item in items if parts.alarms(item)} if not asked.over else set()
        read = [one for one in events if one.id in asking and parts.may_still_stand(one, asked.range, coverage)]
        last = unchanged(self._store.events, read, asked.now)
        return [parts.still(item) if item.event_id in last else item for item in items]

    def _covered_by(self, span: TimeRange, wanted: EventFilter, visibility: Visibility) -> tuple[str, ...]:
        """The sources whose reading matters: those configured, and those that were still read in the period."""
        last = self._store.coverage.last()
        names = {*self._sources, *(name for name, one in last.items() if one.range.end > span.start)}
        for some in (wanted.sources, visibility.sources):
            names = names & some if some else names
        return tuple(sorted(name for name in names if not self._only_of_others(name, wanted.providers)))

    def _only_of_others(self, source: str, wanted: frozenset[str]) -> bool:
        """Has all that the source ever told been of other providers? One that told nothing yet might have told of these."""
        if (
            not wanted
            or self._store.events.page(EVERYTHING, EventFilter(sources=frozenset({source}), providers=wanted), Span(), limit=1).items
        ):
            return False
        return bool(self._store.events.page(EVERYTHING, EventFilter(sources=frozenset({source})), Span(), limit=1).items)

    def _worst(self, asked: Asked) -> Sequence[UnifiedEvent]:
        wanted = asked.filter.verdicts & VERDICTS if asked.filter.verdicts else VERDICTS
        if not wanted:
            return ()
        return self._store.events.severest(asked.visibility, replace(asked.filter, verdicts=wanted), asked.told, _MOST_READ)

    def _degraded(self, asked: Asked) -> tuple[Sequence[UnifiedEvent], bool]:
        """The headlines of stories that are not well now, whenever they began: nothing is quiet beside them. And whether there are more
        than were looked through, or one whose headline cannot be shown."""
        if parts.narrow(asked.filter) or asked.over:
            return (), False
        stories = self._store.stories.degraded(asked.visibility, _MOST_UNWELL, environments=asked.filter.environments)
        wanted = {story.headline_event for story in stories if parts.matches(story, asked.filter)}
        found = self._store.events.by_ids(asked.visibility, wanted)
        return found, len(stories) >= _MOST_UNWELL or len(found) < len(wanted)

    def _open_before(self, asked: Asked, told: Collection[str]) -> tuple[int, bool]:
        """Stories that are open since before the period, and whether there may be more; none of a period that is over, or where only an
        event tells what is asked. Found by what nobody explained in them, and by the story where its last change was not that."""
        start = asked.now - OPEN_FOR
        if parts.narrow(asked.filter) or asked.over or asked.range.start <= start:
            return 0, False
        before = Span(range=TimeRange(start=start, end=asked.range.start))
        found = unexplained(self._store, asked.visibility, asked.filter, before, enough=_MOST_READ, told_as=VERDICTS)
        recent = self._store.stories.recent(asked.visibility, before, _MOST_READ, environments=asked.filter.environments)
        ids = {one.correlation_id or one.id for one in found.events} | {
            story.id
            for story in recent
            if story.verdict in VERDICTS and story.settling is not Settling.SETTLED and parts.matches(story, asked.filter)
        }
        return len(ids - set(told)), found.cut

    def _also(self, asked: Asked, told: Collection[str]) -> tuple[tuple[RolledUp, ...], bool]:
        """The planned and the routine stories of the period, by their most severe events."""
        ids: dict[str, None] = {}
        cut = False
        for verdict, most in ((Verdict.PLANNED, _MOST_PLANNED), (Verdict.ROUTINE, _MOST_ROUTINE)):
            if asked.filter.verdicts and verdict not in asked.filter.verdicts:
                continue
            wanted = replace(asked.filter, verdicts=frozenset({verdict}))
            events = self._store.events.severest(asked.visibility, wanted, asked.told, most)
            ids.update(dict.fromkeys(one.correlation_id for one in events if one.correlation_id not in told))
            cut = cut or len(events) >= most
        found = self._store.stories.by_ids(ids)
        calm = [found[one] for one in ids if one in found and found[one].verdict in _CALM]
        return tuple(parts.rolled_up(calm)), cut

    def _missed(self, asked: Asked) -> tuple[MissedRoutine, ...]:
        """Where it is asked of everything: a routine's row does not tell its environment."""
        if asked.filter != ANYTHING or asked.visibility != EVERYTHING:
            return ()
        found = parts.silent(self._store.baselines.prefixed("same/", _MOST_BASELINES), asked.range, asked.now)
        # A routine that was not seen because nobody looked did not fail to happen.
        return tuple(parts.missed(one) for one in found[:_FULL] if self._whole_around(one.expected_at, asked))

    def _whole_around(self, at: datetime, asked: Asked) -> bool:
        around = TimeRange(start=at - _HOUR, end=min(at + _HOUR, asked.now))
        return self._store.coverage.report(around, asked.coverage.sources, asked.now).whole

    def _team(self, asked: Asked) -> tuple[TeamRow, ...]:
        """By whole days: rows of team activity are kept by day."""
        only = replace(asked.filter, environments=frozenset())
        if only != ANYTHING or len(asked.filter.environments) > 1 or asked.visibility != EVERYTHING:
            return ()
        days = (asked.range.start.date().isoformat(), asked.range.end.date().isoformat())
        environment = next(iter(asked.filter.environments), "")
        return tuple(parts.team(self._store.activity.between(*days, environment), days))

    def _backfilled(self, asked: Asked) -> int:
        history = replace(asked.told, backfilled=True)
        if not self._store.events.page(asked.visibility, asked.filter, history, limit=1).items:
            return 0
        return self._store.events.counts(asked.visibility, asked.filter, history).total

    def _summary(self, report: CatchUpReport) -> str:
        if self._model is None or report.quiet or not report.counts.total:
            return ""
        with contextlib.suppress(ModelError):
            return summary.summarize(report, self._model)
        return ""  # the report says it all without
