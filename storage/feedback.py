"""What people said about verdicts and answers."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from core.subscription import Feedback
from storage.columns import pack, unpack
from storage.database import Database, chunks, put
from storage.tables import FeedbackRow, table

_FEEDBACK = table(FeedbackRow)
_F = _FEEDBACK.c


class SqlFeedbackStore:
    """The port core.ports.FeedbackStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, feedback: Feedback) -> None:
        with self._database.write() as connection:
            put(connection, _FEEDBACK, [{"about": feedback.about, "by": feedback.by, "at": feedback.at, "body": pack(feedback)}])

    def about(self, ids: Collection[str]) -> Sequence[Feedback]:
        """Oldest first."""
        found: list[Feedback] = []
        with self._database.read() as connection:
            for some in chunks(ids):
                found += [unpack(Feedback, packed) for packed in connection.scalars(select(_F.body).where(_F.about.in_(some)))]
        return sorted(found, key=lambda one: (one.at, one.by))
