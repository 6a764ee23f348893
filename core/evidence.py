"""Evidence: what was seen, where, when, the id that proves it, and the sentence that says it."""

from dataclasses import dataclass
from datetime import datetime

from core.clock import require_utc
from core.errors import ValueRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One fact that a conclusion rests on.

    `kind` names the sort of fact (run, window, identity, habit, health, coverage, rule, step, overrule …), `says` is a plain
    sentence part for people, `ref` the id of the row, event or document that proves it, `weight` its log-odds towards
    planned (negative: against) where it weighs on a verdict.
    """

    kind: str
    says: str
    ref: str
    at: datetime | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        if not self.kind or not self.says:
            raise ValueRefused("evidence needs a kind and a sentence")
        if self.at is not None:
            require_utc("evidence.at", self.at)
