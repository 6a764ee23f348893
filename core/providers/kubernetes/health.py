"""How well an object runs, read from its status. Observations, never changes. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.json import JsonObject
from core.kube.subject import items, mapping, text
from core.observation import Health, Observation, Signal
from core.providers.kubernetes.origin import Origin

# Why a container waits or ended, where that is trouble.
# https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/ and the kubelet's own reasons
TROUBLES = frozenset({
    "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError", "OOMKilled", "ContainerCannotRun", "StartError", "ContainerStatusUnknown", "Evicted",
    "DeadlineExceeded", "NodeLost", "UnexpectedAdmissionError",
})  # fmt: skip
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
_PHASES = {
    "Bound": Health.HEALTHY, "Available": Health.HEALTHY, "Pending": Health.PROGRESSING, "Lost": Health.DEGRADED, "Failed": Health.DEGRADED,
}  # fmt: skip
_GOOD = ("Ready", "Available", "Healthy", "Synced", "Established")

# How these ended is how they ended: nothing about them changes any more, and what comes after is another one.
_ENDS = frozenset({"Job", "Pod"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What ails one pod: the first reason found (empty: none) and how often its containers restarted."""

    reason: str
    restarts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """One object with its two halves: what should be, what is."""

    found: JsonObject
    spec: JsonObject
    status: JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    signal: Signal
    health: Health
    says: str
    check: str = ""
    numerator: int | None = None
    denominator: int | None = None


def readings(found: JsonObject, origin: Origin, at: datetime) -> tuple[Observation, ...]:
    """Every reading that the object's status allows; none where it has no status yet."""
    status, kind = mapping(found, "status"), text(found, "kind")
    if not status:
        return ()
    read = _READERS.get(kind, _conditions)
    metadata = mapping(found, "metadata")
    resource = origin.resource(kind, text(metadata, "name"), text(metadata, "namespace"), uid=text(metadata, "uid"))
    return tuple(
        Observation(
            source=origin.source,
            resource=resource,
            signal=one.signal,
            health=one.health,
            at=at,
            says=origin.redactor.text(one.says),
            check=one.check,
            numerator=one.numerator,
            denominator=one.denominator,
            lasting=kind not in _ENDS,
        )
        for one in read(_Seen(found=found, spec=mapping(found, "spec"), status=status))
    )


def _number(holder: JsonObject, key: str, default: int = 0) -> int:
    value = holder.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _condition(status: JsonObject, kind: str) -> JsonObject:
    return next((one for one in items(status, "conditions") if isinstance(one, dict) and one.get("type") == kind), {})


def _workload(seen: _Seen) -> Iterator[_Reading]:
    desired = _number(seen.spec, "replicas", 1)
    available = _number(seen.status, "availableReplicas", _number(seen.status, "readyReplicas"))
    updated = _number(seen.status, "updatedReplicas", desired if text(seen.found, "kind") == "ReplicaSet" else 0)
    progressing, failing = _condition(seen.status, "Progressing"), _condition(seen.status, "ReplicaFailure")
    generation = mapping(seen.found, "metadata").get("generation")
    behind = isinstance(generation, int) and _number(seen.status, "observedGeneration", generation) < generation
    says = f"{available} of {desired} ready"
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        yield _rollout(Health.DEGRADED, f"{says}; the rollout made no progress within its deadline", available, desired)
    elif failing.get("status") == "True":
        yield _rollout(Health.DEGRADED, f"{says}; pods cannot be made: {failing.get('reason') or 'no reason told'}", available, desired)
    elif behind or available < desired or updated < desired:
        yield _rollout(Health.PROGRESSING, f"{says}, {updated} of {desired} of the newest template", available, desired)
    else:
        yield _rollout(Health.HEALTHY, says, available, desired)


def _rollout(health: Health, says: str, available: int, desired: int) -> _Reading:
    return _Reading(signal=Signal.ROLLOUT, health=health, says=says, numerator=available, denominator=desired)


def _daemons(seen: _Seen) -> Iterator[_Reading]:
    desired, available = _number(seen.status, "desiredNumberScheduled"), _number(seen.status, "numberAvailable")
    updated = _number(seen.status, "updatedNumberScheduled", desired)
    done = available >= desired and updated >= desired
    yield _rollout(Health.HEALTHY if done else Health.PROGRESSING, f"{available} of {desired} ready", available, desired)


def _job(seen: _Seen) -> Iterator[_Reading]:
    wanted, done = _number(seen.spec, "completions", 1), _number(seen.status, "succeeded")
    if _condition(seen.status, "Failed").get("status") == "True":
        reason = _condition(seen.status, "Failed").get("reason") or "no reason told"
        yield _rollout(Health.DEGRADED, f"failed: {reason}", done, wanted)
    elif _condition(seen.status, "Complete").get("status") == "True":
        yield _rollout(Health.HEALTHY, f"{done} of {wanted} completed", done, wanted)
    else:
        yield _rollout(Health.PROGRESSING, f"{done} of {wanted} completed, {_number(seen.status, 'active')} running", done, wanted)


