"""What a report must not leave unsaid: where and of when it is, who is one person, and what marking it as read takes along."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from bot.terminal.catchup import catchup_view
from bot.views.answer import answer_message
from bot.views.catchup import catchup_message
from bot.views.status import Status, summary
from bot.views.story import thread_note
from bot.views.words import verdict, what_changed
from core.assessment import Overrule, Verdict
from core.baseline import Activity
from core.coverage import Coverage, CoverageState
from core.event import FieldChange, Link
from core.report import Answer, CatchUpReport, Citation, Period, Started, TeamRow
from core.subscription import EventFilter
from core.text import EventRef
from core.timerange import TimeRange
from tests.unit.bot.given import WEEK, counted, covered, look, report, told, unified
from tests.unit.bot.world import shown
from tests.unit.core.changes import T0, change


def lines(of: CatchUpReport, people: dict[str, str] | None = None) -> list[str]:
    return shown(list(catchup_message(of, people or {}).blocks)).splitlines()


def mark_of(of: CatchUpReport) -> dict[str, object]:
    foot = catchup_message(of, {}).blocks[-1]
    return next(one for one in foot["elements"] if one["text"]["text"] == "Mark as read")


ENDED = Period(range=TimeRange(start=T0 - timedelta(days=3), end=T0 - timedelta(days=1)), started=Started.ASKED)


def test_quiet_in_one_place_says_nothing_of_the_others() -> None:
    narrowed = report(counts=counted(routine=2), filter=EventFilter(providers=frozenset({"aws"})))
    assert lines(narrowed)[0].startswith("✓ Quiet in aws since <!date^")
    assert lines(report(counts=counted(routine=2)))[0].startswith("✓ Quiet since <!date^")


def test_quiet_of_a_time_that_is_over_says_until_when() -> None:
    first = lines(report(counts=counted(routine=2), period=ENDED))[0]
    assert first.startswith("✓ Quiet from <!date^")
    assert "> until <!date^" in first


def test_a_report_of_a_time_that_is_over_says_until_when() -> None:
    first = lines(report(counts=counted(planned=2), period=ENDED))[0]
    assert first.startswith("*From <!date^")
    assert "> until <!date^" in first


def test_the_first_word_after_quiet_s_full_stop_keeps_the_case_of_what_it_names() -> None:
    assert lines(report(coverage=covered(sources=("cluster",))))[0].endswith(". The one source read whole.")


@pytest.mark.parametrize(
    ("more", "asks"),
    [
        ({}, False),
        ({"period": Period(range=WEEK, started=Started.DEFAULT)}, False),
        ({"period": Period(range=WEEK, started=Started.ASKED)}, True),
        ({"filter": EventFilter(environments=frozenset({"prod"}))}, True),
    ],
)
def test_marking_as_read_what_a_report_did_not_tell_of_is_asked_for(more: dict[str, object], asks: bool) -> None:
    assert ("confirm" in mark_of(report(**more))) is asks


def test_who_acts_under_two_identities_is_one_person_where_slack_knows_it() -> None:
    days = ("2026-02-23", "2026-03-02")
    one = Activity(actor="root", name="root", day=days[0], environment="", changes=3, unplanned=3)
    done = (
        one,
        replace(one, actor="ben@acme.example", name="ben@acme.example", changes=2, unplanned=2),
        replace(one, actor="ben", name="ben", changes=2, unplanned=0, planned=2),
    )
    rows = [TeamRow(activity=activity, days=days) for activity in done]
    rows_told = lines(report(brief=False, look_at=(look(),), team=tuple(rows)), {"ben": "U0BEN0001", "ben@acme.example": "U0BEN0001"})
    assert "*Who did what* · whole days 2026-02-23 to 2026-03-02, UTC, without what the platform itself did" in rows_told
    assert [line for line in rows_told if line.startswith("• ")] == [
        "• <@U0BEN0001>: 4 changes (2 planned, 2 unplanned)",
        "• root: 3 changes (3 unplanned)",
    ]


def test_a_key_in_brackets_is_not_torn_apart() -> None:
    granted = replace(change("data"), changes=(FieldChange(path="bindings[roles/bigquery.dataViewer]", before=None, after="user:x"),))
    assert what_changed(granted) == "*bindings[roles/bigquery.dataViewer]* set to `user:x`"


def test_no_conclusion_is_said_to_be_certain() -> None:
    assert verdict(Verdict.UNPLANNED, 0.9991) == "Unplanned, over 99 %"
    assert verdict(Verdict.PLANNED, 0.992) == "Planned, 99 %"


def test_every_row_that_one_line_cites_is_shown() -> None:
    cited = tuple(Citation(number=number, says=(f"row {number}",), event_id=f"e{number}") for number in (1, 2))
    answer = Answer(text=("2 changes. For example ", EventRef("[1]", "e1"), " ", EventRef("[2]", "e2")), citations=cited)
    said = shown(list(answer_message(answer, {}).blocks)).splitlines()
    assert [line for line in said if line.startswith("[")] == ["[1] row 1", "[2] row 2"]


def test_what_is_older_than_was_looked_at_is_not_said_to_be_closed() -> None:
    read = (Coverage(source="cluster", range=WEEK, state=CoverageState.READ, complete_until=T0),)
    assert summary(Status(at=T0, coverage=read)) == "Nothing of the last 3 days is open."


def test_a_quiet_report_points_at_what_is_open_from_before() -> None:
    said = lines(report(open_before=2))
    assert said[0].startswith("✓ Quiet since")
    assert "Open from before: 2 changes that nobody explained · `/wgo status`" in said


def test_a_shared_quiet_report_says_who_shared_it() -> None:
    shared = shown(list(catchup_message(report(), {}, shared_by="U0ANA0001").blocks)).splitlines()
    assert shared[0].endswith("All 2 sources read whole. · shared by <@U0ANA0001>")


def test_a_person_s_word_is_told_once_in_the_thread() -> None:
    said = Overrule(verdict=Verdict.UNPLANNED, by="U0ANA0001", at=T0, why="rolling back")
    one = unified(overrule=said)
    note = thread_note(told(one, because="someone said it was unplanned: rolling back"))
    assert shown(list(note.blocks)) == "Now: *Unplanned* (<@U0ANA0001>: “rolling back”)."


def test_a_terminal_says_as_much_of_where_and_when_it_is_quiet() -> None:
    def first(of: CatchUpReport) -> str:
        console = Console(width=150, file=StringIO())
        console.print(catchup_view(of))
        return str(console.file.getvalue()).splitlines()[0]  # type: ignore[attr-defined]

    narrowed = report(counts=counted(routine=2), filter=EventFilter(providers=frozenset({"aws"})))
    assert first(narrowed).startswith("✓ Quiet in aws since Mon 23 Feb 10:00: 2 routine changes")
    assert first(report(period=ENDED)).startswith("✓ Quiet from Fri 27 Feb 10:00 until Sun 01 Mar 10:00: nothing changed")


def test_an_address_stands_on_one_line_of_a_terminal_however_long() -> None:
    url = "https://console.example/" + "x" * 200
    console = Console(width=60, file=StringIO())
    console.print(catchup_view(report(look_at=(look(1, links=(Link(title="console", url=url),)),))), crop=False)
    assert url in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_percentage_is_not_broken_in_two() -> None:
    sections = [block["text"]["text"] for block in catchup_message(report(look_at=(look(1),)), {}).blocks if block["type"] == "section"]
    assert any("Unplanned, 92\u00a0%" in text for text in sections)
