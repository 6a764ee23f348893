"""What a rule may ask of the objects that a platform adds to Kubernetes' own: OpenShift, Argo CD, Istio, backups. Each is pure."""

from collections.abc import Callable, Mapping

from core.kube.subject import Subject, items, mapping, text

_NODES_RIGHTS = (
    "allowPrivilegedContainer", "allowHostDirVolumePlugin", "allowHostNetwork", "allowHostPID", "allowHostIPC", "allowHostPorts",
)  # fmt: skip


def _constraints_let_more(subject: Subject) -> bool:
    """The node's rights, or subjects named in the object itself."""
    found = subject.after
    return any(found.get(key) is True for key in _NODES_RIGHTS) or bool(items(found, "users") or items(found, "groups"))


def _audits_nothing(subject: Subject) -> bool:
    return text(subject.after, "spec", "audit", "profile") == "None"


def _anyone_enters_argo(subject: Subject) -> bool:
    return str(mapping(subject.after, "data").get("users.anonymous.enabled")).lower() == "true"


def _in_the_clear(subject: Subject) -> bool:
    return text(subject.after, "spec", "mtls", "mode") == "DISABLE"


def _backs_up_no_more(subject: Subject) -> bool:
    spec = mapping(subject.after, "spec")
    return spec.get("paused") is True or spec.get("suspend") is True


def _volume_goes_with_its_claim(subject: Subject) -> bool:
    return text(subject.after, "spec", "persistentVolumeReclaimPolicy") == "Delete"


def _project_opened(subject: Subject) -> bool:
    """Every repository, every place, or every kind of a cluster's own objects. https://argo-cd.readthedocs.io/en/stable/user-guide/projects/"""
    spec = mapping(subject.after, "spec")
    return (
        "*" in items(spec, "sourceRepos")
        or any(text(one, "namespace") == "*" and "*" in (text(one, "server"), text(one, "name")) for one in items(spec, "destinations"))
        or any(text(one, "group") == text(one, "kind") == "*" for one in items(spec, "clusterResourceWhitelist"))
    )


def _ranchers_admin(subject: Subject) -> bool:
    """https://ranchermanager.docs.rancher.com/how-to-guides/new-user-guides/authentication-permissions-and-global-configuration/manage-role-based-access-control-rbac"""
    return (
        text(subject.after, "globalRoleName") in ("admin", "restricted-admin") or text(subject.after, "roleTemplateName") == "cluster-owner"
    )


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "constraints_let_more": _constraints_let_more,
    "audits_nothing": _audits_nothing,
    "anyone_enters_argo": _anyone_enters_argo,
    "in_the_clear": _in_the_clear,
    "backs_up_no_more": _backs_up_no_more,
    "project_opened": _project_opened,
    "ranchers_admin": _ranchers_admin,
    "volume_goes_with_its_claim": _volume_goes_with_its_claim,
}
