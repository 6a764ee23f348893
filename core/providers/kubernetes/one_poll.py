"""One poll of one cluster: lists and watches in, a batch's parts out. Built anew for each poll; keeps nothing."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from core.batch import KnownState
from core.clock import Clock, Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderForbidden, ProviderThrottled, RecordUnreadable
from core.event import ChangeType
from core.json import JsonObject
from core.kube.kinds import EVENTS
from core.kube.subject import mapping, text
from core.providers.kubernetes import events, followers, objects, releases
from core.providers.kubernetes.client import Cluster, Expired, NotOffered
from core.providers.kubernetes.following import Followed, pages, watch_all
from core.providers.kubernetes.gathering import Gathering
from core.providers.kubernetes.objects import Glance
from core.providers.kubernetes.options import KubernetesSettings
from core.providers.kubernetes.origin import Origin
from core.timerange import TimeRange


@dataclass(slots=True)
class OnePoll:
    """`now` is when it began: what is read is complete up to then."""

    cluster: Cluster
    options: KubernetesSettings
    origin: Origin
    streams: list[Followed]
    clock: Clock
    deadline: Deadline
    now: datetime
    since: datetime
    found: Gathering
    failures: list[ProviderError] = field(default_factory=list)
    succeeded: int = 0
    _gone: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Watch what stands, then list what does not. Raises the ProviderError that all streams have met."""
        watch_all(self.cluster, self.streams, self.deadline)
        for one in self.streams:
            if one.watched is not None:
                self._take_changes(one)
        for one in self.streams:
            if one.failure is None and one.watched is None:
                self._list(one)
        for one in self.streams:
            self._cover(one)
        if self.failures and not self.succeeded:
            raise self.failures[0]

    # --- watches ---------------------------------------------------------------------------------------------------------

    def _take_changes(self, one: Followed) -> None:
        assert one.watched is not None
        since = datetime.fromisoformat(one.position.since) if one.position.since else self.since
        changes = [(str(change.get("type")), self._typed(change["object"], one)) for change in one.watched.changes]
        wanted = [(how, found) for how, found in changes if not self._left_out(one, found)]
        self.found.look_up([self._state_key(one, found) for _, found in wanted if one.stream.kind is not EVENTS])
        for how, found in wanted:
            if one.stream.kind is EVENTS:
                self._warning(found, how)
            else:
                self._take(one, found, since, gone=how == "DELETED")
        self.found.more = self.found.more or one.watched.more
        one.position = replace(one.position, version=one.watched.version, since=self.now.isoformat())

    def _warning(self, found: JsonObject, how: str) -> None:
        if how != "DELETED":
            try:
                self.found.take(events.read(found, origin=self.origin, observed_at=self.clock()))
            except RecordUnreadable:
                return  # An Event about nothing tells nothing.

    def _take(self, one: Followed, found: JsonObject, since: datetime, *, gone: bool, listed: bool = False) -> None:
        at = self.clock()
        if followers.follows(found):
            going = gone or text(found, "metadata", "deletionTimestamp")
            if not (going and self._orphaned(found)):
                followers.take(found, gone, self.found, self.origin, at)
            elif self.found.one(row_key := followers.row_key(found)) is not None:
                self.found.keep([KnownState(key=row_key, state=None, at=at)])
            return
        releases.note(found, self.found, at)
        key = self._state_key(one, found)
        before = self.found.one(key)
        glance = Glance(found=found, key=key, origin=self.origin, observed_at=at, since=since, listed=listed)
        if gone:
            if before is not None:
                if one.stream.kind.name == "Namespace" and before.state and before.state.get("deleting"):
                    self._gone.add(glance.name)
                marked = objects.deleted_at(found)
                self.found.take(objects.deleted(key, replace(before, at=since), origin=self.origin, observed_at=at, at=marked))
        elif before is None or before.state is None:
            self.found.take(objects.created(glance))
        else:
            self.found.take(objects.compare(replace(glance, state_at=since if before.at >= self.now else before.at), before.state))

    def _orphaned(self, found: JsonObject) -> bool:
        """Is its owner gone, or going? How its last followers end says nothing of what is no more."""
        kind, name = followers.owner_of(found)
        of_owner = next((one for one in self.streams if one.stream.kind.name == kind), None)
        if of_owner is None or of_owner.failure is not None:
            return False
        row = self.found.one(f"object/{of_owner.stream.kind.key}/{text(found, 'metadata', 'namespace')}/{name}")
        return row is None or (row.state or {}).get("deleting") is True

    # --- lists -----------------------------------------------------------------------------------------------------------

    def _list(self, one: Followed) -> None:
        """The first list makes a baseline; one after a loss is held against what is known."""
        lost, seen = one.position.lost, set[str]()
        since = datetime.fromisoformat(one.position.since) if one.position.since else self.since
        try:
            for page in pages(self.cluster, one, self.deadline):
                self._take_page(one, page, since, seen, lost=lost)
        except Expired:
            one.position = replace(one.position, version="", token="")
            self.found.more = True
            return
        except ProviderError as error:
            self._interrupted(one, error, lost=lost)
            return
        if lost:
            self._deletions(one, seen, since)
        one.position = replace(one.position, lost=False, since=self.now.isoformat())

    def _take_page(self, one: Followed, page: JsonObject, since: datetime, seen: set[str], *, lost: bool) -> None:
        if one.stream.kind is EVENTS:
            return  # Only where to go on from: old warnings are no news.
        version = text(page, "apiVersion")
        listed = [self._typed(item, one, version) for item in page.get("items") or [] if isinstance(item, dict)]
        wanted = [found for found in listed if not self._left_out(one, found)]
        self.found.look_up([self._state_key(one, found) for found in wanted])
        for found in wanted:
            key = self._state_key(one, found)
            seen.add(key)
            if lost or followers.follows(found):
                self._take(one, found, since, gone=False, listed=True)
            else:
                releases.note(found, self.found, self.now)
                glance = Glance(found=found, key=key, origin=self.origin, observed_at=self.now)
                self.found.take(replace(objects.baseline(glance), baseline=False))
        self.found.forget_read()

    def _interrupted(self, one: Followed, error: ProviderError, *, lost: bool) -> None:
        """A first list goes on in the next poll; one that is held against what is known begins again."""
        begun = bool(one.position.token) and not lost
        if not begun:
            one.position = replace(one.position, version="", token="")
        self.found.more = self.found.more or begun
        one.failure = error

    def _deletions(self, one: Followed, seen: set[str], since: datetime) -> None:
        after = ""
        while page := self.found.page(one.stream.prefix, after):
            after = page[-1].key
            for row in page:
                if row.key not in seen and self.found.one(row.key) is not None:
                    self.found.take(objects.deleted(row.key, replace(row, at=since), origin=self.origin, observed_at=self.clock()))
            self.found.forget_read()

    # --- what both share -------------------------------------------------------------------------------------------------

    @staticmethod
    def _typed(found: JsonObject, one: Followed, version: str = "") -> JsonObject:
        """Items of a list carry neither kind nor apiVersion."""
        kind = one.stream.kind
        served = version or (f"{kind.group}/{one.position.served}" if kind.group else one.position.served)
        named = text(found, "kind") or (kind.name if not kind.custom else "")
        return {**found, "kind": named, "apiVersion": text(found, "apiVersion") or served}

    @staticmethod
    def _state_key(one: Followed, found: JsonObject) -> str:
        if followers.follows(found):
            return followers.row_key(found)
        metadata = mapping(found, "metadata")
        return f"object/{one.stream.kind.key}/{text(metadata, 'namespace')}/{text(metadata, 'name')}"

    def _left_out(self, one: Followed, found: JsonObject) -> bool:
        return self.options.leaves_out(text(found, "metadata", "name" if one.stream.kind.name == "Namespace" else "namespace"))

    def going(self) -> frozenset[str]:
        """Namespaces of this poll's deletions that were themselves told as deleted before."""
        names = {event.resource.scope.namespace for event in self.found.events if event.change_type is ChangeType.DELETED}
        keys = {f"object/namespaces//{name}": name for name in names if name}
        rows = self.found.get(list(keys))
        return frozenset({*self._gone, *(keys[key] for key, row in rows.items() if row.state and row.state.get("deleting"))})

    def inside(self) -> dict[str, int]:
        """How many things were known in each namespace whose deletion this poll tells."""
        told = [event for event in self.found.events if event.change_type is ChangeType.DELETED and event.resource.kind == "Namespace"]
        prefixes = {event.resource.name: {f"object/{one.stream.kind.key}/{event.resource.name}/" for one in self.streams} for event in told}
        return {name: sum(self._known_below(prefix) for prefix in below) for name, below in prefixes.items()}

    def _known_below(self, prefix: str) -> int:
        number, after = 0, ""
        while page := self.found.page(prefix, after):
            number, after = number + len(page), page[-1].key
        return number

    def _cover(self, one: Followed) -> None:
        if one.failure is None:
            self.succeeded += 1
            return
        self.failures.append(one.failure)
        refused = isinstance(one.failure, ProviderForbidden | NotOffered)
        start = datetime.fromisoformat(one.position.since) if one.position.since else self.since
        self.found.coverage.append(
            Coverage(
                source=self.origin.source,
                range=TimeRange(start=min(start if not refused else self.since, self.now), end=self.now),
                state=CoverageState.PARTIAL if refused else CoverageState.GAP,
                complete_until=self.now,
                reason=f"{one.stream.key}: {one.failure}",
                next_step=one.failure.next_step
                or ("It will be read on with the next poll." if isinstance(one.failure, ProviderThrottled) else ""),
                part=one.stream.key,
            )
        )
