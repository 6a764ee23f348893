"""What the reading commands share: the store beside a running bot, the reader's zone, JSON of values."""

import dataclasses
import getpass
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from core.errors import SettingsError, StorageError
from core.event import Actor
from core.ports import Store
from core.settings import Settings
from core.text import plain

# Fields of core's values that hold a text.
_TEXTS = frozenset({"says", "what", "why", "stands", "text"})


class Nobody:
    """No Slack in a terminal: actors keep their names."""

    def of(self, actors: tuple[Actor, ...]) -> Mapping[str, str]:
        return {}


@contextmanager
def opened(context: typer.Context, *, read_only: bool = True) -> Iterator[tuple[Settings, Store]]:
    """The settings and their store, only to be read, beside a running bot. Raises SettingsError and StorageError."""
    from bot import app

    settings = app.load_settings(context.obj.config)
    try:
        store = app.open_store(settings, read_only=read_only)
    except StorageError as error:
        if not error.next_step:
            error.next_step = "See `wgo db status`; `wgo run` or `wgo backfill` makes the store."
        raise
    try:
        yield settings, store
    finally:
        store.close()


def reader() -> str:
    """Who reads here, for the watermark."""
    return f"terminal:{getpass.getuser()}"


def zone(name: str) -> ZoneInfo:
    """The zone of that name, or this machine's. Raises SettingsError."""
    if not name:
        import tzlocal

        try:
            return ZoneInfo(tzlocal.get_localzone_name())
        except (LookupError, ValueError, OSError):
            return ZoneInfo("UTC")
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise SettingsError(f"there is no time zone {name!r}", next_step="Name one like Europe/Madrid or UTC.") from error


def console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def print_json(value: object) -> None:
    print(json.dumps(as_json(value), ensure_ascii=False, indent=1))


def as_json(value: object) -> Any:
    """Any of core's values: texts as plain text, times in ISO 8601, lengths of time in seconds, sets in order."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _field(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(as_json(key)): as_json(held) for key, held in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(as_json(one) for one in value)
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    return value


def _field(name: str, value: object) -> Any:
    if name in _TEXTS and isinstance(value, tuple):
        return plain(value)
    if name == "caveats" and isinstance(value, tuple):
        return [plain(one) for one in value]
    return as_json(value)
