"""Is this usual? Counts, rate, season and what usually follows, from baselines as they were before the event. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.analysis import habits
from core.analysis.habits import Keys
from core.analysis.ties import Node
from core.assessment import Context, Frequency
from core.baseline import Baseline
from core.coverage import Coverage
from core.evidence import Evidence

_BURST_P = 0.001
_BURST_LEAST = 3
_FOLLOW_LEAST = 5
_FOLLOW_SHARE = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Usual:
    """The baseline that tells most about an event, and in which words."""

    baseline: Baseline
    what: str


def context(node: Node, keys: Keys, baselines: Mapping[str, Baseline], gaps: Sequence[Coverage] | None = ()) -> Context:
    """`gaps` are those of the event's source in the days before it, None where nobody knows what was read. Raises nothing."""
    at = node.at
    days = habits.history_days(baselines.get(keys.stream), at)
    usual = _usual(node, keys, baselines, at)
    if usual is None:
        return _first(keys, habits.known_days(baselines.get(keys.stream), at), at, gaps)
    baseline = usual.baseline
    p_value = habits.tail(baseline, at, max(days, 1.0) / 7.0) if days >= habits.HISTORY_NEEDED_DAYS else None
    lately = habits.recent_days(baseline, at, 7)
    same = baseline.key == keys.same
    says = [_count_words(usual, lately, at)]
    if regular := habits.regularity(baseline, at):
        says.append(f"usual near {at:%H:%M} UTC: {regular.hits} of the last {regular.of} {regular.unit(at)}")
    if ended := _ended(baseline):
        says.append(ended)
    frequency = _frequency(baseline, at, p_value, days, same=same)
    if frequency is Frequency.BURST and p_value is not None:
        says.append(f"more than usual for {at:%A} {at:%H}:00 UTC (p = {p_value:.2g})")
    return Context(
        frequency=frequency,
        similar=baseline.count,
        similar_last_at=habits.last_before(baseline, at),
        history_days=round(days, 1),
        p_value=p_value,
        says=tuple(says),
        expects=_expects(baseline) if same else (),
        evidence=tuple(Evidence(kind="habit", says=one, ref=baseline.key, at=baseline.last_at) for one in says),
    )


def _usual(node: Node, keys: Keys, baselines: Mapping[str, Baseline], at: datetime) -> Usual | None:
    for key in (keys.same, keys.like, keys.actor_kind, keys.attempts, keys.actor):
        if key and (baseline := baselines.get(key)) and baseline.count and (baseline.first_at or at) <= at:
            return Usual(baseline=baseline, what=_what(node, keys, key))
    return None


def _what(node: Node, keys: Keys, key: str) -> str:
    """What the baseline under that key counts, in words."""
    who = node.actor.name or node.actor.id
    if key == keys.same:
        return "on this resource"
    if key == keys.like:
        place = f" in {node.event.environment}" if node.event.environment else ""
        return f"of {node.event.resource.kind} {node.event.change_type}{place}"
    if key == keys.actor_kind:
        return f"by {who}"
    return f"refused attempts of {who or 'this source'}" if key == keys.attempts else f"changes of any kind by {who}"


def _first(keys: Keys, days: float, at: datetime, gaps: Sequence[Coverage] | None) -> Context:
    """A first time counts only where at least seven days are known, and without a hole in them."""
    if days < habits.HISTORY_NEEDED_DAYS:
        says = f"no change like it yet, in {days:.1f} days of history: too few to say whether that is usual"
        evidence = (Evidence(kind="habit", says=says, ref=keys.stream, at=at),) if days > 0 else ()
        return Context(history_days=round(days, 1), says=(says,) if days > 0 else (), evidence=evidence)
    holes = [gap for gap in gaps or () if gap.range.end > at - timedelta(days=days)]
    whole = gaps is not None and not holes
    says = f"{'first time' if whole else 'not seen before'} in {int(days)} days of history"
    if holes:
        says += f" ({len(holes)} stretches of it were not read)" if len(holes) > 1 else " (a stretch of it was not read)"
    return Context(
        frequency=Frequency.FIRST if whole else Frequency.RARE,
        history_days=round(days, 1),
        says=(says,),
        evidence=(Evidence(kind="habit", says=says, ref=keys.stream, at=at),),
    )


def _count_words(usual: Usual, lately: int, at: datetime) -> str:
    last = habits.last_before(usual.baseline, at)
    times = "once" if lately == 1 else f"{lately} times"
    since = f", last {last:%a %d %b %H:%M} UTC" if last else ""
    if lately:
        return f"{times} in the last 7 days {usual.what}{since}"
    total = "once" if usual.baseline.count == 1 else f"{usual.baseline.count} times"
    return f"{total} before {usual.what}{since}"


def _ended(baseline: Baseline) -> str:
    settled, degraded = baseline.endings.get("settled", 0), baseline.endings.get("degraded", 0)
    if settled + degraded == 0:
        return ""
    return f"of {settled + degraded} that were followed up, {settled} settled" + (f" and {degraded} did not" if degraded else "")


def _frequency(baseline: Baseline, at: datetime, p_value: float | None, days: float, *, same: bool) -> Frequency:
    if p_value is None:
        return Frequency.NOT_MEASURED
    within_hour = habits.since(baseline, at, timedelta(hours=1)) + 1
    if p_value < _BURST_P and within_hour >= _BURST_LEAST:
        return Frequency.BURST
    a_week = baseline.count / max(days / 7.0, 1.0)
    return Frequency.USUAL if a_week >= 1.0 and (same or baseline.count >= 3) else Frequency.RARE


def _expects(baseline: Baseline) -> tuple[str, ...]:
    found = []
    for label, times in sorted(baseline.followed_by.items(), key=lambda item: (-item[1], item[0])):
        if times >= _FOLLOW_LEAST and times / max(baseline.count, 1) >= _FOLLOW_SHARE:
            minutes = max(1, round(baseline.numbers.get(f"after:{label}", 0.0) / 60.0 + 0.4999))
            found.append(f"{label} usually follows within {minutes} min: {min(times, baseline.count)} of {baseline.count} times")
    return tuple(found[:3])
