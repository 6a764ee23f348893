"""Prompts: Markdown with front matter in the package `prompts`. What is put into one is data, delimited and escaped."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

_ASK = "\n# ask\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """`ask` holds `{names}` to be filled."""

    name: str
    system: str
    ask: str
    max_tokens: int

    def filled(self, **values: str) -> str:
        """The ask with its values as data: they cannot close the delimiter they stand in."""
        ask = self.ask
        for name, value in values.items():
            ask = ask.replace("{" + name + "}", escaped(value))
        return ask


@cache
def load(name: str) -> Prompt:
    written = files("prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")
    _, front, body = written.split("---\n", 2)
    system, ask = body.split(_ASK, 1)
    settings = yaml.safe_load(front)
    return Prompt(name=settings["name"], system=system.strip(), ask=ask.strip(), max_tokens=int(settings["max_tokens"]))


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
