"""Questions in a direct message, in a channel, and one after another; the thumbs; and what nobody listens to."""

import re

import pytest

from bot.mentions import mine
from core.assessment import Severity, Verdict
from core.event import Actor, ActorKind
from tests.unit.bot.world import ANA_ID, INFRA, YOU, World, buttons, shown, world
from tests.unit.core.changes import BEN

BOT, CHLOE_ID = "U0BOTUSER", "U0CHLOE01"


@pytest.fixture
def busy(here: World) -> World:
    here.read("cluster")
    here.happened("payments", Verdict.UNPLANNED, Severity.HIGH, minutes_ago=90)
    here.happened(event=here.event("orders", 60, environment="staging"), verdict=Verdict.PLANNED)
    return here


def ask(here: World, text: str, *, channel: str, user: str = YOU, thread_ts: str | None = None) -> tuple[str, dict[str, object]]:
    """Say it; the time stamp of the question, and the answer's message as it was posted."""
    before = here.marked()
    said = here.driver.say(text, channel=channel, user=user, thread_ts=thread_ts)
    assert said["ok"], said
    return said["ts"], here.next("chat.postMessage", before)


def test_a_direct_question_is_answered_beside_it_with_its_sources(busy: World) -> None:
    direct = busy.direct()
    _, answer = ask(busy, "what changed in prod since yesterday?", channel=direct)
    assert (answer["channel"], answer.get("thread_ts")) == (direct, None)
    said = shown(answer["blocks"])
    assert "[1]" in said
    assert "payments" in said
    assert "orders" not in said
    assert "Asked of 2 changes." in said
    assert buttons(answer["blocks"]) == ["Details", "👍", "👎"]


def test_a_follow_up_goes_on_from_the_question_before(busy: World) -> None:
    direct = busy.direct()
    ask(busy, "what changed in prod since yesterday?", channel=direct)
    _, answer = ask(busy, "and in staging?", channel=direct)
    said = shown(answer["blocks"])
    assert "orders" in said
    assert "payments" not in said


def test_a_question_in_a_thread_of_the_direct_message_is_answered_there(busy: World) -> None:
    direct = busy.direct()
    first, _ = ask(busy, "what changed in prod since yesterday?", channel=direct)
    _, answer = ask(busy, "and in staging?", channel=direct, thread_ts=first)
    assert answer["thread_ts"] == first
    assert "orders" in shown(answer["blocks"])


def test_a_mention_is_answered_in_its_thread_so_that_the_channel_stays_calm(busy: World) -> None:
    asked, answer = ask(busy, "@WGO what changed in prod since yesterday?", channel=INFRA, user=ANA_ID)
    assert (answer["channel"], answer["thread_ts"]) == (INFRA, asked)
    assert "payments" in shown(answer["blocks"])
    assert busy.channel_messages() == []


def test_what_people_say_to_each_other_in_a_channel_is_left_alone(busy: World) -> None:
    busy.driver.say("what changed in prod since yesterday?", channel=INFRA)
    ask(busy, "@WGO help", channel=INFRA)  # comes after, and is the first that is answered
    assert len(busy.replies()) == 1


def test_the_status_is_shown_while_looking_and_taken_away_after(busy: World) -> None:
    before = busy.marked()
    asked, _ = ask(busy, "what changed in prod since yesterday?", channel=busy.direct())
    statuses = busy.driver.wait_for_calls("assistant.threads.setStatus", 2, where=lambda one: one["number"] > before)
    assert [(one["args"]["thread_ts"], one["args"]["status"]) for one in statuses] == [(asked, "is looking …"), (asked, "")]


def test_a_status_that_cannot_be_shown_stops_no_answer(busy: World) -> None:
    busy.driver.fault("assistant.threads.setStatus", kind="error", error="channel_not_found", count=2)
    _, answer = ask(busy, "what changed in prod since yesterday?", channel=busy.direct())
    assert "payments" in shown(answer["blocks"])


def test_a_greeting_is_answered_with_what_one_can_say(busy: World) -> None:
    for words in ("hello", "Thanks!", "help"):
        _, answer = ask(busy, words, channel=busy.direct())
        assert shown(answer["blocks"]).startswith("*What's going on* · what you can say")


