"""Says in every channel that nothing can be kept at the moment, and how it ended. The notifier's thread calls it.

There is no room for a receipt of such a note, so its place is remembered in memory alone: a restart inside a spell says it once more.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

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
    _ended_at: datetime | None = None
    _not_before: datetime | None = None

    def speak(self) -> None:
        """Say what is to be said now."""
        spell, now = self.keeping.spell, self.clock()
        if self._known_at is None or now - self._known_at >= _KNOWN_FOR:
            self._subscribed()
        if spell is None or (self._not_before is not None and now < self._not_before):
            return
        self._not_before = None
        if spell.until is not None:
            self._ended_at = spell.until
            self._edit(says_after(spell))
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
            try:
                answer = self.slack.chat_postMessage(channel=channel, blocks=list(note_message(text).blocks), text=text, unfurl_links=False)
            except (SlackApiError, *UNANSWERED) as error:
                self._refused(channel, error)
            else:
                self._notes[channel] = _Note(str(answer["channel"]), str(answer["ts"]), text)

    def _edit(self, text: str) -> None:
        """Let the notes that are there say this."""
        for channel, note in self._notes.items():
            if note.text == text or channel in self._given_up:
                continue
            try:
                self.slack.chat_update(channel=note.channel, ts=note.ts, blocks=list(note_message(text).blocks), text=text)
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
