"""Taking pushes in: the row before the acknowledgement, each push worked on once, and an answer in time whatever the store does."""

import json
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult

from bot.intake import KIND, Intake, key_of
from bot.listeners import ACKS, quiet
from core.errors import StorageError
from core.ports import Inbox, InboxRow, Store
from storage import open_store
from tests.unit.bot.world import INFRA, shown, world

EVENT = {
    "token": "a verification token",
    "type": "event_callback",
    "event_id": "Ev1",
    "team_id": "T1",
    "event": {"type": "app_mention", "user": "U1", "text": "hi", "ts": "1.0", "channel": "C1", "event_ts": "1.0"},
}


@dataclass
class Heard:
    """What a listener was given, and what the inbox held at that moment."""

    texts: list[str] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)


def bolt() -> App:
    logger = logging.getLogger("tests.intake")
    logger.setLevel(logging.CRITICAL)
    who = AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UB", bot_id="BB", bot_token="xoxb-none")
    return App(authorize=lambda: who, signing_secret="secret", process_before_response=True, logger=logger)


def listening(inbox: Inbox, heard: Heard, *, during: Callable[[], None] = lambda: None, **rest: Any) -> tuple[App, Intake]:
    app = bolt()

    def mention(event: dict[str, Any]) -> None:
        during()
        heard.texts.append(event["text"])
        heard.came.set()

    app.event("app_mention")(mention)
    quiet.register(app)
    intake = Intake(inbox, **rest)
    intake.attach(app)
    return app, intake


def push(app: App, body: dict[str, Any] = EVENT) -> BoltResponse:
    return app.dispatch(BoltRequest(body=dict(body), mode="socket_mode"))


def finished(intake: Intake) -> None:
    """Until everything that was taken in is worked on."""
    intake._writers.shutdown(wait=True)
    intake._workers.shutdown(wait=True)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store("sqlite://")
    yield opened
    opened.close()


@dataclass
class Slow:
    """An inbox behind a gate, or one that refuses."""

    inner: Inbox
    gate: threading.Event = field(default_factory=threading.Event)
    refuses: bool = False

    def put(self, row: InboxRow) -> bool:
        assert self.gate.wait(30)
        if self.refuses:
            raise StorageError("the disk is full", next_step="Make room.")
        return self.inner.put(row)

    def pending(self, kind: str, topic: str = "", limit: int = 1000) -> Sequence[InboxRow]:
        return self.inner.pending(kind, topic, limit)

    def done(self, keys: Collection[str], at: Any) -> None:
        if self.refuses:
            raise StorageError("the disk is full", next_step="Make room.")
        self.inner.done(keys, at)


def test_the_row_is_written_before_the_acknowledgement_and_closed_after_the_work(store: Store) -> None:
    heard, let_go = Heard(), threading.Event()
    app, intake = listening(store.inbox, heard, during=lambda: (let_go.wait(10), None)[1])
    assert push(app).status == 200
    (row,) = store.inbox.pending(KIND)
    assert (row.key, heard.texts) == ("slack:Ev1", [])
    let_go.set()
    finished(intake)
    assert (heard.texts, list(store.inbox.pending(KIND))) == (["hi"], [])


def test_the_verification_token_is_not_kept(store: Store) -> None:
    let_go = threading.Event()
    app, intake = listening(store.inbox, Heard(), during=lambda: (let_go.wait(10), None)[1])
    push(app)
    (row,) = store.inbox.pending(KIND)
    assert json.loads(row.body) == {name: value for name, value in EVENT.items() if name != "token"}
    let_go.set()
    finished(intake)


def test_a_redelivered_event_is_acknowledged_again_and_worked_on_once(store: Store) -> None:
    heard = Heard()
    app, intake = listening(store.inbox, heard)
    assert [push(app).status for _ in range(3)] == [200, 200, 200]
    finished(intake)
    assert heard.texts == ["hi"]


def test_a_redelivered_event_is_worked_on_once_also_after_a_restart(store: Store) -> None:
    heard = Heard()
    app, intake = listening(store.inbox, heard)
    push(app)
    finished(intake)
    app, intake = listening(store.inbox, heard)
    assert intake.start() == 0
    assert push(app).status == 200
    finished(intake)
    assert heard.texts == ["hi"]


def test_what_a_crash_interrupted_is_taken_up_at_the_next_start(store: Store) -> None:
    body = json.dumps(EVENT).encode()
    from core.clock import utc_now

    store.inbox.put(InboxRow(key=key_of(EVENT), kind=KIND, topic="", body=body, received_at=utc_now()))
    heard = Heard()
    app, intake = listening(store.inbox, heard)
    assert intake.start() == 1
    assert push(app).status == 200  # redelivered while it is worked on
    finished(intake)
    assert (heard.texts, list(store.inbox.pending(KIND))) == (["hi"], [])


