"""Speaking up where it helps, once a cause, within a budget; and the numbers that are kept."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.analysis import habits
from core.analysis.stability import stability
from core.assessment import Verdict
from core.baseline import Baseline, Metric
from core.coverage import Coverage, CoverageState
from core.delivery import Receipt
from core.evidence import Evidence
from core.ingest import Ingest
from core.measures import HEARTBEAT, NO_MESSAGE, STABILITY, WATCHED, Measures, trend
from core.observation import Health, Observation, Signal
from core.proactive import Proactive
from core.story import Settling
from core.subscription import Subscription
from core.timerange import TimeRange
from tests.unit.core.changes import ANA, T0, at, change
from tests.unit.core.small_store import SmallStore
from tests.unit.core.test_routing import STORY


def stretch(start: float, end: float, state: CoverageState = CoverageState.READ, reason: str = "") -> Coverage:
    return Coverage(source="cluster", range=TimeRange(start=at(start), end=at(end)), state=state, complete_until=at(start), reason=reason)


def listening(*coverage: Coverage) -> SmallStore:
    store = SmallStore(subscribed=[Subscription(destination="C1")])
    store.read += coverage
    return store


def speak(store: SmallStore, minutes: float, notes_a_day: int = 6) -> list[str]:
    before = set(store.sent)
    ports: Any = store
    Proactive(ports, clock=lambda: at(minutes), notes_a_day=notes_a_day).speak()
    new = [store.sent[key] for key in store.sent if key not in before]
    for one in new:
        receipt = Receipt(destination=one.destination, story_id=one.story_id, revision=one.revision, message="1", sent_at=at(minutes))
        store.receipts[one.destination, one.story_id] = receipt
    return [one.body for one in new]


def test_a_source_gone_blind_is_told_once_and_again_when_it_is_back() -> None:
    store = listening(stretch(-3000, 0), stretch(0, 12, CoverageState.GAP, "timed out"))
    assert speak(store, 12) == ["cluster has not been read since 10:00 UTC: timed out. What changes there I can't see."]
    assert speak(store, 17) == []
    store.read.append(stretch(20, 25))
    assert speak(store, 25) == ["cluster is read again. Not read: Mon 10:00–10:20 UTC. I can't vouch for that gap."]
    assert speak(store, 30) == []


def test_a_short_gap_is_not_worth_a_note() -> None:
    store = listening(stretch(-3000, 0), stretch(0, 3, CoverageState.GAP, "timed out"))
    assert speak(store, 4) == []


def test_a_return_is_not_told_where_the_blindness_was_not() -> None:
    assert speak(listening(stretch(-3000, 0), stretch(30, 60)), 60) == []


def test_a_big_burst_with_one_planned_settled_cause_is_explained_where_all_was_read() -> None:
    told = replace(
        STORY,
        event_count=84,
        verdict=Verdict.PLANNED,
        settling=Settling.SETTLED,
        settled_at=at(12),
        settling_says="6 of 6 ready, 10 min on",
        settling_evidence=(Evidence(kind="health", says="6 of 6 ready", ref="x"),),
        cause="Terraform apply network-upgrade",
    )
    store = listening(stretch(-10, 30))
    store.told[told.id] = told
    assert speak(store, 15) == ["The 84 changes since 10:00 UTC have one cause: Terraform apply network-upgrade. 6 of 6 ready, 10 min on."]
    assert speak(store, 20) == []
    holed = listening(stretch(-10, 5), stretch(8, 30))
    holed.told[told.id] = told
    assert speak(holed, 15) == []


def nightly() -> Baseline:
    row = Baseline(key="same/kubernetes/shop/CronJob/snapshot/f")
    for day in range(14, 0, -1):
        row = habits.remembered(row, T0 - timedelta(days=day))
    return row


def test_a_routine_that_did_not_happen_is_told_only_where_everything_was_read() -> None:
    store = listening(stretch(-600, 200))
    store.rows[nightly().key] = nightly()
    (told,) = speak(store, 120)
    assert told.startswith("The usual change of snapshot did not happen near Mon 10:00 UTC")
    blind = listening(stretch(-600, -5), stretch(5, 200))
    blind.rows[nightly().key] = nightly()
    assert not [one for one in speak(blind, 120) if "snapshot" in one]


def test_a_channel_hears_no_more_notes_a_day_than_its_budget() -> None:
    store = listening(stretch(-600, 200))
    for number in range(5):
        row = replace(nightly(), key=f"same/kubernetes/shop/CronJob/job-{number}/f")
        store.rows[row.key] = row
    assert len(speak(store, 120, notes_a_day=2)) == 2
    assert speak(store, 125, notes_a_day=2) == []


def reading(name: str, health: Health, minutes: float = 0, signal: Signal = Signal.ROLLOUT) -> Observation:
    return Observation(source="cluster", resource=change(name).resource, signal=signal, health=health, at=at(minutes), says=name)


def test_stability_is_a_fraction_with_its_parts_or_not_measured() -> None:
    read = [reading("a", Health.HEALTHY), reading("b", Health.DEGRADED), reading("c", Health.UNKNOWN), reading("d", Health.HEALTHY, -120)]
    score = stability(read, [], T0, "prod")
    assert score is not None
    assert (score.numerator, score.denominator, score.source) == (1, 2, "cluster")
    assert stability([], [], T0, "prod") is None
    assert stability([reading("x", Health.HEALTHY, signal=Signal.LOCK)], [], T0, "prod") is None


def test_a_degraded_story_is_a_check_that_fails() -> None:
    score = stability([reading("a", Health.HEALTHY)], [replace(STORY, settling=Settling.DEGRADED)], T0, "prod")
    assert score is not None
    assert (score.numerator, score.denominator) == (1, 2)


def test_a_degraded_story_and_the_reading_it_rests_on_are_one_check() -> None:
    read = [reading("a", Health.HEALTHY), reading("b", Health.DEGRADED)]
    score = stability(read, [replace(STORY, settling=Settling.DEGRADED)], T0, "prod")
    assert score is not None
    assert (score.numerator, score.denominator) == (1, 2)


@pytest.mark.parametrize(("environment", "counted"), [("prod", (1, 2)), ("staging", (1, 2)), ("dev", (1, 1))])
def test_a_degraded_story_over_two_environments_fails_in_each(environment: str, counted: tuple[int, int]) -> None:
    both = replace(STORY, environment="staging", environments=("prod", "staging"), settling=Settling.DEGRADED)
    healthy = reading("a", Health.HEALTHY)
    score = stability([replace(healthy, resource=replace(healthy.resource, environment=environment))], [both], T0, environment)
    assert score is not None
    assert (score.numerator, score.denominator) == counted


def measured(store: SmallStore, now: datetime) -> dict[str, tuple[float, float]]:
    ports: Any = store
    ingest = Ingest(ports, None, clock=lambda: now)  # type: ignore[arg-type]
    Measures(ports, ingest, clock=lambda: now).measure()
    return {one.name: (one.numerator, one.denominator) for one in store.measured}


def test_a_day_is_measured_once_with_its_parts() -> None:
    store = listening(stretch(-3000, -600), stretch(-500, 2000))
    for minutes in (-700, -650, -640):
        event = change("api", minutes, ANA)
        store.stored[event.id] = event
    store.told["s"] = replace(STORY, last_at=at(-650))
    store.seen["x"] = reading("a", Health.HEALTHY, 1)
    now = at(5)
    found = measured(store, now)
    assert found[NO_MESSAGE] == (2, 3)
    assert found[WATCHED] == (86400.0, 86400.0)
    assert found[STABILITY] == (1, 1)
    count = len([one for one in store.measured if one.name == WATCHED])
    measured(store, now + timedelta(minutes=5))
    assert len([one for one in store.measured if one.name == WATCHED]) == count


def test_a_source_whose_polls_fail_is_not_measured_by_what_it_told_before() -> None:
    store = listening(stretch(-600, -50), stretch(-50, 0, CoverageState.GAP, "timed out"))
    store.seen["x"] = reading("a", Health.HEALTHY, -50)
    assert STABILITY not in measured(store, T0)


def test_a_gap_lowers_the_uptime_of_watching() -> None:
    # 10:00 less 840 minutes is 20:00 of the day before.
    store = listening(stretch(-3000, -840), stretch(-780, 10))
    assert measured(store, at(5))[WATCHED] == (82800.0, 86400.0)


def test_a_heartbeat_is_one_beat() -> None:
    store = listening()
    ports: Any = store
    Measures(ports, Ingest(ports, None, clock=lambda: T0), clock=lambda: T0).heartbeat()  # type: ignore[arg-type]
    assert [(one.name, one.at) for one in store.measured] == [(HEARTBEAT, T0)]


def test_the_first_fourteen_days_are_the_baseline_of_a_trend() -> None:
    history = [
        Metric(name=NO_MESSAGE, at=T0 + timedelta(days=day), numerator=(50 if day < 14 else 75), denominator=100, source="wgo")
        for day in range(30)
    ]
    found = trend(history, T0 + timedelta(days=29))
    assert found is not None
    assert (found.baseline, found.lately, found.change) == (0.5, 0.75, 0.5)
    assert trend(history[:10], T0 + timedelta(days=10)) is None
