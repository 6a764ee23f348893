"""`wgo`: the commands. Each is imported when it is called, so that help is there at once.

Exit status: 0 done; 1 it failed; 2 wrong usage or settings; 3 done, but some input could not be read; 130 interrupted.
"""

import difflib
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from bot.collecting import collect_seldom
from core.errors import SettingsError, WgoError, WhenUnclear

# name → (where it lives, what it does, the panel it is shown in)
_START, _READ, _KEEP = "Start", "Read", "Keep"
COMMANDS = {
    "demo": ("bot.demo.cli:demo", "See it: a local workspace with a week of history, nothing to set up.", _START),
    "config": ("bot.commands.config:config", "Write a commented wgo.yaml, or check yours.", _START),
    "doctor": ("bot.commands.doctor:doctor", "Check settings, Slack, every source; say what to do next.", _START),
    "run": ("bot.commands.run:run", "Watch the sources and talk in Slack, until stopped.", _START),
    "catchup": ("bot.commands.catchup:catchup", "What happened since you left, what was not seen, what to look at.", _READ),
    "ask": ("bot.commands.ask:ask", "Ask in your own words; the answer cites what it rests on.", _READ),
    "watch": ("bot.commands.watch:watch", "Changes as they come, in this terminal.", _READ),
    "status": ("bot.commands.status:status", "What is open now, how stable it is, what was read.", _READ),
    "history": ("bot.commands.history:history", "Changes, newest first, a page at a time.", _READ),
    "backfill": ("bot.commands.backfill:backfill", "Read recorded changes into the store.", _KEEP),
    "eval": ("bot.commands.evaluate:evaluate_command", "Measure the verdicts on labelled records.", _KEEP),
    "backup": ("bot.commands.database:backup", "Write a verified backup now.", _KEEP),
    "restore": ("bot.commands.database:restore", "Put a backup back.", _KEEP),
    "db": ("bot.commands.database:db", "Bring the database's schema up to date, or see where it stands.", _KEEP),
}
_FOR_HELP = "bot.cli.for_help"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What every command takes: `context.obj`."""

    config: Path | None = None


class Commands(TyperGroup):
    """The commands by name; imported when called, named only for help."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        place, says, panel = COMMANDS[cmd_name]
        if ctx.meta.get(_FOR_HELP):
            return TyperCommand(cmd_name, help=says, rich_help_panel=panel)
        return _command(cmd_name, place)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            ctx.fail(f"There is no command {args[0]!r}.{f' Did you mean {near[0]}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        ctx.meta[_FOR_HELP] = True
        super().format_help(ctx, formatter)


def _command(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group = typer.main.get_command(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(cls=Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        print(version("wgo"))
        raise typer.Exit


@app.callback()
def wgo(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings; else $WGO_CONFIG, else ./wgo.yaml.")] = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """What's going on? WGO watches your infrastructure and tells calmly what changed.

    New here: `wgo demo`. Connecting your own: `wgo config example > wgo.yaml`, fill it in, `wgo doctor`, `wgo run`.
    """
    context.obj = Options(config=config)


def main() -> None:
    """The console script: whatever WGO raises on purpose becomes one clear line with the next step."""
    collect_seldom()
    try:
        app(prog_name="wgo")
    except WgoError as error:
        _say(error)
        sys.exit(2 if isinstance(error, (SettingsError, WhenUnclear)) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read has gone; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _say(error: WgoError) -> None:
    print(f"wgo: {error}", file=sys.stderr)
    if error.next_step:
        print(f"  → {error.next_step}", file=sys.stderr)


if __name__ == "__main__":
    main()
