"""What a replay is measured by: verdicts, stories, context, noise, comfort."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

from core.assessment import Verdict
from tests.simulator.replay import Outcome
from tests.simulator.truth import Meant

SCORED = (Meant.PLANNED, Meant.UNPLANNED, Meant.ROUTINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    part: int
    of: int

    @property
    def value(self) -> float:
        return self.part / self.of if self.of else 1.0

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({self.part:,} of {self.of:,})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """`accuracy` of a verdict is the share of right ones among those told so, `recall` among those that truly are so (unknown: missed).

    `by_sort` counts, for each sort of cause, what was told.
    """

    changes: int
    events: int
    accuracy: Mapping[Meant, Share]
    recall: Mapping[Meant, Share]
    unknown: Share
    rand: float
    mixed: int
    context: Share
    messages: Share
    edits: int
    comfort: Share
    false_reassurances: int
    across_gaps: int
    reads_called_change: Share
    unread_changes: int
    by_sort: Mapping[str, Mapping[str, int]]
    messages_by_sort: Mapping[str, int]


def measure(outcome: Outcome) -> Measured:
    told = list(outcome.told())
    counts: Counter[tuple[Meant, str]] = Counter((truth.meant, one.verdict.value) for one, truth in told)
    by_sort: dict[str, Counter[str]] = {}
    for one, truth in told:
        by_sort.setdefault(truth.sort, Counter())[f"{truth.meant.value} told {one.verdict.value}"] += 1
    scored = {pair: n for pair, n in counts.items() if pair[0] in SCORED}
    said = {m: sum(n for (_, verdict), n in scored.items() if verdict == m.value) for m in SCORED}
    true = {m: sum(n for (meant, _), n in scored.items() if meant is m) for m in SCORED}
    right = {m: scored.get((m, m.value), 0) for m in SCORED}
    wanted = [one for one, truth in told if truth.meant is Meant.PLANNED and truth.healthy and one.verdict is not Verdict.UNKNOWN]
    wanted = [one for one in wanted if _settled(outcome, one.correlation_id)]
    wrongly = [key for key in outcome.calmed if outcome.truths[key].harm or outcome.truths[key].meant is Meant.UNPLANNED]
    stories: dict[str, set[str]] = {}
    for one, truth in told:
        stories.setdefault(one.correlation_id, set()).add(truth.cause)
    return Measured(
        changes=outcome.changes,
        events=len(told),
        accuracy={m: Share(part=right[m], of=said[m]) for m in SCORED},
        recall={m: Share(part=right[m], of=true[m]) for m in SCORED},
        unknown=Share(part=sum(n for (_, verdict), n in scored.items() if verdict == Verdict.UNKNOWN.value), of=sum(scored.values())),
        rand=adjusted_rand([truth.cause for _, truth in told], [one.correlation_id for one, _ in told]),
        mixed=sum(len(causes) > 1 for causes in stories.values()),
        context=Share(part=sum(bool(one.assessment.context.says) for one, _ in told), of=len(told)),
        messages=Share(part=outcome.posted, of=outcome.changes),
        edits=outcome.edited,
        comfort=Share(part=sum(one.assessment.comfort.reassures for one in wanted), of=len(wanted)),
        false_reassurances=len(wrongly),
        across_gaps=len(outcome.calmed_across),
        reads_called_change=Share(part=outcome.reads_called_change, of=outcome.reads),
        unread_changes=outcome.unread_changes,
        by_sort={sort: dict(found) for sort, found in sorted(by_sort.items())},
        messages_by_sort=_messages(outcome),
    )


def _settled(outcome: Outcome, story_id: str) -> bool:
    story = outcome.store.told.get(story_id)
    return story is not None and story.settling.value == "settled"


def _messages(outcome: Outcome) -> dict[str, int]:
    sort_of: dict[str, str] = {}
    for one, truth in outcome.told():
        sort_of.setdefault(one.correlation_id, truth.sort)
    return dict(Counter(sort_of.get(story, "merged") for story in outcome.posted_stories).most_common())


def adjusted_rand(truth: Sequence[str], found: Sequence[str]) -> float:
    """Agreement of two partitions, 1 for the same, about 0 for chance. Hubert and Arabie, Comparing Partitions (1985), equation 5."""
    both = sum(comb(n, 2) for n in Counter(zip(truth, found, strict=True)).values())
    one, other = (sum(comb(n, 2) for n in Counter(side).values()) for side in (truth, found))
    pairs = comb(len(truth), 2)
    expected = one * other / pairs if pairs else 0.0
    most = (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
