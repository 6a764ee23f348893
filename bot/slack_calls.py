"""Slack's Web API as WGO calls it: which client for which call, and what a failure means."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler, ServerErrorRetryHandler

from core.settings import SlackSettings

TIMEOUT_SECONDS = 10
# What slack_sdk raises where no answer came, or none that can be read: the call may have taken effect.
UNANSWERED = (OSError, HTTPException, SlackClientError)

# https://docs.slack.dev/reference/methods/chat.postMessage and /chat.update: will not get better by itself; each with its next step.
PERMANENT = {
    "not_in_channel": "Invite WGO to the channel: /invite @WGO",
    "channel_not_found": "Check the channel id in the settings; a private channel must have invited WGO.",
    "is_archived": "Unarchive the channel, or take it out of the settings.",
    "restricted_action": "The workspace lets only some members post there; allow WGO, or choose another channel.",
    "restricted_action_read_only_channel": "The channel is read-only; choose another.",
    "invalid_blocks": "A message of ours was refused; please report it with this line.",
    "invalid_blocks_format": "A message of ours was refused; please report it with this line.",
    "msg_blocks_too_long": "A message of ours was refused; please report it with this line.",
    "msg_too_long": "A message of ours was refused; please report it with this line.",
    "message_not_found": "Someone deleted the message; there is nothing left to edit.",
    "cant_update_message": "The message belongs to someone else; there is nothing of ours to edit.",
    "thread_not_found": "Someone deleted the message; there is no thread left.",
}

# Of these, what ends when people let the bot in again; what waits is told then.
AWAY = {
    "not_in_channel": "I am not in the channel",
    "channel_not_found": "I can't find the channel",
    "is_archived": "the channel is archived",
}
# And these: there is no message left to change.
GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Slack's answer to a call that it did not carry out. `retry_after_seconds` where it asks to wait."""

    error: str
    retry_after_seconds: float | None = None

    @property
    def permanent(self) -> bool:
        return self.error in PERMANENT

    @property
    def away(self) -> bool:
        return self.error in AWAY

    @property
    def gone(self) -> bool:
        return self.error in GONE

    @property
    def next_step(self) -> str:
        return PERMANENT.get(self.error, "")


def refusal(error: SlackApiError) -> Refusal:
    response = error.response
    code = str(response.get("error") or "unknown_error") if hasattr(response, "get") else "unknown_error"
    if getattr(response, "status_code", 200) == 429 or code in ("ratelimited", "rate_limited"):
        wait = getattr(response, "headers", {}).get("Retry-After") or getattr(response, "headers", {}).get("retry-after") or "1"
        return Refusal(error="ratelimited", retry_after_seconds=float(wait) if str(wait).replace(".", "", 1).isdigit() else 1.0)
    return Refusal(error=code)


def asking_client(settings: SlackSettings, token: str) -> WebClient:
    """For calls that may be repeated: retried on a lost connection, a full moment and a server error."""
    return WebClient(
        token=token,
        base_url=settings.base_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[
            ConnectionErrorRetryHandler(max_retry_count=2),
            RateLimitErrorRetryHandler(max_retry_count=2),
            ServerErrorRetryHandler(max_retry_count=2),
        ],
        logger=_quiet(),
    )


def telling_client(settings: SlackSettings, token: str) -> WebClient:
    """For posting: never retried blindly, as a post whose answer was lost may be there already."""
    return WebClient(token=token, base_url=settings.base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=_quiet())


def bolt_app(client: WebClient, authorize: Callable[..., AuthorizeResult], signing_secret: str) -> App:
    """Listeners run to their end in the thread that dispatches, as bot.intake has acknowledged before."""
    logger = logging.getLogger("wgo.bolt")
    logger.setLevel(logging.WARNING)
    return App(
        client=client,
        authorize=authorize,
        # Without a secret nothing that comes over HTTP is verified as Slack's; Socket Mode needs none.
        signing_secret=signing_secret or secrets.token_hex(16),
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
        logger=logger,
    )


def _quiet() -> logging.Logger:
    """The SDK's debug log holds whole requests; ours says what matters of them."""
    logger = logging.getLogger("wgo.slack_sdk")
    logger.setLevel(logging.WARNING)
    return logger
