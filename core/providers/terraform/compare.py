"""A state against what was known of the same place: which instances came, went, moved and changed. Pure but for the rows it asks for.

What is kept: one row for the state itself (serial, lineage, outputs) and one for each instance (redacted attributes and a keyed seal
of the raw ones, so that an instance that did not change costs one hash).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.batch import KnownState, ManagedResource, Reading
from core.diff import diff
from core.event import ChangeType, FieldChange
from core.json import JsonObject
from core.ports import KnownStates
from core.providers.terraform import events, identity, secrets
from core.providers.terraform.events import Change, Version
from core.providers.terraform.origin import Cause, Origin, Place
from core.providers.terraform.rules import is_noise
from core.providers.terraform.statefile import Instance, State
from core.providers.terraform.subject import top

# Rows are read in pages of this many.
_PAGE = 500
# Terraform's own resource keeps the value it was given to the letter.
_BUILT_IN = "terraform_data"


@dataclass(slots=True)
class Comparison:
    """One reading of one place. `at` is when this version was written, `observed_at` when it was read."""

    origin: Origin
    place: Place
    state: State
    known: KnownStates
    at: datetime
    observed_at: datetime
    cause: Cause = field(default_factory=Cause)
    bound: datetime | None = None
    kept: JsonObject = field(default_factory=dict)
    from_nothing: datetime | None = None
    _found: secrets.Found = field(init=False)

    def __post_init__(self) -> None:
        self._found = secrets.found(self.state)

    def read(self, *, first: bool = False) -> Reading:
        """The first version of a place is a baseline; one that does not follow on the last is one event about the state itself.

        `first` says that what is known of the place was never read. Where it is known that there was nothing at the time of
        `from_nothing`, everything in it is new.
        """
        before = self.known.get([self.place.key]).get(self.place.key) if not first else None
        if before is None or before.state is None:
            if self.from_nothing is None:
                return self._baseline(None)
            nothing: JsonObject = {"lineage": self.state.lineage, "serial": self.state.serial - 1}
            return self._compared(KnownState(key=self.place.key, state=nothing, at=self.from_nothing))
        head = before.state
        if head.get("lineage") == self.state.lineage and head.get("serial") == self.state.serial and head.get("seal") == self._seal():
            return Reading(known_changes=(self._head(before, same=True),) if self.kept else ())
        if head.get("lineage") != self.state.lineage or self.state.serial <= int(head.get("serial") or 0):
            return self._broken(before)
        return self._compared(before)

    # --- first versions, and those that do not follow on ------------------------------------------------------------------

    def _baseline(self, before: KnownState | None) -> Reading:
        rows, managed = [self._head(before)], []
        for instance in self.state.instances.values():
            row = self._row(instance, None)
            rows.append(row)
            managed.append(self._managed(instance.address, row))
        return Reading(known_changes=tuple(rows), managed=tuple(managed), baseline=before is None)

    def _broken(self, before: KnownState) -> Reading:
        """Another lineage, a serial that went back or stood still: the file was put there, no apply led to it."""
        old = self._rows()
        gone = [row for row in old.values() if row.key.removeprefix(self.place.prefix) not in self.state.instances]
        fresh = self._baseline(before)
        removed = [KnownState(key=row.key, state=None, at=self.at) for row in gone]
        lost = [self._managed(row.key.removeprefix(self.place.prefix), row, removed=True) for row in gone]
        version = self._version(before, broken=True)
        seals = {row.key: (row.state or {}).get("seal") for row in fresh.known_changes}
        changed = sorted(
            row.key.removeprefix(self.place.prefix)
            for row in old.values()
            if row.key in seals and seals[row.key] != (row.state or {}).get("seal")
        )
        added = sorted(address for address in self.state.instances if self.place.prefix + address not in old)
        if not (added or gone or changed) and not self._outputs(before) and (before.state or {}).get("lineage") == self.state.lineage:
            return Reading(known_changes=fresh.known_changes, managed=fresh.managed)  # The same things in other words.
        event = events.of_state(
            version, before.state or {}, added, sorted(row.key.removeprefix(self.place.prefix) for row in gone), changed
        )
        return Reading(events=(event,), known_changes=(*fresh.known_changes, *removed), managed=(*fresh.managed, *lost))

    # --- the next version of the same lineage -----------------------------------------------------------------------------

    def _compared(self, before: KnownState) -> Reading:
        old = self._rows()
        rows: list[KnownState] = [self._head(before)]
        managed: list[ManagedResource] = []
        fresh: dict[str, KnownState] = {}
        for address, instance in self.state.instances.items():
            known = old.get(self.place.prefix + address)
            if known is not None and known.state is not None and known.state.get("seal") == self._instance_seal(instance):
                continue
            row = self._row(instance, known)
            fresh[address] = row
            rows.append(row)
            managed.append(self._managed(address, row))
        gone = {key.removeprefix(self.place.prefix): row for key, row in old.items()}
        gone = {address: row for address, row in gone.items() if address not in self.state.instances}
        for address, row in gone.items():
            rows.append(KnownState(key=row.key, state=None, at=self.at))
            managed.append(self._managed(address, row, removed=True))
        version = self._version(before)
        found = [events.of_instance(version, change) for change in self._changes(old, fresh, gone)]
        outputs = self._outputs(before)
        if outputs and not found:
            found.append(events.of_outputs(version, outputs))
        return Reading(events=tuple(found), known_changes=tuple(rows), managed=tuple(managed))

    def _changes(self, old: Mapping[str, KnownState], fresh: Mapping[str, KnownState], gone: Mapping[str, KnownState]) -> Iterator[Change]:
        added = {address: row for address, row in fresh.items() if self.place.prefix + address not in old}
        moved = _moves(gone, added)
        stays = {instance.resource for address, instance in self.state.instances.items() if address not in added}
        left = {instance.resource for instance in self.state.instances.values()}
        for address, row in fresh.items():
            state = row.state or {}
            several = isinstance(state.get("index"), int) and self.state.instances[address].resource in stays
            if address in moved:
                was = gone[moved[address]].state or {}
                renamed = FieldChange(path="address", before=moved[address], after=address)
                yield Change(ChangeType.MOVED, address, was, state, (renamed, *_differences(was, state)), came_from=moved[address])
            elif address in added:
                yield Change(ChangeType.CREATED, address, {}, state, multiplied=several)
            else:
                was = old[row.key].state or {}
                differences = _differences(was, state)
                if not differences:
                    continue
                replaced = was.get("id") and state.get("id") and was["id"] != state["id"]
                yield Change(ChangeType.REPLACED if replaced else ChangeType.MODIFIED, address, was, state, differences)
        for address, row in gone.items():
            if address not in moved.values():
                was = row.state or {}
                several = isinstance(was.get("index"), int) and was.get("resource") in left
                yield Change(ChangeType.DELETED, address, was, {}, multiplied=several)

    def _outputs(self, before: KnownState) -> tuple[FieldChange, ...]:
        return diff((before.state or {}).get("outputs") or {}, self._kept_outputs())

    # --- rows -------------------------------------------------------------------------------------------------------------

    def _rows(self) -> dict[str, KnownState]:
        rows: dict[str, KnownState] = {}
        after = ""
        while page := self.known.page(self.place.prefix, after, _PAGE):
            after = page[-1].key
            rows.update({row.key: row for row in page})
        return rows

    def _seal(self) -> str:
        parts = {address: self._instance_seal(instance) for address, instance in self.state.instances.items()}
        outputs = {name: [told.value, told.sensitive] for name, told in self.state.outputs.items()}
        return self.origin.redactor.hash([parts, outputs])

    def _instance_seal(self, instance: Instance) -> str:
        told = [instance.kind, instance.attributes, sorted(map(str, instance.sensitive)), instance.tainted, list(instance.deposed)]
        return self.origin.redactor.hash(told)

    def _kept_outputs(self) -> JsonObject:
        return {name: secrets.output(told, name, self.origin.redactor, self._found) for name, told in self.state.outputs.items()}

    def _head(self, before: KnownState | None, *, same: bool = False) -> KnownState:
        turn = int((before.state or {}).get("turn") or 0) if before else 0
        if before and before.state and not same:
            follows = before.state.get("lineage") == self.state.lineage and self.state.serial > int(before.state.get("serial") or 0)
            turn += 0 if follows else 1
        state = {
            "serial": self.state.serial,
            "lineage": self.state.lineage,
            "tool": self.state.tool,
            "turn": turn,
            "outputs": self._kept_outputs(),
            "seal": self._seal(),
            "id": self.place.id,
            "label": self.place.label,
            **self.kept,
        }
        return KnownState(key=self.place.key, state=state, at=self.at)

    def _row(self, instance: Instance, before: KnownState | None) -> KnownState:
        says = secrets.redacted(instance, self.origin.redactor, self._found)
        since = (before.state or {}).get("since") if before else None
        state = {
            "seal": self._instance_seal(instance),
            "kind": instance.kind,
            "resource": instance.resource,
            "index": instance.index,
            "id": identity.provider_id(says),
            "says": says,
            "since": since or self.at.isoformat(),
            **({"tainted": True} if instance.tainted else {}),
            **({"deposed": list(instance.deposed)} if instance.deposed else {}),
        }
        return KnownState(key=self.place.prefix + instance.address, state=state, at=self.at)

    def _managed(self, address: str, row: KnownState, *, removed: bool = False) -> ManagedResource:
        state = row.state or {}
        return ManagedResource(
            source=self.origin.source,
            address=address,
            kind=str(state.get("kind")),
            aliases=identity.aliases(str(state.get("kind")), state.get("says") or {}),
            workspace=self.place.label,
            since=datetime.fromisoformat(str(state["since"])),
            says={} if removed else state.get("says") or {},
            environment=self.origin.environment,
            removed=removed,
        )

    def _version(self, before: KnownState, *, broken: bool = False) -> Version:
        turn = int((before.state or {}).get("turn") or 0) + (1 if broken else 0)
        return Version(
            origin=self.origin,
            place=self.place,
            serial=self.state.serial,
            lineage=self.state.lineage,
            tool=self.state.tool,
            turn=turn,
            at=min(self.at, self.observed_at),
            after=self._after(before),
            observed_at=self.observed_at,
            cause=self.cause,
        )

    def _after(self, before: KnownState) -> datetime | None:
        """Nothing of this version happened before the last one was written, nor before the lock that it was made under."""
        bounds = [bound for bound in (before.at, self.bound, self.cause.after) if bound is not None]
        earliest = max(bounds)
        return min(earliest, self.at, self.observed_at)


def _differences(was: JsonObject, now: JsonObject) -> tuple[FieldChange, ...]:
    kind = str(now.get("kind"))
    before, after = was.get("says") or {}, now.get("says") or {}
    changes = [change for change in diff(before, after) if not is_noise(kind, top(change.path)) and not _same_nothing(kind, change)]
    about = (("tainted", "(tainted)"), ("deposed", "(deposed)"), ("kind", "(type)"))
    marks = [FieldChange(path=path, before=was.get(name), after=now.get(name)) for name, path in about if was.get(name) != now.get(name)]
    return (*changes, *marks)


def _same_nothing(kind: str, change: FieldChange) -> bool:
    """Providers write null where nothing is set, and "", [] or {} at the next refresh, or the other way round: to them it is the same.

    https://github.com/hashicorp/terraform-plugin-sdk/blob/main/helper/schema/grpc_provider.go (normalizeNullValues)
    """
    return kind != _BUILT_IN and not any(value not in (None, "", [], {}) for value in (change.before, change.after))


def _moves(gone: Mapping[str, KnownState], added: Mapping[str, KnownState]) -> dict[str, str]:
    """New address → old one, where the provider's id is the same and no other has it."""
    old, new = _by_id(gone), _by_id(added)
    return {new[one][0]: old[one][0] for one in new if len(new[one]) == 1 and len(old.get(one, ())) == 1}


def _by_id(rows: Mapping[str, KnownState]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for address, row in rows.items():
        state = row.state or {}
        if state.get("id"):
            found.setdefault((str(state.get("kind")), str(state["id"])), []).append(address)
    return found
