"""What happens in the cluster: deploys, load, jobs, incidents, and acts that no rule names."""

from dataclasses import replace
from datetime import datetime, timedelta

from core.json import JsonObject
from tests.simulator import kubernetes_records as k8s
from tests.simulator.organisation import App, Person
from tests.simulator.scribe import CLUSTER, Scribe
from tests.simulator.truth import Meant, Truth

KUBECTL = "kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46"
HEALTHY, SICK = ((4.0, True), (9.0, True)), ((3.0, False), (9.0, False))


def rollout(scribe: Scribe, app: App, at: datetime, truth: Truth, image: str) -> None:
    """What the controllers do once a deployment's template is another: a new ReplicaSet up, the old one down, pods come and go."""
    revision = f"{scribe.chance.getrandbits(36):09x}"
    maker, keeper = k8s.controller("deployment-controller"), k8s.controller("replicaset-controller")
    before = scribe.revision(app.name)
    scribe.revisions[app.name] = revision
    fresh, old = k8s.replica_set(app, revision, app.replicas), k8s.replica_set(app, before, 0)
    _by_controller(scribe, at + timedelta(seconds=0.4), truth, "create", "replicasets", app, fresh, maker)
    for n in range(app.replicas):
        moment = at + timedelta(seconds=2 + 9 * n)
        _by_controller(scribe, moment, truth, "create", "pods", app, k8s.pod(app, revision, f"{n}{scribe.id()[-4:]}", image), keeper)
        gone = k8s.pod(app, before, f"{n}{scribe.id()[-4:]}", image)
        _by_controller(scribe, moment + timedelta(seconds=5), truth, "delete", "pods", app, gone, keeper)
    _by_controller(scribe, at + timedelta(seconds=11 * app.replicas), truth, "update", "replicasets", app, old, maker)


