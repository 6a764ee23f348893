"""How it stands: nothing open is pushed out by what is not, and nothing is called closed that was not read or not looked through."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bot.standing import Standing
from bot.terminal.answer import status_view
from bot.views.home import Home, home_view
from bot.views.status import Status, status_message, summary
from core.assessment import Severity, Verdict
from core.batch import Batch, Cursor
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery
from core.event import Actor
from core.ports import Commit
from core.story import Settling
from core.timerange import TimeRange
from tests.unit.bot.world import shown
from tests.unit.core.changes import change
from tests.unit.core.telling import NOW, Telling, telling

NOTHING = "Nothing of the last 3 days is open."
LATELY = NOW - timedelta(hours=3)


class Nobody:
    def of(self, actors: Sequence[Actor]) -> Mapping[str, str]:
        return {}


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        yield held


def status(told: Telling, *sources: str) -> Status:
    return Standing(store=told.store, people=Nobody(), sources=sources or ("cluster",), clock=lambda: NOW).status()


def in_a_terminal(found: Status) -> str:
    console = Console(width=200)
    with console.capture() as printed:
        console.print(status_view(found, ZoneInfo("UTC")))
    return printed.get()


def test_what_is_not_well_is_open_behind_routine_changes_that_are_watched(told: Telling) -> None:
    told.read()
    story = told.happened(change("api", when=LATELY), settling=Settling.DEGRADED, says="0 of 6 ready")
    for number in range(30):
        told.happened(change(f"d{number}", when=LATELY + timedelta(minutes=5)), settling=Settling.WATCHING)
    assert [one.id for one in status(told).open] == [story]


def test_what_nobody_explained_is_open_behind_graver_changes_that_are_explained(told: Telling) -> None:
    told.read()
    story = told.happened(change("sg", when=LATELY), Verdict.UNPLANNED, Severity.MEDIUM)
    for number in range(120):
        told.happened(change(f"d{number}", when=LATELY + timedelta(minutes=5)), Verdict.PLANNED, Severity.HIGH)
    assert [one.id for one in status(told).open] == [story]


def test_what_nobody_explained_is_open_behind_graver_changes_that_have_settled(told: Telling) -> None:
    told.read()
    story = told.happened(change("sg", when=LATELY), Verdict.UNPLANNED, Severity.MEDIUM)
    for number in range(200):
        told.happened(change(f"d{number}", when=LATELY), Verdict.UNKNOWN, Severity.HIGH, settling=Settling.SETTLED)
    found = status(told)
    assert ([one.id for one in found.open], found.cut) == ([story], False)


def test_nothing_is_said_to_be_open_only_where_all_was_looked_through(told: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.unexplained._LOOKED", (2, 3))
    told.read()
    for number in range(3):
        told.happened(change(f"d{number}", when=LATELY), Verdict.UNKNOWN, Severity.HIGH, settling=Settling.SETTLED)
    says = "I found nothing open of the last 3 days, but there is more than I could look through."
    assert summary(status(told)) == says
    assert says in in_a_terminal(status(told))


def test_more_that_is_open_than_is_shown_is_at_least_so_many(told: Telling) -> None:
    told.read()
    for number in range(31):
        told.happened(change(f"d{number}", when=LATELY), Verdict.UNPLANNED)
    found = status(told)
    assert summary(found) == "At least 30 changes open: 30 unplanned."
    assert "At least 30 changes open: 30 unplanned." in in_a_terminal(found)
    assert "and at least 22 more: `/wgo status`" in shown(home_view(Home(now=NOW, status=found))["blocks"])


def test_a_gap_of_the_last_days_is_named_where_nothing_is_open_though_it_is_read_again(told: Telling) -> None:
    told.read()
    assert summary(status(told)) == NOTHING
    told.read("aws-prod", end=NOW - timedelta(hours=20))
    told.read("aws-prod", start=NOW - timedelta(hours=20), end=NOW - timedelta(hours=5), reason="denied")
    told.read("aws-prod", start=NOW - timedelta(hours=5))
    found = status(told, "cluster", "aws-prod")
    says = "Nothing of the last 3 days is open in what was read; aws-prod was not read Mon 02 Mar 02:00–17:00."
    assert says in in_a_terminal(found)
    message = shown(status_message(found).blocks)
    assert NOTHING not in message
    assert "is open in what was read; `aws-prod` was not read <!date^" in message
    assert "`aws-prod` was not read" in shown(home_view(Home(now=NOW, status=found))["blocks"])


def test_of_many_gaps_the_first_are_named_and_the_others_counted(told: Telling) -> None:
    told.read(end=NOW - timedelta(hours=40))
    for hours in range(8, 40, 8):
        told.read(start=NOW - timedelta(hours=hours), end=NOW - timedelta(hours=hours - 6))
    told.read(start=NOW - timedelta(hours=1))
    says = in_a_terminal(status(told))
    assert "cluster was not read Sun 01 Mar 06:00–14:00, cluster was not read Sun 01 Mar 20:00–22:00, and 3 more gaps." in says


def test_a_gap_that_lasts_is_told_with_its_source_and_not_twice(told: Telling) -> None:
    told.read()
    told.read("aws-prod", end=NOW - timedelta(hours=20))
    told.read("aws-prod", start=NOW - timedelta(hours=20), reason="denied")
    assert summary(status(told, "cluster", "aws-prod", "gcp")) == (
        "Nothing of the last 3 days is open in what was read. 2 sources I could not read: I can't vouch for that."
    )


def test_a_gap_of_a_week_ago_is_no_gap_of_the_last_days(told: Telling) -> None:
    told.read(end=NOW - timedelta(days=8))
    told.read(start=NOW - timedelta(days=7))
    assert summary(status(told)) == NOTHING


def test_what_is_open_sums_up_and_says_why_each_is(told: Telling) -> None:
    told.read()
    told.happened(change("sg", when=LATELY), Verdict.UNPLANNED)
    told.happened(change("db", when=LATELY), Verdict.UNPLANNED, settling=Settling.DEGRADED, says="0 of 3 ready")
    told.happened(change("vol", when=LATELY), Verdict.UNKNOWN)
    for number in range(2):
        told.happened(change(f"web{number}", when=LATELY), Verdict.PLANNED, settling=Settling.WATCHING)
    told.happened(change("api", when=LATELY), Verdict.ROUTINE, settling=Settling.DEGRADED, says="0 of 6 ready")
    parts = "2 unplanned, 1 I can't tell, 2 planned but not seen to settle, 1 routine but not seen to settle"
    assert summary(status(told)) == f"6 changes open: {parts}. 2 of them are not well."


def test_what_channels_have_not_heard_is_said_in_status_home_and_terminal(told: Telling) -> None:
    story = told.happened(change("api", when=LATELY), Verdict.UNPLANNED)
    waits = [Delivery(destination="C0OPS", story_id=story, revision=number, not_before=NOW) for number in (1, 2)]
    never = Delivery(destination="C1", story_id=story, revision=1, not_before=NOW)
    told.store.work.commit(Commit(source="wgo", batch=Batch(cursor=Cursor()), deliveries=(*waits, never)))
    for one in waits:
        told.store.deliveries.park(one.key, NOW, "I am not in the channel. Invite WGO to the channel: /invite @WGO")
    told.store.deliveries.fail(never.key, "msg_too_long")
    found = status(told)
    says = "2 messages wait for <#C0OPS>: I am not in the channel. Invite WGO to the channel: /invite @WGO"
    never_told = "1 message could not be delivered: the log says why (`not told`)."
    for blocks in (status_message(found).blocks, home_view(Home(now=NOW, status=found))["blocks"]):
        assert says in shown(blocks)
        assert never_told in shown(blocks)
    assert "2 messages wait for C0OPS: I am not in the channel." in in_a_terminal(found)


def test_nothing_is_said_of_messages_where_every_channel_has_heard(told: Telling) -> None:
    assert "message" not in shown(status_message(status(told)).blocks)


def test_a_source_that_could_not_be_read_keeps_its_reason_while_the_next_look_is_due(told: Telling) -> None:
    began = NOW - timedelta(hours=2)
    gap = Coverage(
        source="infra",
        range=TimeRange(start=began, end=NOW - timedelta(seconds=20)),
        state=CoverageState.GAP,
        complete_until=began,
        reason="/srv/prod may not be read",
        next_step="Let the user that WGO runs as read /srv/prod.",
    )
    told.store.work.commit(Commit(source="infra", batch=Batch(cursor=Cursor(), coverage=(gap,))))
    (found,) = status(told, "infra").coverage
    assert (found.range.start, found.range.end) == (began, NOW)
    assert (found.reason, found.next_step) == (gap.reason, gap.next_step)
    said = shown(status_message(status(told, "infra")).blocks)
    assert "/srv/prod may not be read. Let the user that WGO runs as read /srv/prod." in said
