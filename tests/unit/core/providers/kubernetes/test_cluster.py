"""The provider on a real control plane: what people and controllers really do, and what WGO tells of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.batch import Batch, CheckState, Cursor
from core.clock import Deadline, utc_now
from core.coverage import CoverageState
from core.errors import ProviderForbidden
from core.event import ActorKind, ChangeType, Event, IntentKind, ReferenceKind, Via
from core.json import encode
from core.observation import Health, Signal
from core.ports import Provider
from core.providers import ProviderContext, build
from core.redaction import Redactor
from core.settings import SourceSettings
from core.trait import Trait
from tests.components.kubernetes import ControlPlane, Person
from tests.unit.core.providers.kubernetes.given import Rows

pytestmark = [pytest.mark.component("kubernetes"), pytest.mark.timeout(180)]
_NUMBER = count(1)
ROLE = Path(__file__).parents[5] / "deploy/permissions/kubernetes-clusterrole.yaml"


@dataclass
class Watcher:
    """WGO as the poller runs it: cursor and states go from poll to poll, each batch committed."""

    provider: Provider
    rows: Rows = field(default_factory=Rows)
    cursor: Cursor | None = None

    def poll(self, *, commit: bool = True) -> Batch:
        batch = self.provider.poll(self.cursor, self.rows, Deadline.after(30))
        if commit:
            self.rows.take(batch)
            self.cursor = batch.cursor
        return batch

    def events(self, polls: int = 1) -> list[Event]:
        return [event for _ in range(polls) for event in self.poll().events]


@pytest.fixture
def watch(plane: ControlPlane) -> Iterator[Any]:
    opened: list[Provider] = []

    def start(on: ControlPlane = plane, *, user: str = "admin", audit: bool = False, begin: bool = True, **options: Any) -> Watcher:
        options = {"kubeconfig": str(on.kubeconfig(user)), **({"audit_log": str(on.audit_log)} if audit else {}), **options}
        source = SourceSettings(name="eks", provider="kubernetes", environment="prod", options=options)
        provider = build(source, ProviderContext(redactor=Redactor(b"k" * 32)))
        opened.append(provider)
        watcher = Watcher(provider)
        if begin:
            watcher.poll()
        return watcher

    yield start
    for provider in opened:
        provider.close()


@pytest.fixture
def alice(plane: ControlPlane) -> Person:
    return Person(plane)


@pytest.fixture
def shop(plane: ControlPlane) -> str:
    """A namespace of the test's own."""
    name = f"shop-{next(_NUMBER)}"
    Person(plane, "admin").make("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def deployments(shop: str) -> str:
    return f"/apis/apps/v1/namespaces/{shop}/deployments"


def web(image: str = "api:1", replicas: int = 1, **given: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template, **given.pop("spec", {})}
    return {"metadata": {"name": "web", **given.pop("metadata", {})}, "spec": spec}


def image(name: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": name}]}}}}


def config(name: str = "settings", **values: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": values or {"level": "info"}}


def test_the_first_poll_is_a_baseline_and_an_idle_one_costs_nothing(watch: Any, plane: ControlPlane, alice: Person, shop: str) -> None:
    alice.make(f"/api/v1/namespaces/{shop}/configmaps", config())
    plane.until_quiet()
    watcher: Watcher = watch(audit=True, begin=False)
    first = watcher.poll()
    assert first.events == ()
    assert [covered.state for covered in first.coverage] == [CoverageState.READ]
    watcher.rows.asked.clear()
    idle = watcher.poll()
    assert (idle.events, idle.known_changes) == ((), ())
    assert watcher.rows.asked in ([], ["audit/waiting"])  # The acts that wait for their object.
    assert len(encode(idle.cursor)) < 8192


def test_a_person_changes_an_image_with_an_audit_log(watch: Any, alice: Person, shop: str) -> None:
    alice.make(deployments(shop), web())
    watcher: Watcher = watch(audit=True)
    alice.patch(f"{deployments(shop)}/web", image("api:2"))
    (event,) = watcher.events()
    assert (event.change_type, event.resource.key) == (ChangeType.MODIFIED, f"kubernetes/eks/{shop}/Deployment/web")
    assert (event.actor.kind, event.actor.id, event.actor.via) == (ActorKind.HUMAN, "alice@example.com", Via.CLI)
    assert [(c.path, c.before, c.after) for c in event.changes] == [("spec.template.spec.containers[app].image", "api:1", "api:2")]
    assert Trait.ROLLS_OUT in event.traits
    assert event.occurred_after is None


def test_without_an_audit_log_the_tool_is_known_and_the_person_is_not(watch: Any, alice: Person, shop: str) -> None:
    alice.make(deployments(shop), web())
    watcher: Watcher = watch()
    alice.patch(f"{deployments(shop)}/web", image("api:2"), manager="kubectl-edit")
    (event,) = watcher.events()
    assert (event.actor.kind, event.actor.known, event.actor.tool) == (ActorKind.UNKNOWN, False, "kubectl edit")


def test_every_change_between_two_polls_is_told_in_its_order_with_its_own_actor(
    watch: Any, plane: ControlPlane, alice: Person, shop: str
) -> None:
    settings = f"/api/v1/namespaces/{shop}/configmaps"
    alice.make(deployments(shop), web())
    alice.make(settings, config())
    heard, unheard = watch(audit=True), watch()
    changes = (("api:2", alice), ("api:3", Person(plane, "admin")), ("api:1", alice))
    for name, who in changes:
        who.patch(f"{deployments(shop)}/web", image(name))
        # Its records are of level Metadata: they tell no version.
        who.patch(f"{settings}/settings", {"metadata": {"labels": {"for": name.replace(":", "-")}}})
    told, people = heard.events(), [who.user for _, who in changes]
    rollouts = [event for event in told if event.resource.kind == "Deployment"]
    edits = [event for event in told if event.resource.kind == "ConfigMap"]
    assert [event.changes[0].after for event in rollouts] == ["api:2", "api:3", "api:1"]
    assert [event.changes[0].after for event in edits] == ["api-2", "api-3", "api-1"]
    assert [event.actor.id for event in rollouts] == [event.actor.id for event in edits] == people
    assert [Trait.ROLLS_BACK in event.traits for event in rollouts] == [False, False, True]
    nameless = [event.changes[0].after for event in unheard.events() if event.resource.kind == "Deployment"]
    assert nameless == ["api:2", "api:3", "api:1"]


def test_the_same_cursor_gives_the_same_events(watch: Any, alice: Person, shop: str) -> None:
    watcher: Watcher = watch(audit=True)
    alice.make(f"/api/v1/namespaces/{shop}/configmaps", config())
    alice.delete(f"/api/v1/namespaces/{shop}/configmaps/settings")
    once, again = watcher.poll(commit=False), watcher.poll(commit=False)
    assert [event.change_type for event in once.events] == [ChangeType.CREATED, ChangeType.DELETED]
    assert [event.id for event in once.events] == [event.id for event in again.events]


def test_scaling_by_hand_and_by_an_autoscaler_are_told_apart(watch: Any, alice: Person, plane: ControlPlane, shop: str) -> None:
    alice.make(deployments(shop), web())
    watcher: Watcher = watch()
    alice.patch(f"{deployments(shop)}/web", {"spec": {"replicas": 3}}, manager="kubectl-scale")
    (by_hand,) = watcher.events()
    Person(plane, "system:kube-controller-manager").patch(
        f"{deployments(shop)}/web", {"spec": {"replicas": 5}}, manager="horizontal-pod-autoscaler"
    )
    (by_itself,) = watcher.events()
    assert (by_hand.change_type, by_hand.actor.tool) == (ChangeType.SCALED, "kubectl scale")
    assert (by_itself.change_type, by_itself.actor.kind, by_itself.actor.via) == (ChangeType.SCALED, ActorKind.SERVICE, Via.CONTROLLER)


def test_a_write_that_leaves_no_manager_is_nobodys(watch: Any, alice: Person, shop: str) -> None:
    alice.make(deployments(shop), web())
    watcher: Watcher = watch()
    alice.patch(f"{deployments(shop)}/web", {"spec": {"replicas": 3}}, manager="kubectl-scale")
    watcher.poll()
    alice.patch(f"{deployments(shop)}/web/scale", {"spec": {"replicas": 5}})  # Before 1.22 this names no manager.
    (event,) = watcher.events()
    assert (event.change_type, event.actor.tool) == (ChangeType.SCALED, "")
    assert event.occurred_after is not None


def test_an_autoscaler_that_flaps_is_one_event(watch: Any, alice: Person, shop: str) -> None:
    alice.make(deployments(shop), web())
    watcher: Watcher = watch()
    for replicas in (2, 5, 3, 4):
        alice.patch(f"{deployments(shop)}/web", {"spec": {"replicas": replicas}}, manager="horizontal-pod-autoscaler")
    (event,) = watcher.events()
    assert (event.count, [(c.before, c.after) for c in event.changes]) == (4, [(1, 4)])


def test_a_secret_changes_and_its_value_is_never_seen(watch: Any, alice: Person, shop: str) -> None:
    secrets = f"/api/v1/namespaces/{shop}/secrets"
    alice.make(secrets, {"metadata": {"name": "keys"}, "stringData": {"password": "hunter2-old"}})
    watcher: Watcher = watch(audit=True)
    alice.patch(f"{secrets}/keys", {"stringData": {"password": "hunter2-new"}})
    batch = watcher.poll()
    (event,) = batch.events
    assert ([c.path for c in event.changes], event.actor.id) == (["data.password"], "alice@example.com")
    assert event.traits >= {Trait.CHANGES_SECRET}
    told = encode(batch).decode() + "".join(encode(row).decode() for row in watcher.rows.rows.values())
    for value in ("hunter2", "aHVudGVyMi1vbGQ", "aHVudGVyMi1uZXc"):
        assert value not in told


def test_a_resync_and_another_order_are_silent(watch: Any, alice: Person, shop: str) -> None:
    path = f"/api/v1/namespaces/{shop}/services/web"
    ports = [{"name": "a", "port": 1}, {"name": "b", "port": 2}]
    body = {"metadata": {"name": "web", "labels": {"x": "1", "y": "2"}}, "spec": {"ports": ports, "selector": {"app": "web"}}}
    alice.make(path.rpartition("/")[0], body)
    watcher: Watcher = watch(audit=True)
    alice.patch(path, {"metadata": {"labels": {"y": "2", "x": "1"}}, "spec": {"ports": ports[::-1]}})
    alice.patch(path, {"metadata": {"labels": {"x": "1"}}})
    assert watcher.events(2) == []


def test_a_namespace_that_goes_is_one_event_with_what_it_took_along(watch: Any, alice: Person, shop: str) -> None:
    for number in range(30):
        alice.make(f"/api/v1/namespaces/{shop}/configmaps", config(f"c{number}"))
    watcher: Watcher = watch(audit=True)
    alice.delete(f"/api/v1/namespaces/{shop}")
    told = watcher.events()
    while watcher.rows.page(f"object/namespaces//{shop}") or watcher.rows.page(f"object/configmaps/{shop}/"):
        told += watcher.events()
    assert [event.resource.key for event in told] == [f"kubernetes/eks/Namespace/{shop}"]
    (event,) = told
    assert (event.change_type, event.resource.key, event.actor.id) == (
        ChangeType.DELETED, f"kubernetes/eks/Namespace/{shop}", "alice@example.com",
    )  # fmt: skip
    assert Trait.DELETES_DATA in event.traits


def test_a_new_namespace_comes_without_what_the_platform_puts_into_it(watch: Any, alice: Person) -> None:
    watcher: Watcher = watch()
    alice.make("/api/v1/namespaces", {"metadata": {"name": "quiet-one"}})
    assert [event.resource.kind for event in watcher.events(3)] == ["Namespace"]


def test_a_helm_upgrade_names_its_revision(watch: Any, alice: Person, shop: str) -> None:
    owned = {
        "annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": shop},
        "labels": {"helm.sh/chart": "web-1.4"},
    }
    secrets = f"/api/v1/namespaces/{shop}/secrets"
    alice.make(deployments(shop), web(metadata=owned), manager="helm")
    alice.make(secrets, {"metadata": {"name": "sh.helm.release.v1.web.v3"}, "type": "helm.sh/release.v1"}, manager="helm")
    watcher: Watcher = watch()
    alice.make(secrets, {"metadata": {"name": "sh.helm.release.v1.web.v4"}, "type": "helm.sh/release.v1"}, manager="helm")
    alice.patch(f"{deployments(shop)}/web", image("api:2"), manager="helm")
    (event,) = watcher.events()
    assert [(i.kind, i.says) for i in event.intents] == [(IntentKind.RELEASE, "Helm release web revision 4")]
    assert f"helm/eks/{shop}/web/4" in [ref.id for ref in event.references if ref.kind is ReferenceKind.RELEASE]


def test_an_argo_tracked_workload_edited_by_hand_has_no_reason_of_argos(watch: Any, alice: Person, shop: str) -> None:
    tracked = {"annotations": {"argocd.argoproj.io/tracking-id": f"shop:apps/Deployment:{shop}/web"}}
    alice.make(deployments(shop), web(metadata=tracked), manager="argocd-controller")
    watcher: Watcher = watch()
    alice.patch(f"{deployments(shop)}/web", image("hotfix"), manager="kubectl-edit")
    alice.patch(f"{deployments(shop)}/web", image("api:1"), manager="argocd-controller")
    by_hand, by_argo = watcher.events()
    assert (by_hand.intents, by_hand.actor.via) == ((), Via.CLI)
    assert ([i.ref for i in by_argo.intents], by_argo.actor.via) == (["shop"], Via.GITOPS)


def test_cluster_admin_for_a_user_and_a_policy_gone(watch: Any, alice: Person, shop: str) -> None:
    policies = f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"
    alice.make(policies, {"metadata": {"name": "deny"}, "spec": {"podSelector": {}}})
    watcher: Watcher = watch(audit=True)
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}
    alice.make(bindings, {"metadata": {"name": f"bob-{shop}"}, "roleRef": role, "subjects": [subject]})
    alice.delete(f"{policies}/deny")
    bound, gone = watcher.events()
    assert bound.traits >= {Trait.GRANTS_ADMIN}
    assert gone.traits >= {Trait.REMOVES_NETWORK_GUARD}
    assert {bound.actor.id, gone.actor.id} == {"alice@example.com"}


def test_a_custom_resource_is_read_by_name(watch: Any, alice: Person, shop: str) -> None:
    watcher: Watcher = watch(audit=True, custom_resources=["widgets.acme.example"])
    (gap,) = [one for one in watcher.poll().coverage if one.part]
    assert (gap.part, gap.state) == ("widgets.acme.example", CoverageState.PARTIAL)
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget"}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    body = {
        "metadata": {"name": "widgets.acme.example"},
        "spec": {"group": "acme.example", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    alice.make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    assert [event.resource.kind for event in watcher.events()] == ["CustomResourceDefinition"]
    while any(one.part for one in watcher.poll().coverage):
        pass
    path = f"/apis/acme.example/v1/namespaces/{shop}/widgets"
    widget = {"apiVersion": "acme.example/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    alice.make(path, widget)
    alice.patch(f"{path}/w", {"spec": {"size": 2}})
    made, changed = watcher.events()
    assert (made.resource.key, made.change_type) == (f"kubernetes/eks/{shop}/Widget/w", ChangeType.CREATED)
    assert [(c.path, c.before, c.after) for c in changed.changes] == [("spec.size", 1, 2)]
    alice.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.acme.example")


def test_a_rollout_that_never_becomes_ready_is_degraded_and_no_event(watch: Any, alice: Person, shop: str) -> None:
    watcher: Watcher = watch(audit=True)
    alice.make(deployments(shop), web(spec={"progressDeadlineSeconds": 1}))
    told: list[Event] = []
    health = Health.UNKNOWN
    while health is not Health.DEGRADED:
        batch = watcher.poll()
        told += batch.events
        health = next((o.health for o in batch.observations if o.signal is Signal.ROLLOUT and o.resource.scope.namespace == shop), health)
    assert [event.resource.kind for event in told] == ["Deployment"]  # Neither its ReplicaSet nor its pods.


def test_pods_that_crash_are_their_workloads_health(watch: Any, alice: Person, shop: str) -> None:
    watcher: Watcher = watch()
    alice.make(deployments(shop), web())
    pods = f"/api/v1/namespaces/{shop}/pods"
    while not (found := alice.get(pods)["items"]):
        watcher.poll()
    name = found[0]["metadata"]["name"]
    state = {
        "name": "app",
        "image": "api:1",
        "imageID": "",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    }
    alice.patch(f"{pods}/{name}/status", {"status": {"containerStatuses": [state]}})
    seen = {o.signal: o for o in watcher.poll().observations if o.resource.name == "web" and o.resource.scope.namespace == shop}
    assert (seen[Signal.CRASH].health, seen[Signal.CRASH].says) == (Health.DEGRADED, f"1 pod in trouble: CrashLoopBackOff ({name})")
    assert seen[Signal.RESTARTS].numerator == 3
    alice.patch(f"{deployments(shop)}/web", {"spec": {"replicas": 0}})
    health = Health.DEGRADED
    while health is Health.DEGRADED:
        health = next((o.health for o in watcher.poll().observations if o.signal is Signal.CRASH), health)
    assert health is Health.HEALTHY


def test_the_last_pods_of_a_deleted_workload_say_nothing_of_how_it_is(watch: Any, alice: Person, shop: str) -> None:
    alice.make(deployments(shop), web())
    pods = f"/api/v1/namespaces/{shop}/pods"
    watcher: Watcher = watch()
    while not (found := alice.get(pods)["items"]):
        watcher.poll()
    state = {
        "name": "app",
        "image": "api:1",
        "imageID": "",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "ErrImagePull"}},
    }
    alice.patch(f"{pods}/{found[0]['metadata']['name']}/status", {"status": {"containerStatuses": [state]}})
    assert Signal.CRASH in {o.signal for o in watcher.poll().observations if o.resource.scope.namespace == shop}
    alice.delete(f"{deployments(shop)}/web")
    told = watcher.poll().observations
    while alice.get(pods)["items"]:
        told += watcher.poll().observations
    told += watcher.poll().observations
    assert [o for o in told if o.signal is not Signal.WARNING and o.resource.scope.namespace == shop] == []


def test_pods_deleted_by_a_person_are_one_event_and_by_their_owner_none(watch: Any, alice: Person, shop: str) -> None:
    alice.make(deployments(shop), web(replicas=3))
    pods = f"/api/v1/namespaces/{shop}/pods"
    watcher: Watcher = watch(audit=True)
    while len(found := alice.get(pods)["items"]) < 3:
        watcher.poll()
    for pod in found:
        alice.delete(f"{pods}/{pod['metadata']['name']}")
    (event,) = watcher.events(2)
    assert (event.change_type, event.count, event.actor.id) == (ChangeType.DELETED, 3, "alice@example.com")
    assert f"kubernetes/eks/{shop}/Deployment/web" in [ref.id for ref in event.references]
    alice.patch(f"{deployments(shop)}/web", {"spec": {"replicas": 0}})
    assert [told.resource.kind for told in watcher.events(2)] == ["Deployment"]


def test_what_only_the_audit_log_shows_is_told(watch: Any, alice: Person, plane: ControlPlane, shop: str) -> None:
    watcher: Watcher = watch(audit=True)
    alice.make(f"/api/v1/namespaces/{shop}/serviceaccounts", {"metadata": {"name": "api"}})
    alice.make(f"/api/v1/namespaces/{shop}/serviceaccounts/api/token", {"spec": {"audiences": ["x"]}})
    refused = plane.as_user("wgo").delete(f"/api/v1/namespaces/{shop}")
    assert refused.status_code == 403
    told = {event.resource.kind: event for event in watcher.events()}
    assert told["ServiceAccount"].traits >= {Trait.CREATES_IDENTITY}
    assert told["TokenRequest"].traits >= {Trait.READS_CREDENTIAL}
    assert (told["Namespace"].change_type, told["Namespace"].actor.id) == (ChangeType.ATTEMPTED, "wgo")
    assert len(told) == 3


def test_what_happened_while_the_server_forgot_is_found_by_listing_again(watch: Any, forgetful_plane: ControlPlane) -> None:
    alice, maps = Person(forgetful_plane), "/api/v1/namespaces/default/configmaps"
    for name in ("stays", "goes", "moves"):
        alice.make(maps, config(name))
    watcher: Watcher = watch(forgetful_plane)
    read_at = utc_now()
    alice.patch(f"{maps}/moves", {"data": {"level": "debug"}})
    alice.delete(f"{maps}/goes")
    alice.make(maps, config("comes"))
    forgetful_plane.compact()
    told = {event.resource.name: event for event in watcher.events()}
    assert {name: event.change_type for name, event in told.items()} == {
        "moves": ChangeType.MODIFIED, "goes": ChangeType.DELETED, "comes": ChangeType.CREATED,
    }  # fmt: skip
    assert [(c.path, c.before, c.after) for c in told["moves"].changes] == [("data.level", "info", "debug")]
    gone = told["goes"]
    assert gone.occurred_after is not None
    assert gone.occurred_after <= read_at <= gone.occurred_at
    assert watcher.events() == []


def role(plane: ControlPlane, rules: list[dict[str, Any]]) -> None:
    """Give the user wgo exactly these rules."""
    admin, base = Person(plane, "admin"), "/apis/rbac.authorization.k8s.io/v1"
    name = {"metadata": {"name": "wgo-reader"}}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "wgo"}
    for kind in ("clusterroles", "clusterrolebindings"):
        plane.as_user("admin").delete(f"{base}/{kind}/wgo-reader")
    admin.make(f"{base}/clusterroles", {**name, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "wgo-reader"}
    admin.make(f"{base}/clusterrolebindings", {**name, "roleRef": reference, "subjects": [subject]})


def test_the_shipped_role_is_enough_and_nothing_less_is(watch: Any, plane: ControlPlane) -> None:
    shipped = next(one for one in yaml.safe_load_all(ROLE.read_text()) if one["kind"] == "ClusterRole")["rules"]
    assert {verb for rule in shipped for verb in rule["verbs"]} == {"list", "watch"}
    role(plane, shipped)
    watcher: Watcher = watch(user="wgo")
    assert [one.part for one in (*watcher.poll().coverage, *watcher.poll().coverage)] == ["", ""]
    assert watcher.provider.check(Deadline.after(30))[0].state is CheckState.GREEN
    everything = {f"{name}.{rule['apiGroups'][0]}".rstrip(".") for rule in shipped for name in rule["resources"]}
    role(plane, [{**rule, "verbs": ["list"]} for rule in shipped])
    with pytest.raises(ProviderForbidden, match="watch"):
        watcher.poll()  # Each kind needs its watch: without any, nothing is read.
    findings = watcher.provider.check(Deadline.after(30))
    assert {check.name.removeprefix("eks ") for check in findings if check.state is CheckState.AMBER} - {"audit log"} == everything
    role(plane, [{**rule, "verbs": ["watch"]} for rule in shipped])
    findings = watcher.provider.check(Deadline.after(30))
    assert {check.name.removeprefix("eks ") for check in findings if check.state is CheckState.AMBER} - {"audit log"} == everything


def test_a_kind_that_the_role_withholds_is_a_stated_gap_and_the_rest_is_read(
    watch: Any, plane: ControlPlane, alice: Person, shop: str
) -> None:
    shipped = next(one for one in yaml.safe_load_all(ROLE.read_text()) if one["kind"] == "ClusterRole")["rules"]
    role(plane, [{**rule, "resources": [name for name in rule["resources"] if name != "secrets"]} for rule in shipped])
    watcher: Watcher = watch(user="wgo")
    alice.make(f"/api/v1/namespaces/{shop}/configmaps", config())
    batch = watcher.poll()
    assert [event.resource.kind for event in batch.events] == ["ConfigMap"]
    (gap,) = [one for one in batch.coverage if one.part]
    assert (gap.part, gap.state) == ("secrets", CoverageState.PARTIAL)
    assert "list secrets" in gap.next_step


def test_only_the_namespaces_asked_for_are_read(watch: Any, alice: Person, shop: str) -> None:
    inside: Watcher = watch(namespaces=[shop], audit=True)
    outside: Watcher = watch(exclude_namespaces=[shop], audit=True)
    alice.make(f"/api/v1/namespaces/{shop}/configmaps", config())
    alice.make("/api/v1/namespaces/default/configmaps", config(f"of-{shop}"))
    assert [event.resource.name for event in inside.events()] == ["settings"]
    assert [event.resource.name for event in outside.events()] == [f"of-{shop}"]
