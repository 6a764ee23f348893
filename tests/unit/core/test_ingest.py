"""The one way from a batch into the store."""

from dataclasses import replace
from typing import Any

import pytest

from core.assessment import Overrule, Verdict
from core.batch import Batch, Cursor
from core.delivery import Receipt
from core.errors import StorageError, StorageFull
from core.subscription import EventFilter, Mute, Subscription
from tests.unit.core.changes import ANA, BEN, T0, at, change
from tests.unit.core.test_bridge import World


def listening() -> World:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    return world


def posted(world: World) -> list[tuple[str, int]]:
    return [(one.destination, one.revision) for one in world.store.sent.values()]


def receive(world: World) -> None:
    """As the notifier does once a message is out."""
    for one in world.store.sent.values():
        receipt = Receipt(destination=one.destination, story_id=one.story_id, revision=one.revision, message="ts", sent_at=world.now)
        world.store.receipts[one.destination, one.story_id] = receipt


def test_what_became_routine_is_edited_where_it_was_posted() -> None:
    world = listening()
    event = change("api", 0, ANA)
    world.take(event)
    receive(world)
    world.overrules.apply(event.id, Overrule(verdict=Verdict.ROUTINE, by="U1", at=world.now))
    assert posted(world) == [("C1", 1), ("C1", 2)]


def test_what_was_never_posted_is_not_edited() -> None:
    world = World()
    event = change("api", 0, ANA)
    world.take(event)
    world.store.subscribed = [Subscription(destination="C1")]
    world.overrules.apply(event.id, Overrule(verdict=Verdict.ROUTINE, by="U1", at=world.now))
    assert posted(world) == []


def test_a_mute_holds_a_story_back_and_what_it_names_only() -> None:
    world = listening()
    api = change("api", 0, ANA)
    quiet = EventFilter(resource_keys=frozenset({api.resource.key}))
    world.store.muted = [Mute(id="m", destination="C1", filter=quiet, until=at(60), by="U1", at=T0)]
    world.take(api)
    assert posted(world) == []
    world.take(change("web", 1, BEN))
    assert posted(world) == [("C1", 1)]


def test_of_a_batch_that_is_partly_stored_only_the_rest_is_taken() -> None:
    world = World()
    first, second = change("a", 0, ANA), change("b", 30, BEN)
    world.take(first)
    before = world.store.unified(first.id).assessment
    world.take(first, second)
    assert set(world.store.stored) == {first.id, second.id}
    assert world.store.unified(first.id).assessment == before
    assert world.store.rows["like/kubernetes/Deployment/modified/prod"].count == 2


def test_the_same_event_twice_in_a_batch_is_one() -> None:
    world = World()
    event = change("a", 0, ANA)
    world.take(event, event)
    assert world.store.rows["like/kubernetes/Deployment/modified/prod"].count == 1


def test_a_refusing_store_raises_and_nothing_was_written() -> None:
    world = listening()
    world.store.refuses = StorageFull("no room")
    with pytest.raises(StorageFull):
        world.ingest.take("cluster", Batch(cursor=Cursor(state={"n": 1}), events=(change("a", 0, ANA),)))
    assert not world.store.stored
    assert not world.store.sent
    assert not world.store.cursor_of


def test_a_batch_without_events_still_moves_the_cursor_and_the_coverage() -> None:
    world = World()
    world.ingest.take("cluster", Batch(cursor=Cursor(state={"n": 1})))
    assert world.store.cursor_of["cluster"] == Cursor(state={"n": 1})


def test_overruling_what_is_not_stored_is_an_error_with_a_next_step() -> None:
    with pytest.raises(StorageError) as raised:
        World().overrules.apply("nothing", Overrule(verdict=Verdict.PLANNED, by="U1", at=T0))
    assert "retention_days" in raised.value.next_step


def test_the_same_word_twice_teaches_once() -> None:
    world = World()
    event = change("api", 0, ANA)
    world.take(event)
    word = Overrule(verdict=Verdict.PLANNED, by="U1", at=T0)
    world.overrules.apply(event.id, word)
    taught = {key: row for key, row in world.store.rows.items() if key.startswith("taught/")}
    world.overrules.apply(event.id, replace(word, by="U2"))
    assert {key: row for key, row in world.store.rows.items() if key.startswith("taught/")} == taught


def test_an_overrule_survives_a_later_look() -> None:
    world = World()
    event = change("vm", 0, BEN)
    world.take(event)
    world.overrules.apply(event.id, Overrule(verdict=Verdict.PLANNED, by="U1", at=world.now, why="my own test"))
    world.take(change("vm", 3, BEN, number=1))
    one = world.store.unified(event.id)
    assert one.verdict is Verdict.PLANNED
    assert one.assessment.overrule is not None
    assert one.assessment.overrule.why == "my own test"


def test_a_fault_in_telling_costs_no_change_and_is_said_once_a_day() -> None:
    world = World()
    never_stored: Any = "at night"
    world.store.subscribed = [Subscription(destination="C1", quiet_hours=never_stored)]
    world.take(change("api", 0, ANA))
    world.take(change("web", 20, BEN))
    assert len(world.store.stored) == 2
    assert [(one.kind, one.revision) for one in world.store.sent.values()] == [("note", 1)]
    assert next(iter(world.store.sent.values())).body == (
        "I keep what I see, but could not work out which of it to tell here (AttributeError, see the log). /wgo catchup shows it."
    )
