"""Rows on their way in and out, past SQLAlchemy's work for each statement: compiled once, and our own few types made ready.

For what every batch asks and writes: there SQLAlchemy's part took several times as long as the database's.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from storage.columns import Moment, Words, cleaned, micros_or_none, moment
from storage.listed import Listed, as_listed

Insert = sqlite.Insert | postgresql.Insert
_Ready = Callable[[Any], Any]


def insert_all(connection: Connection, table: Table, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run the insert for every row. All rows have the columns of the first; the statement is one that is built once and kept."""
    sql, order, ready = _inserting(table, statement, tuple(rows[0]), connection.dialect)
    given: Sequence[Any]
    if order is None:
        given = [{name: make(row[name]) for name, make in ready.items()} for row in rows]
    else:
        makers = [(name, ready[name]) for name in order]
        given = [tuple([make(row[name]) for name, make in makers]) for row in rows]
    _run(connection, sql, given, many=True).close()


def select_all(connection: Connection, statement: Select[Any], named: Mapping[str, Any] | None = None) -> list[Any]:
    """All rows of a statement that is built once and kept, as tuples with the columns' names."""
    asked = _asking(statement, connection.dialect)
    cursor = _run(connection, asked.sql, asked.given(named or {}))
    make, times = asked.row, asked.times
    found = [make(row) for row in cursor.fetchall()]
    cursor.close()
    return [row._replace(**{name: moment(getattr(row, name)) for name in times}) for row in found] if times else found


def delete_all(connection: Connection, statement: Delete, named: Mapping[str, Any]) -> None:
    """Run a delete that is built once and kept."""
    asked = _asking(statement, connection.dialect)
    _run(connection, asked.sql, asked.given(named)).close()


def _run(connection: Connection, sql: str, given: Any, *, many: bool = False) -> Any:
    """The driver's cursor after the statement. Raises SQLAlchemy's error, as everything around it does."""
    raw = connection.connection
    cursor = raw.cursor()
    try:
        if many:
            cursor.executemany(sql, given)
        else:
            cursor.execute(sql, given)
    except connection.dialect.loaded_dbapi.Error as error:
        lost = connection.dialect.is_disconnect(error, raw.dbapi_connection, cursor)
        if lost:
            connection.invalidate(error)
        raise DBAPIError(sql, None, error, connection_invalidated=lost) from error
    return cursor


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """A statement as the driver takes it. `fixed` are the values that stand in it, `order` the places (None where they are named),
    `times` the columns of a row that are microseconds."""

    sql: str
    order: Sequence[str] | None
    ready: Mapping[str, _Ready]
    fixed: Mapping[str, Any]
    row: Callable[[Sequence[Any]], Any]
    times: Sequence[str]

    def given(self, named: Mapping[str, Any]) -> Any:
        values = {name: make(named[name]) if name in named else self.fixed[name] for name, make in self.ready.items()}
        return values if self.order is None else tuple([values[name] for name in self.order])


# A dialect belongs to one opened database; those of databases long closed are let go.
@lru_cache(maxsize=256)
def _asking(statement: Select[Any] | Delete, dialect: Dialect) -> _Asked:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    binds = {compiled.bind_names[bind]: bind for bind in compiled.bind_names}
    ready = {name: _ready(bind.type, dialect) for name, bind in binds.items()}
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    row = namedtuple("Row", [column.name for column in columns])  # type: ignore[misc]
    return _Asked(
        sql=str(compiled),
        order=compiled.positiontup,
        ready=ready,
        fixed={name: ready[name](bind.effective_value) for name, bind in binds.items() if not bind.required},
        row=row._make,
        times=[column.name for column in columns if isinstance(column.type, Moment)],
    )


@lru_cache(maxsize=256)
def _inserting(
    table: Table, statement: Insert, columns: tuple[str, ...], dialect: Dialect
) -> tuple[str, Sequence[str] | None, Mapping[str, _Ready]]:
    """The text, the order of its places (None where they are named), and what makes each column's value ready."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return str(compiled), compiled.positiontup, {name: _ready(table.c[name].type, dialect) for name in columns}


def _ready(kind: object, dialect: Dialect) -> _Ready:
    if isinstance(kind, Moment):
        return micros_or_none
    if isinstance(kind, Listed):
        return lambda keys: as_listed(keys, dialect)
    return cleaned if isinstance(kind, Words) else _as_is


def _as_is(value: Any) -> Any:
    return value
