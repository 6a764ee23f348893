"""Events of one cause, open for late arrivals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from core.assessment import Severity, Verdict
from core.clock import require_utc
from core.event import UNKNOWN_ACTOR, Actor
from core.evidence import Evidence

# How long what nobody explained, and nobody saw settle, counts as open.
OPEN_FOR = timedelta(days=3)
# Why a story was revised, where that is all that is new.
TAKEN_BACK = "it was taken back"
NO_LONGER = "it changed again since it was taken back, or too often to read it all"
NOT_READ_SINCE = "not everything was read since it was taken back"
DOUBTED = "something unexplained began on the same thing before it"


class Settling(StrEnum):
    """Has it settled? `unverified` says that no health signal could be read after the change."""

    NOT_STARTED = "not_started"
    WATCHING = "watching"
    SETTLED = "settled"
    DEGRADED = "degraded"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenBack:
    """What nobody explained is undone: each of the story's `changes` gravest changes was taken back, the last of them at `at` by the
    event `event_id`. It says nothing of what went on in between. `whole`: its source was read without a hole from then until it was looked
    at last."""

    event_id: str
    at: datetime
    actor: Actor = UNKNOWN_ACTOR
    changes: int = 1
    whole: bool = True

    def __post_init__(self) -> None:
        require_utc("taken_back.at", self.at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One cause. `cause` says it in a few plain words ("Terraform apply network-upgrade"), `headline_event` is its most severe event.

    `environments` are all that its events name (a pipeline goes from one to the next), `environment` is the one most of them name.
    `counts` holds events by change type, `verdicts` by verdict. `merged_into` points a swallowed story at the older one.
    `revision` grows with every change that a reader would see; deliveries are keyed on it.
    """

    id: str
    revision: int
    opened_at: datetime
    updated_at: datetime
    first_at: datetime
    last_at: datetime
    headline_event: str
    cause: str = ""
    environment: str = ""
    environments: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    event_count: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    verdict: Verdict = Verdict.UNKNOWN
    confidence: float = 0.0
    severity: Severity = Severity.INFO
    actors: tuple[Actor, ...] = ()
    settling: Settling = Settling.NOT_STARTED
    settled_at: datetime | None = None
    settling_says: str = ""
    settling_evidence: tuple[Evidence, ...] = ()
    taken_back: TakenBack | None = None
    open: bool = True
    merged_into: str = ""
    because: str = ""

    def __post_init__(self) -> None:
        require_utc("story.opened_at", self.opened_at)
        require_utc("story.updated_at", self.updated_at)
        require_utc("story.first_at", self.first_at)
        require_utc("story.last_at", self.last_at)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it took place, the environment most of it names first; empty where nothing of it names one."""
        return tuple(dict.fromkeys(name for name in (self.environment, *self.environments) if name))


def wholly_taken_back(story: Story) -> bool:
    """Was every change of it taken back, and its source read ever since?"""
    back = story.taken_back
    return back is not None and back.whole and back.changes == story.event_count


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryLink:
    """A key under which later events find an open story (a run, a session, a resource, an owner). `strength` lies in 0–1."""

    key: str
    story_id: str
    last_at: datetime
    strength: float
    says: str = ""


class FollowUpState(StrEnum):
    WATCHING = "watching"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUp:
    """Has it settled? One open question per story, asked again until `due_at` (and, while a rollout runs, until `last_call_at`)."""

    story_id: str
    opened_at: datetime
    due_at: datetime
    last_call_at: datetime
    resources: tuple[str, ...]
    environment: str = ""
    state: FollowUpState = FollowUpState.WATCHING
