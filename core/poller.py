"""One poll of one source: from its cursor to a commit, or to a gap that says why and what to do."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from core.batch import Batch, Cursor
from core.clock import Clock, Deadline, utc_now
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderThrottled, StorageError
from core.ports import Commit, CoverageStore, Cursors, Provider, UnitOfWork
from core.timerange import TimeRange

_log = logging.getLogger(__name__)
# A failing source is first asked again after this many seconds.
FIRST_WAIT_SECONDS = 15.0
# Where the store refuses, the source is well: it is asked again soon, as everything waits for it that happened meanwhile.
_LONGEST_FOR_THE_STORE = 60.0


class Ingests(Protocol):
    def take(self, source: str, batch: Batch, *, backfilled: bool = False) -> int: ...


class Polled(Protocol):
    """The ports that a poll needs."""

    cursors: Cursors
    coverage: CoverageStore
    work: UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class PollOutcome:
    """`wait_seconds` until the next poll is wanted: None is the source's usual rhythm, 0 at once (a backlog)."""

    events: int = 0
    failure: str = ""
    wait_seconds: float | None = None


@dataclass(slots=True)
class Poller:
    """Polls one source, over and over. `failures` in a row decide how long the source is left alone; `refused` hears that the store does
    not take part (core.keeping)."""

    provider: Provider
    ingest: Ingests
    store: Polled
    timeout_seconds: float
    backoff_max_seconds: float = 900.0
    clock: Clock = utc_now
    deadline_after: Callable[[float], Deadline] = Deadline.after
    refused: Callable[[str, StorageError], None] = lambda *_: None
    failures: int = 0
    _blind_since: datetime | None = field(default=None)

    @property
    def source(self) -> str:
        return self.provider.source

    def poll(self, still_wanted: Callable[[], bool] = lambda: True) -> PollOutcome:
        """One poll. Raises nothing of the provider's or the store's: the outcome says so.

        `still_wanted` is asked before anything is written: a poll that was given up while it hung writes nothing when it comes back.
        """
        started_at = self.clock()
        try:
            batch = self._read()
            if not still_wanted():
                return PollOutcome(failure="the poll was given up before it answered")
            self.ingest.take(self.source, batch)
        except ProviderError as error:
            return self._failed(str(error), error.next_step, started_at, _asked_to_wait(error), still_wanted)
        except StorageError as error:
            # Nothing was written: the cursor stands where it stood. What came and went until the next poll may be lost.
            self.refused(self.source, error)
            _log.error("poll not stored", extra={"source": self.source, "error": str(error), "next_step": error.next_step})
            return self._backed_off(str(error), None, min(self.backoff_max_seconds, _LONGEST_FOR_THE_STORE))
        except Exception as error:  # noqa: BLE001 - a provider, ours or installed, must never stop the others
            _log.exception("poll failed", extra={"source": self.source})
            says = f"the provider failed in a way it should not: {type(error).__name__}"
            return self._failed(says, "See the log, and report it.", started_at, None, still_wanted)
        self.failures, self._blind_since = 0, None
        self._acknowledge(batch)
        return PollOutcome(events=len(batch.events), wait_seconds=0.0 if batch.more else None)

    def _acknowledge(self, batch: Batch) -> None:
        """Tell the source that the batch is stored. Where that fails it will tell us again, and nothing is stored twice."""
        try:
            self.provider.committed(batch)
        except ProviderError as error:
            _log.warning("batch not acknowledged", extra={"source": self.source, "failure": str(error)})

    def _read(self) -> Batch:
        deadline = self.deadline_after(self.timeout_seconds)
        return self.provider.poll(self.store.cursors.get(self.source), self.store.cursors.known(self.source), deadline)

    def gave_up(self, seconds: float) -> PollOutcome:
        """The poll did not end within its deadline and was left behind: record the gap. Called from outside of it."""
        says = f"no answer within {seconds:.0f} seconds"
        return self._failed(
            says, f"Check that {self.source} can be reached.", self.clock() - timedelta(seconds=seconds), None, lambda: True
        )

    def _failed(self, says: str, next_step: str, started_at: datetime, wait: float | None, still_wanted: Callable[[], bool]) -> PollOutcome:
        if still_wanted():
            try:
                self._record_gap(says, next_step, started_at)
            except StorageError as error:
                self.refused(self.source, error)
                _log.error("gap not stored", extra={"source": self.source, "error": str(error)})
        _log.warning("poll failed", extra={"source": self.source, "failure": says})
        return self._backed_off(says, wait, self.backoff_max_seconds)

    def _record_gap(self, says: str, next_step: str, started_at: datetime) -> None:
        now = self.clock()
        start = min(self._last_complete(started_at), now)
        gap = Coverage(
            source=self.source,
            range=TimeRange(start=start, end=now),
            state=CoverageState.GAP,
            complete_until=start,
            reason=says,
            next_step=next_step,
        )
        # An empty cursor is left alone: the next poll goes on from where the last good one ended.
        self.store.work.commit(Commit(source=self.source, batch=Batch(cursor=Cursor(), coverage=(gap,))))

    def _last_complete(self, otherwise: datetime) -> datetime:
        """From when on the source is unread: the end of its last read stretch."""
        if self._blind_since is None:
            last = self.store.coverage.last().get(self.source)
            if last is None:
                self._blind_since = otherwise
            elif last.state is CoverageState.GAP:
                self._blind_since = last.range.start
            else:
                self._blind_since = last.range.end
        return self._blind_since

    def _backed_off(self, says: str, wait: float | None, longest: float) -> PollOutcome:
        self.failures += 1
        doubled = FIRST_WAIT_SECONDS * 2.0 ** min(self.failures - 1, 20)
        return PollOutcome(failure=says, wait_seconds=min(max(wait or 0.0, doubled), longest))


def _asked_to_wait(error: ProviderError) -> float | None:
    return error.retry_after_seconds if isinstance(error, ProviderThrottled) else None


def next_at(outcome: PollOutcome, now: datetime, every_seconds: float) -> datetime:
    """When the source is to be polled again."""
    return now + timedelta(seconds=every_seconds if outcome.wait_seconds is None else outcome.wait_seconds)