def _by_controller(scribe: Scribe, at: datetime, truth: Truth, verb: str, resource: str, app: App, thing: JsonObject, who: str) -> None:
    metadata = thing["metadata"]
    assert isinstance(metadata, dict)
    asked = thing if verb != "delete" else {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": scribe.id()}}
    record = k8s.audit(
        scribe.id(), at, verb=verb, resource=resource, namespace=app.namespace, name=str(metadata["name"]), user=who,
        agent=f"{k8s.CONTROLLER_AGENT}/{who}", asked=asked, answer=thing, code=201 if verb == "create" else 200,
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth)


def _image(scribe: Scribe, app: App) -> str:
    return f"registry.lumbra.example/{app.name}:{scribe.chance.getrandbits(28):07x}"


def deploy(scribe: Scribe, app: App, at: datetime, *, sick: bool = False, sort: str = "deploy") -> None:
    """Argo CD carries out a commit: settings first where they differ, then the workload, then what follows from it."""
    truth = scribe.cause(sort, Meant.PLANNED, healthy=not sick)
    image = _image(scribe, app)
    if app.config and scribe.chance.random() < 0.4:
        asked: JsonObject = {
            "metadata": {
                "annotations": {"argocd.argoproj.io/tracking-id": f"{app.application}:/ConfigMap:{app.namespace}/{app.name}-settings"}
            },
            "data": {"level": str(scribe.chance.randrange(99))},
        }
        _argo(scribe, at - timedelta(seconds=1), truth, "configmaps", app, f"{app.name}-settings", asked, {**asked, "kind": "ConfigMap"})
    asked = {
        "metadata": {"annotations": k8s.tracked(app)},
        "spec": {"template": {"spec": {"containers": [{"name": app.name, "image": image}]}}},
    }
    _argo(scribe, at, truth, "deployments", app, app.name, asked, k8s.deployment(app, image, {}), SICK if sick else HEALTHY)
    rollout(scribe, app, at, truth, image)


def _argo(
    scribe: Scribe, at: datetime, truth: Truth, resource: str, app: App, name: str, asked: JsonObject, answer: JsonObject,
    vitals: tuple[tuple[float, bool], ...] = (),
) -> None:  # fmt: skip
    record = k8s.audit(
        scribe.id(), at, verb="patch", resource=resource, namespace=app.namespace, name=name, user=k8s.ARGO,
        agent="argocd-application-controller/v2.13.1 (linux/amd64) kubernetes/$Format", asked=asked, answer=answer,
        query="?fieldManager=argocd-controller",
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth, vitals)


def load(scribe: Scribe, app: App, at: datetime, steps: int, up: bool) -> None:
    """One swing of the load: the autoscaler takes it in a few steps."""
    truth = scribe.cause("load", Meant.ROUTINE, healthy=True)
    count = app.replicas if up else app.replicas + 2 * steps
    who = k8s.controller("horizontal-pod-autoscaler")
    for _ in range(steps):
        count += 2 if up else -2
        scale: JsonObject = {
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": app.name, "namespace": app.namespace},
            "spec": {"replicas": count},
        }  # fmt: skip
        record = k8s.audit(
            scribe.id(), at, verb="update", resource="deployments", sub="scale", namespace=app.namespace, name=app.name, user=who,
            agent=f"{k8s.CONTROLLER_AGENT}/{who}", asked=scale, answer=scale,
        )  # fmt: skip
        scribe.write(CLUSTER, at, record, truth, HEALTHY)
        revision = scribe.revision(app.name)
        after = at + timedelta(seconds=0.3)
        _by_controller(
            scribe,
            after,
            truth,
            "update",
            "replicasets",
            app,
            k8s.replica_set(app, revision, count),
            k8s.controller("deployment-controller"),
        )
        for n in range(2):
            thing = k8s.pod(app, revision, f"{n}{scribe.id()[-4:]}", "registry.lumbra.example/x:1")
            verb, keeper = ("create" if up else "delete"), k8s.controller("replicaset-controller")
            _by_controller(scribe, after + timedelta(seconds=0.5 + n), truth, verb, "pods", app, thing, keeper)
        at += timedelta(minutes=scribe.chance.uniform(2, 6))


def night_job(scribe: Scribe, name: str, namespace: str, at: datetime) -> None:
    """A CronJob's turn."""
    truth = scribe.cause("night_job", Meant.ROUTINE)
    number = str(int(at.timestamp() // 60))
    who = k8s.controller("cronjob-controller")
    job: JsonObject = {
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": {
            "name": f"{name}-{number}", "namespace": namespace, "uid": f"job-{name}-{number}",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": name, "uid": f"cron-{name}"}],
        },
    }  # fmt: skip
    place = App(name=name, namespace=namespace, team="", replicas=1)
    _by_controller(scribe, at, truth, "create", "jobs", place, job, who)
    pod: JsonObject = {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "name": f"{name}-{number}-x", "namespace": namespace,
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": f"{name}-{number}", "uid": f"job-{name}-{number}"}],
        },
    }  # fmt: skip
    _by_controller(scribe, at + timedelta(seconds=1), truth, "create", "pods", place, pod, k8s.controller("job-controller"))


def by_person(
    scribe: Scribe, person: Person, at: datetime, truth: Truth, app: App, asked: JsonObject, *, vitals: tuple[tuple[float, bool], ...] = (),
    address: str = "", manager: str = "kubectl-edit",
) -> None:  # fmt: skip
    """A person changes a deployment that Git owns."""
    record = k8s.audit(
        scribe.id(), at, verb="patch", resource="deployments", namespace=app.namespace, name=app.name, user=person.mail, agent=KUBECTL,
        address=address or person.address, asked=asked, answer=k8s.deployment(app, _image(scribe, app), {}),
        query=f"?fieldManager={manager}",
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth, vitals)


def shell(scribe: Scribe, person: Person, at: datetime, truth: Truth, app: App, command: str = "sh") -> None:
    name = f"{app.name}-{k8s.hash_of(app.name):09x}"[: len(app.name) + 10] + "-x2x9k"
    record = k8s.audit(
        scribe.id(), at, verb="create", resource="pods", sub="exec", namespace=app.namespace, name=name, user=person.mail, agent=KUBECTL,
        address=person.address, code=101, query=f"?command={command}&container={app.name}&stdin=true&tty=true",
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth)


def incident(scribe: Scribe, person: Person, app: App, at: datetime) -> None:
    """Something breaks at any hour; who is on call looks inside, changes what Git owns, and it recovers."""
    truth = scribe.cause("incident", Meant.UNPLANNED, healthy=True)
    if scribe.chance.random() < 0.5:
        shell(scribe, person, at, truth, app)
    at += timedelta(minutes=scribe.chance.uniform(1, 5))
    image = _image(scribe, app)
    asked: JsonObject = {"spec": {"template": {"spec": {"containers": [{"name": app.name, "image": image}]}}}}
    by_person(scribe, person, at, truth, app, asked, vitals=HEALTHY)
    rollout(scribe, app, at, truth, image)


def tinkering(scribe: Scribe, person: Person, app: App, at: datetime) -> None:
    """Somebody sets a label on a thing that nothing owns: nobody could tell from records whether it was agreed on."""
    truth = scribe.cause("tinkering", Meant.AMBIGUOUS)
    asked: JsonObject = {"metadata": {"labels": {"seen-by": person.login}}}
    thing: JsonObject = {"kind": "ConfigMap", "metadata": {"name": f"scratch-{person.login}", "namespace": app.namespace}}
    record = k8s.audit(
        scribe.id(), at, verb="patch", resource="configmaps", namespace=app.namespace, name=f"scratch-{person.login}", user=person.mail,
        agent=KUBECTL, address=person.address, asked=asked, answer=thing,
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth)


def own_machinery(
    scribe: Scribe, account: str, at: datetime, app: App, resource: str, name: str, asked: JsonObject, sort: str, verb: str = "patch"
) -> None:
    """A program of the organisation's own does what it does every day: no rule names it."""
    truth = scribe.cause(sort, Meant.ROUTINE, healthy=True)
    record = k8s.audit(
        scribe.id(), at, verb=verb, resource=resource, namespace=app.namespace, name=name,
        user=f"system:serviceaccount:workshop:{account}", agent="okhttp/4.12.0", asked=asked,
        answer={"kind": {"secrets": "Secret", "pods": "Pod"}.get(resource, "Deployment"), "metadata": {"name": name,
        "namespace": app.namespace}},
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth)


def grant(scribe: Scribe, person: Person, at: datetime) -> None:
    truth = scribe.cause("cluster_grant", Meant.UNPLANNED, harm=True)
    binding: JsonObject = {
        "kind": "ClusterRoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": f"temp-{person.login}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "name": person.mail, "apiGroup": "rbac.authorization.k8s.io"}],
    }  # fmt: skip
    record = k8s.audit(
        scribe.id(), at, verb="create", resource="clusterrolebindings", namespace="", name=f"temp-{person.login}", user=person.mail,
        agent=KUBECTL, address=person.address, asked=binding, answer=binding, code=201,
    )  # fmt: skip
    scribe.write(CLUSTER, at, record, truth)


def stolen(scribe: Scribe, person: Person, at: datetime) -> None:
    """A leaver's credential from a place never seen: refusals first, then a way in."""
    truth = scribe.cause("leaver", Meant.UNPLANNED, harm=True)
    ghost = replace(person, address="203.0.113.66")
    for n in range(14):
        record = k8s.audit(
            scribe.id(), at + timedelta(seconds=4 * n), verb="create", resource="pods", namespace="money", name=f"probe-{n}",
            user=ghost.mail,
            agent="python-requests/2.31.0", address=ghost.address, code=403,
            failure=f'pods is forbidden: User "{ghost.mail}" cannot create',
        )  # fmt: skip
        scribe.write(CLUSTER, at + timedelta(seconds=4 * n), record, truth)
    for n in range(3):
        shell(scribe, ghost, at + timedelta(minutes=2 + n), truth, App(name="ledger", namespace="money", team="", replicas=1), "env")


def glance(scribe: Scribe, user: str, address: str, app: App, at: datetime) -> None:
    """A read."""
    verb, resource = scribe.chance.choice((("get", "deployments"), ("list", "pods"), ("watch", "configmaps"), ("get", "nodes")))
    record = k8s.audit(
        scribe.id(), at, verb=verb, resource=resource, namespace=app.namespace, name=app.name, user=user, agent=KUBECTL, address=address
    )
    scribe.write(CLUSTER, at, record, None)
