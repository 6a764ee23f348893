"""The tables, a file a family. Columns hold what queries ask for; the rest of a value lies whole in `body`."""

from storage.tables.base import Row, table
from storage.tables.events import AssessmentRow, EventRow
from storage.tables.knowledge import ActivityRow, AnnouncementRow, BaselineRow, FeedbackRow, MetricRow
from storage.tables.people import MuteRow, SubscriptionRow, WatermarkRow
from storage.tables.signals import CurrentObservationRow, ObservationRow
from storage.tables.sources import CoverageRow, CursorRow, KnownStateRow, ManagedAliasRow, ManagedRow
from storage.tables.stories import FollowUpRow, StoryEnvironmentRow, StoryLinkRow, StoryRow, StorySourceRow
from storage.tables.telling import DeliveryRow, InboxTableRow, KeptRow, ReceiptRow

METADATA = Row.metadata

__all__ = [
    "METADATA",
    "ActivityRow",
    "AnnouncementRow",
    "AssessmentRow",
    "BaselineRow",
    "CoverageRow",
    "CurrentObservationRow",
    "CursorRow",
    "DeliveryRow",
    "EventRow",
    "FeedbackRow",
    "FollowUpRow",
    "InboxTableRow",
    "KeptRow",
    "KnownStateRow",
    "ManagedAliasRow",
    "ManagedRow",
    "MetricRow",
    "MuteRow",
    "ObservationRow",
    "ReceiptRow",
    "StoryEnvironmentRow",
    "StoryLinkRow",
    "StoryRow",
    "StorySourceRow",
    "SubscriptionRow",
    "WatermarkRow",
    "table",
]
