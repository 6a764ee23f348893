"""Reads how things stand, for the status, the Home and Details: narrow queries, nothing loaded whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.told import Knows, told
from bot.unkept import says_now
from bot.views.details import Details
from bot.views.history import History
from bot.views.home import DayCount, Home
from bot.views.status import Status
from bot.views.words import name_of
from core.assessment import Overrule, Verdict
from core.baseline import Metric
from core.coverage import Coverage, CoverageState, never_read, overlapping
from core.delivery import DeliveryState
from core.keeping import Keeping
from core.measures import STABILITY
from core.ports import Span, Store
from core.story import OPEN_FOR, Settling, Story
from core.subscription import EVERYTHING, EventFilter
from core.timerange import TimeRange
from core.unchanged import verified
from core.unexplained import VERDICTS, unexplained
from core.unified import UnifiedEvent

_STABLE_FOR = timedelta(minutes=30)
_WEEK_DAYS, _PAGE, _MOST_OPEN, _MOST_STORIES = 7, 8, 30, 500
_AROUND = timedelta(hours=1)
EASE_METRIC = "at_ease"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Answers from the store. Every method raises StorageError where it cannot be read. `narrowed` tells words from places."""

    store: Store
    people: Knows
    sources: tuple[str, ...]
    clock: Callable[[], datetime]
    keeping: Keeping | None = None
    narrowed: Callable[[str], tuple[str, EventFilter]] = lambda words: (words, EventFilter())

    def status(self) -> Status:
        now = self.clock()
        # First what was read: what is stored from now on may be missing among what is open, and must not be called read.
        coverage = self._coverage(now)
        lately = self.store.coverage.report(TimeRange(start=now - OPEN_FOR, end=now), self.sources, now)
        held, cut = self._open(now)
        found = tuple(verified(self.store.events, {story.id: story for story in held}, now).values())
        heads = self._headlines(found)
        return Status(
            at=now,
            open=found,
            names={story.id: name_of(heads[story.id].resource) for story in found if story.id in heads},
            overrules=_overrules(found, heads),
            people=self.people.of(tuple(dict.fromkeys(actor for story in found for actor in story.actors))),
            coverage=coverage,
            gaps=lately.gaps,
            cut=cut,
            stability=self._stability(now),
            open_for=OPEN_FOR,
            parked=tuple(self.store.deliveries.parked()),
            failed_messages=self.store.deliveries.counts().get(DeliveryState.FAILED.value, 0),
            unkept=says_now(self.keeping.spell) if self.keeping is not None else "",
        )

    def history(self, asked: str, after: str = "") -> History:
        """A page of changes whose resource names match the words, in the places that they name."""
        words, places = self.narrowed(asked)
        page = self.store.events.page(EVERYTHING, replace(places, text=words), Span(), after=after, limit=_PAGE)
        people = self.people.of(tuple(dict.fromkeys(one.actor for one in page.items)))
        return History(events=page.items, asked=asked, next=page.next, people=people)

    def details(self, story_id: str, event_id: str = "") -> Details | None:
        """A story by one of its events, its headline unless another is named. Follows a merged story to where it is told."""
        story = self.store.stories.get(story_id)
        if story is not None and story.merged_into and self.store.stories.get(story.merged_into) is not None:
            story_id = story.merged_into
        known = told(self.store, self.people, story_id)
        if known is None:
            return None
        known = replace(known, story=verified(self.store.events, {story_id: known.story}, self.clock())[story_id])
        event = self.store.events.get(EVERYTHING, event_id) if event_id else None
        event = event or known.headline
        around = TimeRange(
            start=known.story.first_at - _AROUND, end=min(self.clock(), known.story.last_at + _AROUND) + timedelta(seconds=1)
        )
        report = self.store.coverage.report(around, known.story.sources, self.clock())
        last = self.store.coverage.last()
        return Details(
            told=known,
            event=event,
            revisions=tuple(self.store.assessments.revisions(event.id)),
            coverage=tuple(last[source] for source in known.story.sources if source in last),
            gaps=overlapping((gap for gap in report.gaps if gap.source in known.story.sources), around),
        )

    def details_of_event(self, event_id: str) -> Details | None:
        one = self.store.events.get(EVERYTHING, event_id)
        return self.details(one.correlation_id, event_id) if one else None

    def home(self, reader: str, time_zone: str) -> Home:
        now = self.clock()
        mark = self.store.watermarks.get(reader)
        week = TimeRange(start=now - timedelta(days=_WEEK_DAYS), end=now)
        unread = Span(after_sequence=mark.sequence) if mark else Span(range=week)
        told_ease = [one for one in self.store.metrics.between(EASE_METRIC, week) if one.source == reader]
        return Home(
            now=now,
            time_zone=time_zone,
            watermark=mark,
            unread=self.store.events.counts(EVERYTHING, EventFilter(), unread).total,
            status=self.status(),
            week=self._week(now, ZoneInfo(time_zone)),
            subscriptions=tuple(self.store.subscriptions.all()),
            mutes=tuple(self.store.mutes.active(now)),
            ease=int(max(told_ease, key=lambda one: one.at).numerator) if told_ease else None,
        )

    def _coverage(self, now: datetime) -> tuple[Coverage, ...]:
        """How each source was read last. One that nobody has read for a while is a gap up to now, however well it was read before, and
        so is one that never was; one that is configured no more is nobody's to read."""
        last = self.store.coverage.last()
        unheard = tuple(never_read(source, TimeRange(start=now - OPEN_FOR, end=now)) for source in self.sources if source not in last)
        since = min((one.range.end for one in last.values()), default=now)
        if since >= now:
            return (*last.values(), *unheard)
        unread = self.store.coverage.report(TimeRange(start=since, end=now), tuple(last), now).unread
        ongoing = {
            gap.source: _gone_on(last[gap.source], gap)
            for gap in unread
            if gap.range.end >= now and gap.range.start >= last[gap.source].range.end
        }
        heard = (ongoing.get(source, one) if source in self.sources or not self.sources else one for source, one in last.items())
        return (*heard, *unheard)

    def _open(self, now: datetime) -> tuple[tuple[Story, ...], bool]:
        """The most urgent, and whether there is more, or may be: each sort is asked for apart, so that none pushes out another."""
        lately = Span(range=TimeRange(start=now - OPEN_FOR, end=now + timedelta(seconds=1)))
        events = unexplained(self.store, EVERYTHING, EventFilter(), lately, enough=_MOST_OPEN, told_as=VERDICTS)
        # What nobody explained may have gone on with changes that are routine.
        recent = [
            story
            for story in self.store.stories.recent(EVERYTHING, lately, _MOST_OPEN * 4)
            if story.verdict in VERDICTS and story.settling is not Settling.SETTLED
        ]
        unwell = self.store.stories.degraded(EVERYTHING, _MOST_STORIES)
        unsettled = self.store.stories.unsettled(EVERYTHING, _MOST_STORIES)
        nobodys = [events.stories[one.correlation_id] for one in events.events if one.correlation_id in events.stories]
        held = (*nobodys, *recent, *unwell, *(story for story in unsettled if story.verdict is not Verdict.ROUTINE))
        found = sorted({story.id: story for story in held}.values(), key=_urgency)
        cut = events.cut or max(len(unwell), len(unsettled)) >= _MOST_STORIES or len(found) > _MOST_OPEN
        return tuple(found[:_MOST_OPEN]), cut

    def _headlines(self, stories: Sequence[Story]) -> Mapping[str, UnifiedEvent]:
        events = {one.id: one for one in self.store.events.by_ids(EVERYTHING, {story.headline_event for story in stories})}
        return {story.id: events[story.headline_event] for story in stories if story.headline_event in events}

    def _stability(self, now: datetime) -> tuple[Metric, ...]:
        newest: dict[str, Metric] = {}
        for one in self.store.metrics.between(STABILITY, TimeRange(start=now - _STABLE_FOR, end=now + timedelta(seconds=1))):
            if one.environment not in newest or newest[one.environment].at <= one.at:
                newest[one.environment] = one
        named = [one for environment, one in sorted(newest.items()) if environment]
        return tuple(named or newest.values())

    def _week(self, now: datetime, zone: ZoneInfo) -> tuple[DayCount, ...]:
        today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        days = []
        for back in range(_WEEK_DAYS - 1, -1, -1):
            local = (today - timedelta(days=back)).date()
            start = datetime(local.year, local.month, local.day, tzinfo=zone)
            following = local + timedelta(days=1)
            end = min(datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(now.tzinfo), now)
            span = TimeRange(start=start.astimezone(now.tzinfo), end=end)
            counts = self.store.events.counts(EVERYTHING, EventFilter(), Span(range=span))
            gaps = self.store.coverage.report(span, self.sources, now).unread
            days.append(DayCount(day=local, by_verdict=counts.by_verdict, gaps=overlapping(gaps, span)))
        return tuple(days)


def _overrules(stories: Sequence[Story], heads: Mapping[str, UnifiedEvent]) -> Mapping[str, Overrule]:
    """By story id, where its verdict is what a person said of its headline."""
    said = ((story, heads[story.id].assessment.overrule) for story in stories if story.id in heads)
    return {story.id: overrule for story, overrule in said if overrule is not None and overrule.verdict is story.verdict}


def _gone_on(last: Coverage, gap: Coverage) -> Coverage:
    """The gap since the last look: where that found nothing to read either, it is one gap, for the reason that was found."""
    if last.state is not CoverageState.GAP:
        return gap
    return replace(last, range=TimeRange(start=last.range.start, end=gap.range.end))


def _urgency(story: Story) -> tuple[int, int, float]:
    order = {Verdict.UNPLANNED: 0, Verdict.UNKNOWN: 1}
    return (-story.severity.rank, order.get(story.verdict, 2), -story.last_at.timestamp())
