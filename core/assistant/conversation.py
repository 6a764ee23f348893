"""Questions answered from the store alone: each claim cites its rows, what was not seen is said, what is not known is not guessed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from core.assessment import Verdict
from core.assistant import answering, looking, naming, steadiness
from core.assistant.asked import Asked, after, asked
from core.assistant.looking import Looked
from core.assistant.scope import Scope, scope_of
from core.assistant.standing import standing
from core.assistant.topics import singular
from core.assistant.vocabulary import End, Wanted
from core.clock import Clock, utc_now
from core.errors import WhenUnclear
from core.event import ActorKind
from core.ports import (
    AssessmentStore,
    Counts,
    CoverageStore,
    EventStore,
    Metrics,
    ObservationStore,
    Span,
    StoryStore,
    TeamActivity,
    Watermarks,
)
from core.report import Answer, Period, Question, Started
from core.subscription import EVERYTHING, EventFilter, Visibility
from core.text import Text
from core.timerange import TimeRange
from core.unchanged import verified
from core.unified import UnifiedEvent

_CALLED_LIKE = 100
_SHOWN = 6
# How many changes are read whole to look for what no column tells.
MOST_LOOKED = 1000


class Known(Protocol):
    """The ports that answering reads."""

    events: EventStore
    assessments: AssessmentStore
    stories: StoryStore
    coverage: CoverageStore
    activity: TeamActivity
    metrics: Metrics
    observations: ObservationStore
    watermarks: Watermarks


class Conversation:
    """Raises StorageError where the store cannot be read; nothing else. An unclear question is answered with what can be asked."""

    def __init__(self, store: Known, *, clock: Clock = utc_now, sources: Collection[str] = (), most_looked: int = MOST_LOOKED) -> None:
        self._store = store
        self._clock = clock
        self._sources = tuple(sources)
        self._most_looked = most_looked

    def answer(self, question: Question, *, visibility: Visibility = EVERYTHING) -> Answer:
        before = question.previous.text if question.previous else ""
        names = naming.names(self._store, f"{question.text} {before}", self._clock(), visibility, self._sources)
        found = _understood(question, names)
        if question.previous is not None and found.goes_on:
            found = after(found, _understood(question.previous, names))
        if question.about:
            return self._about(question, found, visibility)
        try:
            scope = scope_of(self._store, question, found, visibility, now=self._clock(), sources=self._sources)
        except WhenUnclear as error:
            return Answer(text=(f"{error}. {error.next_step}",), follow_ups=answering.EXAMPLES)
        if found.wanted is Wanted.TO_COME:
            return answering.to_come()
        if found.wanted is Wanted.LOG_INS:
            return answering.log_ins()
        if found.goes_on and found.wanted is Wanted.WHY and question.previous is None:
            return answering.which_one()
        if found.wanted is Wanted.HELP or (not found.clear and not found.words):
            return answering.what_i_know()
        if found.unclear and found.wanted not in (Wanted.SUSPECTS, Wanted.INCIDENT):
            return Answer(text=(" ".join(found.unclear),), follow_ups=answering.EXAMPLES)
        if scope.empty:
            return self._nothing(scope, Looked(counts=Counts(), people=Counts()))
        if found.strangers:
            return self._whole(answering.strangers(found.strangers, sorted(names.actors)), scope)
        match found.wanted:
            case Wanted.STABLE:
                return self._whole(steadiness.stable(standing(self._store, scope, self._clock())), scope)
            case Wanted.HOW_MANY:
                return self._how_many(scope)
            case Wanted.SUSPECTS | Wanted.INCIDENT:
                return self._suspects(scope)
            case Wanted.WHY:
                return self._why(scope)
            case Wanted.SEEN:
                return self._whole(steadiness.seen(self._where(scope), scope.coverage), scope)
            case _:
                return self._what(scope)

    def _whole(self, answer: Answer, scope: Scope) -> Answer:
        """The answer with what it was asked of, and what was not seen."""
        coverage = scope.coverage
        everything = self._store.events.counts(scope.visibility, EventFilter(), scope.span).total
        return replace(
            answer,
            asked_of=everything,
            period=scope.period,
            coverage=coverage,
            caveats=(
                *answer.caveats,
                *answering.not_taken(scope.asked),
                *((note,) for note in scope.period.notes),
                *answering.caveats(coverage),
            ),
            follow_ups=answer.follow_ups or answering.follow_ups(scope.filter),
        )

    # --- the answers

    def _what(self, scope: Scope) -> Answer:
        """What changed, and who did it: the worst first where there is more than can be shown."""
        found = self._looked(scope)
        if not found.counts.total and not scope.asked.clear:
            return answering.what_i_know()
        place = self._where(scope, found)
        if not found.counts.total:
            return self._nothing(scope, found)
        at_end = self._at_end(scope, found)
        if at_end:
            told = answering.at_end(place, found.counts, at_end, self._stories(at_end), scope.asked.end)
        elif scope.asked.wanted is Wanted.WHO:
            told = answering.who(place, found.counts, found.people, found.shown[:_SHOWN])
        else:
            told = answering.what(place, found.counts, found.people, found.shown[:_SHOWN], self._stories(found.shown[:_SHOWN]))
        return self._told(told, found, scope)

    def _at_end(self, scope: Scope, found: Looked) -> Sequence[UnifiedEvent]:
        """The last or the first, where that is asked for and columns tell it."""
        if scope.asked.end is None or found.of:
            return ()
        called, last = replace(scope.filter, text=found.called), scope.asked.end is End.LAST
        read = self._store.events.page(scope.visibility, called, scope.span, limit=_CALLED_LIKE, newest_first=last).items
        # The last change of api is none of api-gateway.
        return ([one for one in read if one.resource.name.lower() == found.called] or list(read))[:1]

    def _how_many(self, scope: Scope) -> Answer:
        found = self._looked(scope)
        if not found.counts.total:
            return self._nothing(scope, found)
        return self._told(answering.how_many(self._where(scope, found), found.counts, found.shown[:3]), found, scope)

    def _why(self, scope: Scope) -> Answer:
        """The evidence of the worst change that is asked about."""
        found = self._looked(scope)
        if not found.counts.total:
            return self._nothing(scope, found)
        gravest = max(found.shown, key=lambda one: one.assessment.severity.rank)
        told = answering.why(gravest, self._stories((gravest,)).get(gravest.correlation_id), found.counts.total - 1)
        return self._told(told, found, scope)

    def _told(self, told: Answer, found: Looked, scope: Scope) -> Answer:
        told = answering.closest(found.missing, told) if found.missing else told
        through = (answering.looked_through(found.looked, found.of),) if found.looked < found.of else ()
        return self._whole(replace(told, caveats=(*told.caveats, *answering.like(found), *through)), scope)

    def _nothing(self, scope: Scope, found: Looked) -> Answer:
        narrowed = answering.narrowed(scope.said)
        wider = replace(scope.filter, change_types=frozenset(), verdicts=frozenset())
        others = (
            self._store.events.counts(scope.visibility, wider, scope.span).total if narrowed and not (found.about or scope.empty) else 0
        )
        place, coverage = self._where(scope, found), scope.coverage
        known = not found.about and (not scope.filter.text or self._ever_called(scope))
        return self._whole(answering.nothing(place, coverage, understood=known, narrowed=narrowed, others=others), scope)

    def _ever_called(self, scope: Scope) -> bool:
        """Is there anything of that name, whenever it changed?"""
        return bool(self._store.events.page(scope.visibility, EventFilter(text=scope.filter.text), Span(), limit=1).items)

    def _looked(self, scope: Scope) -> Looked:
        """What the columns find; else the gravest changes are looked through for what no column holds."""
        events, sought = self._store.events, scope.asked.sought
        counts = events.counts(scope.visibility, scope.filter, scope.span)
        if not counts.total and (one := " ".join(map(singular, scope.asked.words))) != scope.filter.text:
            single = replace(scope, filter=replace(scope.filter, text=one))
            counts = events.counts(single.visibility, single.filter, single.span)
            scope = single if counts.total else scope
        if not sought and (counts.total or not scope.filter.text or self._ever_called(scope)):
            people = self._by_people(scope) if counts.total else counts
            if counts.total > _SHOWN:
                shown = self._worst(scope, _SHOWN)
            else:
                shown = events.page(scope.visibility, scope.filter, scope.span, limit=_SHOWN).items
            return Looked(counts=counts, people=people, shown=shown, called=scope.filter.text)
        wanted = scope.filter
        if not counts.total and wanted.text:
            sought, wanted = sought.also(scope.asked.words), replace(wanted, text="")
            counts = events.counts(scope.visibility, wanted, scope.span)
        return looking.through(events.severest(scope.visibility, wanted, scope.span, self._most_looked), counts.total, sought, wanted.text)

    def _suspects(self, scope: Scope) -> Answer:
        wanted = replace(scope.filter, text="")
        unknown = answering.INCIDENT_UNKNOWN if scope.asked.wanted is Wanted.INCIDENT else answering.CAUSE_UNKNOWN
        counts = self._store.events.counts(scope.visibility, wanted, scope.span)
        worst = self._worst(replace(scope, filter=wanted), 4) if counts.total else ()
        # What the question names comes before what is graver.
        named = " ".join(scope.asked.words)
        meant = self._worst(replace(scope, filter=replace(wanted, text=named)), 4) if counts.total and named else ()
        absent = named if not meant else ""
        before = self._store.events.page(scope.visibility, EventFilter(text=absent), Span(), limit=1).items if absent else ()
        shown = tuple({one.id: one for one in (*meant, *before, *worst)}.values())[:4]
        absent = answering.absent(absent, bool(before))
        return self._whole(answering.suspects(self._where(scope), counts, shown, self._stories(shown), unknown, absent), scope)

    def _about(self, question: Question, found: Asked, visibility: Visibility) -> Answer:
        """A question about one story or event."""
        story = self._store.stories.get(question.about)
        if story is not None and story.merged_into:
            story = self._store.stories.get(story.merged_into) or story
        event = self._store.events.get(visibility, story.headline_event if story else question.about)
        if event is None:
            return Answer(text=("That change is no longer kept.",), follow_ups=answering.EXAMPLES)
        story = story or self._stories((event,)).get(event.correlation_id)
        others = self._store.events.of_story(visibility, story.id, limit=_SHOWN).items if story else ()
        start = story.first_at if story else event.timestamp
        now = self._clock()
        range_ = TimeRange(start=min(start, now), end=max(now, start) + timedelta(seconds=1))
        period = Period(range=range_, started=Started.ASKED, time_zone=question.time_zone)
        sources = story.sources if story else (event.event.source,)
        coverage = self._store.coverage.report(range_, sources, now)
        answer = answering.about(event, story, [one for one in others if one.id != event.id], found.wanted)
        return replace(
            answer,
            asked_of=story.event_count if story else 1,
            period=period,
            coverage=coverage,
            caveats=(*answer.caveats, *answering.caveats(coverage)),
            follow_ups=answer.follow_ups or answering.follow_ups(EventFilter()),
        )

    # --- pieces

    def _worst(self, scope: Scope, limit: int) -> Sequence[UnifiedEvent]:
        """One change a story: what nobody explained first, then by severity."""
        found: dict[str, UnifiedEvent] = {}
        asked_of = scope.filter.verdicts or frozenset(Verdict)
        for verdicts in (asked_of & answering.OPEN, asked_of - answering.OPEN):
            if verdicts:
                wanted = replace(scope.filter, verdicts=verdicts)
                for one in self._store.events.severest(scope.visibility, wanted, scope.span, limit * 5):
                    found.setdefault(one.correlation_id or one.id, one)
        return tuple(found.values())[:limit]

    def _stories(self, events: Collection[UnifiedEvent]) -> answering.Stories:
        held = self._store.stories.by_ids({one.correlation_id for one in events if one.correlation_id})
        return verified(self._store.events, held, self._clock())

    def _by_people(self, scope: Scope) -> Counts:
        human = frozenset({ActorKind.HUMAN})
        if scope.filter.actor_kinds and not human <= scope.filter.actor_kinds:
            return Counts()
        return self._store.events.counts(scope.visibility, replace(scope.filter, actor_kinds=human), scope.span)

    def _where(self, scope: Scope, found: Looked | None = None) -> Text:
        called, about = (found.called, found.about) if found is not None else (scope.said.text, "")
        return answering.where(replace(scope.said, text=called), scope.period.range, self._clock(), about, scope.asked.left_out)


def _understood(question: Question, names: naming.Names) -> Asked:
    """What it asks for, of those who were picked and those whom its words name."""
    found = asked(question.text, names)
    if not question.actors:
        return found
    return replace(found, filter=replace(found.filter, actors=found.filter.actors | question.actors), clear=True)
