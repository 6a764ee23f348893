"""`wgo backup`, `wgo restore`, `wgo db`: the store itself."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from core.errors import SettingsError, StorageError, StorageOutdated
from core.settings import Settings

db = typer.Typer(no_args_is_help=True, help="Bring the database's schema up to date, or see where it stands.")


def backup(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Option(help="Where to; else database.backup_folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write a backup now, check it, and drop those beyond database.backups_kept. May run beside the bot.

    Example: wgo backup --folder /mnt/backups
    """
    import storage
    from bot import app

    settings = app.load_settings(context.obj.config)
    into = folder or settings.database.backup_folder
    if into is None:
        raise SettingsError("no folder for backups is set", next_step="Name one with --folder, or set database.backup_folder.")
    written = storage.backup(settings.database.url, into, settings.database.backups_kept, settings.database.pg_dump)
    size = written.stat().st_size
    print(json.dumps({"file": str(written), "bytes": size}) if as_json else f"{written} written and checked ({size:,} bytes).")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup that `wgo backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: what the database holds now is replaced.")] = False,
) -> None:
    """Put a backup back in place of what the database holds now. Stop the bot first.

    Example: wgo restore backups/wgo-2026-11-24.db
    """
    import storage
    from bot import app

    settings = app.load_settings(context.obj.config)
    if not file.is_file():
        raise SettingsError(f"{file}: there is no such file", next_step="Backups are in database.backup_folder.")
    if not yes:
        typer.confirm(f"Replace what {shown(settings)} holds now with {file}?", abort=True)
    print(storage.restore(settings.database.url, file))


@db.command()
def upgrade(context: typer.Context) -> None:
    """Bring the schema up to date. `wgo run` does so itself when it starts.

    Example: wgo db upgrade
    """
    import storage
    from bot import app

    settings = app.load_settings(context.obj.config)
    storage.upgrade(settings.database.url)
    print(f"{shown(settings)} is up to date.")


@db.command()
def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say which database is used, whether its schema is this program's, and how much it holds. Exit status 1 where it cannot be used.

    Example: wgo db status --json
    """
    from bot import app

    settings = app.load_settings(context.obj.config)
    found = {"database": shown(settings), "current": False, "sequence": None, "first_at": None, "says": "", "next_step": ""}
    try:
        store = app.open_store(settings, read_only=True)
    except StorageError as error:
        found |= {"says": str(error), "next_step": error.next_step}
        if isinstance(error, StorageOutdated) and not error.next_step:
            found["next_step"] = "Run `wgo db upgrade`."
    else:
        first = store.events.first_at()
        found |= {"current": True, "sequence": store.events.sequence(), "first_at": first.isoformat() if first else None}
        store.close()
    print(json.dumps(found, ensure_ascii=False) if as_json else _words(found))
    if not found["current"]:
        raise typer.Exit(1)


def _words(found: dict[str, object]) -> str:
    if not found["current"]:
        step = f"\n  → {found['next_step']}" if found["next_step"] else ""
        return f"{found['database']}: {found['says']}{step}"
    since = f", the earliest of {found['first_at']}" if found["first_at"] else ""
    return f"{found['database']}: up to date. {found['sequence']} changes taken in{since}."


def shown(settings: Settings) -> str:
    """The database's address without a password."""
    return re.sub(r"(?<=://)([^:/@]*):[^@]*@", r"\1:…@", settings.database.url)
