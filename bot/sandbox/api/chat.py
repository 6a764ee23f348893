"""chat.*: posting, editing, deleting, ephemeral messages and permalinks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox import limits
from bot.sandbox.api.methods import blocks_of, channel_for_writing, flag, message_at, method, require_scope
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.slack_json import message_json, permalink, with_ids
from bot.sandbox.stage import Stage


@method("chat.postMessage", scope="chat:write", needs=("channel",))
def post_message(stage: Stage, args: Json) -> Json:
    channel = channel_for_writing(stage, args)
    message = compose(stage, channel, args)
    post(stage, message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(stage, message, metadata=True)}


@method("chat.postEphemeral", scope="chat:write", needs=("channel", "user"))
def post_ephemeral(stage: Stage, args: Json) -> Json:
    channel = channel_for_writing(stage, args)
    if args["user"] not in stage.team.people:
        raise Refusal("user_not_found")
    if args["user"] not in channel.members:
        raise Refusal("user_not_in_channel")
    message = compose(stage, channel, args)
    message.only_for = args["user"]
    stage.team.say(message)
    return {"message_ts": message.ts}


@method("chat.update", scope="chat:write", needs=("channel", "ts"))
def update(stage: Stage, args: Json) -> Json:
    channel = channel_for_writing(stage, args)
    message = message_at(stage, channel, args["ts"])
    if not message.by_app:
        raise Refusal("cant_update_message")
    if message.streaming:
        raise Refusal("streaming_state_conflict")
    text, blocks = text_of(args), blocks_of(args)
    if not text and not blocks and "metadata" not in args:
        raise Refusal("no_text")
    if "text" in args or "markdown_text" in args:
        message.text, message.markdown = text, "markdown_text" in args
    if args.get("blocks") is not None:
        message.blocks = with_ids(blocks)
    if args.get("metadata") is not None:
        message.metadata = metadata_of(args)
    message.edited_at = stage.team.next_ts()
    stage.team.keep(message)
    announce_change(
        stage, channel, {"subtype": "message_changed", "message": message_json(stage, message), "previous_message": {"ts": message.ts}}
    )
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message_json(stage, message, metadata=True)}


@method("chat.delete", scope="chat:write", needs=("channel", "ts"))
def delete(stage: Stage, args: Json) -> Json:
    channel = channel_for_writing(stage, args)
    message = message_at(stage, channel, args["ts"])
    if not message.by_app:
        raise Refusal("cant_delete_message")
    stage.team.remove(message)
    announce_change(
        stage, channel, {"subtype": "message_deleted", "deleted_ts": message.ts, "previous_message": message_json(stage, message)}
    )
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink", needs=("channel", "message_ts"))
def get_permalink(stage: Stage, args: Json) -> Json:
    channel = stage.team.channel(str(args["channel"]))
    if channel is None:
        raise Refusal("channel_not_found")
    return {"channel": channel.id, "permalink": permalink(stage, message_at(stage, channel, args["message_ts"]))}


def compose(stage: Stage, channel: Channel, args: Mapping[str, Any]) -> Message:
    """The app's message of `args`, checked as Slack checks it, not yet said."""
    if any(args.get(name) for name in ("username", "icon_emoji", "icon_url")):
        require_scope(stage, "chat:write.customize")
    if args.get("attachments") and args["attachments"] != "[]":
        raise Refusal("invalid_attachments", detail="the sandbox knows blocks, not attachments")
    blocks, text = blocks_of(args), text_of(args)
    if args.get("markdown_text") and (blocks or args.get("text")):
        raise Refusal("markdown_text_conflict")
    if not text and not blocks:
        raise Refusal("no_text")
    thread = str(args["thread_ts"]) if args.get("thread_ts") else None
    if thread is not None:
        parent = stage.team.message(channel.id, thread)
        if parent is None:
            raise Refusal("thread_not_found")
        thread = parent.thread_ts or parent.ts
    return Message(
        channel=channel.id,
        ts=stage.team.next_ts(),
        user=stage.app.bot_user_id,
        text=text,
        blocks=with_ids(blocks),
        thread_ts=thread,
        by_app=True,
        broadcast=flag(args, "reply_broadcast"),
        metadata=metadata_of(args),
        markdown=bool(args.get("markdown_text")),
    )


def post(stage: Stage, message: Message) -> None:
    """Say it, and tell the app as Slack does: an app hears its own messages where it hears the channel's."""
    stage.team.say(message)
    channel = stage.team.channels[message.channel]
    kind = {"public": "channel", "private": "group", "im": "im"}[channel.kind]
    event = message_json(stage, message) | {"channel": channel.id, "channel_type": kind, "event_ts": message.ts}
    stage.outbox.post(subscription(channel), event)


def announce_change(stage: Stage, channel: Channel, change: Json) -> None:
    kind = {"public": "channel", "private": "group", "im": "im"}[channel.kind]
    ts = stage.team.next_ts()
    event = {"type": "message", "hidden": True, "channel": channel.id, "channel_type": kind, "ts": ts, "event_ts": ts}
    stage.outbox.post(subscription(channel), event | change)


def subscription(channel: Channel) -> str:
    return {"public": "message.channels", "private": "message.groups", "im": "message.im"}[channel.kind]


def text_of(args: Mapping[str, Any]) -> str:
    markdown = args.get("markdown_text")
    if markdown:
        if len(markdown) > limits.MARKDOWN_TEXT:
            raise Refusal("msg_too_long")
        return str(markdown)
    text = str(args.get("text") or "")
    if len(text) > limits.MESSAGE_TEXT:
        raise Refusal("msg_too_long")
    return text


def metadata_of(args: Mapping[str, Any]) -> Json | None:
    metadata = args.get("metadata")
    if metadata in (None, ""):
        return None
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(metadata)) > limits.METADATA_BYTES:
        raise Refusal("metadata_too_large")
    return metadata
