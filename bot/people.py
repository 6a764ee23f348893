"""Who of Slack's people is meant: the time zone of a reader, and the Slack user behind an actor's e-mail address."""

import logging
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack_calls import UNANSWERED, refusal
from core.clock import Clock, utc_now
from core.event import Actor

_log = logging.getLogger(__name__)
_KEPT, _MISSED, _FAILED = timedelta(hours=12), timedelta(hours=6), timedelta(minutes=1)
_EMAIL = re.compile(r"[A-Za-z0-9.+_%-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_ASKED_AT_ONCE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    value: str
    until: datetime


@dataclass(slots=True)
class People:
    """Looks people up and remembers them for a while. Raises nothing: who cannot be found has a name, and reads UTC."""

    slack: WebClient | None
    clock: Clock = utc_now
    may_look_up: bool = True
    _zones: dict[str, _Kept] = field(default_factory=dict)
    _users: dict[str, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def time_zone(self, user: str) -> str:
        """The IANA name of the user's own time zone."""
        with self._lock:
            kept = self._zones.get(user)
        if kept is not None and self.clock() < kept.until:
            return kept.value
        zone, keep = self._asked_zone(user)
        with self._lock:
            self._zones[user] = _Kept(value=zone, until=self.clock() + keep)
        return zone

    def of(self, actors: tuple[Actor, ...]) -> Mapping[str, str]:
        """Actor id → Slack user, for those that have an e-mail address which Slack knows."""
        found: dict[str, str] = {}
        asked = 0
        for actor in actors:
            email = _email_of(actor)
            if not email:
                continue
            user = self._known(email)
            if user is None and asked < _ASKED_AT_ONCE:
                asked += 1
                user = self._look_up(email)
            if user:
                found[actor.id or actor.name] = user
        return found

    def acting_as(self, user: str, actors: Iterable[Actor]) -> frozenset[str]:
        """Ids of those who are this Slack user: by the mail address where both have one, else by a name that is the user's to the letter.
        None where nothing says so."""
        email, names = self._names(user)
        found = set()
        for actor in actors:
            theirs = _email_of(actor)
            same = theirs == email if theirs and email else not names.isdisjoint({actor.name.casefold(), actor.id.casefold()})
            if same:
                found.add(actor.id or actor.name)
        return frozenset(found)

    def _names(self, user: str) -> tuple[str, frozenset[str]]:
        """The user's mail address where it may be read, and what they are called."""
        if self.slack is None:
            return "", frozenset()
        try:
            held = self.slack.users_info(user=user)["user"]
        except (SlackApiError, *UNANSWERED, KeyError) as error:
            _log.warning("user not known", extra={"user": user, "error": type(error).__name__})
            return "", frozenset()
        profile = held.get("profile") or {}
        email = str(profile.get("email") or "").lower()
        called = (held.get("name"), held.get("real_name"), profile.get("real_name"), profile.get("display_name"), email.partition("@")[0])
        return email, frozenset(str(one).casefold() for one in called if one)

    def _known(self, email: str) -> str | None:
        with self._lock:
            kept = self._users.get(email)
        return kept.value if kept is not None and self.clock() < kept.until else None

    def _look_up(self, email: str) -> str:
        if self.slack is None or not self.may_look_up:
            return ""
        user, keep = "", _MISSED
        try:
            user, keep = str(self.slack.users_lookupByEmail(email=email)["user"]["id"]), _KEPT
        except SlackApiError as error:
            answer = refusal(error)
            self.may_look_up = answer.error != "missing_scope"
            keep = _MISSED if answer.error == "users_not_found" else _FAILED
        except UNANSWERED:
            keep = _FAILED
        with self._lock:
            self._users[email] = _Kept(value=user, until=self.clock() + keep)
        return user

    def _asked_zone(self, user: str) -> tuple[str, timedelta]:
        if self.slack is None:
            return "UTC", _FAILED
        try:
            zone = str(self.slack.users_info(user=user)["user"].get("tz") or "UTC")
            ZoneInfo(zone)
        except (SlackApiError, *UNANSWERED, KeyError, ValueError) as error:
            _log.warning("time zone not known", extra={"user": user, "error": type(error).__name__})
            return "UTC", _FAILED
        return zone, _KEPT


def _email_of(actor: Actor) -> str:
    for text in (actor.id, actor.name, actor.session):
        if found := _EMAIL.search(text):
            return found[0].lower()
    return ""
