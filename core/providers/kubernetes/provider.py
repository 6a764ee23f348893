"""A Kubernetes source: what changed in one cluster, from lists and bounded watches; who did it, from its audit log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from core.batch import Batch, Check, CheckState, Cursor, KnownState
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderForbidden, SettingsError
from core.event import Event, Resource
from core.json import JsonObject, decode, encode
from core.kube.kinds import DEFAULT_KINDS, EVENTS, Kind
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.kubernetes import audit, joining, releases, storms, tail
from core.providers.kubernetes.client import Cluster, NotLetIn, NotOffered, Together
from core.providers.kubernetes.following import Followed, Position, Stream
from core.providers.kubernetes.gathering import Gathering
from core.providers.kubernetes.one_poll import OnePoll
from core.providers.kubernetes.options import KubernetesSettings
from core.providers.kubernetes.origin import PROVIDER, Origin
from core.settings import SourceSettings
from core.timerange import TimeRange

# A watch tells at once; the audit log of a busy API server may be a little behind.
LAG = timedelta(seconds=5)
_WAITING = "audit/waiting"
_MOST_WAITING = 500
# Of the time a poll has, this share is for the network; the rest is for making sense of what came.
_NETWORK_SHARE = 0.85


@dataclass(slots=True)
class KubernetesProvider:
    """Keeps nothing between polls but its connections."""

    Settings = KubernetesSettings

    source: str
    options: KubernetesSettings
    context: ProviderContext
    origin: Origin
    cluster: Cluster
    streams: tuple[Stream, ...]
    provider: str = PROVIDER
    lag: timedelta = LAG

    @classmethod
    def from_settings(cls, source: SourceSettings, options: Any, context: ProviderContext) -> "KubernetesProvider":
        origin = Origin(
            source=source.name, environment=source.environment, cluster=options.cluster or source.name, redactor=context.redactor
        )
        return cls(
            source=source.name,
            options=options,
            context=context,
            origin=origin,
            cluster=Cluster(source=source.name, options=options),
            streams=tuple(_streams(source.name, options)),
        )

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        state = dict(cursor.state) if cursor else {}
        now = self.context.clock()
        since = min(datetime.fromisoformat(state["at"]), now) if "at" in state else now
        positions = {key: Position.from_json(told) for key, told in state.get("kinds", {}).items()}
        followed = [
            Followed(stream=stream, position=positions.get(stream.key, Position()), fields="type=Warning" if stream.kind is EVENTS else "")
            for stream in self.streams
        ]
        poll = OnePoll(
            cluster=self.cluster,
            options=self.options,
            origin=self.origin,
            streams=followed,
            clock=self.context.clock,
            deadline=replace(deadline, ends_at=deadline.ends_at - deadline.remaining_seconds() * (1 - _NETWORK_SHARE)),
            now=now,
            since=since,
            found=Gathering(under=known),
        )
        poll.run()
        found = poll.found
        found.events = storms.without_followers_of_namespaces(found.events, poll.going(), poll.inside())
        handled = self._audited(state, found, followed, since)
        found.events = storms.without_flapping(releases.with_revisions(found.events, found, self.origin))
        found.coverage.insert(0, self._covered(since, now, CoverageState.READ))
        kinds = {one.stream.key: told for one in followed if (told := one.position.as_json())}
        return Batch(
            cursor=Cursor(state={"at": now.isoformat(), "kinds": kinds, **({"audit": state["audit"]} if "audit" in state else {})}),
            events=tuple(joining.in_order(found.events)),
            observations=tuple(found.observations.values()),
            known_changes=tuple(found.over.values()),
            coverage=tuple(found.coverage),
            handled=handled,
            more=found.more,
        )

    # --- the audit log ---------------------------------------------------------------------------------------------------

    def _audited(self, state: JsonObject, found: Gathering, followed: Sequence[Followed], since: datetime) -> tuple[str, ...]:
        """Give this poll's changes their actors, and add what only the audit log tells. Returns the inbox keys used up."""
        heard = self._heard(state, found, since)
        if heard is None:
            return ()
        acts = [*self._waiting(found), *self._acts(heard, found)]
        watched = frozenset(one.stream.kind.name for one in followed if one.failure is None)
        joined = joining.join(found.events, acts, watched, self.origin)
        found.events = list(joined.events)
        patience = self.context.clock() - joining.PATIENCE
        waiting = [act for act in joined.waiting if act.occurred_at >= patience][-_MOST_WAITING:]
        before = found.one(_WAITING)
        if waiting or before is not None:
            rows: JsonObject | None = {"acts": [encode(act).decode() for act in waiting]} if waiting else None
            found.keep([KnownState(key=_WAITING, state=rows, at=self.context.clock())])
        found.more = found.more or heard.more
        return heard.handled

    def _heard(self, state: JsonObject, found: Gathering, since: datetime) -> tail.Heard | None:
        now = self.context.clock()
        if self.options.audit_log is not None:
            try:
                heard = tail.from_file(self.options.audit_log, state.get("audit", {}))
            except OSError as error:
                gap = self._covered(since, now, CoverageState.PARTIAL)
                step = f"Let WGO read {self.options.audit_log}, or take audit_log out of the source's options."
                found.coverage.append(replace(gap, part="audit log", reason=f"who did it is not told: {error.strerror}", next_step=step))
                return None
            state["audit"] = heard.position
        elif self.options.audit_webhook and self.context.inbox is not None:
            heard = tail.from_inbox(self.context.inbox, self.source)
        else:
            return None
        if heard.unreadable:
            gap = self._covered(since, now, CoverageState.PARTIAL)
            found.coverage.append(replace(gap, part="audit log", reason=f"{heard.unreadable} audit records could not be read"))
        return heard

    def _acts(self, heard: tail.Heard, found: Gathering) -> list[Event]:
        acts: list[Event] = []
        found.look_up([key for record in heard.records if (key := audit.open_key(record)) and audit.is_stream(record)])
        for record in heard.records:
            key = audit.open_key(record)
            started = found.one(key) if key and audit.is_stream(record) else None
            reading = audit.read(record, started, origin=self.origin, observed_at=self.context.clock())
            acts += (event for event in reading.events if not self._left_out(event.resource))
            found.keep(reading.known_changes)
            found.observe(one for one in reading.observations if not self._left_out(one.resource))
        return acts

    def _left_out(self, resource: Resource) -> bool:
        return self.options.leaves_out(resource.name if resource.kind == "Namespace" else resource.scope.namespace)

    def _waiting(self, found: Gathering) -> list[Event]:
        row = found.one(_WAITING)
        return [decode(Event, told) for told in row.state.get("acts", [])] if row and row.state else []

    def _covered(self, start: datetime, now: datetime, state: CoverageState) -> Coverage:
        return Coverage(
            source=self.source, range=TimeRange(start=min(start, now), end=now), state=state, complete_until=max(start, now - LAG)
        )

    # --- the rest of the port --------------------------------------------------------------------------------------------

    def committed(self, batch: Batch) -> None:
        """Nothing to acknowledge."""

    def check(self, deadline: Deadline) -> Sequence[Check]:
        findings: list[Check] = []
        with Together(self.source, deadline) as together:
            calls = [(stream, together.start(self._probe, stream, deadline)) for stream in self.streams]
            for stream, call in calls:
                try:
                    together.result(call)
                except NotLetIn as error:
                    return (Check(name=self.source, state=CheckState.RED, says=str(error), next_step=error.next_step),)
                except (ProviderForbidden, NotOffered) as error:
                    findings.append(self._amber(stream, error))
                except ProviderError as error:
                    step = error.next_step or "Check the address, the network and the certificate. See docs/providers/kubernetes.md."
                    return (Check(name=self.source, state=CheckState.RED, says=str(error), next_step=step),)
        readable = len(self.streams) - len(findings)
        state = CheckState.GREEN if readable else CheckState.RED
        step = "" if readable else "Bind the ClusterRole of deploy/permissions/kubernetes-clusterrole.yaml to WGO's identity."
        whole = Check(name=self.source, state=state, says=f"{readable} of {len(self.streams)} kinds can be read", next_step=step)
        return (whole, *findings, *self._check_audit())

    def _probe(self, stream: Stream, deadline: Deadline) -> None:
        versions = (self.cluster.served_version(stream.kind.group, deadline),) if stream.kind.custom else stream.kind.versions
        for served in versions:
            try:
                page = self.cluster.page(stream.kind, served, stream.namespace, "", deadline, limit=1)
            except NotOffered:
                continue
            self.cluster.watch(stream.kind, served, stream.namespace, str(page["metadata"].get("resourceVersion") or ""), deadline)
            return
        raise NotOffered(f"the server does not offer {stream.kind.key}", source=self.source)

    def _amber(self, stream: Stream, error: ProviderError) -> Check:
        step = error.next_step or f"Leave it out with without_kinds, or install what offers {stream.kind.key}."
        return Check(name=f"{self.source} {stream.key}", state=CheckState.AMBER, says=str(error), next_step=step)

    def _check_audit(self) -> tuple[Check, ...]:
        name = f"{self.source} audit log"
        if self.options.audit_log is not None:
            if tail.exists(self.options.audit_log):
                return (Check(name=name, state=CheckState.GREEN, says=f"{self.options.audit_log} can be read"),)
            step = "Give WGO the path of the API server's --audit-log-path and the right to read it."
            return (Check(name=name, state=CheckState.RED, says=f"{self.options.audit_log} cannot be read", next_step=step),)
        if self.options.audit_webhook:
            return (Check(name=name, state=CheckState.GREEN, says="audit records are taken from the webhook"),)
        step = "Set audit_log or audit_webhook: see docs/providers/kubernetes.md."
        return (Check(name=name, state=CheckState.AMBER, says="none: the tool of a change is told, the person is not", next_step=step),)

    def close(self) -> None:
        self.cluster.close()


def _streams(source: str, options: KubernetesSettings) -> list[Stream]:
    kinds = [kind for kind in DEFAULT_KINDS if not options.kinds or _is_named(kind, options.kinds)]
    for name in (*options.kinds, *options.without_kinds):
        if not any(_is_named(kind, (name,)) for kind in DEFAULT_KINDS):
            known = ", ".join(kind.name for kind in DEFAULT_KINDS)
            raise SettingsError(f"source {source!r}: there is no kind {name!r}", next_step=f"Use custom_resources, or one of: {known}.")
    kinds = [kind for kind in kinds if not _is_named(kind, options.without_kinds)]
    for spelled in options.custom_resources:
        plural, _, group = spelled.partition(".")
        kinds.append(Kind(name=plural, plural=plural, group=group, custom=True))
    kinds += [EVENTS] if options.warnings else []
    return [Stream(kind=kind, namespace=place) for kind in kinds for place in ((options.namespaces or ("",)) if kind.namespaced else ("",))]


def _is_named(kind: Kind, names: Sequence[str]) -> bool:
    return bool({kind.name, kind.key, kind.plural} & set(names))
