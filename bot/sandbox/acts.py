"""What people do on the page, and what the app is told of it. Tests call the same acts through /_control/act."""

from __future__ import annotations

from typing import Any

from bot.sandbox import inputs, interactions
from bot.sandbox.api.chat import subscription
from bot.sandbox.compose import to_mrkdwn
from bot.sandbox.links import NotAckedError, Parcel
from bot.sandbox.permits import Reply
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Channel, Json, Message, View
from bot.sandbox.replies import take_reply, take_view_answer
from bot.sandbox.slack_json import message_json, view_json
from bot.sandbox.stage import Stage


class Acts:
    """One method an act. Raises Refusal where a person could not have done it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def say(self, *, user: str, channel: str, text: str, thread_ts: str | None = None) -> Json:
        """Send a message or, where it begins with a slash, a command."""
        place = self._place(user, channel)
        if text.startswith("/") and not text.startswith("//"):
            return await self._command(user, place, text, thread_ts)
        if thread_ts is not None and self._stage.team.message(place.id, thread_ts) is None:
            raise Refusal("thread_not_found")
        message = self._stage.team.say(
            Message(
                channel=place.id,
                ts=self._stage.team.next_ts(),
                user=user,
                text=to_mrkdwn(text, self._stage.team, self._stage.app),
                thread_ts=thread_ts,
            )
        )
        self._announce(place, message)
        return {"ts": message.ts, "channel": place.id}

    async def click(
        self,
        *,
        user: str,
        action_id: str,
        block_id: str | None = None,
        value: Any = None,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        values: inputs.Raw | None = None,
    ) -> Json:
        """Press a button, pick from a menu: in a message (channel and ts) or in a view."""
        stage = self._stage
        if view_id is not None:
            view = self._view(user, view_id)
            block, element = inputs.find(view.body["blocks"], block_id, action_id)
            state = inputs.state_of(view.body["blocks"], values or {})
            body = interactions.view_action(stage, user, view_json(stage, view, values=state))
        else:
            place = self._place(user, channel or "")
            message = stage.team.message(place.id, ts or "")
            if message is None or message.only_for not in (None, user):
                raise Refusal("message_not_found")
            block, element = inputs.find(message.blocks, block_id, action_id)
            body = interactions.message_action(stage, user, place, message, inputs.state_of(message.blocks, values or {}))
        body["actions"] = [inputs.action_of(block, element, value, stage.team.next_ts())]
        return await self._interact(body)

    async def submit(self, *, user: str, view_id: str, values: inputs.Raw | None = None) -> Json:
        """Send a modal. What the app acknowledges with decides what becomes of it."""
        view = self._view(user, view_id)
        state = inputs.state_of(view.body["blocks"], values or {})
        view.errors = inputs.missing(view.body["blocks"], state)
        if view.errors:
            self._stage.team.touch()
            return {"errors": view.errors}
        body = interactions.view_event(self._stage, "view_submission", user, view_json(self._stage, view, values=state)) | {
            "response_urls": []
        }
        answer = await self._send(Parcel(kind="interactive", body=body))
        if view.id in self._stage.team.views:
            take_view_answer(self._stage, view, answer)
        return {"errors": view.errors} if view.errors else {}

    async def close(self, *, user: str, view_id: str, everything: bool = False) -> Json:
        """Close the top modal, or all of them; the app hears of it where it asked to."""
        self._view(user, view_id)
        for view in self._stage.team.pop_view(user, everything=everything):
            if view.body.get("notify_on_close"):
                body = interactions.view_event(self._stage, "view_closed", user, view_json(self._stage, view)) | {"is_cleared": everything}
                await self._send(Parcel(kind="interactive", body=body))
        return {}

    async def open_home(self, *, user: str, tab: str = "home") -> Json:
        """Look at the app: its Home tab, or the messages with it."""
        stage = self._stage
        place = stage.team.direct(self._person(user))
        event: Json = {"type": "app_home_opened", "user": user, "channel": place.id, "tab": tab, "event_ts": stage.team.next_ts()}
        home = stage.team.views.get(stage.team.homes.get(user, ""))
        if tab == "home" and home is not None:
            event["view"] = view_json(stage, home)
        stage.outbox.post("app_home_opened", event)
        return {"channel": place.id}

    async def react(self, *, user: str, channel: str, ts: str, name: str) -> Json:
        """Add a reaction, or take it back."""
        place = self._place(user, channel)
        message = self._stage.team.message(place.id, ts)
        if message is None or message.only_for is not None:
            raise Refusal("message_not_found")
        users = message.reactions.setdefault(name, [])
        kind = "reaction_removed" if user in users else "reaction_added"
        users.remove(user) if user in users else users.append(user)
        if not users:
            del message.reactions[name]
        self._stage.team.keep(message)
        item = {"type": "message", "channel": place.id, "ts": ts}
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item": item,
            "item_user": message.user,
            "event_ts": self._stage.team.next_ts(),
        }
        self._stage.outbox.post(kind, event)
        return {"added": kind == "reaction_added"}

    async def invite(self, *, user: str, channel: str, member: str | None = None) -> Json:
        """Bring someone into a channel: the app, unless `member` says who."""
        place, who = self._place(user, channel), member or self._stage.app.bot_user_id
        if place.im:
            raise Refusal("method_not_supported_for_channel_type")
        if who in place.members:
            raise Refusal("already_in_channel")
        place.members.append(who)
        self._stage.team.keep_channel(place)
        self._notice(place, who, "channel_join", f"<@{who}> was added to #{place.name} by <@{user}>.")
        kind = "G" if place.kind == "private" else "C"
        event = {
            "type": "member_joined_channel",
            "user": who,
            "channel": place.id,
            "channel_type": kind,
            "team": self._stage.team.workspace.team_id,
        }
        self._stage.outbox.post("member_joined_channel", event | {"inviter": user, "event_ts": self._stage.team.next_ts()})
        return {}

    async def remove(self, *, user: str, channel: str, member: str | None = None) -> Json:
        """Take someone out of a channel: the app, unless `member` says who."""
        place, who = self._place(user, channel), member or self._stage.app.bot_user_id
        if who not in place.members:
            raise Refusal("not_in_channel")
        place.members.remove(who)
        self._stage.team.keep_channel(place)
        self._notice(place, who, "channel_leave", f"<@{who}> was removed from #{place.name} by <@{user}>.")
        return {}

    async def _command(self, user: str, place: Channel, text: str, thread_ts: str | None) -> Json:
        word, _, rest = text.partition(" ")
        own = await self._own_command(user, place, word, rest.strip())
        if own is not None:
            return own
        command = self._stage.app.command(word)
        if command is None:
            return self._whisper(
                user, place, f"`{word}` is not a valid command. In Slack, a message that begins with `/` is read as a command."
            )
        if thread_ts is not None:
            return self._whisper(user, place, f"`{word}` is not supported in threads. Sorry.", thread_ts)
        if "commands" not in self._stage.app.scopes:
            raise Refusal("missing_scope", needed="commands")
        reply = Reply(channel=place.id, user=user)
        body = interactions.slash_command(self._stage, user, place, word, rest.strip(), self._stage.permits.reply(reply))
        try:
            answer = await self._stage.link.send(Parcel(kind="slash_commands", body=body))
        except NotAckedError as error:
            why = "there is no app connected" if error.reason == "not_connected" else "the app did not respond"
            return self._whisper(user, place, f"`{word}` failed because {why}.") | {"error": "operation_timeout", "reason": error.reason}
        if answer.get("text") or answer.get("blocks"):
            return {"ts": take_reply(self._stage, reply, answer)}
        return {}

    async def _own_command(self, user: str, place: Channel, word: str, rest: str) -> Json | None:
        mention = rest.lstrip("@").lower()
        named = (
            self._stage.app.bot_user_id
            if mention == self._stage.app.name.lower()
            else getattr(self._stage.team.person(mention), "id", None)
        )
        if word not in {"/invite", "/kick", "/remove"}:
            return None
        if named is None:
            return self._whisper(user, place, f"There is no one called `{rest}` here.")
        try:
            return await (self.invite if word == "/invite" else self.remove)(user=user, channel=place.id, member=named)
        except Refusal as refusal:
            return self._whisper(user, place, f"That did not work: `{refusal.code}`.")

    def _whisper(self, user: str, place: Channel, text: str, thread_ts: str | None = None) -> Json:
        message = Message(channel=place.id, ts=self._stage.team.next_ts(), user="USLACKBOT", text=text, only_for=user, thread_ts=thread_ts)
        self._stage.team.say(message)
        return {"ts": message.ts, "said": text}

    def _notice(self, place: Channel, who: str, subtype: str, text: str) -> None:
        self._stage.team.say(Message(channel=place.id, ts=self._stage.team.next_ts(), user=who, text=text, subtype=subtype))

    def _announce(self, place: Channel, message: Message) -> None:
        if self._stage.app.bot_user_id not in place.members:
            return
        kind = {"public": "channel", "private": "group", "im": "im"}[place.kind]
        event = message_json(self._stage, message) | {"channel": place.id, "event_ts": message.ts}
        self._stage.outbox.post(subscription(place), event | {"channel_type": kind})
        if f"<@{self._stage.app.bot_user_id}>" in message.text and not place.im:
            self._stage.outbox.post("app_mention", event | {"type": "app_mention"})

    async def _interact(self, body: Json) -> Json:
        if not self._stage.app.interactive:
            raise Refusal("interactivity_not_enabled", detail="the manifest does not enable interactivity")
        await self._send(Parcel(kind="interactive", body=body))
        return {}

    async def _send(self, parcel: Parcel) -> Json:
        try:
            return await self._stage.link.send(parcel)
        except NotAckedError as error:
            raise Refusal("operation_timeout", reason=error.reason) from None

    def _person(self, user: str) -> str:
        if user not in self._stage.team.people:
            raise Refusal("user_not_found")
        return user

    def _place(self, user: str, channel: str) -> Channel:
        place = self._stage.team.channel(channel)
        if place is None or (self._person(user) not in place.members):
            raise Refusal("channel_not_found")
        return place

    def _view(self, user: str, view_id: str) -> View:
        view = self._stage.team.views.get(view_id)
        if view is None or view.user != user:
            raise Refusal("view_not_found")
        return view


ACTS = frozenset({"say", "click", "submit", "close", "open_home", "react", "invite", "remove"})
