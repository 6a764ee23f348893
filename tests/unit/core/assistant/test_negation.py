"""Questions turned round by a word: never answered with the opposite."""

from collections.abc import Iterator

import pytest

from core.assessment import Verdict
from core.event import ChangeType
from core.subscription import EVERYTHING
from core.text import plain
from tests.unit.core.assistant.test_conversation import ask, says
from tests.unit.core.changes import ANA, BEN, SCALER, change
from tests.unit.core.telling import Telling, telling

SINCE = "Since Mon 02 Mar 00:00 UTC"


@pytest.fixture
def told() -> Iterator[Telling]:
    """Ben in prod, Ana in staging, and what scales by itself in prod, one after the other."""
    with telling() as held:
        held.read()
        held.happened(change("api", 1, BEN, type=ChangeType.DELETED), Verdict.UNPLANNED)
        held.happened(change("db", 2, ANA, environment="staging"), Verdict.PLANNED)
        held.happened(change("api-gateway", 3, SCALER))
        yield held


def named(told: Telling, text: str, before: str = "") -> set[str]:
    """The resources of the changes that an answer cites."""
    cited = told.store.events.by_ids(EVERYTHING, {one.event_id for one in ask(told, text, before).citations})
    return {one.resource.name for one in cited}


@pytest.mark.parametrize(
    "words",
    ["other than ben", "except ben", "not by ben", "besides ben", "apart from ben", "but not ben", "who isn't ben", "but not Ben's"],
)
def test_who_is_left_out_is_left_out(told: Telling, words: str) -> None:
    assert named(told, f"what was changed today by anyone {words}?") == {"db", "api-gateway"}
    assert says(ask(told, f"did anyone change anything today {words}?")).startswith(f"{SINCE}, all but Ben: 2 changes")


@pytest.mark.parametrize(
    "words", ["outside prod", "not in prod", "everywhere but prod", "except in prod", "that isn't in prod", "non-prod"]
)
def test_a_place_that_is_left_out_is_left_out(told: Telling, words: str) -> None:
    assert named(told, f"what changed {words} today?") == {"db"}


def test_several_can_be_left_out_and_all_there_is_too(told: Telling) -> None:
    assert named(told, "what changed today, not by ben or ana?") == {"api-gateway"}
    nothing = says(ask(told, "what changed today outside prod and staging?"))
    assert nothing == f"{SINCE}, all but prod and staging: no change. In that time cluster was read whole."


def test_a_sort_of_change_that_is_left_out_is_left_out(told: Telling) -> None:
    assert named(told, "what was not planned today?") == {"api", "api-gateway"}
    assert named(told, "anything but deletes today?") == {"db", "api-gateway"}
    by_nobody = ask(told, "what was not done by hand today?")
    assert says(by_nobody).startswith(f"{SINCE}, all but what people did: 1 change, none by a person.")


def test_a_question_that_leaves_out_goes_on_from_one_that_names(told: Telling) -> None:
    assert named(told, "and outside prod?", before="what changed in prod today?") == {"db"}


def test_yes_or_no_is_answered_with_what_happened(told: Telling) -> None:
    assert named(told, "did ben not change anything today?") == {"api"}
    assert named(told, "not only ben's changes today") == {"api"}


@pytest.mark.parametrize("question", ["were ben's changes planned?", "what did ben change and was it planned?"])
def test_whether_it_was_planned_leaves_out_nothing_that_was_not(told: Telling, question: str) -> None:
    assert named(told, question) == {"api"}


@pytest.mark.parametrize("question", ["what was planned today?", "was anything planned today?", "which changes were planned today?"])
def test_what_was_planned_is_only_that(told: Telling, question: str) -> None:
    assert named(told, question) == {"db"}


def test_a_name_is_known_with_its_accents_and_without(told: Telling) -> None:
    assert named(told, "what did Bén change today?") == {"api"}


@pytest.mark.parametrize(
    ("question", "because"),
    [
        ("what changed outside terraform?", "I can't leave out what “outside terraform” names"),
        ("what changed without a ticket?", "I can't leave out what “without a ticket” names"),
        ("what changed, but not on saturday?", "I can't leave a time out"),
        ("were there more changes today than yesterday?", "I don't compare"),
        ("is prod more stable than staging?", "I don't compare"),
        ("what changed since the deploy?", "I can't read a time in “since the deploy”"),
        ("what changed while ben was away?", "I can't read a time in “while ben was away”"),
        ("what changed after 9:00 and before 10:00?", "I read one time in a question, and here is another: “before 10:00”"),
        ("what changed today that ana did not do?", "I don't know what “not” turns round here"),
        ("what changed today excluding ben's deletes?", "I can't leave out what “excluding ben's deletes” names"),
        ("what did not change today?", "I know what changed, and nothing of what did not."),
        ("who didn't deploy today?", "I know what changed, and nothing of what did not."),
    ],
)
def test_what_cannot_be_turned_is_said_so(told: Telling, question: str, because: str) -> None:
    answer = ask(told, question)
    assert says(answer).startswith(because)
    assert answer.citations == ()


def test_whether_all_is_of_one_sort_is_answered_with_all(told: Telling) -> None:
    for question in ("are all of today's changes routine?", "was everything routine today?", "were there only routine changes today?"):
        assert says(ask(told, question)).startswith(f"{SINCE}: 3 changes, 2 by 2 people (1 unplanned, 1 planned, 1 routine).")


def test_a_cause_is_looked_for_in_spite_of_words_that_are_not_understood_and_it_is_said(told: Telling) -> None:
    answer = ask(told, "what broke after the deploy?")
    assert says(answer).startswith("I see what changed, not what caused it.")
    assert "I can't read a time in “after the deploy”: name the day or the hour." in [plain(one) for one in answer.caveats]


def test_until_now_is_no_second_time(told: Telling) -> None:
    assert says(ask(told, "what changed between 9:25 and now?")).startswith("Since Mon 02 Mar 09:25 UTC: 3 changes")
    assert says(ask(told, "what changed today until now?")).startswith(f"{SINCE}: 3 changes")


def test_the_last_and_the_first_are_one_change(told: Telling) -> None:
    assert says(ask(told, "what was the last change in prod today?")).startswith(
        "In prod, since Mon 02 Mar 00:00 UTC: 2 changes. The last:\n[1] prod · shop/api-gateway"
    )
    assert named(told, "what was the first change today?") == {"api"}
    assert named(told, "who changed prod last?") == {"api-gateway"}


def test_who_changed_a_thing_last_is_not_who_changed_what_is_only_called_like_it(told: Telling) -> None:
    assert named(told, "who last changed api?") == {"api"}
    answer = ask(told, "who changed api today?")
    assert "Counted too is what is only called like api: api-gateway." in [plain(one) for one in answer.caveats]
