"""Whom a question names: an address is one person, a first name may be several."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.assistant.people import people
from core.text import plain
from tests.unit.core.assistant.test_conversation import ask, says
from tests.unit.core.changes import ANA, change
from tests.unit.core.telling import Telling, telling

CORP = replace(ANA, id="ana@corp.com", name="ana@corp.com")
CONTRACTOR = replace(ANA, id="ana@contractor.io", name="ana@contractor.io")


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        held.read()
        held.happened(change("api", 1, CORP))
        held.happened(change("web", 2, CONTRACTOR))
        yield held


def test_an_address_means_nobody_else_of_that_first_name(told: Telling) -> None:
    answer = ask(told, "what did ana@corp.com change today?")
    assert says(answer).startswith("Since Mon 02 Mar 00:00 UTC, by ana@corp.com: 1 change, 1 by one person.")
    assert answer.caveats == ()


def test_a_first_name_that_fits_several_is_said_to(told: Telling) -> None:
    answer = ask(told, "what did ana change today?")
    assert ": 2 changes" in says(answer)
    assert [plain(one) for one in answer.caveats] == ["“ana” fits 2: ana@contractor.io, ana@corp.com. A whole name means one."]


def test_an_address_that_is_not_known_is_not_taken_for_one_that_is(told: Telling) -> None:
    assert says(ask(told, "what did ana@other.org change?")).startswith("I have seen no change by anyone called ana@other.org.")


@pytest.mark.parametrize("words", ["did diana change it", "did ana-bot change it", "did ana.lopez@corp.com change it", "did x@ana do it"])
def test_a_name_inside_another_names_nobody(words: str) -> None:
    assert people(words, ["ana@corp.com"]).actors == frozenset()
