"""A story's revision to one destination, not before a time. Core knows destinations as opaque strings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.clock import require_utc


class DeliveryState(StrEnum):
    DUE = "due"
    PARKED = "parked"  # the destination takes nothing from us now (we are not in it): tried again, and sent when it does
    SENDING = "sending"  # claimed; after a crash: look for it at the destination, or send again
    SENT = "sent"
    FAILED = "failed"  # given up, with the reason; shown by doctor
    SKIPPED = "skipped"  # overtaken by a later revision, or nothing left to tell, before it was sent


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Key: destination, story, revision; unique. `kind` is story, note (a plain text of our own) or digest."""

    destination: str
    story_id: str
    revision: int
    not_before: datetime
    kind: str = "story"
    body: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        require_utc("delivery.not_before", self.not_before)

    @property
    def key(self) -> str:
        return f"{self.destination}|{self.story_id}|{self.revision}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDelivery:
    delivery: Delivery
    state: DeliveryState
    attempts: int
    claimed_at: datetime | None = None
    message: str = ""
    failure: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parked:
    """How many messages wait for a destination that takes nothing from us, and why, with what to do."""

    destination: str
    messages: int
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Where a story's message lives at its destination. `message` is opaque (a Slack channel and ts)."""

    destination: str
    story_id: str
    revision: int
    message: str
    sent_at: datetime
