"""`/wgo catchup` in all its forms, and the buttons of a report."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.assessment import Severity, Verdict
from tests.unit.bot.world import ANA_ID, INFRA, YOU, World, buttons, shown


@pytest.fixture
def busy(here: World) -> World:
    """Something of each verdict in two environments, all of it read."""
    here.read("cluster", hours=24 * 8)
    here.happened("api", Verdict.UNPLANNED, Severity.HIGH, because="no apply explains it", minutes_ago=120)
    here.happened("web", Verdict.ROUTINE, minutes_ago=60 * 24 * 3)
    here.happened(verdict=Verdict.PLANNED, event=here.event("net", 30, environment="staging"), because="Ana's apply")
    return here


def head(blocks: list[dict[str, object]]) -> str:
    return shown(blocks[:1])


def test_a_first_catch_up_tells_seven_days_to_its_reader_only(busy: World) -> None:
    said = busy.command("catchup")
    assert said["response_type"] == "ephemeral"
    assert re.fullmatch(
        r"\*Since <!date\^\d+\^\{date_short_pretty\} \{time\}\|[^>]+>\* · 7 days · the one source read whole\n"
        r"3 changes: 1 routine · 1 planned · 1 unplanned",
        head(said["blocks"]),
    )
    assert "1. 🔎" in shown(said["blocks"])
    assert buttons(said["blocks"]) == ["Details", "Full report", "Mark as read", "Share"]


@pytest.mark.parametrize("alias", ["catchup", "catch-up", "catch up", "summarize", "CatchUp"])
def test_every_name_of_the_catch_up_is_understood(busy: World, alias: str) -> None:
    assert busy.command(alias)["text"] == "Catch-up: 3 changes, 1 to look at"


def test_a_time_a_place_and_full_are_taken_in_any_order(busy: World) -> None:
    only = "only staging"
    for words in ("in staging full", "full in staging", "staging full"):
        said = busy.command(f"catchup {words}")
        assert (said["text"], only in head(said["blocks"])) == ("Catch-up: 1 change, 0 to look at", True)
        assert "Full report" not in buttons(said["blocks"])
        assert "*Who did what*" in shown(said["blocks"])
    assert busy.command("catchup since 3 hours ago")["text"] == "Catch-up: 2 changes, 1 to look at"
    assert busy.command("catchup 3 hours ago in prod")["text"] == "Catch-up: 1 change, 1 to look at"


@pytest.mark.parametrize(
    ("words", "says", "step"),
    [
        ("in atlantis", "nothing I watch is called 'atlantis'", "cluster"),
        ("since the cows come home", "cows", "yesterday"),
        ("brief full", "brief or full, not both", "For example"),
    ],
)
def test_words_that_cannot_be_read_are_refused_with_the_next_step(busy: World, words: str, says: str, step: str) -> None:
    said = busy.command(f"catchup {words}")
    text = shown(said["blocks"])
    assert (said["response_type"], said["text"]) == ("ephemeral", "That did not work")
    assert text.startswith("That did not work: ")
    assert says in text
    assert step in text.splitlines()[1]


def test_the_readers_own_clock_is_meant(busy: World) -> None:
    """Ana is in Madrid: her midnight is an hour before London's, and in London's last hour her yesterday is another day."""
    for user, zone in ((YOU, "Europe/London"), (ANA_ID, "Europe/Madrid")):
        said = int(re.findall(r"\^(\d+)\^", head(busy.command("catchup since yesterday", user=user)["blocks"]))[0])
        yesterday = busy.clock().astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        assert said == int(datetime.combine(yesterday, time(), tzinfo=ZoneInfo(zone)).timestamp())


def test_mark_as_read_moves_where_the_next_report_begins_and_undo_moves_it_back(busy: World) -> None:
    first = busy.command("catchup")
    assert first["text"].startswith("Catch-up: 3 changes")
    marked = busy.answer_to("mark_as_read", busy.last()["ts"])
    left_off = busy.clock()
    assert shown(marked["blocks"]).startswith("Marked as read up to <!date^")
    busy.clock.forward(600)
    busy.read("cluster", hours=24 * 8)
    busy.happened("later", Verdict.UNKNOWN, minutes_ago=2)
    again = busy.command("catchup")
    assert again["text"] == "Catch-up: 1 change, 1 to look at"
    assert head(again["blocks"]).startswith(f"*Since you left off <!date^{int(left_off.timestamp())}^")
    marked_again = busy.answer_to("mark_as_read", busy.last()["ts"])
    assert (marked_again["response_type"], buttons(marked_again["blocks"])) == ("ephemeral", ["Undo"])
    marking = busy.last()["ts"]
    assert busy.command("catchup")["text"] == "Catch-up: 0 changes, 0 to look at"
    undone = busy.answer_to("undo_read", marking)
    assert undone["replace_original"] is True
    assert shown(undone["blocks"]).startswith(f"Undone: you left off <!date^{int(left_off.timestamp())}^")
    assert busy.command("catchup")["text"] == "Catch-up: 1 change, 1 to look at"


def test_a_first_mark_is_taken_back_to_none(busy: World) -> None:
    busy.command("catchup")
    marked = busy.answer_to("mark_as_read", busy.last()["ts"])
    assert buttons(marked["blocks"]) == ["Undo"]
    undone = busy.answer_to("undo_read", busy.last()["ts"])
    assert shown(undone["blocks"]) == "Undone: nothing is marked as read."
    assert busy.store.watermarks.get(YOU) is None
    assert busy.command("catchup")["text"].startswith("Catch-up: 3 changes")


def test_undo_pressed_twice_goes_back_once_and_never_says_that_nothing_is_marked(busy: World) -> None:
    busy.store.watermarks.mark(YOU, 1, busy.clock() - timedelta(days=1))
    busy.command("catchup")
    busy.answer_to("mark_as_read", busy.last()["ts"])
    marking = next(one["ts"] for one in reversed(busy.driver.messages()) if one["text"] == "Marked as read")
    busy.store.watermarks.undo(YOU)
    said = shown(busy.answer_to("undo_read", marking)["blocks"])
    assert said.startswith("There is no earlier mark to go back to: you left off <!date^")


def test_one_readers_mark_leaves_the_others_where_they_were(busy: World) -> None:
    busy.command("catchup")
    busy.answer_to("mark_as_read", busy.last()["ts"])
    assert busy.command("catchup", user=ANA_ID)["text"].startswith("Catch-up: 3 changes")
    assert busy.store.watermarks.get(ANA_ID) is None


def test_a_change_that_arrives_late_is_told_in_the_next_report_marked_late(busy: World) -> None:
    busy.command("catchup")
    busy.answer_to("mark_as_read", busy.last()["ts"])
    busy.clock.forward(300)
    busy.read("cluster", hours=24 * 8)
    busy.happened("slow", Verdict.UNPLANNED, minutes_ago=24 * 60)
    said = shown(busy.command("catchup")["blocks"])
    assert "1 change: 1 unplanned\n_1 change among them happened earlier and arrived late._" in said
    assert "_arrived late_" in said
    assert "Quiet" not in said


def test_history_read_in_afterwards_is_one_line(busy: World) -> None:
    busy.happened("old", Verdict.UNPLANNED, minutes_ago=60 * 24 * 2, backfilled=True)
    said = busy.command("catchup")
    assert said["text"] == "Catch-up: 3 changes, 1 to look at"
    assert "_History read in afterwards: 1 change, not told one by one._" in shown(said["blocks"])


def test_the_full_report_is_of_the_same_words(busy: World) -> None:
    busy.command("catchup in staging")
    full = busy.answer_to("catchup_full", busy.last()["ts"])
    assert (full["response_type"], full["text"]) == ("ephemeral", "Catch-up: 1 change, 0 to look at")
    assert "*Who did what*" in shown(full["blocks"])


def test_a_report_that_was_marked_as_read_can_still_be_shared_and_shown_in_full(busy: World) -> None:
    busy.command("catchup")
    report = busy.last()["ts"]
    busy.answer_to("mark_as_read", report)
    shared = busy.answer_to("catchup_share", report)
    assert (shared["response_type"], shared["text"]) == ("in_channel", "Catch-up: 3 changes, 1 to look at")
    assert f"shared by <@{YOU}>" in head(shared["blocks"])
    assert buttons(shared["blocks"]) == ["Details"]
    assert busy.answer_to("catchup_full", report)["text"] == "Catch-up: 3 changes, 1 to look at"
    assert [message["text"] for message in busy.channel_messages()] == ["Catch-up: 3 changes, 1 to look at"]


def test_share_in_the_command_tells_everyone_and_names_who_shared(busy: World) -> None:
    said = busy.command("catchup in staging share", user=ANA_ID)
    assert said["response_type"] == "in_channel"
    assert f"shared by <@{ANA_ID}>" in head(said["blocks"])
    assert busy.channel_messages()[0]["blocks"]


def test_nothing_but_routine_wholly_read_is_quiet_and_marked_as_read_at_will(here: World) -> None:
    here.read("cluster", hours=24 * 8)
    here.happened("web", Verdict.ROUTINE)
    said = here.command("catchup")
    assert re.match(
        r"✓ Quiet since <!date\^[^>]+>: 1 routine change, nothing else\. the one source read whole\.", head(said["blocks"]), re.I
    )
    assert buttons(said["blocks"]) == ["Mark as read", "Share"]


def test_a_gap_is_said_in_place_of_quiet(here: World) -> None:
    here.read("cluster", hours=24 * 8)
    here.read("aws-prod", hours=24 * 8, end_minutes_ago=180)
    here.read("aws-prod", hours=2, reason="throttled", end_minutes_ago=60)
    here.read("aws-prod", hours=1)
    text = head(here.command("catchup")["blocks"])
    assert "Quiet" not in text
    assert re.search(r"1 of 2 sources read whole \(`aws-prod` not read <!date[^>]+>–<!date[^>]+>\)", text)
    assert "No change was seen in what was read." in text


def test_the_home_button_sends_the_report_to_the_readers_own_conversation(busy: World) -> None:
    busy.driver.act("open_home", user=YOU)
    home = busy.call("views.publish")["answer"]["view"]
    before = busy.marked()
    assert busy.driver.act("click", user=YOU, action_id="home_catchup", view_id=home["id"])["ok"]
    said = busy.next("chat.postMessage", before)
    assert (said["channel"], said["text"]) == (YOU, "Catch-up: 3 changes, 1 to look at")
    direct = busy.direct()
    report = busy.last(direct)["ts"]
    marked = busy.answer_to("mark_as_read", report, channel=direct)
    assert shown(marked["blocks"]).startswith("Marked as read")
    mark = busy.store.watermarks.get(YOU)
    assert mark is not None
    assert mark.read_at == busy.clock()


def test_a_mark_tells_the_time_of_its_report_however_late_it_is_pressed(busy: World) -> None:
    busy.command("catchup")
    made_at, report = busy.clock(), busy.last()["ts"]
    busy.happened("between", Verdict.UNPLANNED, minutes_ago=0)
    busy.clock.forward(timedelta(hours=1).total_seconds())
    busy.answer_to("mark_as_read", report)
    mark = busy.store.watermarks.get(YOU)
    assert mark is not None
    assert (mark.read_at, mark.sequence) == (made_at, 3)
    said = busy.command("catchup")
    assert (said["text"], "between" in shown(said["blocks"])) == ("Catch-up: 1 change, 1 to look at", True)


def test_details_open_from_a_report(busy: World) -> None:
    busy.command("catchup")
    view = busy.modal_of("details", busy.last(INFRA)["ts"])
    assert "No apply explains it" in shown(view["blocks"])
