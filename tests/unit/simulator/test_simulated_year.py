"""Ten days of the made-up organisation through the real way: what must hold, whatever the seed."""

import time

import pytest

from tests.simulator.measures import Measured, adjusted_rand, measure
from tests.simulator.replay import Outcome, Replay
from tests.simulator.truth import Meant
from tests.simulator.year import tell

_SEED = 5


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return Replay(tell(days=10, seed=_SEED)).run()


@pytest.fixture(scope="module")
def found(outcome: Outcome) -> Measured:
    return measure(outcome)


def test_the_same_seed_tells_the_same_year() -> None:
    assert tell(days=3, seed=_SEED) == tell(days=3, seed=_SEED)


def test_another_seed_tells_another_year() -> None:
    assert tell(days=3, seed=_SEED).records != tell(days=3, seed=_SEED + 1).records


def test_the_same_seed_gives_the_same_verdicts_and_stories() -> None:
    def verdicts() -> dict[str, tuple[str, str]]:
        told = Replay(tell(days=4, seed=_SEED)).run().told()
        return {one.id: (one.verdict, one.correlation_id) for one, _ in told}

    assert verdicts() == verdicts()


def test_nothing_harmful_or_unplanned_is_ever_spoken_of_calmly(found: Measured) -> None:
    assert found.false_reassurances == 0


def test_nothing_is_spoken_of_calmly_across_a_gap(outcome: Outcome) -> None:
    assert [one for one in outcome.year.outages if one.lost]
    assert outcome.calmed_across == set()


def test_no_read_is_told_as_a_change(found: Measured) -> None:
    assert found.reads_called_change.of > 100
    assert found.reads_called_change.part == 0


def test_every_raw_change_is_seen(found: Measured) -> None:
    assert found.unread_changes == 0


def test_most_that_is_told_planned_or_unplanned_truly_is(found: Measured) -> None:
    assert found.accuracy[Meant.PLANNED].value >= 0.95
    assert found.accuracy[Meant.UNPLANNED].value >= 0.9


def test_security_events_are_told_as_unplanned_and_nothing_else(outcome: Outcome) -> None:
    grave = [one.verdict.value for one, truth in outcome.told() if truth.harm]
    assert grave
    assert set(grave) == {"unplanned"}


def test_few_stories_hold_two_causes(outcome: Outcome, found: Measured) -> None:
    stories = {one.correlation_id for one, _ in outcome.told()}
    assert found.mixed <= 0.03 * len(stories)


def test_an_apply_is_one_story_over_its_calls_and_its_state(outcome: Outcome) -> None:
    stories: dict[str, set[str]] = {}
    for one, truth in outcome.told():
        if truth.sort.startswith("apply"):
            stories.setdefault(truth.cause, set()).add(one.correlation_id)
    assert stories
    assert sum(len(one) > 1 for one in stories.values()) <= 0.1 * len(stories)


def test_nearly_every_event_says_whether_it_is_usual(found: Measured) -> None:
    assert found.context.value >= 0.95


def test_two_partitions_are_compared_without_regard_to_names() -> None:
    assert adjusted_rand(["a", "a", "b", "b"], ["x", "x", "y", "y"]) == 1.0
    assert adjusted_rand(["a", "a", "b", "b"], ["x", "y", "x", "y"]) == pytest.approx(-0.5)


def test_ten_days_take_less_than_fifteen_seconds() -> None:
    begun = time.process_time()
    Replay(tell(days=10, seed=_SEED + 2)).run()
    assert time.process_time() - begun < 15
