"""Conclusions about one event at one revision, each resting on evidence."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.clock import require_utc
from core.errors import ValueRefused
from core.event import UNKNOWN_ACTOR, Actor
from core.evidence import Evidence


class Verdict(StrEnum):
    PLANNED = "planned"
    UNPLANNED = "unplanned"
    ROUTINE = "routine"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much it matters, on its own axis: a planned change can be high."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class ComfortLevel(StrEnum):
    """The customer's words for how at ease a reader may be about one change."""

    HIGH = "high"
    STANDARD = "standard"
    LOW = "low"
    NONE = "none"


def _require_share(name: str, share: float) -> None:
    if not 0.0 <= share <= 1.0:
        raise ValueRefused(f"{name} must lie between 0 and 1, not {share}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who did it, after joining what other sources know. The event's own actor stays as it was told."""

    actor: Actor = UNKNOWN_ACTOR
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Correlation:
    """The story this event belongs to, and the links that say so. Confidence is computed from the links."""

    story_id: str
    confidence: float
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        _require_share("correlation.confidence", self.confidence)


@dataclass(frozen=True, kw_only=True, slots=True)
class Classification:
    """The customer's ChangeClassification. A verdict other than unknown has evidence."""

    verdict: Verdict = Verdict.UNKNOWN
    confidence: float = 0.0
    severity: Severity = Severity.INFO
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        _require_share("classification.confidence", self.confidence)
        if self.verdict is not Verdict.UNKNOWN and not self.evidence:
            raise ValueRefused(f"{self.verdict} without evidence")


class Frequency(StrEnum):
    FIRST = "first"
    RARE = "rare"
    USUAL = "usual"
    BURST = "burst"
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Is this usual? `says` are plain sentences, each backed by an item of `evidence`. `similar` counts over `history_days`."""

    frequency: Frequency = Frequency.NOT_MEASURED
    similar: int = 0
    similar_last_at: datetime | None = None
    history_days: float = 0.0
    p_value: float | None = None
    says: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stability:
    """A fraction of checks that pass, never without its parts. The customer's ComfortMetrics are these over time."""

    numerator: float
    denominator: float
    source: str
    at: datetime
    environment: str = ""

    def __post_init__(self) -> None:
        require_utc("stability.at", self.at)
        if self.denominator <= 0 or not 0 <= self.numerator <= self.denominator or not self.source:
            raise ValueRefused(f"no score: {self.numerator}/{self.denominator} from {self.source!r}")

    @property
    def score(self) -> float:
        return self.numerator / self.denominator


@dataclass(frozen=True, kw_only=True, slots=True)
class Comfort:
    """What may be said to calm. `reassures` is true if `reassurance` calms in any way; then evidence is not empty."""

    level: ComfortLevel = ComfortLevel.NONE
    reassurance: str = ""
    reassures: bool = False
    stability: Stability | None = None
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        if self.reassures and not (self.evidence and self.reassurance):
            raise ValueRefused("a reassurance without evidence or words")


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrule:
    """A person's word on a verdict. `by` is the person's id at the destination (a Slack user)."""

    verdict: Verdict
    by: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """Everything concluded about one event. Revision 1 is the first; a later one says why it differs in `because`.

    `failed_steps` names analysis steps that raised; such an assessment is tried again.
    """

    event_id: str
    revision: int
    assessed_at: datetime
    correlation: Correlation
    attribution: Attribution = field(default_factory=Attribution)
    classification: Classification = field(default_factory=Classification)
    context: Context = field(default_factory=Context)
    comfort: Comfort = field(default_factory=Comfort)
    rules_version: str = ""
    because: str = ""
    failed_steps: tuple[str, ...] = ()
    overrule: Overrule | None = None

    def __post_init__(self) -> None:
        require_utc("assessment.assessed_at", self.assessed_at)
        if self.revision < 1:
            raise ValueRefused("assessment.revision starts at 1")

    @property
    def verdict(self) -> Verdict:
        """The verdict that counts: a person's word first."""
        return self.overrule.verdict if self.overrule else self.classification.verdict

    @property
    def severity(self) -> Severity:
        return self.classification.severity
