"""`/wgo` but for the catch-up: help, status, history, a question, and words that are none of them."""

import re

import pytest

from core.assessment import Severity, Verdict
from core.coverage import CoverageState
from core.story import Settling
from tests.unit.bot.world import ANA_ID, INFRA, World, buttons, gap, shown
from tests.unit.core.changes import T0


def test_help_says_what_one_can_say_to_this_reader_only(here: World) -> None:
    for words in ("", "help", "HELP"):
        said = here.command(words)
        assert said["response_type"] == "ephemeral"
        assert [line.split("`")[1] for line in shown(said["blocks"]).splitlines() if line.startswith("`/wgo")] == [
            "/wgo catchup",
            "/wgo catchup since yesterday 5pm in prod full",
            "/wgo catchup share",
            "/wgo status",
            "/wgo history payments in prod",
        ]
    assert here.channel_messages() == []


def test_a_single_unknown_word_is_named_and_its_brackets_mention_nobody(here: World) -> None:
    assert shown(here.command("ctachup")["blocks"]).splitlines()[0] == "I don't know `ctachup` yet. What I do know:"
    assert "<!channel>" not in shown(here.command("<!channel>")["blocks"])


def test_a_status_before_anything_was_read_reassures_of_nothing(here: World) -> None:
    said = shown(here.command("status")["blocks"]).splitlines()
    assert said[1:3] == [
        "Nothing has been read yet, so there is nothing I can say.",
        "Stability: not measured (no health signal was read lately).",
    ]


def test_a_status_lists_what_is_open_the_worst_first_and_what_was_not_read(here: World) -> None:
    here.happened("usual", Verdict.ROUTINE)
    here.happened("web", Verdict.UNKNOWN, Severity.LOW)
    here.happened("db", Verdict.UNPLANNED, Severity.HIGH)
    here.happened("done", Verdict.UNPLANNED, settling=Settling.SETTLED)
    here.read("cluster")
    here.read("aws-prod", hours=1, reason="throttled")
    said = here.command("status")
    text = shown(said["blocks"])
    assert [line for line in text.splitlines() if line[:1] in "🔎❔"] == [
        "🔎 *prod · shop/db* · modified · Ana",
        "❔ *prod · shop/web* · modified · Ana",
    ]
    assert "2 changes open: 1 unplanned, 1 I can't tell." in text
    assert re.search(r"○ `aws-prod` not read since <!date\^\d+\^[^>]+>: throttled\.", text)
    assert re.search(r"● `cluster` read, complete until <!date", text)
    assert buttons(said["blocks"]) == ["Details", "Details"]


def test_nothing_open_is_not_said_of_a_source_that_was_not_read(here: World) -> None:
    here.read("cluster")
    assert "Nothing of the last 3 days is open." in shown(here.command("status")["blocks"])
    here.read("aws-prod", hours=1, reason="throttled")
    assert "Nothing of the last 3 days is open in what was read. 1 source I could not read: I can't vouch for that." in shown(
        here.command("status")["blocks"]
    )


def test_a_source_that_nobody_has_read_for_a_while_is_no_source_that_was_read(here: World) -> None:
    here.read("cluster", end_minutes_ago=9)
    assert "Nothing of the last 3 days is open." in shown(here.command("status")["blocks"])
    here.read("cloud", end_minutes_ago=75)
    said = shown(here.command("status")["blocks"])
    assert "Nothing of the last 3 days is open in what was read. 1 source I could not read: I can't vouch for that." in said
    assert "○ `cloud` not read since" in said
    assert "● `cluster` read" in said


def test_a_status_that_is_shared_is_told_to_everyone(here: World) -> None:
    here.read("cluster")
    assert here.command("status share")["response_type"] == "in_channel"
    assert [message["text"] for message in here.channel_messages()] == ["How it stands"]


def test_history_tells_newest_first_a_page_at_a_time(here: World) -> None:
    for number in range(11):
        here.happened(f"api-{number:02}", Verdict.ROUTINE, minutes_ago=60 - number)
    here.happened("web", Verdict.ROUTINE)
    first = here.command("history api")
    assert re.findall(r"shop/(api-\d\d)", shown(first["blocks"])) == [f"api-{number:02}" for number in range(10, 2, -1)]
    assert (buttons(first["blocks"])[-1], first["response_type"]) == ("Older", "ephemeral")
    older = here.answer_to("older", here.last()["ts"])
    assert re.findall(r"shop/(api-\d\d)", shown(older["blocks"])) == ["api-02", "api-01", "api-00"]
    assert older["replace_original"] is True
    assert "Older" not in buttons(older["blocks"])


def test_history_of_what_never_changed_says_how_words_are_matched(here: World) -> None:
    said = shown(here.command("history nothing*like&it")["blocks"])
    assert said == (
        "*Changes* for *nothing*like&amp;it*, newest first\n"
        "None that I have read. Words are matched in names of resources, `in prod` narrows to a place; `/wgo history` alone lists them all."
    )


def test_words_that_are_no_command_are_taken_as_a_question_and_answered_to_the_asker(here: World) -> None:
    here.read("cluster")
    here.happened("payments", Verdict.UNPLANNED)
    said = here.command("who changed payments since yesterday?", user=ANA_ID)
    assert said["response_type"] == "ephemeral"
    assert "shop/payments" in shown(said["blocks"]) or "`payments`" in shown(said["blocks"])
    assert "Ana" in shown(said["blocks"])


def test_a_part_that_was_left_out_does_not_make_the_status_a_gap(here: World) -> None:
    now = here.clock()
    left_out = gap("cluster", T0, now, state=CoverageState.PARTIAL, part="secrets", reason="secrets may not be listed")
    here.read("cluster")
    from core.batch import Batch, Cursor
    from core.ports import Commit

    here.store.work.commit(Commit(source="cluster", batch=Batch(cursor=Cursor(state={}), coverage=(left_out,))))
    assert "not read since" not in shown(here.command("status", channel=INFRA)["blocks"])


def test_history_is_narrowed_to_a_place(here: World) -> None:
    here.happened("api", minutes_ago=5)
    here.happened(event=here.event("api", 6, environment="staging"))
    for asked in ("history in staging", "history api in staging"):
        assert here.command(asked)["text"] == "1 changes"
    assert here.command("history api")["text"] == "2 changes"
    assert here.command("history api in the attic")["text"] == "No changes"


def test_words_that_name_no_time_are_answered_and_are_no_fault_in_the_log(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.command("catchup since the cows come home")
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


def test_a_place_that_nothing_watched_is_called_is_refused_and_never_told_as_nothing(here: World) -> None:
    here.happened("api")
    for asked in ("history in stagng", "history api in stagng", "status in stagng"):
        assert "nothing I watch is called 'stagng'" in shown(here.command(asked)["blocks"])


def test_a_status_that_is_asked_of_one_place_says_that_it_is_of_everything(here: World) -> None:
    here.happened("api", Verdict.UNPLANNED)
    said = shown(here.command("status in prod")["blocks"])
    assert "/wgo catchup in prod tells of one place" in said
    assert "How it stands" not in said
