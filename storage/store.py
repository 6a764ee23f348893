"""Every port over one database."""

import secrets

from sqlalchemy import Connection, select

from storage.activity import SqlTeamActivity
from storage.announcements import SqlAnnouncements
from storage.assessments import SqlAssessmentStore
from storage.baselines import SqlBaselines
from storage.coverage import SqlCoverageStore
from storage.cursors import SqlCursors
from storage.database import Database, add
from storage.deliveries import SqlDeliveries
from storage.events import SqlEventStore
from storage.feedback import SqlFeedbackStore
from storage.follow_ups import SqlFollowUps
from storage.inbox import SqlInbox
from storage.managed import SqlManagedResources
from storage.metrics import SqlMetrics
from storage.mutes import SqlMutes
from storage.observations import SqlObservationStore
from storage.stories import SqlStoryStore
from storage.subscriptions import SqlSubscriptions
from storage.tables import KeptRow, table
from storage.watermarks import SqlWatermarks
from storage.work import SqlUnitOfWork

_KEPT = table(KeptRow)
_REDACTION_KEY = "redaction_key"


class SqlStore:
    """The port core.ports.Store. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.events = SqlEventStore(database)
        self.assessments = SqlAssessmentStore(database)
        self.stories = SqlStoryStore(database)
        self.observations = SqlObservationStore(database)
        self.coverage = SqlCoverageStore(database)
        self.cursors = SqlCursors(database)
        self.managed = SqlManagedResources(database)
        self.announcements = SqlAnnouncements(database)
        self.baselines = SqlBaselines(database)
        self.activity = SqlTeamActivity(database)
        self.metrics = SqlMetrics(database)
        self.follow_ups = SqlFollowUps(database)
        self.deliveries = SqlDeliveries(database)
        self.subscriptions = SqlSubscriptions(database)
        self.mutes = SqlMutes(database)
        self.watermarks = SqlWatermarks(database)
        self.feedback = SqlFeedbackStore(database)
        self.inbox = SqlInbox(database)
        self.work = SqlUnitOfWork(database)

    def redaction_key(self) -> bytes:
        """Of two that ask at once for the first time, both get the one that was kept."""
        with self.database.read() as connection:
            kept = _kept(connection)
        if kept is not None:
            return kept
        with self.database.write() as connection:
            add(connection, _KEPT, [{"name": _REDACTION_KEY, "body": secrets.token_bytes(32)}])
            made = _kept(connection)
        assert made is not None
        return made

    def close(self) -> None:
        """Safe to call twice."""
        self.database.close()


def _kept(connection: Connection) -> bytes | None:
    body: bytes | None = connection.scalar(select(_KEPT.c.body).where(_KEPT.c.name == _REDACTION_KEY))
    return None if body is None else bytes(body)
