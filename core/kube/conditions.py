"""What a trait rule may ask of a change beyond its name. Each is pure and true only where it was seen."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace

from core.event import ChangeType
from core.json import JsonValue
from core.kube import attacks, commands, extensions, guards, ingress, rights, workloads
from core.kube.namespaces import is_system
from core.kube.subject import Subject, items, mapping, text
from core.redaction import Redactor

_CREDENTIALS_IN_TEXT = re.compile(
    r"(aws[_-]?(s3[_-]?)?(access|secret)[_-]?(access[_-]?)?key([_-]?id)?|passw(or)?d|passphrase|client[_-]?secret|api[_-]?key|private[_-]?key|auth[_-]?token)"
    r"[\"']?\s*[:=]\s*\S",
    re.IGNORECASE,
)
_INTERNAL_BALANCER = re.compile(r"internal|private|intranet", re.IGNORECASE)


def _internal(subject: Subject) -> bool:
    """Is it a load balancer that its cloud is told to keep inside?"""
    return text(subject.after, "spec", "type") == "LoadBalancer" and any(
        (_INTERNAL_BALANCER.search(str(key)) and str(value).lower() not in ("false", "internet-facing"))
        or (str(key).endswith(("load-balancer-type", "load-balancer-scheme")) and str(value).lower() == "internal")
        for key, value in mapping(subject.after, "metadata", "annotations").items()
    )


def _public_balancer(subject: Subject) -> bool:
    spec = mapping(subject.after, "spec")
    if spec.get("type") != "LoadBalancer" or _internal(subject):
        return False
    ranges = [str(one) for one in items(spec, "loadBalancerSourceRanges")]
    return not ranges or any(one.endswith("/0") for one in ranges)


def _balancer(subject: Subject) -> bool:
    return text(subject.after, "spec", "type") in ("NodePort", "LoadBalancer") and not _internal(subject)


def _external_ips(subject: Subject) -> bool:
    return bool(items(subject.after, "spec", "externalIPs"))


def _policy_open(subject: Subject) -> bool:
    spec = mapping(subject.after, "spec")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in items(spec, direction):
            if isinstance(rule, dict) and not items(rule, peers):
                return True
            blocks = (text(peer, "ipBlock", "cidr") for peer in items(rule, peers))
            if any(block.endswith("/0") for block in blocks):
                return True
    return False


def _config_secret(subject: Subject) -> bool:
    values = {**mapping(subject.after, "data"), **mapping(subject.after, "stringData")}
    return any(
        isinstance(value, str)
        and value
        and ((Redactor.names_secret(str(key)) and "\n" not in value) or _CREDENTIALS_IN_TEXT.search(value) or "PRIVATE KEY-----" in value)
        for key, value in values.items()
    )


def _maps_admin(subject: Subject) -> bool:
    return any("system:masters" in str(value) for value in mapping(subject.after, "data").values())


def _account_token(subject: Subject) -> bool:
    return subject.after.get("type") in ("kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token") or (
        subject.namespace == "kube-system" and subject.name.startswith("bootstrap-token-")
    )


def _release_record(subject: Subject) -> bool:
    return subject.after.get("type") == "helm.sh/release.v1" or subject.name.startswith("sh.helm.release.v1.")


def _paths_within(*allowed: str) -> Callable[[Subject], bool]:
    def holds(subject: Subject) -> bool:
        return bool(subject.changed) and all(path.startswith(allowed) for path in subject.changed)

    return holds


def _to_zero(subject: Subject) -> bool:
    return mapping(subject.after, "spec").get("replicas") == 0 and mapping(subject.before, "spec").get("replicas") != 0


def _suspended(subject: Subject) -> bool:
    return mapping(subject.after, "spec").get("suspend") is True


def _restarted(subject: Subject) -> bool:
    at = "kubectl.kubernetes.io/restartedAt"
    template = mapping(subject.after, "spec", "template", "metadata", "annotations")
    return at in template and template[at] != mapping(subject.before, "spec", "template", "metadata", "annotations").get(at)


def _webhook_ignores(subject: Subject) -> bool:
    return any(text(one, "failurePolicy") == "Ignore" for one in items(subject.after, "webhooks"))


def _served_elsewhere(subject: Subject) -> bool:
    """An aggregated API: one with a service, not one of the API server's own."""
    return bool(mapping(subject.after, "spec", "service").get("name"))


def _approves(subject: Subject) -> bool:
    conditions = items(subject.after, "status", "conditions")
    return not conditions or any(text(one, "type") == "Approved" for one in conditions)


def _owned(subject: Subject) -> bool:
    return bool(items(subject.after or subject.before, "metadata", "ownerReferences"))


def _only_reports(subject: Subject) -> bool:
    """A policy that reports and refuses nothing: of Gatekeeper, of Kyverno, of Kubernetes itself."""
    spec = mapping(subject.after, "spec")
    return (
        spec.get("enforcementAction") in ("dryrun", "warn")
        or str(spec.get("validationFailureAction")).lower() == "audit"
        or ("validationActions" in spec and "Deny" not in items(spec, "validationActions"))
    )


