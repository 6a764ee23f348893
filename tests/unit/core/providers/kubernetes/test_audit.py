"""Audit records of the API server, as it writes them, become neutral facts."""

import json
from typing import Any

import pytest

from core.errors import RecordUnreadable
from core.event import ActorKind, ChangeType, Event, ReferenceKind, Via
from core.json import JsonObject
from core.observation import Signal
from core.trait import Trait
from tests.unit.core.providers.kubernetes.given import audit, read


def event(*given: Any, **named: Any) -> Event:
    (found,) = read("k8s-audit", audit(*given, **named))[0].events
    return found


def quiet(record: JsonObject) -> bool:
    return not read("k8s-audit", record)[0].events


def test_a_record_says_who_did_what_where_and_when() -> None:
    found = event(
        "patch", "deployments.apps", code=200, body={"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "api:2"}]}}}}
    )
    assert (found.change_type, found.resource.key, found.environment) == (ChangeType.MODIFIED, "kubernetes/eks/shop/Deployment/web", "prod")
    assert (found.actor.kind, found.actor.id, found.actor.via, found.actor.tool) == (
        ActorKind.HUMAN, "ana@acme.example", Via.CLI, "kubectl 1.31.2",
    )  # fmt: skip
    assert found.actor.network == "203.0.113.0/24"
    assert found.occurred_at.isoformat() == "2026-11-23T03:12:00.123456+00:00"
    assert [(change.path, change.after) for change in found.changes] == [("spec.template.spec.containers[app].image", "api:2")]
    assert Trait.ROLLS_OUT in found.traits


@pytest.mark.parametrize(
    ("verb", "resource", "change_type", "kind"),
    [
        ("create", "namespaces", ChangeType.CREATED, "Namespace"),
        ("update", "configmaps", ChangeType.MODIFIED, "ConfigMap"),
        ("delete", "networkpolicies.networking.k8s.io", ChangeType.DELETED, "NetworkPolicy"),
        ("deletecollection", "pods", ChangeType.DELETED, "Pod"),
        ("update", "deployments.apps/scale", ChangeType.SCALED, "Deployment"),
        ("create", "pods/exec", ChangeType.EXECUTED, "Pod"),
        ("get", "pods/exec", ChangeType.EXECUTED, "Pod"),
        ("create", "pods/attach", ChangeType.EXECUTED, "Pod"),
        ("create", "pods/portforward", ChangeType.EXECUTED, "Pod"),
        ("patch", "pods/ephemeralcontainers", ChangeType.EXECUTED, "Pod"),
        ("create", "pods/eviction", ChangeType.DELETED, "Pod"),
        ("create", "serviceaccounts/token", ChangeType.CREATED, "TokenRequest"),
        ("update", "certificatesigningrequests.certificates.k8s.io/approval", ChangeType.MODIFIED, "CertificateSigningRequest"),
        ("create", "widgets.acme.example", ChangeType.CREATED, "Widget"),
        ("create", "services.serving.knative.dev", ChangeType.CREATED, "Service.serving.knative.dev"),
        ("create", "ingressclasses.networking.k8s.io", ChangeType.CREATED, "IngressClass"),
        ("create", "policies.acme.example", ChangeType.CREATED, "Policy"),
    ],
)
def test_a_verb_and_a_subresource_tell_what_changed(verb: str, resource: str, change_type: ChangeType, kind: str) -> None:
    found = event(verb, resource)
    assert (found.change_type, found.resource.kind) == (change_type, kind)


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "configmaps"), ("list", "pods"), ("watch", "deployments.apps"), ("get", "pods/log"), ("get", "deployments.apps/scale"),
        ("update", "deployments.apps/status"), ("patch", "pods/status"), ("create", "localsubjectaccessreviews.authorization.k8s.io"),
        ("update", "leases.coordination.k8s.io"),
        ("create", "events"), ("create", "subjectaccessreviews.authorization.k8s.io"), ("create", "tokenreviews.authentication.k8s.io"),
        ("create", "selfsubjectrulesreviews.authorization.k8s.io"), ("update", "namespaces/finalize"), ("get", "services/proxy"),
        ("create", "pods/proxy"),
    ],
)  # fmt: skip
def test_reads_statuses_questions_and_heartbeats_change_nothing(verb: str, resource: str) -> None:
    assert quiet(audit(verb, resource))


def test_a_request_that_only_came_in_has_changed_nothing_yet() -> None:
    assert quiet(audit("create", "configmaps", stage="RequestReceived"))


