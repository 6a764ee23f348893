"""The Google Cloud source over real gRPC: what moved, who moved it, and what could not be read."""

import time
from datetime import timedelta

import grpc
import pytest
from pydantic import ValidationError

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.event import ChangeType
from core.providers.gcp.options import GcpSettings
from core.trait import Trait
from tests.components.cloud_asset import CloudAsset
from tests.unit.core.providers.gcp.given import FIREWALL, INSTANCE, START, Rows, Watch, audited


def test_the_first_poll_makes_a_baseline_over_every_page_and_no_event(google: CloudAsset, watch: Watch) -> None:
    google.page_size = 1
    first, second = watch.poll(), watch.poll(0)
    assert (first.more, second.more) == (True, False)
    assert first.events == second.events == ()
    assert set(watch.rows.rows) == {f"asset/{FIREWALL}", f"asset/{INSTANCE}"}


def test_a_change_gives_one_event_with_before_after_and_who(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    at = watch.now + timedelta(seconds=20)
    google.put(FIREWALL, "compute.googleapis.com/Firewall", at, {"sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}]})
    google.entries.append(audited("v1.compute.firewalls.patch", FIREWALL, at - timedelta(seconds=2)))
    (event,) = watch.poll().events
    assert [(c.path, c.before, c.after) for c in event.changes] == [("resource.sourceRanges", ["10.0.0.0/8"], ["0.0.0.0/0"])]
    assert (event.actor.id, event.environment) == ("ana@acme.example", "prod")
    assert Trait.EXPOSES_PUBLICLY in event.traits


def test_the_same_cursor_again_gives_the_same_ids(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    google.put(
        INSTANCE, "compute.googleapis.com/Instance", watch.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"}
    )
    known, cursor = Rows(dict(watch.rows.rows)), watch.cursor
    first = watch.poll()
    watch.rows, watch.cursor = known, cursor
    assert [e.id for e in watch.poll(0).events] == [e.id for e in first.events] != []


def test_what_happened_while_nobody_polled_is_found_in_its_order(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    for hour, status in ((1, "TERMINATED"), (2, "RUNNING")):
        google.put(
            INSTANCE, "compute.googleapis.com/Instance", START + timedelta(hours=hour), {"status": status, "machineType": "e2-small"}
        )
    assert [e.change_type for e in watch.poll(minutes=300).events] == [ChangeType.STOPPED, ChangeType.STARTED]


def test_a_deletion_that_nothing_told_of_is_found_by_the_sweep_and_says_between_when(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    google.put(INSTANCE, "compute.googleapis.com/Instance", START + timedelta(minutes=10), None)
    assert watch.poll(minutes=20).events == ()
    (event,) = watch.poll(minutes=60).events
    assert event.change_type is ChangeType.DELETED
    assert event.resource.name == "web-1"
    assert event.occurred_after is not None
    assert event.occurred_after < event.occurred_at
    assert watch.poll(minutes=90).events == ()


def test_a_deletion_that_the_audit_log_tells_is_told_once(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    at = watch.now + timedelta(seconds=20)
    google.put(INSTANCE, "compute.googleapis.com/Instance", at, None)
    google.entries.append(audited("v1.compute.instances.delete", INSTANCE, at))
    (event,) = watch.poll().events
    assert (event.change_type, event.actor.name) == (ChangeType.DELETED, "ana")
    # The overlap reads the entry again, under the id that the store already has; the sweep adds nothing.
    assert {again.id for again in watch.poll(minutes=120).events} <= {event.id}


def test_what_was_deleted_and_made_again_between_two_polls_stays_known(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    gone, again = watch.now + timedelta(seconds=10), watch.now + timedelta(seconds=30)
    google.put(INSTANCE, "compute.googleapis.com/Instance", gone, None)
    google.put(INSTANCE, "compute.googleapis.com/Instance", again, {"status": "RUNNING", "machineType": "e2-large"})
    google.entries.append(audited("v1.compute.instances.delete", INSTANCE, gone))
    google.entries.append(audited("v1.compute.instances.insert", INSTANCE, again))
    told = [(event.change_type, event.actor.name) for event in watch.poll().events]
    assert told == [(ChangeType.DELETED, "ana"), (ChangeType.CREATED, "ana")]
    assert watch.rows.rows[f"asset/{INSTANCE}"].at == again


def test_an_idle_poll_costs_the_same_whatever_is_there(google: CloudAsset, watch: Watch) -> None:
    for number in range(300):
        google.put(f"{INSTANCE}-{number}", "compute.googleapis.com/Instance", START - timedelta(days=1), {"status": "RUNNING"})
    watch.poll()
    google.calls.clear()
    assert watch.poll(minutes=15).events == ()
    assert google.calls == {"SearchAllResources": 1, "entries:list": 1}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, ProviderForbidden),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ProviderThrottled),
        (grpc.StatusCode.UNAVAILABLE, ProviderUnreachable),
        (grpc.StatusCode.INVALID_ARGUMENT, ProviderMalformed),
        (grpc.StatusCode.DEADLINE_EXCEEDED, ProviderTimedOut),
    ],
)
def test_a_refusal_is_an_error_of_ours_that_names_the_source(
    google: CloudAsset, watch: Watch, status: grpc.StatusCode, error: type[ProviderError]
) -> None:
    google.fault = status
    with pytest.raises(error) as raised:
        watch.poll()
    assert raised.value.source == "gcp-prod"


def test_a_forbidden_call_names_the_permission(google: CloudAsset, watch: Watch) -> None:
    google.fault = grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(ProviderForbidden) as raised:
        watch.poll()
    assert raised.value.needs == "cloudasset.assets.listResource"


def test_a_server_that_never_answers_does_not_outlive_the_deadline(google: CloudAsset, watch: Watch) -> None:
    google.fault = "hang"
    before = time.monotonic()
    with pytest.raises(ProviderTimedOut):
        watch.poll(seconds=0.3)
    assert time.monotonic() - before < 5


def test_without_the_right_to_read_logs_the_change_is_told_and_the_gap_too(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    google.logs.status = 403
    google.put(
        INSTANCE, "compute.googleapis.com/Instance", watch.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"}
    )
    batch = watch.poll()
    assert [event.change_type for event in batch.events] == [ChangeType.STOPPED]
    partial = next(c for c in batch.coverage if c.state is CoverageState.PARTIAL)
    assert partial.part == "audit log"
    assert "logging.logEntries.list" in partial.next_step


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(429, b"", ProviderThrottled), (503, b"", ProviderUnreachable), (200, b"<html>", ProviderMalformed), (200, b"[]", ProviderMalformed)],
)
def test_what_cloud_logging_answers_amiss_is_an_error_of_ours(
    google: CloudAsset, watch: Watch, status: int, body: bytes, error: type[ProviderError]
) -> None:
    watch.poll()
    google.logs.status, google.logs.body = status, body
    with pytest.raises(error):
        watch.poll()


@pytest.mark.parametrize("how", ["hang", "trickle"])
def test_cloud_logging_that_does_not_answer_does_not_outlive_the_deadline(google: CloudAsset, watch: Watch, how: str) -> None:
    watch.poll()
    google.slow.how = how
    before = time.monotonic()
    with pytest.raises(ProviderTimedOut):
        watch.poll(seconds=0.3)
    assert time.monotonic() - before < 2


@pytest.mark.parametrize("url", ["http://proxy.example", "http://127.0.0.1.example", "ftp://127.0.0.1"])
def test_no_token_goes_to_where_there_is_no_tls(url: str) -> None:
    with pytest.raises(ValidationError):
        GcpSettings(scope="projects/acme", logging_url=url)
    assert GcpSettings(scope="projects/acme", logging_url="http://127.0.0.1:8080", pubsub_url="https://pubsub.example/x")


def test_coverage_leaves_the_sources_own_lag_open(watch: Watch) -> None:
    watch.poll()
    (coverage,) = watch.poll().coverage
    assert coverage.range.end == watch.now
    assert coverage.complete_until == watch.now - watch.provider.lag


def test_doctor_hears_which_permission_is_missing(google: CloudAsset, watch: Watch) -> None:
    assert [check.state for check in watch.provider.check(Deadline.after(5))] == [CheckState.GREEN, CheckState.GREEN]
    google.fault, google.logs.status = grpc.StatusCode.PERMISSION_DENIED, 403
    red = watch.provider.check(Deadline.after(5))
    assert [check.state for check in red] == [CheckState.RED, CheckState.RED]
    assert "cloudasset.assets.searchAllResources" in red[0].next_step
