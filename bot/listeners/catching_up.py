"""Catch-ups: asked for by command or from Home, made full, shared, marked as read, and unmarked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.listeners.desk import Body, Desk, announce, user_of, value_of, whisper
from bot.views.blocks import Message
from bot.views.catchup import FULL, MARK_READ, SHARE, UNDO_READ, catchup_message, marked_message, unmarked_message
from bot.views.home import CATCH_UP
from core.event import Actor
from core.report import CatchUpReport
from core.text import people_of
from core.timerange import TimeRange
from core.when import When


@dataclass(frozen=True, slots=True)
class CatchingUp:
    desk: Desk

    def register(self, app: App) -> None:
        app.action(CATCH_UP)(self.from_home)
        app.action(FULL)(self.full)
        app.action(SHARE)(self.share)
        app.action(MARK_READ)(self.mark)
        app.action(UNDO_READ)(self.undo)

    def tell(self, words: str, user: str, respond: Respond) -> None:
        """Answer `/wgo catchup` with these words after it. Raises RequestUnclear, WhenUnclear and StorageError."""
        share = self.desk.catchup.read(words, time_zone=self.desk.people.time_zone(user)).share
        (announce if share else whisper)(respond, self.message(words, user, share=share))

    def message(self, words: str, user: str, *, share: bool) -> Message:
        """The report that these words ask for; a shared one is everybody's, and has no buttons. Raises as `tell` does."""
        report = self.desk.catchup.asked(words, reader=user, time_zone=self.desk.people.time_zone(user))
        if share:
            return catchup_message(report, self._people(report), shared_by=user)
        return catchup_message(report, self._people(report), asked=self._asked(words, user, report))

    def from_home(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        user = user_of(body)
        told = self.message("", user, share=False)
        client.chat_postMessage(channel=user, text=told.text, blocks=list(told.blocks), unfurl_links=False)

    def full(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        asked, report = value_of(body), self._again(body, brief=False)
        whisper(respond, catchup_message(report, self._people(report), asked=asked))

    def share(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        report = self._again(body, brief=True)
        announce(respond, catchup_message(report, self._people(report), shared_by=user_of(body)))

    def mark(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        sequence, _, made_at = value_of(body).partition("|")
        mark = self.desk.store.watermarks.mark(user_of(body), int(sequence), datetime.fromisoformat(made_at))
        whisper(respond, marked_message(mark))

    def undo(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        marks, user = self.desk.store.watermarks, user_of(body)
        whisper(respond, unmarked_message(marks.undo(user), marks.get(user)), replace=True)

    def _asked(self, words: str, user: str, report: CatchUpReport) -> str:
        """What a report's buttons carry: its words, where it begins, and the mark that it began from."""
        mark = self.desk.store.watermarks.get(user)
        return f"{' '.join(words.split())[:300]}\n{report.period.range.start.isoformat()}\n{mark.sequence if mark else ''}"

    def _again(self, body: Body, *, brief: bool) -> CatchUpReport:
        """The report that the button belongs to, as of now: of the same period, also where its reader has marked it as read since."""
        words, start, sequence = value_of(body).split("\n")
        user = user_of(body)
        zone, mark = self.desk.people.time_zone(user), self.desk.store.watermarks.get(user)
        request = self.desk.catchup.read(words, time_zone=zone)
        if request.when is None and sequence == (str(mark.sequence) if mark else ""):
            return self.desk.catchup.report(reader=user, filter=request.filter, brief=brief, time_zone=zone)
        begins = datetime.fromisoformat(start)
        ends = request.when.range.end if request.when else self.desk.clock()
        period = When(range=TimeRange(start=begins, end=max(begins, ends)), notes=request.when.notes if request.when else ())
        return self.desk.catchup.over(period, filter=request.filter, brief=brief, time_zone=zone)

    def _people(self, report: CatchUpReport) -> Mapping[str, str]:
        named = [*(one.who for one in report.look_at), *(one.who for one in report.also)]
        said = (text for one in report.look_at for text in (one.what, one.stands))
        texts = (*said, *(one.says for one in report.also), *(one.says for one in report.recommendations))
        team = (Actor(id=one.activity.actor, name=one.activity.name) for one in report.team)
        return self.desk.people.of(tuple(dict.fromkeys((*named, *people_of(*texts), *team))))
