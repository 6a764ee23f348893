"""conversations.*, users.conversations: where people talk, who is there, and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.api.methods import channel_for_reading, flag, message_at, method, page_of, require_scope
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.slack_json import message_json
from bot.sandbox.stage import Stage

TYPES = {
    "public_channel": ("public", "channels:read"),
    "private_channel": ("private", "groups:read"),
    "im": ("im", "im:read"),
    "mpim": ("mpim", "mpim:read"),
}


@method("conversations.list")
def list_conversations(stage: Stage, args: Json) -> Json:
    return _listed(stage, args, [c for c in _of_types(stage, args) if c.kind == "public" or stage.app.bot_user_id in c.members])


@method("users.conversations")
def users_conversations(stage: Stage, args: Json) -> Json:
    member = str(args.get("user") or stage.app.bot_user_id)
    return _listed(
        stage,
        args,
        [c for c in _of_types(stage, args) if member in c.members and (c.kind == "public" or stage.app.bot_user_id in c.members)],
    )


@method("conversations.info", needs=("channel",))
def info(stage: Stage, args: Json) -> Json:
    return {"channel": channel_for_reading(stage, args, "read").to_slack(stage.app.bot_user_id)}


@method("conversations.members", needs=("channel",))
def members(stage: Stage, args: Json) -> Json:
    page, cursor = page_of(list(channel_for_reading(stage, args, "read").members), args)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


@method("conversations.history", needs=("channel",))
def history(stage: Stage, args: Json) -> Json:
    channel = channel_for_reading(stage, args, "history")
    said = [m for m in stage.team.messages(channel.id) if m.only_for is None and (not m.is_reply or m.broadcast)]
    return _pages(stage, list(reversed(_between(said, args))), args)


@method("conversations.replies", needs=("channel", "ts"))
def replies(stage: Stage, args: Json) -> Json:
    channel = channel_for_reading(stage, args, "history")
    found = stage.team.message(channel.id, str(args["ts"]))
    if found is None or found.only_for is not None:
        raise Refusal("thread_not_found")
    parent = message_at(stage, channel, found.thread_ts or found.ts)
    said = [m for m in stage.team.replies(channel.id, parent.ts) if m.only_for is None]
    return _pages(stage, [parent, *_between(said, args)], args)


@method("conversations.open")
def open_conversation(stage: Stage, args: Json) -> Json:
    require_scope(stage, "im:write")
    if args.get("channel"):
        channel = stage.team.channel(str(args["channel"]))
        if channel is None or not channel.im:
            raise Refusal("channel_not_found")
    else:
        users = args.get("users")
        wanted = users if isinstance(users, list) else [user for user in str(users or "").split(",") if user]
        if not wanted:
            raise Refusal("users_list_not_supplied")
        if len(wanted) > 1:
            require_scope(stage, "mpim:write")
        if wanted[0] not in stage.team.people:
            raise Refusal("user_not_found")
        channel = stage.team.direct(wanted[0])
    return {
        "channel": channel.to_slack(stage.app.bot_user_id) if flag(args, "return_im") else {"id": channel.id},
        "no_op": True,
        "already_open": True,
    }


@method("conversations.join", scope="channels:join", needs=("channel",))
def join(stage: Stage, args: Json) -> Json:
    channel = stage.team.channel(str(args["channel"]))
    if channel is None or channel.kind == "private":
        raise Refusal("channel_not_found")
    if channel.im:
        raise Refusal("method_not_supported_for_channel_type")
    if stage.app.bot_user_id not in channel.members:
        channel.members.append(stage.app.bot_user_id)
        stage.team.keep_channel(channel)
    return {"channel": channel.to_slack(stage.app.bot_user_id)}


def _of_types(stage: Stage, args: Mapping[str, Any]) -> list[Channel]:
    wanted = [word.strip() for word in str(args.get("types") or "public_channel").split(",")]
    if any(word not in TYPES for word in wanted):
        raise Refusal("invalid_types")
    for word in wanted:
        require_scope(stage, TYPES[word][1])
    kinds = {TYPES[word][0] for word in wanted}
    return [c for c in stage.team.channels.values() if c.kind in kinds and not (flag(args, "exclude_archived") and c.archived)]


def _listed(stage: Stage, args: Mapping[str, Any], channels: list[Channel]) -> Json:
    page, cursor = page_of(channels, args)
    return {"channels": [channel.to_slack(stage.app.bot_user_id) for channel in page], "response_metadata": {"next_cursor": cursor}}


def _between(said: list[Message], args: Mapping[str, Any]) -> list[Message]:
    oldest, latest, inclusive = str(args.get("oldest") or "0"), str(args.get("latest") or ""), flag(args, "inclusive")
    try:
        low, high = float(oldest), float(latest) if latest else float("inf")
    except ValueError:
        raise Refusal("invalid_ts_oldest" if not oldest.replace(".", "").isdigit() else "invalid_ts_latest") from None
    return [m for m in said if low < float(m.ts) < high or (inclusive and float(m.ts) in (low, high))]


def _pages(stage: Stage, said: list[Message], args: Mapping[str, Any]) -> Json:
    page, cursor = page_of(said, args, most=999)
    metadata = flag(args, "include_all_metadata")
    answer: Json = {"messages": [message_json(stage, m, metadata=metadata) for m in page], "has_more": bool(cursor)}
    return answer | {"response_metadata": {"next_cursor": cursor}} if cursor else answer
