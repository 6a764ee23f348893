"""One temperature: how sure a verdict is, never which is ahead; fitted where the labels are likeliest."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.calibrate import COLDEST, HOTTEST, ORDER, Example, decide, fit, softmax, threshold
from core.assessment import Verdict

PLANNED, ROUTINE, UNPLANNED = Verdict.PLANNED, Verdict.ROUTINE, Verdict.UNPLANNED


def test_shares_are_tempered_log_odds() -> None:
    shares = softmax({PLANNED: math.log(2.0)}, 0.5)  # against 0 for the other two: 2 ** 2 to 1 to 1
    assert shares == {PLANNED: pytest.approx(4 / 6), ROUTINE: pytest.approx(1 / 6), UNPLANNED: pytest.approx(1 / 6)}


@given(
    weights=st.tuples(*[st.floats(0, 8)] * 3),
    temperatures=st.tuples(*[st.floats(COLDEST, HOTTEST)] * 2),
)
def test_a_temperature_never_changes_which_verdict_is_ahead(weights: tuple[float, float, float], temperatures: tuple[float, float]) -> None:
    logits = dict(zip(ORDER, (round(weight, 3) for weight in weights), strict=True))
    cold, hot = (decide(logits, temperature=one, unknown_below=0.0) for one in sorted(temperatures))
    assert cold.verdict is hot.verdict
    assert cold.confidence >= hot.confidence - 1e-12


def test_a_share_below_the_threshold_is_unknown_and_keeps_its_confidence() -> None:
    told = decide({UNPLANNED: 0.5}, temperature=1.0, unknown_below=0.6)
    assert told.verdict is Verdict.UNKNOWN
    assert told.confidence == pytest.approx(math.exp(0.5) / (math.exp(0.5) + 2))


def test_even_odds_are_told_as_the_graver() -> None:
    assert decide({PLANNED: 2.0, UNPLANNED: 2.0}, temperature=1.0, unknown_below=0.3).verdict is UNPLANNED


def labelled(right: int, wrong: int, weight: float) -> list[Example]:
    """Examples that all weigh the same towards planned, of which `wrong` were unplanned."""
    return [Example(logits={PLANNED: weight}, label=PLANNED)] * right + [Example(logits={PLANNED: weight}, label=UNPLANNED)] * wrong


def test_the_fit_makes_the_confidence_as_high_as_the_share_that_is_right() -> None:
    examples = labelled(right=80, wrong=20, weight=3.0)
    temperature = fit(examples)
    assert temperature is not None
    assert softmax(examples[0].logits, temperature)[PLANNED] == pytest.approx(0.8, abs=1e-4)


def test_a_fit_on_overconfident_weights_is_hotter_than_one_on_timid_ones() -> None:
    timid, bold = fit(labelled(9, 1, 1.0)), fit(labelled(9, 1, 6.0))
    assert timid is not None
    assert bold is not None
    assert timid < 1 < bold


def test_examples_that_are_all_right_do_not_make_it_boundlessly_sure() -> None:
    assert fit(labelled(10, 0, 2.0)) == pytest.approx(COLDEST, rel=1e-3)
    assert fit(labelled(0, 10, 2.0)) == pytest.approx(HOTTEST, rel=1e-3)


def test_nothing_is_fitted_on_nothing() -> None:
    assert fit([]) is None


def test_the_threshold_lies_just_above_the_ordinary_changes_that_would_alarm() -> None:
    ordinary = [{UNPLANNED: 1.0}, {UNPLANNED: 4.0}, *[{PLANNED: 3.0}] * 18]
    chosen = threshold(ordinary, temperature=1.0)
    assert chosen is not None
    told = [decide(logits, temperature=1.0, unknown_below=chosen).verdict for logits in ordinary]
    assert told == [Verdict.UNKNOWN, UNPLANNED, *[PLANNED] * 18]
    assert decide(ordinary[0], temperature=1.0, unknown_below=chosen - 0.01).verdict is UNPLANNED


def test_no_threshold_is_chosen_where_none_would_do_or_nothing_is_known() -> None:
    assert threshold([{UNPLANNED: 50.0}] * 3, temperature=1.0) is None
    assert threshold([], temperature=1.0) is None
