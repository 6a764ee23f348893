"""What a person types becomes what Slack keeps: escaped, with names turned into references."""

from __future__ import annotations

import re

from bot.sandbox.manifest import App
from bot.sandbox.team import Team

NAME = re.compile(r"(?<![\w&])([@#])([\w.\-]+)")


def to_mrkdwn(typed: str, team: Team, app: App) -> str:
    """`@ana` → `<@U…>`, `#infra` → `<#C…|infra>`, and `&`, `<`, `>` escaped."""

    def reference(found: re.Match[str]) -> str:
        sign, name = found.group(1), found.group(2).rstrip(".-")
        rest = found.group(2)[len(name) :]
        if sign == "@":
            person = team.person(name.lower())
            id = app.bot_user_id if name.lower() == app.name.lower() else person.id if person else None
            return f"<@{id}>{rest}" if id else found.group(0)
        channel = team.channel(name)
        return f"<#{channel.id}|{channel.name}>{rest}" if channel else found.group(0)

    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return NAME.sub(reference, escaped)
