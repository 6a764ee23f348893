"""How right are the verdicts? Recorded changes with labels, judged by the same way that live changes take.

Corpus lines are those of our recorded corpora: `label`, `strength`, `harm`, `outcome` and the raw record under event, object or asset.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.analysis.calibrate import Decision
from core.assessment import Verdict
from core.json import JsonObject
from core.unified import UnifiedEvent

LABELS = (Verdict.PLANNED, Verdict.UNPLANNED, Verdict.ROUTINE)
SCORED = ("strong", "medium")
# What must never be spoken of as harmless, whatever the label.
_HARMFUL = ("attack", "rule_hit", "destructive_api")
_BINS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One corpus line and what came out of it: the event that counts (the most severe), None where nothing changed.

    `logits` is what was weighed for that event. `decided` stands for the event's own verdict and confidence where a fold decides anew.
    `line` is where its document begins in the file, from 1; `why` the label's reason, as the corpus gives it.
    """

    file: str
    line: int = 0
    why: str = ""
    label: str
    strength: str
    harm: str
    outcome: str
    event: UnifiedEvent | None
    logits: Mapping[Verdict, float] = field(default_factory=dict)
    decided: Decision | None = None
    error: str = ""

    @property
    def verdict(self) -> str:
        """The verdict's word, or "no change" where nothing changed."""
        if self.event is None:
            return "no change"
        return (self.decided or self.event).verdict.value

    @property
    def confidence(self) -> float:
        return (self.decided or self.event).confidence if self.event else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fraction:
    """A count over a count; nothing is said of an empty one."""

    numerator: int
    denominator: int

    @property
    def share(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """One file's (or everyone's) table.

    `accuracy` is correct verdicts over decided ones on strong and medium labels, `coverage` decided over all such, `recall` per
    verdict counts unknown as missed. `calibration_error` is the expected calibration error over ten bins of confidence (Naeini 2015).
    """

    file: str
    records: int
    accuracy: Fraction
    accuracy_strong: Fraction
    coverage: Fraction
    recall: Mapping[Verdict, Fraction]
    confusion: Mapping[str, Mapping[str, int]]
    calibration_error: float | None
    false_reassurances: Fraction
    reads_called_change: Fraction
    weak_planned_called_unplanned: Fraction
    unreadable: int


def kind_of_record(line: JsonObject) -> tuple[str, str]:
    """The key the raw record stands under and its format's name; empty strings where it is none that we know."""
    if isinstance(line.get("object"), dict):
        return "object", "k8s-object"
    if isinstance(line.get("asset"), dict):
        return "asset", "gcp-asset"
    event = line.get("event")
    if not isinstance(event, dict):
        return "", ""
    if not {"protoPayload", "protopayload", "logName"}.isdisjoint(event):
        return "event", "gcp-audit"
    if "involvedObject" in event or str(event.get("apiVersion", "")).startswith("events.k8s.io"):
        return "event", "k8s-event"
    if (
        "auditID" in event
        or "objectRef" in event
        or "audit.k8s.io" in str(event.get("apiVersion", ""))
        or "kube-audit" in str(event.get("category"))
    ):
        return "event", "k8s-audit"
    if not {"eventsource", "eventname", "eventversion", "useridentity"}.isdisjoint(str(key).lower() for key in event):
        return "event", "cloudtrail"
    return "", ""


def score(judged: Sequence[Judged]) -> list[Scores]:
    """One row per file, in order of name, and last the row of all of them, `file` "all"."""
    by_file: dict[str, list[Judged]] = {}
    for one in judged:
        by_file.setdefault(one.file, []).append(one)
    rows = [_score(name, by_file[name]) for name in sorted(by_file)]
    return [*rows, _score("all", list(judged))]


@dataclass(slots=True)
class _Bin:
    right: int = 0
    total: int = 0
    confidence: float = 0.0


@dataclass(slots=True)
class _Confusion:
    told: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, label: str, verdict: str) -> int:
        return self.told.get(label, Counter())[verdict]

    def of_label(self, label: str) -> int:
        return sum(self.told.get(label, Counter()).values())


def is_scored(one: Judged) -> bool:
    """Does its label say enough to be right or wrong about?"""
    return one.strength in SCORED and one.label in set(LABELS)


def _score(file: str, judged: Sequence[Judged]) -> Scores:
    scored = [one for one in judged if is_scored(one)]
    decided = [one for one in scored if one.verdict in set(LABELS)]
    confusion = _Confusion()
    for one in scored:
        confusion.told.setdefault(one.label, Counter())[one.verdict] += 1
    strong = [one for one in decided if one.strength == "strong"]
    harmful = [one for one in judged if _harmful(one)]
    reads = [one for one in judged if one.label == "noise_readonly"]
    weak = [one for one in judged if _weak_planned(one)]
    return Scores(
        file=file,
        records=len(judged),
        accuracy=_fraction(decided, _right),
        accuracy_strong=_fraction(strong, _right),
        coverage=Fraction(numerator=len(decided), denominator=len(scored)),
        recall={label: Fraction(numerator=confusion.count(label, label), denominator=confusion.of_label(label)) for label in LABELS},
        confusion={label: dict(counts) for label, counts in confusion.told.items()},
        calibration_error=_calibration_error(decided),
        false_reassurances=_fraction(harmful, lambda one: one.event is not None and one.event.assessment.comfort.reassures),
        reads_called_change=_fraction(reads, lambda one: one.event is not None),
        weak_planned_called_unplanned=_fraction(weak, lambda one: one.verdict == Verdict.UNPLANNED),
        unreadable=sum(bool(one.error) for one in judged),
    )


def misjudged(one: Judged) -> str:
    """What is wrong with what was told, in words; empty where nothing is. Unknown counts for a label that says enough, as recall does."""
    if one.error:
        return f"cannot be read: {one.error}"
    if _harmful(one) and one.event is not None and one.event.assessment.comfort.reassures:
        return f"calmed, though {one.harm}"
    if one.label == "noise_readonly" and one.event is not None:
        return f"a read, told as a change ({one.verdict})"
    if _weak_planned(one) and one.verdict == Verdict.UNPLANNED:
        return "ordinary, told as unplanned"
    if is_scored(one) and not _right(one):
        return f"{one.label}, told as {one.verdict}"
    return ""


def _harmful(one: Judged) -> bool:
    return one.harm.startswith(_HARMFUL) and one.outcome != "failed"


def _weak_planned(one: Judged) -> bool:
    return one.strength == "weak" and one.label == Verdict.PLANNED


def _right(one: Judged) -> bool:
    return one.verdict == one.label


def _fraction(judged: Sequence[Judged], holds: Callable[[Judged], bool]) -> Fraction:
    return Fraction(numerator=sum(holds(one) for one in judged), denominator=len(judged))


def _calibration_error(decided: Sequence[Judged]) -> float | None:
    if not decided:
        return None
    bins = [_Bin() for _ in range(_BINS)]
    for one in decided:
        chosen = bins[min(_BINS - 1, int(one.confidence * _BINS))]
        chosen.total += 1
        chosen.right += _right(one)
        chosen.confidence += one.confidence
    return sum(abs(b.right - b.confidence) for b in bins) / len(decided)
