"""How far a deployment or a scaling has come, from what ECS and Auto Scaling describe. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.observation import Health

_LONGEST = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """`there` of `wanted` run; `says` is a part of a sentence, not yet redacted."""

    health: Health
    says: str
    there: int
    wanted: int


def of_service(service: Mapping[str, Any], since: datetime) -> Progress | None:
    """An ECS service as DescribeServices answers it; None where it is no more. `since`: older messages tell nothing of this change."""
    status = str(service.get("status") or "ACTIVE")
    if status == "INACTIVE":
        return None
    wanted, there = int(service.get("desiredCount") or 0), int(service.get("runningCount") or 0)
    deployments = [one for one in service.get("deployments") or [] if isinstance(one, Mapping)]
    failed = next((one for one in deployments if one.get("rolloutState") == "FAILED"), None)
    newest: Mapping[str, Any] = next((one for one in deployments if one.get("status") == "PRIMARY"), {})
    lost = int(newest.get("failedTasks") or 0)
    parts = [f"{there} of {wanted} tasks running"]
    if failed is not None:
        health = Health.DEGRADED
        parts.append(f"a deployment failed: {str(failed.get('rolloutStateReason') or 'no reason told').rstrip('.')}")
    elif lost >= _breaks_at(wanted):
        health = Health.DEGRADED
        parts.append(f"{lost} tasks of the deployment failed to run")
    elif status == "DRAINING" or there < wanted or len(deployments) > 1 or newest.get("rolloutState") == "IN_PROGRESS":
        health = Health.PROGRESSING
        parts.append("draining" if status == "DRAINING" else "not finished")
        if lost:
            parts.append(f"{lost} tasks failed to run")
    else:
        health = Health.HEALTHY
    message = _newest_message(service, since) if health is not Health.HEALTHY else ""
    return Progress(health=health, says="; ".join((*parts, *filter(None, [message]))), there=there, wanted=wanted)


def _breaks_at(wanted: int) -> int:
    """How many failed tasks are a failed deployment to ECS itself, whether its circuit breaker is on or not.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    return min(200, max(3, -(-wanted // 2)))


def _newest_message(service: Mapping[str, Any], since: datetime) -> str:
    rows = [one for one in service.get("events") or [] if isinstance(one, Mapping) and isinstance(one.get("createdAt"), datetime)]
    newest = max(rows, key=lambda one: one["createdAt"], default=None)
    if newest is None or newest["createdAt"].astimezone(UTC) < since:
        return ""
    return str(newest.get("message") or "").rstrip(".")[:_LONGEST]


def of_group(group: Mapping[str, Any], activities: Sequence[Mapping[str, Any]], since: datetime) -> Progress:
    """An Auto Scaling group as DescribeAutoScalingGroups answers it, and its scaling activities where these were asked for."""
    wanted = int(group.get("DesiredCapacity") or 0)
    instances = [one for one in group.get("Instances") or [] if isinstance(one, Mapping)]
    there = sum(1 for one in instances if one.get("LifecycleState") == "InService" and one.get("HealthStatus") == "Healthy")
    says = f"{there} of {wanted} instances in service"
    failed = _failed(activities, since)
    if failed is not None:
        reason = str(failed.get("StatusMessage") or "no reason told").rstrip(".")[:_LONGEST]
        what = str(failed.get("Description") or "a scaling activity").rstrip(".")[:_LONGEST]
        at = failed["StartTime"].astimezone(UTC)
        return Progress(health=Health.DEGRADED, says=f"{says}; failed {at:%H:%M} UTC: {what}: {reason}", there=there, wanted=wanted)
    if there == wanted and all(one.get("LifecycleState") == "InService" for one in instances):
        return Progress(health=Health.HEALTHY, says=says, there=there, wanted=wanted)
    leaving = sum(1 for one in instances if str(one.get("LifecycleState")).startswith("Terminating"))
    on_the_way = f"; {leaving} terminating" if leaving else "; not finished"
    return Progress(health=Health.PROGRESSING, says=says + on_the_way, there=there, wanted=wanted)


def _failed(activities: Sequence[Mapping[str, Any]], since: datetime) -> Mapping[str, Any] | None:
    """The newest activity since the change, where it failed: one that worked after it makes up for it."""
    ended = [
        one
        for one in activities
        if one.get("StatusCode") in ("Failed", "Successful", "Cancelled")
        and isinstance(one.get("StartTime"), datetime)
        and one["StartTime"].astimezone(UTC) >= since
    ]
    newest = max(ended, key=lambda one: one["StartTime"], default=None)
    return newest if newest is not None and newest.get("StatusCode") == "Failed" else None
