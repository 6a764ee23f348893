"""One poll of one scope: lists, searches, log entries and feed messages in, a batch's parts out. Built anew for each poll."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.batch import KnownState, Reading
from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden, ProviderThrottled, ProviderTimedOut, RecordUnreadable
from core.event import ChangeType, Event
from core.json import JsonObject
from core.providers.gcp import assets, audit, policies
from core.providers.gcp.feed import Feed, Received
from core.providers.gcp.gathering import LAG, Gathered
from core.providers.gcp.inventory import HISTORY_NAMES, Inventory, Moved, began_at, window_start
from core.providers.gcp.joining import JOIN, joined
from core.providers.gcp.logs import AuditLogs
from core.providers.gcp.scopes import Scope
from core.redaction import Redactor

# Of the time a poll has, the feed's share; the inventory and the logs need theirs.
_FEED_SHARE = 0.4
_SINK = "Name the log view of an aggregated sink in log_views: see docs/providers/gcp.md."
_FEED_STEP = "Compare the feed's scope and asset types with the source's: see docs/providers/gcp.md."


@dataclass(slots=True)
class OnePoll:
    """`begun_at` is when the baseline was read; `since` up to when the source is read; `acts` those that the audit log told (joining)."""

    source: str
    environment: str
    redactor: Redactor
    inventory: Inventory
    logs: AuditLogs | None
    feed: Feed | None
    scope: Scope
    deadline: Deadline
    now: datetime
    since: datetime
    found: Gathered
    begun_at: datetime | None = None
    acks: list[str] = field(default_factory=list)
    acts: dict[str, bool] = field(default_factory=dict)
    more: bool = False
    _fed: Received | None = None

    def baseline(self, token: str, read_time: datetime) -> str:
        """A page of everything; the token of the next."""
        page, following = self.inventory.list(token, read_time, self.deadline)
        for asset in page:
            if isinstance(asset.get("name"), str):
                self.found.take(assets.read(self.scope.stamped(asset), None, **self._how()))
        return following

    def follow(self, resumed_from: datetime | None) -> datetime | None:
        """What happened since. Returns up to when moved assets were read where there was no time for all of them."""
        entries = self._audited() if self.logs is not None else []
        if self.feed is not None:
            self._take_feed(self.feed)
        reached = self._moved(resumed_from or self.since - LAG)
        audited = self._told(entries, reached)
        self.found.events, self.acts = joined(audited, self.found.events, self.acts)
        self.found.forget_the_gone()
        self.more = self.more or reached is not None
        self.found.covered(self.since, max(self.since, reached) if reached else self.now)
        return reached

    # --- the audit log ---------------------------------------------------------------------------------------------------

    def _audited(self) -> list[Reading]:
        assert self.logs is not None
        readings: list[Reading] = []
        queries, left_out = self.scope.logs()
        if left_out:
            self.found.lacks("audit log", self.since, f"who did it is not told of {left_out} projects: too many for log queries", _SINK)
        for resources in queries:
            try:
                records = list(self.logs.since(resources, self.since - LAG, self.deadline))
            except ProviderForbidden as error:
                self.found.lacks("audit log", self.since, f"who did it is not told: {error}", error.next_step)
                continue
            for record in records:
                try:
                    readings.append(audit.read(record, **self._how()))
                except RecordUnreadable:
                    continue  # Another kind of entry in the same log; it names no change.
        return readings

    def _told(self, entries: Sequence[Reading], reached: datetime | None) -> list[Event]:
        """The entries' events; those beyond what was reached wait for their before and after, and are read again."""
        events: list[Event] = []
        for reading in entries:
            self.found.observations += reading.observations
            for event in reading.events:
                if reached is not None and event.occurred_at > reached + JOIN:
                    continue
                events.append(event)
                if event.change_type is ChangeType.DELETED and event.resource.uid:
                    key = assets.known_key(event.resource.uid)
                    row = self.found.one(key)
                    if row is None or row.at <= event.occurred_at:  # Later, it was made again.
                        self.found.forget(key, event.occurred_at)
        return events

    # --- the feed --------------------------------------------------------------------------------------------------------

    def _take_feed(self, feed: Feed) -> None:
        share = Deadline.after(self.deadline.remaining_seconds() * _FEED_SHARE, monotonic=self.deadline.monotonic)
        try:
            received = feed.receive(share)
            ails, step = feed.ails(share) if not received.acks else ("", "")
        except ProviderError as error:
            step = error.next_step or "Make the subscription again, or take feed_subscription out: see docs/providers/gcp.md."
            self.found.lacks("feed", self.since, f"the feed cannot be read; deletions are found by the sweep: {error}", step)
            return
        self.acks, self.more, self._fed = received.acks, received.more, received
        if ails:
            self._fed = None
            self.found.lacks("feed", self.since, f"nothing comes through the feed: {ails}", step)
        for change in sorted(received.changes, key=began_at):
            if policies.holds_none(change):
                at = window_start(change)
                if at is None or self.begun_at is None or at > self.begun_at:  # Else it is in the baseline, or went before it.
                    self._take_version(change)
            else:
                self._take_policy(change, received)
        if received.unreadable:
            self.found.lacks("feed", self.since, f"{received.unreadable} messages of the feed cannot be read", _FEED_STEP)

    def _take_policy(self, change: JsonObject, received: Received) -> None:
        try:
            self.found.take(policies.read(self._stamped(change), **self._how()))
        except RecordUnreadable:
            received.unreadable += 1

    # --- the inventory ---------------------------------------------------------------------------------------------------

    def _moved(self, start: datetime) -> datetime | None:
        """Read what moved, the oldest first, a hundred at a time. None where it is all read, else up to when it is."""
        moved = list({one.name: one for one in self.inventory.changed_since(start, self.deadline)}.values())
        reached: datetime | None = None
        missed = 0
        for first in range(0, len(moved), HISTORY_NAMES):
            window = moved[first : first + HISTORY_NAMES]
            try:
                missed += self._read_window(window)
            except (ProviderThrottled, ProviderTimedOut):
                if reached is None:
                    raise
                return reached
            reached = window[-1].at
        if missed and self._fed is not None and not self._fed.more:
            said = f"{missed} change{'' if missed == 1 else 's'} did not come through the feed"
            self.found.lacks("feed", self.since, said, _FEED_STEP)
        return None

    def _read_window(self, window: Sequence[Moved]) -> int:
        """How many changes of it the feed should have told by now."""
        before = len(self.found.events)
        for parent, names in self.scope.by_parent(window).items():
            if not parent:
                self._read_listed({one.kind for one in window if one.name in names}, set(names))
                continue
            try:
                versions = self.inventory.history(parent, names, self.since - LAG, self.deadline)
            except ProviderForbidden as error:
                if parent == self.scope.options.scope:
                    raise
                self.found.lacks(parent, self.since, f"changes are not read: {error}", error.next_step)
                continue
            self.found.look_ahead([assets.known_key(name) for name in names])
            for version in versions:
                self._take_version(version)
        overdue = self.now - LAG
        return sum(1 for event in self.found.events[before:] if event.occurred_at < overdue)

    def _read_listed(self, kinds: set[str], names: set[str]) -> None:
        """What belongs to a folder itself has no history that could be asked for: as it is, against what was known."""
        token, first = "", True
        while token or first:
            page, token = self.inventory.list(token, self.now, self.deadline, kinds=sorted(kinds))
            first = False
            for asset in page:
                if asset.get("name") in names:
                    self._take_version({"asset": asset, "window": {"startTime": asset.get("updateTime")}})

    def _take_version(self, version: JsonObject) -> None:
        inner = version.get("asset")
        if not isinstance(inner, dict) or not inner.get("name"):
            return
        at = window_start(version)
        before = self.found.one(assets.known_key(str(inner["name"])))
        if before is not None and at is not None and at <= before.at:
            return  # A version that was read before: history overlaps so that late ones are not missed.
        version = self._stamped(version)
        if before is not None:
            self.found.take(assets.read(version, before, **self._how()))
        elif version.get("deleted") is not True and not self._went(assets.known_key(str(inner["name"])), at):
            stamped = {"updateTime": version.get("window", {}).get("startTime"), **version["asset"]}
            self.found.take(assets.created(stamped, **self._how(), after=self.since))

    def _went(self, key: str, at: datetime | None) -> bool:
        """Is it a late word of what has gone since?"""
        went_at = self.found.went_at(key)
        return went_at is not None and (at is None or at <= went_at)

    def sweep(self, swept_at: datetime) -> bool:
        """List everything, to find what is gone and was not told. False where that was not possible."""
        seen: set[str] = set()
        token, first = "", True
        try:
            while token or first:
                page, token = self.inventory.list(token, self.now, self.deadline)
                first = False
                seen.update(assets.known_key(str(asset.get("name"))) for asset in page)
        except ProviderError as error:
            self.found.lacks("deletions", swept_at, f"the inventory could not be listed whole: {error}")
            return False
        after = ""
        while rows := self.found.page("asset/", after):
            after = rows[-1].key
            for row in rows:
                if row.key not in seen and self._stood(row):
                    name = row.key.removeprefix("asset/")
                    how: dict[str, Any] = {"source": self.source, "environment": self.environment, "at": None, "observed_at": self.now}
                    self.found.take(assets.deleted(name, row, **how))
        return True

    def _stood(self, row: KnownState) -> bool:
        """Is it still known, and from before this list? What was made a moment ago may not be in it yet."""
        known = self.found.one(row.key)
        return known is not None and known.at < self.now - LAG

    # --- what all share --------------------------------------------------------------------------------------------------

    def _stamped(self, version: JsonObject) -> JsonObject:
        inner = version.get("asset")
        return {**version, "asset": self.scope.stamped(inner)} if isinstance(inner, dict) else version

    def _how(self) -> dict[str, Any]:
        return {"source": self.source, "environment": self.environment, "redactor": self.redactor, "observed_at": self.now}
