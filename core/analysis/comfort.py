"""How at ease a reader may be, and the words that say so: the customer's ReassuranceEngine and ComfortModel. Pure.

Nothing calms without a fact that holds, and never across a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.analysis import rules
from core.analysis.classify import Judgement
from core.analysis.sentences import comforting
from core.analysis.signs import Sign
from core.assessment import Classification, Comfort, ComfortLevel, Context, Frequency, Severity, Stability, Verdict
from core.event import ChangeType, Event, ReferenceKind
from core.evidence import Evidence
from core.story import Settling

# In log-odds about 1.7 against nothing: more than one weak sign. It moves with the temperature of rules/classify.yaml.
SURE_ENOUGH = 0.89
_OFTEN = 5
_REASONS = (
    "intent_run",
    "intent_stack",
    "intent_gitops",
    "intent_pipeline",
    "intent_release",
    "intent_commit",
    "in_run",
    "in_window",
    "cause_planned",
    "intent_ticket",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What was read around the change: `read` where the source was read from then until now, `gaps` the stretches that were not."""

    read: bool = False
    gaps: tuple[str, ...] = ()
    ref: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How its story goes: settling, and whether anything in it is unplanned or unknown."""

    settling: Settling = Settling.NOT_STARTED
    says: str = ""
    evidence: tuple[Evidence, ...] = ()
    troubled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Named facts with what proves them; a sentence may use these and nothing else."""

    found: Mapping[str, Evidence] = field(default_factory=dict)


def comfort(
    event: Event,
    verdict: Verdict,
    judgement: Judgement,
    context: Context,
    reach: Reach,
    ending: Ending = Ending(),
    stability: Stability | None = None,
) -> Comfort:
    """`verdict` is the one that counts (a person's word first). Raises nothing."""
    level = _level(event, verdict, judgement.classification, ending, guarded=judgement.guarded)
    if not _may_calm(event, verdict, judgement, reach, ending):
        return Comfort(level=level, stability=stability)
    facts = facts_of(event, verdict, judgement, context, reach, ending)
    for sentence in comforting():
        if all(need in facts for need in sentence.needs):
            says = sentence.says.format(**{name: fact.says for name, fact in facts.items()})
            evidence = tuple(dict.fromkeys(facts[need] for need in sentence.needs))
            return Comfort(level=sentence.level, reassurance=says, reassures=True, stability=stability, evidence=evidence)
    return Comfort(level=level, stability=stability)


def _level(event: Event, verdict: Verdict, told: Classification, ending: Ending, *, guarded: bool) -> ComfortLevel:
    if ending.settling is Settling.DEGRADED or (verdict is Verdict.UNPLANNED and told.severity.rank >= Severity.MEDIUM.rank):
        return ComfortLevel.NONE
    if verdict is Verdict.UNKNOWN and guarded:
        return ComfortLevel.NONE
    if verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN) or event.attempted or guarded or ending.troubled:
        return ComfortLevel.LOW
    return ComfortLevel.STANDARD


def _may_calm(event: Event, verdict: Verdict, judgement: Judgement, reach: Reach, ending: Ending) -> bool:
    told = judgement.classification
    return (
        verdict in (Verdict.PLANNED, Verdict.ROUTINE)
        and verdict is told.verdict
        and told.confidence >= SURE_ENOUGH
        and not judgement.guarded
        and told.severity.rank <= Severity.MEDIUM.rank
        and not event.attempted
        and reach.read
        and not reach.gaps
        and not ending.troubled
        and ending.settling is not Settling.DEGRADED
    )


def facts_of(event: Event, verdict: Verdict, judgement: Judgement, context: Context, reach: Reach, ending: Ending) -> dict[str, Evidence]:
    """Every fact that holds, by the name that sentences use."""
    signs = judgement.signs
    found: dict[str, Evidence] = {}
    if judgement.classification.evidence:
        found[verdict.value] = judgement.classification.evidence[0]
    for name in _REASONS:
        if name in signs:
            found["reason"] = Evidence(kind=signs[name].kind, says=signs[name].says, ref=signs[name].ref, at=signs[name].at)
            break
    for name in ("habit", "platform"):
        if name in signs:
            found[name] = Evidence(kind=signs[name].kind, says=signs[name].says, ref=signs[name].ref)
    if context.similar >= _OFTEN and context.evidence and context.frequency is Frequency.USUAL:
        found["often"] = context.evidence[0]
    if usual := found.get("habit") or found.get("often"):
        found["usual"] = usual
    if ending.settling is Settling.SETTLED and ending.evidence:
        found["settled"] = Evidence(kind="health", says=ending.says, ref=ending.evidence[0].ref, at=ending.evidence[0].at)
    if reach.read and not reach.gaps:
        found["covered"] = Evidence(kind="coverage", says=f"{reach.ref} was read without a gap", ref=reach.ref)
    if keeps(event) and context.frequency is not Frequency.BURST:
        found["keeps"] = Evidence(kind="rule", says="nothing was deleted, stopped or moved elsewhere", ref=event.id)
    if not carries_on(event, signs):
        found["own_cause"] = Evidence(kind="rule", says="it begins by itself", ref=event.id)
    return found


def carries_on(event: Event, signs: Mapping[str, Sign]) -> bool:
    """Does a controller carry on here what began elsewhere? Whose hand that was may still be on its way, so habit alone calms nothing.
    https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents"""
    owned = any(ref.kind is ReferenceKind.OWNER for ref in event.references)
    return "platform" in signs and "upkeep" not in signs and owned


_LOSES = (ChangeType.DELETED, ChangeType.REPLACED, ChangeType.STOPPED, ChangeType.EXECUTED, ChangeType.ATTEMPTED)


def keeps(event: Event) -> bool:
    """Does the change leave everything standing, so that it may be spoken of calmly before its effect was seen?"""
    table = rules.traits()
    matters = any(trait in table and table[trait].severity.rank >= Severity.LOW.rank for trait in event.traits)
    return event.change_type not in _LOSES and not matters


def says_gaps(gaps: Sequence[str]) -> str:
    return "; ".join(gaps)
