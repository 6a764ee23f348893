"""When things are done: polls by source, chores by name. The only importer of APScheduler; its jobs live in memory."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from core.clock import Clock, utc_now
from core.errors import WgoError
from core.lanes import Lanes, Polls

_log = logging.getLogger(__name__)
SETTLE, PROACTIVE, REASSESS, PRUNE, BACKUP, HEARTBEAT = "settle", "proactive", "reassess", "prune", "backup", "heartbeat"
_REAP_SECONDS = 1.0
_CHORE_THREADS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Chore:
    """A named piece of work. Either `every`, or `daily_at` (UTC)."""

    name: str
    work: Callable[[], object]
    every: timedelta | None = None
    daily_at: time | None = None


# How often each is done where the composition root brings work for it.
RHYTHMS: Mapping[str, timedelta | time] = {
    SETTLE: timedelta(seconds=30),
    PROACTIVE: timedelta(minutes=5),
    REASSESS: timedelta(minutes=2),
    HEARTBEAT: timedelta(minutes=1),
    PRUNE: time(2, 10),
    BACKUP: time(2, 40),
}


def chores(work: Mapping[str, Callable[[], object]]) -> tuple[Chore, ...]:
    """The work under its names, each in its usual rhythm. A name without a rhythm is a KeyError."""
    made = []
    for name, does in work.items():
        rhythm = RHYTHMS[name]
        made.append(
            Chore(name=name, work=does, every=rhythm) if isinstance(rhythm, timedelta) else Chore(name=name, work=does, daily_at=rhythm)
        )
    return tuple(made)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """How often one source is polled."""

    every_seconds: float
    jitter_seconds: float = 0.0


class Scheduler:
    """Starts polls and chores. A poll is only offered to its lane here, so that no job of APScheduler's ever takes long."""

    def __init__(
        self,
        pollers: Sequence[Polls],
        rhythms: Mapping[str, Rhythm],
        chores: Iterable[Chore] = (),
        *,
        parallel: int = 8,
        lanes: Lanes | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.lanes = lanes or Lanes(pollers=pollers, parallel=parallel)
        self._clock = clock
        self._chores = tuple(chores)
        self._apscheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(_CHORE_THREADS), "lanes": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60},
        )
        for poller in pollers:
            self._add_poll(poller.source, rhythms[poller.source])
        self._apscheduler.add_job(self.lanes.reap, IntervalTrigger(seconds=_REAP_SECONDS), id="reap", executor="lanes")
        for chore in self._chores:
            self._add_chore(chore)

    @property
    def job_names(self) -> tuple[str, ...]:
        return tuple(sorted(job.id for job in self._apscheduler.get_jobs()))

    def start(self) -> None:
        """Begin, in threads of its own; each source is polled once right away."""
        self._apscheduler.start()

    def run_now(self, name: str) -> None:
        """Do one chore in this thread. A KeyError where there is none of that name."""
        chore = {chore.name: chore for chore in self._chores}[name]
        _guarded(chore)()

    def stop(self, seconds: float = 10.0) -> bool:
        """Start nothing more, and wait for what runs; False where a poll still runs after that (its commit is whole or not at all)."""
        if self._apscheduler.running:
            self._apscheduler.shutdown(wait=False)
        return self.lanes.stop(seconds)

    def _add_poll(self, source: str, rhythm: Rhythm) -> None:
        trigger = IntervalTrigger(seconds=rhythm.every_seconds, jitter=rhythm.jitter_seconds or None)
        first = self._clock()
        self._apscheduler.add_job(self.lanes.offer, trigger, args=(source,), id=f"poll:{source}", next_run_time=first, executor="lanes")

    def _add_chore(self, chore: Chore) -> None:
        if chore.every is not None:
            trigger: object = IntervalTrigger(seconds=chore.every.total_seconds())
        else:
            at = chore.daily_at or time(2, 0)
            trigger = CronTrigger(hour=at.hour, minute=at.minute, timezone="UTC")
        # A daily chore missed while the machine slept is done when it wakes.
        grace = 60 if chore.every is not None else 6 * 3600
        self._apscheduler.add_job(_guarded(chore), trigger, id=chore.name, misfire_grace_time=grace)


def _guarded(chore: Chore) -> Callable[[], None]:
    def do() -> None:
        try:
            chore.work()
        except WgoError as error:
            _log.error("chore failed", extra={"chore": chore.name, "error": str(error), "next_step": error.next_step})
        except Exception:  # noqa: BLE001 - one chore's bug must not end its job, nor the others
            _log.exception("chore failed", extra={"chore": chore.name})

    return do


def next_runs(scheduler: Scheduler) -> Mapping[str, datetime]:
    """When each job runs next, by name. For status."""
    return {job.id: job.next_run_time for job in scheduler._apscheduler.get_jobs() if getattr(job, "next_run_time", None)}
