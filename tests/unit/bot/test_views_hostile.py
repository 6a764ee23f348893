"""Whatever a name, a reason or a value holds, Slack takes every message, and nothing in it links, mentions or formats."""

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.check import problems_in, problems_in_view, text_length
from bot.told import ToldStory
from bot.views import blocks as kit
from bot.views.answer import answer_message
from bot.views.catchup import catchup_message
from bot.views.details import Details, ask_modal, details_modal, overrule_modal
from bot.views.help import error_message, fault_message, help_message
from bot.views.history import History, history_message
from bot.views.home import Home, home_view, watch_modal
from bot.views.mute import muted_message
from bot.views.status import Status, status_message
from bot.views.story import PLANNED, merged_message, note_message, story_message, thread_note
from core.coverage import Coverage
from core.errors import StorageError
from core.report import Answer, CatchUpReport
from core.subscription import ComfortMode, EventFilter, Mute, Subscription
from core.unified import UnifiedEvent
from tests.unit.bot import given as make
from tests.unit.core.changes import T0

# Slack answers msg_blocks_too_long near this many characters in all.
MOST_IN_A_MESSAGE = 13_200
_OBJECT = re.compile(r"<([^<>]*)>")
_OURS = re.compile(
    r"!date\^\d+\^[^|]+\|[^|]+|@U0ANA0001|@U0BEN0001|#[CG][A-Za-z0-9]*|https://(grafana|ok)\.example/[^|]*\|[^|]*|https?://slack\.example/p1\|[^|]*"
)
thorough = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def texts_of(value: Any) -> list[str]:
    """Every mrkdwn text."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for inner in value.values() for text in texts_of(inner)]
    return [text for inner in value for text in texts_of(inner)] if isinstance(value, list | tuple) else []


def calm(blocks: Any) -> None:
    """Nothing but our own dates, people, channels and links; code spans that end where they begin; no lone halves of characters."""
    for text in texts_of(blocks):
        foreign = [found for found in _OBJECT.findall(text) if not _OURS.fullmatch(found)]
        assert foreign == [], text
        assert re.sub(_OBJECT, "", text).count("<") == 0, text
        for line in text.split("\n"):
            assert line.count("`") % 2 == 0, line
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f]", text)
    assert str(blocks).encode("utf-8", errors="strict")
    assert "redacted:" not in str(blocks)


def message(of: kit.Message) -> None:
    blocks = list(of.blocks)
    assert problems_in(blocks, "message") == []
    assert text_length(blocks) <= MOST_IN_A_MESSAGE
    assert 0 < len(of.text) <= 4000
    assert "<!" not in of.text
    of.text.encode()
    calm(blocks)


def view(of: kit.Block) -> None:
    assert problems_in_view(of) == []
    calm(of["blocks"])


@thorough
@given(make.stories(), st.sampled_from(ComfortMode), make.hostile)
def test_a_storys_messages(told: ToldStory, mode: ComfortMode, word: str) -> None:
    message(story_message(told, comfort_mode=mode))
    message(thread_note(told))
    message(merged_message(told, told.story, "https://slack.example/p1"))
    message(merged_message(told, None, word))
    message(note_message(word))
    lines = [line for text in texts_of(list(story_message(told, comfort_mode=mode).blocks)) for line in text.split("\n")]
    assert len(lines) <= 6


@thorough
@given(make.stories(), st.lists(make.holes(), max_size=8))
def test_details(told: ToldStory, gaps: list[Coverage]) -> None:
    one = told.headline
    view(details_modal(Details(told=told, event=one, revisions=(one.assessment,) * 12, coverage=tuple(gaps), gaps=tuple(gaps))))


@thorough
@given(make.hostile)
def test_the_modals_that_ask(word: str) -> None:
    view(overrule_modal(word or "s", PLANNED, word))
    view(ask_modal(word or "s", word))
    view(watch_modal(Subscription(destination=word or "C1")))


@thorough
@given(make.reports())
def test_a_catch_up(report: CatchUpReport) -> None:
    message(catchup_message(report, {"ana@example.com": "U0ANA0001"}, asked="since <!channel>\n2026-03-02T10:00:00+00:00\n7"))
    message(catchup_message(report, {}, shared_by="U0BEN0001"))


@thorough
@given(make.answers())
def test_an_answer(answer: Answer) -> None:
    message(answer_message(answer, {"ana@example.com": "U0ANA0001"}, about="who <!channel>?" * 10))


@thorough
@given(st.lists(make.events(), min_size=1, max_size=3), make.hostile)
def test_history(events: list[UnifiedEvent], word: str) -> None:
    message(history_message(History(events=tuple(events * 8), asked=word, next="k")))
    message(history_message(History(events=(), asked=word)))


@thorough
@given(st.lists(make.stories(), max_size=3), st.lists(make.holes(), max_size=4), make.hostile)
def test_the_status_and_the_home(told: list[ToldStory], read: list[Coverage], word: str) -> None:
    opened = tuple(one.story for one in told) * 12
    names = {one.story.id: word for one in told}
    status = Status(at=T0, open=opened, names=names, coverage=tuple(read) * 10)
    message(status_message(status))
    mute = Mute(id=word or "m", destination=word or "C1", filter=EventFilter(kinds=frozenset({word})), until=T0, by="U1", at=T0)
    message(muted_message(mute))
    watches = (
        Subscription(destination=word or "C1", filter=EventFilter(environments=frozenset({word}), providers=frozenset({word}))),
    ) * 30
    view(home_view(Home(now=T0, status=status, unread=500, subscriptions=watches, mutes=(mute,) * 30)))


@thorough
@given(make.hostile)
def test_help_and_what_went_wrong(word: str) -> None:
    message(help_message(unknown=word))
    message(error_message(StorageError(word, next_step=word)))
    message(fault_message(word))