def test_what_was_not_read_is_said_with_the_answer(here: World) -> None:
    here.read("cluster", hours=1, reason="throttled")
    _, answer = ask(here, "what changed since yesterday?", channel=here.direct())
    said = shown(answer["blocks"])
    assert "no change." not in said
    assert "I saw no change, but not everything was read." in said
    assert re.search(r"cluster.* (was )?not read", said)


def test_a_question_in_hostile_words_is_answered_without_them_taking_effect(busy: World) -> None:
    _, answer = ask(
        busy, "what changed in `<!channel>` *prod* <https://evil.example|x> since yesterday? \u202e" + "x" * 5000, channel=busy.direct()
    )
    assert "<!channel>" not in shown(answer["blocks"])
    assert "<https://evil.example" not in shown(answer["blocks"])


@pytest.mark.parametrize(("thumb", "kept"), [("answer_good", "good"), ("answer_bad", "bad")])
def test_a_thumb_is_kept_with_the_question(busy: World, thumb: str, kept: str) -> None:
    direct = busy.direct()
    question = "what changed in prod since yesterday?"
    ask(busy, question, channel=direct)
    said = busy.answer_to(thumb, busy.last(direct)["ts"], channel=direct)
    assert said["replace_original"] is False
    assert [(one.by, one.says) for one in busy.store.feedback.about([f"answer:{question}"])] == [(YOU, kept)]


def test_details_open_from_an_answer(busy: World) -> None:
    direct = busy.direct()
    ask(busy, "what changed in prod since yesterday?", channel=direct)
    view = busy.modal_of("details", busy.last(direct)["ts"], channel=direct)
    assert "shop/payments" in shown(view["blocks"])


def test_where_the_history_may_not_be_read_a_question_stands_on_its_own(busy: World) -> None:
    direct = busy.direct()
    busy.driver.fault("conversations.history", kind="error", error="missing_scope", count=5)
    _, answer = ask(busy, "what changed in prod since yesterday?", channel=direct)
    assert "payments" in shown(answer["blocks"])


def test_joins_reactions_and_our_own_messages_are_acknowledged_and_leave_no_answer(busy: World) -> None:
    direct = busy.direct()
    _, _ = ask(busy, "help", channel=direct)
    mine = busy.last(direct)["ts"]
    busy.driver.act("react", user=YOU, channel=direct, ts=mine, name="eyes")
    busy.driver.act("invite", user=YOU, channel="C0GENERAL")
    ask(busy, "help", channel=direct)
    assert all(busy.driver.wait_for_delivery(one["event_id"])["acked"] for one in busy.driver.deliveries())
    assert len([one for one in busy.driver.messages(direct) if one.get("bot_id")]) == 2


def test_a_failing_listener_says_calmly_that_it_is_not_the_askers_fault(busy: World) -> None:
    direct = busy.direct()
    busy.driver.fault("chat.postMessage", kind="error", error="fatal_error", count=1)
    before = busy.marked()
    busy.driver.say("help", channel=direct)
    posted = busy.driver.wait_for_calls("chat.postMessage", 2, where=lambda one: one["number"] > before)
    assert posted[1]["ok"]
    said = busy.last(direct)
    assert (said["text"], shown(said["blocks"]).splitlines()[0]) == (
        "That did not work",
        "That did not work, and it is my fault, not yours.",
    )
    assert re.search(r"My log says why, under `slack:Ev\w+`\.", shown(said["blocks"]))


def test_a_store_that_fails_is_told_with_what_to_do(busy: World) -> None:
    busy.store.close()
    said = shown(busy.command("status")["blocks"])
    assert said.startswith("That did not work")
    assert "Traceback" not in said
    assert "sqlite" not in said.lower()


def test_a_button_that_nobody_listens_to_any_more_is_acknowledged(busy: World) -> None:
    from tests.unit.sandbox.world import button, web_client

    sent = web_client(busy.sandbox).chat_postMessage(
        channel=INFRA, text="old", blocks=[{"type": "actions", "elements": [button("gone_button")]}]
    )
    busy.click("gone_button", str(sent["ts"]))  # an unacknowledged click is refused


def test_without_the_optional_scopes_everything_is_still_answered() -> None:
    with world(withheld=("channels:history", "groups:history", "users:read.email")) as here:
        here.read("cluster")
        here.happened("payments", told_to=INFRA)
        here.tell()
        _, answer = ask(here, "@WGO who changed payments since yesterday?", channel=INFRA)
        assert "Ana" in shown(answer["blocks"])
        assert len(here.channel_messages()) == 1


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("catchup", "*Since <!date^"),
        ("catch me up in prod", "*Since <!date^"),
        ("status", "*How it stands*"),
        ("history payments", "*Changes*"),
    ],
)
def test_what_is_typed_after_the_command_is_understood_as_a_message_too(busy: World, text: str, begins: str) -> None:
    _, answer = ask(busy, text, channel=busy.direct())
    assert shown(answer["blocks"]).startswith(begins)


