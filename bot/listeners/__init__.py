"""What people do in Slack: one file per surface. Each acknowledges, parses, delegates and renders."""

import logging
from typing import Any

from slack_bolt import App, BoltContext, BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.intake import KEY, LEFT_OVER, Acks
from bot.listeners import quiet
from bot.listeners.catching_up import CatchingUp
from bot.listeners.command import Command
from bot.listeners.desk import Body, Desk, user_of, whisper
from bot.listeners.feedback import Thumbs
from bot.listeners.home import HomeTab
from bot.listeners.membership import Membership
from bot.listeners.questions import Questions, asking_modal
from bot.listeners.story_actions import StoryActions
from bot.slack_calls import UNANSWERED, refusal
from bot.views.blocks import modal
from bot.views.help import error_message, fault_message
from core.errors import WgoError, WhenUnclear

__all__ = ["ACKS", "Desk", "register"]

_log = logging.getLogger(__name__)
# How a modal's submission is answered at once, by its callback id; the others close.
ACKS: Acks = {"ask": asking_modal}
# A trigger lives three seconds: what is worked on later than that can open no modal any more.
_TOO_LATE = {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "not_found"}


def register(app: App, desk: Desk) -> None:
    """Every listener, the specific ones first."""
    catching_up = CatchingUp(desk)
    questions = Questions(desk, catching_up)
    for one in (
        Command(desk, catching_up, questions),
        catching_up,
        StoryActions(desk),
        questions,
        HomeTab(desk),
        Thumbs(desk),
        Membership(desk),
    ):
        one.register(app)
    quiet.register(app)
    app.error(_failed)


def _failed(error: Exception, body: Body, context: BoltContext, client: WebClient, respond: Any) -> BoltResponse | None:
    """Whoever asked hears that it did not work, and what to do. What they asked wrongly is worked on then; the rest is a fault."""
    key = str(context.get(KEY) or "")
    if isinstance(error, SlackApiError) and refusal(error).error in _TOO_LATE:
        _log.warning("too late to answer", extra={"key": key, "left_over": bool(context.get(LEFT_OVER)), "error": refusal(error).error})
        return None
    if isinstance(error, WgoError):
        _log.log(logging.INFO if isinstance(error, WhenUnclear) else logging.WARNING, "refused", extra={"key": key, "error": str(error)})
        message = error_message(error)
    else:
        _log.error("listener failed", extra={"key": key}, exc_info=error)
        message = fault_message(key)
    event = body.get("event") or {}
    try:
        if (body.get("view") or {}).get("callback_id") in ACKS:
            # Its modal stands open and says that the answer is being looked for.
            client.views_update(view_id=str(body["view"]["id"]), view=modal("Answer", message.blocks))
        elif body.get("response_url"):
            whisper(respond, message)
        elif event.get("channel") and event.get("ts"):
            client.chat_postMessage(
                channel=event["channel"], thread_ts=event.get("thread_ts"), text=message.text, blocks=list(message.blocks)
            )
        elif user := user_of(body):
            client.chat_postMessage(channel=user, text=message.text, blocks=list(message.blocks))
    except (SlackApiError, *UNANSWERED) as unsaid:
        _log.warning("not said that it failed", extra={"key": key, "error": type(unsaid).__name__})
        return None
    return BoltResponse(status=200, body="") if isinstance(error, WhenUnclear) else None
