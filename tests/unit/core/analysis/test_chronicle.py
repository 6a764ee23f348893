"""What a reader sees of a story."""

from dataclasses import replace

import pytest

from core.analysis.cause import cause_of
from core.analysis.chronicle import Assignment, Member, tell
from core.analysis.correlate import Group
from core.assessment import Assessment, Classification, Correlation, Severity, Verdict
from core.event import Actor
from core.evidence import Evidence
from core.story import Settling, Story
from tests.unit.core.changes import ANA, BEN, NOBODY, SCALER, T0, at, change, node

_SEEN = (Evidence(kind="rule", says="it was seen", ref="here"),)


def _member(actor: Actor, verdict: Verdict, minutes: float = 0.0) -> Member:
    event = change("cart", minutes, actor)
    told = Classification(verdict=verdict, confidence=0.91237, severity=Severity.MEDIUM, evidence=_SEEN)
    correlation = Correlation(story_id="s", confidence=1.0)
    judged = Assessment(event_id=event.id, revision=1, assessed_at=T0, correlation=correlation, classification=told)
    return Member(node=node(event), assessment=judged)


def _told(member: Member, left: tuple[Member, ...] = (), *, watch: bool) -> Story:
    plan = Assignment(group=Group(nodes=(member.node,), joins={}), story_id="s")
    return tell(plan, [member], left, cause_of(plan.group.nodes, ()), at(5), watch=watch)


@pytest.mark.parametrize("watch", [True, False])
@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("actor", [ANA, SCALER, NOBODY, replace(ANA, session="one sitting", network="10.0.0.0/24")])
def test_a_story_of_one_new_event_is_told_in_the_words_of_any_other(actor: Actor, verdict: Verdict, watch: bool) -> None:
    one, gone = _member(actor, verdict), _member(actor, verdict, minutes=1)
    assert _told(one, watch=watch) == _told(one, (gone,), watch=watch)


def test_a_story_of_one_new_event_is_that_event() -> None:
    one = _member(ANA, Verdict.PLANNED)
    assert _told(one, watch=True) == Story(
        id="s",
        revision=1,
        opened_at=at(5),
        updated_at=at(5),
        first_at=T0,
        last_at=T0,
        headline_event=one.node.id,
        cause="Ana: cart modified",
        environment="prod",
        environments=("prod",),
        sources=("cluster",),
        providers=("kubernetes",),
        counts={"modified": 1},
        verdicts={"planned": 1},
        verdict=Verdict.PLANNED,
        confidence=0.9124,
        severity=Severity.MEDIUM,
        actors=(ANA,),
        settling=Settling.WATCHING,
    )


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ((ANA, ANA), "Ana: 2 changes of cart"),
        ((ANA, NOBODY), "Ana and someone unknown: 2 changes of cart"),
        ((NOBODY, ANA), "Ana and someone unknown: 2 changes of cart"),
        ((ANA, SCALER), "Ana and autoscaler: 2 changes of cart"),
        ((ANA, BEN, SCALER, NOBODY), "Ana, Ben, 1 more and someone unknown: 4 changes of cart"),
        ((NOBODY, NOBODY), "someone unknown: 2 changes of cart"),
    ],
)
def test_the_words_of_a_cause_name_one_person_only_where_all_of_it_is_theirs(who: tuple[Actor, ...], says: str) -> None:
    members = [_member(actor, Verdict.UNKNOWN, minutes=number) for number, actor in enumerate(who)]
    plan = Assignment(group=Group(nodes=tuple(member.node for member in members), joins={}), story_id="s")
    assert tell(plan, members, (), cause_of(plan.group.nodes, ()), at(5)).cause == says