@pytest.mark.parametrize(
    "given", [{"requestURI": "/api/v1/namespaces/shop/configmaps?dryRun=All"}, {"body": {"kind": "DeleteOptions", "dryRun": ["All"]}}]
)
def test_a_dry_run_changes_nothing(given: dict[str, Any]) -> None:
    assert quiet(audit("delete", "configmaps", **given))


def test_an_open_request_is_told_at_its_start_and_not_again_at_its_end() -> None:
    begun, ended = audit("create", "pods/exec", stage="ResponseStarted", code=101), audit("create", "pods/exec", code=101)
    first, second = read("k8s-audit", begun, ended)
    assert (len(first.events), len(second.events)) == (1, 0)
    assert len(read("k8s-audit", ended)[0].events) == 1  # The policy may leave the start out.


def test_an_exec_tells_its_command_without_the_secret_in_it() -> None:
    uri = "/api/v1/namespaces/shop/pods/web/exec?command=mysql&command=--password%3Dhunter2&command=-e&command=select+1&container=app"
    found = event("create", "pods/exec", requestURI=uri)
    assert str(found.metadata["command"]).startswith("mysql --password=redacted:")
    assert "hunter2" not in json.dumps(dict(found.metadata))
    assert found.traits == {Trait.EXECUTES_IN_WORKLOAD}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"responseStatus": {"code": 403, "message": "pods is forbidden"}}, "pods is forbidden"),
        ({"responseStatus": {"code": 409, "reason": "AlreadyExists"}}, "AlreadyExists"),
        ({"responseStatus": {}, "annotations": {"authorization.k8s.io/decision": "forbid"}}, "forbidden"),
        ({"responseStatus": {}, "stage": "Panic"}, "the API server panicked"),
    ],
)
def test_a_refused_or_failed_request_was_attempted(given: dict[str, Any], error: str) -> None:
    found = event("create", "clusterrolebindings.rbac.authorization.k8s.io", body=ADMIN, **given)
    assert (found.change_type, found.error) == (ChangeType.ATTEMPTED, error)
    assert Trait.GRANTS_ADMIN in found.traits  # Judged by what was tried.


def test_a_refused_read_is_no_change() -> None:
    assert quiet(audit("list", "pods", code=403))


@pytest.mark.parametrize(
    ("user", "agent", "kind", "via"),
    [
        ("ana@acme.example", "kubectl/v1.31", ActorKind.HUMAN, Via.CLI),
        ("oidc:ana@acme.example", "Mozilla/5.0", ActorKind.HUMAN, Via.CONSOLE),
        ("ana@acme.example", "HashiCorp/1.0 Terraform/1.11.4", ActorKind.HUMAN, Via.IAC),
        ("ana@acme.example", "kube-controller-manager/v1.31", ActorKind.HUMAN, Via.UNKNOWN),
        (
            "system:serviceaccount:argocd:argocd-application-controller",
            "argocd-application-controller/v2",
            ActorKind.AUTOMATION,
            Via.GITOPS,
        ),
        ("system:serviceaccount:flux-system:kustomize-controller", "kustomize-controller/v1", ActorKind.AUTOMATION, Via.GITOPS),
        ("system:serviceaccount:kube-system:replicaset-controller", "", ActorKind.SERVICE, Via.CONTROLLER),
        ("system:serviceaccount:kube-system:horizontal-pod-autoscaler", "", ActorKind.SERVICE, Via.CONTROLLER),
        ("system:serviceaccount:kube-system:tiller", "Helm/3.1", ActorKind.AUTOMATION, Via.CLI),
        ("system:serviceaccount:ci:deployer", "kubectl/v1.31", ActorKind.AUTOMATION, Via.CLI),
        ("system:node:ip-10-0-0-1", "kubelet/v1.31", ActorKind.SERVICE, Via.CONTROLLER),
        ("system:kube-scheduler", "", ActorKind.SERVICE, Via.CONTROLLER),
        ("eks:addon-manager", "", ActorKind.SERVICE, Via.CONTROLLER),
        ("system:anonymous", "curl/8", ActorKind.UNKNOWN, Via.SDK),
        ("kubernetes-admin", "kubectl/v1.31", ActorKind.HUMAN, Via.CLI),
        ("gitlab-ci", "kubectl/v1.31", ActorKind.AUTOMATION, Via.CLI),
    ],
)
def test_an_actor_is_known_by_its_user_name_and_its_tool(user: str, agent: str, kind: ActorKind, via: Via) -> None:
    actor = event(resource="pods", user=user, agent=agent).actor
    assert (actor.id, actor.kind, actor.via) == (user, kind, via)


