"""What a rule looks at: one change in Kubernetes' words, from an audit record or from two states of an object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.event import ChangeType
from core.json import JsonObject, JsonValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """`change_type` is what was meant, also where it was refused. `action` is "verb resource/subresource" ("" for snapshots).

    `before` is the last known state where there is one, `after` the object, the request or the patch, secrets still in it:
    a Subject never leaves `normalize`. `user` and `agent` are who asked, with which program, as the request tells it.
    `took_all_rights` says that the request was made in the name of a group that nothing limits, `poses_as_platform` in that of one of
    the cluster's own parts, `platforms_credential` that it was made with a node's or a controller's for what none does, or with a
    person's tool.
    """

    change_type: ChangeType
    kind: str
    name: str = ""
    namespace: str = ""
    group: str = ""
    action: str = ""
    path: str = ""
    before: JsonObject = field(default_factory=dict)
    after: JsonObject = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    user: str = ""
    agent: str = ""
    by_platform: bool = False
    anonymous: bool = False
    took_all_rights: bool = False
    poses_as_platform: bool = False
    platforms_credential: bool = False


def mapping(holder: JsonValue, *keys: str) -> JsonObject:
    """The object below `keys`; empty where a step is missing or something else."""
    for key in keys:
        holder = holder.get(key) if isinstance(holder, Mapping) else None
    return holder if isinstance(holder, dict) else {}


def items(holder: JsonValue, *keys: str) -> list[JsonValue]:
    """The list below `keys`; empty where a step is missing or something else."""
    found = mapping(holder, *keys[:-1]).get(keys[-1]) if keys else holder
    return found if isinstance(found, list) else []


def text(holder: JsonValue, *keys: str) -> str:
    """The string below `keys`; empty where a step is missing or something else."""
    found = mapping(holder, *keys[:-1]).get(keys[-1])
    return found if isinstance(found, str) else ""


def pod_specs(found: JsonObject) -> Iterator[JsonObject]:
    """Each pod specification of an object: of a pod itself, a workload's template, a CronJob's jobs' template."""
    spec = mapping(found, "spec")
    for pod in (spec, mapping(spec, "template", "spec"), mapping(spec, "jobTemplate", "spec", "template", "spec")):
        if any(key in pod for key in _POD_PARTS):
            yield pod


_POD_PARTS = ("containers", "initContainers", "ephemeralContainers", "hostNetwork", "hostPID", "hostIPC", "volumes")


def containers(found: JsonObject) -> Iterator[JsonObject]:
    """Every container of every pod specification."""
    for pod in pod_specs(found):
        for key in ("initContainers", "containers", "ephemeralContainers"):
            yield from (one for one in items(pod, key) if isinstance(one, dict))
