"""WGO is let into a channel again, over the real connection."""

import time

from core.delivery import DeliveryState
from tests.unit.bot.world import INFRA, YOU, world


def test_what_waited_is_due_as_soon_as_the_bot_is_invited() -> None:
    with world() as here:
        here.driver.act("remove", user=YOU, channel=INFRA)
        here.happened("api", told_to=INFRA)
        here.tell(1)
        assert dict(here.store.deliveries.counts()) == {DeliveryState.PARKED: 1}
        here.driver.act("invite", user=YOU, channel=INFRA)
        ends_at = time.monotonic() + 10
        while here.store.deliveries.parked() and time.monotonic() < ends_at:
            time.sleep(0.02)
        here.tell(1)
        assert dict(here.store.deliveries.counts()) == {DeliveryState.SENT: 1}
        assert len(here.channel_messages()) == 1
