"""Events and assessments to rows and back."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, select

from core.assessment import Assessment, Correlation
from core.event import Actor, Event
from core.unified import UnifiedEvent
from storage.columns import pack, unpack, unpack_kept
from storage.database import chunks
from storage.tables import AssessmentRow, EventRow, table

_E, _A = table(EventRow).c, table(AssessmentRow).c
# What `unified` needs.
COLUMNS = (_E.id, _E.sequence, _E.story_id, _E.body, _A.body.label("assessed"))
JOINED = table(EventRow).outerjoin(table(AssessmentRow), and_(_A.event_id == _E.id, _A.revision == _E.revision))
_NOT_ASSESSED = "not assessed"


def event_row(event: Event, assessment: Assessment | None, *, backfilled: bool) -> dict[str, Any]:
    """An event's row. Without an assessment it counts as unknown, and is looked at again."""
    key = event.resource.key
    row = {
        "id": event.id,
        "occurred_at": event.occurred_at,
        "observed_at": event.observed_at,
        "source": event.source,
        "provider": event.provider,
        "environment": event.environment,
        "resource_key": key,
        "kind": event.resource.kind,
        "searchable": key.lower(),
        "change_type": event.change_type.value,
        "backfilled": backfilled,
        "body": pack(event),
    }
    row.update(concluded(assessment or _nothing(event), event.actor))
    row["revision"] = assessment.revision if assessment else 0
    return row


def concluded(assessment: Assessment, own: Actor) -> dict[str, Any]:
    """The columns that follow the latest assessment. `own` is the event's actor, as its source told it."""
    actor = assessment.attribution.actor if assessment.attribution.actor.known else own
    return {
        "actor": actor.name or actor.id,
        "actor_id": actor.id,
        "actor_kind": actor.kind.value,
        "verdict": assessment.verdict.value,
        "severity": assessment.severity.rank,
        "story_id": assessment.correlation.story_id,
        "revision": assessment.revision,
        "unfinished": bool(assessment.failed_steps),
    }


def assessment_row(assessment: Assessment) -> dict[str, Any]:
    return {
        "event_id": assessment.event_id,
        "revision": assessment.revision,
        "assessed_at": assessment.assessed_at,
        "body": pack(assessment),
    }


def unified(row: Any) -> UnifiedEvent:
    """From a row of COLUMNS."""
    event = unpack_kept(Event, row.body)
    assessment = in_story(unpack_kept(Assessment, row.assessed), row.story_id) if row.assessed else _nothing(event)
    return UnifiedEvent(event=event, assessment=assessment, sequence=row.sequence)


def in_story(assessment: Assessment, story_id: str) -> Assessment:
    """The assessment, naming the story in which its event is now: its own may have been merged into an older one."""
    held = assessment.correlation
    return assessment if held.story_id == story_id else replace(assessment, correlation=replace(held, story_id=story_id))


def by_sequence(connection: Connection, sequences: Sequence[int]) -> tuple[UnifiedEvent, ...]:
    """The events of these sequences, in the order given."""
    if not sequences:
        return ()
    found = {}
    for start in range(0, len(sequences), 500):
        asked = sequences[start : start + 500]
        rows = connection.execute(select(*COLUMNS).select_from(JOINED).where(_E.sequence.in_(asked)))
        found.update({row.sequence: unified(row) for row in rows})
    return tuple(found[sequence] for sequence in sequences if sequence in found)


def events_of(connection: Connection, ids: Collection[str]) -> dict[str, Event]:
    """The bare events of these ids."""
    found = {}
    for some in chunks(ids):
        for row in connection.execute(select(_E.id, _E.body).where(_E.id.in_(some))):
            found[row.id] = unpack(Event, row.body)
    return found


def _nothing(event: Event) -> Assessment:
    return Assessment(
        event_id=event.id,
        revision=1,
        assessed_at=event.observed_at,
        correlation=Correlation(story_id="", confidence=0.0),
        failed_steps=(_NOT_ASSESSED,),
    )
