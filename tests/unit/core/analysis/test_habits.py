"""What is usual, learned from rows."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.analysis import habits
from core.analysis.anomaly import burst, silences
from core.analysis.context import context
from core.analysis.habits import keys_of
from core.assessment import Frequency
from core.baseline import Baseline
from core.coverage import Coverage, CoverageState
from core.timerange import TimeRange
from tests.unit.core.changes import ANA, SCALER, T0, change, node


def row(*back: timedelta, key: str = "same/kubernetes/shop/CronJob/snapshot/f") -> Baseline:
    made = Baseline(key=key)
    for one in sorted(back, reverse=True):
        made = habits.remembered(made, T0 - one)
    return made


def days(count: int, start: int = 1) -> tuple[timedelta, ...]:
    return tuple(timedelta(days=n) for n in range(start, start + count))


def test_a_daily_routine_is_seen_and_a_single_time_is_none() -> None:
    found = habits.regularity(row(*days(14)), T0)
    assert found is not None
    assert (found.hits, found.of, found.weekly) == (14, 14, False)
    assert habits.regularity(row(timedelta(days=3)), T0) is None


def test_a_weekly_routine_is_told_from_a_daily_one() -> None:
    found = habits.regularity(row(*(timedelta(weeks=n) for n in range(1, 9))), T0)
    assert found is not None
    assert (found.hits, found.of, found.weekly) == (8, 8, True)


def test_a_count_far_above_its_hour_is_improbable_and_a_usual_one_is_not() -> None:
    steady = row(*(timedelta(days=7 * week, minutes=minute) for week in range(1, 5) for minute in (1, 2)))
    assert habits.tail(steady, T0, 4.0) > 0.2
    busy = steady
    for minute in range(12):
        busy = habits.remembered(busy, T0 - timedelta(minutes=minute))
    assert habits.tail(busy, T0, 4.0) < 0.01


@given(st.integers(0, 40), st.floats(0.2, 60.0))
def test_the_tail_is_a_probability(count: int, weeks: float) -> None:
    made = row(*(timedelta(minutes=n) for n in range(count)))
    assert 0.0 <= habits.tail(made, T0, weeks) <= 1.0


def test_late_arrivals_find_their_place_and_rows_stay_small() -> None:
    made = row(*(timedelta(hours=n) for n in range(200)))
    late = habits.remembered(made, T0 - timedelta(minutes=30))
    assert list(late.recent) == sorted(late.recent)
    assert len(late.recent) == habits.KEPT_TIMES
    assert late.count == 201
    assert len(habits.remembered(row(*days(90)), T0).days) == habits.KEPT_DAYS


def test_forgetting_takes_back_exactly_what_remembering_gave() -> None:
    before = row(*days(5))
    after = habits.forgotten(habits.remembered(before, T0), T0)
    assert (after.count, after.recent) == (before.count, before.recent)
    assert {hour: n for hour, n in after.hours.items() if n} == dict(before.hours)
    assert {day: n for day, n in after.days.items() if n} == dict(before.days)


def stream(weeks: int, active: int) -> Baseline:
    return row(timedelta(weeks=weeks), *days(active), key="stream/cluster")


def test_a_first_time_is_claimed_only_over_a_week_of_history() -> None:
    event = change("api", 0, ANA)
    keys = keys_of(event, ANA)
    known = context(node(event), keys, {keys.stream: stream(5, 20)})
    assert (known.frequency, known.says) == (Frequency.FIRST, ("first time in 30 days of history",))
    young = context(node(event), keys, {keys.stream: row(*days(2), key=keys.stream)})
    assert young.frequency is Frequency.NOT_MEASURED
    assert "too few to say" in young.says[0]


def test_a_first_time_is_not_claimed_across_a_gap() -> None:
    event = change("api", 0, ANA)
    keys = keys_of(event, ANA)
    gap = Coverage(
        source="cluster",
        range=TimeRange(start=T0 - timedelta(hours=3), end=T0 - timedelta(hours=2)),
        state=CoverageState.GAP,
        complete_until=T0,
    )
    told = context(node(event), keys, {keys.stream: stream(5, 20)}, (gap,))
    assert told.frequency is not Frequency.FIRST
    assert told.says == ("not seen before in 30 days of history (a stretch of it was not read)",)
    unknown = context(node(event), keys, {keys.stream: stream(5, 20)}, None)
    assert (unknown.frequency, unknown.says) == (Frequency.RARE, ("not seen before in 30 days of history",))
    long_ago = replace(gap, range=TimeRange(start=T0 - timedelta(days=40), end=T0 - timedelta(days=35)))
    assert context(node(event), keys, {keys.stream: stream(5, 20)}, (long_ago,)).frequency is Frequency.FIRST


def test_similar_changes_are_counted_with_when_and_how_they_ended() -> None:
    event = change("api", 0, SCALER)
    keys = keys_of(event, SCALER)
    same = habits.ended(habits.ended(row(*days(14), key=keys.same), "settled", 9), "degraded")
    told = context(node(event), keys, {keys.same: same, keys.stream: stream(5, 20)})
    assert told.similar == 14
    assert told.similar_last_at == T0 - timedelta(days=1)
    assert told.says == (
        "6 times in the last 7 days on this resource, last Sun 01 Mar 10:00 UTC",
        "usual near 10:00 UTC: 14 of the last 14 days",
        "of 10 that were followed up, 9 settled and 1 did not",
    )
    assert len(told.evidence) == len(told.says)


def test_what_usually_follows_is_told_with_its_support() -> None:
    event = change("settings", 0, ANA, kind="ConfigMap")
    keys = keys_of(event, ANA)
    same = row(*days(15), key=keys.same)
    for _ in range(14):
        same = habits.followed(same, "Deployment api modified", timedelta(seconds=90))
    told = context(node(event), keys, {keys.same: same, keys.stream: stream(5, 20)})
    assert told.expects == ("Deployment api modified usually follows within 2 min: 14 of 15 times",)


def test_a_routine_that_did_not_happen_is_noticed_once_it_is_late() -> None:
    kept = row(*days(14))
    assert silences([kept], T0 + timedelta(minutes=30)) == []
    (found,) = silences([kept], T0 + timedelta(hours=2))
    assert found.expected_at == T0
    assert found.says == "the usual change of snapshot did not happen near Mon 10:00 UTC, though it did on 14 of the last 14 days"
    assert silences([habits.remembered(kept, T0)], T0 + timedelta(hours=2)) == []
    assert silences([kept], T0 + timedelta(hours=12)) == []
    assert silences([row(timedelta(days=1), timedelta(days=9))], T0 + timedelta(hours=2)) == []


def test_nothing_is_missed_at_a_weekend_that_was_never_seen_at_one() -> None:
    # T0 is a Monday: five working days, and then a Saturday without it.
    working = Baseline(key="same/kubernetes/shop/Deployment/api/f")
    for day in range(5):
        working = habits.remembered(working, T0 + timedelta(days=day))
    saturday = T0 + timedelta(days=5)
    assert silences([working], saturday + timedelta(hours=2)) == []
    weekend_too = habits.remembered(habits.remembered(working, T0 - timedelta(days=1)), T0 - timedelta(days=2))
    assert [one.expected_at for one in silences([weekend_too], saturday + timedelta(hours=2))] == [saturday]


def test_a_burst_needs_a_history_to_stand_out_from() -> None:
    quiet = row(*(timedelta(days=7 * n) for n in range(1, 5)), key="stream/cluster")
    for second in range(40):
        quiet = habits.remembered(quiet, T0 - timedelta(seconds=second))
    found = burst(quiet, T0)
    assert found is not None
    assert found.count == 40
    assert burst(row(*(timedelta(seconds=n) for n in range(40)), key="stream/cluster"), T0) is None
