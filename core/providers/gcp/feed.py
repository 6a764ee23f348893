"""Changes that Cloud Asset Inventory publishes to a Pub/Sub topic, pulled from a subscription: at least once, in no order.

https://cloud.google.com/asset-inventory/docs/monitor-asset-changes and https://cloud.google.com/pubsub/docs/reference/rest
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden
from core.json import JsonObject, parsed
from core.providers.gcp.rest import Rest

_ROUNDS = 10
_MESSAGES = 100
# An acknowledge call takes no more than 512 KiB: https://cloud.google.com/pubsub/quotas
_ACKS = 1000
_KEEP_SECONDS = 1.0
# A message that is not acknowledged by then comes again; a poll may take a minute.
LEAST_ACK_SECONDS = 60
CONSUME, GET = "pubsub.subscriptions.consume", "pubsub.subscriptions.get"


@dataclass(slots=True)
class Received:
    """`changes` are TemporalAssets. `acks` are to be acknowledged once the batch is stored, those of the unreadable too."""

    changes: list[JsonObject] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    unreadable: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """One subscription."""

    rest: Rest

    @property
    def _url(self) -> str:
        return f"{self.rest.options.pubsub_url.rstrip('/')}/v1/{self.rest.options.feed_subscription}"

    def receive(self, deadline: Deadline) -> Received:
        """What waits, up to a thousand messages. Raises ProviderError where not even the first can be had."""
        found = Received()
        # An empty answer at once, where Google would rather hold the call: a poll has other things to do, and comes again.
        ask: JsonObject = {"maxMessages": _MESSAGES, "returnImmediately": True}
        for _ in range(_ROUNDS):
            if found.acks and deadline.remaining_seconds() < _KEEP_SECONDS:
                break
            try:
                answer = self.rest.call("Pub/Sub", f"{self._url}:pull", CONSUME, deadline, ask=ask)
            except ProviderError:
                if not found.acks:
                    raise
                return found
            messages = answer.get("receivedMessages") or []
            for message in messages:
                self._take(message, found)
            if not messages:
                return found
        found.more = True
        return found

    @staticmethod
    def _take(message: JsonObject, found: Received) -> None:
        found.acks.append(str(message.get("ackId") or ""))
        try:
            text = base64.b64decode(message["message"]["data"], validate=True).decode()
            if not text.lstrip().startswith("{"):
                return  # The first message of a feed welcomes in plain words.
            change = parsed(text)
        except (KeyError, TypeError, ValueError, binascii.Error):
            found.unreadable += 1
            return
        inner = change.get("asset")
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            found.changes.append(change)
        else:
            found.unreadable += 1

    def acknowledge(self, acks: Sequence[str], deadline: Deadline) -> None:
        """Never to be sent again. What fails comes again and is known by then."""
        for start in range(0, len(acks), _ACKS):
            ask: JsonObject = {"ackIds": list(acks[start : start + _ACKS])}
            self.rest.call("Pub/Sub", f"{self._url}:acknowledge", CONSUME, deadline, ask=ask)

    def ails(self, deadline: Deadline) -> tuple[str, str]:
        """What keeps messages from coming though a pull succeeds, and what to do about it; empty where nothing is known to.

        Raises ProviderError where it cannot be asked; a refusal is no ailment, and tells nothing.
        """
        try:
            told = self.rest.call("Pub/Sub", self._url, GET, deadline)
        except ProviderForbidden:
            return "", ""
        if told.get("topic") == "_deleted-topic_":
            return "the subscription's topic was deleted", "Make the topic and the subscription again, and point the feed to it."
        if told.get("detached") is True:
            return "the subscription was detached from its topic", "Make a new subscription to the feed's topic."
        if (told.get("pushConfig") or {}).get("pushEndpoint"):
            return "the subscription pushes to someone else", "Give WGO a pull subscription of its own."
        return "", ""

    def ack_seconds(self, deadline: Deadline) -> int | None:
        """How long a message may wait to be acknowledged; None where it is not told. Raises ProviderError."""
        seconds = self.rest.call("Pub/Sub", self._url, GET, deadline).get("ackDeadlineSeconds")
        return seconds if isinstance(seconds, int) else None
