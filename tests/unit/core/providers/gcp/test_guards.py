"""Guards, logs and roles as two snapshots show them, and the conditions that tell a guard loosened from a guard tightened."""

from typing import Any

import pytest

from core.event import ChangeType, Event
from core.json import JsonObject
from core.providers import reader
from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Binding, Subject
from core.trait import Trait
from tests.unit.core.providers.gcp.test_asked import ASKED
from tests.unit.core.providers.gcp.test_conditions import BUCKET, CLUSTER, PAIRS, PROJECT, asked, became, binds, metadata, told
from tests.unit.core.providers.gcp.test_readers import CONTEXT, NOW, Rows

SQL, SINK = "sqladmin.googleapis.com/Instance", "logging.googleapis.com/LogSink"
VIEWER = "roles/logging.viewer"


def event_of(**parameters: str) -> Subject:
    """An event of Workspace's own logs, with its parameters."""
    return told(event=[{"parameter": [{"name": name, "value": value} for name, value in parameters.items()]}])


def object_named(name: str, agent: str = "") -> Subject:
    return Subject(change_type=ChangeType.CREATED, kind="storage.googleapis.com/Object", name=name, agent=agent)


DELETES_AT_ONE = {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1}}]}
DELETES_AT_A_YEAR = {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 365}}]}
# The condition, what meets it, and what nearly does.
MORE: list[tuple[str, Subject, Subject]] = [
    (
        "service_of_a_guard",
        asked(name="projects/acme/services/securitycenter.googleapis.com"),
        asked(name="projects/acme/services/translate.googleapis.com"),
    ),
    ("only_looks", binds(VIEWER, "user:ben@acme.example"), binds("roles/logging.configWriter", "user:ben@acme.example")),
    ("grants_nobody", asked(policy={"etag": "x"}), asked(policy={"bindings": [{"role": VIEWER, "members": ["user:b@acme.example"]}]})),
    ("stays_inside", binds("roles/owner", "user:ben@acme.example"), binds("roles/owner", "user:ben@other.example")),
    (
        "outsider_joins",
        event_of(USER_EMAIL="eve@gmail.com", GROUP_EMAIL="admins@acme.example"),
        event_of(USER_EMAIL="ben@eu.acme.example", GROUP_EMAIL="admins@acme.example"),
    ),
    ("adds_windows_key", metadata("windows-keys"), metadata("windows-startup-note")),
    ("opened_to_anyone", event_of(NEW_VALUE="ANYONE_CAN_JOIN"), event_of(NEW_VALUE="INVITED_CAN_JOIN")),
    ("setting_off", event_of(NEW_VALUE="false"), event_of(NEW_VALUE="true")),
    ("setting_on", event_of(NEW_VALUE="on"), event_of(NEW_VALUE="8")),
    ("password_setting", event_of(SETTING_NAME="Password Management - Reuse"), event_of(SETTING_NAME="Mobile sync")),
    ("ransom_note", object_named("data/HOW_TO_DECRYPT_FILES.txt"), object_named("data/recovery_plan_2026.pdf")),
    ("rewrites_under_key", object_named("a", "gsutil/5.35 command/rewrite-k"), object_named("a", "gsutil/5.35 command/rewrite")),
    ("drops_data", told(job={"statementType": "DROP_TABLE"}), told(job={"statementType": "DROP_VIEW"})),
    ("only_denies", asked(denieds=[{"IPProtocol": "all"}]), asked(alloweds=[{"IPProtocol": "tcp"}])),
    (
        "encryption_in_transit_off",
        became(SQL, {"requireSsl": True}, {"requireSsl": False}),
        became(SQL, {"requireSsl": True}, {"sslMode": "ENCRYPTED_ONLY"}),
    ),
    ("shield_off", became("", {"enableVtpm": True}, {"enableVtpm": False}), became("", {"enableVtpm": False}, {"enableVtpm": False})),
    (
        "bucket_guard_off",
        became(BUCKET, {"retentionPolicy": {"retentionPeriod": "9"}}, {"name": "b"}),
        became(BUCKET, {"name": "b"}, {"name": "c"}),
    ),
    ("proxy_off", asked(iap={"enabled": False}), asked(iap={"enabled": True})),
    ("second_factor_off", asked(config={"mfa": {"state": "DISABLED"}}), asked(config={"mfa": {"state": "ENABLED"}})),
    ("rail_tightened", asked(policy={"spec": {"rules": [{"enforce": True}]}}), asked(policy={"spec": {"rules": [{"enforce": False}]}})),
    ("rail_loosened", asked(policy={"spec": {"rules": [{"allowAll": True}]}}), asked(policy={"spec": {"rules": [{"denyAll": True}]}})),
    (
        "perimeter_loosened",
        became("", {"restrictedServices": ["a", "b"]}, {"restrictedServices": ["a"]}),
        became("", {"restrictedServices": ["a"]}, {"restrictedServices": ["a", "b"]}),
    ),
    (
        "expires_soon",
        became(BUCKET, {"lifecycle": DELETES_AT_A_YEAR}, {"lifecycle": DELETES_AT_ONE}),
        asked("", BUCKET, lifecycle=DELETES_AT_A_YEAR),
    ),
    ("names_signed_no_more", asked(dnssecConfig={"state": "OFF"}), asked(dnssecConfig={"state": "TRANSFER"})),
    (
        "no_audit_config_left",
        asked(policy={"etag": "x"}, updateMask="auditConfigs"),
        asked(policy={"etag": "x"}, updateMask="bindings,etag,auditConfigs"),
    ),
    ("sink_disabled", became(SINK, {"name": "s"}, {"disabled": True}), became(SINK, {"disabled": True}, {"disabled": True})),
    (
        "access_logs_off",
        became(BUCKET, {"logging": {"logBucket": "l"}}, {"name": "b"}),
        became(BUCKET, {"name": "b"}, {"logging": {"logBucket": "l"}}),
    ),
    (
        "cluster_logs_off",
        asked("", CLUSTER, update={"desiredLoggingService": "none"}),
        became(CLUSTER, {"loggingService": "none"}, {"loggingService": "none"}),
    ),
    ("detector_off", asked(settings={"serviceEnablementState": "DISABLED"}), asked(settings={"serviceEnablementState": "ENABLED"})),
    (
        "listed_for_everyone",
        asked(acl=[{"entity": "allUsers", "role": "READER"}]),
        asked(acl=[{"entity": "project-viewers-1", "role": "READER"}]),
    ),
    ("public_address_on", became(SQL, {"ipv4Enabled": False}, {"ipv4Enabled": True}), asked("", SQL, ipv4Enabled=True)),
    (
        "takes_requests_of_all",
        asked(annotations={"run.googleapis.com/ingress": "all"}),
        asked(annotations={"run.googleapis.com/ingress": "internal"}),
    ),
    ("works_again", became("", {"disabled": True}, {"email": "a"}), became("", {"email": "a"}, {"disabled": True})),
]