def trouble(found: JsonObject) -> Trouble:
    """What ails a pod, from its containers and its own reason."""
    status = mapping(found, "status")
    reasons, restarts = [text(status, "reason")], 0
    for one in (*items(status, "initContainerStatuses"), *items(status, "containerStatuses")):
        if isinstance(one, dict):
            restarts += _number(one, "restartCount")
            reasons.append(text(one, "state", "waiting", "reason"))
            if one.get("ready") is not True:
                reasons += [text(one, "state", "terminated", "reason"), text(one, "lastState", "terminated", "reason")]
    return Trouble(reason=next((reason for reason in reasons if reason in TROUBLES), ""), restarts=restarts)


def _pod(seen: _Seen) -> Iterator[_Reading]:
    ails = trouble(seen.found)
    ready = _condition(seen.status, "Ready").get("status") == "True" or seen.status.get("phase") == "Succeeded"
    if ails.reason:
        yield _Reading(signal=Signal.CRASH, health=Health.DEGRADED, says=ails.reason)
    elif seen.status.get("phase") == "Failed":
        yield _Reading(signal=Signal.CRASH, health=Health.DEGRADED, says="failed")
    else:
        yield _Reading(
            signal=Signal.CRASH,
            health=Health.HEALTHY if ready else Health.PROGRESSING,
            says="ready" if ready else f"{seen.status.get('phase') or 'phase unknown'}, not ready",
        )
    yield _Reading(signal=Signal.RESTARTS, health=Health.UNKNOWN, says=f"{ails.restarts} restarts since it began", numerator=ails.restarts)


def _node(seen: _Seen) -> Iterator[_Reading]:
    ready = _condition(seen.status, "Ready").get("status")
    if ready is not None:
        says = "ready" if ready == "True" else "not ready" if ready == "False" else "not heard from"
        if seen.spec.get("unschedulable") is True:
            says += ", cordoned"
        yield _Reading(signal=Signal.NODE, health=Health.HEALTHY if ready == "True" else Health.DEGRADED, says=says, check="Ready")
    for kind in _PRESSURES:
        found_one = _condition(seen.status, kind)
        if found_one:
            bad = found_one.get("status") == "True"
            yield _Reading(
                signal=Signal.NODE, health=Health.DEGRADED if bad else Health.HEALTHY, says=f"{'' if bad else 'no '}{kind}", check=kind
            )


def _claim(seen: _Seen) -> Iterator[_Reading]:
    phase = text(seen.status, "phase")
    if phase:
        yield _Reading(signal=Signal.STATUS, health=_PHASES.get(phase, Health.UNKNOWN), says=phase.lower())


def _autoscaler(seen: _Seen) -> Iterator[_Reading]:
    current, desired = _number(seen.status, "currentReplicas"), _number(seen.status, "desiredReplicas")
    stuck = next((k for k in ("AbleToScale", "ScalingActive") if _condition(seen.status, k).get("status") == "False"), "")
    says = f"{current} replicas, {desired} wanted"
    if stuck:
        reason = _condition(seen.status, stuck).get("reason") or stuck
        yield _Reading(signal=Signal.STATUS, health=Health.DEGRADED, says=f"{says}; it cannot scale: {reason}")
    else:
        yield _Reading(signal=Signal.STATUS, health=Health.HEALTHY if current == desired else Health.PROGRESSING, says=says)


def _conditions(seen: _Seen) -> Iterator[_Reading]:
    """Any other kind: the conditions that the API conventions give a meaning, else Argo CD's and alike `health.status`."""
    # https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties
    told = text(seen.status, "health", "status")
    if told:
        states = {"Healthy": Health.HEALTHY, "Progressing": Health.PROGRESSING, "Degraded": Health.DEGRADED, "Missing": Health.DEGRADED}
        yield _Reading(signal=Signal.STATUS, health=states.get(told, Health.UNKNOWN), says=told.lower(), check="health")
    for kind in _GOOD:
        one = _condition(seen.status, kind)
        if one.get("status") in ("True", "False", "Unknown"):
            health = {"True": Health.HEALTHY, "False": Health.DEGRADED}.get(str(one["status"]), Health.UNKNOWN)
            reason = f" ({one['reason']})" if one.get("reason") else ""
            yield _Reading(
                signal=Signal.STATUS, health=health, says=f"{'' if one['status'] == 'True' else 'not '}{kind}{reason}", check=kind
            )


_READERS = {
    "Deployment": _workload,
    "StatefulSet": _workload,
    "ReplicaSet": _workload,
    "Rollout": _workload,
    "DaemonSet": _daemons,
    "Job": _job,
    "Pod": _pod,
    "Node": _node,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _claim,
    "HorizontalPodAutoscaler": _autoscaler,
}
