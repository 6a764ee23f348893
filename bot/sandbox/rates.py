"""Slack's rate limits (https://docs.slack.dev/apis/web-api/rate-limits), off until they are switched on."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Final

from bot.sandbox.problems import RateLimited

# Calls a minute, a method and workspace. chat.postMessage is one a second a channel, short bursts allowed.
TIERS: Final[Mapping[int, int]] = {1: 1, 2: 20, 3: 50, 4: 100}
METHOD_TIERS: Final[Mapping[str, int]] = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.startStream": 2,
    "chat.appendStream": 4,
    "chat.stopStream": 2,
    "conversations.list": 2,
    "conversations.info": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.open": 3,
    "conversations.join": 3,
    "conversations.members": 4,
    "users.info": 4,
    "users.list": 2,
    "users.lookupByEmail": 3,
    "users.conversations": 3,
    "views.open": 4,
    "views.update": 4,
    "views.push": 4,
    "views.publish": 4,
    "reactions.add": 3,
    "reactions.remove": 2,
    "assistant.threads.setStatus": 3,
    "assistant.threads.setTitle": 2,
    "assistant.threads.setSuggestedPrompts": 2,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "bots.info": 3,
    "team.info": 3,
}
POSTS_IN_A_BURST: Final = 4
POST_BURST_SECONDS: Final = 4.0


class Rates:
    """Counts calls in a sliding window. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.on = False
        self._now = now
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def admit(self, method: str, channel: str) -> None:
        """Raises RateLimited where this call is one too many; nothing is counted then."""
        if not self.on:
            return
        if method == "chat.postMessage":
            self._admit(f"{method}/{channel}", POSTS_IN_A_BURST, POST_BURST_SECONDS)
        elif method in METHOD_TIERS:
            self._admit(method, TIERS[METHOD_TIERS[method]], 60.0)

    def _admit(self, key: str, most: int, window: float) -> None:
        now, calls = self._now(), self._calls[key]
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= most:
            raise RateLimited(max(1, math.ceil(calls[0] + window - now)))
        calls.append(now)
