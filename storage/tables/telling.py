"""Deliveries with their receipts, what was pushed to us, and what the store keeps for itself."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, text
from sqlmodel import Field

from storage.columns import at, numbered, whole, words
from storage.tables.base import Row


class DeliveryRow(Row, table=True):
    """One story's revision to one destination. `adopted`: was left in sending, and nobody has it now."""

    __tablename__: ClassVar[Any] = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "state", "not_before"),
        Index("ix_deliveries_story", "destination", "story_id", "revision"),
    )

    key: str = Field(sa_column=words(primary_key=True))
    destination: str = Field(sa_column=words())
    story_id: str = Field(sa_column=words())
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    not_before: datetime = Field(sa_column=at())
    kind: str = Field(sa_column=words())
    body: str = Field(sa_column=words())
    reason: str = Field(sa_column=words())
    state: str = Field(sa_column=words())
    attempts: int = Field(sa_column=whole())
    claimed_at: datetime | None = Field(default=None, sa_column=at(nullable=True))
    claimed_by: str = Field(sa_column=words())
    adopted: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    message: str = Field(sa_column=words())
    failure: str = Field(sa_column=words())


class ReceiptRow(Row, table=True):
    """Where a story's message lives at a destination."""

    __tablename__: ClassVar[Any] = "receipts"

    destination: str = Field(sa_column=words(primary_key=True))
    story_id: str = Field(sa_column=words(primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    message: str = Field(sa_column=words())
    sent_at: datetime = Field(sa_column=at(index=True))


class InboxTableRow(Row, table=True):
    """One thing pushed to us."""

    __tablename__: ClassVar[Any] = "inbox"
    __table_args__ = (
        Index("ix_inbox_pending", "kind", "sequence", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
        {"sqlite_autoincrement": True},
    )

    sequence: int | None = Field(default=None, sa_column=numbered())
    key: str = Field(sa_column=words(unique=True))
    kind: str = Field(sa_column=words())
    topic: str = Field(sa_column=words())
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = Field(sa_column=at())
    done_at: datetime | None = Field(default=None, sa_column=at(nullable=True, index=True))


class KeptRow(Row, table=True):
    """What the store keeps for itself, by name: the redaction key."""

    __tablename__: ClassVar[Any] = "kept"

    name: str = Field(sa_column=words(primary_key=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
