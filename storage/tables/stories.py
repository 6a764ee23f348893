"""Stories, the keys that lead to them, and what is still watched."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, Float, Index, text
from sqlmodel import Field

from storage.columns import at, body, whole, words
from storage.tables.base import Row

_MERGED = text("merged_into <> ''")


class StoryRow(Row, table=True):
    """One story. `merged_into` always names the story at the end of the chain."""

    __tablename__: ClassVar[Any] = "stories"
    # Few stories are merged: an index of those alone is never taken for the many that are not.
    __table_args__ = (
        Index("ix_stories_settling", "settling", "last_at"),
        Index("ix_stories_merged_into", "merged_into", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )

    id: str = Field(sa_column=words(primary_key=True))
    revision: int = Field(sa_column=whole())
    last_at: datetime = Field(sa_column=at(index=True))
    environment: str = Field(sa_column=words())
    severity: int = Field(sa_column=whole())
    settling: str = Field(sa_column=words())
    open: bool = Field(sa_column=Column(Boolean, nullable=False))
    merged_into: str = Field(sa_column=words())
    body: bytes = Field(sa_column=body())


class StorySourceRow(Row, table=True):
    """A source that a story's events came from: a reader must see all of them to see the story."""

    __tablename__: ClassVar[Any] = "story_sources"
    __table_args__ = ({"sqlite_with_rowid": False},)

    story_id: str = Field(sa_column=words(primary_key=True))
    source: str = Field(sa_column=words(primary_key=True))


class StoryEnvironmentRow(Row, table=True):
    """An environment of a story that names several: most name one, which stands in its own row."""

    __tablename__: ClassVar[Any] = "story_environments"
    __table_args__ = ({"sqlite_with_rowid": False},)

    story_id: str = Field(sa_column=words(primary_key=True))
    environment: str = Field(sa_column=words(primary_key=True))


class StoryLinkRow(Row, table=True):
    """A key under which later events find a story."""

    __tablename__: ClassVar[Any] = "story_links"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: str = Field(sa_column=words(primary_key=True))
    story_id: str = Field(sa_column=words(primary_key=True, index=True))
    last_at: datetime = Field(sa_column=at(index=True))
    strength: float = Field(sa_column=Column(Float, nullable=False))
    says: str = Field(sa_column=words())


class FollowUpRow(Row, table=True):
    """Has it settled? One question a story."""

    __tablename__: ClassVar[Any] = "follow_ups"
    __table_args__ = (Index("ix_follow_ups_state", "state", "due_at"),)

    story_id: str = Field(sa_column=words(primary_key=True))
    state: str = Field(sa_column=words())
    due_at: datetime = Field(sa_column=at())
    body: bytes = Field(sa_column=body())
