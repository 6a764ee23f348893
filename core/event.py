"""The facts of one change, as its source told them. Never revised."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from core.clock import require_utc
from core.errors import ValueRefused
from core.json import JsonValue, canonical
from core.trait import Trait


class ChangeType(StrEnum):
    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"
    REPLACED = "replaced"  # deleted and created under the same name or address
    MOVED = "moved"  # the same thing under another name or address
    SCALED = "scaled"
    RESTARTED = "restarted"
    STARTED = "started"
    STOPPED = "stopped"
    EXECUTED = "executed"  # something was run inside: exec, run-command, invoke of an admin action
    ATTEMPTED = "attempted"  # refused or failed: nothing changed


class ActorKind(StrEnum):
    HUMAN = "human"
    AUTOMATION = "automation"  # CI, IaC, GitOps, a script's own identity
    SERVICE = "service"  # the platform itself: autoscaling, a controller, a service-linked role
    UNKNOWN = "unknown"


class Via(StrEnum):
    CONSOLE = "console"
    CLI = "cli"
    SDK = "sdk"
    IAC = "iac"
    GITOPS = "gitops"
    CONTROLLER = "controller"
    SERVICE = "service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who did it. `id` is the source's own (ARN, e-mail, user name), `name` for people to read; both empty when unknown.

    `session` names the sitting this act belongs to (a role session, a CI job), `tool` the program as the source names it
    (kubectl, Terraform 1.11), `network` the caller's address cut to /24 or /48, `privileged` root or break-glass.
    """

    kind: ActorKind = ActorKind.UNKNOWN
    id: str = ""
    name: str = ""
    via: Via = Via.UNKNOWN
    tool: str = ""
    session: str = ""
    network: str = ""
    privileged: bool = False

    @property
    def known(self) -> bool:
        return bool(self.id or self.name)


UNKNOWN_ACTOR = Actor()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Where a resource lives. Empty strings where the level does not apply."""

    account: str = ""
    project: str = ""
    region: str = ""
    cluster: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        return _path(self.account, self.project, self.cluster, self.region, self.namespace)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """The thing that changed. `kind` is the vendor's own name for it (Deployment, aws_instance, AWS::EC2::SecurityGroup).

    `uid` is the strongest id the source gives: ARN, Kubernetes uid, self link, Terraform address with its lineage.
    """

    provider: str
    kind: str
    name: str
    scope: Scope = field(default_factory=Scope)
    uid: str = ""
    environment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.provider or not self.kind or not self.name:
            raise ValueRefused(f"a resource needs provider, kind and name: {self.provider!r} {self.kind!r} {self.name!r}")

    @property
    def key(self) -> str:
        """Stable across restarts and readers: provider, scope, kind and name."""
        scope = self.scope
        return _path(self.provider, scope.account, scope.project, scope.cluster, scope.region, scope.namespace, self.kind, self.name)


@lru_cache(maxsize=8192)
def _path(*parts: str) -> str:
    """The parts that are there. An event's key is asked for some ten times on its way."""
    return "/".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field before and after. `before` is None where the field is new; secrets are already redacted."""

    path: str
    before: JsonValue
    after: JsonValue


class ReferenceKind(StrEnum):
    """What a reference points at. The first group names the *operation* that caused the change, the second other resources."""

    RUN = "run"  # one Terraform/HCP run or one apply (lineage and serial)
    STACK_OPERATION = "stack_operation"  # one CloudFormation (or the like) operation
    RELEASE = "release"  # one revision of a Helm release, one sync of a GitOps application
    SESSION = "session"  # one CI job or SSO/role session
    REQUEST = "request"  # the same request id or long-running operation seen in several records
    ROLLOUT = "rollout"  # one generation of a workload
    OWNER = "owner"  # the Kubernetes owner (uid or key)
    MOUNTS = "mounts"  # a workload reads this ConfigMap or Secret
    TARGETS = "targets"  # an autoscaler scales this, a service routes to this
    SAME_AS = "same_as"  # another layer's name for this very resource (ARN, self link, uid)
    PART_OF = "part_of"  # application, stack, node group


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A typed pointer that correlation can join on. `id` must be equal to the letter on both ends."""

    kind: ReferenceKind
    id: str


class IntentKind(StrEnum):
    """Ways in which a change carries its own reason."""

    RUN = "run"
    COMMIT = "commit"
    CHANGE_CAUSE = "change_cause"
    TICKET = "ticket"
    RELEASE = "release"
    GITOPS = "gitops"
    STACK = "stack"
    PIPELINE = "pipeline"


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A reason that came with the change. `says` is the text as written (data, to be escaped), `ref` its id or address."""

    kind: IntentKind
    says: str
    ref: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where a person can look at it. `url` is http(s)."""

    title: str
    url: str


def event_id(source: str, native_id: str) -> str:
    """The id of an event: the first 32 hex digits of SHA-256 over source and native id. The same record gives the same id for ever."""
    return hashlib.sha256(f"{source}\x1f{native_id}".encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Facts of one change. Where the source gives no instant, it happened after `occurred_after` and not later than `occurred_at`.

    `count` is how many raw changes this one event stands for (a pod storm is one event). `error` is set on attempts. `nameless`: the
    source shows things and not acts, so that it names nobody says nothing.
    """

    id: str
    source: str
    provider: str
    occurred_at: datetime
    observed_at: datetime
    resource: Resource
    change_type: ChangeType
    native_action: str
    native_id: str = ""
    occurred_after: datetime | None = None
    actor: Actor = UNKNOWN_ACTOR
    traits: frozenset[Trait] = frozenset()
    changes: tuple[FieldChange, ...] = ()
    references: tuple[Reference, ...] = ()
    intents: tuple[Intent, ...] = ()
    links: tuple[Link, ...] = ()
    count: int = 1
    error: str = ""
    nameless: bool = False
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id or not self.source or not self.provider:
            raise ValueRefused("an event needs id, source and provider")
        require_utc("event.occurred_at", self.occurred_at)
        require_utc("event.observed_at", self.observed_at)
        if self.occurred_after is not None:
            require_utc("event.occurred_after", self.occurred_after)
            if self.occurred_after > self.occurred_at:
                raise ValueRefused("event.occurred_after is later than event.occurred_at")
        if self.count < 1:
            raise ValueRefused(f"event.count must be at least 1, not {self.count}")

    @property
    def environment(self) -> str:
        return self.resource.environment

    @property
    def attempted(self) -> bool:
        return self.change_type is ChangeType.ATTEMPTED

    def fingerprint(self) -> str:
        """Kind of change for habits: provider, kind, change type, sorted changed paths. Values and names are left out."""
        return _fingerprint(self.provider, self.resource.kind, self.change_type, tuple(sorted({c.path for c in self.changes})[:20]))


# Many events are of few kinds.
@lru_cache(maxsize=4096)
def _fingerprint(*parts: str | tuple[str, ...]) -> str:
    return canonical(parts)
