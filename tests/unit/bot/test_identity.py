"""Who the bot is: asked of Slack, and never waited for longer than Slack waits for us."""

import threading
from typing import Any, cast

from slack_sdk import WebClient

from bot.identity import Identity


class SilentSlack:
    """Takes the question and answers when it is let."""

    token = "xoxb-1"

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked = 0

    def auth_test(self) -> dict[str, Any]:
        self.asked += 1
        self.answers.wait(30)
        return {"team_id": "T1", "user_id": "U1", "bot_id": "B1", "team": "Acme"}


def test_a_push_goes_on_while_slack_does_not_say_who_we_are() -> None:
    slack = SilentSlack()
    identity = Identity(cast("WebClient", slack))
    assert (identity().bot_token, identity().bot_user_id) == ("xoxb-1", None)
    assert slack.asked == 1, "asked again while the first question is still open"
    slack.answers.set()
