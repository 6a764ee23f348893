"""The platform's own namespaces: what a person puts there is seen, what the platform keeps there is not remarked on."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.json import JsonObject
from core.kube.namespaces import is_system
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.kubernetes.given import audit

PERSON = "eve@acme.example"
DAEMONS = "system:serviceaccount:kube-system:daemon-set-controller"
MANAGER = "kube-controller-manager/v1.31.2 (linux/amd64) kubernetes/abc/system:serviceaccount:kube-system:daemon-set-controller"


def pod(image: str, **metadata: Any) -> JsonObject:
    container = {"name": "c", "image": image, "securityContext": {"privileged": True}}
    return {"kind": "Pod", "metadata": {"name": "p", **metadata}, "spec": {"hostNetwork": True, "containers": [container]}}


def daemon_set(image: str) -> JsonObject:
    template = {"metadata": {"labels": {"app": "p"}}, "spec": pod(image)["spec"]}
    return {"kind": "DaemonSet", "metadata": {"name": "p", "uid": "u-1"}, "spec": {"template": template}}


@pytest.mark.parametrize(
    "namespace",
    ["kube-system", "gke-system", "gke-managed-system", "gke-mcs", "gmp-system", "gatekeeper-system", "amazon-guardduty", "calico-system"],
)
def test_a_persons_own_pod_among_the_platforms_runs_foreign_code(namespace: str) -> None:
    plain: JsonObject = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "evil.example/p:1"}]}}
    (one,) = judged("k8s-audit", audit("create", "pods", namespace=namespace, name="p", user=PERSON, body=plain))
    assert Trait.RUNS_FOREIGN_CODE in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


@pytest.mark.parametrize("namespace", ["shop", "default", "gmp-public", "istio-system", "my-gke-system", ""])
def test_where_people_are_told_to_put_theirs_is_nobody_elses(namespace: str) -> None:
    assert not is_system(namespace)


@pytest.mark.parametrize(
    ("namespace", "image"),
    [
        ("calico-system", "docker.io/calico/node:v3.29.1"),
        ("gatekeeper-system", "openpolicyagent/gatekeeper:v3.18.2"),
        ("amazon-cloudwatch", "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300051"),
        ("config-management-system", "gcr.io/config-management-release/reconciler-manager:v1.20.0"),
        ("gke-managed-system", "gke.gcr.io/dcgm-exporter:3.3"),
    ],
)
def test_what_an_add_on_starts_in_its_own_namespace_is_routine(namespace: str, image: str) -> None:
    (one,) = judged("k8s-audit", audit("create", "pods", namespace=namespace, name="p", user=DAEMONS, agent=MANAGER, body=pod(image)))
    assert Trait.PRIVILEGED_WORKLOAD not in one.event.traits
    assert one.verdict is Verdict.ROUTINE
