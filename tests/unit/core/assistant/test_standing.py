"""Is it stable: no yes for what is not known by name, not measured, or of another time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from core.baseline import Metric
from core.batch import Batch, Cursor
from core.observation import Health, Observation, Signal
from core.ports import Commit
from tests.unit.core.assistant.test_conversation import ask, says
from tests.unit.core.changes import ANA, change
from tests.unit.core.telling import NOW, Telling, telling

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
YES = "As far as I can see, yes."


def scored(told: Telling, at: datetime, passing: int = 5, environment: str = "prod") -> None:
    told.store.metrics.save([Metric(name="stability", at=at, numerator=passing, denominator=5, source="cluster", environment=environment)])


def reading(told: Telling, name: str, health: Health = Health.HEALTHY, environment: str = "prod", at: datetime = NOW - MINUTE) -> None:
    resource = change(name, environment=environment).resource
    seen = Observation(source="cluster", resource=resource, signal=Signal.ROLLOUT, health=health, at=at, says="3 of 3 ready")
    told.store.work.commit(Commit(source="cluster", batch=Batch(cursor=Cursor(state={}), observations=(seen,))))


@pytest.fixture
def told() -> Iterator[Telling]:
    """Prod is measured, read whole, and all is well there."""
    with telling() as held:
        held.read()
        scored(held, NOW - MINUTE)
        reading(held, "api")
        reading(held, "api-gateway", Health.DEGRADED)
        yield held


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("is azure ok?", "azure"),
        ("is staging stable?", "staging"),
        ("is prod-eu stable?", "prod-eu"),
        ("is production stable?", "production"),
        ("is the payments service healthy?", "payments"),
        ("is the database in eu-west-1 fine?", "eu-west-1"),
        ("are api and payments ok?", "payments"),
        ("is logging healthy?", "logging"),
        ("should I worry about payments?", "payments"),
        ("status of payments", "payments"),
    ],
)
def test_yes_is_not_said_of_what_has_no_check_of_its_own(told: Telling, question: str, name: str) -> None:
    answer = says(ask(told, question))
    assert answer.startswith(f"Not measured: nothing that I read tells the health of {name}.")
    assert "As far as I can see" not in answer


def test_a_source_or_a_provider_is_answered_from_its_own_checks(told: Telling) -> None:
    told.happened(change("vpc", 1, ANA, source="aws-prod", provider="aws"))
    told.read("aws-prod")
    for name in ("aws", "aws-prod"):
        assert says(ask(told, f"is {name} healthy?")).startswith("Not measured: nothing that I read tells the health of aws")
    assert "shop/api-gateway: 0 of 1 checks pass" in says(ask(told, "is cluster healthy?"))


def test_a_named_workload_is_answered_from_its_own_checks(told: Telling) -> None:
    assert says(ask(told, "is the api service healthy?")) == f"{YES} prod · shop/api: 1 of 1 checks pass (Mon 02 Mar 21:59 UTC). "
    assert says(ask(told, "is api-gateway ok?")) == "prod · shop/api-gateway: 0 of 1 checks pass (Mon 02 Mar 21:59 UTC). "
    reading(told, "api", Health.DEGRADED, "staging")
    assert "yes" not in says(ask(told, "is api healthy?"))


def test_an_environment_is_known_by_its_checks_where_nothing_changed_in_it(told: Telling) -> None:
    scored(told, NOW - MINUTE, 4, "dev")
    assert says(ask(told, "is prod stable?")).startswith(YES)
    assert says(ask(told, "is dev stable?")) == "dev: 4 of 5 checks pass (Mon 02 Mar 21:59 UTC). "


def test_only_another_environment_measured_is_no_yes_for_prod() -> None:
    with telling() as told:
        told.read()
        scored(told, NOW - MINUTE, environment="dev")
        assert says(ask(told, "is prod stable?")) == "Not measured: nothing that I read tells the health of prod. "


def test_a_time_that_is_over_is_not_answered_from_now(told: Telling) -> None:
    assert says(ask(told, "was prod ok on Saturday?")).strip() == (
        "Stability in prod was not measured then: no health signal is kept of that time."
    )
    scored(told, NOW - 60 * HOUR)
    scored(told, NOW - 59 * HOUR, 3)
    answer = says(ask(told, "was prod ok on Saturday?")).strip()
    assert answer == (
        "prod in that time: 3 of 5 checks passed at its worst (Sat 28 Feb 11:00 UTC), of 2 measurements from Sat 28 Feb 10:00 UTC "
        "to Sat 28 Feb 11:00 UTC. The rest of that time was not measured."
    )


def test_yes_over_a_time_needs_all_of_it_measured_and_passing(told: Telling) -> None:
    assert "yes" not in says(ask(told, "is prod stable since 19:00?"))
    for number in range(1, 13):
        scored(told, NOW - number * 15 * MINUTE)
    assert says(ask(told, "is prod stable since 19:00?")).startswith(YES)
    scored(told, NOW - 20 * MINUTE, 4)
    answer = says(ask(told, "is prod stable since 19:00?"))
    assert "yes" not in answer
    assert "prod in that time: 4 of 5 checks passed at its worst (Mon 02 Mar 21:40 UTC)" in answer


def test_a_failure_within_minutes_stands_against_yes_over_these_minutes(told: Telling) -> None:
    scored(told, NOW - 10 * MINUTE, 4)
    assert "yes" not in says(ask(told, "has prod been ok for the last 20 minutes?"))


def test_a_named_workload_over_a_time_is_answered_from_its_readings(told: Telling) -> None:
    reading(told, "api", Health.DEGRADED, at=NOW - 30 * MINUTE)
    reading(told, "api")
    answer = says(ask(told, "has api been healthy since 21:00?"))
    assert "yes" not in answer
    assert "shop/api in that time: 0 of 1 checks passed at its worst (Mon 02 Mar 21:30 UTC)" in answer


@pytest.mark.parametrize("question", ["is anything broken?", "should I worry?", "is prod unstable?", "is prod down?", "is prod not ok?"])
def test_whether_something_is_wrong_is_answered_with_no_where_all_is_well(told: Telling, question: str) -> None:
    assert says(ask(told, question)).startswith("As far as I can see, no.")


@pytest.mark.parametrize("question", ["is everything but prod ok?", "is all stable except payments?"])
def test_what_is_left_out_of_how_it_stands_is_not_guessed(told: Telling, question: str) -> None:
    assert "I can't leave anything out of how it stands" in says(ask(told, question))
