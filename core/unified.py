"""What readers get: an event joined with its latest assessment. The customer's UnifiedEvent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.assessment import Assessment, ComfortLevel, Severity, Verdict
from core.event import Actor, ChangeType, Event, Resource
from core.evidence import Evidence
from core.json import JsonValue


@dataclass(frozen=True, kw_only=True, slots=True)
class UnifiedEvent:
    """`sequence` is the store's ingest sequence (0 before it is stored)."""

    event: Event
    assessment: Assessment
    sequence: int = 0

    @property
    def id(self) -> str:
        return self.event.id

    @property
    def timestamp(self) -> datetime:
        return self.event.occurred_at

    @property
    def provider(self) -> str:
        return self.event.provider

    @property
    def resource(self) -> Resource:
        return self.event.resource

    @property
    def change_type(self) -> ChangeType:
        return self.event.change_type

    @property
    def metadata(self) -> Mapping[str, JsonValue]:
        return self.event.metadata

    @property
    def correlation_id(self) -> str:
        return self.assessment.correlation.story_id

    @property
    def actor(self) -> Actor:
        """The attributed actor where analysis found one, else the event's own."""
        attributed = self.assessment.attribution.actor
        return attributed if attributed.known else self.event.actor

    @property
    def verdict(self) -> Verdict:
        return self.assessment.verdict

    @property
    def confidence(self) -> float:
        return self.assessment.classification.confidence

    @property
    def severity(self) -> Severity:
        return self.assessment.severity

    @property
    def comfort_level(self) -> ComfortLevel:
        return self.assessment.comfort.level

    @property
    def reassurance_text(self) -> str:
        return self.assessment.comfort.reassurance

    @property
    def stability_score(self) -> float | None:
        """None is "not measured"."""
        stability = self.assessment.comfort.stability
        return stability.score if stability else None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every fact the conclusions rest on, in the order of the steps."""
        a = self.assessment
        return (
            *a.attribution.evidence,
            *a.correlation.evidence,
            *a.classification.evidence,
            *a.context.evidence,
            *a.comfort.evidence,
        )
