"""What a rule may ask of the pods that an object runs: their rights, their images, their commands, their place. Each is pure."""

import re
from collections.abc import Callable, Iterator, Mapping

from core.json import JsonObject
from core.kube.namespaces import is_system
from core.kube.subject import Subject, containers, items, mapping, pod_specs, text

# Host paths that give the node, its other pods or the cluster away. Falco's "sensitive host mount" and Kubernetes' own warnings:
# https://kubernetes.io/docs/concepts/storage/volumes/#hostpath and https://github.com/falcosecurity/plugins/tree/main/plugins/k8saudit/rules
SENSITIVE_PATHS = re.compile(
    r"^/(|proc|sys|dev|etc|root|home/admin|boot|run|var|var/run|var/lib|var/lib/(kubelet|docker|containerd|etcd|kube-proxy)(/.*)?"
    r"|etc/(kubernetes|shadow|passwd|cron[^/]*|ssh)(/.*)?|(var/)?run/.*\.sock|(var/)?run/(docker|containerd|crio)(/.*)?|root/.*|proc/.*)$"
)
# What the baseline of the Pod Security Standards lets a container add.
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
ALLOWED_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
    "SETUID", "SYS_CHROOT",
})  # fmt: skip
# Whose registries the add-ons of EKS are pulled from, in whichever folder: https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html
_EKS_ACCOUNTS = (
    "602401143452|877085696533|800184023465|533267051163|296578399912|900889452093|491585149902|151610086707|333609536671|121268973566"
    "|918309763551|961992271922"
)
# Of the add-ons: https://open-policy-agent.github.io/gatekeeper/website/docs/install/,
# https://cloud.google.com/kubernetes-engine/enterprise/config-sync/docs/how-to/private-registry and
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-setup-EKS-quickstart.html
_PLATFORM_IMAGES = re.compile(
    r"^(registry\.k8s\.io|k8s\.gcr\.io|([\w-]+-artifactregistry\.)?gcr\.io/(gke|google|k8s|kubernetes)[\w.-]*|gke\.gcr\.io|[\w.-]*gke[\w.-]*\.pkg\.dev|mcr\.microsoft\.com|quay\.io"
    r"|public\.ecr\.aws/(eks|cloudwatch-agent|aws-observability)|(docker\.io/)?openpolicyagent|gcr\.io/config-management-release"
    r"|\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?/(eks|amazon)|("
    + _EKS_ACCOUNTS
    + r")\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?|rancher|docker\.io/(rancher|calico|cilium)|ghcr\.io/(flannel-io|cilium)|calico)/"
)
_PROFILES = ("container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/", "seccomp.security.alpha")
_CONTROL_PLANE = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})
# Settings of the kernel that a pod has of its own; every other is the node's. https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
_OWN_SYSCTLS = ("net.", "kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")
# Types of SELinux that confine nothing: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
_FREE_TYPES = frozenset({"spc_t", "unconfined_t", "unconfined_service_t", "container_runtime_t"})


def _capabilities(subject: Subject) -> bool:
    added = {
        str(name).removeprefix("CAP_") for one in containers(subject.after) for name in items(one, "securityContext", "capabilities", "add")
    }
    return bool(added - ALLOWED_CAPABILITIES)


def _privileged(subject: Subject) -> bool:
    return any(mapping(one, "securityContext").get("privileged") is True for one in containers(subject.after)) or any(
        mapping(pod, "securityContext", "windowsOptions").get("hostProcess") is True for pod in pod_specs(subject.after)
    )


def _host_namespaces(subject: Subject) -> bool:
    return any(pod.get(key) is True for pod in pod_specs(subject.after) for key in ("hostNetwork", "hostPID", "hostIPC"))


def _host_path(subject: Subject) -> bool:
    return any(
        isinstance(path := mapping(volume, "hostPath").get("path"), str) and SENSITIVE_PATHS.match("/" + path.strip("/"))
        for pod in pod_specs(subject.after)
        for volume in items(pod, "volumes")
    )


def _volume_host_path(subject: Subject) -> bool:
    path = text(subject.after, "spec", "hostPath", "path")
    return bool(path and SENSITIVE_PATHS.match("/" + path.strip("/")))


