"""Keys that come as one value, so that a statement has the same text however many they are."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.columns import cleaned


class Listed(TypeDecorator[Sequence[str]]):
    """Texts as a JSON array in SQLite, as an array in PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        return as_listed(value or (), dialect)


def as_listed(keys: Sequence[str], dialect: Dialect) -> Any:
    """What the driver takes for these keys."""
    texts = [cleaned(key) for key in keys]
    return texts if dialect.name == "postgresql" else json.dumps(texts)


class Among(ColumnElement[bool]):
    """The column is one of the keys that come under `name`. Of no type: a boolean SQLAlchemy would compare with 1, past every index."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        self.column = column
        self.keys: BindParameter[Sequence[str]] = bindparam(name, type_=Listed())


@compiles(Among)
def _by_json(element: Among, compiler: SQLCompiler, **named: Any) -> str:
    keys = compiler.process(element.keys, **named)
    return f"{compiler.process(element.column, **named)} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - its parts are compiled


@compiles(Among, "postgresql")
def _by_array(element: Among, compiler: SQLCompiler, **named: Any) -> str:
    keys = compiler.process(element.keys, **named)
    return f"{compiler.process(element.column, **named)} = ANY({keys})"
