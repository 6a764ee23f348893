"""A Google Cloud source: what moved, before and after, from Cloud Asset Inventory; who did it, from the audit log."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from core.batch import Batch, Check, CheckState, Cursor, KnownState, Reading
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderForbidden, RecordUnreadable
from core.event import ChangeType, Event
from core.observation import Observation
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.gcp import assets, audit
from core.providers.gcp.entries import parse_time
from core.providers.gcp.inventory import Inventory
from core.providers.gcp.logs import AuditLogs
from core.providers.gcp.options import GcpSettings
from core.settings import SourceSettings
from core.timerange import TimeRange

# Search and history tell of a change minutes after it; audit entries mostly within seconds, at times later.
# https://cloud.google.com/asset-inventory/docs/faq and https://cloud.google.com/logging/docs/audit
LAG = timedelta(minutes=10)
# An asset's change within this of an audited act on the same resource is that act.
_JOIN = timedelta(minutes=5)


@dataclass(slots=True)
class _Gathered:
    """What a poll has found so far; later readings see what earlier ones left known."""

    under: KnownStates
    over: dict[str, KnownState] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        found = dict(self.under.get([key for key in keys if key not in self.over]))
        return {**found, **{key: self.over[key] for key in keys if key in self.over and self.over[key].state is not None}}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return self.under.page(prefix, after, limit)

    def one(self, key: str) -> KnownState | None:
        return self.get([key]).get(key)

    def take(self, reading: Reading) -> None:
        self.events += reading.events
        self.observations += reading.observations
        self.over.update({change.key: change for change in reading.known_changes})


@dataclass(slots=True)
class GcpProvider:
    """Keeps nothing between polls but its connections."""

    Settings = GcpSettings

    source: str
    environment: str
    options: GcpSettings
    context: ProviderContext
    inventory: Inventory
    logs: AuditLogs
    provider: str = "gcp"
    lag: timedelta = LAG

    @classmethod
    def from_settings(cls, source: SourceSettings, options: Any, context: ProviderContext) -> "GcpProvider":
        return cls(
            source=source.name,
            environment=source.environment,
            options=options,
            context=context,
            inventory=Inventory(source=source.name, options=options),
            logs=AuditLogs(source=source.name, options=options, client=httpx.Client()),
        )

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        now = self.context.clock()
        state = dict(cursor.state) if cursor else {}
        found = _Gathered(under=known)
        if "since" not in state:
            return self._baseline(state, found, now, deadline)
        since = datetime.fromisoformat(state["since"])
        audited = self._audited(since, found, deadline) if self.options.audit_log else []
        moved = list(dict.fromkeys(self.inventory.changed_since(since - LAG, deadline)))
        self._moved(moved, since, found, now, deadline)
        if now - datetime.fromisoformat(state["swept"]) >= timedelta(minutes=self.options.sweep_minutes):
            self._sweep(state, found, now, deadline)
        found.events = _joined(audited, found.events)
        found.coverage.append(self._covered(since, now, CoverageState.READ))
        return self._batch({**state, "since": now.isoformat()}, found)

    def _baseline(self, state: dict[str, Any], found: _Gathered, now: datetime, deadline: Deadline) -> Batch:
        read_time = datetime.fromisoformat(state["listing"]) if "listing" in state else now
        page, token = self.inventory.list(str(state.get("token", "")), read_time, deadline)
        for asset in page:
            if isinstance(asset.get("name"), str):
                found.take(self._read_asset(asset, None, now))
        if token:
            return replace(self._batch({"listing": read_time.isoformat(), "token": token}, found), more=True)
        found.coverage.append(self._covered(read_time, now, CoverageState.READ))
        return self._batch({"since": read_time.isoformat(), "swept": read_time.isoformat()}, found)

    def _audited(self, since: datetime, found: _Gathered, deadline: Deadline) -> list[Event]:
        events: list[Event] = []
        try:
            for record in self.logs.since(since - LAG, deadline):
                try:
                    reading = audit.read(
                        record,
                        source=self.source,
                        environment=self.environment,
                        redactor=self.context.redactor,
                        observed_at=self.context.clock(),
                    )
                except RecordUnreadable:
                    continue  # Another kind of entry in the same log; it names no change.
                events += reading.events
                for event in reading.events:
                    if event.change_type is ChangeType.DELETED and event.resource.uid:
                        # Told by the log: the sweep shall not tell it again.
                        key = assets.known_key(event.resource.uid)
                        found.over[key] = KnownState(key=key, state=None, at=event.occurred_at)
                found.observations += reading.observations
        except ProviderForbidden as error:
            now = self.context.clock()
            gap = self._covered(since, now, CoverageState.PARTIAL)
            found.coverage.append(replace(gap, part="audit log", reason="who did it is not told: " + str(error), next_step=error.next_step))
        return events

    def _moved(self, names: Sequence[str], since: datetime, found: _Gathered, now: datetime, deadline: Deadline) -> None:
        for temporal in self.inventory.history(names, since - LAG, deadline) if names else ():
            inner = temporal.get("asset")
            name = str((inner if isinstance(inner, dict) else {}).get("name") or "")
            at = parse_time(temporal.get("window", {}).get("startTime"))
            before = found.one(assets.known_key(name))
            if not name or (before is not None and at is not None and at <= before.at):
                continue  # A version that was read before: history overlaps so that late ones are not missed.
            if before is None and temporal.get("deleted") is not True:
                assert isinstance(inner, dict)
                stamped = {"updateTime": temporal.get("window", {}).get("startTime"), **inner}
                found.take(assets.created(stamped, **self._how(now), after=since))
            elif before is not None:
                found.take(self._read_asset(temporal, before, now))

    def _sweep(self, state: dict[str, Any], found: _Gathered, now: datetime, deadline: Deadline) -> None:
        seen: set[str] = set()
        token, first = "", True
        try:
            while token or first:
                page, token = self.inventory.list(token, now, deadline)
                first = False
                seen.update(assets.known_key(str(asset.get("name"))) for asset in page)
        except ProviderError as error:
            swept = datetime.fromisoformat(state["swept"])
            gap = self._covered(swept, now, CoverageState.PARTIAL)
            found.coverage.append(replace(gap, part="deletions", reason=f"the inventory could not be listed whole: {error}"))
            return
        after = ""
        while page_of_known := found.page("asset/", after):
            after = page_of_known[-1].key
            for row in page_of_known:
                if row.key not in seen and found.one(row.key) is not None:
                    name = row.key.removeprefix("asset/")
                    found.take(assets.deleted(name, row, source=self.source, environment=self.environment, at=None, observed_at=now))
        state["swept"] = now.isoformat()

    def _read_asset(self, asset: dict[str, Any], before: KnownState | None, now: datetime) -> Reading:
        return assets.read(asset, before, **self._how(now))

    def _how(self, now: datetime) -> dict[str, Any]:
        return {"source": self.source, "environment": self.environment, "redactor": self.context.redactor, "observed_at": now}

    def _covered(self, start: datetime, now: datetime, state: CoverageState) -> Coverage:
        return Coverage(source=self.source, range=TimeRange(start=min(start, now), end=now), state=state, complete_until=now - LAG)

    def _batch(self, state: dict[str, Any], found: _Gathered) -> Batch:
        return Batch(
            cursor=Cursor(state=state),
            events=tuple(found.events),
            observations=tuple(found.observations),
            known_changes=tuple(found.over.values()),
            coverage=tuple(found.coverage),
        )

    def committed(self, batch: Batch) -> None:
        """Nothing to acknowledge."""

    def check(self, deadline: Deadline) -> Sequence[Check]:
        now = self.context.clock()
        return (
            self._checked("assets", lambda: next(iter(self.inventory.changed_since(now, deadline)), None)),
            *((self._checked("audit log", lambda: self.logs.page(now, "", deadline)),) if self.options.audit_log else ()),
        )

    def _checked(self, what: str, ask: Any) -> Check:
        name = f"{self.source} {what}"
        try:
            ask()
        except ProviderError as error:
            return Check(name=name, state=CheckState.RED, says=str(error), next_step=error.next_step or "See docs/providers/gcp.md.")
        return Check(name=name, state=CheckState.GREEN, says=f"{self.options.scope} can be read")

    def close(self) -> None:
        self.inventory.close()
        self.logs.client.close()


def _joined(audited: Sequence[Event], seen: Sequence[Event]) -> list[Event]:
    """One event a change: an asset's difference becomes the before and after of the act that the audit log tells of."""
    left = list(seen)
    joined = []
    for act in audited:
        match = next((e for e in left if e.resource.uid == act.resource.uid and not act.attempted and _same_time(act, e)), None)
        if match is None:
            joined.append(act)
            continue
        left.remove(match)
        merged = match.changes or act.changes
        joined.append(
            replace(act, changes=merged, traits=act.traits | match.traits, resource=replace(act.resource, labels=match.resource.labels))
        )
    return joined + left


def _same_time(act: Event, seen: Event) -> bool:
    earliest = seen.occurred_after or seen.occurred_at - _JOIN
    return earliest - _JOIN <= act.occurred_at <= seen.occurred_at + _JOIN
