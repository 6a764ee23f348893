"""Records that others wrote, where they are at hand: nothing crashes, no read is a change, no change goes untold."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.batch import Reading
from tests.components import corpora
from tests.unit.core.providers.aws.given import read

pytestmark = pytest.mark.component("corpora")


def readings(pattern: str) -> Iterator[tuple[dict[str, Any], Reading]]:
    assert corpora.FOLDER
    for path in sorted((corpora.FOLDER / "cloudtrail").glob(pattern)):
        for line in path.read_text().splitlines():
            told = json.loads(line)
            yield told, read(told["event"])


def test_no_recorded_read_is_a_change() -> None:
    found = list(readings("noise_readonly/*.jsonl"))
    assert found
    assert [told["source"] for told, reading in found if reading.events] == []


def test_every_recorded_change_is_told_and_names_whoever_its_record_names() -> None:
    found = list(readings("*.jsonl"))
    assert found
    assert [told["source"] for told, reading in found if not reading.events] == []
    nameless = [told for told, reading in found for event in reading.events if not event.actor.known]
    assert all("arn:" not in json.dumps(told["event"].get("userIdentity")) for told in nameless)
    assert len(nameless) <= len(found) / 100


def test_a_record_that_tells_of_a_failure_is_an_attempt() -> None:
    failed = [reading for told, reading in readings("*.jsonl") if told["outcome"] == "failed"]
    assert failed
    assert all(event.attempted for reading in failed for event in reading.events)
