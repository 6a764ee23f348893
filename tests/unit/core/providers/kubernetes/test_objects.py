"""Two states of one object become what changed between them, and its status becomes health."""

import json
from typing import Any

import pytest

from core.batch import Reading
from core.errors import RecordUnreadable
from core.event import ActorKind, ChangeType, Event, IntentKind, ReferenceKind, Via
from core.json import JsonObject, encode
from core.observation import Health, Observation, Signal
from core.trait import Trait
from tests.unit.core.providers.kubernetes.given import deployment, manifest, read

SECRET = "hunter2-correct-horse"


def change(before: JsonObject, after: JsonObject) -> Event:
    (found,) = read("k8s-object", before, after)[1].events
    return found


def same(before: JsonObject, after: JsonObject) -> bool:
    second = read("k8s-object", before, after)[1]
    return not second.events and not second.baseline


def managed(manager: str, fields: JsonObject, time: str = "2026-11-24T08:59:00Z", **more: Any) -> JsonObject:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


IMAGE: JsonObject = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {".": {}, "f:image": {}}}}}}}
REPLICAS: JsonObject = {"f:spec": {"f:replicas": {}}}
STATUS: JsonObject = {"f:status": {"f:replicas": {}}, "f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}}


def test_the_first_sight_is_a_baseline_and_no_event() -> None:
    (first,) = read("k8s-object", deployment())
    assert (first.baseline, first.events) == (True, ())


def test_a_new_image_is_a_rollout_with_before_and_after() -> None:
    found = change(deployment("api:1"), deployment("api:2", version="2"))
    assert (found.change_type, found.resource.key) == (ChangeType.MODIFIED, "kubernetes/eks/shop/Deployment/web")
    assert [(c.path, c.before, c.after) for c in found.changes] == [("spec.template.spec.containers[app].image", "api:1", "api:2")]
    assert found.traits == {Trait.ROLLS_OUT, Trait.CHANGES_CONFIGURATION}


def test_replicas_alone_are_a_scaling() -> None:
    found = change(deployment(replicas=2), deployment(replicas=5, version="2"))
    assert (found.change_type, set(found.traits)) == (ChangeType.SCALED, {Trait.SCALES})


def test_scaled_to_nothing_stops_it() -> None:
    assert Trait.STOPS_WORKLOAD in change(deployment(replicas=2), deployment(replicas=0, version="2")).traits


def test_a_restart_is_told_as_one() -> None:
    notes = {"kubectl.kubernetes.io/restartedAt": "2026-11-24T08:59:00Z"}
    found = change(deployment(), deployment(notes=notes, version="2"))
    assert (found.change_type, set(found.traits)) == (ChangeType.RESTARTED, {Trait.RESTARTS})


def test_an_earlier_template_is_a_rollback() -> None:
    states = [deployment(image, version=str(n)) for n, image in enumerate(("api:1", "api:2", "api:1"))]
    forth, back = (reading.events[0] for reading in read("k8s-object", *states)[1:])
    assert Trait.ROLLS_BACK not in forth.traits
    assert Trait.ROLLS_BACK in back.traits


@pytest.mark.parametrize(
    "noise",
    [
        {"metadata": {"resourceVersion": "9", "generation": 3, "managedFields": [managed("kubectl-edit", IMAGE)]}},
        {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "7"}}},
        {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}},
        {"metadata": {"finalizers": ["x"], "ownerReferences": []}},
        {"status": {"replicas": 2, "observedGeneration": 3}},
    ],
)
def test_what_the_cluster_notes_down_by_itself_is_no_change(noise: JsonObject) -> None:
    assert same(deployment(), deployment(**noise))


def test_another_order_is_no_change() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    before = deployment(container={"env": env}, metadata={"labels": {"a": "1", "b": "2"}})
    after = deployment(container={"env": env[::-1]}, metadata={"labels": {"b": "2", "a": "1"}, "resourceVersion": "2"})
    assert same(before, after)
    subjects = [{"kind": "User", "name": "ana"}, {"kind": "Group", "name": "ops"}]
    assert same(manifest("RoleBinding", subjects=subjects), manifest("RoleBinding", subjects=subjects[::-1]))


def test_a_label_is_a_tag() -> None:
    found = change(deployment(), deployment(metadata={"labels": {"team": "shop"}}))
    assert ([c.path for c in found.changes], set(found.traits)) == (["metadata.labels.team"], {Trait.TAGS})


