"""The customer's StabilityTracker: the fraction of checks that pass, with its parts, or "not measured". Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from core.assessment import Stability
from core.baseline import Metric
from core.observation import Health, Observation
from core.story import Settling, Story

# An older reading says nothing of now, unless it is trouble that stands.
FRESH = timedelta(hours=1)


def checks_of(observations: Iterable[Observation], at: datetime) -> list[Observation]:
    """Readings that are checks, fresh at that time, the latest of each."""
    latest: dict[str, Observation] = {}
    for one in observations:
        fresh = (one.standing or at - FRESH <= one.at) and one.at <= at + timedelta(minutes=5)
        if not one.is_check or not fresh:
            continue
        before = latest.get(one.key)
        if before is None or before.at <= one.at:
            latest[one.key] = one
    return list(latest.values())


def stability(observations: Iterable[Observation], unsettled: Sequence[Story], at: datetime, environment: str = "") -> Stability | None:
    """Checks that pass over all checks; a degraded story is a check that does not, beyond those that are read to fail: mostly they are
    why it is degraded. None is "not measured": no signal was read."""
    checks = checks_of((o for o in observations if not environment or o.resource.environment == environment), at)
    if not checks:
        return None
    degraded = sum(1 for s in unsettled if s.settling is Settling.DEGRADED and (not environment or environment in s.places))
    passing = sum(1 for one in checks if one.health is Health.HEALTHY)
    sources = ", ".join(sorted({one.source for one in checks}))
    return Stability(
        numerator=passing,
        denominator=len(checks) + max(0, degraded - (len(checks) - passing)),
        source=sources,
        at=at,
        environment=environment,
    )


def as_metric(one: Stability) -> Metric:
    return Metric(
        name="stability", at=one.at, numerator=one.numerator, denominator=one.denominator, source=one.source, environment=one.environment
    )


def usual_score(history: Sequence[Metric]) -> Metric | None:
    """The median of earlier measurements, itself one of them; None where there are fewer than five."""
    if len(history) < 5:
        return None
    return sorted(history, key=lambda one: one.numerator / one.denominator)[len(history) // 2]
