"""LookupEvents of one account and region: pages, oldest stretch first, resumed where the poll before had to stop.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError, ProviderMalformed
from core.json import JsonObject
from core.providers.aws.faults import TokenGone, asked

# "within about 15 minutes of the API call": the guide to event history. An overlap catches those.
LAG = timedelta(minutes=15)
OVERLAP = timedelta(minutes=20)
KEPT = timedelta(days=90)
# A stretch is read whole before the lane moves on: a backlog goes forward in steps.
STRETCH = timedelta(hours=6)
_PAGES = 40
_MOST_SEEN = 1500


@dataclass(slots=True)
class Pace:
    """A bucket of two requests a second, the quota of LookupEvents in each account and region."""

    rate: float = 2.0
    size: float = 2.0
    monotonic: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    _level: float = field(default=2.0)
    _at: float | None = None

    def take(self, deadline: Deadline) -> bool:
        """Wait for a turn; False where none comes before the deadline."""
        now = self.monotonic()
        if self._at is not None:
            self._level = min(self.size, self._level + (now - self._at) * self.rate)
        self._at = now
        missing = (1.0 - self._level) / self.rate
        if missing > 0:
            if missing >= deadline.remaining_seconds():
                return False
            self.wait(missing)
            self._level, self._at = 1.0, self.monotonic()
        self._level -= 1.0
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """Where one account and region stands: read whole until `until`; a stretch that is under way has `end` and mostly a `token`."""

    until: datetime
    end: datetime | None = None
    token: str = ""
    seen: tuple[str, ...] = ()

    @classmethod
    def of(cls, state: JsonObject) -> "Lane":
        end = state.get("end")
        return cls(
            until=datetime.fromisoformat(state["until"]),
            end=datetime.fromisoformat(end) if end else None,
            token=str(state.get("token") or ""),
            seen=tuple(state.get("seen") or ()),
        )

    def state(self) -> JsonObject:
        found: JsonObject = {"until": self.until.isoformat(), "seen": list(self.seen)}
        return {**found, "end": self.end.isoformat(), "token": self.token} if self.end else found


@dataclass(slots=True)
class Looked:
    """What a lane brought: records not seen before, and where it stands now. `missed` is what is too old to be asked for."""

    lane: Lane
    records: list[JsonObject] = field(default_factory=list)
    more: bool = False
    missed: timedelta = timedelta(0)
    unreadable: int = 0
    error: ProviderError | None = None


def look(
    client: Callable[[], Any], lane: Lane, now: datetime, pace: Pace, deadline: Deadline, source: str, seen_limit: int = _MOST_SEEN
) -> Looked:
    """Read on from where the lane stands to `now`, as far as the deadline lets. An error ends it with what was read kept."""
    missed = max(timedelta(0), (now - KEPT) - lane.until)
    found = Looked(lane=Lane(until=max(lane.until, now - KEPT), end=lane.end, token=lane.token, seen=lane.seen), missed=missed)
    if missed:
        found.lane = Lane(until=found.lane.until, seen=lane.seen)
    try:
        for _ in range(_PAGES):
            if found.lane.end is None and found.lane.until >= now:
                return found
            if not pace.take(deadline):
                break
            _step(client, found, now, source, seen_limit)
    except ProviderError as error:
        found.error = error
        return found
    found.more = found.lane.end is not None or found.lane.until < now
    return found


def _step(client: Callable[[], Any], found: Looked, now: datetime, source: str, seen_limit: int) -> None:
    lane = found.lane
    end = lane.end or min(now, lane.until + STRETCH)
    try:
        events, token = _page(client, lane.until - OVERLAP, end, lane.token, source)
    except TokenGone:
        if not lane.token:
            raise
        # Tokens do not last; what of the stretch was read before is known by its ids.
        found.lane = Lane(until=lane.until, end=end, seen=lane.seen)
        return
    seen = dict.fromkeys(lane.seen)
    for event in events:
        mark = str(event.get("EventId") or "").replace("-", "")[:12]
        if mark and mark in seen:
            continue
        seen[mark] = None
        if isinstance(event.get("CloudTrailEvent"), str):
            found.records.append(event)
        else:
            found.unreadable += 1
    kept = tuple(list(filter(None, seen))[-seen_limit:])
    found.lane = Lane(until=lane.until, end=end, token=token, seen=kept) if token else Lane(until=end, seen=kept)


def _page(client: Callable[[], Any], start: datetime, end: datetime, token: str, source: str) -> tuple[list[JsonObject], str]:
    needs = "cloudtrail:LookupEvents"
    with asked(source, needs):
        answer = client().lookup_events(
            LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            StartTime=start,
            EndTime=end,
            MaxResults=50,
            **({"NextToken": token} if token else {}),
        )
    if not isinstance(answer.get("Events"), list):
        raise ProviderMalformed(f"the answer to {needs} holds no Events", source=source)
    return list(_plain(answer["Events"])), str(answer.get("NextToken") or "")


def _plain(events: list[Any]) -> Iterator[JsonObject]:
    for event in events:
        if isinstance(event, dict):
            yield {key: event.get(key) for key in ("EventId", "CloudTrailEvent")}
