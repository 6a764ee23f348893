"""Every port over one database."""

import secrets
from contextlib import AbstractContextManager

from sqlalchemy import Connection, select

from core import ports
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
        self.events: ports.EventStore = SqlEventStore(database)
        self.assessments: ports.AssessmentStore = SqlAssessmentStore(database)
        self.stories: ports.StoryStore = SqlStoryStore(database)
        self.observations: ports.ObservationStore = SqlObservationStore(database)
        self.coverage: ports.CoverageStore = SqlCoverageStore(database)
        self.cursors: ports.Cursors = SqlCursors(database)
        self.managed: ports.ManagedResources = SqlManagedResources(database)
        self.announcements: ports.Announcements = SqlAnnouncements(database)
        self.baselines: ports.Baselines = SqlBaselines(database)
        self.activity: ports.TeamActivity = SqlTeamActivity(database)
        self.metrics: ports.Metrics = SqlMetrics(database)
        self.follow_ups: ports.FollowUps = SqlFollowUps(database)
        self.deliveries: ports.Deliveries = SqlDeliveries(database)
        self.subscriptions: ports.Subscriptions = SqlSubscriptions(database)
        self.mutes: ports.Mutes = SqlMutes(database)
        self.watermarks: ports.Watermarks = SqlWatermarks(database)
        self.feedback: ports.FeedbackStore = SqlFeedbackStore(database)
        self.inbox: ports.Inbox = SqlInbox(database)
        self.work: ports.UnitOfWork = SqlUnitOfWork(database)

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

    def together(self) -> AbstractContextManager[None]:
        return self.database.together()

    def close(self) -> None:
        """Safe to call twice."""
        self.database.close()


def _kept(connection: Connection) -> bytes | None:
    body: bytes | None = connection.scalar(select(_KEPT.c.body).where(_KEPT.c.name == _REDACTION_KEY))
    return None if body is None else bytes(body)