@pytest.mark.parametrize(("name", "meets", "nearly"), MORE, ids=[row[0] for row in MORE])
def test_a_condition_holds_of_what_meets_it_and_not_of_what_nearly_does(name: str, meets: Subject, nearly: Subject) -> None:
    assert CONDITIONS[name](meets)
    assert not CONDITIONS[name](nearly)


def test_every_condition_has_its_pair() -> None:
    assert sorted(row[0] for row in (*PAIRS, *MORE, *ASKED)) == sorted(CONDITIONS)


def snapshots(kind: str, before: JsonObject, after: JsonObject, content: str = "resource") -> Event:
    """What two snapshots of one asset, a day apart, tell."""
    rows, read = Rows(), reader("gcp-asset", source="gcp-prod", environment="prod", context=CONTEXT)
    events: list[Event] = []
    for day, state in enumerate((before, after), start=1):
        told = {"data": state} if content == "resource" else state
        asset: JsonObject = {"name": f"//{kind}s/x", "assetType": kind, "updateTime": f"2026-11-0{day}T00:00:00Z", content: told}
        reading = read.read(asset, rows, NOW)
        rows.rows.update({known.key: known for known in reading.known_changes})
        events += reading.events
    (event,) = events
    return event


AUDITED: dict[str, Any] = {"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]}
LOOSENED: list[tuple[str, JsonObject, JsonObject, Trait]] = [
    (CLUSTER, {"masterAuthorizedNetworksConfig": {"enabled": True}}, {"masterAuthorizedNetworksConfig": {}}, Trait.WEAKENS_PROTECTION),
    (CLUSTER, {"shieldedNodes": {"enabled": True}}, {"shieldedNodes": {"enabled": False}}, Trait.WEAKENS_PROTECTION),
    (CLUSTER, {"loggingService": "logging.googleapis.com/kubernetes"}, {"loggingService": "none"}, Trait.STOPS_LOGGING),
    (CLUSTER, {"cidrBlocks": [{"cidrBlock": "10.0.0.0/8"}]}, {"cidrBlocks": [{"cidrBlock": "0.0.0.0/0"}]}, Trait.EXPOSES_PUBLICLY),
    (SQL, {"settings": {"pointInTimeRecoveryEnabled": True}}, {"settings": {"pointInTimeRecoveryEnabled": False}}, Trait.DESTROYS_BACKUP),
    (SQL, {"ipv4Enabled": False}, {"ipv4Enabled": True}, Trait.OPENS_NETWORK),
    ("compute.googleapis.com/Subnetwork", {"logConfig": {"enable": True}}, {"logConfig": {"enable": False}}, Trait.STOPS_LOGGING),
    ("dns.googleapis.com/Policy", {"enableLogging": True}, {"enableLogging": False}, Trait.STOPS_LOGGING),
    ("dns.googleapis.com/ManagedZone", {"dnssecConfig": {"state": "ON"}}, {"dnssecConfig": {"state": "OFF"}}, Trait.WEAKENS_PROTECTION),
    (SINK, {"destination": "a"}, {"destination": "a", "disabled": True}, Trait.STOPS_LOGGING),
    (SINK, {"destination": "a"}, {"destination": "a", "exclusions": [{"filter": "*"}]}, Trait.STOPS_LOGGING),
    ("logging.googleapis.com/LogBucket", {"retentionDays": 400}, {"retentionDays": 1}, Trait.STOPS_LOGGING),
    (BUCKET, {"acl": []}, {"acl": [{"entity": "allUsers", "role": "READER"}]}, Trait.EXPOSES_PUBLICLY),
    (BUCKET, {"logging": {"logBucket": "l"}}, {"name": "b"}, Trait.STOPS_LOGGING),
    ("bigquery.googleapis.com/Dataset", {"access": []}, {"access": [{"specialGroup": "allAuthenticatedUsers"}]}, Trait.EXPOSES_PUBLICLY),
    ("cloudkms.googleapis.com/CryptoKeyVersion", {"state": "ENABLED"}, {"state": "DESTROY_SCHEDULED"}, Trait.DESTROYS_ENCRYPTION_KEY),
    ("iam.googleapis.com/Role", {"includedPermissions": ["a.b.c"]}, {"includedPermissions": ["a.b.c", "d.e.f"]}, Trait.GRANTS_ACCESS),
    ("iam.googleapis.com/ServiceAccount", {"email": "a", "disabled": True}, {"email": "a"}, Trait.CHANGES_CREDENTIAL),
    ("compute.googleapis.com/BackendService", {"securityPolicy": "p"}, {"name": "b"}, Trait.WEAKENS_PROTECTION),
    (
        "compute.googleapis.com/SecurityPolicy",
        {"rules": [{"priority": 1}, {"priority": 2}]},
        {"rules": [{"priority": 2}]},
        Trait.WEAKENS_PROTECTION,
    ),
    ("compute.googleapis.com/Instance", {"serviceAccounts": [{"email": "a"}]}, {"serviceAccounts": [{"email": "b"}]}, Trait.GRANTS_ACCESS),
    ("compute.googleapis.com/Instance", {"enableSecureBoot": True}, {"enableSecureBoot": False}, Trait.WEAKENS_PROTECTION),
    ("run.googleapis.com/Service", {"ingress": "internal"}, {"ingress": "all"}, Trait.OPENS_NETWORK),
    ("cloudfunctions.googleapis.com/CloudFunction", {"sourceArchiveUrl": "a"}, {"sourceArchiveUrl": "b"}, Trait.RUNS_FOREIGN_CODE),
    (
        "accesscontextmanager.googleapis.com/ServicePerimeter",
        {"status": {"restrictedServices": ["storage.googleapis.com", "bigquery.googleapis.com"]}},
        {"status": {"restrictedServices": ["storage.googleapis.com"]}},
        Trait.WEAKENS_PROTECTION,
    ),
]


@pytest.mark.parametrize(("kind", "before", "after", "trait"), LOOSENED, ids=[f"{row[0]}-{at}" for at, row in enumerate(LOOSENED)])
def test_two_snapshots_tell_that_a_guard_was_loosened_and_the_way_back_tells_of_none(
    kind: str, before: JsonObject, after: JsonObject, trait: Trait
) -> None:
    assert trait in snapshots(kind, before, after).traits
    if trait not in (Trait.RUNS_FOREIGN_CODE, Trait.GRANTS_ACCESS) and kind != SINK:
        assert trait not in snapshots(kind, after, before).traits


def test_audit_configuration_taken_out_of_a_policy_stops_logs_and_put_in_stops_none() -> None:
    bare: dict[str, Any] = {"bindings": [{"role": "roles/viewer", "members": ["user:a@acme.example"]}]}
    assert Trait.STOPS_LOGGING in snapshots(PROJECT, {**bare, **AUDITED}, bare, "iamPolicy").traits
    assert Trait.STOPS_LOGGING not in snapshots(PROJECT, bare, {**bare, **AUDITED}, "iamPolicy").traits


def test_a_rolled_out_version_is_told_as_such() -> None:
    image = {"spec": {"containers": [{"image": "eu.gcr.io/acme/api:1"}]}}
    newer = {"spec": {"containers": [{"image": "eu.gcr.io/acme/api:2"}]}}
    assert snapshots("run.googleapis.com/Service", image, newer).traits == {Trait.ROLLS_OUT}


def test_a_member_that_leaves_or_stays_is_no_new_viewer() -> None:
    left = Subject(change_type=ChangeType.MODIFIED, kind=PROJECT, bindings=(Binding(action="REMOVE", role=VIEWER, member="user:a@b.c"),))
    assert not CONDITIONS["only_looks"](left)
