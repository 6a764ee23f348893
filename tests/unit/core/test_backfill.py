"""Backfill takes the way of polls: every record once, one bad record costing itself, and the same ids when it is run again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.backfill import RECORDS_A_COMMIT, Backfill, RecordOutcome
from core.batch import Batch, KnownState, Reading
from core.errors import RecordUnreadable
from core.event import ChangeType, Event, Resource, event_id
from core.json import JsonObject
from core.ports import KnownStates
from core.records import RawRecord

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass
class Rows:
    """Known states as committed."""

    rows: dict[str, KnownState] = field(default_factory=dict)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return [row for key, row in sorted(self.rows.items()) if key.startswith(prefix) and key > after][:limit]


@dataclass
class Store:
    """Keeps what an ingest is given, events once."""

    known: Rows = field(default_factory=Rows)
    events: dict[str, Event] = field(default_factory=dict)
    commits: int = 0

    def take(self, source: str, batch: Batch, *, backfilled: bool = False) -> int:
        assert backfilled
        self.commits += 1
        for event in batch.events:
            self.events.setdefault(event.id, event)
        for state in batch.known_changes:
            self.known.rows[state.key] = state
        return len(self.events)


class Snapshots:
    """Reads {name, value}: a change where the value differs from the one before."""

    def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
        if "name" not in record:
            raise RecordUnreadable("no name")
        key, now = record["name"], KnownState(key=record["name"], state={"value": record["value"]}, at=observed_at)
        before = known.get([key]).get(key)
        if before is None:
            return Reading(known_changes=(now,), baseline=True)
        if before.state == now.state:
            return Reading(known_changes=(now,))
        native = f"{key}:{before.state}:{now.state}"
        event = Event(
            id=event_id("s", native), source="s", provider="p", occurred_at=NOW + timedelta(seconds=record["value"]), observed_at=NOW,
            resource=Resource(provider="p", kind="k", name=key), change_type=ChangeType.MODIFIED, native_action="set", native_id=native,
        )  # fmt: skip
        return Reading(events=(event,), known_changes=(now,))


def _raw(*values: int | None) -> list[RawRecord]:
    return [
        RawRecord(file="f", line=i + 1, body={"name": "a", "value": value} if value is not None else {"wrong": True})
        for i, value in enumerate(values)
    ]


def _run(store: Store, records: list[RawRecord]) -> list[RecordOutcome]:
    def again() -> Iterator[RawRecord]:
        return iter(records)

    return list(Backfill(source="s", ingest=store, known=store.known, reader_of=lambda _: Snapshots(), clock=lambda: NOW).run(again))


def test_records_of_one_run_are_each_others_history_within_one_commit() -> None:
    outcomes = _run(Store(), _raw(1, 1, 2, 3))
    assert [(o.baseline, len(o.event_ids)) for o in outcomes] == [(True, 0), (False, 0), (False, 1), (False, 1)]


def test_one_bad_record_costs_only_itself() -> None:
    store = Store()
    outcomes = _run(store, _raw(1, None, 2))
    assert [(o.record, o.line, o.error) for o in outcomes] == [(0, 1, ""), (1, 2, "no name"), (2, 3, "")]
    assert len(store.events) == 1


def test_a_reader_that_stumbles_costs_the_record_it_stumbled_over() -> None:
    store = Store()
    without = RawRecord(file="f", line=9, body={"name": "a"})
    outcomes = _run(store, [*_raw(1), without, *_raw(2)])
    assert [o.error for o in outcomes] == ["", "the reader stumbled over it (KeyError)", ""]
    assert len(store.events) == 1


def test_the_same_input_again_gives_the_same_ids_and_stores_nothing_new() -> None:
    store = Store()
    first = _run(store, _raw(1, 2, 1, 3))
    kept = dict(store.known.rows)
    second = _run(store, _raw(1, 2, 1, 3))
    assert second == first
    assert len(store.events) == 3
    assert store.known.rows == kept


def test_an_input_that_grew_goes_on_from_where_it_was() -> None:
    store = Store()
    first = _run(store, _raw(1, 2))
    longer = _run(store, _raw(1, 2, 5))
    assert longer[:2] == first
    assert len(store.events) == 2
    assert store.known.rows["a"].state == {"value": 5}


def test_a_run_cut_between_commits_is_taken_up_again() -> None:
    values = [n % 7 for n in range(RECORDS_A_COMMIT + 100)]
    whole, cut = Store(), Store()
    expected = _run(whole, _raw(*values))
    run = Backfill(source="s", ingest=cut, known=cut.known, reader_of=lambda _: Snapshots(), clock=lambda: NOW)
    steps = run.run(lambda: iter(_raw(*values)))
    for _ in range(RECORDS_A_COMMIT):
        next(steps)
    steps.close()
    assert _run(cut, _raw(*values)) == expected
    assert cut.events == whole.events


def test_a_different_record_under_a_used_id_is_an_event_of_its_own() -> None:
    class SameId(Snapshots):
        def read(self, record: JsonObject, known: KnownStates, observed_at: datetime) -> Reading:
            event = Event(
                id=event_id("s", "..."), source="s", provider="p", occurred_at=NOW, observed_at=NOW, native_id="...",
                resource=Resource(provider="p", kind="k", name=str(record["value"])), change_type=ChangeType.CREATED, native_action="make",
            )  # fmt: skip
            return Reading(events=(event,))

    store = Store()
    run = Backfill(source="s", ingest=store, known=store.known, reader_of=lambda _: SameId(), clock=lambda: NOW)
    outcomes = list(run.run(lambda: iter(_raw(1, 2, 1))))
    assert {event.resource.name for event in store.events.values()} == {"1", "2"}
    assert outcomes[0].event_ids == outcomes[2].event_ids != outcomes[1].event_ids
