"""About one message a second and channel, and silence for as long as Slack asks for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

# https://docs.slack.dev/apis/web-api/rate-limits: chat.postMessage, one a second and channel, short bursts tolerated.
EVERY_SECONDS = 1.0


@dataclass(slots=True)
class Pace:
    """When each channel may hear the next message. Not thread-safe: one notifier asks it."""

    every_seconds: float = EVERY_SECONDS
    monotonic: Callable[[], float] = time.monotonic
    _free_at: dict[str, float] = field(default_factory=dict)

    def wait_seconds(self, channel: str) -> float:
        """Zero where a message may go now."""
        return max(0.0, self._free_at.get(channel, 0.0) - self.monotonic())

    def took(self, channel: str) -> None:
        self.hold(channel, self.every_seconds)

    def hold(self, channel: str, seconds: float) -> None:
        self._free_at[channel] = max(self._free_at.get(channel, 0.0), self.monotonic() + seconds)
