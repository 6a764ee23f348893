"""Is the confidence calibrated where nobody looked? Each file judged at a temperature that was fitted on all the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.analysis.calibrate import Example, decide, fit
from core.assessment import Verdict
from core.evaluate import Judged, Scores, is_scored, score


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """One file's scores at the temperature fitted without it. `temperature` is None where no other file has a scored label."""

    file: str
    temperature: float | None
    scores: Scores


@dataclass(frozen=True, kw_only=True, slots=True)
class Folds:
    """`pooled` scores every file together, each at its own fold's temperature; `fitted` is the temperature fitted over all of them."""

    folds: tuple[Fold, ...]
    pooled: Scores | None
    fitted: float | None


def leave_one_out(judged: Sequence[Judged], *, unknown_below: float) -> Folds:
    """One fold per file with scored labels, in order of name. Only the labels of the other files have a say in it."""
    files = sorted({one.file for one in judged if is_scored(one)})
    folds, all_held_out = [], []
    for file in files:
        temperature = fitted_over([one for one in judged if one.file != file])
        held_out = [_anew(one, temperature, unknown_below) for one in judged if one.file == file]
        folds.append(Fold(file=file, temperature=temperature, scores=score(held_out)[0]))
        all_held_out += held_out
    return Folds(folds=tuple(folds), pooled=score(all_held_out)[-1] if folds else None, fitted=fitted_over(judged))


def fitted_over(judged: Sequence[Judged]) -> float | None:
    """The temperature under which the scored labels are likeliest."""
    return fit([Example(logits=one.logits, label=Verdict(one.label)) for one in judged if is_scored(one) and one.logits])


def _anew(one: Judged, temperature: float | None, unknown_below: float) -> Judged:
    """Decided at another temperature. What a step failed on, or nothing was weighed for, stays as it is."""
    if temperature is None or not one.logits or one.event is None or one.event.assessment.failed_steps:
        return one
    return replace(one, decided=decide(one.logits, temperature=temperature, unknown_below=unknown_below))
