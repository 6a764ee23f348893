"""`wgo config`: a commented sample of every setting, and what is wrong with yours."""

import json
from typing import Annotated

import typer
from pydantic import BaseModel

from core import providers, settings_file, settings_sample
from core.errors import WgoError

config = typer.Typer(no_args_is_help=True, help="Write a commented wgo.yaml, or check yours.")


@config.command()
def example() -> None:
    """Print every setting with what it means and its default; what each provider takes too.

    Example: wgo config example > wgo.yaml
    """
    print(settings_sample.sample(_options()), end="")


@config.command()
def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Say everything that is wrong with the settings: file, line, field and fix. Exit status 2 where anything is.

    Example: wgo --config wgo.yaml config check
    """
    checked = settings_file.check(context.obj.config, lambda name: providers.load(name).Settings)
    if as_json:
        rows = [{"file": p.file, "line": p.line or None, "field": p.field, "says": p.says, "fix": p.fix} for p in checked.problems]
        print(json.dumps({"file": checked.file, "usable": checked.settings is not None, "problems": rows}, indent=1, ensure_ascii=False))
    elif checked.problems:
        for problem in checked.problems:
            error = problem.as_error()
            print(f"{error}\n  → {error.next_step}")
    else:
        print(_summary(checked))
    if checked.problems:
        raise typer.Exit(2)


def _summary(checked: settings_file.Checked) -> str:
    assert checked.settings is not None
    names = [source.name for source in checked.settings.sources]
    return f"{checked.file}: nothing is wrong. Sources: {', '.join(names) or 'none yet'}."


def _options() -> dict[str, type[BaseModel]]:
    """The options of every provider that can be imported here."""
    found: dict[str, type[BaseModel]] = {}
    for name in providers.names():
        if name.startswith("demo-"):
            continue
        try:
            found[name] = providers.load(name).Settings
        except (WgoError, ImportError):
            continue  # it lacks a package of its own: `config check` and doctor say which
    return found
