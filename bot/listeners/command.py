"""`/wgo`: catchup, status, history, help; anything else of more than a word is taken as a question."""

from dataclasses import dataclass

from slack_bolt import Ack, App, Respond

from bot.listeners.catching_up import CatchingUp
from bot.listeners.desk import Body, Desk, announce, user_of, value_of, whisper
from bot.listeners.questions import Questions
from bot.views.help import help_message
from bot.views.history import OLDER, history_message
from bot.views.status import status_message
from core.catchup_request import RequestUnclear, takes

COMMAND = "/wgo"


@dataclass(frozen=True, slots=True)
class Command:
    desk: Desk
    catching_up: CatchingUp
    questions: Questions

    def register(self, app: App) -> None:
        app.command(COMMAND)(self.run)
        app.action(OLDER)(self.older)

    def run(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        text = str(body.get("text") or "").strip()
        asked = takes(text)
        if asked is not None:
            self.catching_up.tell(asked, user_of(body), respond)
            return
        word, _, rest = text.partition(" ")
        match word.lower():
            case "" | "help":
                whisper(respond, help_message())
            case "status":
                self._status(rest.strip(), respond)
            case "history":
                whisper(respond, history_message(self.desk.standing.history(rest.strip())))
            case _ if rest:
                whisper(respond, self.questions.answer(text, user_of(body)))
            case _:
                whisper(respond, help_message(unknown=word))

    def _status(self, words: str, respond: Respond) -> None:
        """Raises RequestUnclear where it is asked of a place: what is told of everything must not be taken for an answer about one."""
        if words not in ("", "share"):
            self.desk.standing.narrowed(words)
            raise RequestUnclear(
                f"/wgo status is of everything I watch, it can't be narrowed to “{words}”",
                next_step="/wgo catchup in prod tells of one place, /wgo history in prod lists its changes.",
            )
        tells = announce if words == "share" else whisper
        tells(respond, status_message(self.desk.standing.status()))

    def older(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        after, _, asked = value_of(body).partition("\n")
        whisper(respond, history_message(self.desk.standing.history(asked, after)), replace=True)
