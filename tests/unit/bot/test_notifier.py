"""Telling: one message a story, edited in place, at Slack's pace, once across a crash, and nothing dropped."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.arrivals import STORY_EVENT
from bot.notifier import Notifier
from bot.pace import Pace
from bot.slack_calls import telling_client
from core.assessment import Severity, Verdict
from core.conclusions import Conclusions
from core.delivery import DeliveryState
from core.settings import SlackSettings
from core.story import Settling
from tests.unit.bot.world import GENERAL, INFRA, YOU, Ticks, World, shown, world


@pytest.fixture
def quiet() -> Iterator[World]:
    """Without the connection: nobody speaks to the bot here."""
    with world(connect=False) as made:
        yield made


def revise(here: World, story_id: str, **changes: object) -> None:
    """The story's next revision, due in #infra."""
    story = here.store.stories.get(story_id)
    assert story is not None
    revised = replace(story, revision=story.revision + 1, updated_at=here.clock(), **changes)  # type: ignore[arg-type]
    here.commit(conclusions=Conclusions(stories=(revised,)))
    here.due(story_id)


def restarted(here: World, *, history_readable: bool = True) -> Notifier:
    """The notifier of the next run, over the same store."""
    client = telling_client(SlackSettings(base_url=here.sandbox.api_url), here.sandbox.bot_token)
    return Notifier(
        store=here.store,
        slack=client,
        people=here.notifier.people,
        clock=here.clock,
        pace=Pace(monotonic=Ticks()),
        history_readable=history_readable,
    )


def counts(here: World) -> dict[str, int]:
    return dict(here.store.deliveries.counts())


def methods(here: World) -> list[str]:
    return [call["method"] for call in here.driver.calls() if call["method"] != "users.lookupByEmail"]


def test_a_story_is_one_message_that_is_edited_when_it_settles_with_a_note_in_its_thread(quiet: World) -> None:
    story_id = quiet.happened("api", Verdict.UNPLANNED, told_to=INFRA)
    quiet.tell()
    (first,) = quiet.channel_messages()
    assert "settled" not in shown(first["blocks"])
    quiet.clock.forward(600)
    revise(quiet, story_id, settling=Settling.SETTLED, settled_at=quiet.clock(), settling_says="3 of 3 ready, 0 restarts in 10 min")
    quiet.tell()
    (edited,) = quiet.channel_messages()
    assert edited["ts"] == first["ts"]
    lines = shown(edited["blocks"]).splitlines()
    assert lines[0].startswith("🔎 *prod* · *shop/api*  —  *Unplanned, 92 %* · settled <!date^")
    assert "3 of 3 ready, 0 restarts in 10 min." in shown(edited["blocks"])
    (note,) = quiet.replies()
    assert note["thread_ts"] == first["ts"]
    assert shown(note["blocks"]).startswith("✓ *Settled* <!date^")
    assert note.get("subtype") != "thread_broadcast"
    assert counts(quiet) == {DeliveryState.SENT: 2}


def test_what_got_worse_is_said_in_the_channel_too(quiet: World) -> None:
    story_id = quiet.happened("api", told_to=INFRA)
    quiet.tell()
    revise(quiet, story_id, settling=Settling.DEGRADED, settling_says="1 of 3 ready")
    quiet.tell()
    posted = quiet.driver.calls("chat.postMessage")
    assert [call["args"].get("reply_broadcast") in (True, "1", "true") for call in posted] == [False, True]
    assert shown(quiet.channel_messages()[0]["blocks"]).startswith("⚠")


def test_a_revision_that_means_the_same_is_edited_without_a_note(quiet: World) -> None:
    story_id = quiet.happened("api", told_to=INFRA)
    quiet.tell()
    revise(quiet, story_id, event_count=1, because="looked at again")
    quiet.tell()
    assert methods(quiet) == ["chat.postMessage", "chat.update"]


def test_only_the_newest_of_several_waiting_revisions_is_told(quiet: World) -> None:
    story_id = quiet.happened("api", told_to=INFRA)
    for _ in range(3):
        revise(quiet, story_id)
    quiet.tell()
    assert methods(quiet) == ["chat.postMessage"]
    assert counts(quiet) == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 3}


def test_a_merged_story_points_at_the_older_one_and_is_told_there(quiet: World) -> None:
    elder = quiet.happened("elder", told_to=INFRA, cause="Ana's apply")
    quiet.tell()
    younger = quiet.happened("younger", told_to=INFRA)
    quiet.tell()
    revise(quiet, younger, merged_into=elder)
    quiet.tell()
    first, second = quiet.channel_messages()
    said = shown(second["blocks"])
    assert said.startswith("↪ *prod* · *shop/younger* has the same cause as <http")
    assert "Ana's apply" in said
    assert first["ts"].replace(".", "") in said
    assert quiet.replies() == []


