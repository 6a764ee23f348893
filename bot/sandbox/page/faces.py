"""Names and avatars of people and of the app."""

from __future__ import annotations

import zlib

from bot.sandbox.records import Json
from bot.sandbox.stage import Stage

PALETTE_SIZE = 8


def face_of(stage: Stage, id: str) -> Json:
    """What the templates need to draw someone: name, initials, a colour of the palette, a badge."""
    if id == stage.app.bot_user_id:
        return {"app": True, "name": stage.app.name, "initials": "", "color": 0, "badge": "APP"}
    person = stage.team.people.get(id)
    if person is None:
        return {
            "app": False,
            "name": "Slackbot" if id == "USLACKBOT" else "Someone",
            "initials": "S",
            "color": 0,
            "badge": "BOT" if id == "USLACKBOT" else "",
        }
    order = list(stage.team.people)
    initials = "".join(word[0] for word in person.real_name.split()[:2]).upper()
    color = order.index(id) if len(order) <= PALETTE_SIZE else zlib.crc32(id.encode()) % PALETTE_SIZE
    return {"app": False, "name": person.real_name, "initials": initials, "color": color + 1, "badge": ""}
