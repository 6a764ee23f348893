"""How a verdict is told: a person's word without a number, wherever it stands, and no ✓ before what nobody explained."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, RenderableType

from bot.standing import Standing
from bot.terminal.answer import history_view, status_view
from bot.terminal.catchup import catchup_view
from bot.views.catchup import catchup_message
from bot.views.details import Details, details_modal
from bot.views.history import History, history_message
from bot.views.home import Home, home_view
from bot.views.status import status_message
from bot.views.story import story_message
from core.assessment import Overrule, Verdict
from core.batch import Batch, Cursor
from core.catchup import CatchUp
from core.conclusions import Conclusions
from core.event import Actor
from core.ports import Commit
from core.story import Settling
from core.subscription import EVERYTHING
from tests.unit.bot.given import told, unified
from tests.unit.bot.world import shown
from tests.unit.core.changes import T0, change
from tests.unit.core.telling import NOW, Telling, telling

YOU = "U0YOU0001"
WORD = Overrule(verdict=Verdict.UNPLANNED, by=YOU, at=T0)


class Nobody:
    def of(self, actors: tuple[Actor, ...]) -> Mapping[str, str]:
        return {}


def overruled(held: Telling) -> None:
    """A change that was told as planned, 92 %, and that a person calls unplanned."""
    story_id = held.happened(change("api", when=NOW - timedelta(hours=2)), Verdict.PLANNED)
    story, one = held.store.stories.get(story_id), held.store.events.of_story(EVERYTHING, story_id).items[0]
    assert story is not None
    said = Conclusions(
        assessments=(replace(one.assessment, revision=2, overrule=WORD, because="someone said it was unplanned"),),
        stories=(replace(story, revision=2, verdict=Verdict.UNPLANNED, verdicts={Verdict.UNPLANNED: 1}),),
    )
    held.store.work.commit(Commit(source="cluster", batch=Batch(cursor=Cursor(state={})), conclusions=said))


def printed(view: RenderableType) -> str:
    console = Console(width=200)
    with console.capture() as out:
        console.print(view)
    return out.get()


def test_a_persons_word_has_no_number_anywhere() -> None:
    with telling() as held:
        held.read()
        overruled(held)
        standing = Standing(store=held.store, people=Nobody(), sources=("cluster",), clock=lambda: NOW)
        status, history = standing.status(), standing.history("")
        report = CatchUp(held.store, clock=lambda: NOW, sources=("cluster",)).asked("", reader="U1")
    views = [
        shown(list(status_message(status).blocks)),
        shown(home_view(Home(now=NOW, status=status))["blocks"]),
        shown(list(history_message(history).blocks)),
        shown(list(catchup_message(report, {}).blocks)),
    ]
    for said in views:
        assert f"Unplanned (<@{YOU}> said so)" in said
        assert "92 %" not in said
    zone = ZoneInfo("UTC")
    for view in (status_view(status, zone), history_view(history.events, zone), catchup_view(report)):
        assert f"unplanned ({YOU} said so)" in printed(view)
        assert "92 %" not in printed(view)


def test_each_revision_in_the_details_is_told_as_what_it_was() -> None:
    first = unified(change("api"), Verdict.PLANNED)
    second = replace(first, assessment=replace(first.assessment, revision=2, overrule=WORD))
    of = Details(told=told(second), event=second, revisions=(first.assessment, second.assessment))
    rows = shown(details_modal(of)["blocks"]).splitlines()
    assert [row.split(": ", 1)[1] for row in rows if row[:3] in ("1. ", "2. ")] == ["Planned, 92 %", f"Unplanned (<@{YOU}> said so)"]


def test_the_others_of_a_cause_are_told_in_the_details_as_what_they_are() -> None:
    one = unified(change("web", number=2), Verdict.PLANNED)
    other = replace(one, assessment=replace(one.assessment, overrule=WORD))
    of = Details(told=told(unified(change("api")), (other,), event_count=2), event=unified(change("api")))
    assert f"Unplanned (<@{YOU}> said so)" in shown(details_modal(of)["blocks"])


def test_history_keeps_why_they_said_so() -> None:
    one = unified(change("api"), Verdict.PLANNED)
    said = replace(one, assessment=replace(one.assessment, overrule=replace(WORD, why="a typo")))
    assert f"Unplanned (<@{YOU}> said so) · “a typo”" in shown(list(history_message(History(events=(said,))).blocks))


@pytest.mark.parametrize(
    ("verdict", "mark"), [(Verdict.PLANNED, "✓"), (Verdict.ROUTINE, "✓"), (Verdict.UNPLANNED, "🔎"), (Verdict.UNKNOWN, "❔")]
)
def test_what_nobody_explained_has_no_tick_however_well_it_settled(verdict: Verdict, mark: str) -> None:
    one = unified(change("api"), verdict)
    settled = told(one, settling=Settling.SETTLED, settled_at=T0, settling_says="6 of 6 ready")
    assert shown(details_modal(Details(told=settled, event=one))["blocks"])[:1] == mark
    assert shown(list(story_message(settled).blocks))[:1] == mark
