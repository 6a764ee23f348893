"""The buttons of a story: Details, what it was, mute, ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.listeners.desk import Body, Desk, show, user_of, value_of, whisper
from bot.listeners.home import HomeTab
from bot.views import mute as mute_view
from bot.views.details import EVENT_DETAILS, ask_modal, details_modal, gone_modal, overrule_modal
from bot.views.story import ASK, DETAILS, MUTE, NOT_PLANNED, PLANNED, ROUTINE
from bot.views.words import name_of
from core.assessment import Overrule, Verdict
from core.subscription import EVERYTHING, EventFilter, Mute
from core.unified import UnifiedEvent

VERDICTS: Mapping[str, Verdict] = {PLANNED: Verdict.PLANNED, NOT_PLANNED: Verdict.UNPLANNED, ROUTINE: Verdict.ROUTINE}
# One word on a cause is a word on each of its changes, up to so many.
MOST_OVERRULED = 200


@dataclass(frozen=True, slots=True)
class StoryActions:
    desk: Desk

    def register(self, app: App) -> None:
        app.action(DETAILS)(self.details)
        app.action(EVENT_DETAILS)(self.event_details)
        for word in VERDICTS:
            app.action(word)(self.ask_why)
        app.view("overrule")(self.overrule)
        app.action(MUTE)(self.mute)
        app.action(mute_view.UNMUTE)(self.unmute)
        app.action(ASK)(self.ask)

    def details(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        found = self.desk.standing.details(value_of(body))
        show(client, body, details_modal(found) if found else gone_modal())

    def event_details(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        found = self.desk.standing.details_of_event(value_of(body))
        show(client, body, details_modal(found) if found else gone_modal())

    def ask_why(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        story_id = value_of(body)
        one = self._headline(story_id)
        word = str(body["actions"][0]["action_id"])
        show(client, body, overrule_modal(story_id, word, name_of(one.resource)) if one else gone_modal())

    def overrule(self, ack: Ack, body: Body) -> None:
        ack()
        word, _, story_id = str(body["view"]["private_metadata"]).partition("|")
        why = body["view"]["state"]["values"]["why"]["why"].get("value") or ""
        said = Overrule(verdict=VERDICTS[word], by=user_of(body), at=self.desk.clock(), why=str(why))
        page = self.desk.store.events.of_story(EVERYTHING, story_id, limit=MOST_OVERRULED)
        for one in page.items:
            if one.verdict is not said.verdict or one.assessment.overrule is None:
                self.desk.overrules.apply(one.id, said)
        self.desk.told()

    def mute(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        story_id = str(body["actions"][0]["block_id"]).partition("|")[2]
        what, _, hours = value_of(body).partition(":")
        one = self._headline(story_id)
        if one is None:
            return
        now, channel = self.desk.clock(), str(body["container"]["channel_id"])
        muted = Mute(
            id=f"{channel}|{what}|{story_id}",
            destination=channel,
            filter=_muted(one, what),
            until=now + timedelta(hours=int(hours)),
            by=user_of(body),
            at=now,
        )
        self.desk.store.mutes.save(muted)
        whisper(respond, mute_view.muted_message(muted, name_of(one.resource)))

    def unmute(self, ack: Ack, body: Body, client: WebClient, respond: Respond) -> None:
        ack()
        self.desk.store.mutes.remove(value_of(body))
        if body.get("response_url"):
            whisper(respond, mute_view.unmuted_message(), replace=True)
        else:
            HomeTab(self.desk).publish(user_of(body), client)

    def ask(self, ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        story_id = value_of(body)
        one = self._headline(story_id)
        show(client, body, ask_modal(story_id, name_of(one.resource) if one else ""))

    def _headline(self, story_id: str) -> UnifiedEvent | None:
        story = self.desk.store.stories.get(story_id)
        return self.desk.store.events.get(EVERYTHING, story.headline_event) if story else None


def _muted(one: UnifiedEvent, what: str) -> EventFilter:
    match what:
        case "kind":
            environments = frozenset({one.event.environment}) if one.event.environment else frozenset()
            return EventFilter(kinds=frozenset({one.resource.kind}), environments=environments)
        case "source":
            return EventFilter(sources=frozenset({one.event.source}))
        case _:
            return EventFilter(resource_keys=frozenset({one.resource.key}))
