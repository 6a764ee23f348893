"""Says in every channel that nothing can be kept at the moment, and how it ended. The notifier's thread calls it.

There is no room for a receipt of such a note, so its place is remembered in memory alone. What an earlier run said is looked for in
the channel, where history may be read; elsewhere a restart inside a spell says it once more.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack_calls import UNANSWERED, refusal
from bot.views.story import note_message
from core.clock import Clock
from core.errors import StorageError
from core.keeping import Keeping, Unkept
from core.ports import Subscriptions
from core.routing import quiet_until
from core.subscription import Subscription

_log = logging.getLogger(__name__)
# A lock that another program holds for a moment is nobody's concern.
SAID_AFTER = timedelta(seconds=10)
_AGAIN_AFTER = timedelta(seconds=30)
# A disk that is full now and then is one trouble: its note is edited to and fro, and no new one is posted.
_SAME_TROUBLE = timedelta(minutes=30)
# Who subscribes is looked up while the store answers, as it may not when it is needed.
_KNOWN_FOR = timedelta(minutes=5)
# In a note's metadata, so that the next run knows it. Looked for among so many of a channel's messages.
_EVENT, _LOOKED_AT, _LOOK_BACK = "wgo_unkept", 200, timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Note:
    channel: str
    ts: str
    text: str


@dataclass(slots=True)
class UnkeptNotes:
    """One note a spell and channel, edited when the spell has ended. `speak` raises nothing of Slack's or the store's."""

    keeping: Keeping
    slack: WebClient
    subscriptions: Subscriptions
    clock: Clock
    _known: tuple[Subscription, ...] = ()
    _known_at: datetime | None = None
    _notes: dict[str, _Note] = field(default_factory=dict)
    _given_up: set[str] = field(default_factory=set)
    _left: dict[str, _Note] | None = None
    _ended_at: datetime | None = None
    _not_before: datetime | None = None

    def speak(self) -> None:
        """Say what is to be said now."""
        spell, now = self.keeping.spell, self.clock()
        if self._known_at is None or now - self._known_at >= _KNOWN_FOR:
            self._subscribed()
        if self._not_before is not None and now < self._not_before:
            return
        self._not_before = None
        if self._left is None and self._known_at is not None:
            self._left = self._said_before(now)
        if spell is None:
            self._take_back()
            return
        self._notes, self._left = (self._left or {}) | self._notes, {}
        if spell.until is not None:
            self._ended_at = spell.until
            self._edit(says_after(spell), over=True)
        elif now - spell.since >= SAID_AFTER:
            if self._ended_at is not None and spell.since - self._ended_at > _SAME_TROUBLE:
                self._notes, self._given_up, self._ended_at = {}, set(), None
            self._edit(says_now(spell))
            self._post(says_now(spell), now)

    def _post(self, text: str, now: datetime) -> None:
        for subscription in self._subscribed():
            channel, quiet = subscription.destination, subscription.quiet_hours
            if channel in self._notes or channel in self._given_up or (quiet and quiet_until(quiet, now)):
                continue
            blocks, metadata = list(note_message(text).blocks), _metadata(over=False)
            try:
                answer = self.slack.chat_postMessage(channel=channel, blocks=blocks, text=text, metadata=metadata, unfurl_links=False)
            except (SlackApiError, *UNANSWERED) as error:
                self._refused(channel, error)
            else:
                self._notes[channel] = _Note(str(answer["channel"]), str(answer["ts"]), text)

    def _said_before(self, now: datetime) -> dict[str, _Note]:
        """By channel, what an earlier run said and did not live to take back."""
        found = {}
        oldest = f"{(now - _LOOK_BACK).timestamp():.6f}"
        for channel in (one.destination for one in self._known):
            try:
                page = self.slack.conversations_history(channel=channel, oldest=oldest, limit=_LOOKED_AT, include_all_metadata=True)
            except (SlackApiError, *UNANSWERED) as error:
                _log.info("not looked for earlier notes", extra={"channel": channel, "error": type(error).__name__})
                continue
            for message in page["messages"]:
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == _EVENT and not (metadata.get("event_payload") or {}).get("over"):
                    found[channel] = _Note(channel, str(message["ts"]), str(message.get("text") or ""))
                    break
        return found

    def _take_back(self) -> None:
        """Nothing was refused since the start: what an earlier run said is over as soon as anything was kept."""
        kept_at = self.keeping.kept_at
        if self._left and kept_at is not None:
            self._notes, self._left = self._left, {}
            self._edit(says_after_restart(kept_at), over=True)
            self._notes = {}

    def _edit(self, text: str, *, over: bool = False) -> None:
        """Let the notes that are there say this."""
        for channel, note in self._notes.items():
            if note.text == text or channel in self._given_up:
                continue
            try:
                blocks, metadata = list(note_message(text).blocks), _metadata(over=over)
                self.slack.chat_update(channel=note.channel, ts=note.ts, blocks=blocks, text=text, metadata=metadata)
            except (SlackApiError, *UNANSWERED) as error:
                self._refused(channel, error)
            else:
                self._notes[channel] = replace(note, text=text)

    def _refused(self, channel: str, error: Exception) -> None:
        answer = refusal(error) if isinstance(error, SlackApiError) else None
        if answer is not None and answer.permanent:
            self._given_up.add(channel)
        else:
            self._not_before = self.clock() + _AGAIN_AFTER
        code = answer.error if answer is not None else type(error).__name__
        _log.warning("not told that nothing is kept", extra={"channel": channel, "error": code})

    def _subscribed(self) -> Sequence[Subscription]:
        # Else those that were known last: what cannot be written can sometimes not be read either.
        with suppress(StorageError):
            self._known, self._known_at = tuple(self.subscriptions.all()), self.clock()
        return self._known


def _metadata(*, over: bool) -> dict[str, Any]:
    return {"event_type": _EVENT, "event_payload": {"over": over}}


def says_now(spell: Unkept | None) -> str:
    """That nothing is kept, since when, why, and what to do; empty outside of a spell."""
    if spell is None or spell.until is not None:
        return ""
    step = f" {spell.next_step}" if spell.next_step else ""
    return (
        f"I can't keep what I see since {spell.since:%H:%M} UTC: {spell.says}.{step} "
        "Until then I tell no new change here; afterwards I read on from where I stood."
    )


def says_after(spell: Unkept) -> str:
    assert spell.until is not None
    return (
        f"I can keep what I see again. Nothing was kept {spell.since:%H:%M}–{spell.until:%H:%M} UTC: {spell.says}. "
        "What the sources still show of that time is told; what came and went in it I may not have seen."
    )


def says_after_restart(kept_at: datetime) -> str:
    """When it began was said by a run that ended before it was over."""
    return (
        f"I can keep what I see again, since {kept_at:%H:%M} UTC. I was started anew in between. "
        "What the sources still show of the time before is told; what came and went in it I may not have seen."
    )
