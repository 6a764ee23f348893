"""What a request or a record tells by itself, without what was before: a condition's pair, and what is no such thing."""

from typing import Any

import pytest

from core.event import ChangeType
from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Subject
from tests.unit.core.providers.gcp.test_conditions import BUCKET, CLUSTER, RUN, asked, became, told

SQL, KEY, REDIS = "sqladmin.googleapis.com/Instance", "apikeys.googleapis.com/Key", "redis.googleapis.com/Instance"


def copied(source: str, into: str) -> Subject:
    config = {"sourceTables": [f"projects/{source}/datasets/d/tables/t"], "destinationTable": f"projects/{into}/datasets/d/tables/t2"}
    return told(jobChange={"job": {"jobConfig": {"tableCopyConfig": config}}})


def entitlement(**more: Any) -> Subject:
    access = {"gcpIamAccess": {"roleBindings": [{"role": "roles/owner"}]}}
    return asked("", "", ChangeType.CREATED, entitlement={"privilegedAccess": access, **more})


def flags(**values: str) -> dict[str, Any]:
    return {"databaseFlags": [{"name": name.replace("__", "."), "value": value} for name, value in values.items()]}


def runs(image: str) -> Subject:
    return asked("", "run.googleapis.com/Job", job={"template": {"containers": [{"image": image, "args": ["--threads", "8"]}]}})


# The condition, what meets it, and what nearly does.
ASKED: list[tuple[str, Subject, Subject]] = [
    ("goes_with_tables", asked(deleteContents=True), asked(deleteContents=False)),
    ("copies_elsewhere", copied("acme", "other"), copied("acme", "acme")),
    ("cluster_watch_off", asked("", CLUSTER, monitoringService="none"), asked("", CLUSTER, monitoringService="monitoring.googleapis.com")),
    (
        "audit_flags_off",
        asked("patch", SQL, body={"settings": flags(cloudsql__enable_pgaudit="off")}),
        asked("patch", SQL, body={"settings": {**flags(cloudsql__enable_pgaudit="off"), "tier": "db-custom-4"}}),
    ),
    (
        "rule_loosened",
        asked("compute.googleapis.com v1.compute.securitypolicies.patchrule", preview=True),
        asked("compute.googleapis.com v1.compute.securitypolicies.addrule", preview=True),
    ),
    ("old_tls", asked("patch", minTlsVersion="TLS_1_0"), asked("patch", minTlsVersion="TLS_1_2")),
    (
        "key_unrestricted",
        asked("updatekey", KEY, key={"restrictions": {}}, updateMask="restrictions"),
        asked("updatekey", KEY, key={"restrictions": {}}, updateMask="displayName"),
    ),
    (
        "check_skipped",
        asked("", RUN, service={"binaryAuthorization": {"breakglassJustification": "urgent"}}),
        asked("", RUN, service={"binaryAuthorization": {"useDefault": True}}),
    ),
    (
        "callers_unchecked",
        asked("updateservice", RUN, service={"invokerIamDisabled": True}),
        asked("updateservice", RUN, service={"invokerIamDisabled": True, "template": {"containers": []}}),
    ),
    (
        "asks_no_password",
        asked("updateinstance", REDIS, instance={"name": "r"}, updateMask={"paths": ["auth_enabled"]}),
        asked("updateinstance", REDIS, instance={"authEnabled": False}, updateMask={"paths": ["memory_size_gb"]}),
    ),
    (
        "transfer_unlocked",
        asked(managementSettings={"transferLockState": "UNLOCKED"}),
        asked(managementSettings={"transferLockState": "LOCKED"}),
    ),
    (
        "alert_off",
        asked("updatealertpolicy", "", alertPolicy={"enabled": False}, updateMask="enabled"),
        asked("updatealertpolicy", "", alertPolicy={"enabled": False, "displayName": "cpu"}, updateMask="display_name"),
    ),
    ("sets_only_logging", asked("patch", logConfig={"enable": False}), asked("patch", logConfig={"enable": False}, priority=900)),
    ("entitles_admins", entitlement(), entitlement(approvalWorkflow={"manualApprovals": {"steps": [{"approvers": ["ana"]}]}})),
    (
        "guest_opened",
        asked("setmetadata", "", items=[{"key": "serial-port-enable", "value": "TRUE"}]),
        asked("setmetadata", "", items=[{"key": "serial-port-enable", "value": "FALSE"}]),
    ),
    ("attackers_command", runs("docker.io/metal3d/xmrig"), runs("docker.io/acme/worker")),
    ("forced", asked(force=True), asked(force=False)),
    (
        "moves",
        asked("updateproject", project={"projectId": "p", "parent": {"type": "organization", "id": "9"}}),
        asked("updateproject", project={"projectId": "p", "parent": {"type": "organization", "id": "9"}, "labels": {"team": "a"}}),
    ),
]


