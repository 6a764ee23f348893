"""Assessments: every revision is kept, the latest is joined to its event."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from core.assessment import Assessment, Overrule
from core.errors import StorageError
from core.event import UNKNOWN_ACTOR
from core.unified import UnifiedEvent
from storage.columns import unpack
from storage.database import Database, add, chunks
from storage.event_rows import COLUMNS, JOINED, assessment_row, concluded, events_of, in_story, unified
from storage.tables import AssessmentRow, EventRow, table

_EVENTS, _ASSESSMENTS = table(EventRow), table(AssessmentRow)
_E, _A = _EVENTS.c, _ASSESSMENTS.c
# As the partial index says it, to the letter.
_UNFINISHED = text("events.unfinished")
_FOLLOWS = ("actor", "actor_id", "actor_kind", "verdict", "severity", "story_id", "revision", "unfinished")


class SqlAssessmentStore:
    """The port core.ports.AssessmentStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, event_ids: Collection[str]) -> Mapping[str, Assessment]:
        found: dict[str, Assessment] = {}
        with self._database.read() as connection:
            for some in chunks(event_ids):
                rows = connection.execute(select(*COLUMNS).select_from(JOINED).where(_E.id.in_(some), _A.body.is_not(None)))
                found.update({row.id: in_story(unpack(Assessment, row.assessed), row.story_id) for row in rows})
        return found

    def revisions(self, event_id: str) -> Sequence[Assessment]:
        with self._database.read() as connection:
            rows = connection.scalars(select(_A.body).where(_A.event_id == event_id).order_by(_A.revision))
            return [unpack(Assessment, packed) for packed in rows]

    def overrule(self, event_id: str, overrule: Overrule) -> Assessment:
        with self._database.write() as connection:
            row = connection.execute(select(*COLUMNS).select_from(JOINED).where(_E.id == event_id)).first()
            if row is None:
                raise StorageError(
                    f"there is no event {event_id}", next_step="It may be older than what is kept (database.retention_days)."
                )
            held = unified(row).assessment
            revised = replace(
                held,
                revision=held.revision + 1,
                assessed_at=overrule.at,
                overrule=overrule,
                because=f"someone said it was {overrule.verdict}",
            )
            write(connection, [revised], ())
        return revised

    def unfinished(self, limit: int = 100) -> Sequence[UnifiedEvent]:
        with self._database.read() as connection:
            asked = select(*COLUMNS).select_from(JOINED).where(_UNFINISHED).order_by(_E.sequence).limit(limit)
            return [unified(row) for row in connection.execute(asked)]


def write(connection: Connection, assessments: Sequence[Assessment], inserted: Collection[str]) -> None:
    """Add revisions. Events in `inserted` brought their first one with them; of the others the columns follow the latest."""
    if not assessments:
        return
    add(connection, _ASSESSMENTS, [assessment_row(one) for one in assessments])
    later = [one for one in assessments if one.revision > 1 or one.event_id not in inserted]
    if later:
        connection.execute(_UPDATE, _changes(connection, sorted(later, key=lambda one: one.revision)))


_UPDATE = (
    update(_EVENTS)
    .where(_E.id == bindparam("event_id"), _E.revision < bindparam("than"))
    .values({name: bindparam(f"new_{name}") for name in _FOLLOWS})
)


def _changes(connection: Connection, later: Sequence[Assessment]) -> list[dict[str, Any]]:
    # Where analysis names nobody, the event's own actor counts.
    events = events_of(connection, [one.event_id for one in later if not one.attribution.actor.known])
    changes = []
    for one in later:
        event = events.get(one.event_id)
        follows = concluded(one, event.actor if event else UNKNOWN_ACTOR)
        changes.append({"event_id": one.event_id, "than": one.revision, **{f"new_{name}": follows[name] for name in _FOLLOWS}})
    return changes
