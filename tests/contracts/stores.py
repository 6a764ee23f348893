"""Values for the store's contract, each at its plainest, and the store under test."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from core.assessment import Assessment, Classification, Correlation, Severity, Verdict
from core.batch import Batch, Cursor
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery
from core.event import Actor, ActorKind, ChangeType, Event, Resource, event_id
from core.evidence import Evidence
from core.ports import Commit
from core.story import Story
from core.timerange import TimeRange

T0 = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ANA = Actor(kind=ActorKind.HUMAN, id="ana@example.com", name="Ana")
WHY = (Evidence(kind="run", says="run 17 made it", ref="run-17"),)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def span(start: float, end: float) -> TimeRange:
    return TimeRange(start=at(start), end=at(end))


def change(name: str, minutes: float = 0.0, **other: Any) -> Event:
    """`name` is the resource's; the event's id follows from it and the time, unless `native` is given."""
    source, environment = other.pop("source", "cluster"), other.pop("environment", "prod")
    native = other.pop("native", f"{name}@{minutes}")
    values: dict[str, Any] = {"actor": ANA, "change_type": ChangeType.MODIFIED, "native_action": "update", "provider": "kubernetes"}
    values.update(other)
    resource = Resource(provider=values["provider"], kind="Deployment", name=name, environment=environment)
    return Event(id=event_id(source, native), source=source, occurred_at=at(minutes), observed_at=at(minutes), resource=resource, **values)


def assessed(event: Event, story: str = "s1", *, revision: int = 1, verdict: Verdict = Verdict.PLANNED, **other: Any) -> Assessment:
    severity = other.pop("severity", Severity.LOW)
    return Assessment(
        event_id=event.id,
        revision=revision,
        assessed_at=event.observed_at,
        correlation=Correlation(story_id=story, confidence=0.9),
        classification=Classification(verdict=verdict, confidence=0.9, severity=severity, evidence=WHY),
        **other,
    )


def story(id: str, minutes: float = 0.0, **other: Any) -> Story:
    values: dict[str, Any] = {"revision": 1, "headline_event": "h", "sources": ("cluster",), "environment": "prod", **other}
    return Story(id=id, opened_at=at(minutes), updated_at=at(minutes), first_at=at(minutes), last_at=at(minutes), **values)


def read(start: float, end: float, source: str = "cluster", state: CoverageState = CoverageState.READ, **other: Any) -> Coverage:
    return Coverage(source=source, range=span(start, end), state=state, complete_until=at(end), **other)


def delivery(revision: int, story: str = "s1", minutes: float = 0.0, destination: str = "C1") -> Delivery:
    return Delivery(destination=destination, story_id=story, revision=revision, not_before=at(minutes))


def commit(
    events: Sequence[Event] = (),
    assessments: Sequence[Assessment] | None = None,
    *,
    deliveries: Sequence[Delivery] = (),
    backfilled: bool = False,
    cursor: Cursor | None = None,
    concluded: dict[str, Any] | None = None,
    **batch: Any,
) -> Commit:
    """Events are assessed plainly unless `assessments` are given."""
    made = [assessed(event) for event in events] if assessments is None else assessments
    return Commit(
        source="cluster",
        batch=Batch(cursor=cursor or Cursor(), events=tuple(events), **batch),
        conclusions=Conclusions(assessments=tuple(made), **(concluded or {})),
        deliveries=tuple(deliveries),
        backfilled=backfilled,
    )