def test_what_begins_like_a_catch_up_and_is_none_is_a_question(busy: World) -> None:
    _, answer = ask(busy, "summarize what Ana did", channel=busy.direct())
    assert "Asked of 2 changes." in shown(answer["blocks"])


def test_a_catch_up_that_is_asked_for_in_a_channel_has_no_buttons_of_its_reader(busy: World) -> None:
    _, answer = ask(busy, "@WGO catchup", channel=INFRA, user=ANA_ID)
    assert "Mark as read" not in buttons(answer["blocks"])


MAILED = Actor(kind=ActorKind.HUMAN, id="ana@acme.example", name="ana@acme.example")
NAMED = Actor(kind=ActorKind.HUMAN, id="ana", name="ana")
NAMESAKE = Actor(kind=ActorKind.HUMAN, id="ana@partner.example", name="ana@partner.example")


@pytest.fixture
def team(here: World) -> World:
    here.read("cluster")
    for name, actor in (("payments", MAILED), ("bucket", NAMED), ("vault", NAMESAKE), ("orders", BEN)):
        here.happened(event=here.event(name, actor=actor))
    return here


@pytest.mark.parametrize(("text", "user"), [("what did @ana do today?", YOU), ("what did I do today?", ANA_ID)])
def test_who_is_picked_is_meant_under_each_of_their_names_and_nobody_else(team: World, text: str, user: str) -> None:
    _, answer = ask(team, text, channel=team.direct(user), user=user)
    said = shown(answer["blocks"])
    assert [name for name in ("payments", "bucket", "vault", "orders") if f"shop/{name}" in said] == ["payments", "bucket"]


def test_who_is_picked_together_with_us_is_meant_too(team: World) -> None:
    _, answer = ask(team, "@WGO what has @ana changed?", channel=INFRA, user=YOU)
    assert "shop/orders" not in shown(answer["blocks"])
    assert "shop/payments" in shown(answer["blocks"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("what did @chloe do?", f"I don't know under which name <@{CHLOE_ID}> acts in what I watch, so I can't say what they did."),
        ("what did I change?", "I don't know under which name you act in what I watch, so I can't say what you did."),
    ],
)
def test_of_whom_nothing_is_known_to_be_nobody_elses_changes_are_told(team: World, text: str, says: str) -> None:
    _, answer = ask(team, text, channel=team.direct())
    said = shown(answer["blocks"])
    assert said.startswith(says)
    assert "shop/" not in said


def test_who_is_picked_stays_meant_by_the_question_that_goes_on(team: World) -> None:
    team.happened(event=team.event("search", actor=BEN, environment="staging"))
    team.happened(event=team.event("cache", actor=NAMED, environment="staging"))
    direct = team.direct()
    ask(team, "what did @ana change today?", channel=direct)
    _, answer = ask(team, "and in staging?", channel=direct)
    assert "shop/cache" in shown(answer["blocks"])
    assert "shop/search" not in shown(answer["blocks"])


@pytest.mark.parametrize("words", ["what did I miss?", "did I miss anything?", "what changed since I left?", "what can I ask?"])
def test_what_one_asks_of_others_is_not_taken_as_ones_own(words: str) -> None:
    assert not mine(words)


def test_in_the_thread_of_a_change_that_change_is_meant(busy: World) -> None:
    busy.happened("vault", Verdict.UNPLANNED, told_to=INFRA)
    busy.tell()
    ts = busy.channel_messages()[0]["ts"]
    _, answer = ask(busy, "@WGO who was that?", channel=INFRA, thread_ts=ts)
    said = shown(answer["blocks"])
    assert "shop/vault" in said
    assert "shop/payments" not in said


def test_in_a_thread_that_somebody_else_began_everything_is_meant(busy: World) -> None:
    first = busy.driver.say("look at this", channel=INFRA)["ts"]
    _, answer = ask(busy, "@WGO what changed in prod since yesterday?", channel=INFRA, thread_ts=first)
    assert "shop/payments" in shown(answer["blocks"])