def test_a_story_that_was_merged_before_it_was_told_is_not_told_by_itself(quiet: World) -> None:
    elder = quiet.happened("elder", told_to=INFRA)
    younger = quiet.happened("younger")
    revise(quiet, younger, merged_into=elder)
    quiet.tell()
    assert len(quiet.channel_messages()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 1}


def test_a_story_that_became_routine_while_it_waited_is_not_told(quiet: World) -> None:
    story_id = quiet.happened("api", told_to=INFRA)
    story = quiet.store.stories.get(story_id)
    assert story is not None
    calm = replace(story, revision=2, verdict=Verdict.ROUTINE, severity=Severity.LOW)
    quiet.commit(conclusions=Conclusions(stories=(calm,)))
    quiet.tell()
    assert quiet.channel_messages() == []
    assert counts(quiet) == {DeliveryState.SKIPPED: 1}


def test_a_channel_hears_one_message_a_second_and_another_channel_does_not_wait_for_it(quiet: World) -> None:
    quiet.driver.act("invite", user="U0DEV0001", channel=GENERAL)
    for number in range(3):
        quiet.happened(f"api-{number}", told_to=INFRA)
    quiet.happened("web", told_to=GENERAL)
    assert quiet.notifier.drain() <= 1.0
    assert (len(quiet.channel_messages()), len(quiet.channel_messages(GENERAL))) == (1, 1)
    quiet.ticks.now += 0.9
    quiet.notifier.drain()
    assert len(quiet.channel_messages()) == 1
    quiet.ticks.now += 0.2
    quiet.notifier.drain()
    assert len(quiet.channel_messages()) == 2
    quiet.tell()
    assert len(quiet.channel_messages()) == 3


def test_slacks_retry_after_is_waited_for(quiet: World) -> None:
    quiet.driver.fault("chat.postMessage", kind="status", status=429, retry_after=7)
    quiet.happened("api", told_to=INFRA)
    quiet.happened("web", told_to=INFRA)
    quiet.notifier.drain()
    quiet.clock.forward(6.5)
    quiet.ticks.now += 6.5
    quiet.notifier.drain()
    assert len(quiet.driver.calls("chat.postMessage")) == 1
    quiet.clock.forward(1)
    quiet.ticks.now += 1
    quiet.tell()
    assert len(quiet.channel_messages()) == 2
    assert counts(quiet) == {DeliveryState.SENT: 2}


def test_under_slacks_own_limits_every_story_arrives_once(quiet: World) -> None:
    """The sandbox counts posts by a real clock, so most of them are refused at first."""
    quiet.driver.order("rate_limits", on=True)
    stories = [quiet.happened(f"api-{number}", told_to=INFRA) for number in range(20)]
    for round_ in range(400):
        if counts(quiet).get(DeliveryState.SENT) == len(stories):
            break
        if round_ == 30:
            quiet.driver.order("rate_limits", on=False)
        quiet.notifier.drain()
        quiet.clock.forward(2)
        quiet.ticks.now += 2
    assert counts(quiet) == {DeliveryState.SENT: 20}
    told = [m["metadata"]["event_payload"]["story_id"] for m in quiet.channel_messages()]
    assert sorted(told) == sorted(stories)


