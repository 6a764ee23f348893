"""What a rule may ask of rights: the roles, and who is bound to them. Each is pure."""

from collections.abc import Callable, Iterator, Mapping

from core.json import JsonObject
from core.kube.subject import Subject, items, mapping, text

_EVERYONE = frozenset({"system:anonymous", "system:unauthenticated"})
_ANYONE_INSIDE = frozenset({"system:authenticated", "system:serviceaccounts"})
_UNBOUND = frozenset({"system:masters", "kubeadm:cluster-admins"})
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection", "*"})
# Rights that lead to others: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
_RISKY_VERBS = frozenset({"escalate", "bind", "impersonate"})
_RISKY_RESOURCES = frozenset({"pods/exec", "pods/attach", "nodes/proxy", "serviceaccounts/token", "pods/ephemeralcontainers"})
_RISKY_WRITES = frozenset({
    "persistentvolumes", "roles", "clusterroles", "rolebindings", "clusterrolebindings", "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations", "certificatesigningrequests/approval",
})  # fmt: skip
# Whoever may write a namespace may take its guards off: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#namespace-modification
_OVERWRITES = frozenset({"update", "patch", "*"})
_TIGHT_CONSTRAINTS = frozenset({"restricted", "restricted-v2", "restricted-v3", "nonroot", "nonroot-v2"})
_WORKLOADS = frozenset({"pods", "deployments", "daemonsets", "statefulsets", "jobs", "cronjobs", "replicasets"})


def _subjects(found: JsonObject) -> set[str]:
    return {str(one.get("name")) for one in items(found, "subjects") if isinstance(one, dict)}


def _binds_admin(subject: Subject) -> bool:
    return text(subject.after, "roleRef", "name") in ("cluster-admin", "system:masters") or bool(_subjects(subject.after) & _UNBOUND)


def _gives_none(subject: Subject) -> bool:
    return "subjects" in subject.after and not items(subject.after, "subjects")


def _roles(found: JsonObject) -> Iterator[tuple[set[str], set[str], set[str]]]:
    for rule in items(found, "rules"):
        if isinstance(rule, dict):
            yield (
                set(map(str, items(rule, "verbs"))),
                set(map(str, items(rule, "resources"))),
                set(map(str, items(rule, "apiGroups"))),
            )


def _role_wildcard(subject: Subject) -> bool:
    return any(("*" in verbs and resources) or ("*" in resources and verbs & _WRITES) for verbs, resources, _ in _roles(subject.after))


def _role_everything(subject: Subject) -> bool:
    return any("*" in verbs and "*" in resources and "*" in groups for verbs, resources, groups in _roles(subject.after))


def _role_risky(subject: Subject) -> bool:
    return any(
        verbs & _RISKY_VERBS
        or resources & _RISKY_RESOURCES
        or ("secrets" in resources and verbs & {"get", "list", "watch", "*"})
        or ("*" in resources)
        or (verbs & _WRITES and resources & _RISKY_WRITES)
        or ("namespaces" in resources and verbs & _OVERWRITES)
        or ("signers" in resources and verbs & {"approve", "sign", "*"})
        for verbs, resources, _ in _roles(subject.after)
    )


def _role_uses_constraints(subject: Subject) -> bool:
    """OpenShift's, beyond those that everyone has. https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/authentication_and_authorization/managing-pod-security-policies"""
    return any(
        "securitycontextconstraints" in items(rule, "resources")
        and not {"use", "*"}.isdisjoint(map(str, items(rule, "verbs")))
        and not (items(rule, "resourceNames") and _TIGHT_CONSTRAINTS.issuperset(map(str, items(rule, "resourceNames"))))
        for rule in items(subject.after, "rules")
    )


def _role_all_addresses(subject: Subject) -> bool:
    return any("*" in items(rule, "nonResourceURLs") and "*" in items(rule, "verbs") for rule in items(subject.after, "rules"))


def _role_runs_workloads(subject: Subject) -> bool:
    return any(verbs & _WRITES and resources & _WORKLOADS for verbs, resources, _ in _roles(subject.after))


def _binds_view(subject: Subject) -> bool:
    """The role that reads what holds no secret, for named subjects. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles"""
    ref = mapping(subject.after, "roleRef")
    return (ref.get("name"), ref.get("kind")) == ("view", "ClusterRole") and not _subjects(subject.after) & (_EVERYONE | _ANYONE_INSIDE)


def _binds_somebody(subject: Subject) -> bool:
    return bool(items(subject.after, "subjects"))


def _names(wanted: frozenset[str]) -> Callable[[Subject], bool]:
    return lambda subject: bool(_subjects(subject.after) & wanted)


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "binds_cluster_admin": _binds_admin,
    "binds_anonymous": _names(_EVERYONE),
    "binds_all_users": _names(_ANYONE_INSIDE),
    "role_wildcard": _role_wildcard,
    "role_everything": _role_everything,
    "role_risky": _role_risky,
    "role_uses_constraints": _role_uses_constraints,
    "role_all_addresses": _role_all_addresses,
    "role_runs_workloads": _role_runs_workloads,
}
# Of what stands, whether it is new or not.
STANDING: Mapping[str, Callable[[Subject], bool]] = {
    "binds_nobody": _gives_none,
    "binds_view": _binds_view,
    "binds_somebody": _binds_somebody,
}
