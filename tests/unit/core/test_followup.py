"""Has it settled? Only where its sources were read until it was due, and nothing came in between."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from core.coverage import CoverageReport
from core.event import ChangeType, Event
from core.story import Settling
from core.timerange import TimeRange
from core.trait import Trait
from tests.unit.core.changes import BEN, SCALER, at, change
from tests.unit.core.test_bridge import World, applied, healthy


def test_a_change_settles_once_its_source_is_read_up_to_when_it_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two polls there is no hole yet, and what the next one brings is not known."""
    world = World()
    event = applied("api", 0)
    world.take(event, until=9.5, observations=(healthy(event, 9),))
    world.now = at(10.2)
    monkeypatch.setattr(world.store.coverage, "report", _arriving)
    assert world.follow_ups.settle() == 0
    world.take(until=10.5)
    assert world.follow_ups.settle() == 1
    (story,) = world.store.told.values()
    assert story.settling is Settling.SETTLED


def _arriving(span: TimeRange, sources: Sequence[str], now: datetime) -> CoverageReport:
    return CoverageReport(range=span, sources=tuple(sources), gaps=(), complete_until=())


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (change("api", 5, BEN, type=ChangeType.DELETED), Settling.UNVERIFIED),
        (change("api", 5, BEN, traits=(Trait.PRIVILEGED_WORKLOAD,)), Settling.UNVERIFIED),
        (change("web", 5, BEN, type=ChangeType.DELETED), Settling.SETTLED),
        (change("api", 5, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,)), Settling.SETTLED),
    ],
    ids=["deleted", "changed by nobody's plan", "another thing", "scaled by the platform"],
)
def test_how_a_thing_runs_says_nothing_of_a_change_that_another_one_undermined(later: Event, told: Settling) -> None:
    world = World()
    event = applied("api", 0)
    world.take(event, until=1)
    world.take(later, until=6)
    world.take(until=12, observations=(healthy(event, 7),))
    world.follow_ups.settle()
    story = world.store.told[world.store.unified(event.id).correlation_id]
    assert story.settling is told
    assert (story.settling_says == "api was deleted at 10:05 UTC by another change, so I can't say whether this one settled") is (
        later.change_type is ChangeType.DELETED and later.resource.name == "api"
    )


def test_what_is_deleted_does_not_settle_by_still_being_there() -> None:
    world = World()
    gone, kept = applied("old", 0, type=ChangeType.DELETED), applied("new", 0)
    world.take(gone, until=1)
    world.take(until=12, observations=(healthy(gone, 2),))
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert (story.settling, "no health signal" in story.settling_says) == (Settling.UNVERIFIED, True)
    other = World()
    other.take(gone, kept, until=1)
    other.take(until=12, observations=(replace(healthy(gone, 2), says="3 of 9 ready"), healthy(kept, 11)))
    other.follow_ups.settle()
    (story,) = other.store.told.values()
    assert (story.settling, story.settling_says) == (Settling.SETTLED, "3 of 3 ready, 11 min on")
