"""Records of a GKE cluster's own API server, as Cloud Audit Logs carry them, through reader and bridge."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ActorKind, ChangeType, Via
from core.json import JsonObject
from core.providers import reader
from core.trait import Trait
from tests.unit.core.providers.acting import CONTEXT, judged, reads
from tests.unit.core.providers.gcp.given import START, Rows
from tests.unit.core.providers.gcp.test_readers import entry

HOST = {"spec": {"containers": [{"name": "c", "image": "gke.gcr.io/kube-proxy-amd64:v1.31", "securityContext": {"privileged": True}}]}}
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
    by = "system:serviceaccount:kube-system:endpointslice-controller"
    assert reads("gcp-audit", cluster(method, "core/v1/namespaces/shop/x/y", email=by)) == []


PLACE = {"project_id": "acme", "location": "europe-west1", "cluster_name": "main"}
CLUSTER = {"type": "k8s_cluster", "labels": PLACE}


def placed(method: str, name: str, **given: Any) -> JsonObject:
    return {**cluster(method, name, **given), "resource": CLUSTER}


@pytest.mark.parametrize(
    ("method", "name", "change_type", "kind", "uid"),
    [
        (
            "core.v1.pods.exec.create",
            "core/v1/namespaces/shop/pods/web/exec",
            ChangeType.EXECUTED,
            "k8s.io/Pod",
            "namespaces/shop/pods/web",
        ),
        ("core.v1.nodes.proxy.create", "core/v1/nodes/n1/proxy/run/shop/web", ChangeType.EXECUTED, "k8s.io/Node", "nodes/n1"),
        (
            "apps.v1.deployments.scale.update",
            "apps/v1/namespaces/shop/deployments/web/scale",
            ChangeType.SCALED,
            "apps.k8s.io/Deployment",
            "namespaces/shop/apps/deployments/web",
        ),
        (
            "core.v1.pods.eviction.create",
            "core/v1/namespaces/shop/pods/web/eviction",
            ChangeType.DELETED,
            "k8s.io/Pod",
            "namespaces/shop/pods/web",
        ),
        ("core.v1.namespaces.delete", "core/v1/namespaces/shop", ChangeType.DELETED, "k8s.io/Namespace", "namespaces/shop"),
        (
            "authorization.rbac.v1.clusterroles.create",
            "rbac.authorization.k8s.io/v1/clusterroles/all",
            ChangeType.CREATED,
            "rbac.authorization.k8s.io/ClusterRole",
            "rbac.authorization.k8s.io/clusterroles/all",
        ),
    ],
    ids=["exec", "proxy", "scale", "eviction", "namespace", "role"],
)
def test_method_and_name_say_what_changed_under_the_inventorys_name(
    method: str, name: str, change_type: ChangeType, kind: str, uid: str
) -> None:
    (one,) = reads("gcp-audit", placed(method, name))
    assert (one.change_type, one.resource.kind) == (change_type, kind)
    assert one.resource.uid == f"//container.googleapis.com/projects/acme/locations/europe-west1/clusters/main/k8s/{uid}"
    assert (one.resource.scope.project, one.resource.scope.cluster) == ("acme", "main")


def test_things_of_the_same_name_in_two_clusters_are_two() -> None:
    record = placed("apps.v1.deployments.patch", "apps/v1/namespaces/shop/deployments/web")
    other = {**record, "resource": {**CLUSTER, "labels": {**PLACE, "cluster_name": "test"}}}
    (one,), (two,) = reads("gcp-audit", record), reads("gcp-audit", other)
    assert not {ref.id for ref in one.references} & {ref.id for ref in two.references}
    assert one.resource.key != two.resource.key


def test_a_resource_of_ones_own_is_read_like_any_other() -> None:
    record = entry("k8s.io", "dev.knative.serving.v1.services.create", resourceName="serving.knative.dev/v1/namespaces/shop/services/web")
    (one,) = reads("gcp-audit", {**record, "resource": CLUSTER})
    assert (one.resource.kind, one.resource.name, one.change_type) == ("serving.knative.dev/Service", "web", ChangeType.CREATED)


@pytest.mark.parametrize(
    ("email", "agent", "kind", "via"),
    [
        (
            "system:serviceaccount:argocd:argocd-application-controller",
            "argocd-application-controller/v2",
            ActorKind.AUTOMATION,
            Via.GITOPS,
        ),
        ("system:serviceaccount:kube-system:replicaset-controller", "kube-controller-manager/v1.31.2", ActorKind.SERVICE, Via.CONTROLLER),
        ("system:serviceaccount:shop:web", "python-requests/2.32", ActorKind.AUTOMATION, Via.SDK),
        ("system:addon-manager", "kubectl/v1.31.2", ActorKind.SERVICE, Via.CONTROLLER),
        ("service-1@container-engine-robot.iam.gserviceaccount.com", "", ActorKind.SERVICE, Via.SERVICE),
        ("gitlab-ci@acme.iam.gserviceaccount.com", "Helm/3.14.4", ActorKind.AUTOMATION, Via.CLI),
        ("ana@acme.example", "kubectl/v1.31.2", ActorKind.HUMAN, Via.CLI),
        ("ana@acme.example", "kube-controller-manager/v1.31.2", ActorKind.HUMAN, Via.UNKNOWN),
    ],
)
def test_who_asks_a_cluster_is_known_by_its_name_and_its_tool(email: str, agent: str, kind: ActorKind, via: Via) -> None:
    (one,) = reads("gcp-audit", placed("core.v1.pods.create", "core/v1/namespaces/shop/pods/p", email=email, agent=agent))
    assert (one.actor.id, one.actor.kind, one.actor.via) == (email, kind, via)


def test_a_request_that_was_granted_and_names_nobody_had_no_identity() -> None:
    record = placed("core.v1.pods.create", "core/v1/namespaces/shop/pods/p", authenticationInfo={})
    (granted,), (refused,) = reads("gcp-audit", record), reads("gcp-audit", placed(
        "core.v1.pods.create", "core/v1/namespaces/shop/pods/p", authenticationInfo={}, status={"code": 7}
    ))  # fmt: skip
    assert Trait.WEAKENS_AUTHENTICATION in granted.traits
    assert refused.change_type is ChangeType.ATTEMPTED
    assert Trait.WEAKENS_AUTHENTICATION not in refused.traits  # Google leaves the name out of some refusals.


def test_a_persons_scaling_is_told_with_its_field_and_a_secrets_value_never() -> None:
    (scaled,) = reads("gcp-audit", placed(
        "apps.v1.deployments.patch", "apps/v1/namespaces/shop/deployments/web", request={"@type": "k8s.io/Patch", "spec": {"replicas": 0}}
    ))  # fmt: skip
    assert scaled.change_type is ChangeType.SCALED
    assert [(one.path, one.after) for one in scaled.changes] == [("spec.replicas", 0)]
    (secret,) = reads("gcp-audit", placed(
        "core.v1.secrets.patch", "core/v1/namespaces/shop/secrets/s", request={"@type": "k8s.io/Patch", "data": {"key": "aHVudGVyMg=="}}
    ))  # fmt: skip
    assert [one.path for one in secret.changes] == ["data.key"]
    assert "aHVudGVyMg" not in str(secret)


def test_a_secret_that_a_person_reads_is_an_observation_and_a_controllers_read_is_none() -> None:
    def seen(email: str) -> list[str]:
        read = reader("gcp-audit", source="s", environment="prod", context=CONTEXT).read
        record = placed("core.v1.secrets.get", "core/v1/namespaces/shop/secrets/s", email=email, log="data_access")
        return [one.resource.kind for one in read(record, Rows(), START).observations]

    assert seen("ana@acme.example") == ["k8s.io/Secret"]
    assert seen("system:serviceaccount:kube-system:replicaset-controller") == []


def test_a_command_is_shown_without_the_secret_in_it() -> None:
    request = {"@type": "core.k8s.io/v1.PodExecOptions", "command": ["mysql", "--password=hunter2"], "container": "db"}
    (one,) = reads("gcp-audit", placed("core.v1.pods.exec.create", "core/v1/namespaces/shop/pods/web/exec", request=request))
    assert str(one.metadata["command"]).startswith("mysql --password=redacted:")
    assert one.metadata["container"] == "db"


@pytest.mark.parametrize(
    "record",
    [
        placed("core.v1.pods.delete", "core/v1/namespaces/shop/pods/p", request={"@type": "v1.DeleteOptions", "dryRun": ["All"]}),
        entry("k8s.io", "io.k8s.get", resourceName="healthz"),
        placed("core.v1.nodes.status.patch", "core/v1/nodes/n1/status", email=NODE),
    ],
    ids=["a dry run", "no resource", "a status"],
)
def test_what_changes_nothing_is_no_change(record: JsonObject) -> None:
    assert reads("gcp-audit", record) == []


def test_what_gke_does_of_itself_is_the_platforms() -> None:
    record = entry("container.googleapis.com", "google.container.internal.ClusterManagerInternal.RepairNodePool", authenticationInfo={})
    (one,) = judged("gcp-audit", record)
    assert (one.event.actor.kind, one.verdict) == (ActorKind.SERVICE, Verdict.ROUTINE)
