"""A commented wgo.yaml, written from the fields themselves. Descriptions begin with `# `, settings with `#`: take that away to set one."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.settings import ChannelSettings, Settings, SourceSettings
from core.settings_file import inner_model

_WIDTH = 120
_HEAD = (
    "WGO's settings. Each line that begins with `#` and a name shows the default: take the `#` away to change it.",
    "Environment variables override this file: WGO_SLACK__BOT_TOKEN is slack.bot_token. Secrets belong there.",
    "`wgo config check` says what is wrong; `wgo doctor` says what does not work.",
)
_LISTS: Mapping[str, type[BaseModel]] = {"channels": ChannelSettings, "sources": SourceSettings}
_FILLED = {"channel": "C0123456789", "name": "prod-eks", "provider": "kubernetes", "environment": "prod"}


def sample(options: Mapping[str, type[BaseModel]]) -> str:
    """The sample. `options` are the providers' own settings by the provider's name."""
    lines = [line for says in _HEAD for line in _comment(says, 0)]
    for name, field in Settings.model_fields.items():
        lines.append("")
        if name == "sources":
            lines += _sources(options)
        elif name in _LISTS:
            lines += [*_doc(_LISTS[name], 0), f"{name}:", *_item(_LISTS[name], {}, 2)]
        elif (model := inner_model(field.annotation)) is not None:
            lines += [*_doc(model, 0), f"{name}:", *_fields(model, 2)]
        else:
            lines += _one(name, field, 0)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _sources(options: Mapping[str, type[BaseModel]]) -> Iterator[str]:
    yield from _doc(SourceSettings, 0)
    yield "sources:"
    for provider, model in options.items():
        yield ""
        filled = {"provider": provider, "name": f"prod-{provider}"}
        yield from _item(SourceSettings, filled, 2, without=("options",))
        yield from _comment(f"Options of {provider}. {_first(model)}", 4)
        yield "    #options:"
        yield from _fields(model, 6)


def _item(model: type[BaseModel], filled: Mapping[str, str], indent: int, without: tuple[str, ...] = ()) -> Iterator[str]:
    """One member of a list: its first setting carries the dash."""
    begun = False
    for name, field in model.model_fields.items():
        if name in without:
            continue
        for line in _one(name, field, indent + 2, filled.get(name)):
            if not begun and line.lstrip().startswith(f"#{name}:"):
                begun = True
                yield f"{' ' * indent}#- {line.lstrip()[1:]}"
            else:
                yield line


def _fields(model: type[BaseModel], indent: int) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = inner_model(field.annotation)
        if inner is None:
            yield from _one(name, field, indent)
            continue
        yield from _comment(field.description or _first(inner), indent)
        yield f"{' ' * indent}#{name}:"
        yield from _item(inner, {}, indent + 2) if _is_list(field) else _fields(inner, indent + 2)


def _is_list(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) in (tuple, list)


def _one(name: str, field: FieldInfo, indent: int, filled: str | None = None) -> Iterator[str]:
    needed = " Needed." if field.is_required() else ""
    yield from _comment((field.description or "") + needed, indent)
    yield f"{' ' * indent}#{name}: {filled if filled is not None else _default(name, field)}"


def _default(name: str, field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return _FILLED.get(name, '"…"')
    return _yaml(field.default)


def _yaml(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), default=str)
    if isinstance(value, tuple | list | set | frozenset):
        return json.dumps([one.value if isinstance(one, Enum) else one for one in value], default=str)
    return str(value) or '""'


def _comment(says: str, indent: int) -> list[str]:
    return textwrap.wrap(says, _WIDTH, initial_indent=f"{' ' * indent}# ", subsequent_indent=f"{' ' * indent}# ")


def _doc(model: type[BaseModel], indent: int) -> list[str]:
    return _comment(_first(model), indent)


def _first(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())
