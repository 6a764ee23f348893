"""Who did it, from the identity, the User-Agent and the address of a CloudTrail record.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import ipaddress
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from core.event import UNKNOWN_ACTOR, Actor, ActorKind, Via
from core.json import JsonObject
from core.providers.aws.rules import load
from core.providers.aws.subject import mapping, told
from core.rulefile import fits

_SERVICE_NAME = re.compile(r"^([a-z0-9-]+)\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$")
_SERVICE_ROLE = re.compile(r"AWSServiceRoleFor(\w+)")
_SSO_ROLE = re.compile(r"AWSReservedSSO_?(.+?)_?([0-9a-f]{16})?$")
# The console of old times signs its calls so; whoever is behind it is a person.
_CONSOLE_CALLERS = frozenset({"signin.amazonaws.com", "console.amazonaws.com", "aws internal"})
_CI_PROVIDERS = (
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "oidc.circleci.com",
    "agent.buildkite.com",
    "api.bitbucket.org",
    "app.terraform.io",
)
# They call by themselves for the pipelines that they run: https://docs.aws.amazon.com/codepipeline/latest/userguide/security-iam.html
_BUILDERS = frozenset({"codebuild", "codepipeline", "codedeploy"})
_WORKLOAD = re.compile(r"exec-env/(AWS_Lambda|AWS_ECS|EC2)", re.IGNORECASE)
_TASK = re.compile(r"^[0-9a-f]{32}$|^[0-9]{10,}$|^(aws-go-sdk|botocore-session|aws-sdk-\w+|aws-sdk-js-session)-?\d*", re.IGNORECASE)
_PERSON = re.compile(r"@|^[A-Za-z]{2,}[._][A-Za-z]{2,}$")


@cache
def _table(name: str) -> tuple[JsonObject, ...]:
    return tuple(load("actors.yaml")[name])


@cache
def _names(table: str) -> tuple[str, ...]:
    return tuple(load("actors.yaml")[table]["like"])


@lru_cache(maxsize=4096)
def _first(table: str, value: str) -> JsonObject | None:
    return next((row for row in _table(table) if fits(value.lower(), row["like"])), None) if value else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """The actor, and whether a CI system vouches that it is a job of a pipeline."""

    actor: Actor
    pipeline: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _How:
    via: Via
    tool: str
    service: str  # the service that called, for itself or for somebody
    workload: bool = False  # the User-Agent says that it ran in a function or container


def who(record: JsonObject) -> Who:
    """The actor of a record. AWS's own services are services; sessions of machines automation; a person behind a role is the person."""
    identity = mapping(record, "userIdentity")
    how = _how(record, identity)
    network = cut(told(record.get("sourceIPAddress")))
    kind = told(identity.get("type"))
    if kind == "AssumedRole" or (not kind and ":assumed-role/" in told(identity.get("arn"))):
        found = _role_session(identity, how)
    elif (
        kind == "AWSService"
        or (not kind and told(identity.get("invokedBy")) and (how.service or _nobody(identity)))
        or (kind == "Root" and how.service)
    ):
        found = Who(actor=_service(how.service or told(identity.get("invokedBy"))))
    elif kind == "Root":
        found = Who(actor=Actor(kind=ActorKind.HUMAN, id=_id(identity), name="root", via=how.via, tool=how.tool, privileged=True))
    elif kind in ("IAMUser", "User"):
        found = _user(identity, how)
    elif told(record.get("eventType")) == "AwsServiceEvent" and not (told(identity.get("arn")) and network):
        found = Who(actor=_service(told(record.get("eventSource"))))
    else:
        found = _other(identity, kind, how)
    actor = found.actor
    if not actor.known and not actor.tool and not network:
        return Who(actor=replace(UNKNOWN_ACTOR, via=actor.via))
    return replace(found, actor=replace(actor, network="" if actor.kind is ActorKind.SERVICE else network))


