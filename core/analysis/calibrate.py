"""How sure is sure? One temperature turns sums of log-odds into shares; it is fitted on labelled examples. Pure.

Temperature scaling after Guo et al. 2017, https://arxiv.org/abs/1706.04599: it changes how sure a verdict is, never which one is ahead.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.assessment import Verdict

# Ties go to the last one: better a look too many.
ORDER = (Verdict.PLANNED, Verdict.ROUTINE, Verdict.UNPLANNED)
# A fit stays between these: beyond them examples that are all right, or too few, would make it boundless.
COLDEST, HOTTEST = 0.25, 4.0
# Of ordinary changes that somebody's rules, documents or recordings call harmless, this share at most may alarm.
MOST_ALARMED = 0.05
_STEPS = 60
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """What was weighed for one change, in log-odds, and what it truly was."""

    logits: Mapping[Verdict, float]
    label: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """`verdict` is the one ahead, or unknown where its share is below the threshold; `confidence` is that share either way."""

    verdict: Verdict
    confidence: float
    shares: Mapping[Verdict, float]


def decide(logits: Mapping[Verdict, float], *, temperature: float, unknown_below: float) -> Decision:
    shares = softmax(logits, temperature)
    ahead = max(reversed(ORDER), key=lambda one: shares[one])
    confidence = shares[ahead]
    return Decision(verdict=Verdict.UNKNOWN if confidence < unknown_below else ahead, confidence=confidence, shares=shares)


def softmax(logits: Mapping[Verdict, float], temperature: float) -> dict[Verdict, float]:
    """Shares that sum to 1, tempered: a low temperature sharpens, a high one flattens. A verdict that nothing spoke for has 0 log-odds."""
    top = max(logits.get(verdict, 0.0) for verdict in ORDER)
    raised = {verdict: math.exp((logits.get(verdict, 0.0) - top) / temperature) for verdict in ORDER}
    total = sum(raised.values())
    return {verdict: value / total for verdict, value in raised.items()}


def fit(examples: Sequence[Example]) -> float | None:
    """The temperature under which the labels are likeliest, within COLDEST and HOTTEST; None without examples.

    The loss is convex in 1/temperature, so that a golden-section search over it ends at the one minimum.
    """
    if not examples:
        return None
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(examples, left) <= _loss(examples, right):
            high = right
        else:
            low = left
    return 2 / (low + high)


def threshold(ordinary: Sequence[Mapping[Verdict, float]], *, temperature: float, most: float = MOST_ALARMED) -> float | None:
    """The lowest confidence, in hundredths, under which to tell unknown so that at most `most` of ordinary changes are told unplanned.

    None without ordinary changes, or where even the surest alarms are too many.
    """
    if not ordinary:
        return None
    told = [decide(logits, temperature=temperature, unknown_below=0.0) for logits in ordinary]
    alarmed = [one.confidence for one in told if one.verdict is Verdict.UNPLANNED]
    return next((step / 100 for step in range(34, 100) if sum(one >= step / 100 for one in alarmed) <= most * len(ordinary)), None)


def _loss(examples: Sequence[Example], coldness: float) -> float:
    """Mean negative log-likelihood of the labels."""
    total = 0.0
    for one in examples:
        scaled = [one.logits.get(verdict, 0.0) * coldness for verdict in ORDER]
        top = max(scaled)
        total += top + math.log(sum(math.exp(value - top) for value in scaled)) - one.logits.get(one.label, 0.0) * coldness
    return total / len(examples)