def test_the_same_name_in_another_cluster_is_another_object() -> None:
    _, other = read("k8s-object", deployment("api:1"), deployment("api:2", metadata={"uid": "elsewhere"}))
    assert (other.baseline, other.events) == (True, ())


def test_a_deletion_is_told_when_it_begins_and_once() -> None:
    going = {"deletionTimestamp": "2026-11-24T08:59:30Z", "deletionGracePeriodSeconds": 30}
    marked = manifest("Namespace", metadata=going)
    readings = read("k8s-object", manifest("Namespace"), marked, {**marked, "spec": {"finalizers": []}})
    (deleted,) = readings[1].events
    assert (deleted.change_type, deleted.occurred_at.isoformat()) == (ChangeType.DELETED, "2026-11-24T08:59:00+00:00")
    assert readings[2].events == ()


def test_trouble_of_a_workload_stands_and_that_of_a_job_that_ended_does_not() -> None:
    stuck = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}], "replicas": 3}
    failed = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    (workload,) = read("k8s-object", deployment("api:1", status=stuck))[0].observations
    (job,) = read("k8s-object", manifest("Job", status=failed))[0].observations
    assert (workload.standing, job.standing) == (True, False)


def test_what_is_being_deleted_is_not_read_as_well_though_its_pods_still_are() -> None:
    well = {"observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 3}
    running = deployment("api:1", status=well)
    going = {**running, "metadata": {**running["metadata"], "deletionTimestamp": "2026-11-24T08:59:30Z"}}
    first, marked, still = read("k8s-object", running, going, {**going, "status": {**well, "readyReplicas": 2}})
    assert first.observations
    assert (marked.observations, still.observations) == ((), ())


@pytest.mark.parametrize(
    ("manager", "kind", "via", "tool"),
    [
        ("argocd-application-controller", ActorKind.AUTOMATION, Via.GITOPS, "Argo CD"),
        ("kustomize-controller", ActorKind.AUTOMATION, Via.GITOPS, "Flux"),
        ("Terraform", ActorKind.AUTOMATION, Via.IAC, "Terraform"),
        ("helm", ActorKind.UNKNOWN, Via.CLI, "Helm"),
        ("kubectl-edit", ActorKind.UNKNOWN, Via.CLI, "kubectl edit"),
        ("kubectl-client-side-apply", ActorKind.UNKNOWN, Via.CLI, "kubectl apply"),
        ("kubectl-set", ActorKind.UNKNOWN, Via.CLI, "kubectl set"),
        ("kube-controller-manager", ActorKind.SERVICE, Via.CONTROLLER, "kube-controller-manager"),
        ("Mozilla", ActorKind.UNKNOWN, Via.CONSOLE, "web console"),
        ("somebodys-script", ActorKind.UNKNOWN, Via.UNKNOWN, "somebodys-script"),
    ],
)
def test_the_field_manager_names_the_tool_and_no_person(manager: str, kind: ActorKind, via: Via, tool: str) -> None:
    after = deployment("api:2", metadata={"managedFields": [managed(manager, IMAGE), managed("kube-controller-manager", STATUS)]})
    actor = change(deployment("api:1"), after).actor
    assert (actor.kind, actor.via, actor.tool) == (kind, via, tool)
    assert bool(actor.id) is (kind is not ActorKind.UNKNOWN)


def test_the_manager_is_the_one_that_owns_what_changed() -> None:
    fields = [managed("helm", IMAGE, "2026-11-24T08:58:00Z"), managed("kube-controller-manager", REPLICAS, "2026-11-24T08:59:00Z")]
    found = change(deployment("api:1"), deployment("api:2", metadata={"managedFields": fields}))
    assert (found.actor.tool, found.occurred_at.isoformat()) == ("Helm", "2026-11-24T08:58:00+00:00")


def test_a_field_that_was_removed_has_no_writer() -> None:
    fields = [managed("helm", IMAGE, "2026-11-20T00:00:00Z"), managed("kubectl-edit", {"f:spec": {"f:paused": {}}}, "2026-11-21T00:00:00Z")]
    before = deployment(metadata={"managedFields": fields})
    after = deployment(metadata={"managedFields": fields[:1]})
    before["spec"]["paused"] = True
    assert change(before, after).actor.tool == ""


def test_an_argo_tracked_object_written_by_argo_has_its_reason_and_by_hand_has_none() -> None:
    notes = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}

    def by(manager: str) -> Event:
        return change(deployment(metadata=notes), deployment("api:2", metadata={**notes, "managedFields": [managed(manager, IMAGE)]}))

    assert [(i.kind, i.ref) for i in by("argocd-controller").intents] == [(IntentKind.GITOPS, "shop")]
    assert by("kubectl-edit").intents == ()
    assert "argocd/eks/shop" in [ref.id for ref in by("kubectl-edit").references]