def _how(record: JsonObject, identity: JsonObject) -> _How:
    agent, invoker, address = (told(value) for value in (record.get("userAgent"), identity.get("invokedBy"), record.get("sourceIPAddress")))
    agent = agent.strip("[]'\" ")
    callers = [name.lower() for name in (invoker, address) if _SERVICE_NAME.match(name.lower()) and name.lower() not in _CONSOLE_CALLERS]
    console = str(record.get("sessionCredentialFromConsole")).lower() == "true"
    for name in callers:
        row = _first("agents", name)
        if row and row["via"] == "iac":
            return _How(via=Via.IAC, tool=str(row["tool"]), service=name)
    if callers:
        return _How(via=Via.CONSOLE if console else Via.UNKNOWN, tool=callers[0], service=callers[0])
    row = _first("agents", agent)
    via, tool = (Via(row["via"]), _version(agent, str(row["tool"]))) if row else (Via.UNKNOWN, "")
    if console or invoker.lower() in _CONSOLE_CALLERS:
        return _How(via=Via.CONSOLE, tool="AWS console", service="")
    if via is Via.SERVICE:
        return _How(via=Via.UNKNOWN, tool=agent, service="")
    return _How(via=via, tool=tool, service="", workload=bool(_WORKLOAD.search(agent)))


def _version(agent: str, tool: str) -> str:
    named = tool or agent.split(" ")[0].split(",")[0]
    found = re.search(rf"{re.escape(tool)}[/ ]v?([0-9][0-9.]*)", agent, re.IGNORECASE) if tool else None
    return f"{named} {found.group(1).rstrip('.')}"[:60] if found else named.replace("/", " ", 1)[:60]


def _service(name: str) -> Actor:
    row = _first("agents", name.lower())
    if row and row["via"] == "iac":
        # What carries out a stack does so for somebody, also where the record does not say for whom.
        return Actor(kind=ActorKind.AUTOMATION, id=name, name=str(row["tool"]), via=Via.IAC, tool=str(row["tool"]))
    short = _SERVICE_NAME.match(name.lower())
    return Actor(kind=ActorKind.SERVICE, id=name, name=short.group(1) if short else name or "AWS", via=Via.SERVICE)


def _user(identity: JsonObject, how: _How) -> Who:
    name = told(identity.get("userName")) or _id(identity).rsplit("/", 1)[-1]
    machine = bool(name) and fits(name.lower(), _names("machine_users"))
    # Anyone may name a user so; one who works in the console is a person whatever the name.
    automation = machine and how.via is not Via.CONSOLE
    kind = ActorKind.AUTOMATION if automation else ActorKind.HUMAN if name else ActorKind.UNKNOWN
    session = mapping(identity, "sessionContext")
    actor = Actor(
        kind=kind, id=_id(identity), name=name, via=how.via, tool=how.tool, session=_sitting(_id(identity), session)
    )  # fmt: skip
    # A key of a user is no job, whatever the user is called: it works from anywhere, for whoever holds it.
    return Who(actor=actor)


def _role_session(identity: JsonObject, how: _How) -> Who:
    arn, context = told(identity.get("arn")), mapping(identity, "sessionContext")
    issuer = mapping(context, "sessionIssuer")
    parts = arn.split(":assumed-role/", 1)[1].split("/") if ":assumed-role/" in arn else []
    role = told(issuer.get("userName")) or (parts[0] if parts else arn.rpartition("/")[2])
    session = parts[-1] if len(parts) > 1 else told(identity.get("principalId")).partition(":")[2]
    role_arn = told(issuer.get("arn"))
    linked = _SERVICE_ROLE.search(role) or _SERVICE_ROLE.search(role_arn)
    # Where the path is told, it decides: only AWS makes roles in that one.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    if "/aws-service-role/" in role_arn or (linked and not role_arn):
        named = linked.group(1) if linked else role
        return Who(actor=Actor(kind=ActorKind.SERVICE, id=role_arn or arn, name=named, via=Via.SERVICE, session=_sitting(arn, context)))
    actor = Actor(id=arn or role_arn or _id(identity), name=session or role, via=how.via, tool=how.tool, session=_sitting(arn, context))
    machine = _machine(role, session, context, how)
    if machine is not None:
        row, pipeline = machine
        by_role = _first("sessions", role) or {}
        via = Via(by_role["via"]) if by_role.get("via") and how.via not in (Via.CONSOLE, Via.CLI) else how.via
        return Who(
            actor=replace(actor, kind=ActorKind.AUTOMATION, name=_shown(role, session, row), via=via, tool=how.tool or row["tool"]),
            pipeline=pipeline,
        )
    if how.service and how.via is Via.UNKNOWN and how.service.partition(".")[0] in f"{session} {role}".lower():
        return Who(actor=replace(_service(how.service), id=actor.id))
    sso = _SSO_ROLE.search(role)
    person = bool(sso) or how.via in (Via.CONSOLE, Via.CLI) or bool(_PERSON.search(session)) or bool(told(context.get("sourceIdentity")))
    return Who(actor=replace(actor, kind=ActorKind.HUMAN if person and (session or role) else ActorKind.UNKNOWN))


