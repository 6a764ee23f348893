"""One poll of one source: a commit, or a gap that says why and what to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.batch import Batch, Check, Cursor
from core.bridge import EventBridge
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderForbidden, ProviderThrottled, ProviderTimedOut, StorageError, StorageFull
from core.ingest import Ingest
from core.keeping import Keeping, Unkept
from core.poller import Poller
from core.ports import KnownStates
from core.timerange import TimeRange
from tests.unit.core.changes import ANA, T0, at, change
from tests.unit.core.small_store import SmallStore


@dataclass
class Scripted:
    """Answers what it was given, one after the other; an error is raised."""

    answers: list[Batch | Exception]
    source: str = "cluster"
    provider: str = "kubernetes"
    lag: timedelta = timedelta(0)
    cursors: list[Cursor | None] = field(default_factory=list)
    acknowledged: list[Batch] = field(default_factory=list)

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        self.cursors.append(cursor)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def committed(self, batch: Batch) -> None:
        self.acknowledged.append(batch)

    def check(self, deadline: Deadline) -> Sequence[Check]:
        return ()

    def close(self) -> None:
        return


@dataclass
class Refusing:
    """Cursors of a store that is away."""

    error: StorageError

    def get(self, source: str) -> Cursor | None:
        raise self.error


@dataclass
class Polling:
    answers: list[Batch | Exception]
    now: datetime = T0

    def __post_init__(self) -> None:
        self.store = SmallStore()
        store: Any = self.store
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731
        self.provider = Scripted(self.answers)
        ingest = Ingest(store, EventBridge(store, clock=clock), clock=clock)
        self.poller = Poller(
            provider=self.provider, ingest=ingest, store=store, timeout_seconds=5.0, backoff_max_seconds=100.0, clock=clock
        )

    def poll(self, minutes: float) -> Any:
        self.now = at(minutes)
        return self.poller.poll()

    @property
    def gaps(self) -> list[tuple[datetime, datetime, str]]:
        return [(c.range.start, c.range.end, c.reason) for c in self.store.read if c.state is CoverageState.GAP]


def batch(cursor: int, *names: str, since: float = 0, until: float = 1, more: bool = False) -> Batch:
    read = Coverage(source="cluster", range=TimeRange(start=at(since), end=at(until)), state=CoverageState.READ, complete_until=at(until))
    events = tuple(change(name, since, ANA) for name in names)
    return Batch(cursor=Cursor(state={"at": cursor}), events=events, coverage=(read,), more=more)


def test_a_poll_goes_on_from_the_cursor_that_was_committed() -> None:
    polling = Polling([batch(1, "a"), batch(2, "b", since=1, until=2)])
    polling.poll(1)
    polling.poll(2)
    assert polling.provider.cursors == [None, Cursor(state={"at": 1})]
    assert [len(one.events) for one in polling.provider.acknowledged] == [1, 1]
    assert len(polling.store.stored) == 2


def test_a_backlog_asks_to_be_polled_again_at_once() -> None:
    polling = Polling([batch(1, "a", more=True), batch(2)])
    assert polling.poll(1).wait_seconds == 0.0
    assert polling.poll(1).wait_seconds is None


def test_a_failure_is_a_gap_from_the_last_reading_on_and_leaves_the_cursor() -> None:
    polling = Polling([batch(1, until=1), ProviderForbidden(source="cluster", needs="pods/list"), batch(2, "late", since=1, until=9)])
    polling.poll(1)
    outcome = polling.poll(5)
    assert outcome.failure == "cluster refuses pods/list"
    assert polling.gaps == [(at(1), at(5), "cluster refuses pods/list")]
    assert "Grant pods/list" in polling.store.read[-1].next_step
    polling.poll(9)
    assert polling.provider.cursors[-1] == Cursor(state={"at": 1})
    assert len(polling.store.stored) == 1


def test_a_gap_grows_while_the_source_stays_away() -> None:
    away = ProviderTimedOut(source="cluster")
    polling = Polling([batch(1, until=1), away, away])
    for minutes in (1, 3, 6):
        polling.poll(minutes)
    assert [(start, end) for start, end, _ in polling.gaps] == [(at(1), at(3)), (at(1), at(6))]


def test_waits_double_up_to_the_most_and_a_good_poll_ends_them() -> None:
    away: list[Batch | Exception] = [ProviderError(source="cluster") for _ in range(5)]
    polling = Polling([*away, batch(1), ProviderError(source="cluster")])
    assert [polling.poll(n).wait_seconds for n in range(5)] == [15.0, 30.0, 60.0, 100.0, 100.0]
    assert polling.poll(6).wait_seconds is None
    assert polling.poll(7).wait_seconds == 15.0


def test_a_throttle_that_names_its_wait_is_obeyed() -> None:
    polling = Polling([ProviderThrottled(source="cluster", retry_after_seconds=70.0)])
    assert polling.poll(1).wait_seconds == 70.0


def test_a_provider_s_bug_is_a_gap_and_no_crash() -> None:
    polling = Polling([KeyError("boom")])
    outcome = polling.poll(1)
    assert "KeyError" in outcome.failure
    assert len(polling.gaps) == 1


def test_a_store_that_refuses_loses_nothing_and_acknowledges_nothing() -> None:
    polling = Polling([batch(1, "a"), batch(1, "a")])
    polling.store.refuses = StorageFull("no room")
    assert polling.poll(1).failure == "no room"
    assert not polling.provider.acknowledged
    polling.store.refuses = None
    polling.poll(2)
    assert len(polling.store.stored) == 1
    assert polling.provider.cursors == [None, None]


def test_a_store_that_cannot_even_be_read_is_a_spell_and_its_stretch_is_not_called_read() -> None:
    polling = Polling([batch(1, "a", since=0, until=9)])
    store: Any = polling.store
    keeping = Keeping(store, clock=lambda: polling.now)
    store.work, polling.poller.refused = keeping, keeping.refused
    away = StorageError("the server cannot be reached", next_step="Check that the server runs.")
    answering, store.cursors = store.cursors, Refusing(away)
    assert polling.poll(1).failure == "the server cannot be reached"
    assert keeping.spell == Unkept(since=at(1), says="the server cannot be reached", next_step="Check that the server runs.")
    polling.poll(2)
    store.cursors = answering
    polling.poll(9)
    assert keeping.spell.until == at(9)
    partial = [(one.range.start, one.range.end, one.part) for one in store.read if one.state is CoverageState.PARTIAL]
    assert partial == [(at(1), at(9), "what could not be kept")]


def test_a_poll_that_hangs_while_the_store_is_away_is_a_spell_too() -> None:
    polling = Polling([])
    refused: list[str] = []
    polling.poller.refused = lambda source, error: refused.append(source)
    polling.store.refuses = StorageError("the server cannot be reached")
    polling.poller.gave_up(50.0)
    assert refused == ["cluster"]


def test_a_poll_that_was_given_up_writes_nothing_when_it_comes_back() -> None:
    polling = Polling([batch(1, "a")])
    outcome = polling.poller.poll(lambda: False)
    assert "given up" in outcome.failure
    assert not polling.store.commits
    assert not polling.provider.acknowledged


def test_giving_up_a_poll_records_the_gap() -> None:
    polling = Polling([])
    polling.now = at(3)
    outcome = polling.poller.gave_up(50.0)
    assert outcome.wait_seconds == 15.0
    assert polling.gaps == [(at(3) - timedelta(seconds=50), at(3), "no answer within 50 seconds")]
