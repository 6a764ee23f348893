"""WGO was let into a channel: what waited for that is told."""

import logging
from dataclasses import dataclass

from slack_bolt import App, BoltContext

from bot.listeners.desk import Body, Desk

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Membership:
    desk: Desk

    def register(self, app: App) -> None:
        app.event("member_joined_channel")(self.joined)

    def joined(self, event: Body, context: BoltContext) -> None:
        """Anyone's joining is told to us; ours alone means something."""
        if event.get("user") != context.bot_user_id:
            return
        channel = str(event["channel"])
        if waited := self.desk.store.deliveries.release(channel, self.desk.clock()):
            _log.info("let in again", extra={"channel": channel, "messages": waited})
            self.desk.told()
