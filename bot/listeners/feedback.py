"""Thumbs under an answer."""

from dataclasses import dataclass

from slack_bolt import Ack, App, Respond

from bot.listeners.desk import Body, Desk, chosen, user_of, value_of
from bot.views.answer import BAD, GOOD
from core.subscription import Feedback


@dataclass(frozen=True, slots=True)
class Thumbs:
    desk: Desk

    def register(self, app: App) -> None:
        app.action(GOOD)(self.keep)
        app.action(BAD)(self.keep)

    def keep(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        good = str(chosen(body)["action_id"]) == GOOD
        said = Feedback(about=f"answer:{value_of(body)}", by=user_of(body), at=self.desk.clock(), says="good" if good else "bad")
        self.desk.store.feedback.save(said)
        respond(
            text="Thank you. It is kept with the question." if good else "Thank you: that helps me to find what I get wrong.",
            replace_original=False,
        )