def test_a_change_cause_counts_for_the_change_that_wrote_it_alone() -> None:
    def noted(cause: str, image: str) -> JsonObject:
        return deployment(image, metadata={"annotations": {"kubernetes.io/change-cause": cause}})

    assert [i.says for i in change(noted("one", "api:1"), noted("two", "api:2")).intents] == ["two"]
    assert change(noted("one", "api:1"), noted("one", "api:2")).intents == ()


def test_a_workload_points_at_what_it_mounts_and_an_autoscaler_at_what_it_scales() -> None:
    pod = {"volumes": [{"name": "c", "configMap": {"name": "settings"}}]}
    container = {"envFrom": [{"secretRef": {"name": "keys"}}]}
    found = change(deployment(pod=pod, container=container), deployment("api:2", pod=pod, container=container))
    mounts = {ref.id for ref in found.references if ref.kind is ReferenceKind.MOUNTS}
    assert mounts == {"kubernetes/eks/shop/ConfigMap/settings", "kubernetes/eks/shop/Secret/keys"}
    scaler = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    hpa = change(
        manifest("HorizontalPodAutoscaler", spec={**scaler, "maxReplicas": 3}),
        manifest("HorizontalPodAutoscaler", spec={**scaler, "maxReplicas": 9}),
    )
    assert [ref.id for ref in hpa.references if ref.kind is ReferenceKind.TARGETS] == ["kubernetes/eks/shop/Deployment/web"]


def test_a_trait_is_of_the_change_and_not_of_what_was_there_before() -> None:
    host = {"hostNetwork": True}
    assert Trait.PRIVILEGED_WORKLOAD in change(deployment(), deployment(pod=host)).traits
    assert Trait.PRIVILEGED_WORKLOAD not in change(deployment("api:1", pod=host), deployment("api:2", pod=host)).traits


