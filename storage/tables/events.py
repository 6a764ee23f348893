"""Events and their assessments."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, Index, Integer, text
from sqlmodel import Field

from storage.columns import at, body, numbered, whole, words
from storage.tables.base import Row


class EventRow(Row, table=True):
    """One event, whole in `body`, with columns for what is asked for. Verdict to story follow its latest assessment."""

    __tablename__: ClassVar[Any] = "events"
    __table_args__ = (
        # Counts, and the choice of a page's rows, are answered from this index alone.
        Index(
            "ix_events_time",
            "occurred_at",
            "sequence",
            "severity",
            "environment",
            "source",
            "provider",
            "verdict",
            "change_type",
            "actor",
            "backfilled",
        ),
        Index("ix_events_resource_time", "resource_key", "occurred_at"),
        Index("ix_events_environment_time", "environment", "occurred_at"),
        Index("ix_events_story_time", "story_id", "occurred_at"),
        Index("ix_events_unfinished", "sequence", sqlite_where=text("unfinished"), postgresql_where=text("unfinished")),
        {"sqlite_autoincrement": True},
    )

    sequence: int | None = Field(default=None, sa_column=numbered())
    id: str = Field(sa_column=words(unique=True))
    occurred_at: datetime = Field(sa_column=at())
    observed_at: datetime = Field(sa_column=at())
    source: str = Field(sa_column=words())
    provider: str = Field(sa_column=words())
    environment: str = Field(sa_column=words())
    resource_key: str = Field(sa_column=words())
    kind: str = Field(sa_column=words())
    searchable: str = Field(sa_column=words())
    change_type: str = Field(sa_column=words())
    actor: str = Field(sa_column=words())
    actor_id: str = Field(sa_column=words())
    actor_kind: str = Field(sa_column=words())
    verdict: str = Field(sa_column=words())
    severity: int = Field(sa_column=whole())
    story_id: str = Field(sa_column=words())
    revision: int = Field(sa_column=whole())
    unfinished: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    backfilled: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    body: bytes = Field(sa_column=body())


class AssessmentRow(Row, table=True):
    """One revision of what is concluded about one event."""

    __tablename__: ClassVar[Any] = "assessments"
    event_id: str = Field(sa_column=words(primary_key=True))
    revision: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    assessed_at: datetime = Field(sa_column=at())
    body: bytes = Field(sa_column=body())
