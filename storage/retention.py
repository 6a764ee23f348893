"""What is too old goes, table by table, in transactions short enough for polls to go on in between."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select, tuple_

from core.delivery import DeliveryState
from core.errors import ValueRefused
from core.story import FollowUpState
from storage.database import Database
from storage.store import SqlStore
from storage.tables import (
    ActivityRow,
    AnnouncementRow,
    AssessmentRow,
    BaselineRow,
    CoverageRow,
    CurrentObservationRow,
    DeliveryRow,
    EventRow,
    FeedbackRow,
    FollowUpRow,
    InboxTableRow,
    MetricRow,
    MuteRow,
    ObservationRow,
    ReceiptRow,
    StoryEnvironmentRow,
    StoryLinkRow,
    StoryRow,
    StorySourceRow,
    table,
)

ROWS_A_TRANSACTION = 1000
_EVENTS, _ASSESSMENTS, _STORIES = table(EventRow), table(AssessmentRow), table(StoryRow)


def prune(
    store: SqlStore | Database, days: int, days_by_table: Mapping[str, int] | None = None, now: datetime | None = None
) -> dict[str, int]:
    """Remove what is older than so many days; how many rows went, by table. Raises StorageError, ValueRefused for an unknown table.

    An event goes by the time it happened, with its assessments; a story when its last change is that old. Cursors, known states,
    managed resources, subscriptions and watermarks are of the present and stay.
    """
    database = store.database if isinstance(store, SqlStore) else store
    at = now or database.clock()
    own = dict(days_by_table or {})
    if unknown := sorted(set(own) - set(_AGED)):
        raise ValueRefused(f"no table {unknown[0]!r} is pruned", next_step=f"These are: {', '.join(sorted(_AGED))}.")
    removed = {}
    for name, (rows, column, more) in _AGED.items():
        horizon = at - timedelta(days=own.get(name, days))
        limit: Any = horizon.date().isoformat() if name == "activity" else horizon
        removed[name] = _remove(database, rows, (rows.c[column] < limit, *more))
    orphaned = ~exists().where(_EVENTS.c.id == _ASSESSMENTS.c.event_id)
    removed["assessments"] = _remove(database, _ASSESSMENTS, (orphaned,))
    for rows in (table(StorySourceRow), table(StoryEnvironmentRow)):
        removed[rows.name] = _remove(database, rows, (~exists().where(_STORIES.c.id == rows.c.story_id),))
    return removed


def _remove(database: Database, rows: Table, criteria: tuple[ColumnElement[bool], ...]) -> int:
    total = 0
    while gone := _some(database, rows, criteria):
        total += gone
    return total


def _some(database: Database, rows: Table, criteria: tuple[ColumnElement[bool], ...]) -> int:
    keys = list(rows.primary_key.columns)
    with database.write() as connection:
        found = [tuple(row) for row in connection.execute(select(*keys).where(*criteria).limit(ROWS_A_TRANSACTION))]
        if not found:
            return 0
        if rows is _EVENTS:
            _remove_assessments(connection, [row[0] for row in found])
        key = keys[0] if len(keys) == 1 else tuple_(*keys)
        connection.execute(delete(rows).where(key.in_([row[0] for row in found] if len(keys) == 1 else found)))
    return len(found)


def _remove_assessments(connection: Connection, sequences: list[int]) -> None:
    ids = select(_EVENTS.c.id).where(_EVENTS.c.sequence.in_(sequences))
    connection.execute(delete(_ASSESSMENTS).where(_ASSESSMENTS.c.event_id.in_(ids)))


def _over(*states: str) -> tuple[ColumnElement[bool], ...]:
    return (table(DeliveryRow).c.state.in_(states),)


# By table: the column that tells its age, and what else must hold.
_AGED: dict[str, tuple[Table, str, tuple[ColumnElement[bool], ...]]] = {
    "events": (_EVENTS, "occurred_at", ()),
    "stories": (_STORIES, "last_at", ()),
    "story_links": (table(StoryLinkRow), "last_at", ()),
    "observations": (table(ObservationRow), "at", ()),
    "current_observations": (table(CurrentObservationRow), "at", ()),
    "coverage": (table(CoverageRow), "end_at", ()),
    "metrics": (table(MetricRow), "at", ()),
    "activity": (table(ActivityRow), "day", ()),
    # What people taught is theirs, and stays.
    "baselines": (table(BaselineRow), "last_at", (~table(BaselineRow).c.key.startswith("taught/"),)),
    "announcements": (table(AnnouncementRow), "end_at", ()),
    "feedback": (table(FeedbackRow), "at", ()),
    "follow_ups": (table(FollowUpRow), "due_at", (table(FollowUpRow).c.state == FollowUpState.DONE.value,)),
    "mutes": (table(MuteRow), "until", ()),
    "deliveries": (
        table(DeliveryRow),
        "not_before",
        _over(DeliveryState.SENT.value, DeliveryState.FAILED.value, DeliveryState.SKIPPED.value),
    ),
    "receipts": (table(ReceiptRow), "sent_at", ()),
    "inbox": (table(InboxTableRow), "done_at", ()),
}
