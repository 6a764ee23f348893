"""Locks as Terraform and OpenTofu write them: who works on a state since when. Pure.

https://developer.hashicorp.com/terraform/language/state/locking; the fields are those of `internal/states/statemgr/locker.go`.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from core.announcement import Announcement
from core.event import Actor, ActorKind, Reference, ReferenceKind, Via
from core.json import JsonObject
from core.observation import Health, Observation, Signal
from core.providers.terraform import rules
from core.providers.terraform.events import state_resource
from core.providers.terraform.origin import Cause, Origin, Place
from core.subscription import EventFilter
from core.timerange import TimeRange

OPEN_END = datetime(9999, 1, 1, tzinfo=UTC)
_DOES = {"OperationTypeApply": "apply", "OperationTypePlan": "plan", "OperationTypeRefresh": "refresh"}
_LARGEST = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """`does` is what it is held for: apply, plan, refresh, or empty. `who` as written: user@host."""

    id: str
    who: str
    since: datetime | None
    does: str = ""
    tool: str = ""

    @property
    def may_change(self) -> bool:
        return self.does != "plan"

    @property
    def says(self) -> str:
        what = {"apply": "an apply is running", "plan": "a plan is running", "refresh": "a refresh is running"}.get(
            self.does, "it is locked"
        )
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else ""
        return f"{what}{since}" + (f", by {self.who}" if self.who else "")

    def actor(self) -> Actor:
        """Whom the lock names. The user of a build machine is nobody's own account."""
        user = self.who.partition("@")[0]
        if not user:
            return Actor(via=Via.IAC)
        kind = ActorKind.AUTOMATION if rules.automation(user) else ActorKind.HUMAN
        return Actor(kind=kind, id=self.who, name=user, via=Via.IAC, tool=self.tool, session=f"lock/{self.id}")

    def cause(self) -> Cause:
        return Cause(actor=self.actor() if self.who else None, references=(self.reference,), after=self.since)

    @property
    def reference(self) -> Reference:
        return Reference(kind=ReferenceKind.RUN, id=f"lock/{self.id}")

    def kept(self, stamp: str) -> JsonObject:
        since = self.since.isoformat() if self.since else ""
        return {"stamp": stamp, "id": self.id, "who": self.who, "since": since, "does": self.does, "tool": self.tool}

    def observation(self, origin: Origin, place: Place, at: datetime, *, held: bool) -> Observation:
        return Observation(
            source=origin.source,
            resource=state_resource(origin, place, ""),
            signal=Signal.LOCK,
            health=Health.PROGRESSING if held else Health.HEALTHY,
            at=at,
            says=self.says if held else "no apply is running",
            check="lock",
        )

    def announcement(self, origin: Origin, place: Place, now: datetime, *, held: bool, keys: frozenset[str] = frozenset()) -> Announcement:
        """The window in which this lock explains what changes under it. Its id stays the same when it ends."""
        start = min(self.since or now, now)
        by = f" by {self.who}" if self.who else ""
        return Announcement(
            id=f"{origin.source}:{place.id}:lock/{self.id}",
            kind="run",
            title=f"Terraform {self.does or 'operation'} in {place.label}{by}",
            range=TimeRange(start=start, end=OPEN_END if held else max(now, start)),
            covers=EventFilter(resource_keys=keys),
            source=origin.source,
            by=self.actor(),
            reference=self.reference.id,
            observed_at=now,
        )


def read(content: bytes) -> Lock | None:
    """The lock in a lock file; None where it is none (cut off, another tool's)."""
    if len(content) > _LARGEST:
        return None
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("ID"), str) or not told["ID"]:
        return None
    operation = str(told.get("Operation") or "")
    version = str(told.get("Version") or "")
    return Lock(
        id=told["ID"],
        who=str(told.get("Who") or ""),
        since=parse_time(told.get("Created")),
        does=_DOES.get(operation, ""),
        tool=f"Terraform {version}".strip(),
    )


def remembered(row: JsonObject | None) -> Lock | None:
    if not row:
        return None
    return Lock(
        id=str(row["id"]), who=str(row["who"]), since=parse_time(row.get("since")), does=str(row.get("does")), tool=str(row.get("tool"))
    )


def parse_time(value: object) -> datetime | None:
    """An instant in ISO 8601 with a zone; None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(_micro(value))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _micro(value: str) -> str:
    # Go writes nanoseconds; Python reads microseconds.
    head, dot, tail = value.partition(".")
    if not dot:
        return value
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[:digits][:6]}{tail[digits:]}"
