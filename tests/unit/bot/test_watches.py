"""What the settings say of channels, and what people changed in Slack since."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time

import pytest

from bot import watches
from core.ports import Store
from core.settings import ChannelSettings, Settings
from core.subscription import QuietHours
from storage import open_store

SETTINGS = Settings(channels=(ChannelSettings(channel="C1", quiet_from=time(22), quiet_until=time(7), time_zone="Europe/Madrid"),))
NIGHT = QuietHours(start=time(22), end=time(7), time_zone="Europe/Madrid")


@pytest.fixture
def store() -> Iterator[Store]:
    made = open_store("sqlite://")
    yield made
    made.close()


def left_with(store: Store, quiet: QuietHours | None) -> QuietHours | None:
    """What holds after a start, where this was stored before."""
    (wanted,) = watches.subscriptions_of(SETTINGS)
    store.subscriptions.save(replace(wanted, quiet_hours=quiet))
    watches.keep(SETTINGS, store.subscriptions)
    kept = store.subscriptions.get("C1")
    assert kept is not None
    return kept.quiet_hours


def test_quiet_hours_that_people_set_in_slack_stay(store: Store) -> None:
    assert left_with(store, replace(NIGHT, start=time(20))) == replace(NIGHT, start=time(20))
    assert left_with(store, None) is None


def test_stored_quiet_hours_in_a_zone_that_does_not_exist_give_way_to_the_settings(store: Store) -> None:
    assert left_with(store, replace(NIGHT, time_zone="Mars/Base")) == NIGHT
