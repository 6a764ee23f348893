"""What people's words teach: counts of the like, and a small online logistic model per sign. Rows in Baseline.numbers; pure.

A nudge is always visible: it comes with the sentence "because you marked 3 like it as planned".
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from core.analysis.signs import Sign
from core.assessment import Verdict
from core.baseline import Baseline
from core.event import Actor, ActorKind, Event

MODEL_KEY = "taught/model"
_RATE = 0.1
_MOST_NUDGE = 1.5
_MOST_SIZE = 3.0
VERDICTS = (Verdict.PLANNED, Verdict.UNPLANNED, Verdict.ROUTINE)


def key_of(event: Event, actor: Actor) -> str:
    """The like: same kind of change on the same kind of thing, by the same sort of actor in the same way, in the same place.

    Of a person only that person's: what was said of one hand is no word about another.
    """
    traits, scope = ",".join(sorted(event.traits)), event.resource.scope
    who = f"{actor.kind}:{actor.id or actor.name}" if actor.kind is ActorKind.HUMAN else actor.kind
    place = f"{event.environment}/{scope.namespace or scope.account or scope.project}"
    return f"taught/{event.provider}/{event.resource.kind}/{event.change_type}/{who}/{actor.via}/{place}/{traits}"


def signs(taught: Baseline | None) -> Iterable[Sign]:
    """One sign per verdict that people gave to the like, sized by how many (less those who said otherwise)."""
    if taught is None:
        return
    for verdict in VERDICTS:
        times = taught.numbers.get(verdict, 0.0)
        against = sum(taught.numbers.get(other, 0.0) for other in VERDICTS if other is not verdict)
        if times > against:
            size = min(_MOST_SIZE, 0.9 * math.log1p(times - against))
            says = f"because people marked {int(times)} like it as {verdict}"
            yield Sign(name=f"taught_{verdict}", says=says, ref=taught.key, kind="taught", at=taught.last_at, size=size)


def nudges(model: Baseline | None, seen: Iterable[str]) -> Mapping[Verdict, float]:
    """Log-odds that the online model adds to each verdict, bounded."""
    if model is None:
        return {}
    names = [name for name in seen if not name.startswith("taught_")]
    raw = {verdict: sum(model.numbers.get(f"{verdict}|{name}", 0.0) for name in names) for verdict in VERDICTS}
    return {verdict: max(-_MOST_NUDGE, min(_MOST_NUDGE, value)) for verdict, value in raw.items()}


def learn(
    taught: Baseline, model: Baseline, said: Verdict, told: Mapping[Verdict, float], seen: Iterable[str]
) -> tuple[Baseline, Baseline]:
    """Both rows after a person's word. `told` are the probabilities that were told; the step is the gradient of the log loss."""
    if said is Verdict.UNKNOWN:
        return taught, model
    counted = replace(taught, count=taught.count + 1, numbers={**taught.numbers, said.value: taught.numbers.get(said, 0.0) + 1.0})
    names = [name for name in seen if not name.startswith("taught_")]
    step = _RATE / math.sqrt(max(1, len(names)))
    numbers = dict(model.numbers)
    for verdict in VERDICTS:
        gradient = (1.0 if verdict is said else 0.0) - told.get(verdict, 1.0 / 3.0)
        for name in names:
            key = f"{verdict}|{name}"
            numbers[key] = numbers.get(key, 0.0) + step * gradient
    return counted, replace(model, count=model.count + 1, numbers=numbers)
