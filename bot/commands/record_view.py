"""One backfilled record as the JSON object of our contract (docs: `wgo backfill --help`)."""

from collections.abc import Mapping

from core.assessment import Stability
from core.backfill import RecordOutcome
from core.event import Actor
from core.evidence import Evidence
from core.json import JsonObject
from core.unified import UnifiedEvent


def outcome_object(outcome: RecordOutcome, events: Mapping[str, UnifiedEvent]) -> JsonObject:
    """The object of one record: an error, no change, or its events with the most severe one on top."""
    where: JsonObject = {"record": outcome.record, "file": outcome.file, "line": outcome.line}
    if outcome.error:
        return {**where, "error": outcome.error}
    found = [events[event_id] for event_id in outcome.event_ids if event_id in events]
    if not found:
        return {**where, "change": False, "change_type": None, "baseline": outcome.baseline, **_nothing(), "events": []}
    worst = max(found, key=lambda event: event.severity.rank)
    return {
        **where,
        "change": True,
        "change_type": worst.change_type.value,
        "baseline": outcome.baseline,
        **_facts(worst),
        "events": [{"change_type": event.change_type.value, **_facts(event)} for event in found],
    }


def _nothing() -> JsonObject:
    return {
        "event_id": None,
        "verdict": None,
        "confidence": None,
        "severity": None,
        "traits": [],
        "comfort_level": None,
        "reassures": False,
        "reassurance": "",
        "stability": None,
        "evidence": [],
        "actor": None,
        "correlation_id": None,
    }


def _facts(event: UnifiedEvent) -> JsonObject:
    comfort = event.assessment.comfort
    return {
        "event_id": event.id,
        "verdict": event.verdict.value,
        "confidence": round(event.confidence, 4),
        "severity": event.severity.value,
        "traits": sorted(trait.value for trait in event.event.traits),
        "comfort_level": comfort.level.value,
        "reassures": comfort.reassures,
        "reassurance": comfort.reassurance,
        "stability": _stability(comfort.stability),
        "evidence": [_evidence(one) for one in event.evidence],
        "actor": _actor(event.actor),
        "correlation_id": event.correlation_id,
        "resource": {"provider": event.provider, "kind": event.resource.kind, "name": event.resource.name, "key": event.resource.key},
        "occurred_at": event.timestamp.isoformat(),
    }


def _stability(stability: Stability | None) -> JsonObject | None:
    if stability is None:
        return None
    return {
        "numerator": stability.numerator,
        "denominator": stability.denominator,
        "score": round(stability.score, 4),
        "source": stability.source,
        "at": stability.at.isoformat(),
    }


def _evidence(evidence: Evidence) -> JsonObject:
    return {"kind": evidence.kind, "says": evidence.says, "ref": evidence.ref, "at": evidence.at.isoformat() if evidence.at else None}


def _actor(actor: Actor) -> JsonObject:
    return {"kind": actor.kind.value, "id": actor.id, "name": actor.name, "via": actor.via.value}
