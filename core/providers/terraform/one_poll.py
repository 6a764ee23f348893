"""One poll of one source: look at every state, read those that moved, compare, and say what could not be read."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.announcement import Announcement
from core.batch import KnownState, ManagedResource, Reading
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderTimedOut, RecordUnreadable, WgoError
from core.event import Event
from core.json import JsonObject
from core.observation import Observation
from core.ports import KnownStates
from core.providers.terraform import locks, statefile
from core.providers.terraform.backend import Backend, Content, Glimpse, Look, all_failed
from core.providers.terraform.compare import Comparison
from core.providers.terraform.locks import Lock
from core.providers.terraform.origin import Cause, Origin, Place
from core.timerange import TimeRange

# Terraform writes a state that is under way at least this often: https://developer.hashicorp.com/terraform/language/state (20 s),
# with room for clocks that differ.
_WRITTEN_EVERY = timedelta(minutes=1)
# Servers tell times in whole seconds.
_COARSE = timedelta(seconds=2)
# A state that is gone is spoken of for this long; then it is forgotten.
_MISSED_FOR = timedelta(days=7)
_PAGE = 500


@dataclass(slots=True)
class OnePoll:
    """`since` is when the poll before began, None in the first. `new_here` tells that an unknown state was not there then."""

    origin: Origin
    backend: Backend
    known: KnownStates
    deadline: Deadline
    now: datetime
    since: datetime | None
    new_here: bool
    events: list[Event] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    rows: list[KnownState] = field(default_factory=list)
    managed: list[ManagedResource] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    more: bool = False
    _heads: dict[str, KnownState] = field(default_factory=dict)
    _read: int = 0

    def run(self) -> None:
        """Raises the ProviderError that every state has met."""
        self._heads = self._remembered()
        look = self.backend.look(self._stamp, self.deadline)
        self.announcements += look.announcements
        failures: list[ProviderError] = []
        for glimpse in look.states:
            try:
                self._one(glimpse)
                self._read += 1
            except (ProviderError, RecordUnreadable) as error:
                failures += [error] if isinstance(error, ProviderError) else []
                self._unread(glimpse.place.label, error, glimpse.place)
        for one in look.unread:
            self._unread(one.part, one.why, one.place)
        whole = failures[0] if failures else all_failed(look.unread)
        if whole is not None and self._read == 0 and not self._readable(look, failures):
            raise whole
        self._missed(look)

    @staticmethod
    def _readable(look: Look, failures: list[ProviderError]) -> bool:
        """Did anything fail for its content alone? Then the source itself answers."""
        refused = [one for one in look.unread if not isinstance(one.why, ProviderError)]
        return len(look.states) > len(failures) or bool(refused)

    def _remembered(self) -> dict[str, KnownState]:
        heads: dict[str, KnownState] = {}
        after = ""
        while page := self.known.page("state/", after, _PAGE):
            after = page[-1].key
            heads.update({row.key: row for row in page})
            if len(page) < _PAGE:
                break
        return heads

    def _stamp(self, place: Place) -> str:
        head = self._heads.get(place.key)
        return str((head.state or {}).get("stamp") or "") if head else ""

    # --- one state --------------------------------------------------------------------------------------------------------

    def _one(self, glimpse: Glimpse) -> None:
        head = self._heads.get(glimpse.place.key)
        kept: JsonObject = (head.state or {}) if head else {}
        held = locks.remembered(kept.get("lock"))
        lock_stamp = str((kept.get("lock") or {}).get("stamp") or "")
        unchanged = bool(kept) and kept.get("stamp") == glimpse.stamp and "gone" not in kept
        if unchanged and lock_stamp == glimpse.lock_stamp:
            return
        if self.deadline.passed:
            self.more = True
            raise ProviderTimedOut(f"{glimpse.place.label}: no time was left to read it", source=self.origin.source)
        lock = held if lock_stamp == glimpse.lock_stamp else self._new_lock(glimpse)
        keys: frozenset[str] = frozenset()
        if unchanged and head is not None:
            self.rows.append(replace(head, state=_with_lock(kept, lock, glimpse.lock_stamp)))
        else:
            keys = self._changed(glimpse, kept, lock or held, _with_lock({}, lock, glimpse.lock_stamp))
        self._tell_locks(glimpse.place, held, lock, keys)

    def _changed(self, glimpse: Glimpse, kept: JsonObject, lock: Lock | None, locked: JsonObject) -> frozenset[str]:
        content = Content(body=glimpse.content, written_at=glimpse.written_at) if glimpse.content is not None else None
        content = content or self.backend.read(glimpse, self.deadline)
        state = statefile.parse(statefile.load(content.body))
        at = min(content.written_at or glimpse.written_at or self.now, self.now)
        unknown = not kept or kept.get("unread")
        comparison = Comparison(
            origin=self.origin,
            place=glimpse.place,
            state=state,
            known=self.known,
            at=at,
            observed_at=self.now,
            cause=_cause(content, lock, at),
            bound=self._bound(state.tool),
            kept={"stamp": glimpse.stamp, **locked},
            from_nothing=self._nothing_before(kept, at),
        )
        reading = comparison.read(first=bool(unknown))
        self._take(reading)
        keys = frozenset(event.resource.key for event in reading.events)
        if content.announcement is not None:
            covers = replace(content.announcement.covers, resource_keys=keys)
            self.announcements.append(replace(content.announcement, covers=covers))
        return keys

    def _nothing_before(self, kept: JsonObject, at: datetime) -> datetime | None:
        """When this place was looked at and nothing was there; None where that is not known."""
        if kept or not self.new_here or self.since is None or at < self.since - _COARSE:
            return None
        return min(self.since, at)

    def _bound(self, tool: str) -> datetime | None:
        """Where states are written while an apply goes on, what is new in one happened since the poll before, or just before it."""
        if self.since is None or not (self.backend.writes_often or _persists(tool)):
            return None
        return self.since - _WRITTEN_EVERY

    def _take(self, reading: Reading) -> None:
        self.events += reading.events
        self.rows += reading.known_changes
        self.managed += reading.managed

    # --- locks ------------------------------------------------------------------------------------------------------------

    def _new_lock(self, glimpse: Glimpse) -> Lock | None:
        if not glimpse.lock_stamp:
            return None
        try:
            return glimpse.lock or self.backend.lock(glimpse, self.deadline)
        except ProviderError:
            return None  # The lock explains a change; that it cannot be read keeps nothing from being told.

    def _tell_locks(self, place: Place, held: Lock | None, lock: Lock | None, keys: frozenset[str]) -> None:
        """What ended, and what began or still goes on with new changes under it."""
        if held is not None and (lock is None or lock.id != held.id):
            self.observations.append(held.observation(self.origin, place, self.now, held=False))
            if held.may_change:
                mine = frozenset() if lock is not None else keys
                self.announcements.append(held.announcement(self.origin, place, self.now, held=False, keys=mine))
        if lock is not None and (held is None or held.id != lock.id or keys):
            self.observations.append(lock.observation(self.origin, place, self.now, held=True))
            if lock.may_change:
                self.announcements.append(lock.announcement(self.origin, place, self.now, held=True, keys=keys))

    # --- what was not read ------------------------------------------------------------------------------------------------

    def _unread(self, part: str, why: WgoError, place: Place | None) -> None:
        start = min(self.since or self.now, self.now)
        self.coverage.append(
            Coverage(
                source=self.origin.source,
                range=TimeRange(start=start, end=self.now),
                state=CoverageState.GAP,
                complete_until=start,
                reason=f"{part}: {why}" if part not in str(why) else str(why),
                next_step=why.next_step,
                part=part,
            )
        )
        if place is not None and place.key not in self._heads:
            # It was here, unread: what is in it when it can be read is nothing new.
            self.rows.append(KnownState(key=place.key, state={"unread": True, "id": place.id, "label": place.label}, at=self.now))

    def _missed(self, look: Look) -> None:
        seen = {glimpse.place.key for glimpse in look.states} | {one.place.key for one in look.unread if one.place is not None}
        named = {one.part for one in look.unread}
        for key, head in self._heads.items():
            state = head.state or {}
            if key in seen or not self.backend.expects(str(state.get("id") or "")):
                continue
            gone = datetime.fromisoformat(str(state.get("gone") or self.now.isoformat()))
            if self.now - gone > _MISSED_FOR:
                self._forget(head)
                continue
            if "gone" not in state:
                self.rows.append(replace(head, state={**state, "gone": gone.isoformat()}))
            if not any(str(state.get("id")).startswith(part) for part in named):
                step = f"If it was taken away on purpose, nothing needs to be done: it is forgotten after {_MISSED_FOR.days} days."
                says = f"the state is gone since {gone:%Y-%m-%d %H:%M} UTC: what happens to its resources is not seen"
                self._unread(str(state.get("label")), RecordUnreadable(says, next_step=step), None)

    def _forget(self, head: KnownState) -> None:
        self.rows.append(KnownState(key=head.key, state=None, at=self.now))
        prefix = f"instance/{head.key.removeprefix('state/')}/"
        after = ""
        while page := self.known.page(prefix, after, _PAGE):
            after = page[-1].key
            self.rows += [KnownState(key=row.key, state=None, at=self.now) for row in page]


def _with_lock(kept: JsonObject, lock: Lock | None, stamp: str) -> JsonObject:
    """The lock is remembered under its stamp even where it cannot be read, so that it is not asked for again."""
    bare = {key: value for key, value in kept.items() if key != "lock"}
    if not stamp:
        return bare
    return {**bare, "lock": (lock or Lock(id="unread", who="", since=None)).kept(stamp)}


def _cause(content: Content, lock: Lock | None, at: datetime) -> Cause:
    if content.cause != Cause() or lock is None or not lock.may_change or (lock.since is not None and lock.since > at + _COARSE):
        return content.cause
    return lock.cause()


def _persists(tool: str) -> bool:
    """Does this version write a remote state while an apply goes on? Terraform does since 1.5, OpenTofu since its first release."""
    parts = tool.split(".")
    return len(parts) >= 2 and all(part.isdigit() for part in parts[:2]) and (int(parts[0]), int(parts[1])) >= (1, 5)
