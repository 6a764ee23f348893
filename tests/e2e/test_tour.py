"""`make tour`, held to what it promises: thirty real changes on real components, each seen right, and nothing else reported."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.assessment import Assessment, Correlation
from core.event import ActorKind, ChangeType, Event, FieldChange, Via
from core.unified import UnifiedEvent
from tests.tour.change import SOMETHING, Sight
from tests.tour.tour import take
from tests.unit.core.changes import ANA, change


@pytest.mark.component("kubernetes")
@pytest.mark.component("terraform")
@pytest.mark.component("moto")
@pytest.mark.timeout(300)
def test_thirty_real_changes_are_each_seen_right_and_nothing_else_is_reported(tmp_path: Path) -> None:
    result = take(tmp_path)
    assert {one.number: one.faults for one in result.outcomes} == {number: [] for number in range(1, 31)}
    assert [one.resource.key for one in result.also] == []
    assert result.failures == ()
    silent = [one.number for one in result.outcomes if not one.seen]
    assert silent == [15]
    assert all(one.seconds is not None and one.seconds < 30 for one in result.outcomes if one.seen)
    assert "hunter2" not in json.dumps([one.as_object() for one in result.outcomes])


def test_the_tour_names_everything_that_is_not_as_it_has_to_be() -> None:
    event: Event = replace(change("web", actor=ANA), changes=(FieldChange(path="c[app].image", before=None, after="2"),))
    told = Assessment(event_id=event.id, revision=1, assessed_at=event.observed_at, correlation=Correlation(story_id="s", confidence=1.0))
    seen = UnifiedEvent(event=event, assessment=told)
    right = Sight(kind=event.resource.kind, name="w*", change_type=event.change_type, who="Ana", changes={"c[app].*": (None, SOMETHING)})
    assert right.is_of(event)
    assert list(right.faults(seen)) == []
    wrong = replace(
        right, who="", actor=ActorKind.SERVICE, via=Via.IAC, changes={"c[app].image": ("1", "2"), "d": (1, 2)}, count=3, hidden="Ana"
    )
    assert not replace(wrong, change_type=ChangeType.MOVED).is_of(event)
    assert list(wrong.faults(seen)) == [
        "who is Ana, not nobody",
        "a human by cli, not a service by iac",
        'c[app].image is null before, not "1"',
        "d is not told",
        "its secret is told",
        "it stands for 1, not for 3",
    ]
