"""Entries as exports and pipelines hand them on: keys in another case, a service left out, an answer in place of a status."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.event import ActorKind, ChangeType, Event
from core.json import JsonObject
from core.trait import Trait
from tests.unit.core.providers.acting import judged, reads
from tests.unit.core.providers.gcp.test_readers import audit, entry

EXEC = "io.k8s.core.v1.pods.exec.create"
POD: dict[str, Any] = {"resourceName": "core/v1/namespaces/prod/pods/web-1", "request": {"kind": "Pod", "metadata": {"name": "web-1"}}}


def only(record: JsonObject) -> Event:
    (event,) = reads("gcp-audit", record)
    return event


def test_an_entry_with_keys_in_lower_case_is_the_same_entry() -> None:
    record = entry("compute.googleapis.com", "v1.compute.instances.stop")
    lowered: JsonObject = {key.lower() if key != "timestamp" else key: value for key, value in record.items()}
    assert audit(lowered) == audit(record)


def test_a_request_to_a_cluster_is_known_by_its_method_where_the_service_is_left_out() -> None:
    record = entry("", EXEC, resourceName="core/v1/namespaces/prod/pods/web-1/exec")
    del record["protoPayload"]["serviceName"]
    (one,) = judged("gcp-audit", record)
    assert (one.event.change_type, one.event.native_action) == (ChangeType.EXECUTED, f"k8s.io {EXEC}")
    assert Trait.EXECUTES_IN_WORKLOAD in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


def test_what_the_api_server_answered_with_a_failure_was_only_attempted() -> None:
    answer = {"kind": "Status", "status": "Failure", "reason": "AlreadyExists", "message": 'pods "web-1" already exists'}
    event = only(entry("k8s.io", "io.k8s.core.v1.pods.create", **POD, response=answer))
    assert (event.change_type, event.error) == (ChangeType.ATTEMPTED, 'pods "web-1" already exists')


def test_a_pods_own_status_is_no_failure() -> None:
    event = only(entry("k8s.io", "io.k8s.core.v1.pods.create", **POD, response={"kind": "Pod", "status": {"phase": "Pending"}}))
    assert event.change_type is ChangeType.CREATED


def test_a_record_cut_short_of_its_identity_does_not_tell_of_an_anonymous_request() -> None:
    record = entry("k8s.io", "io.k8s.core.v1.pods.create", **POD)
    del record["protoPayload"]["authenticationInfo"]
    event = only(record)
    assert event.actor.kind is ActorKind.UNKNOWN
    assert Trait.WEAKENS_AUTHENTICATION not in event.traits


def test_what_one_service_of_google_asks_of_another_is_googles_and_what_was_refused_is_nobodys() -> None:
    inside: dict[str, Any] = {"authenticationInfo": {}, "requestMetadata": {"callerIp": "private"}}
    done = only(entry("iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccount", **inside))
    assert (done.actor.kind, done.actor.name) == (ActorKind.SERVICE, "Google Cloud")
    refused = only(entry("iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccount", **inside, status={"code": 7}))
    assert refused.actor.kind is ActorKind.UNKNOWN


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("service-123@container-engine-robot.iam.gserviceaccount.com", "container-engine-robot"),
        ("123456789@cloudbuild.gserviceaccount.com", "cloudbuild"),
        ("p123-456@gcp-sa-logging.iam.gserviceaccount.com", "gcp-sa-logging"),
        ("system@google.com", "Google Cloud"),
        ("ana@acme.example", "ana"),
    ],
)
def test_an_account_that_is_only_a_number_is_called_by_what_it_is_for(email: str, name: str) -> None:
    assert only(entry("compute.googleapis.com", "v1.compute.instances.stop", email=email)).actor.name == name


def test_an_objects_name_may_hold_slashes() -> None:
    record = entry("storage.googleapis.com", "storage.objects.delete", resourceName="projects/_/buckets/b/objects/2026/11/report.csv")
    (event,) = audit(record).events
    assert (event.resource.kind, event.resource.name) == ("storage.googleapis.com/Object", "2026/11/report.csv")


def test_the_callers_network_is_read_in_either_spelling() -> None:
    record = entry("compute.googleapis.com", "v1.compute.instances.stop", requestMetadata={"callerIP": "203.0.113.9"})
    assert only(record).actor.network == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("service", "path", "kind", "name"),
    [
        ("cloudbuild.googleapis.com", "projects/acme/builds", "cloudbuild.googleapis.com/Build", "builds"),
        ("run.googleapis.com", "projects/acme/locations/europe-west1/services", "run.googleapis.com/Service", "services"),
        ("run.googleapis.com", "projects/acme/locations/europe-west1/services/api", "run.googleapis.com/Service", "api"),
        ("compute.googleapis.com", "projects/acme/global/firewalls/web", "compute.googleapis.com/Firewall", "web"),
    ],
)
def test_a_path_that_ends_in_a_collection_tells_what_is_made_there(service: str, path: str, kind: str, name: str) -> None:
    record = entry(service, "x.Create", resourceName=path)
    record["resource"] = {"type": "audited_resource", "labels": {}}
    event = only(record)
    assert (event.resource.kind, event.resource.name) == (kind, name)
