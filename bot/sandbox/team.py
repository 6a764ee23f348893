"""The workspace's state and the few ways in which it changes. One event loop owns it; nothing here does I/O but the journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

from bot.sandbox.journal import Journal
from bot.sandbox.manifest import App
from bot.sandbox.records import Channel, Json, Message, SharedFile, View
from bot.sandbox.workspace import APP, Person, Workspace

Clock = Callable[[], datetime]


class Team:
    """People, channels and what was said. `changed` callbacks are told the ids of channels that look different now."""

    def __init__(self, workspace: Workspace, app: App, clock: Clock, journal: Journal) -> None:
        self.workspace, self.app, self.clock, self.journal = workspace, app, clock, journal
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, SharedFile] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.read_at: dict[tuple[str, str], str] = {}
        self.statuses: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.prompts: dict[str, Json] = {}
        self.changed: list[Callable[[], None]] = []
        self._messages: dict[str, dict[str, Message]] = {}
        self._threads: dict[tuple[str, str], list[Message]] = {}
        self._last_ts = 0.0
        self.kept_tokens: dict[str, str] = {}
        if not self._restore():
            self._seed()

    # people and channels

    def person(self, id_or_name: str) -> Person | None:
        return self.people.get(id_or_name) or next((p for p in self.people.values() if p.name == id_or_name.lstrip("@")), None)

    def channel(self, id_or_name: str) -> Channel | None:
        wanted = id_or_name.lstrip("#")
        return self.channels.get(id_or_name) or next((c for c in self.channels.values() if c.name == wanted and not c.im), None)

    def direct(self, user: str) -> Channel:
        """The direct message between `user` and the app, opened when it is first needed."""
        found = next((c for c in self.channels.values() if c.im and c.partner == user), None)
        if found is None:
            found = Channel(
                id=f"D{user[1:]}", name="directmessage", kind="im", members=[user, self.app.bot_user_id], partner=user, created=self._now()
            )
            self.keep_channel(found)
        return found

    def add_person(self, person: Person) -> None:
        self.people[person.id] = person
        self.journal.keep("person", person.id, asdict(person))
        self.touch()

    def keep_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        self._messages.setdefault(channel.id, {})
        self.journal.keep("channel", channel.id, asdict(channel))
        self.touch()

    # messages

    def next_ts(self) -> str:
        """A time stamp no message has: now, or a microsecond after the last one."""
        self._last_ts = max(self.clock().timestamp(), self._last_ts + 0.000001)
        return f"{self._last_ts:.6f}"

    def say(self, message: Message) -> Message:
        """Keep a new message, and count it as read by who wrote it."""
        self._place(message)
        self.keep(message)
        if message.user in self.people:
            self.mark_read(message.user, message.channel, message.ts)
        return message

    def _place(self, message: Message) -> None:
        self._messages[message.channel][message.ts] = message
        if message.is_reply and message.thread_ts:
            self._threads.setdefault((message.channel, message.thread_ts), []).append(message)

    def keep(self, message: Message) -> None:
        if message.only_for is None:
            self.journal.keep("message", f"{message.channel}/{message.ts}", message.to_record())
        self.touch()

    def remove(self, message: Message) -> None:
        self._messages[message.channel].pop(message.ts, None)
        if message.is_reply and message.thread_ts:
            self._threads[(message.channel, message.thread_ts)].remove(message)
        self.journal.keep("message", f"{message.channel}/{message.ts}", None)
        self.touch()

    def message(self, channel: str, ts: str) -> Message | None:
        return self._messages.get(channel, {}).get(ts)

    def messages(self, channel: str) -> Iterator[Message]:
        """Oldest first, replies and ephemeral ones included."""
        return iter(self._messages.get(channel, {}).values())

    def replies(self, channel: str, ts: str) -> list[Message]:
        return list(self._threads.get((channel, ts), ()))

    def file(self, id: str) -> SharedFile | None:
        return self.files.get(id)

    def keep_file(self, file: SharedFile) -> None:
        self.files[file.id] = file
        self.journal.keep_bytes("file", file.id, {**asdict(file), "content": None}, file.content)
        self.touch()

    # reading

    def mark_read(self, user: str, channel: str, ts: str) -> bool:
        if self.read_at.get((user, channel), "") >= ts:
            return False
        self.read_at[(user, channel)] = ts
        self.journal.keep("read", f"{user}/{channel}", ts)
        return True

    def unread(self, user: str, channel: str) -> list[Message]:
        since = self.read_at.get((user, channel), "")
        return [m for m in self.messages(channel) if m.ts > since and m.user != user and not m.is_reply and m.only_for in (None, user)]

    # views

    def keep_view(self, view: View) -> None:
        self.views[view.id] = view
        if view.kind == "home":
            self.homes[view.user] = view.id
            self.journal.keep("home", view.user, {"id": view.id, "body": view.body, "hash": view.hash})
        self.touch()

    def stack(self, user: str) -> list[View]:
        return [self.views[id] for id in self.stacks.get(user, ())]

    def pop_view(self, user: str, *, everything: bool = False) -> list[View]:
        """Close the top view of `user`, or all of them; those closed are returned, the top first."""
        stack = self.stacks.get(user, [])
        gone = [stack.pop() for _ in range(len(stack) if everything else min(1, len(stack)))]
        self.touch()
        return [self.views.pop(id) for id in gone]

    def touch(self) -> None:
        for tell in self.changed:
            tell()

    def _now(self) -> int:
        return int(self.clock().timestamp())

    def forget(self) -> None:
        """Empty every channel, close every modal and clear every Home tab."""
        for message in [message for channel in self.channels for message in self.messages(channel)]:
            self.remove(message)
        for user in self.homes:
            self.journal.keep("home", user, None)
        for kept in (self.views, self.stacks, self.homes, self.statuses, self.prompts, self._threads):
            kept.clear()
        self.touch()

    # beginnings

    def _seed(self) -> None:
        for person in self.workspace.people:
            self.add_person(person)
        for room in self.workspace.rooms:
            members = [self.app.bot_user_id if member == APP else member for member in room.members]
            kind = "private" if room.private else "public"
            self.keep_channel(Channel(id=room.id, name=room.name, topic=room.topic, members=members, kind=kind, created=self._now()))  # type: ignore[arg-type]
        for person in self.workspace.people:
            self.direct(person.id)
        for first in sorted(self.workspace.messages, key=lambda each: -each.minutes_ago):
            at = self.clock() - timedelta(minutes=first.minutes_ago)
            self._last_ts = max(at.timestamp(), self._last_ts + 0.000001)
            self.say(Message(channel=first.room, ts=f"{self._last_ts:.6f}", user=first.person, text=first.text))
        for channel in self.channels.values():
            for person in self.workspace.people:
                self.mark_read(person.id, channel.id, f"{self.clock().timestamp():.6f}")

    def _restore(self) -> bool:
        kept = self.journal.read()
        for record in kept.of("person").values():
            self.people[record["id"]] = Person(**record)
        for record in kept.of("channel").values():
            self.channels[record["id"]] = Channel(**record)
            self._messages.setdefault(record["id"], {})
        for record in sorted(kept.of("message").values(), key=lambda each: str(each["ts"])):
            self._place(Message(**record))
            self._last_ts = max(self._last_ts, float(record["ts"]))
        for record in kept.of("file").values():
            self.files[record["id"]] = SharedFile(**record)
        for key, ts in kept.of("read").items():
            user, _, channel = key.partition("/")
            self.read_at[(user, channel)] = ts
        for user, record in kept.of("home").items():
            view = View(id=record["id"], user=user, body=record["body"], hash=record["hash"], root=record["id"])
            self.views[view.id], self.homes[user] = view, view.id
        self.kept_tokens = kept.of("tokens").get("app", {})
        return bool(self.people)


def new_id(prefix: str) -> str:
    """An id such as Slack gives: a letter and ten of A–Z and 0–9."""
    return prefix + "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(10))
