"""What is odd in a stream: bursts, and routines that did not happen. The customer's AnomalyDetector; pure over baselines."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.analysis import habits
from core.baseline import Baseline
from core.evidence import Evidence

# A routine may be this late before its absence is spoken of.
PATIENCE = timedelta(hours=1)
# An older absence is no news.
NEWS = timedelta(hours=6)
_BURST_P = 1e-4
_BURST_LEAST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """An expected routine that did not happen. It may be claimed only where everything was read around `expected_at`."""

    key: str
    expected_at: datetime
    says: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Burst:
    """Many more changes than usual in the hour before `at`."""

    key: str
    at: datetime
    count: int
    p_value: float


def silences(rows: Iterable[Baseline], now: datetime) -> list[Silence]:
    """Routines (daily or weekly, kept three times of four) whose last turn passed without them. In order of time."""
    found = []
    for row in rows:
        silence = _silence(row, now)
        if silence is not None:
            found.append(silence)
    return sorted(found, key=lambda one: (one.expected_at, one.key))


def _silence(row: Baseline, now: datetime) -> Silence | None:
    if row.last_at is None:
        return None
    for step in (timedelta(days=1), timedelta(days=7)):
        expected = row.last_at + step
        if not PATIENCE <= now - expected <= NEWS + PATIENCE:
            continue
        usual = habits.regularity(replace(row, recent=tuple(sorted(row.recent))), expected)
        if usual is None or usual.weekly != (step.days == 7) or (not usual.weekly and _untried(row, expected)):
            continue
        unit = usual.unit(expected)
        what = _what(row.key)
        says = f"{what} did not happen near {expected:%a %H:%M} UTC, though it did on {usual.hits} of the last {usual.of} {unit}"
        evidence = (Evidence(kind="habit", says=f"{usual.hits} of the last {usual.of} {unit}", ref=row.key, at=row.last_at),)
        return Silence(key=row.key, expected_at=expected, says=says, evidence=evidence)
    return None


def _untried(row: Baseline, expected: datetime) -> bool:
    """A day of the weekend, where it was never seen at a weekend: five working days say nothing of a Saturday."""
    return expected.weekday() >= 5 and all(at.weekday() < 5 for at in row.recent)


def _what(key: str) -> str:
    """`same/<resource key>/<fingerprint>` in words."""
    resource = key.removeprefix("same/").rpartition("/")[0]
    return f"the usual change of {resource.rpartition('/')[2]}"


def burst(stream: Baseline | None, now: datetime) -> Burst | None:
    """Is the last hour of this stream far above its rate for this hour of the week?"""
    if stream is None or not stream.recent:
        return None
    count = sum(1 for one in stream.recent if now - timedelta(hours=1) < one <= now)
    days = habits.history_days(stream, now)
    if count < _BURST_LEAST or days < habits.HISTORY_NEEDED_DAYS:
        return None
    p_value = habits.tail(stream, now, days / 7.0)
    return Burst(key=stream.key, at=now, count=count, p_value=p_value) if p_value < _BURST_P else None
