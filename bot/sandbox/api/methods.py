"""The table of Web API methods, and the checks that every one of them shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox import limits
from bot.sandbox.check import problems_in, text_length
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.stage import Stage

Function = Callable[[Stage, Json], Json]
TRUE = frozenset({True, "true", "1"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """`scope` is needed to call it, `needs` are the arguments it cannot do without; `app_level` asks for the xapp token."""

    function: Function
    scope: str | None = None
    needs: tuple[str, ...] = ()
    app_level: bool = False
    any_token: bool = False
    no_token: bool = False


METHODS: dict[str, Method] = {}


def method(name: str, **rest: Any) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        METHODS[name] = Method(function=function, **rest)
        return function

    return register


def require_scope(stage: Stage, needed: str) -> None:
    if needed not in stage.app.scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(stage.app.scopes)))


def require_arguments(args: Mapping[str, Any], names: tuple[str, ...]) -> None:
    missing = [name for name in names if args.get(name) in (None, "")]
    if missing:
        raise Refusal.with_messages("invalid_arguments", [f"missing required field: {name}" for name in missing])


def flag(args: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    return args[name] in TRUE if args.get(name) is not None else default


def number(args: Mapping[str, Any], name: str, default: int, most: int) -> int:
    try:
        value = int(args.get(name) or default)
    except (TypeError, ValueError):
        raise Refusal("invalid_limit" if name == "limit" else "invalid_arguments") from None
    if value < 1:
        raise Refusal("invalid_limit")
    return min(value, most)


def page_of(items: list[Any], args: Mapping[str, Any], *, default: int = 100, most: int = 1000) -> tuple[list[Any], str]:
    """One page and the cursor of the next, empty at the end."""
    limit, cursor = number(args, "limit", default, most), str(args.get("cursor") or "")
    if cursor and not cursor.startswith("next:"):
        raise Refusal("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0) if cursor else 0
    return items[start : start + limit], f"next:{start + limit}" if start + limit < len(items) else ""


def blocks_of(args: Mapping[str, Any]) -> list[Json]:
    """The call's blocks, checked. Raises Refusal as Slack does."""
    blocks = args.get("blocks")
    if blocks in (None, "", []):
        return []
    if isinstance(blocks, str):
        try:
            blocks = json.loads(blocks)
        except ValueError:
            raise Refusal("invalid_blocks_format") from None
    found = problems_in(blocks, "message")
    if found:
        raise Refusal.with_messages("invalid_blocks", found)
    if text_length(blocks) > limits.MESSAGE_BLOCKS_TEXT:
        raise Refusal("msg_blocks_too_long")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > limits.MARKDOWN_TEXT:
        raise Refusal.with_messages(
            "invalid_blocks", [f"markdown blocks must be less than {limits.MARKDOWN_TEXT + 1} characters together [json-pointer:/blocks]"]
        )
    return list(blocks)


def channel_for_writing(stage: Stage, args: Mapping[str, Any]) -> Channel:
    """The channel the app may post into. A person's id means their direct message with the app."""
    wanted = str(args.get("channel") or "")
    if wanted in stage.team.people:
        return stage.team.direct(wanted)
    channel = stage.team.channel(wanted)
    inside = channel is not None and stage.app.bot_user_id in channel.members
    if channel is None or (channel.kind == "private" and not inside):
        raise Refusal("channel_not_found")
    if channel.archived:
        raise Refusal("is_archived")
    if not inside:
        raise Refusal("not_in_channel")
    return channel


def channel_for_reading(stage: Stage, args: Mapping[str, Any], family: str) -> Channel:
    """The channel the app may look at with a `family` scope (`history` or `read`). Only history asks that it is a member."""
    channel = stage.team.channel(str(args.get("channel") or ""))
    if channel is None:
        raise Refusal("channel_not_found")
    prefix = {"public": "channels", "private": "groups", "im": "im"}[channel.kind]
    require_scope(stage, f"{prefix}:{family}")
    inside = stage.app.bot_user_id in channel.members
    if channel.kind == "private" and not inside:
        raise Refusal("channel_not_found")
    if family == "history" and not inside:
        raise Refusal("not_in_channel")
    return channel


def message_at(stage: Stage, channel: Channel, ts: Any) -> Message:
    found = stage.team.message(channel.id, str(ts))
    if found is None or found.only_for is not None:
        raise Refusal("message_not_found")
    return found
