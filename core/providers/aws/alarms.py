"""CloudWatch alarms: which are in alarm, and which of those that were no longer are. Costs what is in alarm, not how many there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.clock import Deadline
from core.errors import ProviderError
from core.event import Resource, Scope
from core.observation import Health, Observation, Signal
from core.providers.aws.faults import asked, holding
from core.providers.aws.gathered import Gathered
from core.providers.aws.places import Places
from core.providers.aws.rounds import rounds, together
from core.providers.aws.sessions import Sessions

_MOST = 100
_MOST_KEPT = 200
_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ringing:
    """An alarm in ALARM: why, and in which account it lives."""

    reason: str
    account: str


def in_alarm(client: Callable[[], Any], source: str) -> dict[str, Ringing]:
    """The first hundred alarms in ALARM, by name. Raises ProviderError."""
    with asked(source, "cloudwatch:DescribeAlarms"):
        answer = holding(client().describe_alarms(StateValue="ALARM", MaxRecords=_MOST), "MetricAlarms", "CompositeAlarms")
    rows = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return {
        str(row["AlarmName"]): Ringing(
            reason=str(row.get("StateReason") or "in alarm"), account=(str(row.get("AlarmArn")).split(":", 5) + [""] * 5)[4]
        )
        for row in rows
    }


def observations(
    now_in: Mapping[str, Ringing], was_in: Mapping[str, str], *, source: str, environment: str, region: str, at: datetime
) -> list[Observation]:
    """Readings of what rings, and of what rang (name → account) and no longer does."""

    def one(name: str, account: str, health: Health, says: str) -> Observation:
        scope = Scope(account=account, region=region)
        thing = Resource(provider="aws", kind="AWS::CloudWatch::Alarm", name=name, scope=scope, environment=environment)
        return Observation(source=source, resource=thing, signal=Signal.ALARM, health=health, at=at, says=says, check=name)

    ringing = [one(name, alarm.account, Health.DEGRADED, f"alarm {name}: {alarm.reason[:300]}") for name, alarm in sorted(now_in.items())]
    # The list was cut: what is not on it may still be in alarm.
    if len(now_in) >= _MOST:
        return ringing
    over = [name for name in sorted(was_in) if name not in now_in]
    return ringing + [one(name, was_in[name], Health.HEALTHY, f"alarm {name} is over") for name in over]


def read(places: Places, sessions: Sessions, state: dict[str, Any], found: Gathered, deadline: Deadline) -> None:
    """Once a minute, the alarms of every place; what may not be read is said. What rang is kept in the cursor's `alarms`."""
    now = found.now
    read_at = state.get("alarms_at")
    if read_at and now - datetime.fromisoformat(read_at) < _EVERY:
        return
    before: dict[str, dict[str, str]] = dict(state.get("alarms") or {})
    rang: dict[str, dict[str, str]] = {}
    for asked_now in rounds(places.all):
        share = Deadline.after(deadline.remaining_seconds() * 0.5, monotonic=deadline.monotonic)
        asking = [sessions.asking(place.account, place.region, "cloudwatch", share) for place in asked_now]
        answers = together([partial(in_alarm, client, found.source) for client in asking])
        for place, now_in in zip(asked_now, answers, strict=True):
            rang[place.part] = before.get(place.part, {})
            if isinstance(now_in, ProviderError):
                found.lacks(f"alarms of {place.part}", str(now_in), now_in.next_step)
                continue
            how = {"source": found.source, "environment": found.environment, "region": place.region}
            found.observations += observations(now_in, rang[place.part], at=now, **how)
            rang[place.part] = {name: alarm.account for name, alarm in sorted(now_in.items())}
    state["alarms"], state["alarms_at"] = _bounded(rang, found), now.isoformat()


def _bounded(rang: Mapping[str, dict[str, str]], found: Gathered) -> dict[str, dict[str, str]]:
    """What rang, as far as the cursor may hold it; of the others it is not said when they are over."""
    kept: dict[str, dict[str, str]] = {}
    room = _MOST_KEPT
    for part, names in rang.items():
        kept[part] = dict(list(names.items())[: max(0, room)])
        room -= len(names)
    if room < 0:
        found.lacks("alarms", f"{-room} more ring than are followed to their end ({_MOST_KEPT})")
    return kept
