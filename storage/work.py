"""The unit of work: one commit, one transaction."""

from core.ports import Commit
from storage import (
    activity,
    announcements,
    assessments,
    baselines,
    coverage,
    cursors,
    deliveries,
    events,
    follow_ups,
    inbox,
    managed,
    metrics,
    observations,
    stories,
)
from storage.database import Database


class SqlUnitOfWork:
    """The port core.ports.UnitOfWork."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def commit(self, commit: Commit) -> int:
        batch, concluded, now = commit.batch, commit.conclusions, self._database.clock()
        with self._database.write(ingests=True) as connection:
            events.write(connection, batch.events, concluded.assessments, backfilled=commit.backfilled)
            # Merges before assessments: these may say that an event of a swallowed story went elsewhere.
            stories.write(connection, concluded.stories, concluded.links)
            assessments.write(connection, concluded.assessments, {event.id for event in batch.events})
            observations.write(connection, batch.observations)
            observations.withdraw(connection, batch.events)
            coverage.write(connection, batch.coverage)
            cursors.write(connection, commit.source, None if commit.backfilled else batch.cursor, batch.known_changes, now)
            managed.write(connection, batch.managed)
            announcements.write(connection, batch.announcements)
            baselines.write(connection, concluded.baselines)
            follow_ups.write(connection, concluded.follow_ups)
            activity.write(connection, concluded.activities)
            metrics.write(connection, concluded.metrics)
            deliveries.write(connection, commit.deliveries)
            inbox.done(connection, batch.handled, now)
            return events.highest(connection)