def test_members_of_system_masters_are_privileged() -> None:
    assert event(groups=["system:masters"]).actor.privileged
    assert not event().actor.privileged


def test_a_person_who_impersonates_stays_themselves_and_a_proxy_is_their_tool() -> None:
    ana = event(impersonatedUser={"username": "system:serviceaccount:kube-system:admin"}).actor
    assert (ana.id, ana.session) == ("ana@acme.example", "as system:serviceaccount:kube-system:admin")
    ben = event(user="system:serviceaccount:cattle-system:rancher", impersonatedUser={"username": "ben"}).actor
    assert (ben.id, ben.kind) == ("ben", ActorKind.HUMAN)


def test_the_person_behind_an_eks_role_is_its_session() -> None:
    user = {
        "username": "arn:aws:sts::1:assumed-role/ops/ana",
        "extra": {"arn": ["arn:aws:sts::1:assumed-role/ops/ana"], "sessionName": ["ana"]},
    }
    (found,) = read("k8s-audit", {**audit(), "user": user})[0].events
    assert (found.actor.name, found.actor.session) == ("ana", "arn:aws:sts::1:assumed-role/ops/ana")


ADMIN = {
    "kind": "ClusterRoleBinding",
    "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"kind": "User", "name": "bob"}],
}


EVERYONE_VIEWS = {**ADMIN, "roleRef": {"name": "view"}, "subjects": [{"name": "system:anonymous"}]}


def role(group: str, resource: str, verb: str) -> JsonObject:
    return {"rules": [{"apiGroups": [group], "resources": [resource], "verbs": [verb]}]}


def container(**security: Any) -> JsonObject:
    return pod(containers=[{"name": "a", "securityContext": security}])


def pod(**spec: Any) -> JsonObject:
    return {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "app", "image": "api:1"}], **spec}}


@pytest.mark.parametrize(
    ("verb", "resource", "body", "trait"),
    [
        ("create", "clusterrolebindings.rbac.authorization.k8s.io", ADMIN, Trait.GRANTS_ADMIN),
        ("create", "rolebindings.rbac.authorization.k8s.io", EVERYONE_VIEWS, Trait.EXPOSES_PUBLICLY),
        ("create", "clusterroles.rbac.authorization.k8s.io", role("*", "*", "*"), Trait.GRANTS_ADMIN),
        ("create", "clusterroles.rbac.authorization.k8s.io", role("", "pods/exec", "create"), Trait.GRANTS_ACCESS),
        ("create", "pods", pod(hostNetwork=True), Trait.PRIVILEGED_WORKLOAD),
        ("create", "pods", container(privileged=True), Trait.PRIVILEGED_WORKLOAD),
        ("create", "pods", container(capabilities={"add": ["SYS_ADMIN"]}), Trait.PRIVILEGED_WORKLOAD),
        ("create", "pods", pod(volumes=[{"name": "v", "hostPath": {"path": "/var/run/docker.sock"}}]), Trait.PRIVILEGED_WORKLOAD),
        ("create", "pods", pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), Trait.PRIVILEGED_WORKLOAD),
        ("create", "services", {"kind": "Service", "spec": {"type": "LoadBalancer"}}, Trait.EXPOSES_PUBLICLY),
        ("create", "services", {"kind": "Service", "spec": {"type": "NodePort"}}, Trait.OPENS_NETWORK),
        ("delete", "networkpolicies.networking.k8s.io", None, Trait.REMOVES_NETWORK_GUARD),
        ("create", "mutatingwebhookconfigurations.admissionregistration.k8s.io", None, Trait.RUNS_FOREIGN_CODE),
        ("delete", "validatingwebhookconfigurations.admissionregistration.k8s.io", None, Trait.WEAKENS_PROTECTION),
        ("create", "serviceaccounts", None, Trait.CREATES_IDENTITY),
        ("create", "serviceaccounts/token", None, Trait.READS_CREDENTIAL),
        ("update", "certificatesigningrequests.certificates.k8s.io/approval", None, Trait.CREATES_CREDENTIAL),
        ("delete", "namespaces", None, Trait.DELETES_DATA),
        ("delete", "persistentvolumeclaims", None, Trait.DELETES_DATA),
        ("delete", "volumesnapshots.snapshot.storage.k8s.io", None, Trait.DESTROYS_BACKUP),
        ("create", "cronjobs.batch", None, Trait.CHANGES_SCHEDULE),
        ("update", "secrets", None, Trait.CHANGES_SECRET),
        ("create", "configmaps", {"kind": "ConfigMap", "data": {"app.ini": "password = hunter2"}}, Trait.CHANGES_SECRET),
        ("deletecollection", "events", None, Trait.STOPS_LOGGING),
    ],
)  # fmt: skip
def test_an_action_has_the_traits_of_what_it_is(verb: str, resource: str, body: JsonObject | None, trait: Trait) -> None:
    assert trait in event(verb, resource, **({"body": body} if body else {})).traits


