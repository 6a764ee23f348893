"""The buttons of a story's message: Details, what it was, mute and unmute, Ask."""

from datetime import timedelta

import pytest

from core.assessment import Severity, Verdict
from core.subscription import EVERYTHING, EventFilter, Subscription
from storage import SqlStore, prune
from tests.unit.bot.world import ANA_ID, BEN_ID, INFRA, YOU, World, buttons, shown


def posted(here: World, verdict: Verdict = Verdict.UNPLANNED, name: str = "api", **more: object) -> tuple[str, str]:
    """A story told in #infra: its id, and its message's time stamp."""
    story_id = here.happened(name, verdict, told_to=INFRA, **more)  # type: ignore[arg-type]
    here.tell()
    return story_id, str(here.channel_messages()[-1]["ts"])


def test_details_show_what_the_conclusion_rests_on(here: World) -> None:
    here.read("cluster")
    _, ts = posted(here, because="no apply or window explains it")
    view = here.modal_of("details", ts, user=ANA_ID)
    said = shown(view["blocks"])
    assert view["title"]["text"] == "Details"
    for line in ("*Verdict*\nUnplanned, 92 %", "*Severity*\nmedium", "*Who*\nAna with kubectl", "*Stability*\nnot measured"):
        assert line in said
    assert "No apply or window explains it · speaks clearly against planned" in said
    assert "was not read" not in said


def test_details_of_what_is_no_longer_kept_say_so(here: World) -> None:
    _, ts = posted(here)
    here.command("history")
    listed = here.last()["ts"]
    assert isinstance(here.store, SqlStore)
    prune(here.store, 1, {}, here.clock() + timedelta(days=40))
    for action, where in (("details", ts), ("event_details", listed), ("it_was_planned", ts)):
        view = here.modal_of(action, where)
        assert shown(view["blocks"]).startswith("This change is no longer kept.")
        here.driver.act("close", user=YOU, view_id=view["id"], everything=True)


@pytest.mark.parametrize(
    ("was", "button", "now", "word"),
    [
        (Verdict.UNPLANNED, "it_was_planned", Verdict.PLANNED, "Planned"),
        (Verdict.PLANNED, "not_planned", Verdict.UNPLANNED, "Unplanned"),
        (Verdict.UNKNOWN, "it_was_planned", Verdict.PLANNED, "Planned"),
    ],
)
def test_a_persons_word_changes_the_verdict_edits_the_message_and_names_the_person(
    here: World, was: Verdict, button: str, now: Verdict, word: str
) -> None:
    story_id, ts = posted(here, was)
    view = here.modal_of(button, ts, user=BEN_ID)
    assert "shop/api" in shown(view["blocks"])
    assert here.submit(view, {"why": {"why": "rolling back 1.42"}}, user=BEN_ID)["ok"]
    wait_for_verdict(here, story_id, now)
    here.tell()
    message = here.channel_messages()[0]
    assert (len(here.channel_messages()), message["ts"]) == (1, ts)
    assert f"*{word}* (<@{BEN_ID}>: “rolling back 1.42”)" in shown(message["blocks"])
    assert [shown(reply["blocks"]).startswith(f"Now: *{word}*") for reply in here.replies()] == [True]
    event = here.store.events.of_story(EVERYTHING, story_id).items[0]
    assert event.assessment.overrule is not None
    assert (event.verdict, event.assessment.overrule.by) == (now, BEN_ID)


def test_routine_can_be_said_from_the_details(here: World) -> None:
    story_id, ts = posted(here)
    details = here.modal_of("details", ts)
    before = here.marked()
    assert here.driver.act("click", user=YOU, action_id="it_was_routine", view_id=details["id"])["ok"]
    pushed = here.call("views.push", before)["answer"]["view"]
    assert pushed["title"]["text"] == "It is routine"
    assert here.submit(pushed, {})["ok"]
    wait_for_verdict(here, story_id, Verdict.ROUTINE)
    here.tell()
    assert f"*Routine* (<@{YOU}>)" in shown(here.channel_messages()[0]["blocks"])


def test_a_word_may_be_taken_back_by_another(here: World) -> None:
    story_id, ts = posted(here)
    for button, verdict, user in (("it_was_planned", Verdict.PLANNED, ANA_ID), ("not_planned", Verdict.UNPLANNED, BEN_ID)):
        view = here.modal_of(button, ts, user=user)
        here.submit(view, {}, user=user)
        wait_for_verdict(here, story_id, verdict)
        here.tell()
    assert f"*Unplanned* (<@{BEN_ID}>)" in shown(here.channel_messages()[0]["blocks"])


def test_a_reason_in_mrkdwn_mentions_and_formats_nothing(here: World) -> None:
    story_id, ts = posted(here)
    view = here.modal_of("it_was_planned", ts)
    here.submit(view, {"why": {"why": "<!channel> `x` *loud* <@U0BEN0001>"}})
    wait_for_verdict(here, story_id, Verdict.PLANNED)
    here.tell()
    said = shown(here.channel_messages()[0]["blocks"])
    assert "&lt;!channel&gt; ˋxˋ ∗loud∗ &lt;@U0BEN0001&gt;" in said


