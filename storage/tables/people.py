"""Who hears what, and where each reader left off."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from storage.columns import at, body, words
from storage.tables.base import Row


class SubscriptionRow(Row, table=True):
    """One destination."""

    __tablename__: ClassVar[Any] = "subscriptions"

    destination: str = Field(sa_column=words(primary_key=True))
    body: bytes = Field(sa_column=body())


class MuteRow(Row, table=True):
    """One mute."""

    __tablename__: ClassVar[Any] = "mutes"

    id: str = Field(sa_column=words(primary_key=True))
    until: datetime = Field(sa_column=at(index=True))
    body: bytes = Field(sa_column=body())


class WatermarkRow(Row, table=True):
    """Where one reader left off."""

    __tablename__: ClassVar[Any] = "watermarks"

    reader: str = Field(sa_column=words(primary_key=True))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    read_at: datetime = Field(sa_column=at())
    previous_sequence: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    previous_read_at: datetime | None = Field(default=None, sa_column=at(nullable=True))
