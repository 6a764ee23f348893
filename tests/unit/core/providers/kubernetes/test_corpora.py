"""Records that others wrote, where they are at hand: nothing crashes, no read is a change, no change lacks the actor it names."""

import json
from collections.abc import Iterator

import pytest

from core.batch import Reading
from core.errors import RecordUnreadable
from core.json import JsonObject
from core.providers import reader
from tests.components import corpora
from tests.unit.core.providers.kubernetes.given import CONTEXT, NOW, Rows

pytestmark = pytest.mark.component("corpora")


def readings(format: str, pattern: str, key: str) -> Iterator[tuple[JsonObject, Reading | None]]:
    reads, rows = reader(format, source="corpus", environment="", context=CONTEXT), Rows()
    assert corpora.FOLDER
    for path in sorted((corpora.FOLDER / "k8s").glob(pattern)):
        for line in path.read_text().splitlines():
            told = json.loads(line)
            try:
                reading = reads.read(told[key], rows, NOW)
            except RecordUnreadable:
                yield told, None
                continue
            rows.take(reading)
            yield told, reading


def test_no_recorded_read_is_a_change_and_every_mutation_is() -> None:
    found = list(readings("k8s-audit", "audit_*.jsonl", "event"))
    assert found
    for told, reading in found:
        if told["label"] == "noise_readonly":
            assert reading is not None
            assert not reading.events, told["source"]
        elif told["label"] == "unplanned":
            assert reading is not None
            assert reading.events, told["source"]


def test_a_recorded_actor_is_never_lost() -> None:
    for told, reading in readings("k8s-audit", "audit_*.jsonl", "event"):
        for event in reading.events if reading else ():
            assert event.actor.known or not told["event"].get("user"), told["source"]


def test_every_recorded_object_and_cluster_event_is_read() -> None:
    assert all(reading is not None for _, reading in readings("k8s-object", "objects.jsonl", "object"))
    assert all(reading is not None and not reading.events for _, reading in readings("k8s-event", "events.jsonl", "event"))
