"""Guards, watchers and backups of a cluster that are stopped, opened or told to look away, and the same calls where they do no such thing.

Raw audit records through reader and bridge.
"""

from typing import Any

import pytest

from core.assessment import Verdict
from core.json import JsonObject, JsonValue
from core.trait import Trait
from tests.unit.core.providers.acting import told
from tests.unit.core.providers.kubernetes.given import audit, manifest, read

PERSON = "eve@acme.example"
ARGO = "system:serviceaccount:argocd:argocd-application-controller"
ENFORCE = "pod-security.kubernetes.io/enforce"
IGNORE = "admission.gatekeeper.sh/ignore"
HOOKS = "validatingwebhookconfigurations.admissionregistration.k8s.io"
OUTPUT = "[INPUT]\n    Name tail\n[OUTPUT]\n    Name  {}\n    Match *\n"
VELERO = "velero.io"


def by_person(verb: str, resource: str, **given: Any) -> JsonObject:
    return audit(verb, resource, user=PERSON, **given)


def labelled(name: str, **labels: JsonValue) -> JsonObject:
    return by_person("patch", "namespaces", namespace=name, name=name, body={"metadata": {"labels": labels}})


def hook(operator: str) -> JsonObject:
    asked = [{"key": "kubernetes.io/metadata.name", "operator": operator, "values": ["shop"]}]
    return by_person("patch", HOOKS, namespace="", body={"webhooks": [{"name": "v", "namespaceSelector": {"matchExpressions": asked}}]})


def gatekeepers(*excluded: str) -> JsonObject:
    spec = {"match": [{"excludedNamespaces": list(excluded), "processes": ["*"]}]}
    body = {"kind": "Config", "apiVersion": "config.gatekeeper.sh/v1alpha1", "spec": spec}
    return by_person("update", "configs.config.gatekeeper.sh", namespace="gatekeeper-system", name="config", body=body)


def settings(name: str, namespace: str, **data: str) -> JsonObject:
    body = {"kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    return by_person("update", "configmaps", namespace=namespace, name=name, body=body)


def scaled(name: str, replicas: int) -> JsonObject:
    return by_person("patch", "deployments.apps/scale", name=name, body={"spec": {"replicas": replicas}})


def gone(resource: str, name: str = "x") -> JsonObject:
    return by_person("delete", resource, name=name)


ALARMS = {
    "a webhook that leaves a namespace out": (hook("NotIn"), Trait.WEAKENS_PROTECTION),
    "a policy that rewrites": (by_person("create", "mutatingadmissionpolicies.admissionregistration.k8s.io"), Trait.RUNS_FOREIGN_CODE),
    "Gatekeeper off everywhere": (gatekeepers("*"), Trait.WEAKENS_PROTECTION),
    "a namespace past Gatekeeper": (labelled("pay", **{IGNORE: "true"}), Trait.WEAKENS_PROTECTION),
    "a level taken away": (labelled("pay", **{ENFORCE: None}), Trait.WEAKENS_PROTECTION),
    "a level removed by a JSON patch": (
        by_person(
            "patch",
            "namespaces",
            name="pay",
            namespace="pay",
            body=[{"op": "remove", "path": "/metadata/labels/pod-security.kubernetes.io~1enforce"}],
        ),
        Trait.WEAKENS_PROTECTION,
    ),
    "every constraint's template": (
        gone("customresourcedefinitions.apiextensions.k8s.io", "constrainttemplates.templates.gatekeeper.sh"),
        Trait.WEAKENS_PROTECTION,
    ),
    "the cluster's network policy": (gone("adminnetworkpolicies.policy.networking.k8s.io"), Trait.REMOVES_NETWORK_GUARD),
    "Calico's network policy": (gone("networkpolicies.crd.projectcalico.org"), Trait.REMOVES_NETWORK_GUARD),
    "a mesh's proof of who calls": (gone("peerauthentications.security.istio.io"), Trait.REMOVES_NETWORK_GUARD),
    "a mesh's check of tokens": (gone("requestauthentications.security.istio.io"), Trait.WEAKENS_AUTHENTICATION),
    "Gatekeeper scaled to nothing": (scaled("gatekeeper-controller-manager", 0), Trait.WEAKENS_PROTECTION),
    "Kyverno scaled to nothing": (scaled("kyverno-admission-controller", 0), Trait.WEAKENS_PROTECTION),
    "Kyverno gone": (gone("deployments.apps", "kyverno-admission-controller"), Trait.WEAKENS_PROTECTION),
    "an agent gone": (gone("daemonsets.apps", "datadog-agent"), Trait.STOPS_DETECTION),
    "what Tetragon looks for": (gone("tracingpolicies.cilium.io"), Trait.STOPS_DETECTION),
    "what KubeArmor forbids": (gone("kubearmorpolicies.security.kubearmor.com"), Trait.WEAKENS_PROTECTION),
    "a seccomp profile": (gone("seccompprofiles.security-profiles-operator.x-k8s.io"), Trait.WEAKENS_PROTECTION),
    "where OpenShift's logs go": (gone("clusterlogforwarders.logging.openshift.io"), Trait.STOPS_LOGGING),
    "Falco's rules emptied": (settings("falco-rules", "falco", **{"falco_rules.yaml": "# - rule: shell\n"}), Trait.STOPS_DETECTION),
    "logs thrown away": (settings("fluent-bit", "logging", **{"fluent-bit.conf": OUTPUT.format("null")}), Trait.STOPS_LOGGING),
    "a backup's deletion asked for": (
        by_person("create", f"deletebackuprequests.{VELERO}", namespace="velero", body={"spec": {"backupName": "nightly"}}),
        Trait.DESTROYS_BACKUP,
    ),
    "backups kept elsewhere": (
        by_person("patch", f"backupstoragelocations.{VELERO}", body={"spec": {"objectStorage": {"bucket": "else"}}}),
        Trait.WEAKENS_PROTECTION,
    ),
    "the volumes of a namespace at once": (by_person("deletecollection", "persistentvolumeclaims", name=""), Trait.DESTROYS_STORE),
    "default rights gone": (
        gone("clusterrolebindings.rbac.authorization.k8s.io", "system:node-proxier"),
        Trait.WEAKENS_PROTECTION,
    ),
}


@pytest.mark.parametrize(("record", "trait"), ALARMS.values(), ids=ALARMS)
def test_a_guard_that_a_hand_stops_or_opens_unexplained_alarms(record: JsonObject, trait: Trait) -> None:
    verdict, traits = told("k8s-audit", record)
    assert trait in traits
    assert verdict is Verdict.UNPLANNED


DAILY = {
    "a webhook for some namespaces": hook("In"),
    "Gatekeeper off for one namespace": gatekeepers("kube-system"),
    "Gatekeeper's own namespace": labelled("gatekeeper-system", **{IGNORE: "no-self-managing"}),
    "a namespace back under Gatekeeper": labelled("pay", **{IGNORE: None}),
    "a stricter level": labelled("pay", **{ENFORCE: "restricted"}),
    "another kind's definition": gone("customresourcedefinitions.apiextensions.k8s.io", "widgets.acme.example"),
    "Gatekeeper with more replicas": scaled("gatekeeper-controller-manager", 3),
    "something else scaled to nothing": scaled("gateway", 0),
    "Falco's rules tuned": settings("falco-rules", "falco", **{"falco_rules.yaml": "- rule: shell\n  desc: x\n"}),
    "logs sent on": settings("fluent-bit", "logging", **{"fluent-bit.conf": OUTPUT.format("es") + OUTPUT.format("null")}),
    "a label of where backups are kept": by_person(
        "patch", f"backupstoragelocations.{VELERO}", body={"metadata": {"labels": {"team": "ops"}}}
    ),
    "one volume": by_person("delete", "persistentvolumeclaims"),
    "another's binding": gone("clusterrolebindings.rbac.authorization.k8s.io", "readers"),
}


@pytest.mark.parametrize("record", DAILY.values(), ids=DAILY)
def test_upkeep_of_a_guard_does_not_alarm(record: JsonObject) -> None:
    verdict, _ = told("k8s-audit", record)
    assert verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("before", "after", "loosened"),
    [("baseline", None, True), ("restricted", "baseline", True), ("privileged", None, False), ("baseline", "restricted", False)],
)
def test_a_namespace_seen_held_to_less_than_before_is_loosened(before: str, after: str | None, loosened: bool) -> None:
    old = manifest("Namespace", metadata={"namespace": "", "labels": {ENFORCE: before}})
    new = manifest("Namespace", version="2", metadata={"namespace": "", "labels": {ENFORCE: after} if after else {}})
    (found,) = read("k8s-object", old, new)[1].events
    assert (Trait.WEAKENS_PROTECTION in found.traits) is loosened


