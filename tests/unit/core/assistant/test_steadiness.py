"""Answers to how it stands, to what was seen, and to who: nothing is counted twice, nothing left out that was asked for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.assessment import Severity, Verdict
from core.event import Actor, ActorKind
from core.story import Settling
from core.text import Person
from tests.unit.core.assistant.test_conversation import ask, says
from tests.unit.core.changes import BEN, at, change
from tests.unit.core.telling import NOW, Telling, telling

MAILED = replace(BEN, id="ben@acme.example", name="ben@acme.example")


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        yield held


def test_one_person_under_two_names_is_not_counted_as_two_people(told: Telling) -> None:
    told.read()
    told.happened(change("a", 1, BEN), Verdict.PLANNED)
    told.happened(change("b", 2, MAILED), Verdict.UNPLANNED)
    assert "2 changes, 2 by people under 2 names (" in says(ask(told, "what changed today?"))


def test_who_did_it_is_a_person_and_not_an_address(told: Telling) -> None:
    told.read()
    told.happened(change("web-sg", 1, MAILED), Verdict.UNPLANNED)
    assert Person(MAILED) in ask(told, "who changed web-sg today?").text[:6]


def test_who_did_it_is_said_not_to_be_known_where_it_is_not(told: Telling) -> None:
    told.read()
    nobody = Actor(kind=ActorKind.UNKNOWN, tool="Terraform 1.11")
    story = told.happened(change("web", 1, nobody), Verdict.UNKNOWN)
    assert "Who did it with Terraform 1.11 is not in what I read." in says(ask(told, "who did this?", about=story))


def test_what_is_named_in_a_question_after_a_cause_comes_before_what_is_graver(told: Telling) -> None:
    told.read()
    told.happened(change("trail", 60, BEN), Verdict.UNPLANNED, Severity.HIGH)
    told.happened(change("payments", 61, BEN), Verdict.PLANNED)
    answer = says(ask(told, "why is payments down?"))
    assert answer.index("payments") < answer.index("trail")
    assert "Nothing that is called orders changed in that time. I would" in says(ask(told, "why is orders down?"))


def test_the_last_change_of_what_is_down_is_told_where_it_is_older(told: Telling) -> None:
    told.read()
    told.happened(change("orders", -60 * 40, BEN), Verdict.PLANNED)
    told.happened(change("trail", 60, BEN), Verdict.UNPLANNED, Severity.HIGH)
    answer = says(ask(told, "why is orders down?"))
    assert "Nothing that is called orders changed in that time; its last change before that is [1]." in answer
    assert "[1] prod · orders" in answer or "[1] prod · shop/orders" in answer


@pytest.mark.parametrize("question", ["which sources were not read?", "what did you not see?", "any gaps this week?", "what do you watch?"])
def test_what_was_not_seen_can_be_asked_for(told: Telling, question: str) -> None:
    told.read()
    told.happened(change("web", 1, BEN), Verdict.UNPLANNED)
    assert says(ask(told, question)).endswith(": cluster was read whole.")
    told.read("aws-prod", start=NOW - timedelta(days=30), end=at(60))
    told.read("aws-prod", start=at(60), end=NOW, reason="throttled")
    answer = ask(told, question)
    assert says(answer).endswith(": 1 of 2 sources was read whole. Read whole: cluster.")
    assert any("aws-prod" in "".join(map(str, one)) for one in answer.caveats)


def test_what_is_open_stands_on_lines_of_its_own_and_says_what_it_is(told: Telling) -> None:
    told.read()
    told.happened(change("web", 1, BEN), Verdict.PLANNED, settling=Settling.DEGRADED, says="2 of 3 ready")
    told.happened(change("sg", 2, BEN), Verdict.UNPLANNED, Severity.HIGH)
    lines = says(ask(told, "should I be worried?")).splitlines()
    assert lines[0].endswith("no health signal was read in the last 30 minutes.")
    assert lines[1].startswith("Not well: prod · ")
    assert lines[2] == "Not explained, or not known to be planned: 1 change of the last 7 days."
    assert lines[3].startswith("[2] prod · ")


@pytest.mark.parametrize("question", ["what is planned for tomorrow?", "any upcoming changes?", "what happens next week?"])
def test_what_is_to_come_is_not_looked_for_in_what_was(told: Telling, question: str) -> None:
    told.read()
    assert says(ask(told, question)) == "I tell of what has happened. What is to come I don't know."
