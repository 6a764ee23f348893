"""Planned, unplanned, routine, or unknown: evidence weighed in log-odds, told with its confidence. Pure; the rules are data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.analysis import rules
from core.analysis.calibrate import ORDER, decide
from core.analysis.signs import Seen, Sign, severity_of, signs_of
from core.analysis.teaching import MODEL_KEY, key_of, nudges
from core.analysis.teaching import signs as taught_signs
from core.assessment import Classification, Severity, Verdict
from core.evidence import Evidence


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The classification, and what it was drawn from, for the steps after it and for teaching."""

    classification: Classification
    shares: Mapping[Verdict, float]
    logits: Mapping[Verdict, float] = field(default_factory=dict)
    signs: Mapping[str, Sign] = field(default_factory=dict)

    @property
    def guarded(self) -> bool:
        """Security-sensitive: habit never explains it."""
        return "guarded" in self.signs


def classify(seen: Seen) -> Judgement:
    """Raises nothing but for rules that are broken."""
    found = signs_of(seen)
    event = seen.node.event
    for sign in taught_signs(seen.baselines.get(key_of(event, seen.node.actor))):
        found[sign.name] = sign
    logits = dict.fromkeys(ORDER, 0.0)
    evidence: list[Evidence] = []
    for rule in rules.holding(frozenset(found)):
        sign = found[rule.tells]
        weight = rule.weight * (sign.size if rule.scaled else 1.0)
        logits[rule.verdict] += weight
        evidence.append(_evidence(sign, rule.verdict, weight, event.id))
    for verdict, nudge in nudges(seen.baselines.get(MODEL_KEY), found).items():
        if evidence and not (verdict is Verdict.ROUTINE and "guarded" in found):
            logits[verdict] += nudge
    severity, _ = severity_of(event.traits, event.change_type)
    decision = decide(logits, temperature=rules.temperature(), unknown_below=seen.settings.unknown_below)
    verdict = decision.verdict if evidence else Verdict.UNKNOWN
    evidence.sort(key=lambda one: -abs(one.weight or 0.0))
    severity = _lifted(severity, verdict, found)
    return Judgement(
        classification=Classification(
            verdict=verdict,
            confidence=round(decision.confidence, 4),
            severity=severity,
            evidence=tuple(_with_what(evidence, found, event.id)),
        ),
        shares=decision.shares,
        logits=logits,
        signs=found,
    )


def _evidence(sign: Sign, verdict: Verdict, weight: float, event_id: str) -> Evidence:
    towards = weight if verdict is Verdict.PLANNED else -weight
    return Evidence(kind=sign.kind, says=sign.says, ref=sign.ref or event_id, at=sign.at, weight=round(towards, 3))


def _with_what(evidence: list[Evidence], found: Mapping[str, Sign], event_id: str) -> list[Evidence]:
    """The weighed evidence, and unweighed what makes it security-sensitive or only an attempt, so that a reader sees why it matters."""
    told = {one.says for one in evidence}
    more = [found[name] for name in ("guarded", "attempted") if name in found and found[name].says not in told]
    return [*evidence, *(Evidence(kind=sign.kind, says=sign.says, ref=sign.ref or event_id) for sign in more)]


def _lifted(severity: Severity, verdict: Verdict, found: Mapping[str, Sign]) -> Severity:
    """Bursts of destruction or refusals and emergency identities matter by themselves; drift at least a little."""
    least = Severity.INFO
    if "destroyed_burst" in found:
        least = Severity.HIGH
    elif "break_glass" in found or "attempts_burst" in found or ("privileged" in found and verdict is Verdict.UNPLANNED):
        least = Severity.MEDIUM
    elif verdict is Verdict.UNPLANNED:
        least = Severity.LOW
    return max(severity, least, key=lambda one: one.rank)
