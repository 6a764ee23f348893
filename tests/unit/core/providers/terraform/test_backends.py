"""States behind a server: http, Cloud Storage and HCP Terraform, each over real HTTP."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.coverage import CoverageState
from core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimedOut,
    ProviderUnreachable,
    SettingsError,
)
from core.event import ActorKind, IntentKind, ReferenceKind, Via
from core.json import JsonObject, encode
from core.observation import Signal
from tests.components.state_server import StateServer, run_rows, state_server
from tests.unit.core.providers.terraform.given import REDACTOR, START, Watch, instance, resource, state

TOKEN = "hcp-token-which-nobody-may-see"


@pytest.fixture
def server() -> Iterator[StateServer]:
    with state_server() as held:
        yield held


def version(size: str, serial: int) -> bytes:
    return json.dumps(state(resource("aws_instance", "web", instance({"id": "i-0abc1234", "size": size})), serial=serial)).encode()


def options(kind: str, server: StateServer) -> dict[str, Any]:
    given: dict[str, dict[str, JsonObject]] = {
        "http": {"http": {"address": f"{server.url}/shop/prod", "token": TOKEN}},
        "gcs": {"gcs": {"bucket": "states", "prefix": "shop", "endpoint": server.url}},
        "hcp": {"hcp": {"organization": "acme", "host": server.host, "token": TOKEN}},
    }
    return dict(given[kind])


def put(kind: str, server: StateServer, content: bytes, watch: Watch) -> None:
    if kind == "hcp":
        server.publish("prod", content, watch.now)
    else:
        server.put("shop/prod" if kind == "http" else "shop/prod.tfstate", content, watch.now)


KINDS = pytest.mark.parametrize("kind", ["http", "gcs", "hcp"])


@KINDS
def test_a_baseline_then_one_event_a_change_and_one_cheap_request_when_nothing_moved(server: StateServer, kind: str) -> None:
    watch = Watch(options(kind, server))
    put(kind, server, version("small", 1), watch)
    assert watch.poll().events == ()
    put(kind, server, version("large", 2), watch)
    (event,) = watch.poll().events
    assert [(c.path, c.before, c.after) for c in event.changes] == [("size", "small", "large")]
    server.calls.clear()
    server.sent = 0
    assert watch.poll().events == ()
    assert len(server.calls) == 1
    assert server.sent < 600
    watch.provider.close()


@KINDS
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (403, ProviderForbidden),
        (401, ProviderForbidden),
        (429, ProviderThrottled),
        (502, ProviderUnreachable),
        ("truncated", ProviderMalformed),
    ],
)
def test_a_failing_server_is_an_error_of_ours(server: StateServer, kind: str, fault: int | str, error: type[ProviderError]) -> None:
    watch = Watch(options(kind, server))
    put(kind, server, version("small", 1), watch)
    server.fault = fault
    with pytest.raises(error) as raised:
        watch.poll()
    assert raised.value.source == "tf-prod"
    if isinstance(raised.value, ProviderThrottled):
        assert raised.value.retry_after_seconds == 17
    if fault == 401 and kind != "s3":
        assert raised.value.next_step == "Renew or correct the credentials that WGO uses for tf-prod."
    assert TOKEN not in str(raised.value) + raised.value.next_step
    watch.provider.close()


@KINDS
def test_a_server_that_never_answers_is_left_at_the_deadline(server: StateServer, kind: str) -> None:
    watch = Watch(options(kind, server))
    put(kind, server, version("small", 1), watch)
    server.fault = "hang"
    began = time.monotonic()
    with pytest.raises(ProviderTimedOut):
        watch.poll(seconds=0.4)
    assert time.monotonic() - began < 2
    watch.provider.close()


@KINDS
def test_a_page_of_a_proxy_is_no_state(server: StateServer, kind: str) -> None:
    watch = Watch(options(kind, server))
    put(kind, server, version("small", 1), watch)
    server.fault = "garbage"
    try:
        (whole, gap) = watch.poll().coverage
    except ProviderMalformed:
        assert kind != "http"
    else:
        assert (whole.state, gap.state) == (CoverageState.READ, CoverageState.GAP)
        assert "not JSON" in gap.reason
    watch.provider.close()


def test_a_server_without_etags_is_read_and_compared(server: StateServer) -> None:
    server.etags = False
    watch = Watch(options("http", server))
    put("http", server, version("small", 1), watch)
    watch.poll()
    assert watch.poll().known_changes == ()
    put("http", server, version("large", 2), watch)
    assert len(watch.poll().events) == 1
    watch.provider.close()


def test_one_state_of_a_bucket_that_cannot_be_read_is_a_gap_and_the_others_are_read(server: StateServer) -> None:
    watch = Watch(options("gcs", server))
    put("gcs", server, version("small", 1), watch)
    server.put("shop/staging.tfstate", version("small", 1), watch.now)
    watch.poll()
    put("gcs", server, version("large", 2), watch)
    server.put("shop/staging.tfstate", version("large", 2), watch.now)
    server.fault, server.fault_at = 403, "staging.tfstate?"
    batch = watch.poll()
    assert len(batch.events) == 1
    (gap,) = [one for one in batch.coverage if one.state is CoverageState.GAP]
    assert (gap.part, "storage.objects.get" in gap.reason) == ("states/shop/staging", True)
    server.fault = None
    (late,) = watch.poll().events
    assert late.metadata["workspace"] == "states/shop/staging"
    watch.provider.close()


def test_a_lock_in_the_bucket_is_an_apply_that_goes_on_and_names_who_changed_it(server: StateServer) -> None:
    watch = Watch(options("gcs", server))
    put("gcs", server, version("small", 1), watch)
    watch.poll()
    lock = {"ID": "lock-7", "Operation": "OperationTypeApply", "Who": "ana@laptop", "Version": "1.11.4", "Created": watch.now.isoformat()}
    server.put("shop/prod.tflock", json.dumps(lock).encode(), watch.now)
    held = watch.poll()
    (reading,) = held.observations
    assert (reading.signal, reading.says) == (Signal.LOCK, "an apply is running since 2026-11-24 09:01 UTC, by ana@laptop")
    assert [one.reference for one in held.announcements] == ["lock/lock-7"]
    assert watch.poll().announcements == ()
    put("gcs", server, version("large", 2), watch)
    del server.objects["shop/prod.tflock"]
    done = watch.poll()
    (event,) = done.events
    assert (event.actor.kind, event.actor.id, event.actor.via) == (ActorKind.HUMAN, "ana@laptop", Via.IAC)
    assert (ReferenceKind.RUN, "lock/lock-7") in [(ref.kind, ref.id) for ref in event.references]
    (ended,) = done.announcements
    assert (ended.id, ended.range.end) == (held.announcements[0].id, watch.now)
    assert ended.range.holds(event.occurred_at)
    assert [one.says for one in done.observations] == ["no apply is running"]
    watch.provider.close()


def test_a_run_tells_who_why_and_from_which_commit(server: StateServer) -> None:
    watch = Watch(options("hcp", server))
    server.token = TOKEN
    server.publish("prod", version("small", 1), watch.now)
    watch.poll()
    began = watch.now + timedelta(seconds=5)
    server.runs["run-1"] = run_rows("run-1", status="applying", message="Bigger web", user="ana", at=began)
    server.workspaces["prod"]["current_run"] = "run-1"
    (going,) = watch.poll().announcements
    assert (going.title, going.reference, going.range.start) == ("Terraform run in prod: Bigger web", "run-1", began)
    assert going.range.end > watch.now
    said = "Bigger web, key AKIAIOSFODNN7EXAMPLE"
    server.runs["run-1"] = run_rows("run-1", status="applied", message=said, user="ana", at=began, ended=watch.now)
    server.publish("prod", version("large", 2), watch.now, run="run-1")
    batch = watch.poll()
    (event,) = batch.events
    assert (event.actor.kind, event.actor.name, event.actor.via) == (ActorKind.HUMAN, "ana", Via.IAC)
    hashed = REDACTOR.hash("AKIAIOSFODNN7EXAMPLE")
    assert [(i.kind, i.says) for i in event.intents] == [
        (IntentKind.RUN, f"Terraform run: Bigger web, key {hashed} (to add 1, to change 1, to destroy 0)"),
        (IntentKind.COMMIT, "0a1b2c3d4e5f"),
    ]
    assert event.links[0].url == f"{server.url}/app/acme/workspaces/prod/runs/run-1"
    assert (ReferenceKind.RUN, "run-1") in [(ref.kind, ref.id) for ref in event.references]
    assert {(one.id, one.range.end) for one in batch.announcements} == {(going.id, event.occurred_at)}
    assert TOKEN.encode() not in encode(batch)
    assert b"AKIAIOSFODNN7EXAMPLE" not in encode(batch)
    watch.provider.close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"azurerm": {}}, "the azurerm backend is not supported, use a copy of the state"),
        ({"pg": {}}, "the pg backend is not supported"),
        ({}, "give exactly one of paths, s3, gcs, http, hcp"),
        ({"paths": ["a"], "http": {"address": "https://x"}}, "paths and http is set"),
        ({"s3": {"bucket": "b"}}, "give either key or prefix"),
    ],
)
def test_options_that_cannot_be_used_say_so(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says.replace("(", r"\(")):
        Watch(given)


def test_two_states_of_one_lineage_under_two_names_do_not_mix(server: StateServer) -> None:
    watch = Watch(options("gcs", server), now=START)
    for name in ("prod", "staging"):
        server.put(f"shop/{name}.tfstate", version("small", 1), watch.now)
    watch.poll()
    for name in ("prod", "staging"):
        server.put(f"shop/{name}.tfstate", version("large", 2), watch.now)
    events = watch.poll().events
    assert len({event.id for event in events}) == len({event.resource.key for event in events}) == 2
    watch.provider.close()
