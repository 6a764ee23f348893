"""How long an apply's calls wait, as the settings say; and that they are told once with their state, over a real store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.app import build_ingest, hold_of
from core.batch import Batch, Cursor
from core.delivery import DeliveryState
from core.event import Via
from core.settings import AnalysisSettings, PollSettings, Settings, SourceSettings
from core.subscription import EVERYTHING, Subscription
from storage import open_store
from tests.unit.core.changes import ANA, change

STATE = SourceSettings(name="infra", provider="terraform", options={"paths": ["terraform.tfstate"]})
CLOUD = SourceSettings(name="aws", provider="aws")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"sources": (CLOUD,)}, 0),
        ({"sources": (CLOUD,), "analysis": AnalysisSettings(hold_seconds=60)}, 0),
        ({"sources": (CLOUD, STATE)}, 75),
        ({"sources": (STATE,), "poll": PollSettings(every_seconds=20)}, 25),
        ({"sources": (STATE, STATE.model_copy(update={"every_seconds": 120.0}))}, 150),
        ({"sources": (STATE.model_copy(update={"every_seconds": 3600.0}),)}, 300),
        ({"sources": (STATE,), "analysis": AnalysisSettings(hold_seconds=0)}, 0),
        ({"sources": (STATE,), "analysis": AnalysisSettings(hold_seconds=600)}, 600),
    ],
)
def test_the_hold_is_a_poll_of_the_slowest_state_unless_it_is_set(given: dict[str, Any], seconds: float) -> None:
    assert hold_of(Settings(**given)) == timedelta(seconds=seconds)


def test_a_held_story_is_due_after_its_hold_and_an_urgent_one_at_once() -> None:
    store = open_store("sqlite://")
    try:
        store.subscriptions.save(Subscription(destination="C1"))
        call = change("net", 0, actor=replace(ANA, via=Via.IAC))
        hand = change("web", 0, actor=replace(ANA, via=Via.CLI))
        for settings, event, waits in ((Settings(sources=(STATE,)), call, 75), (Settings(sources=(STATE,)), hand, 0)):
            now = event.observed_at
            build_ingest(settings, store, clock=lambda now=now: now).take("cluster", Batch(cursor=Cursor(), events=(event,)))  # type: ignore[misc]
            name = event.resource.name
            early = {one.delivery.story_id for one in store.deliveries.due(now + timedelta(seconds=max(0, waits - 1)))}
            story = store.events.by_ids(EVERYTHING, {event.id})[0].correlation_id
            assert (story in early) is (waits == 0), name
            assert story in {one.delivery.story_id for one in store.deliveries.due(now + timedelta(seconds=waits))}
        assert store.deliveries.counts() == {DeliveryState.DUE.value: 2}
    finally:
        store.close()
