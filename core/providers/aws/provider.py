"""An AWS source: LookupEvents of each account and region, or a queue; before and after by describing what was touched."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.batch import Batch, Check, CheckState, Cursor
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, RecordUnreadable
from core.event import Event
from core.json import JsonObject
from core.observation import Observation
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.aws import alarms, queue, trail
from core.providers.aws.describing import Describing
from core.providers.aws.faults import asked
from core.providers.aws.lookup import LAG, Lane, Looked, Pace, look
from core.providers.aws.options import AwsAccount, AwsSettings
from core.providers.aws.sessions import Sessions
from core.providers.aws.state import Known
from core.settings import SourceSettings
from core.timerange import TimeRange

# EventBridge delivers within minutes: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
_QUEUE_LAG = timedelta(minutes=5)
_MOST_SEEN_IN_ALL = 2400
# A first poll that tells of nothing yet asks all the same: for access, and for what was touched lately.
_FIRST_LOOK = timedelta(seconds=1)
_ALARMS_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One account in one region."""

    account: AwsAccount
    region: str

    @property
    def part(self) -> str:
        return f"{self.account.label}/{self.region}"


@dataclass(slots=True)
class _Gathered:
    known: Known
    events: dict[str, Event] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    errors: list[ProviderError] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    more: bool = False


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
    def _places(self) -> list[Place]:
        return [Place(account=account, region=region) for account in self.options.accounts for region in self.options.regions]

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        now = self.context.clock()
        state: dict[str, Any] = dict(cursor.state) if cursor else {}
        found = _Gathered(known=Known(known))
        since = (
            min(now, datetime.fromisoformat(state["polled_at"]))
            if "polled_at" in state
            else now - timedelta(hours=self.options.first_hours)
        )
        state["polled_at"] = now.isoformat()
        if cursor is None:
            state["begun_at"] = since.isoformat()
        lately = TimeRange(start=since, end=now)
        self._receipts = []
        if self.options.queue_url:
            self._read_queue(state, found, now, deadline)
        else:
            self._read_lanes(state, found, now, deadline)
        if self.options.alarms:
            self._read_alarms(state, found, lately, deadline)
        describing = Describing(
            source=self.source, environment=self.environment, redactor=self.context.redactor, client=self._client_of(found), now=now
        )
        events = list(found.events.values())
        if self.options.describe:
            events = describing.touched(events, found.known, deadline)
        events = [event for event in events if not self._before_the_beginning(event, state)]
        if self.options.describe and self.options.sweep and not found.more:
            events += describing.sweep(state, found.known, deadline)
        found.coverage += self._gaps_of(describing, lately)
        self.sessions.let_go()
        return Batch(
            cursor=Cursor(state=state),
            events=tuple(sorted(events, key=lambda event: event.occurred_at)),
            observations=tuple(found.observations),
            known_changes=tuple(found.known.over.values()),
            coverage=tuple(found.coverage),
            more=found.more,
        )

    def _before_the_beginning(self, event: Event, state: JsonObject) -> bool:
        """What was touched shortly before the first poll is described there, as a baseline, and not told; nor is it when it comes late."""
        begun = state.get("begun_at")
        return bool(begun) and not self.options.queue_url and event.occurred_at < datetime.fromisoformat(str(begun))

    # --- LookupEvents -----------------------------------------------------------------------------------------------------

    def _read_lanes(self, state: dict[str, Any], found: _Gathered, now: datetime, deadline: Deadline) -> None:
        places = self._places
        lanes: dict[str, JsonObject] = dict(state.get("lanes") or {})
        for index, place in enumerate(places):
            first = {"until": (now - max(timedelta(hours=self.options.first_hours), _FIRST_LOOK)).isoformat()}
            lane = Lane.of(lanes.get(place.part) or first)
            # A place that does not answer takes its share of the time, not that of the others; some is left for describing.
            share = Deadline.after(deadline.remaining_seconds() * 0.8 / (len(places) - index), monotonic=deadline.monotonic)
            looked = self._look(place, lane, now, share, _MOST_SEEN_IN_ALL // len(places))
            self._take(looked.records, place, found)
            self._cover(looked, lane, place, found, now)
            lanes[place.part] = looked.lane.state()
            found.more = found.more or looked.more
        state["lanes"] = {place.part: lanes[place.part] for place in places}
        if len(found.errors) == len(places):
            raise found.errors[0]

    def _look(self, place: Place, lane: Lane, now: datetime, deadline: Deadline, seen: int) -> Looked:
        pace = self._paces.setdefault(place.part, self.pace())
        return look(
            lambda: self.sessions.client(place.account, place.region, "cloudtrail", deadline), lane, now, pace, deadline, self.source, seen
        )

    def _cover(self, looked: Looked, lane: Lane, place: Place, found: _Gathered, now: datetime) -> None:
        part = place.part if len(self._places) > 1 else ""
        reached = looked.lane.until
        if looked.missed:
            lost = TimeRange(start=lane.until, end=min(now, lane.until + looked.missed))
            found.coverage.append(
                self._covered(lost, CoverageState.GAP, now, part, "CloudTrail keeps 90 days", "Backfill from the trail's files.")
            )
        if reached > lane.until:
            span = TimeRange(start=max(lane.until, lane.until + looked.missed), end=reached)
            found.coverage.append(self._covered(span, CoverageState.READ, min(reached, now - LAG), part))
        if looked.unreadable:
            span = TimeRange(start=lane.until, end=now)
            reason = f"{looked.unreadable} records without content"
            found.coverage.append(self._covered(span, CoverageState.PARTIAL, min(reached, now - LAG), part, reason))
        if looked.error is not None:
            found.errors.append(looked.error)
            span = TimeRange(start=min(reached, now), end=now)
            found.coverage.append(self._covered(span, CoverageState.GAP, reached, part, str(looked.error), looked.error.next_step))

    def _covered(
        self, span: TimeRange, state: CoverageState, complete: datetime, part: str = "", reason: str = "", next_step: str = ""
    ) -> Coverage:
        return Coverage(source=self.source, range=span, state=state, complete_until=complete, part=part, reason=reason, next_step=next_step)

    # --- the queue ----------------------------------------------------------------------------------------------------------

    def _queue_client(self, deadline: Deadline) -> Callable[[], Any]:
        place = self._places[0]
        region = next((one for one in self.options.regions if f".{one}." in self.options.queue_url), place.region)
        return lambda: self.sessions.client(place.account, region, "sqs", deadline)

    def _read_queue(self, state: dict[str, Any], found: _Gathered, now: datetime, deadline: Deadline) -> None:
        share = Deadline.after(deadline.remaining_seconds() * 0.7, monotonic=deadline.monotonic)
        received = queue.receive(self._queue_client(share), self.options.queue_url, share, self.source)
        unread = self._take(received.records, self._places[0], found) + received.unreadable
        since = datetime.fromisoformat(state["queue_since"]) if "queue_since" in state else now
        span = TimeRange(start=min(since, now), end=now)
        if unread:
            reason = f"{unread} messages of the queue are no CloudTrail records"
            next_step = "Let the EventBridge rule pass CloudTrail's events whole, without an input transformer."
            found.coverage.append(self._covered(span, CoverageState.PARTIAL, now - _QUEUE_LAG, "", reason, next_step))
        else:
            found.coverage.append(self._covered(span, CoverageState.READ, now - _QUEUE_LAG))
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

    def _take(self, records: Iterable[JsonObject], place: Place, found: _Gathered) -> int:
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

    def _client_of(self, found: _Gathered) -> Callable[[str, str, str, Deadline], Any]:
        """account id, region, service → client. A region that is not read, and a global service, are asked in the first one."""

        def client(account: str, region: str, service: str, deadline: Deadline) -> Any:
            place = found.places.get(account)
            if place is None:
                place = next((one for one in self._places if one.account.label == account), None)
                place = place or next((one for one in self._places if f"::{account}:" in (one.account.role_arn or "")), self._places[0])
            return self.sessions.client(place.account, region or "us-east-1", service, deadline)

        return client

    def _gaps_of(self, describing: Describing, span: TimeRange) -> list[Coverage]:
        return [
            self._covered(span, CoverageState.PARTIAL, span.end - self.lag, f"before and after of {kind}", reason, next_step)
            for kind, (reason, next_step) in sorted(describing.refused.items())
        ]

    # --- health -----------------------------------------------------------------------------------------------------------------

    def _read_alarms(self, state: dict[str, Any], found: _Gathered, span: TimeRange, deadline: Deadline) -> None:
        now = span.end
        read_at = state.get("alarms_at")
        if read_at and now - datetime.fromisoformat(read_at) < _ALARMS_EVERY:
            return
        before: dict[str, dict[str, str]] = dict(state.get("alarms") or {})
        for place in self._places:
            try:
                share = Deadline.after(deadline.remaining_seconds() * 0.5, monotonic=deadline.monotonic)
                now_in = alarms.in_alarm(partial(self.sessions.client, place.account, place.region, "cloudwatch", share), self.source)
            except ProviderError as error:
                what = f"alarms of {place.part}"
                found.coverage.append(self._covered(span, CoverageState.PARTIAL, now - self.lag, what, str(error), error.next_step))
                continue
            how = {"source": self.source, "environment": self.environment, "region": place.region}
            found.observations += alarms.observations(now_in, before.get(place.part, {}), at=now, **how)
            before[place.part] = {name: alarm.account for name, alarm in sorted(now_in.items())}
        state["alarms"], state["alarms_at"] = before, now.isoformat()

    # --- the doctor --------------------------------------------------------------------------------------------------------------

    def check(self, deadline: Deadline) -> Sequence[Check]:
        found = [self._checked(place.part, partial(self._ask_trail, place, deadline)) for place in self._places]
        if self.options.queue_url:
            found = [self._checked("queue", lambda: self._ask_queue(deadline))]
        if self.options.alarms:
            first = self._places[0]
            asking = lambda: alarms.in_alarm(lambda: self.sessions.client(first.account, first.region, "cloudwatch", deadline), self.source)  # noqa: E731
            found.append(replace_red(self._checked(f"{first.part} alarms", asking)))
        return found

    def _ask_trail(self, place: Place, deadline: Deadline) -> None:
        with asked(self.source, "cloudtrail:LookupEvents"):
            self.sessions.client(place.account, place.region, "cloudtrail", deadline).lookup_events(MaxResults=1)

    def _ask_queue(self, deadline: Deadline) -> None:
        with asked(self.source, "sqs:GetQueueAttributes"):
            self._queue_client(deadline)().get_queue_attributes(
                QueueUrl=self.options.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
            )

    def _checked(self, what: str, ask: Callable[[], object]) -> Check:
        name = f"{self.source} {what}"
        try:
            ask()
        except ProviderError as error:
            return Check(name=name, state=CheckState.RED, says=str(error), next_step=error.next_step or "See docs/providers/aws.md.")
        return Check(name=name, state=CheckState.GREEN, says="can be read")

    def close(self) -> None:
        self.sessions.close()


def replace_red(check: Check) -> Check:
    """A refusal that costs only a part is amber."""
    return replace(check, state=CheckState.AMBER) if check.state is CheckState.RED else check