def test_a_mute_silences_here_and_undo_ends_it(here: World) -> None:
    story_id, ts = posted(here)
    said = here.answer_to("mute", ts, value="resource:24")
    event = here.store.events.of_story(EVERYTHING, story_id).items[0]
    (mute,) = here.store.mutes.active(here.clock())
    assert (mute.destination, mute.by, mute.until) == (INFRA, YOU, here.clock() + timedelta(hours=24))
    assert mute.filter == EventFilter(resource_keys=frozenset({event.resource.key}))
    assert said["response_type"] == "ephemeral"
    assert "What is unplanned and matters is told all the same." in shown(said["blocks"])
    undone = here.answer_to("unmute", here.last()["ts"])
    assert (shown(undone["blocks"]), undone["replace_original"]) == ("No longer muted.", True)
    assert list(here.store.mutes.active(here.clock())) == []


@pytest.mark.parametrize(
    ("choice", "silences", "hours"),
    [
        ("kind:24", EventFilter(kinds=frozenset({"Deployment"}), environments=frozenset({"prod"})), 24),
        ("source:1", EventFilter(sources=frozenset({"cluster"})), 1),
    ],
)
def test_a_kind_or_a_source_may_be_muted(here: World, choice: str, silences: EventFilter, hours: int) -> None:
    _, ts = posted(here)
    here.answer_to("mute", ts, value=choice)
    (mute,) = here.store.mutes.active(here.clock())
    assert (mute.filter, mute.until - here.clock()) == (silences, timedelta(hours=hours))


def test_a_mute_is_listed_on_the_home_and_can_be_ended_there(here: World) -> None:
    _, ts = posted(here)
    here.answer_to("mute", ts, value="resource:24")
    here.driver.act("open_home", user=ANA_ID)
    home = here.call("views.publish")["answer"]["view"]
    assert "Unmute" in buttons(home["blocks"])
    before = here.marked()
    assert here.driver.act("click", user=ANA_ID, action_id="unmute", view_id=home["id"])["ok"]
    published = here.next("views.publish", before)
    assert "Unmute" not in buttons(published["view"]["blocks"])
    assert list(here.store.mutes.active(here.clock())) == []


def test_ask_opens_a_modal_that_fills_with_the_answer(here: World) -> None:
    here.read("cluster")
    _, ts = posted(here, name="payments")
    view = here.modal_of("ask", ts, user=ANA_ID)
    assert "shop/payments" in shown(view["blocks"])
    before = here.marked()
    assert here.submit(view, {"question": {"question": "who did this?"}}, user=ANA_ID)["ok"]
    filled = here.next("views.update", before)["view"]
    assert filled["title"]["text"] == "Answer"
    assert "*who did this?*" in shown(filled["blocks"])
    assert "Ana" in shown(filled["blocks"])
    assert here.driver.state()["modals"][ANA_ID][-1]["title"]["text"] == "Answer"


def test_a_question_that_fails_does_not_leave_its_modal_looking_for_ever(here: World) -> None:
    _, ts = posted(here)
    view, before = here.modal_of("ask", ts), here.marked()
    here.store.close()
    here.submit(view, {"question": {"question": "who did this?"}})
    assert shown(here.next("views.update", before)["view"]["blocks"]).startswith("That did not work")


def test_the_buttons_of_a_story_are_those_its_verdict_leaves_open(here: World) -> None:
    wanted = {
        Verdict.PLANNED: ["Details", "Not planned", "Ask"],
        Verdict.UNPLANNED: ["Details", "It was planned", "Ask"],
        Verdict.UNKNOWN: ["Details", "It was planned", "It was not", "Ask"],
        Verdict.ROUTINE: ["Details", "Not planned", "Ask"],
    }
    here.store.subscriptions.save(Subscription(destination=INFRA, tells_routine=True))
    for verdict, labels in wanted.items():
        posted(here, verdict, name=f"app-{verdict}")
        assert buttons(here.channel_messages()[-1]["blocks"]) == labels


def test_a_high_severity_that_is_not_planned_asks_for_a_look(here: World) -> None:
    posted(here, Verdict.UNPLANNED, severity=Severity.HIGH)
    assert "Worth a look now." in shown(here.channel_messages()[0]["blocks"])


def wait_for_verdict(here: World, story_id: str, verdict: Verdict) -> None:
    """Until the listener has worked on it: the inbox is the bot's own sign that a push was."""
    import time

    until = time.monotonic() + 10
    while time.monotonic() < until:
        story = here.store.stories.get(story_id)
        if story is not None and story.verdict is verdict and not here.store.inbox.pending("slack"):
            return
    raise AssertionError(f"{story_id} did not become {verdict}")