def test_a_slow_store_delays_no_acknowledgement_and_the_push_is_worked_on_when_it_is_written(store: Store) -> None:
    inbox, heard = Slow(store.inbox), Heard()
    app, intake = listening(inbox, heard, store_seconds=0.05)
    assert push(app).status == 200
    assert heard.texts == []
    inbox.gate.set()
    finished(intake)
    assert heard.texts == ["hi"]


def test_many_pushes_at_a_store_that_hangs_are_all_acknowledged_and_none_is_lost(store: Store) -> None:
    inbox, heard = Slow(store.inbox), Heard()
    app, intake = listening(inbox, heard, store_seconds=0.01)
    assert {push(app, {**EVENT, "event_id": f"Ev{number}"}).status for number in range(40)} == {200}
    inbox.gate.set()
    finished(intake)
    assert len(heard.texts) == 40


def test_a_store_that_refuses_loses_no_push_that_was_acknowledged(store: Store) -> None:
    inbox, heard = Slow(store.inbox, refuses=True), Heard()
    inbox.gate.set()
    app, intake = listening(inbox, heard)
    assert push(app).status == 200
    finished(intake)
    assert heard.texts == ["hi"]


def test_the_default_wait_for_the_store_leaves_slack_half_of_its_three_seconds(store: Store) -> None:
    assert Intake(store.inbox).store_seconds <= 1.5


def test_a_modals_submission_is_answered_at_once_with_what_the_modal_shows_next(store: Store) -> None:
    app, intake = listening(store.inbox, Heard(), acks=ACKS)
    view = {"id": "V1", "callback_id": "ask", "type": "modal"}
    answer = push(app, {"type": "view_submission", "trigger_id": "1.2", "user": {"id": "U1"}, "view": view})
    shows = json.loads(answer.body)
    assert (shows["response_action"], shown(shows["view"]["blocks"])) == ("update", "Looking …")
    closed = push(app, {"type": "view_submission", "trigger_id": "1.3", "user": {"id": "U1"}, "view": {**view, "callback_id": "watch"}})
    assert (closed.status, closed.body) == (200, "")
    finished(intake)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "event_callback", "event_id": "Ev2", "event": {"type": "emoji_changed"}},
        {
            "type": "block_actions",
            "trigger_id": "1.1",
            "user": {"id": "U1"},
            "actions": [{"action_id": "gone", "block_id": "b", "type": "button"}],
        },
        {"type": "view_submission", "trigger_id": "1.2", "user": {"id": "U1"}, "view": {"callback_id": "gone", "type": "modal"}},
        {"type": "view_closed", "user": {"id": "U1"}, "view": {"callback_id": "gone", "type": "modal"}},
        {"type": "shortcut", "trigger_id": "1.4", "callback_id": "gone", "user": {"id": "U1"}},
        {"type": "block_suggestion", "action_id": "gone", "block_id": "b", "value": "x", "user": {"id": "U1"}},
        {"command": "/other", "trigger_id": "1.5", "user_id": "U1", "text": ""},
    ],
)
def test_what_nobody_listens_to_is_acknowledged_and_its_row_closed(
    store: Store, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    app, intake = listening(store.inbox, Heard())
    with caplog.at_level("WARNING", "bot.intake"):
        assert push(app, body).status == 200
        finished(intake)
    assert list(store.inbox.pending(KIND)) == []
    assert [one.message for one in caplog.records if one.name == "bot.intake"] == []


def test_keys_are_those_of_the_push_and_not_of_its_delivery() -> None:
    assert key_of({"event_id": "Ev1", "retry": 1}) == key_of({"event_id": "Ev1", "retry": 2})
    assert key_of({"trigger_id": "1.1"}) != key_of({"trigger_id": "1.2"})
    assert key_of({"type": "view_closed", "view": {"id": "V1"}}) != key_of({"type": "view_closed", "view": {"id": "V2"}})


def test_a_press_of_the_same_home_button_twice_is_two_presses() -> None:
    bodies = [{"type": "block_actions", "trigger_id": f"1.{number}", "actions": [{"action_id": "x"}]} for number in range(2)]
    assert len({key_of(one) for one in bodies}) == 2


def test_a_crash_between_the_acknowledgement_and_the_answer_loses_no_question() -> None:
    """The row is there before the bot is: it is answered once the bot starts."""
    with world(connect=False) as here:
        asked = str(here.driver.say("hello all", channel=INFRA)["ts"])
        body = {
            "type": "event_callback",
            "event_id": "Ev9",
            "team_id": "T0ACME001",
            "event": {"type": "app_mention", "user": "U0DEV0001", "text": "<@U0BOTUSER> help", "ts": asked, "channel": INFRA},
        }
        here.store.inbox.put(InboxRow(key=key_of(body), kind=KIND, topic="", body=json.dumps(body).encode(), received_at=here.clock()))
        assert here.bot.intake is not None
        assert here.bot.intake.start() == 1
        said = here.next("chat.postMessage")
        assert (said["channel"], said["thread_ts"]) == (INFRA, asked)
