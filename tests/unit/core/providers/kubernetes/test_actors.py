"""Whom a user name and a User-Agent make: people, Git's controllers, parts of the platform, and whoever holds their credentials."""

import pytest

from core.event import ActorKind, Event, Via
from core.json import JsonObject
from core.trait import Trait
from tests.unit.core.providers.kubernetes.given import audit, read

CONTROLLERS = "system:serviceaccount:kube-system"


def act(verb: str = "patch", resource: str = "deployments.apps", *, user: str, agent: str, body: JsonObject | None = None) -> Event:
    (found,) = read("k8s-audit", audit(verb, resource, user=user, agent=agent, body=body or {}))[0].events
    return found


@pytest.mark.parametrize("agent", ["argocd-application-controller/v2.9.0", "kustomize-controller/v1.4", "flux/v2.3"])
@pytest.mark.parametrize("user", ["mallory@acme.example", "system:serviceaccount:shop:web", "arn:aws:sts::1:assumed-role/Admin/argocd"])
def test_a_user_agent_makes_nobody_gits_controller(user: str, agent: str) -> None:
    tracked = {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}}
    found = act(user=user, agent=agent, body=tracked)
    assert (found.actor.id, found.actor.via, found.intents) == (user, Via.UNKNOWN, ())
    assert found.actor.tool == agent.replace("/v", " ")


def test_gits_controllers_are_known_by_their_accounts_and_not_in_a_persons_tool() -> None:
    agent = "argocd-application-controller/v2.13.1 (linux/amd64) kubernetes/$Format"
    accounts = ("system:serviceaccount:argocd:argocd-application-controller", "arn:aws:sts::1:assumed-role/argocd-deployer/1700000000")
    assert [act(user=user, agent=agent).actor.via for user in accounts] == [Via.GITOPS, Via.GITOPS]
    assert [act(user=user, agent="kubectl/v1.31").actor.via for user in accounts] == [Via.CLI, Via.CLI]


@pytest.mark.parametrize(
    ("user", "verb", "resource", "agent"),
    [
        (f"{CONTROLLERS}:deployment-controller", "update", "deployments.apps", "curl/8.1"),
        ("system:kube-controller-manager", "delete", "deployments.apps", "kubectl/v1.31"),
        (f"{CONTROLLERS}:generic-garbage-collector", "patch", "configmaps", "python-requests/2"),
        (f"{CONTROLLERS}:generic-garbage-collector", "create", "configmaps", "kube-controller-manager/v1.31"),
        (f"{CONTROLLERS}:daemon-set-controller", "create", "deployments.apps", "kube-controller-manager/v1.31"),
        ("system:node:ip-10-0-0-1", "delete", "pods", "curl/8.1"),
    ],
)
def test_whoever_holds_a_controllers_credential_is_not_the_platform(user: str, verb: str, resource: str, agent: str) -> None:
    found = act(verb, resource, user=user, agent=agent)
    assert (found.actor.id, found.actor.kind) == (user, ActorKind.UNKNOWN)
    assert Trait.GRANTS_ACCESS in found.traits


@pytest.mark.parametrize(
    ("user", "verb", "resource", "agent"),
    [
        (f"{CONTROLLERS}:deployment-controller", "create", "replicasets.apps", "kube-controller-manager/v1.31 (linux/amd64) kubernetes/1"),
        (f"{CONTROLLERS}:generic-garbage-collector", "delete", "configmaps", "kube-controller-manager/v1.31"),
        (f"{CONTROLLERS}:horizontal-pod-autoscaler", "update", "deployments.apps/scale", "kube-controller-manager/v1.31"),
        (f"{CONTROLLERS}:statefulset-controller", "create", "persistentvolumeclaims", "k3s/v1.30"),
        (f"{CONTROLLERS}:kops-controller", "patch", "nodes", "kops-controller/v0.0.0"),
        ("system:addon-manager", "patch", "deployments.apps", "kubectl/v1.31"),
        ("system:node:ip-10-0-0-1", "delete", "pods", "kubelet/v1.31"),
    ],
)
def test_a_controller_at_its_own_work_is_the_platform(user: str, verb: str, resource: str, agent: str) -> None:
    assert act(verb, resource, user=user, agent=agent).actor.kind is ActorKind.SERVICE
