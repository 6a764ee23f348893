"""What is remembered of a store that refused, over a real one that can be read only."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from core.batch import Batch, Cursor
from core.coverage import Coverage, CoverageState
from core.errors import StorageFull
from core.keeping import Keeping, KeptCoverage, Unkept
from core.ports import Commit
from core.timerange import TimeRange
from storage import SqlStore, open_store

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Disk:
    """A store's unit of work on a disk that is full at times."""

    full: bool = False
    now: datetime = T0
    store: SqlStore = field(default_factory=lambda: open_store("sqlite://"))

    def commit(self, commit: Commit) -> int:
        if self.full:
            raise StorageFull("wgo.db: no room left to write", next_step="Free some space.")
        return self.store.work.commit(commit)

    def clock(self) -> datetime:
        return self.now

    def later(self, minutes: float, *, full: bool) -> None:
        self.now, self.full = self.now + timedelta(minutes=minutes), full


def read(source: str, at: datetime) -> Commit:
    stretch = Coverage(source=source, range=TimeRange(start=T0, end=at), state=CoverageState.READ, complete_until=at)
    return Commit(source=source, batch=Batch(cursor=Cursor(), coverage=(stretch,)))


def test_a_spell_begins_with_the_first_refusal_and_ends_when_everyone_who_was_refused_has_committed() -> None:
    disk = Disk()
    keeping = Keeping(disk, clock=disk.clock)
    keeping.commit(read("aws", disk.now))
    assert [keeping.spell] == [None]
    disk.later(1, full=True)
    for source in ("aws", "infra"):
        with pytest.raises(StorageFull):
            keeping.commit(read(source, disk.now))
    begun = Unkept(since=T0 + timedelta(minutes=1), says="wgo.db: no room left to write", next_step="Free some space.")
    assert keeping.spell == begun
    disk.later(1, full=False)
    keeping.commit(read("infra", disk.now))
    assert keeping.spell == begun
    disk.later(1, full=False)
    keeping.commit(read("aws", disk.now))
    assert keeping.spell == Unkept(since=begun.since, says=begun.says, next_step=begun.next_step, until=T0 + timedelta(minutes=3))
    disk.store.close()


def test_what_was_not_kept_is_told_with_the_coverage_of_its_time_and_only_there() -> None:
    disk = Disk()
    keeping = Keeping(disk, clock=disk.clock)
    disk.later(1, full=True)
    with pytest.raises(StorageFull):
        keeping.commit(read("infra", disk.now))
    disk.later(6, full=False)
    keeping.commit(read("infra", disk.now))
    disk.later(1, full=False)
    keeping.commit(read("infra", disk.now))
    report = disk.store.coverage.report(TimeRange(start=T0, end=disk.now), ["infra"], disk.now)
    assert [(gap.range.start.minute, gap.range.end.minute, gap.reason) for gap in report.gaps] == [
        (1, 7, "nothing could be written 12:01–12:07 UTC (wgo.db: no room left to write)")
    ]
    assert not report.whole
    assert report.unread == (), "it was read afterwards"
    disk.store.close()


def test_what_cannot_be_kept_now_is_a_gap_of_its_source_until_it_can() -> None:
    disk = Disk()
    keeping = Keeping(disk, clock=disk.clock)
    coverage = KeptCoverage(disk.store.coverage, keeping)
    for source in ("aws", "infra"):
        keeping.commit(read(source, T0 + timedelta(minutes=1)))
    disk.later(2, full=True)
    with pytest.raises(StorageFull):
        keeping.commit(read("infra", disk.now))
    disk.later(1, full=True)
    report = coverage.report(TimeRange(start=T0, end=disk.now), ["aws", "infra"], disk.now)
    assert [(gap.source, gap.range.start.minute, gap.range.end.minute, gap.reason, gap.next_step) for gap in report.gaps] == [
        ("infra", 2, 3, "I can't keep what I see: wgo.db: no room left to write", "Free some space.")
    ]
    assert not report.whole
    assert coverage.report(TimeRange(start=T0, end=T0 + timedelta(minutes=1)), ["infra"], disk.now).whole, "what came before was kept"
    disk.later(30, full=True)
    report = coverage.report(TimeRange(start=T0, end=disk.now), ["infra"], disk.now)
    assert [(gap.range.start.minute, gap.range.end.minute) for gap in report.gaps] == [(1, 33)], "one gap, for one reason"
    disk.later(0, full=False)
    keeping.commit(read("infra", disk.now))
    report = coverage.report(TimeRange(start=T0, end=disk.now), ["infra"], disk.now)
    assert [gap.reason.partition(" ")[0] for gap in report.gaps] == ["nothing"], "what the commit itself says of it"
    disk.store.close()
