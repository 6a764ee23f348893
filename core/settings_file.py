"""`wgo.yaml`: read with its line numbers, so that whatever is wrong with it is said with file, line, field and fix.

YAML as of 1.2: only `true` and `false` are booleans, so that `comfort_mode: off` and `quiet_from: 22:00` mean what they say.
"""

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError as EnvironmentUnreadable

from core.errors import SettingsError, WgoError
from core.settings import Settings

DEFAULT_NAME, VARIABLE, PREFIX, NESTED = "wgo.yaml", "WGO_CONFIG", "WGO_", "__"
_CHECK = "`wgo config check` lists everything; `wgo config example` shows every setting."
Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong. `line` counts from 1; 0 where the fault is in the environment or in no single line."""

    file: str
    line: int
    field: str
    says: str
    fix: str

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}" if self.line else self.file

    def as_error(self, others: int = 0) -> SettingsError:
        more = f" ({others} more: `wgo config check` lists them)" if others else ""
        at = f"{self.field}: " if self.field else ""
        return SettingsError(f"{self.where}: {at}{self.says}{more}", next_step=self.fix)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a check found. `settings` is None where they cannot be used."""

    file: str
    settings: Settings | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """The file as read: its values, and the line of each place in it."""

    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[Place, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, place: Place) -> int:
        """Of that place, or of the nearest above it that is in the file; 0 where none is."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 0


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
    read = _read(found) if found else _File()
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


# --- reading -----------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own class attribute


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"), list("-+0123456789.")
)


def _read(path: Path) -> _File:
    try:
        written = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {reason}", next_step="Name a text file that this user may read.") from error
    loader = _Loader(written)
    try:
        root = loader.get_single_node()
        if root is None:
            return _File(name=str(path))
        values = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        return _File(name=str(path), problems=(_bad_yaml(path, error),))
    except (yaml.YAMLError, ValueError) as error:
        says = "this is no YAML: " + str(error).splitlines()[0]
        return _File(name=str(path), problems=(Problem(file=str(path), line=0, field="", says=says, fix=_CHECK),))
    finally:
        loader.dispose()
    if not isinstance(root, yaml.MappingNode):
        fix = "Begin with the name of a group: `slack:`. " + _CHECK
        return _File(name=str(path), problems=(Problem(file=str(path), line=1, field="", says="settings are names with values", fix=fix),))
    lines: dict[Place, int] = {}
    twice = tuple(_walk(root, (), lines, str(path)))
    # A group of which every line is still commented out is no group.
    kept = {str(key): value for key, value in values.items() if value is not None}
    return _File(name=str(path), values=kept, lines=lines, problems=twice)


def _bad_yaml(path: Path, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    says = f"this is no YAML: {error.problem or error.context}"
    fix = "Indent with spaces, and put values that contain `: ` or begin with a mark in quotes."
    return Problem(file=str(path), line=mark.line + 1 if mark else 0, field="", says=says, fix=fix)


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], file: str) -> Iterator[Problem]:
    """Note the line of every place below; a name that is given twice is a problem, as the last would silently count."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            line = key.start_mark.line + 1
            if below in lines:
                says = f"given twice, in line {lines[below]} and here"
                yield Problem(file=file, line=line, field=_dotted(below), says=says, fix="Keep one of the two.")
                continue
            lines[below] = line
            yield from _walk(value, below, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*place, number)] = value.start_mark.line + 1
            yield from _walk(value, (*place, number), lines, file)


# --- what is wrong -----------------------------------------------------------------------------------------------------


def _problems(error: ValidationError, read: _File, model: type[BaseModel], above: Place) -> Iterator[Problem]:
    for one in error.errors(include_url=False, include_input=False):
        inner = one["loc"]
        place = (*above, *inner)
        variable = _variable(place)
        from_environment = variable in os.environ
        line = 0 if from_environment else read.line(place)
        yield Problem(
            file=variable if from_environment else (read.name or "the environment"),
            line=line,
            field="" if from_environment else _dotted(place),
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
        return f"Did you mean {near[0]}? " + _CHECK if near else "Remove it. " + _CHECK
    told = holder.model_fields.get(str(inner[-1])) if holder and inner else None
    return f"It is: {told.description}" if told and told.description else _CHECK


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


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place)


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


def _same_names(settings: Settings, read: _File) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, source in enumerate(settings.sources):
        if source.name in seen:
            place: Place = ("sources", number, "name")
            says = f"two sources are called {source.name}"
            yield Problem(file=read.name, line=read.line(place), field=_dotted(place), says=says, fix="Give each source its own name.")
        seen.add(source.name)


def _wrong_options(settings: Settings, read: _File, options_of: Callable[[str], type[BaseModel]] | None) -> Iterator[Problem]:
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
            yield Problem(file=read.name, line=read.line(where), field=_dotted(where), says=str(error), fix=error.next_step)
        except ImportError as error:
            where = (*place, "provider")
            fix = f"Install what provider {source.provider} needs."
            yield Problem(file=read.name, line=read.line(where), field=_dotted(where), says=str(error), fix=fix)


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
