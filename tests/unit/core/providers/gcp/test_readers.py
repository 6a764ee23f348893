"""Audit records and asset snapshots of Google Cloud, as Google sends them, become neutral facts."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from core.batch import KnownState, Reading
from core.errors import RecordUnreadable
from core.event import ActorKind, ChangeType, ReferenceKind, Via
from core.json import JsonObject, encode
from core.providers import ProviderContext, reader
from core.redaction import Redactor
from core.trait import Trait
from tests.components import corpora

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CONTEXT = ProviderContext(redactor=Redactor(b"k" * 32))


@dataclass
class Rows:
    rows: dict[str, KnownState] = field(default_factory=dict)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return []


def audit(record: JsonObject) -> Reading:
    return reader("gcp-audit", source="gcp-prod", environment="prod", context=CONTEXT).read(record, Rows(), NOW)


def entry(
    service: str, method: str, *, log: str = "activity", email: str = "ana@acme.example", agent: str = "", **payload: object
) -> JsonObject:
    return {
        "logName": f"projects/acme/logs/cloudaudit.googleapis.com%2F{log}",
        "insertId": "i1",
        "timestamp": "2026-11-23T03:12:00.123456789Z",
        "resource": {"type": "gce_instance", "labels": {"project_id": "acme", "zone": "europe-west1-b"}},
        "protoPayload": {
            "serviceName": service,
            "methodName": method,
            "resourceName": "projects/acme/zones/europe-west1-b/instances/web-1",
            "authenticationInfo": {"principalEmail": email},
            "requestMetadata": {"callerIp": "203.0.113.77", "callerSuppliedUserAgent": agent},
            **payload,
        },
    }


def test_a_machine_stopped_from_the_console_says_who_what_and_where() -> None:
    event = audit(entry("compute.googleapis.com", "v1.compute.instances.stop", agent="Mozilla/5.0")).events[0]
    assert event.change_type is ChangeType.STOPPED
    assert (event.resource.kind, event.resource.name) == ("compute.googleapis.com/Instance", "web-1")
    assert (event.resource.scope.project, event.resource.scope.region, event.environment) == ("acme", "europe-west1-b", "prod")
    assert event.resource.uid == "//compute.googleapis.com/projects/acme/zones/europe-west1-b/instances/web-1"
    assert (event.actor.kind, event.actor.id, event.actor.via, event.actor.network) == (
        ActorKind.HUMAN, "ana@acme.example", Via.CONSOLE, "203.0.113.0/24",
    )  # fmt: skip
    assert event.occurred_at == datetime(2026, 11, 23, 3, 12, 0, 123456, tzinfo=UTC)
    assert event.traits == {Trait.STOPS_WORKLOAD}


def test_a_service_deployed_over_the_knative_interface_is_named_as_the_inventory_names_it() -> None:
    record = entry("run.googleapis.com", "google.cloud.run.v1.Services.ReplaceService", resourceName="namespaces/acme/services/pay")
    record["resource"] = {"type": "cloud_run_revision", "labels": {"project_id": "acme", "location": "europe-west1"}}
    resource = audit(record).events[0].resource
    assert (resource.scope.project, resource.scope.namespace, resource.scope.region) == ("acme", "", "europe-west1")
    assert resource.uid == "//run.googleapis.com/projects/acme/locations/europe-west1/services/pay"


@pytest.mark.parametrize(
    ("method", "request_", "kind", "name", "within"),
    [
        ("cloudsql.backupRuns.create", {"instance": "warehouse"}, "BackupRun", "warehouse", "/backupRuns"),
        ("cloudsql.users.create", {"instance": "warehouse", "body": {"name": "li"}}, "User", "warehouse/li", "/users/li"),
        ("cloudsql.instances.create", {"body": {"name": "warehouse"}}, "Instance", "warehouse", ""),
    ],
)
def test_what_is_made_within_a_database_instance_is_not_told_as_the_instance(
    method: str, request_: JsonObject, kind: str, name: str, within: str
) -> None:
    path = "projects/acme/instances/warehouse"
    record = entry("cloudsql.googleapis.com", method, resourceName=path, request=request_)
    record["resource"] = {"type": "cloudsql_database", "labels": {"project_id": "acme", "database_id": "acme:warehouse"}}
    event = audit(record).events[0]
    assert (event.resource.kind, event.resource.name) == (f"sqladmin.googleapis.com/{kind}", name)
    assert event.resource.uid == f"//sqladmin.googleapis.com/{path}{within}"


def test_the_same_record_has_the_same_id() -> None:
    record = entry("compute.googleapis.com", "v1.compute.instances.stop")
    assert audit(record).events[0].id == audit(json.loads(json.dumps(record))).events[0].id


@pytest.mark.parametrize(
    ("email", "agent", "kind", "via"),
    [
        ("terraform@acme.iam.gserviceaccount.com", "", ActorKind.AUTOMATION, Via.IAC),
        ("deployer@acme.iam.gserviceaccount.com", "google-api-go-client/0.5 Terraform/1.11.4", ActorKind.AUTOMATION, Via.IAC),
        ("service-123@container-engine-robot.iam.gserviceaccount.com", "", ActorKind.SERVICE, Via.SERVICE),
        ("123@cloudservices.gserviceaccount.com", "", ActorKind.SERVICE, Via.SERVICE),
        ("ana@acme.example", "google-cloud-sdk gcloud/500.0.0", ActorKind.HUMAN, Via.CLI),
        ("ana@acme.example", "google-cloud-sdk Terraform/1.11.4", ActorKind.HUMAN, Via.IAC),
    ],
)
def test_an_actor_is_known_by_its_account_and_tool(email: str, agent: str, kind: ActorKind, via: Via) -> None:
    actor = audit(entry("compute.googleapis.com", "v1.compute.instances.stop", email=email, agent=agent)).events[0].actor
    assert (actor.kind, actor.via) == (kind, via)


POOL = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/subject/repo:a/b"
DEPLOYER = "ci-deploy@acme.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("who", "vouched"),
    [
        ({"principalEmail": DEPLOYER}, False),
        ({"principalEmail": DEPLOYER, "serviceAccountKeyName": "//iam.googleapis.com/projects/acme/serviceAccounts/x/keys/1"}, False),
        ({"principalSubject": POOL}, True),
        ({"principalEmail": DEPLOYER, "serviceAccountDelegationInfo": [{"principalSubject": POOL}]}, True),
        ({"principalEmail": "123456789@cloudbuild.gserviceaccount.com"}, True),
    ],
)
def test_a_pipeline_is_what_federation_or_google_vouches_for_and_not_what_an_account_is_called(who: JsonObject, vouched: bool) -> None:
    record = entry("compute.googleapis.com", "v1.compute.instances.stop", agent="curl/8.7.1", authenticationInfo=who)
    assert bool(audit(record).events[0].intents) is vouched


@pytest.mark.parametrize(
    "email",
    ["service-1@acme.iam.gserviceaccount.com", "service-123@evil-robot.iam.gserviceaccount.com", "p123@acme.iam.gserviceaccount.com"],
)
def test_an_account_that_is_called_like_googles_own_is_not_googles(email: str) -> None:
    actor = audit(entry("compute.googleapis.com", "v1.compute.instances.stop", email=email)).events[0].actor
    assert actor.kind is ActorKind.AUTOMATION


def test_a_refused_call_is_an_attempt_and_says_why() -> None:
    event = audit(entry("iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey", status={"code": 7, "message": "no"})).events[0]
    assert (event.change_type, event.error) == (ChangeType.ATTEMPTED, "no")
    assert Trait.CREATES_CREDENTIAL in event.traits


@pytest.mark.parametrize(
    ("service", "method", "log"),
    [
        ("compute.googleapis.com", "v1.compute.instances.aggregatedList", "data_access"),
        ("login.googleapis.com", "google.login.LoginService.loginSuccess", "data_access"),
        ("iamcredentials.googleapis.com", "GenerateAccessToken", "data_access"),
        ("bigquery.googleapis.com", "jobservice.query", "data_access"),
        ("iam.googleapis.com", "google.iam.admin.v1.TestIamPermissions", "activity"),
        ("k8s.io", "io.k8s.authorization.v1.selfsubjectaccessreviews.create", "activity"),
        ("newservice.googleapis.com", "google.new.v1.Things.Frobnicate", "data_access"),
    ],
)
def test_reads_log_ins_and_data_plane_calls_are_no_change(service: str, method: str, log: str) -> None:
    assert audit(entry(service, method, log=log)).events == ()


def test_an_unknown_verb_in_the_admin_activity_log_is_a_change() -> None:
    assert audit(entry("newservice.googleapis.com", "google.new.v1.Things.Frobnicate")).events[0].change_type is ChangeType.MODIFIED


def test_a_secret_that_is_read_is_an_observation_not_a_change() -> None:
    reading = audit(
        entry("secretmanager.googleapis.com", "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", log="data_access")
    )
    assert reading.events == ()
    assert [o.says for o in reading.observations] == ["ana called AccessSecretVersion"]


def test_a_role_for_everyone_exposes_and_the_binding_is_the_change() -> None:
    delta = {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": "roles/storage.objectViewer", "member": "allUsers"}]}}
    event = audit(entry("storage.googleapis.com", "storage.setIamPermissions", serviceData=delta)).events[0]
    assert {Trait.EXPOSES_PUBLICLY, Trait.GRANTS_ACCESS} <= event.traits
    assert (event.changes[0].path, event.changes[0].before, event.changes[0].after) == (
        "bindings[roles/storage.objectViewer]",
        None,
        "allUsers",
    )


@pytest.mark.parametrize(
    ("request_", "exposes"),
    [
        ({"sourceRanges": ["0.0.0.0/0"], "alloweds": [{"IPProtocol": "tcp"}]}, True),
        ({"sourceRanges": ["0.0.0.0/0"], "denieds": [{"IPProtocol": "tcp"}]}, False),
        ({"sourceRanges": ["10.0.0.0/8"], "alloweds": [{"IPProtocol": "tcp"}]}, False),
        ({"sourceRanges": ["0.0.0.0/0"], "direction": "EGRESS", "alloweds": [{}]}, False),
    ],
)
def test_a_firewall_exposes_only_where_it_lets_the_world_in(request_: JsonObject, exposes: bool) -> None:
    event = audit(
        entry("compute.googleapis.com", "v1.compute.firewalls.insert", resourceName="projects/acme/global/firewalls/f", request=request_)
    ).events[0]
    assert (Trait.EXPOSES_PUBLICLY in event.traits) is exposes


@pytest.mark.parametrize(
    ("ranges", "trait"),
    [(["203.0.113.7/32"], Trait.ADMITS_FEW), (["203.0.113.0/24"], Trait.ADMITS_FEW), (["203.0.0.0/16"], Trait.OPENS_NETWORK)],
)
def test_a_firewall_that_lets_a_few_addresses_in_is_told_apart_from_one_that_opens_a_range(ranges: list[str], trait: Trait) -> None:
    request = {"sourceRanges": ranges, "alloweds": [{"IPProtocol": "tcp", "ports": ["22"]}]}
    record = entry(
        "compute.googleapis.com", "v1.compute.firewalls.insert", resourceName="projects/acme/global/firewalls/f", request=request
    )
    found = audit(record).events[0].traits
    assert found & {Trait.ADMITS_FEW, Trait.OPENS_NETWORK, Trait.EXPOSES_PUBLICLY} == {trait}


def test_no_secret_of_a_request_or_a_metadata_key_is_kept() -> None:
    planted = "hunter2-planted"
    record = entry(
        "compute.googleapis.com", "v1.compute.instances.setMetadata",
        request={"rootPassword": planted, "items": [{"key": "db-password", "value": planted}]},
        metadata={"instanceMetadataDelta": {"addedMetadataKeys": [f"ssh-keys {planted}"]}},
    )  # fmt: skip
    event = audit(record).events[0]
    assert planted.encode() not in encode(event)
    assert Trait.GRANTS_ACCESS in event.traits


def test_what_is_no_audit_record_is_refused_with_the_reason() -> None:
    with pytest.raises(RecordUnreadable, match="no protoPayload"):
        audit({"textPayload": "hello"})


def asset(
    full_name: str = "//compute.googleapis.com/projects/acme/global/firewalls/f",
    kind: str = "compute.googleapis.com/Firewall",
    **data: object,
) -> JsonObject:
    return {"name": full_name, "asset_type": kind, "resource": {"data": data}}


def read_in_turn(*records: JsonObject) -> list[Reading]:
    rows, assets = Rows(), reader("gcp-asset", source="gcp-prod", environment="prod", context=CONTEXT)
    readings = []
    for record in records:
        readings.append(assets.read(record, rows, NOW))
        rows.rows.update({change.key: change for change in readings[-1].known_changes})
    return readings


def test_the_first_snapshot_is_the_baseline_and_the_next_is_compared_with_it() -> None:
    first, same, opened = read_in_turn(
        asset(sourceRanges=["10.0.0.0/8"], allowed=[{"IPProtocol": "tcp"}], etag="1"),
        asset(sourceRanges=["10.0.0.0/8"], allowed=[{"IPProtocol": "tcp"}], etag="2"),
        asset(sourceRanges=["0.0.0.0/0"], allowed=[{"IPProtocol": "tcp"}], etag="3"),
    )
    assert (first.baseline, first.events, same.baseline, same.events) == (True, (), False, ())
    event = opened.events[0]
    assert [(c.path, c.before, c.after) for c in event.changes] == [("resource.sourceRanges", ["10.0.0.0/8"], ["0.0.0.0/0"])]
    assert Trait.EXPOSES_PUBLICLY in event.traits


def test_a_deletion_in_a_feed_is_a_deletion() -> None:
    bucket = asset("//storage.googleapis.com/b", "storage.googleapis.com/Bucket", name="b")
    _, gone = read_in_turn(bucket, {"asset": bucket, "deleted": True, "window": {"startTime": "2026-11-23T10:00:00Z"}})
    assert gone.events[0].change_type is ChangeType.DELETED
    assert Trait.DELETES_DATA in gone.events[0].traits
    assert gone.known_changes[0].state is None


def test_audit_record_and_asset_of_one_resource_name_each_other() -> None:
    told = audit(entry("compute.googleapis.com", "v1.compute.instances.stop")).events[0]
    name = "//compute.googleapis.com/projects/acme/zones/europe-west1-b/instances/web-1"
    _, seen = read_in_turn(
        asset(name, "compute.googleapis.com/Instance", status="RUNNING"),
        asset(name, "compute.googleapis.com/Instance", status="TERMINATED"),
    )
    assert seen.events[0].change_type is ChangeType.STOPPED
    same = {r.id for r in told.references if r.kind is ReferenceKind.SAME_AS} & {
        r.id for r in seen.events[0].references if r.kind is ReferenceKind.SAME_AS
    }
    assert name in same


def _corpus(name: str) -> Iterator[JsonObject]:
    assert corpora.FOLDER
    for line in (corpora.FOLDER / "gcp" / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


@pytest.mark.component("corpora")
@pytest.mark.parametrize("name", ["audit_samples.jsonl", "audit_stratus.jsonl"])
def test_in_the_recorded_audit_logs_a_read_is_never_a_change_and_a_change_always_is(name: str) -> None:
    for line in _corpus(name):
        events = audit(line["event"]).events
        assert len(events) == (line["label"] != "noise_readonly"), line["source"]
        told = line["event"]["protoPayload"].get("authenticationInfo", {}).get("principalEmail")
        assert not events or not told or events[0].actor.id == told, line["source"]


@pytest.mark.component("corpora")
def test_every_recorded_asset_is_read() -> None:
    rows, assets = Rows(), reader("gcp-asset", source="g", environment="", context=CONTEXT)
    baselines = 0
    for line in _corpus("assets.jsonl"):
        reading = assets.read(line["asset"], rows, NOW)
        rows.rows.update({change.key: change for change in reading.known_changes})
        baselines += reading.baseline
    assert baselines >= len(rows.rows)
