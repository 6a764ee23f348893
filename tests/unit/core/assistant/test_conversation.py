"""Questions answered from the store alone."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.assessment import Severity, Verdict
from core.assistant.conversation import Conversation
from core.baseline import Metric
from core.event import ChangeType
from core.ports import Counts
from core.report import Answer, Question
from core.story import Settling
from core.text import EventRef, plain
from tests.unit.core.changes import ANA, BEN, SCALER, at, change
from tests.unit.core.telling import NOW, Telling, telling


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        yield held


def ask(told: Telling, text: str, before: str = "", about: str = "") -> Answer:
    previous = Question(text=before, asker="U1", asked_at=NOW) if before else None
    question = Question(text=text, asker="U1", asked_at=NOW, previous=previous, about=about)
    return Conversation(told.store, clock=lambda: NOW, sources=("cluster",)).answer(question)


def says(answer: Answer) -> str:
    return plain(answer.text)


def test_what_changed_is_told_with_counts_and_a_citation_for_each_claim(told: Telling) -> None:
    told.read()
    planned = told.happened(change("api", 1, ANA), Verdict.PLANNED)
    told.happened(change("web", 2, SCALER))
    told.happened(change("db", 3, environment="staging"))
    answer = ask(told, "what changed in prod since yesterday?")
    assert says(answer).startswith("In prod, since Sun 01 Mar 00:00 UTC: 2 changes, 1 by one person (1 planned, 1 routine).")
    assert [one.says for one in answer.text if isinstance(one, EventRef)] == ["[1]", "[2]"]
    assert {one.number for one in answer.citations} == {1, 2}
    assert planned in {one.story_id for one in answer.citations}
    assert (answer.asked_of, answer.caveats) == (3, ())


def test_who_did_it_names_actors_and_how_often(told: Telling) -> None:
    told.read()
    told.happened(change("web-sg", 1, BEN, kind="AWS::EC2::SecurityGroup"), Verdict.UNPLANNED, Severity.HIGH)
    told.happened(change("web", 2, ANA))
    answer = ask(told, "who changed the security group today?")
    assert says(answer).startswith("Since Mon 02 Mar 00:00 UTC, of what is called security group: 1 change by Ben (1).")


def test_how_many_are_counted_by_the_store(told: Telling) -> None:
    told.read()
    for number in range(9):
        told.happened(change(f"a{number}", number, BEN), Verdict.UNPLANNED if number < 4 else Verdict.ROUTINE)
    assert "4 changes: 4 unplanned." in says(ask(told, "how many unplanned changes were there this week?"))
    assert "9 changes: 4 unplanned, 5 routine." in says(ask(told, "how many changes today"))


def test_that_nothing_changed_is_said_only_where_all_was_read(told: Telling) -> None:
    assert says(ask(told, "what changed today?")) == "Since Mon 02 Mar 00:00 UTC: I saw no change, but not everything was read."
    told.read()
    answer = ask(told, "what changed today?")
    assert says(answer) == "Since Mon 02 Mar 00:00 UTC: no change. In that time cluster was read whole."


def test_what_was_not_seen_is_never_left_out(told: Telling) -> None:
    told.read(end=at(60))
    told.read(start=at(90))
    told.happened(change("api", 1))
    assert [plain(one) for one in ask(told, "what changed today?").caveats] == [
        "cluster was not read between Mon 02 Mar 11:00 UTC and 11:30 UTC. I can't vouch for that."
    ]


def test_why_tells_the_evidence(told: Telling) -> None:
    told.read()
    told.happened(change("api", 1, BEN), Verdict.UNPLANNED, because="no run explains it")
    assert "I call it unplanned (92 %) because: no run explains it." in says(ask(told, "why is api unplanned?"))
    told.happened(change("db", 2), Verdict.UNKNOWN, because="an unknown tool")
    assert "I can't tell whether it was planned. What I have: an unknown tool." in says(ask(told, "why db?"))


def test_what_causes_a_fault_is_not_guessed(told: Telling) -> None:
    told.read()
    told.happened(change("api", 1, BEN), Verdict.UNPLANNED)
    assert says(ask(told, "why is the site down?")).startswith("I see what changed, not what caused it. Since")


def test_stable_is_a_fraction_or_not_measured(told: Telling) -> None:
    told.read()
    told.happened(change("api", 1, ANA))
    assert says(ask(told, "is prod stable?")).startswith("Stability in prod was not measured")
    score = Metric(name="stability", at=NOW - timedelta(minutes=1), numerator=47, denominator=47, source="cluster", environment="prod")
    told.store.metrics.save([score])
    assert says(ask(told, "is prod stable?")) == "As far as I can see, yes. prod: 47 of 47 checks pass (Mon 02 Mar 21:59 UTC). "


def test_yes_is_not_said_beside_anything_that_is_not_well(told: Telling) -> None:
    told.read()
    score = Metric(name="stability", at=NOW - timedelta(minutes=1), numerator=47, denominator=47, source="cluster", environment="prod")
    told.store.metrics.save([score])
    told.happened(change("api", 1, ANA), Verdict.PLANNED, settling=Settling.DEGRADED, says="1 of 3 ready")
    answer = says(ask(told, "is everything ok?"))
    assert "yes" not in answer
    assert "Not well: prod · shop/api: 1 of 3 ready [1]" in answer


def measured(told: Telling, environment: str = "prod", passing: float = 5, checks: float = 5) -> None:
    at = NOW - timedelta(minutes=1)
    told.store.metrics.save(
        [Metric(name="stability", at=at, numerator=passing, denominator=checks, source="cluster", environment=environment)]
    )


def test_yes_is_not_said_beside_what_went_over_here_and_mostly_elsewhere(told: Telling) -> None:
    told.read()
    measured(told)
    release = change("api", 1, environment="staging")
    told.happened(release, Verdict.PLANNED, settling=Settling.DEGRADED, says="0 of 6 ready", environments=("prod", "staging"))
    answer = says(ask(told, "is prod stable?"))
    assert "yes" not in answer
    assert "Not well: staging, prod · shop/api: 0 of 6 ready [1]" in answer


def test_yes_is_not_said_where_newer_changes_elsewhere_are_watched(told: Telling) -> None:
    told.read()
    measured(told)
    told.happened(change("api", 1), Verdict.PLANNED, settling=Settling.DEGRADED, says="0 of 6 ready")
    for number in range(50):
        told.happened(change(f"dev-{number}", 5, environment="dev"), settling=Settling.WATCHING)
    answer = says(ask(told, "is prod stable?"))
    assert "yes" not in answer
    assert "Not well: prod · shop/api: 0 of 6 ready [1]" in answer
    assert "watched" not in answer


def test_yes_is_not_said_where_graver_changes_nobody_explained_have_settled(told: Telling) -> None:
    told.read()
    measured(told)
    told.happened(change("sg", 1), Verdict.UNPLANNED, Severity.MEDIUM)
    for number in range(200):
        told.happened(change(f"s{number}", 5), Verdict.UNKNOWN, Severity.HIGH, settling=Settling.SETTLED)
    answer = says(ask(told, "is prod stable?"))
    assert "yes" not in answer
    assert "[1] prod · shop/sg: " in answer


def test_healthy_pods_do_not_make_well_what_nobody_meant(told: Telling) -> None:
    told.read()
    measured(told)
    told.happened(change("privileged", 1), Verdict.UNPLANNED, Severity.HIGH, settling=Settling.SETTLED)
    answer = says(ask(told, "is prod stable?"))
    assert "yes" not in answer
    assert "[1] prod · shop/privileged: " in answer


def test_yes_is_not_said_where_there_is_more_than_can_be_looked_through(told: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.unexplained._LOOKED", (2, 4))
    told.read()
    measured(told)
    told.happened(change("sg", 1), Verdict.UNPLANNED, Severity.MEDIUM)
    for number in range(3):
        told.happened(change(f"s{number}", 5), Verdict.UNKNOWN, Severity.HIGH, settling=Settling.SETTLED)
    assert "[1] prod · shop/sg: " in says(ask(told, "is prod stable?"))
    told.happened(change("one more", 5), Verdict.UNKNOWN, Severity.HIGH, settling=Settling.SETTLED)
    answer = says(ask(told, "is prod stable?"))
    assert "yes" not in answer
    assert answer.endswith("There is more than I could look through: I can't say that this is all.")


def test_yes_is_not_said_of_what_changed_and_was_not_measured(told: Telling) -> None:
    told.read()
    measured(told)
    told.happened(change("api", 1))
    assert says(ask(told, "is everything stable?")).startswith("As far as I can see, yes.")
    told.happened(change("web", 1, environment="staging"))
    answer = says(ask(told, "is everything stable?"))
    assert "yes" not in answer
    assert "Stability in staging was not measured: no health signal was read" in answer
    told.happened(change("vpc", 1, environment=""))
    assert "Stability in staging, and of what names no environment was not measured: " in says(ask(told, "is everything stable?"))


def test_checks_that_fail_where_no_environment_is_named_stand_against_yes(told: Telling) -> None:
    told.read()
    measured(told)
    measured(told, "")
    told.happened(change("vpc", 1, environment="prod"))
    assert says(ask(told, "is everything stable?")).startswith("As far as I can see, yes.")
    measured(told, "", 5, 6)
    answer = says(ask(told, "is everything stable?"))
    assert "yes" not in answer
    assert "Everything that is checked: 5 of 6 checks pass" in answer


def test_a_change_that_is_stored_while_the_answer_is_made_is_not_denied(told: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    told.read(end=NOW - timedelta(minutes=30))
    counts, asked_for = told.store.events.counts, 0

    def counted(*asked: Any, **more: Any) -> Counts:
        nonlocal asked_for
        found, asked_for = counts(*asked, **more), asked_for + 1
        if asked_for == 2:  # the first looks for the names in the question
            told.happened(change("sg", when=NOW - timedelta(minutes=20)), Verdict.UNPLANNED, Severity.HIGH)
            told.read(start=NOW - timedelta(minutes=40))
        return found

    monkeypatch.setattr(told.store.events, "counts", counted)
    answer = ask(told, "what changed in the last 3 hours?")
    assert answer.coverage is not None
    assert not (answer.coverage.whole and "no change" in says(answer))


def test_yes_is_not_said_across_a_gap(told: Telling) -> None:
    told.read(end=NOW - timedelta(hours=3))
    told.read(start=NOW - timedelta(hours=1))
    score = Metric(name="stability", at=NOW - timedelta(minutes=1), numerator=47, denominator=47, source="cluster", environment="prod")
    told.store.metrics.save([score])
    answer = ask(told, "is prod stable?")
    assert "yes" not in says(answer)
    assert answer.caveats


def test_a_question_goes_on_from_the_one_before(told: Telling) -> None:
    told.read()
    told.happened(change("api", 1, type=ChangeType.DELETED), Verdict.UNPLANNED)
    told.happened(change("web", 2, type=ChangeType.DELETED, environment="staging"), Verdict.UNPLANNED)
    told.happened(change("db", 3, environment="staging"))
    answer = ask(told, "and in staging?", before="what was deleted in prod today?")
    assert says(answer).startswith("In staging, since Mon 02 Mar 00:00 UTC: 1 change")


def test_somebody_unknown_is_said_to_be_unknown(told: Telling) -> None:
    told.read()
    told.happened(change("api", 1, ANA))
    for text in ("what did zoe do?", "changes by zoe today"):
        assert says(ask(told, text)) == "I have seen no change by anyone called zoe. Whom I have seen lately: Ana."


def test_since_i_left_begins_at_the_mark(told: Telling) -> None:
    told.store.watermarks.mark("U1", 0, at(30))
    answer = ask(told, "what happened since I left?")
    assert answer.period is not None
    assert answer.period.range.start == at(30)


def test_a_question_about_a_story_is_answered_from_it(told: Telling) -> None:
    told.read()
    story = told.happened(change("api", 1, BEN), Verdict.UNPLANNED, because="no run explains it")
    told.happened(change("web", 2), Verdict.UNPLANNED)
    answer = ask(told, "why?", about=story)
    assert "shop/api" in says(answer)
    assert "no run explains it" in says(answer)
    assert "web" not in says(answer)


@pytest.mark.parametrize("text", ["what's the weather?", "what can you do", "blah blah"])
def test_what_is_not_understood_is_answered_with_what_can_be_asked(told: Telling, text: str) -> None:
    answer = ask(told, text)
    assert says(answer).startswith("I can say what changed")
    assert "is prod stable?" in answer.follow_ups


def test_a_time_to_come_is_said_to_be_so(told: Telling) -> None:
    assert "still to come" in says(ask(told, "what changed on 2026-12-01?"))
