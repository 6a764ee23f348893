"""AWS Health: what AWS says is wrong or planned on its side, for each account that may ask. Costs what is open, not what exists.

https://docs.aws.amazon.com/health/latest/APIReference/API_DescribeEvents.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError
from core.event import Resource, Scope
from core.json import JsonObject
from core.observation import Health, Observation, Signal
from core.providers.aws.faults import UNSUBSCRIBED, NotSubscribed, asked, holding
from core.providers.aws.gathered import Gathered
from core.providers.aws.places import Place, Places
from core.providers.aws.rounds import rounds, together
from core.providers.aws.sessions import Sessions

_EVERY = timedelta(minutes=5)
_ASK_AGAIN = timedelta(days=1)
_MOST = 50
_KIND = "AWS::Health::Event"
# AWS Health has one active endpoint, whatever the region that an event is about.
# https://docs.aws.amazon.com/health/latest/ug/health-api.html#endpoints
REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Advisory:
    """One open or upcoming event of AWS Health. `code` is AWS's name for its kind."""

    arn: str
    code: str
    category: str
    service: str
    region: str
    status: str
    starts_at: datetime | None

    @property
    def health(self) -> Health:
        """Only an issue that is under way is trouble; a notice or a plan says nothing of how things are."""
        return Health.DEGRADED if self.category == "issue" and self.status == "open" else Health.UNKNOWN

    @property
    def says(self) -> str:
        since = f" {'since' if self.status == 'open' else 'from'} {self.starts_at:%Y-%m-%d %H:%M} UTC" if self.starts_at else ""
        what = {"issue": "an issue", "scheduledChange": "a scheduled change", "accountNotification": "a notification"}
        where = f" in {self.region}" if self.region and self.region != "global" else ""
        status = f", {self.status}" if self.status != "closed" else ""
        return f"AWS Health: {what.get(self.category, self.category)} with {self.service}{where}{status}{since} ({self.code})"


def open_now(client: Callable[[], Any], regions: tuple[str, ...], source: str) -> list[Advisory]:
    """The newest open and upcoming events that concern the regions or all of AWS. Raises ProviderError."""
    wanted = {"eventStatusCodes": ["open", "upcoming"], "regions": [*regions, "global"]}
    with asked(source, "health:DescribeEvents"):
        answer = holding(client().describe_events(filter=wanted, maxResults=_MOST), "events")
    return [_advisory(row) for row in answer.get("events") or [] if isinstance(row, Mapping) and row.get("arn")]


def _advisory(row: Mapping[str, Any]) -> Advisory:
    starts = row.get("startTime")
    return Advisory(
        arn=str(row["arn"]),
        code=str(row.get("eventTypeCode") or "unnamed"),
        category=str(row.get("eventTypeCategory") or ""),
        service=str(row.get("service") or "AWS"),
        region=str(row.get("region") or ""),
        status=str(row.get("statusCode") or ""),
        starts_at=starts.astimezone(UTC) if isinstance(starts, datetime) else None,
    )


@dataclass(slots=True)
class _Held:
    """The cursor's `advisories`: which issues were open in which accounts, and which accounts lack the support plan since when."""

    open: dict[str, Advisory]
    accounts: dict[str, set[str]]
    closed: dict[str, str]

    @classmethod
    def of(cls, state: JsonObject) -> "_Held":
        rows = dict(state.get("open") or {})
        issues = {arn: _issue(arn, *row["is"]) for arn, row in rows.items()}
        return cls(open=issues, accounts={arn: set(row["of"]) for arn, row in rows.items()}, closed=dict(state.get("closed") or {}))

    def state(self, labels: set[str]) -> JsonObject:
        """What is to be kept of the accounts that are read."""
        rows = {
            arn: {"is": [one.code, one.service, one.region], "of": sorted(self.accounts[arn] & labels)} for arn, one in self.open.items()
        }
        closed = {label: at for label, at in self.closed.items() if label in labels}
        return {"open": {arn: row for arn, row in rows.items() if row["of"]}, "closed": closed}


def _issue(arn: str, code: str, service: str, region: str) -> Advisory:
    return Advisory(arn=arn, code=code, category="issue", service=service, region=region, status="closed", starts_at=None)


def read(places: Places, sessions: Sessions, state: dict[str, Any], found: Gathered, deadline: Deadline) -> None:
    """Every five minutes, what is open in every account; an account without the support plan is asked again a day later."""
    held = _Held.of(dict(state.get("advisories") or {}))
    due = "advisories_at" not in state or found.now - datetime.fromisoformat(state["advisories_at"]) >= _EVERY
    wanted: list[Place] = []
    for place in places.each_account():
        closed_at = held.closed.get(place.account.label)
        if closed_at and found.now - datetime.fromisoformat(closed_at) < _ASK_AGAIN:
            found.lacks(f"AWS Health of {place.account.label}", *UNSUBSCRIBED)
        elif due:
            held.closed.pop(place.account.label, None)
            wanted.append(place)
    for asked_now in rounds(wanted):
        share = Deadline.after(deadline.remaining_seconds() * 0.5, monotonic=deadline.monotonic)
        asking = [sessions.asking(place.account, REGION, "health", share) for place in asked_now]
        answers = together([partial(open_now, client, places.regions, found.source) for client in asking])
        for place, now in zip(asked_now, answers, strict=True):
            _take(place, now, held, found)
    state["advisories"] = held.state({place.account.label for place in places.all})
    if due:
        state["advisories_at"] = found.now.isoformat()


def _take(place: Place, now: list[Advisory] | ProviderError, held: _Held, found: Gathered) -> None:
    if isinstance(now, ProviderError):
        if isinstance(now, NotSubscribed):
            held.closed[place.account.label] = found.now.isoformat()
        found.lacks(f"AWS Health of {place.account.label}", str(now), now.next_step)
    else:
        _tell(place, now, held, found)


def _tell(place: Place, now: list[Advisory], held: _Held, found: Gathered) -> None:
    """Readings of what is open in the account, and of the issues that were and no longer are."""
    label, there = place.account.label, {one.arn for one in now}
    found.observations += [_observation(place, one, one.health, one.says, found) for one in now]
    for arn, one in held.open.items():
        # A list that was cut says nothing of what is not on it.
        if label in held.accounts[arn] and arn not in there and len(now) < _MOST:
            held.accounts[arn].discard(label)
            found.observations.append(_observation(place, one, Health.HEALTHY, f"{one.says}: over", found))
    for one in now:
        if one.health is Health.DEGRADED:
            held.open[one.arn] = one
            held.accounts.setdefault(one.arn, set()).add(label)


def _observation(place: Place, one: Advisory, health: Health, says: str, found: Gathered) -> Observation:
    scope = Scope(account=place.account.id, region="" if one.region == "global" else one.region)
    thing = Resource(provider="aws", kind=_KIND, name=one.code, scope=scope, uid=one.arn, environment=found.environment)
    return Observation(
        source=found.source,
        resource=thing,
        signal=Signal.WARNING if health is Health.UNKNOWN else Signal.STATUS,
        health=health,
        at=found.now,
        says=says,
        check=f"{place.account.label} {one.arn}",
        detail={"service": one.service, "category": one.category},
    )
