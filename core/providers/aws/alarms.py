"""CloudWatch alarms: which are in alarm, and which of those that were no longer are. Costs what is in alarm, not how many there are."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from core.event import Resource, Scope
from core.observation import Health, Observation, Signal
from core.providers.aws.faults import asked

_MOST = 100


def in_alarm(client: Callable[[], Any], source: str) -> dict[str, str]:
    """Name → reason of the first hundred alarms in ALARM. Raises ProviderError."""
    with asked(source, "cloudwatch:DescribeAlarms"):
        answer = client().describe_alarms(StateValue="ALARM", MaxRecords=_MOST)
    rows = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return {str(row["AlarmName"]): str(row.get("StateReason") or "in alarm") for row in rows}


def observations(
    now_in: dict[str, str], was_in: Collection[str], *, source: str, environment: str, account: str, region: str, at: datetime
) -> list[Observation]:
    def one(name: str, health: Health, says: str) -> Observation:
        thing = Resource(
            provider="aws", kind="AWS::CloudWatch::Alarm", name=name, scope=Scope(account=account, region=region), environment=environment
        )  # fmt: skip
        return Observation(source=source, resource=thing, signal=Signal.ALARM, health=health, at=at, says=says, check=name)

    degraded = [one(name, Health.DEGRADED, f"alarm {name}: {reason[:300]}") for name, reason in sorted(now_in.items())]
    # The list was cut: what is not on it may still be in alarm.
    if len(now_in) >= _MOST:
        return degraded
    return degraded + [one(name, Health.HEALTHY, f"alarm {name} is over") for name in sorted(set(was_in) - set(now_in))]
