"""What is usual, what was announced, what was measured, what people said."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Float, Index
from sqlmodel import Field

from storage.columns import at, body, whole, words
from storage.tables.base import Row


class BaselineRow(Row, table=True):
    """One baseline."""

    __tablename__: ClassVar[Any] = "baselines"

    key: str = Field(sa_column=words(primary_key=True))
    last_at: datetime | None = Field(default=None, sa_column=at(nullable=True, index=True))
    body: bytes = Field(sa_column=body())


class ActivityRow(Row, table=True):
    """One actor on one day in one environment."""

    __tablename__: ClassVar[Any] = "activity"
    __table_args__ = (Index("ix_activity_day", "day", "environment"),)

    actor: str = Field(sa_column=words(primary_key=True))
    day: str = Field(sa_column=words(primary_key=True))
    environment: str = Field(sa_column=words(primary_key=True))
    name: str = Field(sa_column=words())
    team: str = Field(sa_column=words())
    changes: int = Field(sa_column=whole())
    planned: int = Field(sa_column=whole())
    unplanned: int = Field(sa_column=whole())
    routine: int = Field(sa_column=whole())
    unknown: int = Field(sa_column=whole())
    attempted: int = Field(sa_column=whole())
    reverts: int = Field(sa_column=whole())


class MetricRow(Row, table=True):
    """One number at one time, with its parts."""

    __tablename__: ClassVar[Any] = "metrics"

    name: str = Field(sa_column=words(primary_key=True))
    at: datetime = Field(sa_column=at(primary_key=True, index=True))
    source: str = Field(sa_column=words(primary_key=True))
    environment: str = Field(sa_column=words(primary_key=True))
    numerator: float = Field(sa_column=Column(Float, nullable=False))
    denominator: float = Field(sa_column=Column(Float, nullable=False))


class AnnouncementRow(Row, table=True):
    """A declared window or a run."""

    __tablename__: ClassVar[Any] = "announcements"
    __table_args__ = (Index("ix_announcements_range", "end_at", "start_at"),)

    id: str = Field(sa_column=words(primary_key=True))
    start_at: datetime = Field(sa_column=at())
    end_at: datetime = Field(sa_column=at())
    body: bytes = Field(sa_column=body())


class FeedbackRow(Row, table=True):
    """What a person said about a verdict or an answer."""

    __tablename__: ClassVar[Any] = "feedback"

    about: str = Field(sa_column=words(primary_key=True))
    by: str = Field(sa_column=words(primary_key=True))
    at: datetime = Field(sa_column=at(primary_key=True, index=True))
    body: bytes = Field(sa_column=body())
