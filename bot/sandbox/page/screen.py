"""What one person sees at one place: the workspace's state as fragments of HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from bot.sandbox.page.faces import face_of
from bot.sandbox.page.messages import visible
from bot.sandbox.page.render.charts import bars_of
from bot.sandbox.page.render.mrkdwn import link, markdown, mrkdwn, plain
from bot.sandbox.page.render.reader import Reader
from bot.sandbox.records import Channel, Json, View
from bot.sandbox.stage import Stage
from bot.sandbox.workspace import Person

TEMPLATES = Path(__file__).parent / "templates"
MESSAGES_AT_FIRST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Where someone looks. `tab` is home, messages or about, in the app's own direct message."""

    user: str
    at: str
    tab: str = "messages"
    thread: str | None = None
    limit: int = MESSAGES_AT_FIRST


class Screen:
    """Renders. `draw` maps fragment names to HTML, `messages` and `thread` to lists of keyed pieces."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
        env.filters |= {
            "mrkdwn": _mrkdwn,
            "plain": _plain,
            "markdown": markdown,
            "bars": bars_of,
            "literal": _literal,
            "safe_link": _safe_link,
        }
        self.env = env

    def place(self, look: Look) -> tuple[Person, Channel]:
        """The person and the channel, or the nearest that exist."""
        team = self._stage.team
        person = team.people.get(look.user) or team.people.get(team.workspace.you) or next(iter(team.people.values()))
        channel = team.channels.get(look.at)
        if channel is None or person.id not in channel.members:
            channel = next((c for c in team.channels.values() if person.id in c.members), None) or team.direct(person.id)
        return person, channel

    def draw(self, look: Look) -> Json:
        """Every fragment of the page for this look."""
        stage = self._stage
        person, channel = self.place(look)
        reader = self.reader(person)
        parts: Any = self.env.get_template("parts.html").make_module(
            {
                "reader": reader,
                "people": [(p.id, p.real_name) for p in stage.team.people.values()],
                "rooms": [(c.id, f"#{c.name}") for c in stage.team.channels.values() if not c.im],
                "file_url": self._file_url,
            }
        )
        tab = look.tab if channel.im else "messages"
        header = self._header(person, channel, tab)
        drawn: Json = {
            "user": person.id,
            "at": channel.id,
            "tab": tab,
            "title": f"{header['name']} – {stage.team.workspace.name}",
            "sidebar": str(parts.sidebar(self._sidebar(person, channel, reader))),
            "header": str(parts.header(header)),
            "notes": str(parts.notes({"connected": stage.link.connected, "app_name": stage.app.name, "things": stage.things_to_try})),
            "home": None,
            "messages": [],
            "thread": None,
            "modal": self._modal(parts, person),
            "composer": self._placeholder(channel),
            "status": self._status(channel.id, None),
        }
        if tab == "home":
            view = stage.team.views.get(stage.team.homes.get(person.id, ""))
            app = {"name": stage.app.name, "connected": stage.link.connected, "view_id": view.id if view else ""}
            drawn["home"] = str(parts.home(view.body["blocks"] if view else [], app))
        elif tab == "about":
            drawn["home"] = str(parts.about(self._about()))
        else:
            drawn["messages"] = self._messages(parts, header, channel, person, reader, look.limit)
            drawn["prompts"] = str(parts.prompts(stage.team.prompts.get(channel.id)))
        if look.thread and tab == "messages":
            drawn["thread"] = self._thread(parts, channel, look.thread, person, reader)
        return drawn

    def reader(self, person: Person) -> Reader:
        team, app = self._stage.team, self._stage.app
        names = (
            {p.id: p.real_name for p in team.people.values()} | {c.id: c.name for c in team.channels.values()} | {app.bot_user_id: app.name}
        )
        return Reader(user=person.id, zone=ZoneInfo(person.time_zone), hours=person.hours, now=self._stage.timing.clock(), names=names)

    def _messages(self, parts: Any, header: Json, channel: Channel, person: Person, reader: Reader, limit: int) -> list[list[str]]:
        rows, more = visible(self._stage, channel, reader, limit=limit)
        pieces = (
            [["beginning", str(parts.beginning(header))]]
            if not more
            else [["more", "<button type=button class='btn earlier' data-earlier>Show earlier messages</button>"]]
        )
        return pieces + self._pieces(parts, rows, reader)

    def _thread(self, parts: Any, channel: Channel, ts: str, person: Person, reader: Reader) -> Json | None:
        rows, _ = visible(self._stage, channel, reader, thread=ts)
        if not rows:
            return None
        pieces = [[f"t-{row['ts']}", str(parts.message(row, True))] for row in rows]
        count = len(rows) - 1
        if count:
            pieces.insert(1, ["count", f"<div class='divider'><span>{count} {'reply' if count == 1 else 'replies'}</span></div>"])
        return {
            "ts": ts,
            "where": f"#{channel.name}" if not channel.im else self._stage.app.name,
            "messages": pieces,
            "status": self._status(channel.id, ts),
        }

    def _pieces(self, parts: Any, rows: list[Json], reader: Reader) -> list[list[str]]:
        pieces: list[list[str]] = []
        day = ""
        for row in rows:
            if (today := reader.day(float(row["ts"]))) != day:
                day = today
                pieces.append([f"day-{day}", f"<div class='divider day'><span>{escape(day)}</span></div>"])
                row["grouped"] = False
            pieces.append([row["ts"], str(parts.message(row))])
        return pieces

    def _sidebar(self, person: Person, here: Channel, reader: Reader) -> Json:
        team, app = self._stage.team, self._stage.app
        channels: list[Json] = []
        apps: list[Json] = []
        for channel in team.channels.values():
            if person.id not in channel.members:
                continue
            unread = [] if channel.id == here.id else team.unread(person.id, channel.id)
            mentions = sum(1 for m in unread if channel.im or f"<@{person.id}>" in m.text)
            entry = {
                "id": channel.id,
                "name": channel.name,
                "private": channel.kind == "private",
                "here": channel.id == here.id,
                "unread": bool(unread),
                "badge": mentions,
            }
            (apps if channel.im else channels).append(entry | ({"name": app.name} if channel.im else {}))
        people = []
        for each in team.people.values():
            clock = Reader(user=each.id, zone=ZoneInfo(each.time_zone), hours=each.hours, now=reader.now, names={})
            city = each.time_zone.rpartition("/")[2].replace("_", " ")
            people.append(
                {
                    "id": each.id,
                    "name": each.real_name,
                    "face": face_of(self._stage, each.id),
                    "title": each.title,
                    "zone": each.time_zone,
                    "city": city,
                    "time": clock.time(reader.now.timestamp()),
                    "here": each.id == person.id,
                }
            )
        return {
            "workspace": team.workspace.name,
            "app_name": app.name,
            "connected": self._stage.link.connected,
            "channels": channels,
            "apps": apps,
            "people": people,
        }

    def _header(self, person: Person, channel: Channel, tab: str) -> Json:
        app = self._stage.app
        tabs = [*([("home", "Home")] if app.home_tab else []), ("messages", "Messages"), ("about", "About")] if channel.im else []
        faces = [face_of(self._stage, id) for id in channel.members]
        return {
            "app": channel.im,
            "app_name": app.name,
            "name": app.name if channel.im else channel.name,
            "private": channel.kind == "private",
            "topic": channel.topic,
            "buttons": self._stage.buttons,
            "faces": faces[:3],
            "members": len(channel.members),
            "member_names": ", ".join(face["name"] for face in faces),
            "has_app": app.bot_user_id in channel.members,
            "tabs": tabs,
            "tab": tab,
        }

    def _about(self) -> Json:
        app = self._stage.app
        return {
            "name": app.name,
            "description": app.description,
            "long": app.long_description,
            "commands": app.commands,
            "scopes": sorted(app.scopes),
        }

    def _placeholder(self, channel: Channel) -> str:
        return f"Message {self._stage.app.name}" if channel.im else f"Message #{channel.name}"

    def _modal(self, parts: Any, person: Person) -> Json | None:
        stack = self._stage.team.stack(person.id)
        if not stack:
            return None
        view: View = stack[-1]
        body = view.body
        shown = {
            "id": view.id,
            "title": body["title"]["text"],
            "blocks": body["blocks"],
            "submit": (body.get("submit") or {}).get("text"),
            "close": (body.get("close") or {"text": "Cancel"})["text"],
        }
        return {"id": view.id, "html": str(parts.modal(shown)), "errors": view.errors}

    def _status(self, channel: str, thread: str | None) -> str:
        now, told = self._stage.timing.clock(), self._stage.team.statuses
        alive = timedelta(seconds=self._stage.timing.status_seconds)
        texts = [text for (at, ts), (text, since) in told.items() if at == channel and thread in (None, ts) and now - since < alive]
        return f"{self._stage.app.name} {texts[-1]}" if texts else ""

    def _file_url(self, slack_file: Json | None) -> str:
        id = (slack_file or {}).get("id") or (slack_file or {}).get("url", "").split("/files/")[-1].partition("/")[0]
        file = self._stage.team.file(str(id))
        return f"/files/{file.id}/{file.name}" if file else ""


@pass_context
def _mrkdwn(context: Context, text: str) -> Markup:
    return mrkdwn(text, context["reader"])


def _plain(text: str, emoji: bool = True) -> Markup:
    return plain(text, emoji=emoji)


def _literal(text: str) -> Markup:
    return Markup("<br>").join(text.split("\n"))


def _safe_link(url: str, words: str) -> Markup:
    return Markup(link(url, str(escape(words))))  # noqa: S704 - the words are escaped, link() checks and escapes the address