@pytest.mark.parametrize(("name", "meets", "nearly"), ASKED, ids=[row[0] for row in ASKED])
def test_a_condition_holds_of_what_meets_it_and_not_of_what_nearly_does(name: str, meets: Subject, nearly: Subject) -> None:
    assert CONDITIONS[name](meets)
    assert not CONDITIONS[name](nearly)


def _schema(query: str) -> Subject:
    return told(jobChange={"job": {"jobConfig": {"queryConfig": {"query": query, "statementType": "DROP_SCHEMA"}}}})


UNIFORM_OFF = {"uniformBucketLevelAccess": {"enabled": False}}
LAX = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"


def _set_again(changed: str, switch: str) -> Subject:
    """All keys are set anew, and one of them has changed."""
    items = [{"key": "team", "value": "a"}, {"key": switch, "value": "FALSE"}]
    delta = {"projectMetadataDelta": {"modifiedMetadataKeys": [changed]}}
    return Subject(change_type=ChangeType.MODIFIED, kind="", method="setmetadata", after={"items": items}, metadata=delta)


def _old_copy(project: str) -> dict[str, Any]:
    return {"sourceTable": {"projectId": "acme"}, "destinationTable": {"projectId": project}}


@pytest.mark.parametrize(
    ("name", "subject", "holds"),
    [
        ("goes_with_tables", _schema("DROP SCHEMA d CASCADE"), True),
        ("goes_with_tables", _schema("DROP SCHEMA d"), False),
        ("audit_flags_off", became(SQL, flags(pgaudit__log="all"), flags()), True),
        ("audit_flags_off", became(SQL, flags(pgaudit__log="none"), flags()), False),
        ("audit_flags_off", became(SQL, {"settings": {"tier": "a"}}, {"settings": {"tier": "b"}}), False),
        ("rule_loosened", asked("compute.googleapis.com v1.compute.securitypolicies.patchrule", action="allow"), True),
        ("rule_loosened", asked("v1.compute.securitypolicies.patchrule", action="allow", match={"config": {"srcIpRanges": ["*"]}}), False),
        ("old_tls", became("", {"minTlsVersion": "TLS_1_0"}, {"minTlsVersion": "TLS_1_0"}), False),
        ("key_unrestricted", became(KEY, {"restrictions": {"apiTargets": [{"service": "x"}]}}, {"name": "k"}), True),
        ("callers_unchecked", asked("", RUN, ChangeType.CREATED, service={"invokerIamDisabled": True, "template": {}}), True),
        ("callers_unchecked", became(RUN, {"invokerIamDisabled": True}, {"invokerIamDisabled": True}), False),
        ("asks_no_password", became(REDIS, {"authEnabled": True}, {"name": "r"}), True),
        ("alert_off", became("", {"enabled": False}, {"enabled": False}), False),
        ("bucket_guard_off", asked("update", BUCKET, metadata={"iamConfiguration": UNIFORM_OFF}), True),
        ("bucket_guard_off", asked("update", BUCKET, metadata={"iamConfiguration": {**UNIFORM_OFF, "publicAccessPrevention": "x"}}), False),
        ("bucket_guard_off", asked("update", BUCKET, metadata={"ipFilter": {"mode": "Disabled"}}), True),
        ("bucket_guard_off", asked("update", BUCKET, metadata={"retentionPolicy": None}), True),
        ("bucket_guard_off", asked("update", BUCKET, metadata={"retentionPolicy": None, "labels": {"team": "a"}}), False),
        ("access_logs_off", asked("update", BUCKET, metadata={"logging": None}), True),
        ("encryption_in_transit_off", asked("patch", SQL, settings={"ipConfiguration": {"requireSsl": False}}), True),
        ("encryption_in_transit_off", asked("patch", SQL, settings={"ipConfiguration": {"sslMode": LAX}, "tier": "t"}), False),
        ("encryption_in_transit_off", asked("patch", SQL, settings={"requireSsl": False, "sslMode": "ENCRYPTED_ONLY"}), False),
        ("public_address_on", asked("patch", SQL, settings={"ipConfiguration": {"ipv4Enabled": True}}), True),
        ("backups_off", asked("patch", SQL, settings={"pointInTimeRecoveryEnabled": False}), True),
        ("backups_off", asked("patch", SQL, settings={"pointInTimeRecoveryEnabled": False, "startTime": "03:00"}), False),
        ("guest_opened", asked("setmetadata", items=[{"key": "enable-oslogin"}]), False),
        ("guest_opened", _set_again("team", "enable-oslogin"), False),
        ("guest_opened", _set_again("enable-oslogin", "enable-oslogin"), True),
        ("copies_elsewhere", asked(job={"configuration": {"copy": _old_copy("other")}}), True),
        ("copies_elsewhere", asked(job={"configuration": {"copy": _old_copy("acme")}}), False),
    ],
)
def test_other_spellings_are_told_the_same(name: str, subject: Subject, holds: bool) -> None:
    assert CONDITIONS[name](subject) is holds
