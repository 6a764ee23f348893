"""A source whose clock is ahead: what it tells is told, once, and marked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.assessment import Severity, Verdict
from core.text import plain
from core.timerange import TimeRange
from tests.unit.core.assistant.test_conversation import ask, says
from tests.unit.core.changes import ANA, BEN, at, change
from tests.unit.core.telling import NOW, Telling, telling
from tests.unit.core.test_catchup import catch_up, report

MARKED = "1 change among them bears a time still to come: the source's clock is ahead."


@pytest.fixture
def told() -> Iterator[Telling]:
    """One change that was read just now is stamped ten minutes from now."""
    with telling() as held:
        held.read()
        held.happened(change("db", 0, ANA, when=NOW + timedelta(minutes=10)), Verdict.UNPLANNED, Severity.HIGH)
        yield held


@pytest.mark.parametrize("words", ["", "today", "since yesterday", "24h"])
def test_nothing_is_quiet_beside_what_is_stamped_ahead_of_now(told: Telling, words: str) -> None:
    found = report(told, words)
    assert (found.quiet, found.counts.total, [plain(one.what) for one in found.look_at]) == (
        False,
        1,
        ["prod · shop/db: Deployment modified (changed)"],
    )
    assert found.period.notes == (MARKED,)
    assert found.look_at[0].at == NOW + timedelta(minutes=10)
    assert found.period.range.end == NOW


def test_what_is_stamped_ahead_is_told_once(told: Telling) -> None:
    told.store.watermarks.mark("U1", report(told).sequence, NOW)
    again = report(told)
    assert (again.counts.total, again.late, again.period.notes) == (0, 0, ())
    told.happened(change("web", 0, BEN, when=NOW + timedelta(minutes=20)))
    later = report(told)
    assert (later.counts.total, later.late, later.period.notes) == (1, 0, (MARKED,))


def test_a_time_that_has_ended_holds_nothing_that_is_stamped_later(told: Telling) -> None:
    assert report(told, "between yesterday and yesterday").counts.total == 0
    exactly = catch_up(told).over(TimeRange(start=at(0), end=NOW))
    assert (exactly.counts.total, exactly.period.notes) == (0, ())


def test_an_answer_holds_what_is_stamped_ahead_of_now(told: Telling) -> None:
    answer = ask(told, "what changed today?")
    assert says(answer).startswith("Since Mon 02 Mar 00:00 UTC: 1 change, 1 by one person.\n[1] prod · shop/db")
    assert [plain(one) for one in answer.caveats] == [MARKED]
    assert says(ask(told, "what changed before 21:59 today?")).endswith("no change. In that time cluster was read whole.")


def test_a_clock_that_is_some_seconds_ahead_is_not_spoken_of() -> None:
    with telling() as told:
        told.read()
        told.happened(change("db", when=NOW + timedelta(seconds=20)))
        assert (report(told, "today").counts.total, report(told, "today").period.notes) == (1, ())
