"""What an object says of others and of its own reason: references and intents. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from core.event import Intent, IntentKind, Reference, ReferenceKind
from core.json import JsonObject
from core.kube.state import arguments
from core.kube.subject import items, mapping, pod_specs, text
from core.redaction import Redactor

# Annotations and labels under which delivery tools and teams leave the commit: OCI's own key, GitLab's, and the common spellings.
_COMMITS = (
    "app.kubernetes.io/commit", "git-commit", "gitCommit", "git.commit", "commit", "git-sha", "gitsha", "sha", "revision-hash",
    "app.kubernetes.io/git-commit", "org.opencontainers.image.revision", "app.gitlab.com/commit",
    "deploy.commit", "deployment/commit", "vcs-ref", "build.commit",
)  # fmt: skip
_PIPELINES = (
    "app.gitlab.com/pipeline", "github.com/run-id", "ci.build", "build-url", "buildUrl", "pipeline-url", "deploy.pipeline",
    "jenkins.io/build",
)  # fmt: skip
_TICKETS = ("ticket", "change-ticket", "jira", "change-request", "deploy.ticket")
# What is written on an object and stays there, whoever changes it next.
NOTES = frozenset({IntentKind.CHANGE_CAUSE, IntentKind.COMMIT, IntentKind.PIPELINE, IntentKind.TICKET})


class Place(Protocol):
    """Where a thing lives: the name people know its cluster by, and how the key of a thing there is spelt."""

    @property
    def cluster(self) -> str: ...

    @property
    def redactor(self) -> Redactor: ...

    def key(self, kind: str, name: str, namespace: str = "") -> str:
        """The resource key of a thing that is only referred to."""
        ...


def references(found: JsonObject, place: Place, *, with_namespace: bool = False) -> tuple[Reference, ...]:
    """Owners, what its pods mount, what it scales or routes to, the release that it belongs to.

    The namespace is an owner where asked: it takes along what is in it when it comes or goes.
    """
    metadata = mapping(found, "metadata")
    namespace, kind = text(metadata, "namespace"), text(found, "kind")
    told = [Reference(kind=ReferenceKind.SAME_AS, id=text(metadata, "uid"))] if text(metadata, "uid") else []
    for owner in items(metadata, "ownerReferences"):
        if text(owner, "uid"):
            told.append(Reference(kind=ReferenceKind.OWNER, id=text(owner, "uid")))
        if text(owner, "kind") and text(owner, "name"):
            told.append(Reference(kind=ReferenceKind.OWNER, id=place.key(text(owner, "kind"), text(owner, "name"), namespace)))
    told += [Reference(kind=ReferenceKind.MOUNTS, id=place.key(k, name, namespace)) for k, name in sorted(set(_mounted(found)))]
    target = mapping(found, "spec", "scaleTargetRef")
    if text(target, "kind") and text(target, "name"):
        told.append(Reference(kind=ReferenceKind.TARGETS, id=place.key(text(target, "kind"), text(target, "name"), namespace)))
    if kind == "Ingress":
        told += [Reference(kind=ReferenceKind.TARGETS, id=place.key("Service", name, namespace)) for name in sorted(set(_backends(found)))]
    if namespace and with_namespace:
        told.append(Reference(kind=ReferenceKind.OWNER, id=place.key("Namespace", namespace)))
    told += _releases(found, place)
    return tuple(dict.fromkeys(told))


def _mounted(found: JsonObject) -> Iterator[tuple[str, str]]:
    for pod in pod_specs(found):
        for volume in items(pod, "volumes"):
            yield from _named("ConfigMap", text(volume, "configMap", "name"))
            yield from _named("Secret", text(volume, "secret", "secretName"))
            yield from _named("PersistentVolumeClaim", text(volume, "persistentVolumeClaim", "claimName"))
            for source in items(volume, "projected", "sources"):
                yield from _named("ConfigMap", text(source, "configMap", "name"))
                yield from _named("Secret", text(source, "secret", "name"))
        for container in (*items(pod, "initContainers"), *items(pod, "containers")):
            for one in items(container, "envFrom"):
                yield from _named("ConfigMap", text(one, "configMapRef", "name"))
                yield from _named("Secret", text(one, "secretRef", "name"))
            for one in items(container, "env"):
                yield from _named("ConfigMap", text(one, "valueFrom", "configMapKeyRef", "name"))
                yield from _named("Secret", text(one, "valueFrom", "secretKeyRef", "name"))


def _named(kind: str, name: str) -> Iterator[tuple[str, str]]:
    if name:
        yield kind, name


def _backends(found: JsonObject) -> Iterator[str]:
    spec = mapping(found, "spec")
    backends = [mapping(spec, "defaultBackend"), mapping(spec, "backend")]
    backends += [mapping(path, "backend") for rule in items(spec, "rules") for path in items(mapping(rule, "http"), "paths")]
    for backend in backends:
        name = text(backend, "service", "name") or text(backend, "serviceName")
        if name:
            yield name


def _releases(found: JsonObject, place: Place) -> Iterator[Reference]:
    """One revision of a Helm release, one sync of a GitOps application: only where the object names the very revision."""
    labels, annotations = mapping(found, "metadata", "labels"), mapping(found, "metadata", "annotations")
    helm = text(annotations, "meta.helm.sh/release-name")
    if helm:
        inside = text(annotations, "meta.helm.sh/release-namespace") or text(found, "metadata", "namespace")
        yield Reference(kind=ReferenceKind.PART_OF, id=f"helm/{place.cluster}/{inside}/{helm}")
        revision = text(labels, "helm.sh/revision") or text(annotations, "meta.helm.sh/release-revision")
        if revision:
            yield Reference(kind=ReferenceKind.RELEASE, id=f"helm/{place.cluster}/{inside}/{helm}/{revision}")
    if labels.get("owner") == "helm" and text(labels, "name") and text(labels, "version"):
        release = f"helm/{place.cluster}/{text(found, 'metadata', 'namespace')}/{text(labels, 'name')}"
        yield Reference(kind=ReferenceKind.PART_OF, id=release)
        yield Reference(kind=ReferenceKind.RELEASE, id=f"{release}/{text(labels, 'version')}")
    for application in _argo_application(labels, annotations):
        yield Reference(kind=ReferenceKind.PART_OF, id=f"argocd/{place.cluster}/{application}")
    for kind in ("kustomize", "helm"):
        name = text(labels, f"{kind}.toolkit.fluxcd.io/name")
        if name:
            inside = text(labels, f"{kind}.toolkit.fluxcd.io/namespace")
            yield Reference(kind=ReferenceKind.PART_OF, id=f"flux/{place.cluster}/{inside}/{name}")


def _argo_application(labels: JsonObject, annotations: JsonObject) -> Iterator[str]:
    tracked = text(annotations, "argocd.argoproj.io/tracking-id").partition(":")[0] or text(labels, "argocd.argoproj.io/instance")
    if tracked:
        yield tracked


def intents(found: JsonObject, tool: str, place: Place, changed: tuple[str, ...] | None) -> tuple[Intent, ...]:
    """Reasons that came with this change. What a tool merely owns is a reason only where that tool, or nobody known, wrote it.

    A note that lies on an object from an earlier change (a change-cause, a commit) counts only where this change wrote it: where it is
    among the fields that `changed`, or where the object is new (None).
    """
    labels, annotations = mapping(found, "metadata", "labels"), mapping(found, "metadata", "annotations")
    told: list[Intent] = []
    fresh = _fresh(changed)
    cause = text(annotations, "kubernetes.io/change-cause")
    if cause and fresh("kubernetes.io/change-cause"):
        told.append(Intent(kind=IntentKind.CHANGE_CAUSE, says=cause))
    application = next(_argo_application(labels, annotations), "")
    if application and tool == "Argo CD":
        told.append(Intent(kind=IntentKind.GITOPS, says=f"Argo CD application {application}", ref=application))
    for kind in ("kustomize", "helm"):
        name = text(labels, f"{kind}.toolkit.fluxcd.io/name")
        if name and tool == "Flux":
            told.append(Intent(kind=IntentKind.GITOPS, says=f"Flux {kind} {name}", ref=name))
    release = text(annotations, "meta.helm.sh/release-name")
    if release and tool == "Helm":
        chart = text(labels, "helm.sh/chart")
        told.append(Intent(kind=IntentKind.RELEASE, says=f"Helm release {release}" + (f" ({chart})" if chart else ""), ref=release))
    elif labels.get("owner") == "helm" and text(labels, "name") and tool == "Helm":
        revision = f"Helm release {text(labels, 'name')}, revision {text(labels, 'version') or 'unknown'}"
        told.append(Intent(kind=IntentKind.RELEASE, says=revision, ref=text(labels, "name")))
    for names, kind_of_intent in ((_COMMITS, IntentKind.COMMIT), (_PIPELINES, IntentKind.PIPELINE), (_TICKETS, IntentKind.TICKET)):
        for name in names:
            value = text(annotations, name) or text(labels, name)
            if value and fresh(name):
                told.append(Intent(kind=kind_of_intent, says=f"{kind_of_intent} {value}", ref=value))
                break
    return tuple(replace(intent, says=str(arguments([intent.says], place.redactor)[0])) for intent in told)


def _fresh(changed: tuple[str, ...] | None) -> Callable[[str], bool]:
    return lambda name: changed is None or any(path in (f"metadata.annotations.{name}", f"metadata.labels.{name}") for path in changed)
