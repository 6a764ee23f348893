"""Recorded changes into the store, by the same way that polls take: idempotent, resumable, one bad record costing only itself."""

import hashlib
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.batch import Batch, Cursor, KnownState, Reading
from core.clock import Clock, utc_now
from core.errors import RecordUnreadable, ValueRefused
from core.event import Event, event_id
from core.json import JsonObject, canonical
from core.ports import KnownStates, RecordReader
from core.records import RawRecord

RECORDS_A_COMMIT = 500
# What a value of the wrong kind can still raise in a reader that did not foresee it. It costs that record, and the outcome
# says so; not in the error's own words, which may quote the value.
_OF_A_READER = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Ingests(Protocol):
    """The one way from a batch into the store (core.ingest)."""

    def take(self, source: str, batch: Batch, *, backfilled: bool = False) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordOutcome:
    """What became of one record. `event_ids` in the order the record yields them; empty where nothing changed."""

    record: int
    file: str
    line: int
    event_ids: tuple[str, ...] = ()
    baseline: bool = False
    error: str = ""


@dataclass(slots=True)
class BackfillTally:
    """Counts of one run."""

    records: int = 0
    changes: int = 0
    baselines: int = 0
    unreadable: int = 0
    failures: list[RecordOutcome] = field(default_factory=list)


@dataclass(slots=True)
class _Overlay:
    """Known states as they will be once the batch in hand is committed."""

    under: KnownStates
    over: dict[str, KnownState] = field(default_factory=dict)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        found = dict(self.under.get([key for key in keys if key not in self.over]))
        found.update({key: self.over[key] for key in keys if key in self.over and self.over[key].state is not None})
        return found

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        fresh = {key: state for key, state in self.over.items() if key.startswith(prefix) and key > after}
        # Rows that the overlay removed may hide later ones: ask for as many more.
        below = {state.key: state for state in self.under.page(prefix, after, limit + len(fresh))}
        below.update(fresh)
        return [state for _, state in sorted(below.items()) if state.state is not None][:limit]

    def take(self, changes: Iterable[KnownState]) -> None:
        self.over.update({change.key: change for change in changes})


