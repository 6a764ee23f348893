"""States that others recorded: each is read or refused with a reason, and a lineage's versions give what lies between them."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import RecordUnreadable
from core.providers import ProviderContext, reader
from core.providers.terraform import statefile
from tests.components import corpora
from tests.unit.core.providers.terraform.given import REDACTOR, START, Rows

pytestmark = pytest.mark.component("corpora")


def folder() -> Path:
    assert corpora.FOLDER is not None
    return corpora.FOLDER / "terraform"


def test_every_state_is_read_or_refused_with_a_reason() -> None:
    outcomes: Counter[str] = Counter()
    for path in sorted((folder() / "fixtures").iterdir()):
        try:
            statefile.parse(statefile.load(path.read_bytes()))
            outcomes["read"] += 1
        except RecordUnreadable as error:
            assert str(error)
            assert error.next_step
            outcomes[str(error).split(" is ")[0]] += 1
    assert outcomes["read"] >= 370
    assert sum(outcomes.values()) >= 380


def test_versions_of_a_lineage_give_a_baseline_and_then_changes_or_one_word_about_the_state() -> None:
    reads = reader("tfstate", source="tf", environment="", context=ProviderContext(redactor=REDACTOR))
    for sequence in json.loads((folder() / "sequences.json").read_text()):
        rows, at, serials = Rows(), START, [version["serial"] for version in sequence["versions"]]
        for number, version in enumerate(sequence["versions"]):
            at += timedelta(minutes=5)
            reading = reads.read(json.loads((folder() / version["file"]).read_text()), rows, at)
            rows.take(reading)
            assert reading.baseline == (number == 0)
            if number and serials[number] == serials[number - 1]:
                assert {event.resource.kind for event in reading.events} <= {"terraform_state"}
                assert len(reading.events) <= 1
            assert len({event.id for event in reading.events}) == len(reading.events)
