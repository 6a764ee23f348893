"""Pods and what else lives and dies with its owner: their state is told as the owner's health. Pure but for the states it is given."""

from datetime import datetime

from core.batch import KnownState
from core.json import JsonObject
from core.kube.kinds import FOLLOWERS
from core.kube.subject import items, mapping, text
from core.observation import Health, Observation, Signal
from core.providers.kubernetes import health
from core.providers.kubernetes.gathering import Gathering
from core.providers.kubernetes.origin import Origin

_MOST_NAMES = 3
# A row of a workload remembers at most this many ailing pods; beyond it the count alone matters.
_MOST_PODS = 200


def owner_of(found: JsonObject) -> tuple[str, str]:
    """Kind and name of the workload that a pod, ReplicaSet or Job follows; empty for one that stands alone."""
    owner = next(
        (one for one in items(found, "metadata", "ownerReferences") if isinstance(one, dict) and one.get("controller") is True), None
    )
    if owner is None:
        return "", ""
    kind, name = text(owner, "kind"), text(owner, "name")
    labels = mapping(found, "metadata", "labels")
    for label, above in (("pod-template-hash", "Deployment"), ("rollouts-pod-template-hash", "Rollout")):
        told = text(labels, label)
        if kind == "ReplicaSet" and told and name.endswith(f"-{told}"):
            return above, name.removesuffix(f"-{told}")
    return kind, name


def follows(found: JsonObject) -> bool:
    """Is its lifecycle its owner's? A pod alone, a ReplicaSet made by hand, a Job started by a person are things of their own."""
    kind = text(found, "kind")
    owner, _ = owner_of(found)
    return bool(owner) and (kind in FOLLOWERS or (kind == "Job" and owner == "CronJob"))


def row_key(found: JsonObject) -> str:
    kind, name = owner_of(found)
    return f"pods/{text(found, 'metadata', 'namespace')}/{kind}/{name}"


def take(found: JsonObject, gone: bool, gathering: Gathering, origin: Origin, at: datetime) -> None:
    """Note how one follower does, and what that makes of its owner."""
    kind = text(found, "kind")
    if kind == "Job" and not gone:
        owner, name = owner_of(found)
        resource = origin.resource(owner, name, text(found, "metadata", "namespace"))
        gathering.observe(
            Observation(
                source=origin.source, resource=resource, signal=one.signal, health=one.health, at=at, says=f"its last job: {one.says}"
            )
            for one in health.readings(found, origin, at)
        )
    if kind != "Pod":
        return
    key, pod = row_key(found), text(found, "metadata", "name")
    row = gathering.one(key)
    before: dict[str, list[object]] = dict(row.state.get("pods", {})) if row and row.state else {}
    ails = health.trouble(found)
    after = {name: told for name, told in before.items() if name != pod}
    if not gone and (ails.reason or ails.restarts) and len(after) < _MOST_PODS:
        after[pod] = [ails.reason, ails.restarts]
    if after == before:
        return
    gathering.keep([KnownState(key=key, state={"pods": after} if after else None, at=at)])
    owner, name = owner_of(found)
    _tell(before, after, owner, name, text(found, "metadata", "namespace"), gathering, origin, at)


def _tell(
    before: dict[str, list[object]], after: dict[str, list[object]], kind: str, name: str, namespace: str,
    gathering: Gathering, origin: Origin, at: datetime,
) -> None:  # fmt: skip
    resource = origin.resource(kind, name, namespace)
    ailing = sorted((str(told[0]), pod) for pod, told in after.items() if told[0])
    restarts = sum(_count(told) for told in after.values())
    grew = any(_count(told) > _count(before.get(pod, ["", 0])) for pod, told in after.items())
    reasons = ", ".join(sorted({reason for reason, _ in ailing}))
    names = ", ".join(pod for _, pod in ailing[:_MOST_NAMES]) + (" …" if len(ailing) > _MOST_NAMES else "")
    number = f"{len(ailing)} pod" + ("s" if len(ailing) != 1 else "")
    gathering.observe(
        (
            Observation(
                source=origin.source, resource=resource, signal=Signal.CRASH, at=at, numerator=len(ailing),
                health=Health.DEGRADED if ailing else Health.HEALTHY,
                says=f"{number} in trouble: {reasons} ({names})" if ailing else "no pod in trouble",
            ),
            Observation(
                source=origin.source, resource=resource, signal=Signal.RESTARTS, at=at, numerator=restarts,
                health=Health.DEGRADED if grew else Health.HEALTHY,
                says=f"{restarts} restart{'' if restarts == 1 else 's'} of the pods that run now",
            ),
        )
    )  # fmt: skip


def _count(told: list[object]) -> int:
    return told[1] if isinstance(told[1], int) else 0
