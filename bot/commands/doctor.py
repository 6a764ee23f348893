"""`wgo doctor`: what works, what does not, and what to do next."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.batch import Check, CheckState
from core.errors import SettingsError

_COLOURS = {CheckState.GREEN: "green", CheckState.AMBER: "yellow", CheckState.RED: "red"}
_MARKS = {CheckState.GREEN: "✓", CheckState.AMBER: "!", CheckState.RED: "✗"}


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    http: Annotated[bool, typer.Option("--http", help="Look at what `wgo run --http` needs, instead of Socket Mode.")] = False,
) -> None:
    """Check settings, database, Slack tokens and scopes, every source, the model's key and the clock.

    Exit status 1 where anything is red, 2 where the settings cannot be used.

    Example: wgo doctor --json
    """
    from bot import app

    try:
        settings = app.load_settings(context.obj.config)
    except SettingsError as error:
        found: tuple[Check, ...] = (Check(name="settings", state=CheckState.RED, says=str(error), next_step=error.next_step),)
        _show(found, as_json=as_json)
        raise typer.Exit(2) from None
    found = app.build_doctor(settings, http=http).examine()
    _show(found, as_json=as_json)
    if any(check.state is CheckState.RED for check in found):
        raise typer.Exit(1)


def _show(found: tuple[Check, ...], *, as_json: bool) -> None:
    if as_json:
        rows = [{"name": one.name, "state": one.state.value, "says": one.says, "next_step": one.next_step} for one in found]
        sys.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for one in found:
        table.add_row(
            Text(_MARKS[one.state], style=_COLOURS[one.state]),
            Text(one.name, style="bold"),
            Text(one.says + (f"\n→ {one.next_step}" if one.next_step else "")),
        )
    Console(highlight=False).print(table)
