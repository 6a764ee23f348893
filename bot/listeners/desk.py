"""What listeners delegate to, and how they answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from slack_bolt import Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.people import People
from bot.slack_calls import UNANSWERED, refusal
from bot.standing import Standing
from bot.views.blocks import Block, Message
from core.catchup import CatchUp
from core.clock import Clock
from core.overrule import Overrules
from core.ports import Store
from core.report import Answer, Question

_log = logging.getLogger(__name__)
Body = dict[str, Any]


class Answers(Protocol):
    """core.assistant.conversation.Conversation."""

    def answer(self, question: Question) -> Answer: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """`told` wakes the notifier after something was written that a channel should hear."""

    store: Store
    people: People
    standing: Standing
    catchup: CatchUp
    conversation: Answers
    overrules: Overrules
    clock: Clock
    told: Callable[[], None] = lambda: None


def whisper(respond: Respond, message: Message, *, replace: bool = False) -> None:
    """For this reader only, over the response URL. `replace` takes the place of the message that was clicked."""
    _respond(respond, message, response_type="ephemeral", replace_original=replace)


def announce(respond: Respond, message: Message) -> None:
    """For everyone in the channel."""
    _respond(respond, message, response_type="in_channel", replace_original=False)


def _respond(respond: Respond, message: Message, **how: Any) -> None:
    answer = respond(text=message.text, blocks=list(message.blocks), unfurl_links=False, **how)
    if answer.status_code != 200:
        _log.error("not answered", extra={"status": answer.status_code, "answer": answer.body[:200]})


def show(client: WebClient, body: Body, modal: Block) -> None:
    """Open a modal, on top of the one that was clicked in, if any."""
    trigger = str(body.get("trigger_id") or "")
    view = body.get("view") or {}
    if view.get("type") != "modal":
        client.views_open(trigger_id=trigger, view=modal)
        return
    try:
        client.views_push(trigger_id=trigger, view=modal)
    except SlackApiError as error:
        if refusal(error).error != "push_limit_reached":
            raise
        client.views_update(view_id=view["id"], view=modal)


def status(client: WebClient, channel: str, ts: str, says: str) -> None:
    """Show that an answer is on its way. It is only a courtesy: where it cannot be shown, nothing is."""
    try:
        client.assistant_threads_setStatus(channel_id=channel, thread_ts=ts, status=says)
    except (SlackApiError, *UNANSWERED) as error:
        _log.debug("status not shown", extra={"error": type(error).__name__})


def user_of(body: Body) -> str:
    user = body.get("user") or body.get("user_id") or (body.get("event") or {}).get("user") or ""
    return str(user.get("id") if isinstance(user, dict) else user)


def chosen(body: Body) -> Body:
    """The action that was taken."""
    return dict(body["actions"][0])


def value_of(body: Body) -> str:
    """The value of the button or option that was chosen."""
    action = chosen(body)
    option = action.get("selected_option")
    return str(option["value"] if option else action.get("value") or "")
