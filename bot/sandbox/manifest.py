"""Reads an app's manifest.yml: what it may do, which commands it has, which events it asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class SlashCommand:
    """One command: `/wgo`, what it does, and the hint behind it."""

    command: str
    description: str = ""
    usage_hint: str = ""
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """The installed app. `scopes` are those granted: all required ones, and the optional ones that were not withheld."""

    name: str
    description: str = ""
    long_description: str = ""
    app_id: str = "A0SANDBOX1"
    bot_id: str = "B0SANDBOX1"
    bot_user_id: str = "U0BOTUSER"
    scopes: frozenset[str] = frozenset()
    commands: tuple[SlashCommand, ...] = ()
    events: frozenset[str] = frozenset()
    home_tab: bool = False
    messages_tab: bool = True
    interactive: bool = True
    events_url: str | None = None
    actions_url: str | None = None

    def command(self, word: str) -> SlashCommand | None:
        return next((command for command in self.commands if command.command == word), None)


def read_manifest(path: Path, *, withheld: Collection[str] = ()) -> App:
    """The app of `path`, installed without the scopes in `withheld`. Raises ValueError where the file is no manifest."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or "display_information" not in document:
        raise ValueError(f"{path} is not an app manifest: it has no display_information")
    display, features = document["display_information"], document.get("features") or {}
    settings, home = document.get("settings") or {}, features.get("app_home") or {}
    interactivity, subscriptions = settings.get("interactivity") or {}, settings.get("event_subscriptions") or {}
    scopes = (document.get("oauth_config") or {}).get("scopes") or {}
    asked = {*(scopes.get("bot") or ()), *(scopes.get("bot_optional") or ())}
    return App(
        name=(features.get("bot_user") or {}).get("display_name") or display["name"],
        description=display.get("description", ""),
        long_description=display.get("long_description", ""),
        scopes=frozenset(asked - set(withheld)),
        commands=tuple(_command(each) for each in features.get("slash_commands") or ()),
        events=frozenset(subscriptions.get("bot_events") or ()),
        home_tab=bool(home.get("home_tab_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled", True)),
        interactive=bool(interactivity.get("is_enabled")),
        events_url=subscriptions.get("request_url"),
        actions_url=interactivity.get("request_url"),
    )


def _command(each: dict[str, Any]) -> SlashCommand:
    return SlashCommand(
        command=each["command"], description=each.get("description", ""), usage_hint=each.get("usage_hint", ""), url=each.get("url")
    )