@dataclass(slots=True)
class Backfill:
    """One run over one source. `reader_of` picks the reader of a record (one format has one reader; a corpus may mix)."""

    source: str
    ingest: Ingests
    known: KnownStates
    reader_of: Callable[[JsonObject], RecordReader]
    clock: Clock = utc_now
    tally: BackfillTally = field(default_factory=BackfillTally)
    _seen: dict[str, bytes] = field(default_factory=dict)

    def run(self, open_records: Callable[[], Iterator[RawRecord]]) -> Generator[RecordOutcome, None, None]:
        """Yield each record's outcome once it is committed, in the order of the input.

        `open_records` gives the input from its beginning, each time it is called. The part of it that an earlier run committed is
        read again against the history of that time, so that its events get the ids they had, and are dropped as stored.
        """
        repeated = _committed_before(open_records, self.known)
        chain = _Chain()
        waiting: list[RecordOutcome] = []
        batch = _Gathering(overlay=_Overlay(under=_NOTHING if repeated else self.known), replay=repeated > 0)
        for raw in open_records():
            chain.add(raw)
            waiting.append(self._one(raw, batch))
            if len(waiting) >= RECORDS_A_COMMIT or self.tally.records == repeated:
                yield from self._commit(waiting, batch, chain)
                over = batch.overlay if self.tally.records < repeated else _Overlay(under=self.known)
                waiting, batch = [], _Gathering(overlay=over, replay=self.tally.records < repeated)
        yield from self._commit(waiting, batch, chain)

    def _one(self, raw: RawRecord, batch: "_Gathering") -> RecordOutcome:
        number = self.tally.records
        self.tally.records += 1
        outcome = RecordOutcome(record=number, file=raw.file, line=raw.line)
        if raw.body is None:
            return self._failed(outcome, raw.error)
        try:
            reading = self.reader_of(raw.body).read(raw.body, batch.overlay, self.clock())
        except (RecordUnreadable, ValueRefused) as error:
            return self._failed(outcome, str(error))
        except _OF_A_READER as error:
            return self._failed(outcome, f"the reader stumbled over it ({type(error).__name__})")
        events = tuple(self._distinct(event, raw.body) for event in reading.events)
        batch.add(reading, events)
        self.tally.changes += bool(events)
        self.tally.baselines += reading.baseline
        return replace(outcome, event_ids=tuple(event.id for event in events), baseline=reading.baseline)

    def _failed(self, outcome: RecordOutcome, why: str) -> RecordOutcome:
        failed = replace(outcome, error=why or "the record cannot be read")
        self.tally.unreadable += 1
        if len(self.tally.failures) < 1000:
            self.tally.failures.append(failed)
        return failed

    def _distinct(self, event: Event, body: JsonObject) -> Event:
        # Trimmed and invented records share an id ("..."); a different record under a used id is another event, not a replay.
        digest = hashlib.sha256(canonical(body).encode()).digest()
        if self._seen.setdefault(event.id, digest) == digest:
            return event
        native = f"{event.native_id}#{digest.hex()[:16]}"
        return replace(event, id=event_id(event.source, f"{event.id}#{native}"), native_id=native)

    def _commit(self, waiting: list[RecordOutcome], batch: "_Gathering", chain: "_Chain") -> Iterator[RecordOutcome]:
        if waiting and not batch.replay:
            mark = KnownState(key=chain.key, state={"records": self.tally.records}, at=self.clock())
            self.ingest.take(self.source, batch.as_batch(mark), backfilled=True)
        elif batch.events:
            # Stored already, unless the store forgot them (retention): their events are offered, their snapshots are not.
            self.ingest.take(self.source, Batch(cursor=Cursor(), events=batch.in_order()), backfilled=True)
        yield from waiting


@dataclass(slots=True)
class _Gathering:
    """The readings of one commit. A `replay` was committed by an earlier run."""

    overlay: _Overlay
    replay: bool = False
    readings: list[Reading] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)

    def add(self, reading: Reading, events: tuple[Event, ...]) -> None:
        self.readings.append(reading)
        self.events.update({event.id: event for event in events if event.id not in self.events})
        self.overlay.take(reading.known_changes)

    def in_order(self) -> tuple[Event, ...]:
        return tuple(sorted(self.events.values(), key=lambda event: event.occurred_at))

    def as_batch(self, mark: KnownState) -> Batch:
        return Batch(
            cursor=Cursor(),
            events=self.in_order(),
            observations=tuple(o for reading in self.readings for o in reading.observations),
            known_changes=(*self.overlay.over.values(), mark),
            managed=tuple(m for reading in self.readings for m in reading.managed),
            announcements=tuple(a for reading in self.readings for a in reading.announcements),
        )


class _Nothing:
    """No history at all."""

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return ()


_NOTHING = _Nothing()
_MARK = "backfill/"


@dataclass(slots=True)
class _Chain:
    """A running hash over the records of one input: equal chains have read the same records in the same order."""

    digest: bytes = b""

    def add(self, raw: RawRecord) -> None:
        self.digest = hashlib.sha256(self.digest + canonical(raw.body if raw.body is not None else raw.error).encode()).digest()

    @property
    def key(self) -> str:
        return _MARK + self.digest.hex()[:32]


def _committed_before(open_records: Callable[[], Iterator[RawRecord]], known: KnownStates) -> int:
    """How many records from the beginning of this input an earlier run has committed."""
    marks: set[str] = set()
    after = ""
    while page := known.page(_MARK, after):
        marks.update(state.key for state in page)
        after = page[-1].key
    if not marks:
        return 0
    chain, committed = _Chain(), 0
    for number, raw in enumerate(open_records(), start=1):
        chain.add(raw)
        if chain.key in marks:
            committed = number
    return committed