def test_ordinary_things_have_no_grave_traits() -> None:
    assert event("create", "pods", body=pod(volumes=[{"name": "v", "hostPath": {"path": "/opt/data"}}])).traits == {Trait.STARTS_WORKLOAD}
    internal = {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}
    body = {"kind": "Service", "metadata": {"annotations": internal}, "spec": {"type": "LoadBalancer"}}
    assert Trait.EXPOSES_PUBLICLY not in event("create", "services", body=body).traits
    assert event("create", "configmaps", body={"kind": "ConfigMap", "data": {"level": "info"}}).traits == {Trait.CHANGES_CONFIGURATION}


def test_a_request_without_identity_is_told_so() -> None:
    assert Trait.WEAKENS_AUTHENTICATION in event(user="system:anonymous").traits


def test_a_secret_that_is_read_is_an_observation_and_a_controllers_read_is_none() -> None:
    (seen,) = read("k8s-audit", audit("list", "secrets", name="", requestURI="/api/v1/namespaces/shop/secrets"))[0].observations
    assert (seen.signal, seen.says) == (Signal.SENSITIVE_READ, "ana@acme.example read every Secret in shop")
    assert read("k8s-audit", audit("get", "secrets", user="system:node:a", agent="kubelet/v1.31.2"))[0].observations == ()


def test_kubelets_fetch_tokens_without_a_word() -> None:
    assert quiet(audit("create", "serviceaccounts/token", user="system:node:ip-10-0-0-1", agent="kubelet/v1.31.2"))


def test_a_kubelets_own_api_is_an_act_apart_from_what_monitoring_reads() -> None:
    assert quiet(audit("get", "nodes/proxy", requestURI="/api/v1/nodes/a/proxy/metrics/cadvisor"))
    assert event("create", "nodes/proxy", requestURI="/api/v1/nodes/a/proxy/run/shop/web/app").traits >= {Trait.EXECUTES_IN_WORKLOAD}


def test_a_json_patch_tells_the_fields_it_sets() -> None:
    found = event("patch", "deployments.apps", body=[{"op": "replace", "path": "/spec/replicas", "value": 5}])
    assert (found.change_type, [(c.path, c.after) for c in found.changes]) == (ChangeType.SCALED, [("spec.replicas", 5)])


def test_a_restart_annotation_is_a_restart() -> None:
    body = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-23T03:12:00Z"}}}}}
    assert event("patch", "deployments.apps", body=body).change_type is ChangeType.RESTARTED


def test_a_token_points_at_its_service_account() -> None:
    owners = [ref.id for ref in event("create", "serviceaccounts/token", name="api").references if ref.kind is ReferenceKind.OWNER]
    assert "kubernetes/eks/shop/ServiceAccount/api" in owners


def test_the_same_record_has_the_same_id() -> None:
    assert event().id == read("k8s-audit", json.loads(json.dumps(audit())))[0].events[0].id


@pytest.mark.parametrize("record", [{"kind": 0}, {}, {"involvedObject": {"kind": "Pod"}, "reason": "Pulled"}, {"message": "not json"}])
def test_what_is_no_audit_record_is_said_so(record: JsonObject) -> None:
    with pytest.raises(RecordUnreadable, match="no audit record"):
        read("k8s-audit", record)


@pytest.mark.parametrize(
    "wrap", [lambda r: {"properties": {"log": r}}, lambda r: {"@message": json.dumps(r)}, lambda r: {"log": json.dumps(r)}]
)
def test_a_record_in_a_log_systems_wrapping_is_found(wrap: Any) -> None:
    assert len(read("k8s-audit", wrap(audit()))[0].events) == 1


def test_gaps_of_a_record_are_filled_from_its_address() -> None:
    uri = "/apis/apps/v1/namespaces/shop/deployments/web/scale"
    record = {"kind": "Event", "requestURI": uri, "verb": "patch", "user": {"username": "ana"}}
    (found,) = read("k8s-audit", record)[0].events
    assert (found.resource.key, found.change_type) == ("kubernetes/eks/shop/Deployment/web", ChangeType.SCALED)
    assert found.metadata["time"] == "the record carries none; this is when it was read"
