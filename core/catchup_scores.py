"""How stable it is now and what is usual there, for a catch-up: fractions that were measured, or none."""

from datetime import datetime, timedelta

from core import catchup_parts as parts
from core.analysis.stability import usual_score
from core.baseline import Metric
from core.ports import Metrics
from core.report import StabilityLine
from core.subscription import Visibility
from core.timerange import TimeRange

STABILITY = "stability"
_LATELY, _AROUND = timedelta(minutes=30), timedelta(minutes=10)


def scores(metrics: Metrics, now: datetime, visibility: Visibility, environments: frozenset[str]) -> tuple[StabilityLine, ...]:
    """The newest of the last half hour; usual is the same time of day in the week before. Raises StorageError."""
    lately = metrics.between(STABILITY, TimeRange(start=now - _LATELY, end=now + _AROUND))
    allowed = visibility.environments
    shown = [one for one in lately if allowed is None or one.environment in allowed]
    if not shown:
        return tuple(parts.stability_lines((), {}, environments))
    earlier: dict[str, list[Metric]] = {}
    for days in range(1, 8):
        at = now - timedelta(days=days)
        for one in metrics.between(STABILITY, TimeRange(start=at - _AROUND, end=at)):
            earlier.setdefault(one.environment, []).append(one)
    usual = {name: usual_score(history) for name, history in earlier.items()}
    return tuple(parts.stability_lines(shown, usual, environments))
