"""What a reader gets told: a catch-up, and the answer to a question. Values only; core.catchup and core.assistant make them.

Every number in them was counted in the store, every sentence names the rows it rests on. Views render the slots of `Text`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.assessment import Severity, Verdict
from core.baseline import Activity, Metric
from core.clock import require_utc
from core.coverage import Coverage, CoverageReport
from core.event import UNKNOWN_ACTOR, Actor, Link
from core.ports import Counts
from core.story import Settling
from core.subscription import EventFilter
from core.text import Text
from core.timerange import TimeRange


class Started(StrEnum):
    """Why a report begins where it begins."""

    WATERMARK = "watermark"  # where this reader last marked as read
    ASKED = "asked"
    DEFAULT = "default"  # nothing was ever marked as read: seven days


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """What a report is about. `notes` say what a reader must know of its ends ("02:30 was skipped by the clock change: 03:30 is meant")."""

    range: TimeRange
    started: Started
    time_zone: str = "UTC"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LookAt:
    """One story that deserves a look: unplanned, unknown, or not settled.

    `what` says where and what changed, `why` the strongest reason for the verdict, `stands` how it is now ("settled: 3 of 3 ready",
    "taken back by Ana"); empty texts where nothing is known. `event_id` is the worst of its events in the period. `late`: it happened
    before the period began and was heard of only now.
    """

    story_id: str
    event_id: str
    what: Text
    verdict: Verdict
    confidence: float
    severity: Severity
    at: datetime
    who: Actor = UNKNOWN_ACTOR
    why: Text = ()
    stands: Text = ()
    settling: Settling = Settling.NOT_STARTED
    taken_back: bool = False
    environment: str = ""
    event_count: int = 1
    links: tuple[Link, ...] = ()
    late: bool = False
    overruled_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledUp:
    """Planned or routine stories of one actor and operation, as one line: `says` ("Argo CD deployed 9 services"), without the counts
    that are given here: `changes` are all of these stories, `settled` the stories among them that have settled."""

    verdict: Verdict
    says: Text
    stories: int
    changes: int
    settled: int
    story_ids: tuple[str, ...]
    who: Actor = UNKNOWN_ACTOR
    last_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MissedRoutine:
    """A routine that did not happen although everything was read around `expected_at`. `key` is the baseline that says so."""

    says: Text
    expected_at: datetime
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamRow:
    """What one actor did on the days `days` (ISO dates, both included): counts, never a grade. `activity` is summed over them."""

    activity: Activity
    days: tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class StabilityLine:
    """Checks that pass in one environment (empty: all that is read), and what is usual there; `now` None is "not measured"."""

    environment: str
    now: Metric | None = None
    usual: Metric | None = None

    @property
    def worse(self) -> bool:
        """Does something fail that usually passes?"""
        if self.now is None or self.now.numerator >= self.now.denominator:
            return False
        usual = self.usual.numerator / self.usual.denominator if self.usual is not None else 1.0
        return self.now.numerator / self.now.denominator < usual


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """One thing to do next. `rests_on` are the ids of the events, stories, sources or baselines it follows from; never empty."""

    says: Text
    rests_on: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CatchUpReport:
    """One catch-up for one reader.

    `counts` are SQL counts of the period; `sequence` is the ingest sequence of the snapshot, what Mark as read moves to. `late` counts
    changes from before the period that arrived in it (they are among `counts`), `backfilled` history that was read in afterwards
    (among `counts` only where a period was asked for). `more_to_look_at` counts the stories beyond `look_at`, at least so many where
    `look_at_cut`; `also_cut` says that there is more than `also` tells.
    `open_before` counts what nobody explained in the days before the period, and nobody saw settle: a quiet period does not close it.
    `cut`: more is not well, or open from before, than could be looked through; what there is of it is not known, and nothing is quiet.
    `summary` is written by a model and was held against everything else here; empty without one.
    """

    period: Period
    made_at: datetime
    sequence: int
    coverage: CoverageReport
    counts: Counts
    filter: EventFilter = field(default_factory=EventFilter)
    brief: bool = True
    look_at: tuple[LookAt, ...] = ()
    more_to_look_at: int = 0
    look_at_cut: bool = False
    also: tuple[RolledUp, ...] = ()
    also_cut: bool = False
    missed: tuple[MissedRoutine, ...] = ()
    team: tuple[TeamRow, ...] = ()
    stability: tuple[StabilityLine, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    late: int = 0
    backfilled: int = 0
    open_before: int = 0
    cut: bool = False
    summary: str = ""

    def __post_init__(self) -> None:
        require_utc("report.made_at", self.made_at)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that is watched, or was."""
        return self.coverage.sources

    @property
    def sources_read_whole(self) -> tuple[str, ...]:
        return self.coverage.read_whole

    @property
    def gaps(self) -> tuple[Coverage, ...]:
        """What was not seen, in order of time."""
        return tuple(sorted(self.coverage.gaps, key=lambda gap: (gap.range.start, gap.source)))

    @property
    def of_verdict(self) -> Mapping[Verdict, int]:
        """The count of every verdict, zeros too."""
        return {verdict: self.counts.by_verdict.get(verdict, 0) for verdict in Verdict}

    @property
    def quiet(self) -> bool:
        """Nothing but routine, nothing that is not well or fails, all of it looked through, and every source read whole for the whole
        period. Only then calm is spoken."""
        only_routine = self.counts.total == self.counts.by_verdict.get(Verdict.ROUTINE, 0)
        well = not self.look_at and not self.missed and not any(one.worse for one in self.stability)
        return self.coverage.whole and only_routine and well and not self.cut


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What somebody asks. `previous` is what they asked before in the same thread: "and in staging?" goes on from there.

    `about` is the id of a story or event the question was asked about (the Ask button), empty otherwise. `actors` are the ids of those it
    is about where they were picked, not named in its words.
    """

    text: str
    asker: str
    asked_at: datetime
    time_zone: str = "UTC"
    previous: "Question | None" = None
    about: str = ""
    actors: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        require_utc("question.asked_at", self.asked_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """One row that an answer rests on, under the number it is cited with ("[1]"). `links` lead to where a person can look at it."""

    number: int
    says: Text
    event_id: str = ""
    story_id: str = ""
    at: datetime | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer from the store. Each claim of `text` carries the number of its citation.

    `asked_of` is how many changes the question was asked of (None where it was not about changes), `period` the time it was asked
    of, `caveats` what was not seen or not understood, `follow_ups` questions that go on from here, as one would type them.
    """

    text: Text
    citations: tuple[Citation, ...] = ()
    asked_of: int | None = None
    period: Period | None = None
    coverage: CoverageReport | None = None
    caveats: tuple[Text, ...] = ()
    follow_ups: tuple[str, ...] = ()
    from_model: bool = False
