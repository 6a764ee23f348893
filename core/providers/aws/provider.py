"""An AWS source: LookupEvents of each account and region, or a queue; before and after by describing what was touched."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.batch import Batch, Check, Cursor
from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import RecordUnreadable
from core.event import Event
from core.json import JsonObject
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.aws import advisories, alarms, queue, trail
from core.providers.aws.describing import Describing
from core.providers.aws.doctor import Doctor
from core.providers.aws.gathered import Gathered
from core.providers.aws.history import History
from core.providers.aws.lanes import Lanes
from core.providers.aws.lookup import LAG, Pace
from core.providers.aws.options import AwsSettings
from core.providers.aws.organization import Members, Organization
from core.providers.aws.places import Place, Places
from core.providers.aws.sessions import Sessions
from core.providers.aws.state import Known
from core.providers.aws.unsettled import Unsettled
from core.settings import SourceSettings
from core.timerange import TimeRange

# EventBridge delivers within minutes: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
_QUEUE_LAG = timedelta(minutes=5)


@dataclass(slots=True)
class AwsProvider:
    """Keeps nothing between polls but its connections and the receipts of messages that are not yet stored."""

    Settings = AwsSettings

    source: str
    environment: str
    options: AwsSettings
    context: ProviderContext
    sessions: Sessions
    pace: Callable[[], Pace] = Pace
    provider: str = "aws"
    _paces: dict[str, Pace] = field(default_factory=dict)
    _receipts: list[str] = field(default_factory=list)

    @classmethod
    def from_settings(cls, source: SourceSettings, options: Any, context: ProviderContext) -> "AwsProvider":
        sessions = Sessions(source=source.name, options=options, clock=context.clock)
        return cls(source=source.name, environment=source.environment, options=options, context=context, sessions=sessions)

    @property
    def lag(self) -> timedelta:
        return _QUEUE_LAG if self.options.queue_url else LAG

    @property
    def _named(self) -> Places:
        return Places.made(self.options.accounts, self.options.regions)

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        state: dict[str, Any] = dict(cursor.state) if cursor else {}
        span = self._begin(state)
        found = Gathered(source=self.source, environment=self.environment, span=span, known=Known(known))
        members = self._members(state, found, deadline)
        places = Places.made((*self.options.accounts, *members.accounts), self.options.regions)
        self._receipts = []
        if self.options.queue_url:
            self._read_queue(state, found, deadline)
        else:
            lanes = Lanes(options=self.options, sessions=self.sessions, take=self._take, paces=self._paces)
            lanes.read(places, state, found, deadline, self.pace, members.joined)
        if self.options.alarms:
            alarms.read(places, self.sessions, state, found, deadline)
        if self.options.aws_health:
            advisories.read(places, self.sessions, state, found, deadline)
        if self.options.deployments:
            unsettled = Unsettled(client=self._client_of(places, found), redactor=self.context.redactor)
            unsettled.read(found.events.values(), state, found, deadline)
        events = self._described(places, state, found, deadline)
        self.sessions.let_go()
        return Batch(
            cursor=Cursor(state=state),
            events=tuple(sorted(events, key=lambda event: event.occurred_at)),
            observations=tuple(found.observations),
            known_changes=tuple(found.known.over.values()),
            coverage=tuple(found.coverage),
            more=found.more,
        )

    def _members(self, state: dict[str, Any], found: Gathered, deadline: Deadline) -> Members:
        if self.options.organization is None:
            return Members()
        asking = Organization(options=self.options, wanted=self.options.organization, client=self.sessions.client, source=self.source)
        return asking.members(state, found, deadline)

    def _begin(self, state: dict[str, Any]) -> TimeRange:
        """From the last poll (at first: from as far back as is told) until now, noted in the state."""
        now, first = self.context.clock(), not state
        polled = state.get("polled_at")
        since = min(now, datetime.fromisoformat(polled)) if polled else now - timedelta(hours=self.options.first_hours)
        if first:
            state["begun_at"] = since.isoformat()
        state["polled_at"] = now.isoformat()
        return TimeRange(start=since, end=now)

    def _described(self, places: Places, state: dict[str, Any], found: Gathered, deadline: Deadline) -> list[Event]:
        """The events with before and after, and what the sweep finds."""
        history = self._history(places, state, found)
        describing = Describing(
            source=self.source,
            environment=self.environment,
            redactor=self.context.redactor,
            client=self._client_of(places, found),
            now=found.now,
            history=history,
            tells=lambda event: not self._before_the_beginning(event, state),
        )
        events = list(found.events.values())
        if self.options.describe:
            events = describing.touched(events, found.known, deadline)
        events = [event for event in events if not self._before_the_beginning(event, state)]
        if self.options.describe and self.options.sweep and not found.more:
            events += describing.sweep(state, found.known, deadline)
        for kind, (reason, next_step) in sorted(describing.refused.items()):
            found.lacks(f"before and after of {kind}", reason, next_step)
        if history is not None:
            state["unrecorded"] = history.unrecorded
            for part, (reason, next_step) in sorted(history.lacking.items()):
                found.lacks(f"AWS Config of {part}", reason, next_step)
        return events

    def _history(self, places: Places, state: JsonObject, found: Gathered) -> History | None:
        if not self.options.config_history:
            return None
        unrecorded = {str(part): str(at) for part, at in dict(state.get("unrecorded") or {}).items()}
        client = self._client_of(places, found)
        return History(source=self.source, client=client, now=found.now, paces=self._paces, pace=self.pace, unrecorded=unrecorded)

    def _before_the_beginning(self, event: Event, state: JsonObject) -> bool:
        """What was touched shortly before the first poll is described there, as a baseline, and not told; nor is it when it comes late."""
        begun = state.get("begun_at")
        return bool(begun) and not self.options.queue_url and event.occurred_at < datetime.fromisoformat(str(begun))

    def _client_of(self, places: Places, found: Gathered) -> Callable[[str, str, str, Deadline], Any]:
        """account id, region, service → client. A region that is not read, and a global service, are asked in the first one."""

        def client(account: str, region: str, service: str, deadline: Deadline) -> Any:
            place = found.places.get(account) or places.of_account(account)
            return self.sessions.client(place.account, region or "us-east-1", service, deadline)

        return client

    # --- the queue ----------------------------------------------------------------------------------------------------------

    def _queue_client(self, deadline: Deadline) -> Callable[[], Any]:
        place = self._named.first
        region = next((one for one in self.options.regions if f".{one}." in self.options.queue_url), place.region)
        return lambda: self.sessions.client(place.account, region, "sqs", deadline)

    def _read_queue(self, state: dict[str, Any], found: Gathered, deadline: Deadline) -> None:
        now = found.now
        share = Deadline.after(deadline.remaining_seconds() * 0.7, monotonic=deadline.monotonic)
        received = queue.receive(self._queue_client(share), self.options.queue_url, share, self.source)
        unread = self._take(received.records, self._named.first, found) + received.unreadable
        since = datetime.fromisoformat(state["queue_since"]) if "queue_since" in state else now
        span = TimeRange(start=min(since, now), end=now)
        if unread:
            reason = f"{unread} messages of the queue are no CloudTrail records"
            next_step = "Let the EventBridge rule pass CloudTrail's events whole, without an input transformer."
            found.cover(span, CoverageState.PARTIAL, now - _QUEUE_LAG, "", reason, next_step)
        else:
            found.cover(span, CoverageState.READ, now - _QUEUE_LAG)
        state["queue_since"] = now.isoformat()
        found.more = received.more
        self._receipts = received.receipts

    def committed(self, batch: Batch) -> None:
        """Delete the messages whose records are now stored. What fails comes again and is known by its id."""
        del batch
        receipts, self._receipts = self._receipts, []
        if receipts:
            deadline = Deadline.after(10)
            queue.delete(self._queue_client(deadline), self.options.queue_url, receipts, self.source)

    # --- records -------------------------------------------------------------------------------------------------------------

    def _take(self, records: Iterable[JsonObject], place: Place, found: Gathered) -> int:
        """Read the records into `found`; the number of those that cannot be read."""
        unread = 0
        for record in records:
            try:
                reading = trail.read(
                    record,
                    source=self.source,
                    environment=self.environment,
                    redactor=self.context.redactor,
                    observed_at=self.context.clock(),
                )
            except RecordUnreadable:
                unread += 1
                continue
            for event in reading.events:
                if self.options.data_events or not event.metadata.get("data_event"):
                    found.events[event.id] = event
                    found.places.setdefault(event.resource.scope.account, place)
            found.observations += reading.observations
        return unread

    # --- the doctor --------------------------------------------------------------------------------------------------------------

    def check(self, deadline: Deadline) -> Sequence[Check]:
        doctor = Doctor(source=self.source, options=self.options, client=self.sessions.client, deadline=deadline)
        try:
            return doctor.checks(self._named, self._queue_client(deadline))
        finally:
            self.sessions.let_go()

    def close(self) -> None:
        self.sessions.close()
