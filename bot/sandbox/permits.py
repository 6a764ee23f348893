"""Short-lived permits the app gets with an interaction: trigger ids (one use, 3 s) and response URLs (5 uses, 30 min)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox.limits import RESPONSE_URL_SECONDS, RESPONSE_URL_USES
from bot.sandbox.problems import Refusal
from bot.sandbox.timing import Timing


@dataclass(kw_only=True, slots=True)
class Reply:
    """What a response_url may do: speak to `user` in `channel`, and replace or delete the message it came from."""

    channel: str
    user: str
    source_ts: str | None = None
    thread_ts: str | None = None
    uses_left: int = RESPONSE_URL_USES


class Permits:
    """Issued by interactions, used up by the app."""

    def __init__(self, timing: Timing, team_id: str) -> None:
        self._timing, self._team_id = timing, team_id
        self._triggers: dict[str, tuple[str, float, bool]] = {}
        self._replies: dict[str, tuple[Reply, float]] = {}

    def trigger(self, user: str) -> str:
        id = f"{int(self._now() * 1000)}.{self._team_id}.{secrets.token_hex(16)}"
        self._triggers[id] = (user, self._now(), False)
        return id

    def use_trigger(self, id: str) -> str:
        """The user who triggered it. Raises Refusal where it is unknown, was used, or is older than 3 s."""
        if id not in self._triggers:
            raise Refusal("invalid_trigger_id")
        user, at, used = self._triggers[id]
        if used:
            raise Refusal("exchanged_trigger_id")
        if self._now() - at > self._timing.trigger_seconds:
            raise Refusal("expired_trigger_id")
        self._triggers[id] = (user, at, True)
        return user

    def reply(self, reply: Reply) -> str:
        """The last part of a new response_url."""
        key = secrets.token_urlsafe(18)
        expires = (self._timing.clock() + timedelta(seconds=RESPONSE_URL_SECONDS)).timestamp()
        self._replies[key] = (reply, expires)
        return key

    def use_reply(self, key: str) -> Reply:
        """Raises Refusal where the URL is unknown or old (expired_url) or was used five times (used_url)."""
        reply, expires = self._replies.get(key, (None, 0.0))
        if reply is None or self._now() > expires:
            raise Refusal("expired_url")
        if reply.uses_left <= 0:
            raise Refusal("used_url")
        reply.uses_left -= 1
        return reply

    def _now(self) -> float:
        return self._timing.clock().timestamp()
