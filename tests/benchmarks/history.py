"""A made-up history of any size: plausible events with their assessments, written through the store's own unit of work."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from core.assessment import Assessment, Classification, Comfort, Context, Correlation, Severity, Verdict
from core.batch import Batch, Cursor
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageState
from core.event import Actor, ActorKind, ChangeType, Event, FieldChange, Reference, ReferenceKind, Resource, Scope, Via, event_id
from core.evidence import Evidence
from core.ports import Commit, Store
from core.story import Story
from core.timerange import TimeRange

SOURCE = "bench"
_ACTORS = (
    Actor(kind=ActorKind.SERVICE, id="autoscaler", name="autoscaler", via=Via.CONTROLLER),
    Actor(kind=ActorKind.AUTOMATION, id="argocd", name="Argo CD", via=Via.GITOPS),
    Actor(kind=ActorKind.AUTOMATION, id="ci", name="ci", via=Via.IAC, tool="Terraform 1.11"),
    Actor(kind=ActorKind.HUMAN, id="ana@acme.example", name="Ana", via=Via.CLI),
    Actor(kind=ActorKind.HUMAN, id="ben@acme.example", name="Ben", via=Via.CONSOLE),
)
_VERDICTS = (Verdict.ROUTINE, Verdict.PLANNED, Verdict.PLANNED, Verdict.PLANNED, Verdict.UNPLANNED)
_ENVIRONMENTS = ("prod", "prod", "staging")


def event(number: int, at: datetime, chance: random.Random) -> Event:
    """The `number`-th event, of one of 2,000 resources."""
    which = chance.randrange(len(_ACTORS)) if chance.random() < 0.2 else 0
    name, scaled = f"service-{chance.randrange(2000)}", which == 0
    actor = _ACTORS[which]
    if actor.kind is ActorKind.HUMAN:
        # As many changes as this are made by many people.
        person = f"person-{chance.randrange(200)}@acme.example"
        actor = replace(actor, id=person, name=person)
    references: tuple[Reference, ...] = ()
    if actor.kind is ActorKind.AUTOMATION:
        kind = ReferenceKind.RUN if actor.via is Via.IAC else ReferenceKind.RELEASE
        references = (Reference(kind=kind, id=f"{actor.id}/{number // 40}"),)
    native = f"bench-{number}"
    return Event(
        id=event_id(SOURCE, native),
        source=SOURCE,
        provider="kubernetes",
        occurred_at=at,
        observed_at=at + timedelta(seconds=3),
        resource=Resource(
            provider="kubernetes",
            kind="Deployment",
            name=name,
            scope=Scope(cluster="main", namespace=f"team-{chance.randrange(20)}"),
            environment=chance.choice(_ENVIRONMENTS),
        ),
        change_type=ChangeType.SCALED if scaled else ChangeType.MODIFIED,
        native_action="update deployments/scale" if scaled else "patch deployments",
        native_id=native,
        actor=actor,
        references=references,
        changes=(_scaled(chance) if scaled else _deployed(name, number % 40),),
    )


def _scaled(chance: random.Random) -> FieldChange:
    return FieldChange(path="spec.replicas", before=chance.randrange(9), after=chance.randrange(9))


def _deployed(name: str, version: int) -> FieldChange:
    return FieldChange(path="spec.template.spec.containers.0.image", before=f"{name}:1.{version}", after=f"{name}:1.{version + 1}")


def assessment(of: Event) -> Assessment:
    verdict = next(told for one, told in zip(_ACTORS, _VERDICTS, strict=True) if one.via is of.actor.via)
    says = f"{of.actor.name} does this"
    return Assessment(
        event_id=of.id,
        revision=1,
        assessed_at=of.observed_at,
        correlation=Correlation(story_id=f"story-{of.id}", confidence=1.0),
        classification=Classification(
            verdict=verdict,
            confidence=0.93,
            severity=Severity.HIGH if verdict is Verdict.UNPLANNED else Severity.LOW,
            evidence=(Evidence(kind="actor", says=says, ref=of.id, at=of.occurred_at, weight=2.0),),
        ),
        context=Context(says=("31 times in the last 7 days",), similar=31, history_days=30.0),
        comfort=Comfort(),
    )


def story(of: Event, judged: Assessment) -> Story:
    return Story(
        id=judged.correlation.story_id,
        revision=1,
        opened_at=of.observed_at,
        updated_at=of.observed_at,
        first_at=of.occurred_at,
        last_at=of.occurred_at,
        headline_event=of.id,
        environment=of.environment,
        sources=(of.source,),
        providers=(of.provider,),
        counts={of.change_type: 1},
        verdicts={judged.verdict: 1},
        verdict=judged.verdict,
        confidence=0.93,
        severity=judged.severity,
        actors=(of.actor,),
        open=False,
    )


def fill(store: Store, many: int, span: TimeRange, *, seed: int = 7, at_once: int = 5000) -> Iterator[int]:
    """Write so many events evenly over the span, and that the source was read whole; yields how many are written."""
    chance = random.Random(seed)
    step = span.duration / many
    for first in range(0, many, at_once):
        events = tuple(event(number, span.start + step * number, chance) for number in range(first, min(first + at_once, many)))
        judged = tuple(assessment(one) for one in events)
        stories = tuple(story(one, made) for one, made in zip(events, judged, strict=True))
        until = span.start + step * min(first + at_once, many)
        covered = Coverage(
            source=SOURCE,
            range=TimeRange(start=span.start + step * first, end=until),
            state=CoverageState.READ,
            complete_until=until,
        )
        batch = Batch(cursor=Cursor(state={"n": first}), events=events, coverage=(covered,))
        store.work.commit(Commit(source=SOURCE, batch=batch, conclusions=Conclusions(assessments=judged, stories=stories)))
        yield first + len(events)