def _machine(role: str, session: str, context: JsonObject, how: _How) -> tuple[JsonObject, bool] | None:
    """What kind of machine holds the session, and whether it is a pipeline's job; None where nothing says that one does."""
    federated = told(mapping(context, "webIdFederationData").get("federatedProvider"))
    row = _first("sessions", session)
    built = how.service.partition(".")[0] in _BUILDERS and bool(row or _TASK.search(session))
    if built or any(name in federated for name in _CI_PROVIDERS):
        return (row or {"tool": "CI"}), True
    if how.via is Via.CONSOLE:
        return None
    if row is None and ("oidc.eks." in federated or told(mapping(context, "ec2RoleDelivery")) or how.workload):
        row = {"tool": "workload"}
    if row is None and not _PERSON.search(session):
        row = _first("sessions", role)
    if row is None and _TASK.search(session):
        row = {"tool": "workload"}
    return (row, False) if row is not None else None


def _shown(role: str, session: str, row: JsonObject) -> str:
    return role if row["tool"] in ("EC2 instance", "workload", "controller") and role else session or role


def _other(identity: JsonObject, kind: str, how: _How) -> Who:
    found = _id(identity)
    if kind in ("FederatedUser", "SAMLUser", "IdentityCenterUser", "WebIdentityUser"):
        name = told(identity.get("userName")) or told(mapping(identity, "onBehalfOf").get("userId")) or re.split(r"[/:]", found)[-1]
        provider = told(identity.get("identityProvider"))
        machine = any(host in provider for host in _CI_PROVIDERS) or kind == "WebIdentityUser"
        actor_kind = ActorKind.AUTOMATION if machine else ActorKind.HUMAN
        return Who(
            actor=Actor(
                kind=actor_kind,
                id=found or name,
                name=name,
                via=how.via,
                tool=how.tool,
                session=_sitting(found, mapping(identity, "sessionContext")),
            ),
            pipeline=any(host in provider for host in _CI_PROVIDERS),
        )
    if kind == "AWSAccount":
        account = told(identity.get("accountId"))
        return Who(actor=Actor(id=found or account, name=f"account {account}" if account else "", via=how.via, tool=how.tool))
    if how.service and not found:
        return Who(actor=_service(how.service))
    name = re.split(r"[/:]", found)[-1] if found else ""
    human = how.via is Via.CONSOLE and bool(found)
    return Who(actor=Actor(kind=ActorKind.HUMAN if human else ActorKind.UNKNOWN, id=found, name=name, via=how.via, tool=how.tool))


def _nobody(identity: JsonObject) -> bool:
    """Nobody's identity: AWS called on its own behalf ("AWS Internal"), as for multi-Region keys."""
    return not any(told(identity.get(key)) for key in ("arn", "principalId", "userName", "accessKeyId"))


def _id(identity: JsonObject) -> str:
    return next(filter(None, (told(identity.get(key)) for key in ("arn", "principalId", "userName", "accountId"))), "")


def _sitting(arn: str, context: JsonObject) -> str:
    """One sitting: the session's ARN and when its credentials were made. Empty for keys that last."""
    created = told(mapping(context, "attributes").get("creationDate"))
    return f"{arn} {created}" if created and arn else ""


def cut(address: str) -> str:
    """The caller's network: /24 or /48. Empty for what is no address (a service's name, AWS Internal)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
