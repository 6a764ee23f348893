"""Controllers of a cluster that call AWS by themselves (rules/controllers.yaml). Pure."""

from dataclasses import replace
from functools import cache

from core.event import Actor, Via
from core.json import JsonObject
from core.providers.aws.rules import load
from core.providers.aws.subject import mapping, told
from core.rulefile import fits
from core.trait import Trait

# EKS Pod Identity names its sessions so: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
_POD_SESSION = "eks-"
_EKS = ("*oidc.eks.*",)
# Every controller of the table is written in Go and says so beside its own name.
_GO_SDK = "aws-sdk-go"


@cache
def _table() -> tuple[JsonObject, ...]:
    return tuple(load("controllers.yaml")["controllers"])


@cache
def _unremarkable() -> frozenset[Trait]:
    return frozenset(Trait(one) for one in load("controllers.yaml")["unremarkable"])


def at_work(actor: Actor, record: JsonObject, call: str, traits: frozenset[Trait]) -> Actor:
    """The actor as the controller that it is, where AWS vouches for it and the act is its duty; else as it was."""
    if not traits <= _unremarkable():
        return actor
    if actor.via in (Via.CLI, Via.CONSOLE):
        return actor
    context = mapping(mapping(record, "userIdentity"), "sessionContext")
    role = told(mapping(context, "sessionIssuer").get("userName")).lower()
    agent = told(record.get("userAgent")).lower()
    for row in _table():
        if fits(call, row["duties"]) and _is(row, actor, context, role, agent):
            return replace(actor, name=str(row["name"]), via=Via.CONTROLLER, tool=str(row["name"]))
    return actor


def _is(row: JsonObject, actor: Actor, context: JsonObject, role: str, agent: str) -> bool:
    """A caller of AssumeRole chooses its session's name and its User-Agent, but neither its role nor who vouched for it."""
    federated = fits(told(mapping(context, "webIdFederationData").get("federatedProvider")), row.get("issuers", _EKS))
    by_role = bool(role) and fits(role, row["roles"]) and _GO_SDK in agent
    by_agent = fits(agent, row["agents"])
    on_node = bool(row.get("on_nodes")) and _session(actor).startswith("i-")
    return (federated and (by_role or by_agent)) or (_session(actor).startswith(_POD_SESSION) and by_role) or (on_node and by_agent)


def _session(actor: Actor) -> str:
    return actor.id.rpartition("/")[2] if ":assumed-role/" in actor.id else ""