def test_a_guard_that_git_takes_away_is_planned() -> None:
    record = audit(
        "delete",
        "tracingpolicies.cilium.io",
        user=ARGO,
        agent="argocd-application-controller/v2.12.3",
    )
    verdict, _ = told("k8s-audit", record)
    assert verdict is Verdict.PLANNED


@pytest.mark.parametrize(
    ("user", "agent", "verdict"),
    [
        ("system:serviceaccount:velero:velero", "velero-server/v1.14.0 (linux/amd64)", Verdict.UNKNOWN),
        ("system:serviceaccount:velero:velero", "kubectl/v1.31.2", Verdict.UNPLANNED),
        ("system:serviceaccount:shop:web", "velero-server/v1.14.0 (linux/amd64)", Verdict.UNPLANNED),
    ],
    ids=["Velero", "its account with kubectl", "another's account"],
)
def test_only_velero_itself_lets_backups_expire_unremarked(user: str, agent: str, verdict: Verdict) -> None:
    body = {"spec": {"backupName": "nightly"}}
    record = audit("create", "deletebackuprequests.velero.io", namespace="velero", user=user, agent=agent, body=body)
    assert told("k8s-audit", record)[0] is verdict


@pytest.mark.parametrize(
    ("agent", "namespace", "verdict"),
    [
        ("gitlab-runner 17.0.0 (17-0-stable; go1.22; linux/amd64)", "ci", Verdict.PLANNED),
        ("kubectl/v1.31.2", "ci", Verdict.UNPLANNED),
        ("gitlab-runner 17.0.0 (17-0-stable; go1.22; linux/amd64)", "shop", Verdict.UNPLANNED),
    ],
    ids=["as the runner", "with kubectl", "in another namespace"],
)
def test_a_runner_of_jobs_enters_its_own_jobs_pods_alone(agent: str, namespace: str, verdict: Verdict) -> None:
    record = audit(
        "create", "pods/exec", namespace=namespace, name="runner-abc-project-1", user="system:serviceaccount:ci:gitlab-runner", agent=agent
    )
    assert told("k8s-audit", record)[0] is verdict
