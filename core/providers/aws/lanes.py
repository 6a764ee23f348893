"""Every account and region is a lane of its own through LookupEvents: each has its share of a poll's time, and its own coverage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import ProviderError
from core.json import JsonObject
from core.providers.aws.gathered import Gathered
from core.providers.aws.lookup import LAG, Lane, Looked, Pace, look
from core.providers.aws.options import AwsSettings
from core.providers.aws.places import Place, Places
from core.providers.aws.rounds import rounds, together
from core.providers.aws.sessions import Sessions
from core.timerange import TimeRange

_MOST_SEEN_IN_ALL = 2400
# A first poll that tells of nothing yet asks all the same: for access, and for what was touched lately.
_FIRST_LOOK = timedelta(seconds=1)
# Of the poll's time; the rest is left for describing.
_SHARE = 0.8
# Less would not do for one call; where there are so many lanes, those that are left out come first in the next poll.
_LEAST_SECONDS = 2.0

Take = Callable[[list[JsonObject], Place, Gathered], object]


@dataclass(slots=True)
class Lanes:
    """Keeps the pace of each lane between polls; where each stands is in the cursor's `lanes`, whose turn it is in `turn`."""

    options: AwsSettings
    sessions: Sessions
    take: Take
    paces: dict[str, Pace] = field(default_factory=dict)

    def read(
        self,
        places: Places,
        state: dict[str, Any],
        found: Gathered,
        deadline: Deadline,
        pace: Callable[[], Pace],
        joined: Mapping[str, str],
    ) -> None:
        """Read on in every lane. Raises the first lane's ProviderError where none could be read.

        `joined`: account → since when a lane that is new is to be read, where that is not the usual beginning.
        """
        lanes: dict[str, JsonObject] = dict(state.get("lanes") or {})
        usual = found.now - max(timedelta(hours=self.options.first_hours), _FIRST_LOOK)
        order = _in_turn(places, str(state.get("turn") or ""))
        ends = Deadline.after(deadline.remaining_seconds() * _SHARE, monotonic=deadline.monotonic)
        state["turn"], left_over = "", len(order)
        reached: list[datetime] = []
        for asked_now in rounds(order):
            begun = {place.part: _lane(lanes.get(place.part), joined.get(place.account.label), usual) for place in asked_now}
            lanes |= {part: lane.state() for part, lane in begun.items()}
            left = ends.remaining_seconds()
            if left_over < len(order) and left < _LEAST_SECONDS / 2:
                state["turn"] = state["turn"] or asked_now[0].part
                _not_reached(begun, found)
                continue
            share = Deadline.after(max(left * len(asked_now) / left_over, min(left, _LEAST_SECONDS)), monotonic=deadline.monotonic)
            left_over -= len(asked_now)
            reached += self._round(asked_now, begun, found, share, pace, _MOST_SEEN_IN_ALL // len(order), named=len(order) > 1)
            lanes |= {part: lane.state() for part, lane in begun.items()}
        state["lanes"] = {place.part: lanes[place.part] for place in places.all}
        if len(found.errors) == len(order):
            raise found.errors[0]
        if len(order) > 1 and reached:
            _cover_whole(state, usual, min(reached), found)
        elif reached:
            state["whole_until"] = reached[0].isoformat()

    def _round(
        self,
        asked_now: Sequence[Place],
        lanes: dict[str, Lane],
        found: Gathered,
        deadline: Deadline,
        pace: Callable[[], Pace],
        seen: int,
        *,
        named: bool,
    ) -> list[datetime]:
        """Look into some lanes at once, and note in `lanes` where they stand then: until when those that answered are read."""
        asking: list[Callable[[], Looked]] = []
        reached: list[datetime] = []
        for place in asked_now:
            paced = self.paces.setdefault(place.part, pace())
            # Clients are made one after the other: boto3's sessions are not for several threads.
            client = self.sessions.asking(place.account, place.region, "cloudtrail", deadline)
            asking.append(partial(look, client, lanes[place.part], found.now, paced, deadline, found.source, seen))
        for place, looked in zip(asked_now, together(asking), strict=True):
            if isinstance(looked, ProviderError):
                raise looked
            self.take(looked.records, place, found)
            _cover(looked, lanes[place.part], place.part if named else "", found)
            lanes[place.part] = looked.lane
            found.more = found.more or looked.more
            if looked.error is None:
                reached.append(looked.lane.until)
        return reached


def _cover_whole(state: dict[str, Any], begun: datetime, reached: datetime, found: Gathered) -> None:
    """Of several lanes, the source itself is read as far as the slowest of those that answered; the others are gaps of their own."""
    since = datetime.fromisoformat(state["whole_until"]) if "whole_until" in state else begun
    if reached > since:
        found.cover(TimeRange(start=since, end=reached), CoverageState.READ, min(reached, found.now - LAG))
        state["whole_until"] = reached.isoformat()


def _lane(held: JsonObject | None, joined: str | None, usual: datetime) -> Lane:
    """Where a lane stands; a new one begins where its account joined, or as usual."""
    return Lane.of(held or {"until": joined or usual.isoformat()})


def _in_turn(places: Places, turn: str) -> list[Place]:
    first = next((index for index, place in enumerate(places.all) if place.part == turn), 0)
    return [*places.all[first:], *places.all[:first]]


def _not_reached(lanes: Mapping[str, Lane], found: Gathered) -> None:
    for part, lane in lanes.items():
        span = TimeRange(start=min(lane.until, found.now), end=found.now)
        reason = "no time was left in this poll; it comes first in the next"
        found.cover(span, CoverageState.GAP, span.start, part, reason, "Give the source a longer timeout_seconds, or split it.")


def _cover(looked: Looked, lane: Lane, part: str, found: Gathered) -> None:
    """Say what of the lane was read, what is lost, and what an error kept back."""
    now, reached = found.now, looked.lane.until
    if looked.missed:
        lost = TimeRange(start=lane.until, end=min(now, lane.until + looked.missed))
        found.cover(lost, CoverageState.GAP, now, part, "CloudTrail keeps 90 days", "Backfill from the trail's files.")
    if reached > lane.until:
        span = TimeRange(start=max(lane.until, lane.until + looked.missed), end=reached)
        found.cover(span, CoverageState.READ, min(reached, now - LAG), part)
    if looked.unreadable:
        span = TimeRange(start=lane.until, end=now)
        found.cover(span, CoverageState.PARTIAL, min(reached, now - LAG), part, f"{looked.unreadable} records without content")
    if looked.error is not None:
        found.errors.append(looked.error)
        span = TimeRange(start=min(reached, now), end=now)
        found.cover(span, CoverageState.GAP, reached, part, str(looked.error), looked.error.next_step)