@pytest.mark.parametrize(
    ("channel", "error", "step"),
    [(GENERAL, "not_in_channel", "/invite @WGO"), ("C0NOWHERE", "channel_not_found", "Check the channel id")],
)
def test_what_a_channel_that_we_are_not_in_should_hear_waits_with_the_next_step_and_stops_nothing_else(
    quiet: World, channel: str, error: str, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    quiet.happened("api", told_to=channel)
    quiet.happened("web", told_to=INFRA)
    with caplog.at_level("WARNING", "bot.notifier"):
        quiet.tell()
    (record,) = [one for one in caplog.records if one.message == "not told yet"]
    assert record.__dict__["error"] == error
    assert step in record.__dict__["next_step"]
    assert counts(quiet) == {DeliveryState.SENT: 1, DeliveryState.PARKED: 1}
    assert len(quiet.channel_messages()) == 1


def test_what_waited_is_told_as_soon_as_one_of_it_is_taken_and_asked_for_seldom_until_then(quiet: World) -> None:
    quiet.driver.act("remove", user=YOU, channel=INFRA)
    for name in ("api", "web", "db"):
        quiet.happened(name, told_to=INFRA)
    for _ in range(60):
        quiet.tell(1)
        quiet.clock.forward(60)
    assert counts(quiet) == {DeliveryState.PARKED: 3}
    assert len(quiet.driver.calls("chat.postMessage")) <= 10
    quiet.driver.act("invite", user=YOU, channel=INFRA)
    quiet.clock.forward(3600)
    quiet.tell()
    assert counts(quiet) == {DeliveryState.SENT: 3}
    assert len({str(m["metadata"]["event_payload"]["story_id"]) for m in quiet.channel_messages() if m.get("metadata")}) == 3


def test_a_new_change_that_is_taken_brings_those_that_waited_since_an_earlier_run(quiet: World) -> None:
    quiet.driver.act("remove", user=YOU, channel=INFRA)
    quiet.happened("api", told_to=INFRA)
    quiet.tell()
    quiet.driver.act("invite", user=YOU, channel=INFRA)
    quiet.happened("web", told_to=INFRA)
    again = restarted(quiet)
    for _ in range(2):
        again.drain()
        again.pace = Pace(monotonic=Ticks())
    assert counts(quiet) == {DeliveryState.SENT: 2}


def test_a_note_for_a_channel_that_we_are_not_in_is_given_up_when_its_hour_is_over(quiet: World) -> None:
    quiet.due("note/blind/aws", destination=GENERAL, kind="note", body="aws has not been read since 02:10 UTC")
    for _ in range(300):
        quiet.tell(1)
        quiet.clock.forward(60)
    assert counts(quiet) == {DeliveryState.FAILED: 1}


def test_what_slack_refuses_for_what_it_says_fails(quiet: World, caplog: pytest.LogCaptureFixture) -> None:
    quiet.driver.fault("chat.postMessage", kind="error", error="msg_too_long")
    quiet.happened("api", told_to=INFRA)
    with caplog.at_level("ERROR", "bot.notifier"):
        quiet.tell()
    assert [one.__dict__["error"] for one in caplog.records if one.message == "not told"] == ["msg_too_long"]
    assert counts(quiet) == {DeliveryState.FAILED: 1}


def test_a_message_that_someone_deleted_is_not_edited_again_and_again(quiet: World) -> None:
    from tests.unit.sandbox.world import web_client

    story_id = quiet.happened("api", told_to=INFRA)
    quiet.tell()
    web_client(quiet.sandbox).chat_delete(channel=INFRA, ts=quiet.channel_messages()[0]["ts"])
    revise(quiet, story_id)
    quiet.tell()
    assert counts(quiet) == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 1}
    assert len(quiet.driver.calls("chat.update")) == 1


@pytest.mark.parametrize("kind", ["status", "close"])
def test_a_failure_that_may_pass_is_tried_again_after_a_while(quiet: World, kind: str) -> None:
    quiet.driver.fault("chat.postMessage", kind=kind, status=503)
    quiet.happened("api", told_to=INFRA)
    quiet.tell()
    assert quiet.channel_messages() == []
    quiet.clock.forward(2.5)
    quiet.tell()
    assert len(quiet.channel_messages()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 1}


@pytest.mark.parametrize("kind", ["status", "close"])
def test_a_post_whose_answer_was_lost_is_found_by_its_metadata_and_not_repeated(quiet: World, kind: str) -> None:
    quiet.driver.fault("chat.postMessage", kind=kind, when="after", status=500)
    story_id = quiet.happened("api", told_to=INFRA)
    quiet.tell()
    quiet.clock.forward(5)
    quiet.tell()
    assert len(quiet.channel_messages()) == 1
    receipt = quiet.store.deliveries.receipt(INFRA, story_id)
    assert receipt is not None
    assert quiet.channel_messages()[0]["ts"] in receipt.message


