"""`wgo.yaml`: read with its line numbers, so that whatever is wrong with it is said with file, line, field and fix."""

import difflib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError as EnvironmentUnreadable

from core.errors import SettingsError, WgoError
from core.settings import Settings
from core.settings_yaml import CHECK, Place, Problem, WrittenFile, dotted
from core.settings_yaml import read as read_yaml

DEFAULT_NAME, VARIABLE, PREFIX, NESTED = "wgo.yaml", "WGO_CONFIG", "WGO_", "__"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a check found. `settings` is None where they cannot be used."""

    file: str
    settings: Settings | None
    problems: tuple[Problem, ...] = ()


def load(path: Path | None = None) -> Settings:
    """The settings of the file (named, or WGO_CONFIG's, or wgo.yaml's, or none) under those of the environment.

    Raises SettingsError naming the first thing that is wrong.
    """
    checked = check(path)
    if checked.settings is None:
        raise checked.problems[0].as_error(len(checked.problems) - 1)
    return checked.settings


def check(path: Path | None = None, options_of: Callable[[str], type[BaseModel]] | None = None) -> Checked:
    """Everything that is wrong with the file and the environment, provider options too where `options_of` gives their models.

    Raises SettingsError where the file cannot be read at all.
    """
    found = located(path)
    read = read_yaml(found) if found else WrittenFile()
    name = read.name or "the environment"
    if read.problems:
        return Checked(file=name, settings=None, problems=read.problems)
    try:
        settings = Settings(**read.values)
    except ValidationError as error:
        return Checked(file=name, settings=None, problems=tuple(_problems(error, read, Settings, ())))
    except EnvironmentUnreadable as error:
        return Checked(file=name, settings=None, problems=(_unreadable_variable(error),))
    if problems := tuple(_same_names(settings, read)):
        return Checked(file=name, settings=None, problems=problems)
    return Checked(file=name, settings=settings, problems=(*_wrong_options(settings, read, options_of), *_strange_variables()))


def located(path: Path | None) -> Path | None:
    """The file that holds: the named one, WGO_CONFIG's, wgo.yaml in the working folder; None without any. Raises SettingsError."""
    named, by = (path, "--config") if path else (Path(os.environ[VARIABLE]), VARIABLE) if os.environ.get(VARIABLE) else (None, "")
    if named is None:
        default = Path(DEFAULT_NAME)
        return default if default.exists() else None
    if not named.exists():
        raise SettingsError(
            f"{named}: there is no such file, and {by} names it",
            next_step=f"Write one with `wgo config example > {named}`, or correct {by}.",
        )
    return named


# --- what is wrong -----------------------------------------------------------------------------------------------------


def _problems(error: ValidationError, read: WrittenFile, model: type[BaseModel], above: Place) -> Iterator[Problem]:
    for one in error.errors(include_url=False, include_input=False):
        inner = one["loc"]
        place = (*above, *inner)
        variable = _variable(place)
        from_environment = variable in os.environ
        line = 0 if from_environment else read.line(place)
        yield Problem(
            file=variable if from_environment else (read.name or "the environment"),
            line=line,
            field="" if from_environment else dotted(place),
            says=said(one["type"], one["msg"]),
            fix=_fix(one["type"], inner, model),
        )


def said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting"
    if kind == "missing":
        return "this is missing"
    if kind in ("model_type", "dict_type"):
        return "this should hold settings of its own (name: value), and is something else"
    if kind == "list_type":
        return "this should be a list"
    if kind == "value_error":
        # The sentence is ours; pydantic puts this before it.
        return message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _fix(kind: str, inner: Place, model: type[BaseModel]) -> str:
    holder = _model_at(model, inner[:-1])
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(inner[-1]), list(holder.model_fields) if holder else [], n=1, cutoff=0.5)
        return f"Did you mean {near[0]}? " + CHECK if near else "Remove it. " + CHECK
    told = holder.model_fields.get(str(inner[-1])) if holder and inner else None
    return f"It is: {told.description}" if told and told.description else CHECK


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    """The model whose field a place ends in."""
    here: type[BaseModel] | None = model
    for part in place:
        if isinstance(part, int):
            continue
        held = here.model_fields.get(part) if here else None
        here = inner_model(held.annotation) if held else None
    return here


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation (itself, optional, a list of it); None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in getattr(annotation, "__args__", ()) if (found := inner_model(one))), None)


def _variable(place: Place) -> str:
    """The environment variable that sets this place, or holds it: what is in a list is set as a whole."""
    names = [str(part) for part in place]
    for length in range(len(names), 0, -1):
        variable = PREFIX + NESTED.join(names[:length]).upper()
        if variable in os.environ:
            return variable
    return PREFIX + NESTED.join(names).upper()


def _unreadable_variable(error: Exception) -> Problem:
    found = re.search(r'field "(\w+)"', str(error))
    name = PREFIX + found[1].upper() if found else "the environment"
    return Problem(file=name, line=0, field="", says="this is no JSON", fix='Write groups and lists as JSON: \'["prod", "staging"]\'.')


def _same_names(settings: Settings, read: WrittenFile) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, source in enumerate(settings.sources):
        if source.name in seen:
            place: Place = ("sources", number, "name")
            says = f"two sources are called {source.name}"
            yield Problem(file=read.name, line=read.line(place), field=dotted(place), says=says, fix="Give each source its own name.")
        seen.add(source.name)


def _wrong_options(settings: Settings, read: WrittenFile, options_of: Callable[[str], type[BaseModel]] | None) -> Iterator[Problem]:
    for number, source in enumerate(settings.sources if options_of else ()):
        assert options_of is not None
        place: Place = ("sources", number)
        try:
            model = options_of(source.provider)
            model.model_validate(source.options)
        except ValidationError as error:
            yield from _problems(error, read, model, (*place, "options"))
        except WgoError as error:
            where = (*place, "provider")
            yield Problem(file=read.name, line=read.line(where), field=dotted(where), says=str(error), fix=error.next_step)
        except ImportError as error:
            where = (*place, "provider")
            fix = f"Install what provider {source.provider} needs."
            yield Problem(file=read.name, line=read.line(where), field=dotted(where), says=str(error), fix=fix)


def _strange_variables() -> Iterator[Problem]:
    """Variables that look like ours and set nothing: most likely misspelt."""
    groups = [name.upper() for name in Settings.model_fields]
    for variable in sorted(os.environ):
        group, nested, _ = variable.removeprefix(PREFIX).partition(NESTED)
        if not variable.startswith(PREFIX) or not nested or group in groups:
            continue
        near = difflib.get_close_matches(group, groups, n=1)
        fix = f"Did you mean {PREFIX}{near[0]}{NESTED}…?" if near else f"Groups are {', '.join(groups)}."
        yield Problem(file=variable, line=0, field="", says="this environment variable sets nothing", fix=fix)
