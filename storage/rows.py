"""Rows on their way in, past SQLAlchemy's work for each of them: its statement, compiled once, and our own few types made ready."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import Moment, Words, cleaned, micros_or_none

Insert = sqlite.Insert | postgresql.Insert
_Ready = Callable[[Any], Any]


def insert_all(connection: Connection, table: Table, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run the insert for every row. All rows have the columns of the first; the statement is one that is built once and kept."""
    sql, order, ready = _compiled(table, statement, tuple(rows[0]), connection.dialect)
    if order is None:
        connection.exec_driver_sql(sql, [{name: make(row[name]) for name, make in ready.items()} for row in rows])
    else:
        makers = [(name, ready[name]) for name in order]
        connection.exec_driver_sql(sql, [tuple([make(row[name]) for name, make in makers]) for row in rows])


# A dialect belongs to one opened database; those of databases long closed are let go.
@lru_cache(maxsize=256)
def _compiled(
    table: Table, statement: Insert, columns: tuple[str, ...], dialect: Dialect
) -> tuple[str, Sequence[str] | None, Mapping[str, _Ready]]:
    """The text, the order of its places (None where they are named), and what makes each column's value ready."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return str(compiled), compiled.positiontup, {name: _ready(table.c[name].type) for name in columns}


def _ready(kind: object) -> _Ready:
    if isinstance(kind, Moment):
        return micros_or_none
    return cleaned if isinstance(kind, Words) else _as_is


def _as_is(value: Any) -> Any:
    return value
