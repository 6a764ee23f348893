"""The sole sender of channel messages: drains deliveries, one message a story and destination, edited in place.

A delivery is claimed, sent, and its receipt stored. One that was interrupted in between is looked for at its destination by the
metadata of the message, where history may be read, and sent again otherwise: it may come twice then, it is never dropped.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.arrivals import NOTE_EVENT, STORY_EVENT, Arrivals
from bot.pace import Pace
from bot.posted import Posted
from bot.slack_calls import AWAY, UNANSWERED, Refusal, refusal
from bot.told import Knows, ToldStory, told
from bot.unkept import UnkeptNotes
from bot.views.blocks import Message
from bot.views.story import merged_message, note_message, story_message, thread_note
from core.clock import Clock, utc_now
from core.delivery import Delivery, DeliveryState, Receipt, StoredDelivery
from core.errors import StorageError
from core.ports import Deliveries, EventStore, StoryStore, Subscriptions
from core.routing import worth_telling
from core.subscription import ComfortMode

_log = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 900.0
# Where we are not in the channel. Slack tells when we are again, unless it was installed with an older manifest.
_FIRST_AWAY, _LONGEST_AWAY = 30.0, 3600.0
# A story is told as it stands when it is told; what a note says is of its hour: given up after some two.
_NOTE_TRIES = 8


class Told(Protocol):
    """The ports that telling needs."""

    events: EventStore
    stories: StoryStore
    deliveries: Deliveries
    subscriptions: Subscriptions


class Untellable(Exception):
    """There is nothing to send; the reason is its text."""


@dataclass(slots=True)
class Notifier:
    """Sends what is due. One thread calls `drain`, or `run`; `wake` may be called from any."""

    store: Told
    slack: WebClient
    people: Knows
    clock: Clock = utc_now
    pace: Pace = field(default_factory=Pace)
    history_readable: InitVar[bool] = True
    unkept: UnkeptNotes | None = None
    arrivals: Arrivals = field(init=False)
    _away: set[str] = field(default_factory=set)
    _started_at: datetime | None = None
    _woken: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self, history_readable: bool) -> None:
        self.arrivals = Arrivals(self.slack, self.store.stories, readable=history_readable)

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping` is set."""
        while not stopping.is_set():
            try:
                wait = self.drain(stopping.is_set)
            except StorageError as error:
                _log.error("deliveries wait", extra={"error": str(error), "next_step": error.next_step})
                wait = IDLE_SECONDS * 5
            if self.unkept is not None:
                self.unkept.speak()
            self._woken.wait(wait)
            self._woken.clear()

    def wake(self) -> None:
        self._woken.set()

    def drain(self, stopped: Callable[[], bool] = lambda: False) -> float:
        """Send all that may go now; the seconds after which to look again. Raises StorageError."""
        if self._started_at is None:
            self._away = {one.destination for one in self.store.deliveries.parked()}
            self._started_at = self.clock()
        waits = [IDLE_SECONDS]
        closed: set[str] = set()
        for stored in self.store.deliveries.due(self.clock()):
            if stopped():
                break
            channel = stored.delivery.destination
            if channel in closed:
                continue  # parked with the one before
            if wait := self.pace.wait_seconds(channel):
                waits.append(wait)
                continue
            claimed = self.store.deliveries.claim(stored.delivery.key, self.clock())
            if claimed is not None and not self._tell(claimed, interrupted=self._interrupted(stored)):
                closed.add(channel)
        return min(waits)

    def _interrupted(self, stored: StoredDelivery) -> bool:
        """May an earlier attempt at this story have arrived? Also one at an older revision, which this one overtook, in an earlier run."""
        delivery = stored.delivery
        before_us = self._started_at is not None and delivery.not_before < self._started_at
        own = stored.state is DeliveryState.SENDING or stored.attempts > 0
        return own or before_us or self.arrivals.doubtful(delivery) or self.store.deliveries.tried(delivery.destination, delivery.story_id)

    def _tell(self, claimed: StoredDelivery, *, interrupted: bool) -> bool:
        """False where its destination takes nothing from us."""
        delivery, deliveries = claimed.delivery, self.store.deliveries
        try:
            posted = self._send(delivery, interrupted=interrupted)
        except Untellable as nothing:
            deliveries.skip(delivery.key, str(nothing))
            _log.info("nothing to tell", extra={"delivery": delivery.key, "why": str(nothing)})
            return True
        except SlackApiError as error:
            return self._refused(claimed, refusal(error))
        except UNANSWERED as error:
            self.arrivals.doubt(delivery)
            self._postpone(claimed, f"no answer from Slack: {type(error).__name__}", None)
            return True
        receipt = Receipt(
            destination=delivery.destination,
            story_id=delivery.story_id,
            revision=delivery.revision,
            message=posted.dump(),
            sent_at=self.clock(),
        )
        deliveries.sent(delivery.key, receipt)
        self.arrivals.certain(delivery)
        if delivery.destination in self._away:
            self._away.discard(delivery.destination)
            deliveries.release(delivery.destination, self.clock())
        _log.info("told", extra={"delivery": delivery.key, "ts": posted.ts})
        return True

    def _refused(self, claimed: StoredDelivery, answer: Refusal) -> bool:
        key, channel = claimed.delivery.key, claimed.delivery.destination
        if answer.away and (claimed.delivery.kind == "story" or claimed.attempts < _NOTE_TRIES):
            self._park(claimed, answer)
            return False
        if answer.gone:
            self.store.deliveries.skip(key, f"{answer.error}. {answer.next_step}")
            _log.info("nothing to tell", extra={"delivery": key, "why": answer.error})
        elif answer.permanent:
            self.store.deliveries.fail(key, f"{answer.error}. {answer.next_step}")
            _log.error("not told", extra={"delivery": key, "error": answer.error, "next_step": answer.next_step})
        else:
            if answer.retry_after_seconds is not None:
                self.pace.hold(channel, answer.retry_after_seconds)
            else:
                # https://docs.slack.dev/reference/methods/chat.postMessage, fatal_error: it may have succeeded all the same.
                self.arrivals.doubt(claimed.delivery)
            self._postpone(claimed, answer.error, answer.retry_after_seconds)
        return True

    def _park(self, claimed: StoredDelivery, answer: Refusal) -> None:
        delivery = claimed.delivery
        wait = min(_LONGEST_AWAY, _FIRST_AWAY * 2.0 ** min(max(claimed.attempts - 1, 0), 12))
        why = f"{AWAY[answer.error]}. {answer.next_step}"
        self._away.add(delivery.destination)
        self.store.deliveries.park(delivery.key, self.clock() + timedelta(seconds=wait), why)
        extra = {"delivery": delivery.key, "error": answer.error, "next_step": answer.next_step, "seconds": wait}
        _log.warning("not told yet", extra=extra)

    def _postpone(self, claimed: StoredDelivery, failure: str, seconds: float | None) -> None:
        wait = seconds if seconds is not None else min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(max(claimed.attempts - 1, 0), 12))
        self.store.deliveries.postpone(claimed.delivery.key, self.clock() + timedelta(seconds=wait), failure)
        _log.warning("telling postponed", extra={"delivery": claimed.delivery.key, "error": failure, "seconds": wait})

    # --- one delivery ----------------------------------------------------------------------------------------------------

    def _send(self, delivery: Delivery, *, interrupted: bool) -> Posted:
        receipt = self.store.deliveries.receipt(delivery.destination, delivery.story_id)
        before = Posted.load(receipt.message) if receipt else self.arrivals.found(delivery) if interrupted else None
        if delivery.kind != "story":
            return self._note(delivery, before)
        known = told(self.store, self.people, delivery.story_id)
        if known is None:
            raise Untellable("its changes are no longer kept")
        if known.story.merged_into and before is None:
            raise Untellable("it is told with the older story that it was merged into")
        if before is None and not self._still_wanted(delivery, known):
            raise Untellable("it turned out to be routine before it was told")
        message = self._message(delivery, known)
        if before is None:
            return self._post(delivery, message, known)
        self.slack.chat_update(
            channel=before.channel, ts=before.ts, blocks=list(message.blocks), text=message.text, metadata=_metadata(STORY_EVENT, delivery)
        )
        self.pace.took(delivery.destination)
        if not known.story.merged_into and before.news(known.story):
            self._say_in_thread(delivery, before, known, interrupted=interrupted)
        return before.telling(known.story)

    def _still_wanted(self, delivery: Delivery, known: ToldStory) -> bool:
        """A story that waited (for its state, for the morning) may have become nothing to speak of."""
        subscription = self.store.subscriptions.get(delivery.destination)
        return subscription is None or worth_telling(known.story, subscription)

    def _message(self, delivery: Delivery, known: ToldStory) -> Message:
        if known.story.merged_into:
            heir = self.store.stories.get(known.story.merged_into)
            receipt = self.store.deliveries.receipt(delivery.destination, known.story.merged_into)
            return merged_message(known, heir, self._permalink(Posted.load(receipt.message)) if receipt else "")
        subscription = self.store.subscriptions.get(delivery.destination)
        return story_message(known, comfort_mode=subscription.comfort_mode if subscription else ComfortMode.STANDARD)

    def _post(self, delivery: Delivery, message: Message, known: ToldStory) -> Posted:
        answer = self.slack.chat_postMessage(
            channel=delivery.destination,
            blocks=list(message.blocks),
            text=message.text,
            metadata=_metadata(STORY_EVENT, delivery),
            unfurl_links=False,
            unfurl_media=False,
        )
        self.pace.took(delivery.destination)
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"])).telling(known.story)

    def _note(self, delivery: Delivery, before: Posted | None) -> Posted:
        message = note_message(delivery.body)
        blocks, metadata = list(message.blocks), _metadata(NOTE_EVENT, delivery)
        self.pace.took(delivery.destination)
        if before is not None:
            self.slack.chat_update(channel=before.channel, ts=before.ts, blocks=blocks, text=message.text, metadata=metadata)
            return before
        answer = self.slack.chat_postMessage(
            channel=delivery.destination, blocks=blocks, text=message.text, metadata=metadata, unfurl_links=False
        )
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))

    def _say_in_thread(self, delivery: Delivery, before: Posted, known: ToldStory, *, interrupted: bool) -> None:
        if interrupted and self.arrivals.said_in_thread(delivery, before):
            return
        message = thread_note(known)
        self.slack.chat_postMessage(
            channel=before.channel,
            thread_ts=before.ts,
            blocks=list(message.blocks),
            text=message.text,
            metadata=_metadata(NOTE_EVENT, delivery),
            reply_broadcast=before.worse(known.story),
        )

    def _permalink(self, posted: Posted) -> str:
        try:
            return str(self.slack.chat_getPermalink(channel=posted.channel, message_ts=posted.ts)["permalink"])
        except SlackApiError as error:
            if refusal(error).permanent:
                return ""  # someone deleted the older story's message
            raise


def _metadata(event_type: str, delivery: Delivery) -> dict[str, Any]:
    payload = {"story_id": delivery.story_id, "revision": delivery.revision, "delivery": delivery.key}
    return {"event_type": event_type, "event_payload": payload}
