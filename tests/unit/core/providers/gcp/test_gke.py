"""Records of a GKE cluster's own API server, as Cloud Audit Logs carry them, through reader and bridge."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ActorKind, ChangeType
from core.json import JsonObject
from core.trait import Trait
from tests.unit.core.providers.acting import judged, reads
from tests.unit.core.providers.gcp.test_readers import entry

HOST = {"spec": {"containers": [{"name": "c", "securityContext": {"privileged": True}}]}}
MOUNT = {"spec": {"template": {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/var/run/docker.sock"}}]}}}}
NODE = "system:node:gke-main-pool-1"


def cluster(method: str, name: str, **given: Any) -> JsonObject:
    return entry("k8s.io", f"io.k8s.{method}", resourceName=name, **given)


@pytest.mark.parametrize("method", ["core.v1.pods.delete", "apps.v1.deployments.patch", "core.v1.configmaps.create"])
@pytest.mark.parametrize("nobody", ["system:anonymous", "system:unauthenticated"])
def test_a_request_without_an_identity_is_nobody_and_never_the_platform(method: str, nobody: str) -> None:
    (one,) = judged("gcp-audit", cluster(method, "core/v1/namespaces/shop/things/web", email=nobody))
    assert one.event.actor.kind is ActorKind.UNKNOWN
    assert Trait.WEAKENS_AUTHENTICATION in one.event.traits
    assert one.verdict is Verdict.UNPLANNED
    assert not one.assessment.comfort.reassures


@pytest.mark.parametrize(
    ("method", "name", "request_", "trait"),
    [
        (
            "authorization.rbac.v1.clusterrolebindings.create",
            "rbac.authorization.k8s.io/v1/clusterrolebindings/all",
            {"roleRef": {"name": "cluster-admin"}},
            Trait.GRANTS_ADMIN,
        ),
        (
            "authorization.rbac.v1.rolebindings.create",
            "rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/b",
            {},
            Trait.GRANTS_ACCESS,
        ),
        ("core.v1.pods.create", "core/v1/namespaces/shop/pods/p", HOST, Trait.PRIVILEGED_WORKLOAD),
        ("apps.v1.daemonsets.patch", "apps/v1/namespaces/shop/daemonsets/d", MOUNT, Trait.PRIVILEGED_WORKLOAD),
        (
            "admissionregistration.v1.mutatingwebhookconfigurations.create",
            "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/w",
            {},
            Trait.RUNS_FOREIGN_CODE,
        ),
        (
            "certificates.v1.certificatesigningrequests.approval.update",
            "certificates.k8s.io/v1/certificatesigningrequests/c/approval",
            {},
            Trait.CREATES_CREDENTIAL,
        ),
        ("networking.v1.networkpolicies.delete", "networking.k8s.io/v1/namespaces/shop/networkpolicies/n", {}, Trait.REMOVES_NETWORK_GUARD),
        ("core.v1.events.deletecollection", "core/v1/namespaces/shop/events", {}, Trait.STOPS_LOGGING),
        ("core.v1.pods.ephemeralcontainers.patch", "core/v1/namespaces/shop/pods/p/ephemeralcontainers", {}, Trait.EXECUTES_IN_WORKLOAD),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count(".") > 1 else "",
)
def test_what_a_person_does_in_a_cluster_has_its_trait(method: str, name: str, request_: JsonObject, trait: Trait) -> None:
    (one,) = judged("gcp-audit", cluster(method, name, request=request_))
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


def test_a_secret_set_by_a_person_is_security_sensitive_and_no_alarm_alone() -> None:
    (one,) = judged("gcp-audit", cluster("core.v1.secrets.update", "core/v1/namespaces/shop/secrets/s"))
    assert Trait.CHANGES_SECRET in one.event.traits
    assert one.verdict is Verdict.UNKNOWN


def test_what_a_person_wipes_is_deleted() -> None:
    (one,) = judged("gcp-audit", cluster("core.v1.events.deletecollection", "core/v1/namespaces/shop/events"))
    assert one.event.change_type is ChangeType.DELETED


@pytest.mark.parametrize(
    "record",
    [
        cluster("core.v1.pods.create", "core/v1/namespaces/kube-system/pods/p", email=NODE, request=HOST),
        cluster("core.v1.secrets.update", "core/v1/namespaces/shop/secrets/s", email="system:serviceaccount:cert-manager:cert-manager"),
        cluster("apps.v1.deployments.patch", "apps/v1/namespaces/shop/deployments/d", request={"spec": {"replicas": 3}}),
    ],
    ids=["a node's own pod", "a workload keeps its secret", "an ordinary deployment"],
)
def test_daily_work_has_none_of_those_traits(record: JsonObject) -> None:
    (one,) = judged("gcp-audit", record)
    assert not one.event.traits & {Trait.PRIVILEGED_WORKLOAD, Trait.CHANGES_SECRET, Trait.WEAKENS_AUTHENTICATION, Trait.GRANTS_ACCESS}


@pytest.mark.parametrize(
    "method",
    [
        "authorization.v1.subjectaccessreviews.create",
        "authorization.v1.selfsubjectrulesreviews.create",
        "authentication.v1.tokenreviews.create",
        "discovery.v1.endpointslices.update",
        "core.v1.events.create",
    ],
)
def test_what_only_asks_or_follows_by_itself_is_no_change(method: str) -> None:
    assert reads("gcp-audit", cluster(method, "core/v1/namespaces/shop/x/y")) == []
