"""A run of HCP Terraform: who started it, why, from which commit, what it plans, when it applies. Pure.

https://developer.hashicorp.com/terraform/cloud-docs/api-docs/run
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.announcement import Announcement
from core.event import Actor, ActorKind, Intent, IntentKind, Link, Reference, ReferenceKind, Via
from core.json import JsonObject
from core.providers.terraform.locks import parse_time
from core.providers.terraform.origin import Cause, Place
from core.subscription import EventFilter
from core.timerange import TimeRange

_EXTENDED_BY = timedelta(hours=1)
# The end of a run is told for this long after it.
_TOLD_FOR = timedelta(minutes=15)
_GOING_ON = frozenset({"applying", "apply_queued", "confirmed", "pre_apply_running", "pre_apply_completed"})
# Sources of a run that nobody's own hand started: https://developer.hashicorp.com/terraform/cloud-docs/api-docs/run#run-source
_AUTOMATIC = frozenset({"tfe-configuration-version", "tfe-run-trigger", "tfe-infrastructure-lifecycle", "tfe-module", "tfe-drift"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    id: str
    status: str
    message: str = ""
    by: Actor | None = None
    commit: str = ""
    commit_url: str = ""
    plan: tuple[int, int, int] | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    destroys: bool = False

    @property
    def applying(self) -> bool:
        return self.status in _GOING_ON

    def is_news(self, now: datetime) -> bool:
        """It goes on, or has just ended."""
        return self.applying or (self.started_at is not None and self.ended_at is not None and now - self.ended_at < _TOLD_FOR)

    @property
    def reference(self) -> Reference:
        return Reference(kind=ReferenceKind.RUN, id=self.id)

    @property
    def summary(self) -> str:
        """What it plans, in words; empty where nobody told."""
        if self.plan is None:
            return ""
        return "to add {}, to change {}, to destroy {}".format(*self.plan)

    def cause(self, url: str) -> Cause:
        what = "Terraform destroy run" if self.destroys else "Terraform run"
        says = f"{what}: {self.message}" if self.message else what
        intents = [Intent(kind=IntentKind.RUN, says=says + (f" ({self.summary})" if self.summary else ""), ref=self.id)]
        if self.commit:
            intents.append(Intent(kind=IntentKind.COMMIT, says=self.commit[:12], ref=self.commit_url or self.commit))
        return Cause(
            actor=self.by,
            references=(self.reference,),
            intents=tuple(intents),
            links=(Link(title="Run", url=url),) if url.startswith(("http://", "https://")) else (),
            after=self.started_at,
        )

    def announcement(self, source: str, place: Place, now: datetime, *, url: str) -> Announcement:
        """Its apply window; while it goes on its end lies ahead, and each poll moves it on."""
        start = min(self.started_at or now, now)
        end = max(self.ended_at or now, start) if not self.applying else now + _EXTENDED_BY
        about = f": {self.message}" if self.message else ""
        return Announcement(
            id=f"{source}:run/{self.id}",
            kind="run",
            title=f"Terraform run in {place.label}{about}"[:200],
            range=TimeRange(start=start, end=end),
            covers=EventFilter(),
            source=source,
            by=self.by or Actor(via=Via.IAC),
            reference=self.id,
            url=url,
            commit=self.commit,
            observed_at=now,
        )


def run(row: JsonObject, included: dict[tuple[str, str], JsonObject], clean: Callable[[str], str]) -> Run | None:
    """The run in a JSON:API row; None where it is none. `clean` takes secrets out of what people wrote."""
    attributes = row.get("attributes")
    if not isinstance(attributes, dict) or not row.get("id"):
        return None
    stamps = attributes.get("status-timestamps")
    times: JsonObject = stamps if isinstance(stamps, dict) else {}
    started = next((times[name] for name in ("applying-at", "apply-queued-at", "confirmed-at", "planned-at") if name in times), None)
    ended = next((times[name] for name in ("applied-at", "errored-at", "canceled-at", "planned-and-finished-at") if name in times), None)
    plan = next((_of(one) for (kind, _), one in included.items() if kind == "plans"), {})
    ingress = next((_of(one) for (kind, _), one in included.items() if kind == "ingress-attributes"), {})
    return Run(
        id=str(row["id"]),
        status=str(attributes.get("status") or ""),
        message=clean(str(attributes.get("message") or "").strip()),
        by=_by(str(attributes.get("source") or ""), included, ingress),
        commit=str(ingress.get("commit-sha") or ""),
        commit_url=str(ingress.get("commit-url") or ""),
        plan=_plan(plan),
        started_at=parse_time(started) or parse_time(attributes.get("created-at")),
        ended_at=parse_time(ended),
        destroys=attributes.get("is-destroy") is True,
    )


def _of(row: JsonObject) -> JsonObject:
    found = row.get("attributes")
    return found if isinstance(found, dict) else {}


def _plan(attributes: JsonObject) -> tuple[int, int, int] | None:
    counts = [attributes.get(f"resource-{name}") for name in ("additions", "changes", "destructions")]
    if not all(isinstance(count, int) for count in counts):
        return None
    return int(counts[0] or 0), int(counts[1] or 0), int(counts[2] or 0)


def _by(origin: str, included: dict[tuple[str, str], JsonObject], ingress: JsonObject) -> Actor | None:
    """The user that started it; of a run that a commit started, the commit's sender is named with the platform's own account."""
    user = next((_of(one) for (kind, _), one in included.items() if kind == "users"), None)
    name = str((user or {}).get("username") or "")
    machine = (user or {}).get("is-service-account") is True or not name
    sender = str(ingress.get("sender-username") or "")
    if origin in _AUTOMATIC and sender and machine:
        return Actor(kind=ActorKind.HUMAN, id=sender, name=sender, via=Via.IAC)
    if not name:
        return None
    return Actor(kind=ActorKind.AUTOMATION if machine else ActorKind.HUMAN, id=name, name=name, via=Via.IAC)