def _of_gatekeeper(subject: Subject) -> bool:
    """A constraint's kind is named by whoever wrote its template; its group is not."""
    return subject.group == "constraints.gatekeeper.sh"


def _unverified(subject: Subject) -> bool:
    return mapping(subject.after, "spec").get("insecureSkipTLSVerify") is True


_CLIENT_SIGNERS = frozenset({"kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet"})


def _asks_to_be_a_client(subject: Subject) -> bool:
    """Of the API server: as a user, as a node, or by whatever signer in the group that nothing limits."""
    return text(subject.after, "spec", "signerName") in _CLIENT_SIGNERS or b"system:masters" in _certificate(subject)


def _certificate(subject: Subject) -> bytes:
    """What a certificate is asked for with: PEM within base64. Empty where it is something else."""
    try:
        lines = base64.b64decode(text(subject.after, "spec", "request")).decode().splitlines()
        return base64.b64decode("".join(line for line in lines if not line.startswith("-----")))
    except ValueError:
        return b""


def _joins(subject: Subject) -> bool:
    """A node that joins asks so with a bootstrap token. https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/"""
    return subject.user.startswith("system:bootstrap:")


# Programs that do in their own namespace, with their account there, what would be telling of anyone else: an executor of a pipeline's jobs,
# a keeper of backups. https://docs.gitlab.com/runner/executors/kubernetes/ and https://velero.io/docs/main/how-velero-works/
_AT_HOME = ("gitlab-runner", "velero-server")


def _program_at_home(subject: Subject) -> bool:
    return subject.user.startswith(f"system:serviceaccount:{subject.namespace}:") and subject.agent.lower().startswith(_AT_HOME)


def _kubelet_exec(subject: Subject) -> bool:
    return bool(re.search(r"/proxy/(run|exec|attach|portForward|cri)(/|$)", subject.path.partition("?")[0]))


def _reclaim_retains(subject: Subject) -> bool:
    return text(subject.before or subject.after, "spec", "persistentVolumeReclaimPolicy") == "Retain"


def _guards_less(subject: Subject) -> bool:
    old, new = mapping(subject.before, "spec"), mapping(subject.after, "spec")
    return bool(subject.before) and json.dumps(old, sort_keys=True, default=str) != json.dumps(new, sort_keys=True, default=str)


def _fresh(condition: Callable[[Subject], bool]) -> Callable[[Subject], bool]:
    """Of an object whose state before is known, the condition must be new: what was so yesterday is no part of today's change."""

    def holds(subject: Subject) -> bool:
        if not condition(subject):
            return False
        was_there = subject.before and subject.change_type not in (ChangeType.CREATED, ChangeType.DELETED)
        return not (was_there and condition(replace(subject, after=subject.before, before={})))

    return holds


def _when(wanted: JsonValue) -> Callable[[Subject], bool]:
    return lambda subject: bool(getattr(subject, wanted))


_OF_OBJECTS = (workloads, attacks, rights, guards, ingress, extensions)
CONDITIONS: dict[str, Callable[[Subject], bool]] = {
    **{name: _fresh(asks) for part in _OF_OBJECTS for name, asks in part.CONDITIONS.items()},
    **rights.STANDING,
    **guards.STANDING,
    **ingress.STANDING,
    **commands.CONDITIONS,
    "own_part": workloads.own_part,
    "in_system_namespace": lambda subject: is_system(subject.namespace),
    "public_load_balancer": _fresh(_public_balancer),
    "node_port": _fresh(_balancer),
    "external_ips": _fresh(_external_ips),
    "policy_lets_all": _fresh(_policy_open),
    "spec_differs": _guards_less,
    "holds_credentials": _config_secret,
    "maps_to_masters": _maps_admin,
    "account_token": _account_token,
    "release_record": _release_record,
    "replicas_alone": _paths_within("spec.replicas", "replicas"),
    "labels_alone": _paths_within("metadata.labels", "metadata.annotations"),
    "to_zero": _to_zero,
    "suspended": _fresh(_suspended),
    "restarted": _restarted,
    "webhook_ignores": _fresh(_webhook_ignores),
    "served_elsewhere": _fresh(_served_elsewhere),
    "approves": _approves,
    "owned": _owned,
    "kubelet_exec": _kubelet_exec,
    "volume_is_retained": _reclaim_retains,
    "only_reports": _fresh(_only_reports),
    "of_gatekeeper": _of_gatekeeper,
    "unverified": _fresh(_unverified),
    "asks_to_be_a_client": _asks_to_be_a_client,
    "joins": _joins,
    "program_at_home": _program_at_home,
    "attackers_agent": attacks.agent_of_attackers,
    "poses_as_platform": _when("poses_as_platform"),
    "took_all_rights": _when("took_all_rights"),
    "platforms_credential": _when("platforms_credential"),
    "by_platform": _when("by_platform"),
    "anonymous": _when("anonymous"),
}
