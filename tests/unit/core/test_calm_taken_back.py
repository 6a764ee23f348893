"""What was spoken of calmly is no longer, once something unexplained arrives that belongs to it or began on the same thing."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.crossing import Doubted, crossed
from core.analysis.ties import node_of
from core.assessment import Verdict
from core.event import ChangeType, Event
from core.settings import AnalysisSettings
from core.story import DOUBTED, Settling
from core.subscription import Subscription
from core.trait import Trait
from tests.unit.core.changes import ANA, BEN, SCALER, change
from tests.unit.core.test_bridge import CHANGES, World, applied, healthy, weeks_of_scaling

EVE = replace(ANA, id="eve@example.com", name="Eve")
HORIZON = timedelta(minutes=AnalysisSettings().correlation_minutes)


def settled(world: World) -> Event:
    """A planned change that settled, and that is spoken of calmly."""
    event = applied("api", 0)
    world.take(event, until=1)
    world.take(until=11, observations=(healthy(event, 10.5),))
    world.follow_ups.settle()
    assert world.store.unified(event.id).assessment.comfort.reassures
    return event


def test_a_hand_before_a_planned_change_that_is_told_late_takes_the_calm_back() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    event = settled(world)
    before = world.store.told[world.store.unified(event.id).correlation_id]
    world.take(change("api", -0.5, BEN), until=13)
    one = world.store.unified(event.id)
    assert (one.assessment.comfort.reassures, one.comfort_level.value, one.assessment.because) == (False, "low", DOUBTED)
    after = world.store.told[one.correlation_id]
    assert (after.revision, after.because, after.settling) == (before.revision + 1, DOUBTED, Settling.SETTLED)
    news = [sent for sent in world.store.sent.values() if sent.story_id == after.id and sent.revision == after.revision and not sent.reason]
    assert not news, "the hand has a message of its own; this one is put right where it stands"


def test_what_begins_later_or_elsewhere_leaves_the_calm() -> None:
    world = World()
    event = settled(world)
    world.take(change("other", -0.5, BEN), change("api", 5, BEN), until=13)
    assert world.store.unified(event.id).assessment.comfort.reassures


def test_trouble_that_joins_a_story_takes_the_calm_of_its_earlier_changes_back() -> None:
    world = World()
    event = weeks_of_scaling(world)
    world.take(event, until=1)
    assert world.store.unified(event.id).assessment.comfort.reassures
    late = change("api", 1.5, SCALER, type=ChangeType.SCALED, traits=(Trait.GRANTS_ADMIN,))
    world.take(late, until=2)
    one, other = world.store.unified(event.id), world.store.unified(late.id)
    assert one.correlation_id == other.correlation_id
    assert other.verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN)
    assert (one.assessment.comfort.reassures, one.assessment.revision) == (False, 2)
    assert one.assessment.because


def troubled_calm(world: World) -> list[str]:
    """What is spoken of calmly though its story is in trouble, or something doubted began on the same thing before it."""
    held = [world.store.unified(key) for key in world.store.stored]
    nodes = {one.id: node_of(one.event, one.actor) for one in held}
    doubted = Doubted.of((nodes[one.id], one.verdict) for one in held)
    found = []
    for one in held:
        story = [other for other in held if other.correlation_id == one.correlation_id]
        trouble = any(other.verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN) for other in story)
        if one.assessment.comfort.reassures and (trouble or crossed([nodes[other.id] for other in story], doubted, HORIZON)):
            found.append(one.id)
    return found


@settings(max_examples=100, deadline=None)
@given(events=CHANGES, hand=st.floats(0, 9.5))
def test_nothing_stays_calm_when_a_hand_on_it_is_told_last(events: list[Event], hand: float) -> None:
    world = World()
    world.take(*events, until=10)
    assert not troubled_calm(world)
    world.take(change("a", hand, EVE), until=11)
    assert not troubled_calm(world)


@settings(max_examples=100, deadline=None)
@given(events=CHANGES, seed=st.integers(0, 2**32), cuts=st.integers(1, 6))
def test_in_whatever_order_its_changes_arrive_no_story_is_calm_in_part(events: list[Event], seed: int, cuts: int) -> None:
    world = World()
    shuffled = list(events)
    random.Random(seed).shuffle(shuffled)
    for number in range(cuts):
        world.take(*shuffled[number::cuts], until=10 + number)
    held = [world.store.unified(key) for key in world.store.stored]
    troubled = {one.correlation_id for one in held if one.verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN)}
    assert not [one.id for one in held if one.assessment.comfort.reassures and one.correlation_id in troubled]
