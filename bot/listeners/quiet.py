"""What Slack sends and nothing of ours listens to: answered all the same, as an unanswered push is sent again."""

import re

from slack_bolt import Ack, App

from bot.listeners.desk import Body


def register(app: App) -> None:
    """After every other listener: Bolt takes the first that matches."""
    app.event(re.compile(".*"))(_event)
    app.action(re.compile(".*"))(_acknowledge)
    app.view(re.compile(".*"))(_acknowledge)
    app.view_closed(re.compile(".*"))(_acknowledge)
    app.shortcut(re.compile(".*"))(_acknowledge)
    app.options(re.compile(".*"))(_acknowledge)
    app.command(re.compile(".*"))(_acknowledge)


def _event(event: Body) -> None:
    """Nothing to do: an edit, a join, our own message."""


def _acknowledge(ack: Ack) -> None:
    ack()