@pytest.mark.parametrize(
    ("before", "after", "trait"),
    [
        (manifest("Service", spec={"type": "ClusterIP"}), manifest("Service", spec={"type": "LoadBalancer"}), Trait.EXPOSES_PUBLICLY),
        (
            manifest("Namespace", metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}),
            manifest("Namespace", metadata={"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}),
            Trait.WEAKENS_PROTECTION,
        ),
        (manifest("CronJob", spec={"schedule": "0 1 * * *"}), manifest("CronJob", spec={"schedule": "0 2 * * *"}), Trait.CHANGES_SCHEDULE),
        (manifest("CronJob", spec={"suspend": False}), manifest("CronJob", spec={"suspend": True}), Trait.STOPS_WORKLOAD),
        (manifest("Node", spec={}), manifest("Node", spec={"unschedulable": True}), Trait.MAINTAINS),
        (manifest("Secret", data={"k": "b2xk"}), manifest("Secret", data={"k": "bmV3"}), Trait.CHANGES_SECRET),
        (
            manifest("NetworkPolicy", spec={"ingress": [{"from": [{"podSelector": {}}]}]}),
            manifest("NetworkPolicy", spec={"ingress": [{}]}),
            Trait.OPENS_NETWORK,
        ),
    ],
)
def test_a_difference_has_the_traits_of_what_it_is(before: JsonObject, after: JsonObject, trait: Trait) -> None:
    assert trait in change(before, after).traits


def secrets_everywhere(version: str) -> list[JsonObject]:
    value = f"{SECRET}-{version}"
    applied = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": value, "deploy-token": value, "v": version}}
    words = {"args": ["--api-key", value, f"--password={value}"], "command": ["sh", "-c", f"DB_PASSWORD={value} run"]}
    container = {"env": [{"name": "PLAIN", "value": value}], **words}
    return [
        manifest("Secret", data={"key": value}, stringData={"other": value}, metadata=applied),
        manifest("ConfigMap", data={"app.ini": f"password={value}", "plain": value}, metadata=applied),
        deployment(f"api:{version}", container=container, metadata=applied),
        manifest("Widget", "w", api="acme.example/v1", spec={"token": value, "credentials": {"user": value}, "v": version}),
    ]


def test_no_secret_leaves_and_yet_its_change_is_seen() -> None:
    before, after = secrets_everywhere("1"), secrets_everywhere("2")
    readings: list[Reading] = read("k8s-object", *before, *after)
    assert all(len(reading.events) == 1 for reading in readings[len(before) :])
    assert SECRET not in "".join(encode(reading).decode() for reading in readings)
    assert "data.key" in [c.path for c in readings[len(before)].events[0].changes]


def seen(found: JsonObject, signal: Signal) -> Observation:
    return next(one for one in read("k8s-object", found)[0].observations if one.signal is signal)


STUCK = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


@pytest.mark.parametrize(
    ("status", "health", "says"),
    [
        ({"replicas": 2, "availableReplicas": 2, "updatedReplicas": 2}, Health.HEALTHY, "2 of 2 ready"),
        ({"replicas": 2, "availableReplicas": 1, "updatedReplicas": 1}, Health.PROGRESSING, "1 of 2 ready, 1 of 2 of the newest template"),
        (
            {"availableReplicas": 1, "updatedReplicas": 1, "conditions": [STUCK]},
            Health.DEGRADED, "1 of 2 ready; the rollout made no progress within its deadline",
        ),
    ],
)  # fmt: skip
def test_a_rollouts_progress_is_read_from_its_status(status: JsonObject, health: Health, says: str) -> None:
    found = seen(deployment(status=status), Signal.ROLLOUT)
    assert (found.health, found.says, found.denominator) == (health, says, 2)


def test_a_pod_that_crashes_says_why() -> None:
    status = {"containerStatuses": [{"restartCount": 4, "ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
    pod = manifest("Pod", spec={}, status=status)
    assert (seen(pod, Signal.CRASH).health, seen(pod, Signal.CRASH).says) == (Health.DEGRADED, "CrashLoopBackOff")
    assert seen(pod, Signal.RESTARTS).numerator == 4


def test_a_node_that_is_not_heard_from_is_degraded() -> None:
    conditions = [{"type": "Ready", "status": "Unknown"}, {"type": "MemoryPressure", "status": "True"}]
    found = read("k8s-object", manifest("Node", spec={}, status={"conditions": conditions}))[0].observations
    assert [(one.check, one.health, one.says) for one in found] == [
        ("Ready", Health.DEGRADED, "not heard from"),
        ("MemoryPressure", Health.DEGRADED, "MemoryPressure"),
    ]


@pytest.mark.parametrize("record", [{}, {"kind": "Pod"}, {"metadata": {"name": "x"}}, {"kind": "Pod", "metadata": "x"}])
def test_what_is_no_object_is_said_so(record: JsonObject) -> None:
    with pytest.raises(RecordUnreadable, match="no object"):
        read("k8s-object", record)


def test_a_warning_event_is_an_observation_of_the_workload() -> None:
    about = {"kind": "Pod", "name": "api-b688764f-2xck8", "namespace": "shop"}
    old = {
        "kind": "Event",
        "involvedObject": about,
        "reason": "BackOff",
        "type": "Warning",
        "count": 7,
        "message": "Back-off",
        "lastTimestamp": "2026-11-24T08:00:00Z",
    }
    new = {
        "kind": "Event",
        "regarding": about,
        "reason": "BackOff",
        "type": "Warning",
        "note": "Back-off",
        "series": {"count": 7, "lastObservedTime": "2026-11-24T08:00:00.000000Z"},
    }
    for record in (old, new):
        (reading,) = read("k8s-event", record)
        (found,) = reading.observations
        assert (reading.events, found.resource.key) == ((), "kubernetes/eks/shop/Deployment/api")
        assert (found.signal, found.health, found.says) == (Signal.WARNING, Health.DEGRADED, "BackOff (7 times): Back-off")
        assert found.at.isoformat() == "2026-11-24T08:00:00+00:00"


def test_states_survive_json() -> None:
    (first,) = read("k8s-object", deployment())
    assert json.loads(json.dumps(first.known_changes[0].state)) == first.known_changes[0].state
