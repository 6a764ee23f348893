"""Changes 1 to 15: a real control plane, people at work with kubectl, and its own controllers."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from core.event import ActorKind, ChangeType, Via
from core.trait import Trait
from tests.components.kubernetes import ControlPlane, Person
from tests.tour.change import SOMETHING, Change, Expected, Sight

_ROLES = Path(__file__).parents[2] / "deploy/permissions/kubernetes-clusterrole.yaml"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_WIDGETS = "/apis/acme.example/v1/namespaces/shop/widgets"
_IMAGE = "spec.template.spec.containers[app].image"
AUDITED, PLAIN = "tour-cluster", "tour-cluster-without-audit"
ALICE = "alice@example.com"


def core(kind: str, name: str = "", namespace: str = "shop") -> str:
    return f"/api/v1/namespaces/{namespace}/{kind}" + (f"/{name}" if name else "")


def deployments(name: str = "", namespace: str = "shop") -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments" + (f"/{name}" if name else "")


def deployment(name: str, *, volume: str = "", **metadata: Any) -> dict[str, Any]:
    pod: dict[str, Any] = {"containers": [{"name": "app", "image": "shop:1.0"}]}
    if volume:
        pod["volumes"] = [{"name": "settings", "configMap": {"name": volume}}]
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "metadata": {"name": name, **metadata},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def image(name: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": name}]}}}}


@dataclass(slots=True)
class KubernetesStage:
    """`kubelet` is the port of one that takes an exec."""

    plane: ControlPlane
    kubelet: int
    alice: Person = field(init=False)

    def __post_init__(self) -> None:
        self.alice = Person(self.plane)

    @property
    def sources(self) -> Sequence[dict[str, object]]:
        watcher = {"kubeconfig": str(self.plane.kubeconfig("wgo"))}
        audited = {**watcher, "audit_log": str(self.plane.audit_log), "exclude_namespaces": ["plain"]}
        return (
            {
                "name": AUDITED, "provider": "kubernetes", "environment": "prod",
                "options": {**audited, "custom_resources": ["widgets.acme.example"]},
            },
            {
                "name": PLAIN, "provider": "kubernetes", "environment": "prod",
                "options": {**watcher, "namespaces": ["plain"], "kinds": ["Deployment"]},
            },
        )  # fmt: skip

    def prepare(self) -> None:
        self._let_watch()
        for name in ("shop", "plain", "doomed"):
            self.alice.make("/api/v1/namespaces", {"metadata": {"name": name}})
        for number in range(30):
            self.alice.make(core("configmaps", namespace="doomed"), {"metadata": {"name": f"part-{number}"}, "data": {"n": str(number)}})
        self.alice.make(deployments(namespace="plain"), deployment("web"))
        for name in ("web", "cart", "search", "late"):
            self.alice.make(deployments(), deployment(name))
        self.alice.make(core("configmaps"), {"metadata": {"name": "settings"}, "data": {"level": "info"}})
        self.alice.make(deployments(), deployment("worker", volume="settings"))
        self.alice.make(core("secrets"), {"metadata": {"name": "database"}, "stringData": {"password": "hunter2-before"}})
        self._releases()
        policies = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
        self.alice.make(policies, {"metadata": {"name": "deny-all"}, "spec": {"podSelector": {}}})
        labels = {"metadata": {"name": "front", "labels": {"a": "1", "b": "2"}}}
        ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
        self.alice.make(core("services"), {**labels, "spec": {"ports": ports, "selector": {"app": "web"}}})
        self._machine()
        self._ready("late")

    def _let_watch(self) -> None:
        """Bind the role that we ship, and what the custom resource needs beside it: WGO reads with nothing more."""
        (role,) = [one for one in yaml.safe_load_all(_ROLES.read_text()) if one["kind"] == "ClusterRole"]
        role["rules"].append({"apiGroups": ["acme.example"], "resources": ["widgets"], "verbs": ["list", "watch"]})
        admin = Person(self.plane, "admin")
        admin.make(f"{_RBAC}/clusterroles", role)
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role["metadata"]["name"]}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "wgo"}
        admin.make(f"{_RBAC}/clusterrolebindings", {"metadata": {"name": "wgo-reader"}, "roleRef": reference, "subjects": [subject]})

    def _releases(self) -> None:
        owned: dict[str, Any] = {
            "annotations": {"meta.helm.sh/release-name": "api", "meta.helm.sh/release-namespace": "shop"},
            "labels": {"helm.sh/chart": "api-1.4", "app.kubernetes.io/managed-by": "Helm"},
        }
        helm, argo = Person(self.plane, agent="Helm/3.16.2"), Person(self.plane, "admin", agent="argocd-application-controller/v2.13")
        helm.make(deployments(), deployment("api", **owned), manager="helm")
        helm.make(core("secrets"), {"metadata": {"name": "sh.helm.release.v1.api.v3"}, "type": "helm.sh/release.v1"}, manager="helm")
        tracked: dict[str, Any] = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/checkout"}}
        argo.make(deployments(), deployment("checkout", **tracked), manager="argocd-controller")

    def _machine(self) -> None:
        """A node on which one pod runs, so that an exec has somewhere to go."""
        admin = Person(self.plane, "admin")
        admin.make("/api/v1/nodes", {"metadata": {"name": "node-1", "labels": {"kubernetes.io/hostname": "node-1"}}})
        addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
        port = {"kubeletEndpoint": {"Port": self.kubelet}}
        status = {"addresses": addresses, "daemonEndpoints": port, "conditions": [{"type": "Ready", "status": "True"}]}
        admin.patch("/api/v1/nodes/node-1/status", {"status": status})
        container = {"name": "app", "image": "shop:1.0"}
        self.alice.make(core("pods"), {"metadata": {"name": "shell"}, "spec": {"nodeName": "node-1", "containers": [container]}})

    def keep_alive(self) -> None:
        """The node's lease, as its kubelet would renew it."""
        admin, leases = Person(self.plane, "admin"), "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        body = {"metadata": {"name": "node-1"}, "spec": {"holderIdentity": "node-1", "leaseDurationSeconds": 40, "renewTime": now}}
        if self.plane.as_user("admin").get(f"{leases}/node-1").status_code == 404:
            admin.make(leases, body)
        else:
            admin.patch(f"{leases}/node-1", body)

    def _ready(self, name: str) -> None:
        """Let the pods of a workload become ready."""
        admin, ends = Person(self.plane, "admin"), time.monotonic() + 30
        condition = {"type": "Ready", "status": "True"}
        while not self.alice.get(deployments(name)).get("status", {}).get("availableReplicas"):
            for pod in self.alice.get(core("pods") + f"?labelSelector=app%3D{name}")["items"]:
                admin.patch(core("pods", pod["metadata"]["name"]) + "/status", {"status": {"phase": "Running", "conditions": [condition]}})
            assert time.monotonic() < ends, f"{name} did not become available"
            time.sleep(0.05)

    # --- the changes -------------------------------------------------------------------------------------------------------

    def changes(self) -> Sequence[Change]:
        made = (
            ("image changed with kubectl (audit log on)", self._image),
            ("image changed with kubectl (no audit log)", self._image_unaudited),
            ("scaled by hand", self._scaled),
            ("scaled by an autoscaler", self._autoscaled),
            ("ConfigMap edited, its workload restarted", self._restarted),
            ("Secret value changed", self._secret),
            ("namespace with 30 objects deleted", self._namespace),
            ("Helm upgrade, revision 3 → 4", self._helm),
            ("Argo-tracked Deployment edited by hand", self._argo),
            ("cluster-admin bound to a user", self._admin),
            ("NetworkPolicy deleted", self._policy),
            ("CRD installed, a custom resource changed", self._custom),
            ("rollout that never becomes ready", self._stuck),
            ("exec into a pod", self._exec),
            ("label order and resync, nothing changed", self._nothing),
        )
        return [Change(number=number, made=says, make=make) for number, (says, make) in enumerate(made, 1)]

    def _image(self) -> Expected:
        self.alice.patch(deployments("web"), image("shop:1.1"), manager="kubectl-set")
        changes = {_IMAGE: ("shop:1.0", "shop:1.1")}
        return _one(_deployment("web", changes, traits=frozenset({Trait.ROLLS_OUT})))

    def _image_unaudited(self) -> Expected:
        self.alice.patch(deployments("web", "plain"), image("shop:1.1"), manager="kubectl-set")
        return _one(_deployment("web", {_IMAGE: ("shop:1.0", "shop:1.1")}, who="", actor=ActorKind.UNKNOWN))

    def _scaled(self) -> Expected:
        self.alice.patch(deployments("cart"), {"spec": {"replicas": 3}}, manager="kubectl-scale")
        return _one(_deployment("cart", {"spec.replicas": (1, 3)}, change_type=ChangeType.SCALED))

    def _autoscaled(self) -> Expected:
        agent = (
            "kube-controller-manager/v1.20.5 (linux/amd64) kubernetes/6b1d87a/system:serviceaccount:kube-system:horizontal-pod-autoscaler"
        )
        scaler = Person(self.plane, "system:kube-controller-manager", agent)
        scaler.patch(deployments("search"), {"spec": {"replicas": 4}}, manager="horizontal-pod-autoscaler")
        sight = _deployment("search", {"spec.replicas": (1, 4)}, change_type=ChangeType.SCALED, who="*", actor=ActorKind.SERVICE)
        return _one(sight, via=Via.CONTROLLER)

    def _restarted(self) -> Expected:
        self.alice.patch(core("configmaps", "settings"), {"data": {"level": "debug"}}, manager="kubectl-edit")
        note = "kubectl.kubernetes.io/restartedAt"
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = {"spec": {"template": {"metadata": {"annotations": {note: now}}}}}
        self.alice.patch(deployments("worker"), body, manager="kubectl-rollout")
        edited = Sight(
            kind="ConfigMap", name="settings", change_type=ChangeType.MODIFIED, who=ALICE, changes={"data.level": (SOMETHING, SOMETHING)}
        )
        restarted = _deployment("worker", None, change_type=ChangeType.RESTARTED)
        return Expected(sights=(edited, restarted), together=True)

    def _secret(self) -> Expected:
        self.alice.patch(core("secrets", "database"), {"stringData": {"password": "hunter2-after"}}, manager="kubectl-edit")
        changes = {"data.password": (SOMETHING, SOMETHING)}
        traits = frozenset({Trait.CHANGES_SECRET})
        sight = Sight(kind="Secret", name="database", change_type=ChangeType.MODIFIED, who=ALICE, changes=changes, traits=traits)
        return _one(sight, hidden="hunter2")

    def _namespace(self) -> Expected:
        # Itself, the 30, and the service account with its token that every namespace of this version has.
        self.alice.delete("/api/v1/namespaces/doomed")
        traits = frozenset({Trait.DELETES_DATA})
        sight = Sight(kind="Namespace", name="doomed", change_type=ChangeType.DELETED, who=ALICE, changes=None, traits=traits, count=33)
        return _one(sight)

    def _helm(self) -> Expected:
        helm = Person(self.plane, agent="Helm/3.16.2")
        helm.make(core("secrets"), {"metadata": {"name": "sh.helm.release.v1.api.v4"}, "type": "helm.sh/release.v1"}, manager="helm")
        helm.patch(deployments("api"), image("shop:1.1"), manager="helm")
        return _one(_deployment("api", {_IMAGE: ("shop:1.0", "shop:1.1")}), reason="Helm release api revision 4")

    def _argo(self) -> Expected:
        self.alice.patch(deployments("checkout"), image("shop:hotfix"), manager="kubectl-edit")
        evidence = "the GitOps application shop owns this*"
        return _one(_deployment("checkout", {_IMAGE: ("shop:1.0", "shop:hotfix")}), evidence=evidence)

    def _admin(self) -> Expected:
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}
        self.alice.make(f"{_RBAC}/clusterrolebindings", {"metadata": {"name": "bob-rules"}, "roleRef": role, "subjects": [subject]})
        traits = frozenset({Trait.GRANTS_ADMIN})
        sight = Sight(kind="ClusterRoleBinding", name="bob-rules", change_type=ChangeType.CREATED, who=ALICE, changes=None, traits=traits)
        return _one(sight)

    def _policy(self) -> Expected:
        self.alice.delete("/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/deny-all")
        traits = frozenset({Trait.REMOVES_NETWORK_GUARD})
        sight = Sight(kind="NetworkPolicy", name="deny-all", change_type=ChangeType.DELETED, who=ALICE, changes=None, traits=traits)
        return _one(sight)

    def _custom(self) -> Expected:
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        names = {"plural": "widgets", "singular": "widget", "kind": "Widget"}
        version = {"name": "v1", "served": True, "storage": True, "schema": schema}
        spec = {"group": "acme.example", "scope": "Namespaced", "names": names, "versions": [version]}
        self.alice.make(_CRDS, {"metadata": {"name": "widgets.acme.example"}, "spec": spec})
        ends = time.monotonic() + 20
        while self.plane.as_user("admin").get(_WIDGETS).status_code != 200:
            assert time.monotonic() < ends, "the custom resource is not served"
            time.sleep(0.1)
        body = {"apiVersion": "acme.example/v1", "kind": "Widget", "metadata": {"name": "lever"}, "spec": {"size": 1}}
        self.alice.make(_WIDGETS, body)
        kind = Sight(kind="CustomResourceDefinition", name="widgets.acme.example", change_type=ChangeType.CREATED, who=ALICE, changes=None)
        made = Sight(kind="Widget", name="lever", change_type=ChangeType.CREATED, who=ALICE, changes=None)
        return Expected(sights=(kind, made), then=self._custom_changed)

    def _custom_changed(self) -> Expected:
        self.alice.patch(f"{_WIDGETS}/lever", {"spec": {"size": 2}}, manager="kubectl-edit")
        return _one(Sight(kind="Widget", name="lever", change_type=ChangeType.MODIFIED, who=ALICE, changes={"spec.size": (1, 2)}))

    def _stuck(self) -> Expected:
        body = image("shop:broken")
        body["spec"]["progressDeadlineSeconds"] = 1
        self.alice.patch(deployments("late"), body, manager="kubectl-set")
        sight = _deployment("late", {_IMAGE: ("shop:1.0", "shop:broken"), "spec.progressDeadlineSeconds": (600, 1)})
        return Expected(sights=(sight,), health=f"kubernetes/{AUDITED}/shop/Deployment/late")

    def _exec(self) -> Expected:
        headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "v4.channel.k8s.io"}
        path = core("pods", "shell") + "/exec?command=sh&container=app&stdin=true&stdout=true&tty=true"
        status = self.plane.as_user(ALICE).post(path, headers=headers).status_code
        assert status == 101, f"the exec was answered with {status}"
        traits = frozenset({Trait.EXECUTES_IN_WORKLOAD})
        return _one(Sight(kind="Pod", name="shell", change_type=ChangeType.EXECUTED, who=ALICE, changes=None, traits=traits))

    def _nothing(self) -> Expected:
        ports = [{"name": "https", "port": 443}, {"name": "http", "port": 80}]
        self.alice.patch(core("services", "front"), {"metadata": {"labels": {"b": "2", "a": "1"}}, "spec": {"ports": ports}})
        self.alice.patch(core("services", "front"), {"metadata": {"labels": {"a": "1"}}})
        return Expected()


def _one(sight: Sight, **more: Any) -> Expected:
    return Expected(sights=(replace(sight, **more),))


def _deployment(name: str, changes: Any, **more: Any) -> Sight:
    given: dict[str, Any] = {"change_type": ChangeType.MODIFIED, "who": ALICE, **more}
    return Sight(kind="Deployment", name=name, changes=changes, **given)
