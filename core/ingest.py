"""The one way from a batch into the store: bridge ▸ routing ▸ one transaction. Used by polls and by backfill."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from core.batch import Batch, Cursor
from core.bridge import EventBridge
from core.clock import Clock, utc_now
from core.conclusions import Conclusions
from core.delivery import Delivery
from core.event import Event
from core.ports import AssessmentStore, Commit, Deliveries, EventStore, Mutes, StoryStore, Subscriptions, UnitOfWork
from core.routing import ONLY_UPDATES, route
from core.story import Story
from core.subscription import Subscription

_log = logging.getLogger(__name__)
# The source of commits that no poll brought. Their cursor is empty, and so left alone.
OWN_SOURCE = "wgo"


class Told(Protocol):
    """The ports that telling a change needs."""

    events: EventStore
    assessments: AssessmentStore
    stories: StoryStore
    subscriptions: Subscriptions
    mutes: Mutes
    deliveries: Deliveries
    work: UnitOfWork

    def together(self) -> AbstractContextManager[None]: ...


class Ingest:
    """Takes batches in. Its effects are keyed: a batch taken twice is stored and told once. `hold` as core.routing takes it."""

    def __init__(self, store: Told, bridge: EventBridge, *, clock: Clock = utc_now, hold: timedelta = timedelta(0)) -> None:
        self._store = store
        self._bridge = bridge
        self._clock = clock
        self._hold = hold
        self._one_at_a_time = threading.RLock()

    def exclusive(self) -> AbstractContextManager[object]:
        """Hold this around reading rows and committing what was concluded from them: stories and baselines are replaced whole."""
        return self._one_at_a_time

    def take(self, source: str, batch: Batch, *, backfilled: bool = False) -> int:
        """Commit the batch with its conclusions and deliveries; the ingest sequence after it.

        Raises StorageError, and then nothing is written.
        """
        with self.exclusive():
            with self._store.together():
                fresh = self._fresh(batch)
                conclusions = self._bridge.assess(source, fresh, backfilled=backfilled)
                deliveries = () if backfilled else self.deliveries(conclusions.stories, _events_by_story(conclusions, fresh.events))
            return self._store.work.commit(
                Commit(source=source, batch=fresh, conclusions=conclusions, deliveries=deliveries, backfilled=backfilled)
            )

    def reassess(self, limit: int = 100) -> int:
        """Try unfinished assessments again; how many events changed. Raises StorageError."""
        with self.exclusive():
            held = self._store.assessments.unfinished(limit)
            conclusions = self._bridge.reassess(held) if held else Conclusions()
            if conclusions.assessments:
                self.commit(conclusions)
            return len(conclusions.assessments)

    def commit(self, conclusions: Conclusions) -> int:
        """Write conclusions that no poll brought (a follow-up, a second look), and tell them. Raises StorageError."""
        deliveries = self.deliveries(conclusions.stories, {})
        return self._store.work.commit(
            Commit(source=OWN_SOURCE, batch=Batch(cursor=Cursor()), conclusions=conclusions, deliveries=deliveries)
        )

    def deliveries(self, stories: Sequence[Story], events: Mapping[str, Sequence[Event]]) -> tuple[Delivery, ...]:
        """Who is to hear these stories, without edits of what was never posted. Raises StorageError.

        Where it cannot be told who, what was seen is kept all the same, and every destination hears that it was not told.
        """
        if not stories:
            return ()
        now = self._clock()
        subscriptions, mutes = self._store.subscriptions.all(), self._store.mutes.active(now)
        try:
            routed = route(stories, subscriptions, mutes, now, events, self._hold)
        except Exception as error:  # noqa: BLE001 - a fault in telling must never cost what is to be told
            _log.exception("not routed", extra={"stories": [story.id for story in stories]})
            return tuple(_not_told(one, now, type(error).__name__) for one in subscriptions)
        return tuple(one for one in routed if one.reason != ONLY_UPDATES or self._posted(one))

    def _posted(self, delivery: Delivery) -> bool:
        return self._store.deliveries.receipt(delivery.destination, delivery.story_id) is not None

    def _fresh(self, batch: Batch) -> Batch:
        """Without events that are stored already, and each of the rest once."""
        if not batch.events:
            return batch
        unseen = self._store.events.unseen([event.id for event in batch.events])
        events = {event.id: event for event in batch.events if event.id in unseen}
        return batch if len(events) == len(batch.events) else replace(batch, events=tuple(events.values()))


def _not_told(subscription: Subscription, now: datetime, why: str) -> Delivery:
    """Once a day and destination, as one fault fails every batch. It names no change, and so nothing that somebody may not see."""
    says = f"I keep what I see, but could not work out which of it to tell here ({why}, see the log). /wgo catchup shows it."
    return Delivery(
        destination=subscription.destination,
        story_id=f"note/not-routed/{now:%Y-%m-%d}",
        revision=1,
        not_before=now,
        kind="note",
        body=says,
    )


def _events_by_story(conclusions: Conclusions, events: Sequence[Event]) -> dict[str, list[Event]]:
    by_id = {event.id: event for event in events}
    found: dict[str, list[Event]] = defaultdict(list)
    for assessment in conclusions.assessments:
        if assessment.event_id in by_id:
            found[assessment.correlation.story_id].append(by_id[assessment.event_id])
    return found
