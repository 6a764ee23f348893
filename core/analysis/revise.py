"""Why an event's conclusions have a new revision, and what a failed step leaves of them. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from core.analysis.chronicle import Assignment
from core.assessment import Assessment, Classification, Verdict
from core.evidence import Evidence

# A later look changes an event for readers only from this much on.
_CONFIDENCE_STEP = 0.1


def because(before: Assessment, after: Assessment, plan: Assignment) -> str:
    """Why a stored event's assessment has a new revision; empty where a reader would see no difference."""
    if before.failed_steps and before.failed_steps != after.failed_steps:
        return f"{', '.join(before.failed_steps)} tried again"
    if before.correlation.story_id != after.correlation.story_id:
        return "it turned out to have the same cause as an older story" if plan.swallows else "a likelier cause arrived"
    who, told = after.attribution, before.attribution
    doubted = not who.actor.known and who.evidence != told.evidence
    if who.evidence and (doubted or who.actor != told.actor):
        return who.evidence[0].says
    changed = before.classification.verdict is not after.classification.verdict
    surer = after.classification.confidence - before.classification.confidence
    if (changed or abs(surer) >= _CONFIDENCE_STEP) and after.classification.evidence and not after.failed_steps:
        old = {one.says for one in before.classification.evidence}
        fresh = next((one.says for one in after.classification.evidence if one.says not in old), "")
        return f"since then: {fresh}" if fresh else ""
    return ""


def with_failures(told: Classification, event_id: str, failed: Mapping[str, str]) -> Classification:
    """Unknown, with each failed step as evidence: nobody should rest on conclusions that were only half drawn."""
    if not failed:
        return told
    notes = tuple(Evidence(kind="step", says=f"the step {name} failed ({why})", ref=event_id) for name, why in sorted(failed.items()))
    kept = tuple(one for one in told.evidence if one.kind != "step")
    return replace(told, verdict=Verdict.UNKNOWN, evidence=(*kept, *notes))
