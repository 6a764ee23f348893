"""Conditions about what keeps a GKE cluster and its nodes apart, and what is seen of them. Field names are those of Google's APIs.

https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster and, of requests,
https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/ClusterUpdate
"""

from collections.abc import Callable, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.providers.gcp.subject import Subject, find
from core.providers.gcp.switches import became, gone, loosened, part_off

_PARTS = ("masterAuthorizedNetworksConfig", "networkPolicy", "shieldedNodes", "binaryAuthorization")
_DESIRED_PARTS = ("desiredMasterAuthorizedNetworksConfig", "desiredShieldedNodes", "desiredBinaryAuthorization", "networkPolicy")
# A part, its field, and the values that loosen it.
_LOOSE = (
    ("binaryAuthorization", "evaluationMode", ("DISABLED",)),
    ("databaseEncryption", "state", ("DECRYPTED",)),
    ("securityPostureConfig", "mode", ("DISABLED",)),
    ("securityPostureConfig", "vulnerabilityMode", ("VULNERABILITY_DISABLED",)),
    ("workloadIdentityConfig", "workloadPool", ("",)),
    ("workloadMetadataConfig", "mode", ("GCE_METADATA",)),
)


def _asked_and_kept(part: str) -> tuple[str, str]:
    """A part as a cluster has it, and as a request for a cluster spells it."""
    return part, f"desired{part[:1].upper()}{part[1:]}"


def _guard_off(subject: Subject) -> bool:
    if not ("cluster" in subject.kind.lower() or subject.kind == "container.googleapis.com/NodePool"):
        return False
    return subject.change_type not in (ChangeType.CREATED, ChangeType.DELETED) and (
        _legacy_on(subject)
        or any(part_off(subject, name) for name in (_PARTS if subject.before else _DESIRED_PARTS))
        or any(loosened(subject, _asked_and_kept(part), field, values) for part, field, values in _LOOSE)
        or _identities_off(subject)
        or became(subject, False, "enablePrivateNodes", *_asked_and_kept("enablePrivateEndpoint"))
    )


def _legacy_on(subject: Subject) -> bool:
    def on(state: JsonValue) -> bool:
        return any(isinstance(v, Mapping) and v.get("enabled") is True for v in find(state, *_asked_and_kept("legacyAbac")))

    asked = "setlegacyabac" in subject.method and any(value is True for value in find(subject.after, "enabled"))
    return asked or (on(subject.after) and not on(subject.before))


def _identities_off(subject: Subject) -> bool:
    """Workloads take the machine's identity instead of their own. Records leave out a text that is empty."""
    return gone(subject, "workloadIdentityConfig") or any(told == {} for told in find(subject.after, "desiredWorkloadIdentityConfig"))


def _logs_off(subject: Subject) -> bool:
    return _none(subject, "loggingService") or _emptied(subject, "loggingConfig")


def _watch_off(subject: Subject) -> bool:
    return _none(subject, "monitoringService") or _emptied(subject, "monitoringConfig")


def _none(subject: Subject, service: str) -> bool:
    now, was = ([str(v).lower() for v in find(state, *_asked_and_kept(service))] for state in (subject.after, subject.before))
    return "none" in now and "none" not in was


def _emptied(subject: Subject, config: str) -> bool:
    """Is no component told of any more? Records leave out a list that is empty."""
    now, was = (
        [bool(told.get("enableComponents")) for part in find(state, *_asked_and_kept(config)) for told in _components(part)]
        for state in (subject.after, subject.before)
    )
    return False in now and (not subject.before or True in was)


def _components(part: JsonValue) -> list[Mapping[str, JsonValue]]:
    return [told for told in find(part, "componentConfig") if isinstance(told, Mapping)]


HARDENING: Mapping[str, Callable[[Subject], bool]] = {
    "cluster_guard_off": _guard_off,
    "cluster_logs_off": _logs_off,
    "cluster_watch_off": _watch_off,
}
