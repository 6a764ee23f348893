"""What is known of sources: what was read, where to go on, and what things were like."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field

from storage.columns import at, body, numbered, words
from storage.tables.base import Row


class CoverageRow(Row, table=True):
    """One stretch of one source (or of a part of it), grown as long as the next one joins it."""

    __tablename__: ClassVar[Any] = "coverage"
    __table_args__ = (Index("ix_coverage_source", "source", "part", "end_at"),)

    id: int | None = Field(default=None, sa_column=numbered())
    source: str = Field(sa_column=words())
    part: str = Field(sa_column=words())
    state: str = Field(sa_column=words())
    start_at: datetime = Field(sa_column=at())
    end_at: datetime = Field(sa_column=at(index=True))
    complete_until: datetime = Field(sa_column=at())
    reason: str = Field(sa_column=words())
    next_step: str = Field(sa_column=words())


class CursorRow(Row, table=True):
    """Where a source's next poll goes on."""

    __tablename__: ClassVar[Any] = "cursors"

    source: str = Field(sa_column=words(primary_key=True))
    at: datetime = Field(sa_column=at())
    body: bytes = Field(sa_column=body())


class KnownStateRow(Row, table=True):
    """The last known state of one thing of a source."""

    __tablename__: ClassVar[Any] = "known_states"

    source: str = Field(sa_column=words(primary_key=True))
    key: str = Field(sa_column=words(primary_key=True))
    at: datetime = Field(sa_column=at())
    body: bytes = Field(sa_column=body())


class ManagedRow(Row, table=True):
    """A resource that an IaC state manages."""

    __tablename__: ClassVar[Any] = "managed_resources"

    source: str = Field(sa_column=words(primary_key=True))
    workspace: str = Field(sa_column=words(primary_key=True))
    address: str = Field(sa_column=words(primary_key=True))
    since: datetime = Field(sa_column=at())
    body: bytes = Field(sa_column=body())


class ManagedAliasRow(Row, table=True):
    """A name by which other layers know a managed resource."""

    __tablename__: ClassVar[Any] = "managed_aliases"
    __table_args__ = (Index("ix_managed_aliases_of", "source", "workspace", "address"), {"sqlite_with_rowid": False})

    alias: str = Field(sa_column=words(primary_key=True))
    source: str = Field(sa_column=words(primary_key=True))
    workspace: str = Field(sa_column=words(primary_key=True))
    address: str = Field(sa_column=words(primary_key=True))
