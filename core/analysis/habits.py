"""What is usual, learned from rows: a few baselines an event, counts by day and hour of the week. Pure over Baseline values.

The rate of an hour of the week is a Gamma-Poisson: its own counts, shrunk to the rate over all hours where there are few; its
predictive distribution is negative binomial, whose tail says how odd a count is (Gelman et al., Bayesian Data Analysis, 2.6).
"""

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from core.baseline import Baseline
from core.event import Actor, Event
from core.json import JsonValue, canonical

KEPT_TIMES = 64
KEPT_DAYS = 62
KEPT_FOLLOWERS = 24
# One made-up week at the overall rate: what an hour without history is shrunk to.
_PRIOR_WEEKS = 1.0
HISTORY_NEEDED_DAYS = 7.0
CLAIMED_DAYS = 30.0
ACTIVE_DAYS = 5
# From so many changes by machinery on it is how a resource is changed, as long as at most this share of them was made by hand.
DECLARED_LEAST, DECLARED_MOST_BY_HAND = 3, 0.25
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Under which baselines an event counts. Few, so that a batch reads and writes few rows. Empty where it does not apply."""

    same: str  # this kind of change on this resource
    like: str  # this kind of change in this environment
    actor: str
    actor_kind: str  # this kind of change by this actor in this environment
    attempts: str
    stream: str

    def all(self) -> tuple[str, ...]:
        return tuple(key for key in (self.same, self.like, self.actor, self.actor_kind, self.attempts, self.stream) if key)


def keys_of(event: Event, actor: Actor) -> Keys:
    who = actor.id or actor.name
    kind = f"{event.provider}/{event.resource.kind}/{event.change_type}"
    counted = not event.attempted
    return Keys(
        same=f"same/{event.resource.key}/{_short(event.fingerprint())}" if counted else "",
        like=f"like/{kind}/{event.environment}",
        actor=f"actor/{who}" if who and counted else "",
        actor_kind=f"acts/{who}/{kind}/{event.environment}" if who and counted else "",
        attempts=f"attempts/{who or event.source}" if event.attempted else "",
        stream=f"stream/{event.source}",
    )


@lru_cache(maxsize=4096)
def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def hour_of_week(at: datetime) -> int:
    return at.weekday() * 24 + at.hour


def remembered(
    baseline: Baseline, at: datetime, *, place: str = "", side: str = "", values: tuple[float, float] | None = None, ending: str = ""
) -> Baseline:
    """The baseline with one more at that time. Late arrivals find their place in `recent`.

    `side` tells whose act it was (`by_machinery`). `values` are those of `values_of`, kept where nothing later is known; `ending`
    is counted where it is known already.
    """
    hour, day = hour_of_week(at), at.date().isoformat()
    days = {**baseline.days, day: baseline.days.get(day, 0) + 1}
    if len(days) > KEPT_DAYS:
        days = dict(sorted(days.items())[-KEPT_DAYS:])
    recent = (*baseline.recent[1 - KEPT_TIMES :], at)
    if baseline.recent and at < baseline.recent[-1]:
        recent = tuple(sorted((*baseline.recent, at)))[-KEPT_TIMES:]
    numbers = baseline.numbers
    if place:
        numbers = {**numbers, f"place:{place}": numbers.get(f"place:{place}", 0.0) + 1.0}
    if side:
        numbers = {**numbers, f"side:{side}": numbers.get(f"side:{side}", 0.0) + 1.0}
    last_at = max(baseline.last_at or at, at)
    if values is not None and last_at == at:
        numbers = {**numbers, "was": values[0], "now": values[1]}
    # Every event counts in some baselines: spelt out, this takes half the time of `replace`.
    return Baseline(
        key=baseline.key,
        count=baseline.count + 1,
        first_at=min(baseline.first_at or at, at),
        last_at=last_at,
        hours={**baseline.hours, hour: baseline.hours.get(hour, 0) + 1},
        days=days,
        recent=recent,
        endings={**baseline.endings, ending: baseline.endings.get(ending, 0) + 1} if ending else baseline.endings,
        followed_by=baseline.followed_by,
        numbers=numbers,
    )


def values_of(event: Event) -> tuple[float, float]:
    """All values before and all after, each as one number, so that an undo is seen without keeping the values."""
    return _digest([change.before for change in event.changes]), _digest([change.after for change in event.changes])


def _digest(values: list[JsonValue]) -> float:
    # 48 bits: a float holds them exactly.
    return float(int.from_bytes(hashlib.blake2b(canonical(values).encode(), digest_size=6).digest(), "big"))


def forgotten(baseline: Baseline, at: datetime) -> Baseline:
    """The baseline with one less at that time, where it counted one."""
    recent = list(baseline.recent)
    if at in recent:
        recent.remove(at)
    hour, day = hour_of_week(at), at.date().isoformat()
    return replace(
        baseline,
        count=max(0, baseline.count - 1),
        hours={**baseline.hours, hour: max(0, baseline.hours.get(hour, 0) - 1)},
        days={**baseline.days, day: max(0, baseline.days.get(day, 0) - 1)},
        recent=tuple(recent),
    )


def followed(baseline: Baseline, label: str, after: timedelta) -> Baseline:
    """The baseline with one more follower, and how long after it came (a running mean)."""
    count = baseline.followed_by.get(label, 0) + 1
    followers = {**baseline.followed_by, label: count}
    if len(followers) > KEPT_FOLLOWERS:
        followers.pop(min(followers, key=lambda one: (followers[one], one)))
    mean = baseline.numbers.get(f"after:{label}", 0.0)
    numbers = {**baseline.numbers, f"after:{label}": mean + (after.total_seconds() - mean) / count}
    kept = {name: value for name, value in numbers.items() if not name.startswith("after:") or name[6:] in followers}
    return replace(baseline, followed_by=followers, numbers=kept)


def ended(baseline: Baseline, ending: str, times: int = 1) -> Baseline:
    endings = {**baseline.endings, ending: baseline.endings.get(ending, 0) + times}
    return replace(baseline, endings={name: count for name, count in endings.items() if count > 0})


def history_days(stream: Baseline | None, at: datetime) -> float:
    """Days of history before `at` in this stream of events; 0 where none."""
    if stream is None or stream.first_at is None or stream.first_at >= at:
        return 0.0
    return (at - stream.first_at) / timedelta(days=1)


def known_days(stream: Baseline | None, at: datetime) -> float:
    """Days of history that may be claimed as such: at most a month, and only of a stream that was seen on several days of it."""
    days = min(history_days(stream, at), CLAIMED_DAYS)
    if stream is None or days < HISTORY_NEEDED_DAYS:
        return 0.0 if stream is None else days
    since = (at - timedelta(days=CLAIMED_DAYS)).date().isoformat()
    active = sum(1 for day in stream.days if since <= day <= at.date().isoformat())
    return days if active >= ACTIVE_DAYS else min(days, float(active))


def recent_days(baseline: Baseline, at: datetime, days: int) -> int:
    """How many in the `days` days up to and including that of `at`."""
    first = (at - timedelta(days=days - 1)).date().isoformat()
    last = at.date().isoformat()
    return sum(count for day, count in baseline.days.items() if first <= day <= last)


def since(baseline: Baseline, at: datetime, window: timedelta) -> int:
    """How many of the remembered times lie in the window that ends with `at` (included; its start is not)."""
    return bisect_right(baseline.recent, at) - bisect_right(baseline.recent, at - window)


def last_before(baseline: Baseline, at: datetime) -> datetime | None:
    """The latest remembered time that is not after `at`."""
    place = bisect_right(baseline.recent, at)
    return baseline.recent[place - 1] if place else None


def tail(baseline: Baseline, at: datetime, weeks: float) -> float:
    """P(at least as many in one such hour of the week as in the hour up to `at`, this one included), by the weekly rate."""
    seen = since(baseline, at, _HOUR) + 1
    return _negative_binomial_tail(seen, *_posterior(baseline, at, weeks))


def _posterior(baseline: Baseline, at: datetime, weeks: float) -> tuple[float, float]:
    weeks = max(weeks, 1e-6)
    overall = max(baseline.count, 0.5) / (weeks * 168.0)
    # The hour up to `at` lies in two hours of the week: each speaks for its part.
    hour, into = hour_of_week(at), at.minute / 60.0
    counted = baseline.hours.get(hour, 0) * into + baseline.hours.get((hour - 1) % 168, 0) * (1.0 - into)
    return overall * _PRIOR_WEEKS + counted, _PRIOR_WEEKS + weeks


def _negative_binomial_tail(seen: int, shape: float, weeks: float) -> float:
    """P(X ≥ seen), X negative binomial with that shape and success probability weeks/(weeks+1)."""
    if seen <= 0:
        return 1.0
    log_term = shape * math.log(weeks / (weeks + 1.0))
    below = 0.0
    for k in range(min(seen, 10_000)):
        below += math.exp(log_term)
        log_term += math.log((shape + k) / (k + 1.0)) - math.log(weeks + 1.0)
    return min(1.0, max(0.0, 1.0 - below))


@dataclass(frozen=True, kw_only=True, slots=True)
class Regularity:
    """`hits` of the last `of` days or weeks had one near this time. `weekly` tells weeks from days, `working` that only Monday to
    Friday count."""

    hits: int
    of: int
    weekly: bool
    working: bool = False

    def unit(self, at: datetime) -> str:
        """What `of` counts, in words."""
        return f"{at:%A}s" if self.weekly else "working days" if self.working else "days"


def regularity(baseline: Baseline, at: datetime) -> Regularity | None:
    """Does it come at this time of day, working day or week again and again? Within an hour, over up to 14 days or 12 weeks before `at`."""
    before = baseline.recent[: bisect_left(baseline.recent, at - _HOUR)]
    if not before or baseline.first_at is None:
        return None
    known_days = int((at - before[0]) / timedelta(days=1) + 0.5)
    days = [at - timedelta(days=n) for n in range(1, min(14, known_days) + 1)]
    # What people's programs do from Monday to Friday misses two days in seven, and is no less regular for it.
    working = [day for day in days if day.weekday() < 5] if at.weekday() < 5 else []
    weeks = [at - timedelta(days=7 * n) for n in range(1, min(12, known_days // 7) + 1)]
    for moments, least in ((days, 4), (working, 4), (weeks, 3)):
        if len(moments) < least:
            continue
        hits = sum(1 for moment in moments if _near(before, moment))
        if hits >= max(least, math.ceil(len(moments) * 0.75)):
            return Regularity(hits=hits, of=len(moments), weekly=moments is weeks, working=moments is working)
    return None


def _near(times: Sequence[datetime], moment: datetime) -> bool:
    """`times` in their order."""
    place = bisect_left(times, moment - _HOUR)
    return place < len(times) and times[place] <= moment + _HOUR


def hour_is_strange(baseline: Baseline, at: datetime) -> bool:
    """Has the actor enough history, and (almost) none of it within two hours of this time of day?"""
    if baseline.count < 20:
        return False
    earliest = at.hour - 2
    near = sum([count for hour, count in baseline.hours.items() if (hour - earliest) % 24 <= 4])
    return near / baseline.count < 0.02


def by_machinery(baseline: Baseline) -> tuple[int, int] | None:
    """(n, m): declared machinery made n of the m changes like it on this resource. None where it is not the usual way."""
    times, by_hand = int(baseline.numbers.get("side:machinery", 0.0)), int(baseline.numbers.get("side:hand", 0.0))
    total = times + by_hand
    return (times, total) if times >= DECLARED_LEAST and by_hand <= total * DECLARED_MOST_BY_HAND else None


def places(baseline: Baseline) -> Mapping[str, float]:
    return {name[6:]: count for name, count in baseline.numbers.items() if name.startswith("place:")}
