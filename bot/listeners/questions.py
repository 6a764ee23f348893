"""Questions in a direct message, by @WGO in a channel, or from a story's Ask button; each answered where it was asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import App, BoltContext
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.arrivals import STORY_EVENT
from bot.listeners.catching_up import CatchingUp
from bot.listeners.desk import Body, Desk, status, user_of
from bot.mentions import first_mention, mine, not_known, seen_lately, spoken
from bot.posted import Posted
from bot.slack_calls import UNANSWERED
from bot.views import blocks as kit
from bot.views.answer import answer_message
from bot.views.blocks import Block, Message
from bot.views.help import help_message
from bot.views.history import history_message
from bot.views.mrkdwn import strong
from bot.views.status import status_message
from core.catchup_request import takes
from core.errors import WhenUnclear
from core.report import Answer, Question
from core.text import people_of

_REFERENCE = re.compile(r"<[@#!]([^|>]+)(?:\|([^>]*))?>|<(https?://[^|>]+)(?:\|[^>]*)?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_GREETING = re.compile(r"^(hi|hello|hey|help|thanks?|thank you)\b[\s!.?]*$", re.IGNORECASE)
# What was asked longer ago than this is no longer what one means by "and in staging?".
_STILL_MEANT_SECONDS = 15 * 60
_LOOKED_AT = 12


@dataclass(frozen=True, slots=True)
class Questions:
    desk: Desk
    catching_up: CatchingUp

    def register(self, app: App) -> None:
        app.event("message")(self.message)
        app.event("app_mention")(self.mention)
        app.view("ask")(self.asked)

    def message(self, event: Body, client: WebClient, context: BoltContext) -> None:
        """A direct message by a person: not an edit, not our own, not one in a channel."""
        if event.get("channel_type") == "im" and not event.get("subtype") and not event.get("bot_id") and event.get("user"):
            self._reply(event, client, thread=str(event.get("thread_ts") or ""), ours=str(context.bot_user_id or ""))

    def mention(self, event: Body, client: WebClient, context: BoltContext) -> None:
        """In a channel the answer goes into a thread, so that the channel stays calm."""
        if not event.get("bot_id") and event.get("user"):
            # Before Slack has told who we are, the first who is called is us.
            ours = str(context.bot_user_id or first_mention(str(event.get("text") or "")))
            self._reply(event, client, thread=str(event.get("thread_ts") or event["ts"]), ours=ours)

    def asked(self, body: Body, client: WebClient) -> None:
        """From a story's modal, which shows that the answer is being looked for; it is filled in here."""
        view = body["view"]
        text = str(view["state"]["values"]["question"]["question"].get("value") or "")
        answered = self.answer(text, user_of(body), about=str(view.get("private_metadata") or ""))
        client.views_update(view_id=str(view["id"]), view=kit.modal("Answer", [kit.section(strong(text, 300)), *answered.blocks]))

    def answer(self, text: str, user: str, *, about: str = "", previous: str = "", ours: str = "") -> Message:
        """To a message as Slack writes it: who is picked in it is meant, and nobody else."""
        question, stranger = self._question(text, user, ours, about)
        if not question.text or _GREETING.match(question.text):
            return help_message()
        if stranger:
            seen = seen_lately(self.desk.store.activity, self.desk.clock())
            return answer_message(not_known(stranger, user, seen), {stranger: stranger}, about=question.text[:300])
        before, unanswered = self._question(previous, user, ours) if previous else (None, "")
        answer = self.desk.conversation.answer(replace(question, previous=None if unanswered else before))
        return answer_message(answer, self._people(answer), about=question.text[:300])

    def _question(self, text: str, user: str, ours: str, about: str = "") -> tuple[Question, str]:
        """What is asked, and the first of those who are picked in it whom nobody knows. Of one change it is asked whoever is named."""
        said = spoken(text, ours)
        words = words_of(said.words)
        picked = () if about else (*said.users, *((user,) if mine(words) else ()))
        actors, stranger = self._acting(picked)
        zone, now = self.desk.people.time_zone(user), self.desk.clock()
        return Question(text=words, asker=user, asked_at=now, time_zone=zone, about=about, actors=actors), stranger

    def _acting(self, users: Sequence[str]) -> tuple[frozenset[str], str]:
        """The identities of these Slack users in what is watched, and the first of them who has none."""
        if not users:
            return frozenset(), ""
        seen = seen_lately(self.desk.store.activity, self.desk.clock())
        found = {user: self.desk.people.acting_as(user, seen) for user in users}
        return frozenset().union(*found.values()), next((user for user, ids in found.items() if not ids), "")

    def _reply(self, event: Body, client: WebClient, *, thread: str, ours: str) -> None:
        channel, user, written = str(event["channel"]), str(event["user"]), str(event.get("text") or "")
        status(client, channel, thread or str(event["ts"]), "is looking …")
        said = spoken(written, ours)
        answered = None if said.users else self._report(words_of(said.words), user, share=event.get("channel_type") != "im")
        if answered is None:
            about, previous = self._told_in(event, client), self._previous(event, client)
            answered = self.answer(written, user, about=about, previous=previous, ours=ours)
        sent: dict[str, Any] = {"thread_ts": thread} if thread else {}
        client.chat_postMessage(channel=channel, text=answered.text, blocks=list(answered.blocks), unfurl_links=False, **sent)
        # Slack takes the status away by itself only where the answer went into the same thread.
        status(client, channel, thread or str(event["ts"]), "")

    def _report(self, text: str, user: str, *, share: bool) -> Message | None:
        """What `/wgo` tells of, where its words are written as a message; None where they are a question."""
        words = takes(text)
        if words is not None:
            try:
                return self.catching_up.message(words, user, share=share)
            except WhenUnclear:
                return None  # "summarize what Ana did": a question after all
        word, _, rest = text.partition(" ")
        if word.lower() == "status" and not rest:
            return status_message(self.desk.standing.status())
        return history_message(self.desk.standing.history(rest.strip())) if word.lower() == "history" and len(rest.split()) <= 3 else None

    def _people(self, answer: Answer) -> Mapping[str, str]:
        return self.desk.people.of(people_of(answer.text, *(one.says for one in answer.citations)))

    def _previous(self, event: Body, client: WebClient) -> str:
        """What the same person asked just before, in the same place. Nothing where it may not be read."""
        if event.get("channel_type") != "im":
            return ""
        channel, thread = str(event["channel"]), str(event.get("thread_ts") or "")
        try:
            if thread:
                found = client.conversations_replies(channel=channel, ts=thread, limit=_LOOKED_AT)["messages"]
            else:
                found = client.conversations_history(channel=channel, limit=_LOOKED_AT)["messages"]
        except (SlackApiError, *UNANSWERED):
            return ""
        here = float(event["ts"])
        theirs = [one for one in found if one.get("user") == event["user"] and here - _STILL_MEANT_SECONDS < float(one["ts"]) < here]
        return str(max(theirs, key=lambda one: float(one["ts"]))["text"]) if theirs else ""

    def _told_in(self, event: Body, client: WebClient) -> str:
        """The story that the thread is about, where we began it; nothing where the channel may not be read."""
        channel, thread = str(event["channel"]), str(event.get("thread_ts") or "")
        if not thread:
            return ""
        try:
            found = client.conversations_replies(channel=channel, ts=thread, limit=1, include_all_metadata=True)["messages"]
        except (SlackApiError, *UNANSWERED):
            return ""
        metadata = (found[0].get("metadata") or {}) if found else {}
        story_id = str((metadata.get("event_payload") or {}).get("story_id") or "")
        if metadata.get("event_type") != STORY_EVENT or not story_id:
            return ""
        receipt = self.desk.store.deliveries.receipt(channel, story_id)
        return story_id if receipt is not None and Posted.load(receipt.message).ts == thread else ""


def words_of(text: str) -> str:
    """What was written, without Slack's entities: `&lt;` is `<`, `<#C1|infra>` is `infra`."""
    bare = _REFERENCE.sub(lambda found: found[2] or found[3] or "", text)
    for entity, plain in _ENTITIES:
        bare = bare.replace(entity, plain)
    return " ".join(bare.split())


def asking_modal(_: Body) -> Body:
    """What the modal shows at once when a question is sent from it: the acknowledgement."""
    view: Block = kit.modal("Answer", [kit.section("Looking …")])
    return {"response_action": "update", "view": view}
