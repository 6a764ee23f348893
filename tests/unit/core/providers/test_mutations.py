"""A record with anything in any of its places is read or refused with a reason; it never brings a reader down."""

import copy
import json
import random
from collections.abc import Iterator

import pytest

from core.clock import utc_now
from core.errors import RecordUnreadable, ValueRefused
from core.json import JsonObject, JsonValue
from core.providers import reader
from tests.components import corpora
from tests.unit.core.providers.kubernetes.given import CONTEXT, Rows

pytestmark = pytest.mark.component("corpora")

ANYTHING: tuple[JsonValue, ...] = (
    None, 0, -1, 3.5, True, [], [[]], [None], {}, "", "x" * 50, "\0", "\ufffd", {"a": {"b": [1]}}, [{"a": None}], 10**30,
    "9999-99-99T00:00:00Z", "0001-01-01T00:00:00Z", "//////", "arn:::::", "%zz",
)  # fmt: skip
PLACES = {
    "cloudtrail": ("cloudtrail/*.jsonl", "event"),
    "k8s-audit": ("k8s/audit_*.jsonl", "event"),
    "k8s-object": ("k8s/objects.jsonl", "object"),
    "k8s-event": ("k8s/events.jsonl", "event"),
    "gcp-audit": ("gcp/audit_*.jsonl", "event"),
    "gcp-asset": ("gcp/assets.jsonl", "asset"),
    "tfstate": ("terraform/fixtures/*.tfstate", ""),
}


def recorded(pattern: str, key: str) -> Iterator[JsonObject]:
    assert corpora.FOLDER
    for path in sorted(corpora.FOLDER.glob(pattern)):
        if path.stat().st_size > 20_000 and not key:
            continue
        for text in path.read_text().splitlines()[:200] if key else [path.read_text()]:
            try:
                told = json.loads(text)
            except ValueError:
                continue
            body = told.get(key) if key else told
            if isinstance(body, dict):
                yield body


def places(value: JsonValue, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*above, key)
        yield from places(below, (*above, key))


def mutated(body: JsonObject, chance: random.Random) -> JsonObject:
    """One place taken out, or filled with anything."""
    found = copy.deepcopy(body)
    at = chance.choice(list(places(found)))
    holder: JsonValue = found
    for key in at[:-1]:
        holder = holder[key]
    if chance.random() < 0.25 and isinstance(holder, dict):
        del holder[at[-1]]
    else:
        holder[at[-1]] = copy.deepcopy(chance.choice(ANYTHING))
    return found


@pytest.mark.parametrize("format", PLACES)
def test_anything_in_any_place_is_read_or_refused_with_a_reason(format: str) -> None:
    chance = random.Random(3)
    reads, bodies = reader(format, source="s", environment="", context=CONTEXT), list(recorded(*PLACES[format]))
    for _ in range(300):
        body, rows = chance.choice(bodies), Rows()
        for one in (body, mutated(body, chance)):
            try:
                rows.take(reads.read(one, rows, utc_now()))
            except (RecordUnreadable, ValueRefused) as error:
                assert str(error)
