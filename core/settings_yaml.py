"""The YAML of `wgo.yaml` as values with their lines, and what is wrong with it before any setting is looked at.

YAML as of 1.2: only `true` and `false` are booleans, so that `comfort_mode: off` and `quiet_from: 22:00` mean what they say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from core.errors import SettingsError

CHECK = "`wgo config check` lists everything; `wgo config example` shows every setting."
Place = tuple[str | int, ...]
# Of all settings written out, aliases in full. Accounts by the thousand are far below it.
_MOST_VALUES = 100_000


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
class WrittenFile:
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


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own class attribute


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"), list("-+0123456789.")
)


def read(path: Path) -> WrittenFile:
    try:
        written = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {reason}", next_step="Name a text file that this user may read.") from error
    try:
        loader = _Loader(written)
        root = loader.get_single_node()
        if root is None:
            return WrittenFile(name=str(path))
        if _size(root, {}) > _MOST_VALUES:
            return _unusable(path, "its aliases written out are more values than settings can be", "Write the values in their places.")
        values = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        return WrittenFile(name=str(path), problems=(_bad_yaml(path, error),))
    except RecursionError:
        return _unusable(path, "this is no YAML of settings: it is nested too deep", CHECK)
    except (yaml.YAMLError, ValueError) as error:
        return _unusable(path, "this is no YAML: " + str(error).splitlines()[0], CHECK)
    if not isinstance(root, yaml.MappingNode):
        return _unusable(path, "settings are names with values", "Begin with the name of a group: `slack:`. " + CHECK, line=1)
    lines: dict[Place, int] = {}
    twice = tuple(_walk(root, (), lines, str(path)))
    # A group of which every line is still commented out is no group.
    kept = {str(key): value for key, value in values.items() if value is not None}
    return WrittenFile(name=str(path), values=kept, lines=lines, problems=twice)


def _unusable(path: Path, says: str, fix: str, line: int = 0) -> WrittenFile:
    return WrittenFile(name=str(path), problems=(Problem(file=str(path), line=line, field="", says=says, fix=fix),))


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values it is with each alias written out; too many where it holds itself. `known` by the id of a node."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _MOST_VALUES
    below = [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else node.value
    inside = sum(_size(one, known) for one in below) if isinstance(node, yaml.CollectionNode) else 0
    known[id(node)] = 1 + inside
    return 1 + inside


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
                yield Problem(file=file, line=line, field=dotted(below), says=says, fix="Keep one of the two.")
                continue
            lines[below] = line
            yield from _walk(value, below, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*place, number)] = value.start_mark.line + 1
            yield from _walk(value, (*place, number), lines, file)


def dotted(place: Place) -> str:
    return ".".join(str(part) for part in place)
