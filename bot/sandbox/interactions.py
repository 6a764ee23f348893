"""The bodies of interactions (https://docs.slack.dev/reference/interaction-payloads), and of slash commands."""

from __future__ import annotations

from bot.sandbox.permits import Reply
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.slack_json import message_json
from bot.sandbox.stage import Stage


def message_action(stage: Stage, user: str, channel: Channel, message: Message, state: Json) -> Json:
    """block_actions from a message. An ephemeral message itself is not sent along, as on Slack."""
    ephemeral = message.only_for is not None
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    reply = Reply(channel=channel.id, user=user, source_ts=message.ts, thread_ts=message.thread_ts)
    body = _common(stage, "block_actions", user) | {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": state},
        "response_url": response_url(stage, stage.permits.reply(reply)),
    }
    return body if ephemeral else body | {"message": message_json(stage, message, metadata=True)}


def view_action(stage: Stage, user: str, view: Json) -> Json:
    """block_actions from a modal or the Home tab."""
    return _common(stage, "block_actions", user) | {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def view_event(stage: Stage, kind: str, user: str, view: Json) -> Json:
    """view_submission or view_closed."""
    body = _common(stage, kind, user) | {"view": view}
    if kind == "view_closed":
        del body["trigger_id"]
    return body


def slash_command(stage: Stage, user: str, channel: Channel, command: str, text: str, reply_key: str) -> Json:
    """The form fields of a slash command."""
    workspace = stage.team.workspace
    name = {"im": "directmessage", "private": "privategroup", "public": channel.name}[channel.kind]
    return {
        "token": "sandbox",
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": name,
        "user_id": user,
        "user_name": stage.team.people[user].name,
        "command": command,
        "text": text,
        "api_app_id": stage.app.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(stage, reply_key),
        "trigger_id": stage.permits.trigger(user),
    }


def response_url(stage: Stage, key: str) -> str:
    return f"{stage.base_url}/response/{key}"


def _common(stage: Stage, kind: str, user: str) -> Json:
    workspace, person = stage.team.workspace, stage.team.people[user]
    return {
        "type": kind,
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": workspace.team_id},
        "api_app_id": stage.app.app_id,
        "token": "sandbox",
        "trigger_id": stage.permits.trigger(user),
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }
