"""Who the bot is in its workspace, as Bolt asks it at each push. Never in the way of one: what is not known yet is left out."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack_calls import UNANSWERED, refusal

_log = logging.getLogger(__name__)
_AGAIN_SECONDS, _PATIENCE_SECONDS = 20.0, 1.0


@dataclass(slots=True)
class Identity:
    """Bolt's `authorize`. Asks auth.test until it was answered once, at most every 20 seconds, and not twice at a time."""

    slack: WebClient
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[str, Any] = field(default_factory=dict)
    _not_before: float = 0.0
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, **_: object) -> AuthorizeResult:
        if not self._known and self.monotonic() >= self._not_before and self._asking.acquire(blocking=False):
            # Slack waits three seconds for an acknowledgement, whoever else does not answer.
            asking = threading.Thread(target=self._ask_and_release, name="identity", daemon=True)
            asking.start()
            asking.join(_PATIENCE_SECONDS)
        return AuthorizeResult(
            enterprise_id=self._known.get("enterprise_id"),
            team_id=self._known.get("team_id"),
            bot_user_id=self._known.get("user_id"),
            bot_id=self._known.get("bot_id"),
            bot_token=self.slack.token,
        )

    def _ask_and_release(self) -> None:
        try:
            self._ask()
        finally:
            self._asking.release()

    def _ask(self) -> None:
        try:
            answer = self.slack.auth_test()
        except SlackApiError as error:
            _log.error("Slack does not know the bot token", extra={"error": refusal(error).error, "next_step": "Check slack.bot_token."})
        except UNANSWERED as error:
            _log.warning("Slack not reached", extra={"error": type(error).__name__})
        else:
            self._known = {name: answer.get(name) for name in ("enterprise_id", "team_id", "user_id", "bot_id", "team")}
            _log.info("in workspace", extra={"team": self._known["team"], "user": self._known["user_id"]})
        self._not_before = self.monotonic() + _AGAIN_SECONDS
