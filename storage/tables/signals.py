"""Health readings: each, and the latest of each check."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, Index, text
from sqlmodel import Field

from storage.columns import at, body, numbered, words
from storage.tables.base import Row


class ObservationRow(Row, table=True):
    """One reading."""

    __tablename__: ClassVar[Any] = "observations"
    __table_args__ = (Index("uq_observations_reading", "resource_key", "at", "key", unique=True),)

    id: int | None = Field(default=None, sa_column=numbered())
    key: str = Field(sa_column=words())
    resource_key: str = Field(sa_column=words())
    at: datetime = Field(sa_column=at(index=True))
    body: bytes = Field(sa_column=body())


class CurrentObservationRow(Row, table=True):
    """The latest reading of one check."""

    __tablename__: ClassVar[Any] = "current_observations"
    __table_args__ = (
        Index("ix_current_observations_environment", "environment", "at"),
        Index("ix_current_observations_standing", "standing", "at"),
    )

    key: str = Field(sa_column=words(primary_key=True))
    resource_key: str = Field(sa_column=words(index=True))
    environment: str = Field(sa_column=words())
    at: datetime = Field(sa_column=at(index=True))
    standing: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    body: bytes = Field(sa_column=body())
