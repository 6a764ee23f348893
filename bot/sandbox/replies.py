"""What the app answers to an interaction: the body of an acknowledgement, or a post to a response_url."""

from __future__ import annotations

from bot.sandbox.api.chat import compose, post
from bot.sandbox.api.methods import TRUE, blocks_of
from bot.sandbox.api.views import checked, push, replace
from bot.sandbox.permits import Reply
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json, View
from bot.sandbox.slack_json import with_ids
from bot.sandbox.stage import Stage


def take_reply(stage: Stage, reply: Reply, body: Json) -> str | None:
    """Do what a response_url asks. The time stamp of a new message is returned. Raises Refusal as Slack does."""
    source = stage.team.message(reply.channel, reply.source_ts) if reply.source_ts else None
    if body.get("delete_original") in TRUE:
        if source is None:
            raise Refusal("message_not_found")
        stage.team.remove(source)
        return None
    if body.get("replace_original") in TRUE and source is not None:
        blocks = blocks_of(body)
        if not blocks and not body.get("text"):
            raise Refusal("no_text")
        source.text, source.blocks = str(body.get("text") or ""), with_ids(blocks)
        source.edited_at = None if source.only_for else stage.team.next_ts()
        stage.team.keep(source)
        return None
    channel = stage.team.channels[reply.channel]
    args = {name: body[name] for name in ("text", "blocks", "metadata", "thread_ts") if body.get(name)}
    if reply.thread_ts:
        args.setdefault("thread_ts", reply.thread_ts)
    message = compose(stage, channel, args)
    if body.get("response_type") == "in_channel":
        post(stage, message)
    else:
        message.only_for = reply.user
        stage.team.say(message)
    return message.ts


def take_view_answer(stage: Stage, view: View, answer: Json) -> None:
    """Do what the acknowledgement of a view_submission says; an empty one closes the view."""
    match answer.get("response_action"):
        case "errors":
            view.errors = {str(block): str(words) for block, words in (answer.get("errors") or {}).items()}
            unknown = view.errors.keys() - {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
            if unknown or not view.errors:
                raise Refusal("invalid_errors", detail=f"no input block {', '.join(sorted(unknown))}")
            stage.team.touch()
        case "update":
            replace(stage, view, checked(answer.get("view"), kind="modal"))
        case "push":
            push(stage, view.user, checked(answer.get("view"), kind="modal"))
        case "clear":
            stage.team.pop_view(view.user, everything=True)
        case None:
            stage.team.pop_view(view.user)
        case other:
            raise Refusal("invalid_response_action", detail=str(other))
