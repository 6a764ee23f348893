"""Values for tests of views: plain ones, and hostile ones made by hypothesis."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from bot.told import ToldStory
from core.assessment import (
    Assessment,
    Classification,
    Comfort,
    ComfortLevel,
    Context,
    Correlation,
    Severity,
    Stability,
    Verdict,
)
from core.baseline import Activity, Metric
from core.coverage import Coverage, CoverageReport, CoverageState
from core.event import Actor, ActorKind, Event, FieldChange, Link, Resource, Scope, Via
from core.evidence import Evidence
from core.ports import Counts
from core.report import (
    Answer,
    CatchUpReport,
    Citation,
    LookAt,
    MissedRoutine,
    Period,
    Recommendation,
    RolledUp,
    StabilityLine,
    Started,
    TeamRow,
)
from core.story import Settling, Story
from core.text import Code, LinkTo, Person, Strong, Text, Thing, Time
from core.timerange import TimeRange
from core.unified import UnifiedEvent
from tests.unit.core.changes import ANA, T0, change

WEEK = TimeRange(start=T0 - timedelta(days=7), end=T0)
# What must not take effect, whoever wrote it into a name.
NASTY = (
    "<!channel>",
    "<!here|x>",
    "<@U1>",
    "<#C1|infra>",
    "<https://evil.example|click>",
    "`code`",
    "```block```",
    "*bold*",
    "_it_",
    "~gone~",
    ":rotating_light:",
    "\u202eevil\u202c",
    "\u200f",
    "\u0000",
    "a|b",
    "&lt;!channel&gt;",
    "&",
    "line\nbreak",
    "> quote",
    "\ud83d",
    "x" * 10_000,
    "👍" * 3000,
    "<" * 5000,
    " ",
    "",
)
hostile = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.lists(st.sampled_from(NASTY), max_size=4).map(" ".join))
named = hostile.map(lambda text: text or "n")


def evidence(says: str = "it is usual", weight: float | None = 2.0) -> Evidence:
    return Evidence(kind="habit", says=says or "it is usual", ref="e1", weight=weight)


def unified(event: Event | None = None, verdict: Verdict = Verdict.UNPLANNED, **assessed: Any) -> UnifiedEvent:
    one = event or change("api", actor=ANA)
    weight = -2.0 if verdict is Verdict.UNPLANNED else 2.0
    severity = assessed.pop("severity", Severity.MEDIUM)
    because = assessed.pop("says", "no apply explains it")
    found: tuple[Evidence, ...] = (evidence(because, weight),)
    return UnifiedEvent(
        event=one,
        assessment=Assessment(
            event_id=one.id,
            revision=1,
            assessed_at=one.observed_at,
            correlation=Correlation(story_id="story-1", confidence=1.0),
            classification=Classification(verdict=verdict, confidence=0.92, severity=severity, evidence=found),
            **assessed,
        ),
    )


def told(
    headline: UnifiedEvent | None = None, others: Sequence[UnifiedEvent] = (), people: Mapping[str, str] | None = None, **story: Any
) -> ToldStory:
    one = headline or unified()
    at = one.event.occurred_at
    given: dict[str, Any] = {
        "id": "story-1",
        "revision": 1,
        "opened_at": at,
        "updated_at": at,
        "first_at": at,
        "last_at": at,
        "headline_event": one.id,
        "environment": one.event.environment,
        "sources": (one.event.source,),
        "providers": (one.event.provider,),
        "counts": {one.event.change_type: 1},
        "verdicts": {one.verdict: 1},
        "verdict": one.verdict,
        "confidence": one.confidence,
        "severity": one.severity,
        "actors": (one.actor,) if one.actor.known else (),
    }
    return ToldStory(story=Story(**(given | story)), headline=one, events=tuple(others), people=people or {})


def comforting(level: ComfortLevel = ComfortLevel.STANDARD, says: str = "All 3 pods are ready.") -> Comfort:
    stability = Stability(numerator=46, denominator=47, source="cluster", at=T0, environment="prod")
    return Comfort(level=level, reassurance=says, reassures=True, stability=stability, evidence=(evidence(),))


def covered(*gaps: Coverage, sources: tuple[str, ...] = ("cluster", "aws-prod")) -> CoverageReport:
    return CoverageReport(range=WEEK, sources=sources, gaps=gaps, complete_until=tuple((one, T0) for one in sources))


def hole(source: str = "aws-prod", *, state: CoverageState = CoverageState.GAP, hours: float = 1.0, **more: Any) -> Coverage:
    range_ = TimeRange(start=T0 - timedelta(hours=10), end=T0 - timedelta(hours=10) + timedelta(hours=hours))
    return Coverage(source=source, range=range_, state=state, complete_until=range_.end, **more)


def counted(**by_verdict: int) -> Counts:
    verdicts = {Verdict(name): many for name, many in by_verdict.items()}
    return Counts(total=sum(verdicts.values()), by_verdict=verdicts)


def look(number: int = 1, **more: Any) -> LookAt:
    given: dict[str, Any] = {
        "story_id": f"story-{number}",
        "event_id": f"event-{number}",
        "what": ("prod · ", Strong(f"api-{number}"), " was opened to the world"),
        "verdict": Verdict.UNPLANNED,
        "confidence": 0.92,
        "severity": Severity.HIGH,
        "at": T0,
        "who": ANA,
        "why": ("No apply explains it",),
        "stands": ("Still open",),
    }
    return LookAt(**(given | more))


def report(**more: Any) -> CatchUpReport:
    given: dict[str, Any] = {
        "period": Period(range=WEEK, started=Started.WATERMARK),
        "made_at": T0,
        "sequence": 7,
        "coverage": covered(),
        "counts": counted(),
    }
    return CatchUpReport(**(given | more))


# --- hostile ones -----------------------------------------------------------------------------------------------------------


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    return Actor(
        kind=draw(st.sampled_from(ActorKind)),
        id=draw(hostile),
        name=draw(hostile),
        via=draw(st.sampled_from(Via)),
        tool=draw(hostile),
        session=draw(hostile),
        privileged=draw(st.booleans()),
    )


@st.composite
def texts(draw: st.DrawFn) -> Text:
    slot = st.one_of(
        hostile,
        actors().map(Person),
        st.just(Time(T0)),
        named.map(lambda name: Thing(Resource(provider="p", kind=name, name=name))),
        hostile.map(Strong),
        hostile.map(Code),
        st.tuples(hostile, st.one_of(hostile, st.just("https://grafana.example/d/1?a=1&b=<x>"))).map(lambda pair: LinkTo(*pair)),
    )
    return tuple(draw(st.lists(slot, max_size=4)))


@st.composite
def events(draw: st.DrawFn) -> UnifiedEvent:
    word = draw(hostile)
    resource = Resource(
        provider="kubernetes",
        kind=draw(named),
        name=draw(named),
        uid=draw(hostile),
        environment=draw(hostile),
        scope=Scope(account=draw(hostile), region=word, cluster=draw(hostile), namespace=draw(hostile)),
    )
    value = st.one_of(st.none(), hostile, st.integers(), st.lists(hostile, max_size=3))
    changes = draw(st.lists(st.builds(FieldChange, path=named, before=value, after=value), max_size=5))
    many = draw(st.sampled_from((1, 1, 100)))
    facts = replace(
        change("api"),
        actor=draw(actors()),
        error=draw(hostile),
        resource=resource,
        changes=tuple(changes * many),
        native_action=word,
        links=tuple(Link(title=draw(hostile), url=url) for url in ("https://ok.example/?a&b", draw(hostile))),
    )
    verdict = draw(st.sampled_from(Verdict))
    comfort = comforting(draw(st.sampled_from(ComfortLevel)), draw(named)) if draw(st.booleans()) else Comfort()
    context = Context(says=(word,), expects=(word,), evidence=(evidence(word),) * draw(st.sampled_from((1, 40))))
    return unified(facts, verdict, comfort=comfort, context=context, says=draw(hostile), severity=draw(st.sampled_from(Severity)))


@st.composite
def stories(draw: st.DrawFn) -> ToldStory:
    headline = draw(events())
    many = draw(st.sampled_from((1, 2, 500)))
    settling = draw(st.sampled_from(Settling))
    return told(
        headline,
        (unified(change("web", number=number), Verdict.ROUTINE) for number in range(min(many - 1, 20))),  # type: ignore[arg-type]
        {headline.actor.id: "U0ANA0001"} if draw(st.booleans()) else {},
        cause=draw(hostile),
        event_count=many,
        settling=settling,
        settled_at=T0 if settling is Settling.SETTLED else None,
        settling_says=draw(hostile),
        because=draw(hostile),
        counts={draw(hostile): many},
        actors=tuple(draw(st.lists(actors(), max_size=5))),
    )


@st.composite
def holes(draw: st.DrawFn) -> Coverage:
    return hole(draw(named), state=draw(st.sampled_from(CoverageState)), reason=draw(hostile), part=draw(hostile), next_step=draw(hostile))


@st.composite
def reports(draw: st.DrawFn) -> CatchUpReport:
    word = draw(hostile)
    items = [
        look(
            number,
            what=draw(texts()),
            why=draw(texts()),
            stands=draw(texts()),
            who=draw(actors()),
            links=(Link(title=word, url=word),),
            overruled_by=word,
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    times = draw(st.sampled_from((1, 1, 20)))
    rolled = RolledUp(verdict=Verdict.PLANNED, says=draw(texts()), stories=2, changes=500, settled=1, story_ids=("s",))
    activity = Activity(actor=word, day=T0.date().isoformat(), name=draw(hostile), environment=word, changes=3, planned=3)
    metric = Metric(name="stability", at=T0, numerator=46, denominator=47, source=word, environment=word)
    return report(
        coverage=covered(*(draw(holes()) for _ in range(draw(st.integers(0, 12)))), sources=(word or "s", "b")),
        counts=counted(unplanned=3, routine=497),
        brief=draw(st.booleans()),
        look_at=tuple(items * times),
        more_to_look_at=draw(st.sampled_from((0, 60))),
        look_at_cut=draw(st.booleans()),
        cut=draw(st.booleans()),
        also=(rolled,) * draw(st.sampled_from((0, 3, 60))),
        also_cut=True,
        missed=(MissedRoutine(says=draw(texts()), expected_at=T0, key="k"),) * 3,
        team=(TeamRow(activity=activity, days=("2026-03-01", "2026-03-02")),) * 20,
        stability=(StabilityLine(environment=word, now=metric, usual=metric),) * 12,
        recommendations=(Recommendation(says=draw(texts()), rests_on=("e",)),) * 8,
        late=2,
        backfilled=500,
        summary=draw(hostile),
        period=Period(range=WEEK, started=draw(st.sampled_from(Started)), notes=(word,)),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    cited = [Citation(number=number, says=draw(texts()), story_id=f"s{number}", at=T0) for number in range(1, draw(st.integers(1, 4)))]
    lines = [slot for one in cited for slot in (f"[{one.number}] ", *draw(texts()), "\n")]
    return Answer(
        text=tuple(lines * draw(st.sampled_from((1, 1, 30)))),
        citations=tuple(cited),
        asked_of=500,
        period=Period(range=WEEK, started=Started.ASKED),
        coverage=covered(draw(holes())),
        caveats=(draw(texts()),),
        follow_ups=(draw(hostile),) * 5,
        from_model=draw(st.booleans()),
    )