def _foreign_image(subject: Subject) -> bool:
    images = [str(one.get("image") or "") for one in containers(subject.after)]
    return any(image and not _PLATFORM_IMAGES.match(image) for image in images)


def own_part(subject: Subject) -> bool:
    """A part of the cluster that its own controllers keep, from images of those who make clusters: the network, the proxy, a mirrored
    static pod. https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"""
    images = [str(one.get("image") or "") for one in containers(subject.after)]
    return subject.by_platform and is_system(subject.namespace) and bool(images) and all(map(_PLATFORM_IMAGES.match, images))


def _unconfined(subject: Subject) -> bool:
    """Seccomp, AppArmor, SELinux or the masking of /proc switched off: of a pod, a container, or by an annotation of before 1.30."""
    holders = [*pod_specs(subject.after), *containers(subject.after)]
    told = [text(one, "securityContext", profile, "type") for one in holders for profile in ("seccompProfile", "appArmorProfile")]
    return (
        "Unconfined" in told
        or any(text(one, "securityContext", "procMount") == "Unmasked" for one in holders)
        or any(text(one, "securityContext", "seLinuxOptions", "type") in _FREE_TYPES for one in holders)
        or any(
            str(key).startswith(_PROFILES) and value == "unconfined"
            for metadata in _pod_metadata(subject.after)
            for key, value in mapping(metadata, "annotations").items()
        )
    )


def _nodes_sysctl(subject: Subject) -> bool:
    """A setting of the node's kernel; or a value that adds one to another's, as runtimes once took it: CVE-2022-0811."""
    return any(
        not text(one, "name").startswith(_OWN_SYSCTLS) or "+" in text(one, "value")
        for pod in pod_specs(subject.after)
        for one in items(pod, "securityContext", "sysctls")
    )


def _pod_metadata(found: JsonObject) -> Iterator[JsonObject]:
    for path in ((), ("spec", "template"), ("spec", "jobTemplate", "spec", "template")):
        yield mapping(found, *path, "metadata")


def _on_control_plane(subject: Subject) -> bool:
    """Put on a node of the control plane, past its taint. What tolerates every taint of every node is not put there by that alone."""
    return any(
        (_tolerates_its_taint(pod) and (bool(text(pod, "nodeName")) or _drawn_there(pod))) or (_tolerates_all(pod) and _drawn_there(pod))
        for pod in pod_specs(subject.after)
    )


def _tolerates_its_taint(pod: JsonObject) -> bool:
    return any(text(one, "key") in _CONTROL_PLANE for one in items(pod, "tolerations"))


def _tolerates_all(pod: JsonObject) -> bool:
    return any(not text(one, "key") and text(one, "operator") == "Exists" for one in items(pod, "tolerations"))


def _drawn_there(pod: JsonObject) -> bool:
    if not mapping(pod, "nodeSelector").keys().isdisjoint(_CONTROL_PLANE):
        return True
    required = mapping(pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return any(
        text(one, "key") in _CONTROL_PLANE and text(one, "operator") in ("Exists", "In")
        for term in items(required, "nodeSelectorTerms")
        for one in items(term, "matchExpressions")
    )


def _past_the_image_check(subject: Subject) -> bool:
    """https://cloud.google.com/binary-authorization/docs/using-breakglass"""
    return any(
        str(mapping(metadata, held).get(key)).lower() == "true"
        for metadata in _pod_metadata(subject.after)
        for held in ("labels", "annotations")
        for key in ("image-policy.k8s.io/break-glass", "alpha.image-policy.k8s.io/break-glass")
    )


def _runs_as_controller(subject: Subject) -> bool:
    return any(str(pod.get("serviceAccountName") or "").endswith("-controller") for pod in pod_specs(subject.after))


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "privileged": _privileged,
    "host_namespaces": _host_namespaces,
    "sensitive_host_path": _host_path,
    "volume_on_sensitive_host_path": _volume_host_path,
    "capabilities_added": _capabilities,
    "image_not_of_the_platform": _foreign_image,
    "runs_as_controller": _runs_as_controller,
    "unconfined": _unconfined,
    "nodes_sysctl": _nodes_sysctl,
    "on_control_plane": _on_control_plane,
    "past_the_image_check": _past_the_image_check,
}
