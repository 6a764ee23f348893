"""The workspace's records as Slack writes them in answers and events."""

from __future__ import annotations

import copy
from zoneinfo import ZoneInfo

from bot.sandbox.records import Json, Message, SharedFile, View
from bot.sandbox.stage import Stage
from bot.sandbox.team import new_id
from bot.sandbox.workspace import Person


def message_json(stage: Stage, message: Message, *, metadata: bool = False) -> Json:
    """A message as conversations.history, events and interactions carry it."""
    team, app = stage.team, stage.app
    written: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": team.workspace.team_id}
    if message.by_app:
        written |= {"bot_id": app.bot_id, "app_id": app.app_id, "bot_profile": bot_json(stage)}
    if message.blocks:
        written["blocks"] = copy.deepcopy(message.blocks)
    if message.subtype:
        written["subtype"] = message.subtype
    if message.edited_at:
        written["edited"] = {"user": message.user, "ts": message.edited_at}
    if message.thread_ts:
        written["thread_ts"] = message.thread_ts
    if not message.is_reply and (replies := team.replies(message.channel, message.ts)):
        people = list(dict.fromkeys(reply.user for reply in replies))
        written |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(people),
            "reply_users": people,
            "latest_reply": replies[-1].ts,
        }
    if message.reactions:
        written["reactions"] = [{"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()]
    if message.files:
        written["files"] = [file_json(stage, file) for id in message.files if (file := team.file(id))]
    if message.metadata and metadata:
        written["metadata"] = message.metadata
    return written


def user_json(stage: Stage, person: Person) -> Json:
    zone = ZoneInfo(person.time_zone)
    offset = stage.timing.clock().astimezone(zone).utcoffset()
    profile: Json = {
        "real_name": person.real_name,
        "display_name": person.name,
        "title": person.title,
        "team": stage.team.workspace.team_id,
    }
    if "users:read.email" in stage.app.scopes:
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": stage.team.workspace.team_id,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "color": person.color,
        "tz": person.time_zone,
        "tz_label": person.time_zone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_bot": False,
        "is_app_user": False,
        "is_admin": False,
        "updated": 0,
        "locale": "en-US",
    }


def bot_user_json(stage: Stage) -> Json:
    app = stage.app
    return {
        "id": app.bot_user_id,
        "team_id": stage.team.workspace.team_id,
        "name": app.name.lower(),
        "real_name": app.name,
        "deleted": False,
        "is_bot": True,
        "is_app_user": False,
        "tz": "UTC",
        "tz_label": "UTC",
        "tz_offset": 0,
        "profile": {"real_name": app.name, "display_name": app.name, "api_app_id": app.app_id, "bot_id": app.bot_id, "always_active": True},
    }


def bot_json(stage: Stage) -> Json:
    app = stage.app
    return {
        "id": app.bot_id,
        "deleted": False,
        "name": app.name,
        "updated": 0,
        "app_id": app.app_id,
        "user_id": app.bot_user_id,
        "icons": {"image_48": f"{stage.base_url}/static/app.svg"},
        "team_id": stage.team.workspace.team_id,
    }


def view_json(stage: Stage, view: View, *, values: Json | None = None) -> Json:
    body = view.body
    written: Json = {
        "id": view.id,
        "team_id": stage.team.workspace.team_id,
        "type": view.kind,
        "blocks": copy.deepcopy(body["blocks"]),
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "external_id": view.external_id or "",
        "state": {"values": values or {}},
        "hash": view.hash,
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "previous_view_id": view.previous,
        "root_view_id": view.root,
        "app_id": stage.app.app_id,
        "app_installed_team_id": stage.team.workspace.team_id,
        "bot_id": stage.app.bot_id,
    }
    return written | {name: body.get(name) for name in ("title", "submit", "close")}


def file_json(stage: Stage, file: SharedFile) -> Json:
    url = f"{stage.base_url}/files/{file.id}/{file.name}"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2],
        "size": len(file.content),
        "user": file.user,
        "mode": "hosted",
        "is_external": False,
        "url_private": url,
        "url_private_download": url,
        "permalink": url,
    }


def permalink(stage: Stage, message: Message) -> str:
    """The address that opens the message on the page, shaped like Slack's."""
    link = f"{stage.base_url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else link


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks as Slack keeps them: every block and interactive element has its id."""
    kept = copy.deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", new_id("")[:5])
        inside = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
        for element in inside:
            if (
                isinstance(element, dict)
                and element.get("type") not in {"image", "mrkdwn", "plain_text"}
                and not str(element.get("type")).startswith("rich_text")
            ):
                element.setdefault("action_id", new_id("")[:5])
    return kept
