"""chat.startStream, appendStream, stopStream: a message that grows while people watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox import limits
from bot.sandbox.api.chat import metadata_of, post
from bot.sandbox.api.methods import blocks_of, channel_for_writing, message_at, method
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json, Message
from bot.sandbox.slack_json import message_json, with_ids
from bot.sandbox.stage import Stage


@method("chat.startStream", scope="chat:write", needs=("channel", "thread_ts"))
def start(stage: Stage, args: Json) -> Json:
    channel = channel_for_writing(stage, args)
    if stage.team.message(channel.id, str(args["thread_ts"])) is None:
        raise Refusal("thread_not_found")
    if not channel.im:
        for name in ("recipient_user_id", "recipient_team_id"):
            if not args.get(name):
                raise Refusal(f"missing_{name}")
        if args["recipient_user_id"] not in stage.team.people:
            raise Refusal("user_not_found")
    message = Message(
        channel=channel.id,
        ts=stage.team.next_ts(),
        user=stage.app.bot_user_id,
        text=_words(args),
        thread_ts=str(args["thread_ts"]),
        by_app=True,
        streaming=True,
        markdown=True,
    )
    post(stage, message)
    stage.team.statuses.pop((channel.id, str(args["thread_ts"])), None)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", scope="chat:write", needs=("channel", "ts"))
def append(stage: Stage, args: Json) -> Json:
    message = _streaming(stage, args)
    words = _words(args)
    if not words and not args.get("chunks"):
        raise Refusal("no_text")
    message.text += words
    stage.team.keep(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", scope="chat:write", needs=("channel", "ts"))
def stop(stage: Stage, args: Json) -> Json:
    message = _streaming(stage, args)
    blocks = blocks_of(args)
    message.text += _words(args)
    message.blocks = with_ids(blocks)
    message.metadata = metadata_of(args)
    message.streaming = False
    stage.team.keep(message)
    return {"channel": message.channel, "ts": message.ts, "message": message_json(stage, message, metadata=True)}


def _streaming(stage: Stage, args: Mapping[str, Any]) -> Message:
    message = message_at(stage, channel_for_writing(stage, args), args["ts"])
    if not message.by_app:
        raise Refusal("message_not_owned_by_app")
    if not message.streaming:
        raise Refusal("message_not_in_streaming_state")
    return message


def _words(args: Mapping[str, Any]) -> str:
    chunks = [chunk for chunk in args.get("chunks") or () if isinstance(chunk, dict)]
    words = str(args.get("markdown_text") or "") + "".join(
        str(chunk.get("text", "")) for chunk in chunks if chunk.get("type") == "markdown_text"
    )
    if len(words) > limits.MARKDOWN_TEXT:
        raise Refusal("msg_too_long")
    return words
