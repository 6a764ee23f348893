"""A health reading with its time. Not a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.clock import require_utc
from core.event import Resource
from core.json import JsonValue


class Health(StrEnum):
    HEALTHY = "healthy"
    PROGRESSING = "progressing"  # on its way: a rollout that is not finished
    DEGRADED = "degraded"
    UNKNOWN = "unknown"


class Signal(StrEnum):
    """What was read."""

    ROLLOUT = "rollout"  # available against desired, conditions
    RESTARTS = "restarts"
    CRASH = "crash"  # crash loop, out of memory, image pull
    WARNING = "warning"  # a warning the platform wrote
    ALARM = "alarm"
    NODE = "node"
    DEPLOYMENT = "deployment"  # service deployment state (ECS, ASG)
    STATUS = "status"  # the resource's own status field
    SENSITIVE_READ = "sensitive_read"  # a secret read, a log-in: no change, yet worth knowing
    LOCK = "lock"  # an apply is running


# What is read and tells of no health; and what tells of none that could be counted.
NO_HEALTH = frozenset({Signal.SENSITIVE_READ, Signal.LOCK})
NO_CHECK = NO_HEALTH | {Signal.WARNING}


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One reading. `check` tells two readings of one resource apart (an alarm's name); `says` is a plain sentence part.

    `numerator`/`denominator` where the reading is a fraction (3 of 5 pods ready). `lasting`: its source tells each change of it, so that
    nothing new means that it is still so.
    """

    source: str
    resource: Resource
    signal: Signal
    health: Health
    at: datetime
    says: str
    check: str = ""
    numerator: int | None = None
    denominator: int | None = None
    lasting: bool = False
    detail: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_utc("observation.at", self.at)

    @property
    def standing(self) -> bool:
        """Is it trouble that lasts until its source says otherwise, however long ago it was read?"""
        return self.lasting and self.health is Health.DEGRADED

    @property
    def is_check(self) -> bool:
        """Does it say that something is well or is not?"""
        return self.signal not in NO_CHECK and self.health is not Health.UNKNOWN

    @property
    def key(self) -> str:
        """One current reading per resource, signal and check."""
        return f"{self.resource.key}#{self.signal}#{self.check}"
