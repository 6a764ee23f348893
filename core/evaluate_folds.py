"""Is the confidence calibrated where nobody looked? Each file judged at a temperature and a threshold fitted on all the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.analysis.calibrate import Example, decide, fit, threshold
from core.assessment import Verdict
from core.evaluate import Judged, Scores, is_scored, score


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """One file's scores, decided as fitted without it. `temperature` is None where no other file has a scored label."""

    file: str
    temperature: float | None
    unknown_below: float
    scores: Scores


@dataclass(frozen=True, kw_only=True, slots=True)
class Folds:
    """`pooled` scores every file together, each as its own fold decides.

    `fitted` and `fitted_threshold` are fitted over all of them: what to ship.
    """

    folds: tuple[Fold, ...]
    pooled: Scores | None
    fitted: float | None
    fitted_threshold: float | None


def leave_one_out(judged: Sequence[Judged], *, unknown_below: float) -> Folds:
    """One fold per file with scored or weak labels, in order of name. Only the labels of the other files have a say in it.

    `unknown_below` stands in where no other file has ordinary changes with a weak label to fit the threshold on.
    """
    files = sorted({one.file for one in judged if is_scored(one) or _is_ordinary(one)})
    folds, all_held_out = [], []
    for file in files:
        others = [one for one in judged if one.file != file]
        temperature = fitted_over(others)
        below = _threshold(others, temperature) or unknown_below
        held_out = [_anew(one, temperature, below) for one in judged if one.file == file]
        folds.append(Fold(file=file, temperature=temperature, unknown_below=below, scores=score(held_out)[0]))
        all_held_out += held_out
    fitted = fitted_over(judged)
    return Folds(
        folds=tuple(folds),
        pooled=score(all_held_out)[-1] if folds else None,
        fitted=fitted,
        fitted_threshold=_threshold(judged, fitted),
    )


def fitted_over(judged: Sequence[Judged]) -> float | None:
    """The temperature under which the scored labels are likeliest."""
    return fit([Example(logits=one.logits, label=Verdict(one.label)) for one in judged if is_scored(one) and one.logits])


def _is_ordinary(one: Judged) -> bool:
    return one.strength == "weak" and one.label == Verdict.PLANNED and bool(one.logits)


def _threshold(judged: Sequence[Judged], temperature: float | None) -> float | None:
    ordinary = [one.logits for one in judged if _is_ordinary(one)]
    return None if temperature is None else threshold(ordinary, temperature=temperature)


def _anew(one: Judged, temperature: float | None, unknown_below: float) -> Judged:
    """Decided at another temperature. What a step failed on, or nothing was weighed for, stays as it is."""
    if temperature is None or not one.logits or one.event is None or one.event.assessment.failed_steps:
        return one
    return replace(one, decided=decide(one.logits, temperature=temperature, unknown_below=unknown_below))
