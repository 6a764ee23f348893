"""How values lie in columns: times as microseconds, keys compared byte by byte, whole values as gzip JSON."""

import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from core import json

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_STARTS = b"\x1f"
# Values are a few KiB: a window of 16 KiB takes a fifth of the time that zlib's own 32 KiB takes to set up.
_WINDOW, _MEMORY = 16 + 14, 6
# Below this gzip saves a few bytes and costs more than all the rest of writing the row.
_SMALL = 400
# Events and assessments kept decoded: some ten stories of the largest that are read whole, about 15 MiB.
_DECODED = 2048


def micros(at: datetime) -> int:
    """Microseconds since 1970. Exact, and alike in every database."""
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def moment(since: int) -> datetime:
    """The aware UTC time of so many microseconds."""
    return _EPOCH + timedelta(microseconds=since)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return micros_or_none(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class Words(TypeDecorator[str]):
    """Text that any source may have written. PostgreSQL keeps no NUL and no database lone surrogates, so both become �."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        # Compared byte by byte, so that keysets and prefixes mean the same in both databases.
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return cleaned(value)


def cleaned(value: str | None) -> str | None:
    """`clean`, at next to no cost for the text that needs nothing."""
    return value if not value or (value.isascii() and "\x00" not in value) else clean(value)


def clean(text: str) -> str:
    """The text as databases keep it."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")


def words(*, primary_key: bool = False, index: bool = False, unique: bool = False, default: str = "") -> Any:
    """A text column, never null."""
    return Column(
        Words(), primary_key=primary_key, index=index, unique=unique, nullable=False, server_default=None if primary_key else default
    )


def at(*, nullable: bool = False, index: bool = False, primary_key: bool = False) -> Any:
    """A time column."""
    return Column(Moment(), nullable=nullable, index=index, primary_key=primary_key)


def whole(number: int = 0) -> Any:
    """An integer column, never null."""
    return Column(Integer, nullable=False, server_default=str(number))


def body() -> Any:
    """A whole value as gzip JSON (`pack`)."""
    return Column(LargeBinary, nullable=False)


def numbered() -> Any:
    """A primary key that grows and is never used again."""
    return Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


def pack(value: object) -> bytes:
    """A value of core's as gzip JSON, or as plain JSON where it is small."""
    encoded = json.encode(value)
    if len(encoded) <= _SMALL:
        return encoded
    squeezed = zlib.compressobj(1, zlib.DEFLATED, _WINDOW, _MEMORY)
    return squeezed.compress(encoded) + squeezed.flush()


def unpack(kind: type[T], packed: bytes) -> T:
    """The value that `pack` wrote."""
    return json.decode(kind, zlib.decompress(packed, _GZIP) if packed[:1] == _GZIP_STARTS else packed)


@lru_cache(maxsize=_DECODED)
def unpack_kept(kind: type[T], packed: bytes) -> T:
    """As `unpack`, for values that are written once: a story that grows is read again and again."""
    return unpack(kind, packed)