@pytest.mark.parametrize("kind", ["story", "note"])
def test_a_post_that_arrived_is_found_after_an_outage_of_hours(quiet: World, kind: str) -> None:
    quiet.driver.fault("chat.postMessage", kind="close", when="after")
    if kind == "story":
        quiet.happened("api", told_to=INFRA, minutes_ago=0)
    else:
        quiet.due("note/burst/1", kind="note", body="They have one cause.")
    quiet.tell(1)
    for method in ("chat.postMessage", "conversations.history"):
        quiet.driver.fault(method, kind="status", status=503, count=1000)
    for _ in range(180):
        quiet.clock.forward(60)
        quiet.notifier.drain()
    quiet.driver.order("clear_faults")
    quiet.clock.forward(1000)
    quiet.tell()
    assert len(quiet.channel_messages()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 1}


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "close"}, {"kind": "error", "error": "internal_error"}])
def test_a_newer_revision_that_overtakes_a_lost_answer_edits_the_message_that_arrived(quiet: World, fault: dict[str, object]) -> None:
    quiet.driver.fault("chat.postMessage", when="after", **fault)
    story_id = quiet.happened("api", told_to=INFRA)
    quiet.tell(1)
    revise(quiet, story_id)
    quiet.clock.forward(5)
    quiet.tell()
    assert len(quiet.channel_messages()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 1}


def crashed_after_posting(here: World) -> str:
    """The post arrived, and the machine stopped before its receipt was stored."""
    story_id = here.happened("api")
    delivery = here.due(story_id)
    assert here.store.deliveries.claim(delivery.key, here.clock()) is not None
    known = restarted(here)
    from bot.told import told

    story = told(here.store, known.people, story_id)
    assert story is not None
    known._post(delivery, known._message(delivery, story), story)
    here.clock.forward(30)
    return story_id


def test_after_a_crash_a_newer_revision_edits_the_message_that_arrived_though_it_came_after_the_restart(quiet: World) -> None:
    story_id = crashed_after_posting(quiet)
    again = restarted(quiet)
    again._started_at = quiet.clock()
    quiet.clock.forward(1)
    revise(quiet, story_id)
    quiet.clock.forward(5)
    again.drain()
    assert len(quiet.channel_messages()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 1}


def test_after_a_crash_the_message_that_arrived_is_found(quiet: World) -> None:
    crashed_after_posting(quiet)
    restarted(quiet).drain()
    assert methods(quiet) == ["chat.postMessage", "conversations.history", "chat.update"]
    assert len(quiet.channel_messages()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 1}


def test_after_a_crash_the_message_is_found_among_hundreds_that_came_since(quiet: World) -> None:
    from tests.unit.sandbox.world import web_client

    crashed_after_posting(quiet)
    slack = web_client(quiet.sandbox)
    for number in range(230):
        slack.chat_postMessage(channel=INFRA, text=f"talk {number}")
    restarted(quiet).drain()
    assert [m["metadata"]["event_type"] for m in quiet.channel_messages() if m.get("metadata")] == [STORY_EVENT]


def test_without_the_history_scope_it_is_sent_again_rather_than_dropped() -> None:
    with world(connect=False, withheld=("channels:history", "groups:history", "users:read.email")) as here:
        crashed_after_posting(here)
        again = restarted(here)
        again.drain()
        assert again.arrivals.readable is False
        assert len(here.channel_messages()) == 2
        assert counts(here) == {DeliveryState.SENT: 1}


def test_a_note_in_a_thread_whose_answer_was_lost_is_said_once(quiet: World) -> None:
    story_id = quiet.happened("api", told_to=INFRA)
    quiet.tell()
    quiet.driver.fault("chat.postMessage", kind="close", when="after")
    revise(quiet, story_id, settling=Settling.SETTLED, settled_at=quiet.clock(), settling_says="3 of 3 ready")
    quiet.tell()
    quiet.clock.forward(5)
    quiet.tell()
    assert len(quiet.replies()) == 1
    assert counts(quiet) == {DeliveryState.SENT: 2}


def test_a_note_of_our_own_is_told_once_and_escaped(quiet: World) -> None:
    quiet.due("note-1", revision=1, kind="note", body="The snapshot of <!channel> `db` did *not* run.")
    quiet.tell()
    (message,) = quiet.channel_messages()
    assert shown(message["blocks"]) == "💬 The snapshot of &lt;!channel&gt; ˋdbˋ did ∗not∗ run."
    quiet.tell()
    assert len(quiet.channel_messages()) == 1


def test_a_story_whose_changes_are_no_longer_kept_is_given_up_with_the_reason(quiet: World) -> None:
    quiet.due("story-unknown", revision=1)
    quiet.tell()
    assert counts(quiet) == {DeliveryState.SKIPPED: 1}
    assert quiet.driver.calls() == []


def test_what_is_not_due_yet_waits(quiet: World) -> None:
    story_id = quiet.happened("api")
    quiet.due(story_id, not_before=quiet.clock() + timedelta(hours=8))
    quiet.tell()
    assert quiet.channel_messages() == []
    quiet.clock.forward(8 * 3600)
    quiet.tell()
    assert len(quiet.channel_messages()) == 1
