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
MANAGER = "system:serviceaccount:kube-system:daemon-set-controller"


def pod(account: str) -> dict[str, Any]:
    containers = [{"name": "c", "image": "registry.k8s.io/pause:3.9"}]
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}, "spec": {"serviceAccountName": account, "containers": containers}}


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
    ("the watcher", audit("delete", "daemonsets.apps", namespace="falco", name="falco", user=PERSON), Trait.STOPS_DETECTION),
    ("the carrier of logs", audit("delete", "daemonsets.apps", namespace="logging", name="fluent-bit", user=PERSON), Trait.STOPS_LOGGING),
]


@pytest.mark.parametrize(("record", "trait"), [row[1:] for row in ALARMS], ids=[row[0] for row in ALARMS])
def test_an_act_that_attacks_consist_of_alarms_when_nothing_explains_it(record: dict[str, Any], trait: Trait) -> None:
    (one,) = judged("k8s-audit", record)
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


def test_a_certificate_that_is_asked_for_is_watched_before_it_is_approved() -> None:
    body = {"kind": "CertificateSigningRequest", "metadata": {"name": "eve"}, "spec": {"signerName": "kubernetes.io/kube-apiserver-client"}}
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
        audit("delete", "pods", namespace="falco", name="falco-x7k2p", user=MANAGER),
    ],
    ids=["another account", "another namespace", "another daemon set", "a pod that its controller replaces"],
)
def test_what_only_looks_like_it_has_none_of_those_traits(record: dict[str, Any]) -> None:
    (one,) = judged("k8s-audit", record)
    assert not one.event.traits & {Trait.GRANTS_ACCESS, Trait.STOPS_DETECTION, Trait.STOPS_LOGGING, Trait.CHANGES_TRUST}


def test_a_nodes_credential_in_a_persons_tool_is_not_the_platform() -> None:
    made = {"kind": "Secret", "metadata": {"name": "x"}, "data": {"k": "dg=="}}
    (one,) = judged("k8s-audit", audit("create", "secrets", namespace="kube-system", name="x", user="system:node:n1", body=made))
    assert one.event.actor.kind is ActorKind.UNKNOWN
    assert Trait.CHANGES_SECRET in one.event.traits
    assert one.verdict is Verdict.UNKNOWN
    (own,) = judged("k8s-audit", audit("patch", "nodes", namespace="", name="n1", user="system:node:n1", agent="kubelet/v1.31.2", body={}))
    assert own.event.actor.kind is ActorKind.SERVICE


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
