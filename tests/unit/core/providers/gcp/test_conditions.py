"""Each condition that a rule of this provider may name: a change that meets it, and one that nearly does."""

from typing import Any

import pytest

from core.event import ChangeType
from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Binding, Subject

BUCKET, PROJECT = "storage.googleapis.com/Bucket", "cloudresourcemanager.googleapis.com/Project"
RUN = "run.googleapis.com/Service"
CLUSTER, FIREWALL = "container.googleapis.com/Cluster", "compute.googleapis.com/Firewall"


def asked(method: str = "", kind: str = "", type: ChangeType = ChangeType.MODIFIED, /, **request: Any) -> Subject:
    return Subject(change_type=type, kind=kind, method=method, after=request)


def became(kind: str, before: dict[str, Any], after: dict[str, Any], *changed: str) -> Subject:
    return Subject(change_type=ChangeType.MODIFIED, kind=kind, before=before, after=after, changed=changed)


def binds(role: str, member: str, *, action: str = "ADD", kind: str = PROJECT, caller: str = "ana@acme.example") -> Subject:
    return Subject(change_type=ChangeType.MODIFIED, kind=kind, caller=caller, bindings=(Binding(action=action, role=role, member=member),))


def whole(role: str, member: str, kind: str = RUN) -> Subject:
    """A policy without what changed in it."""
    policy = (Binding(action="ADD", role=role, member=member),)
    return Subject(change_type=ChangeType.MODIFIED, kind=kind, caller="ana@acme.example", policy=policy, projects=frozenset({"acme"}))


def told(method: str = "", type: ChangeType = ChangeType.MODIFIED, **metadata: Any) -> Subject:
    return Subject(change_type=type, kind="", method=method, metadata=metadata)


def with_permission(*permissions: str) -> Subject:
    return Subject(change_type=ChangeType.CREATED, kind="storage.googleapis.com/Object", permissions=frozenset(permissions))


def metadata(*keys: str, type: ChangeType = ChangeType.MODIFIED) -> Subject:
    return Subject(change_type=type, kind="compute.googleapis.com/Instance", metadata={"modifiedMetadataKeys": list(keys)})


# The condition, what meets it, and what nearly does.
PAIRS: list[tuple[str, Subject, Subject]] = [
    ("grants_to_everyone", binds("roles/viewer", "allUsers"), binds("roles/viewer", "allUsers", action="REMOVE")),
    ("grants_admin_role", binds("roles/owner", "user:ben@acme.example"), binds("roles/viewer", "user:ben@acme.example")),
    (
        "grants_impersonation",
        binds("roles/iam.serviceAccountTokenCreator", "user:ben@acme.example"),
        binds("roles/iam.serviceAccountViewer", "user:ben@acme.example"),
    ),
    (
        "grants_role",
        binds("roles/storage.objectViewer", "user:ben@acme.example", kind=BUCKET),
        binds("roles/storage.legacyBucketOwner", "projectOwner:acme", kind=BUCKET),
    ),
    ("grants_to_personal_account", binds("roles/viewer", "user:eve@gmail.com"), binds("roles/viewer", "user:eve@gmail.example")),
    ("grants_to_other_domain", binds("roles/viewer", "user:eve@other.example"), binds("roles/viewer", "user:eve@eu.acme.example")),
    ("of_one_resource", binds("roles/viewer", "user:x@y.z", kind=BUCKET), binds("roles/viewer", "user:x@y.z", kind=PROJECT)),
    ("policy_of_use", whole("roles/run.invoker", "user:ben@acme.example"), whole("roles/run.developer", "user:ben@acme.example")),
    (
        "adds_use",
        binds("roles/run.invoker", "user:ben@acme.example", kind=RUN),
        binds("roles/artifactregistry.writer", "user:ben@acme.example", kind="artifactregistry.googleapis.com/Repository"),
    ),
    ("tells_no_policy", asked("setiampolicy"), whole("roles/run.invoker", "user:ben@acme.example")),
    ("revokes_role", binds("roles/viewer", "user:x@y.z", action="REMOVE"), binds("roles/viewer", "user:x@y.z")),
    ("only_revokes", binds("roles/owner", "user:x@y.z", action="REMOVE"), binds("roles/owner", "user:x@y.z")),
    ("adds_permissions", asked(role={"includedPermissions": ["storage.buckets.get"]}), asked(role={"includedPermissions": []})),
    ("adds_ssh_key", metadata("ssh-keys"), metadata("enable-oslogin")),
    ("sets_script", metadata("startup-script"), metadata("startup-script", type=ChangeType.CREATED)),
    (
        "firewall_open_to_world",
        asked("compute.googleapis.com v1.compute.firewalls.insert", FIREWALL, sourceRanges=["0.0.0.0/0"], alloweds=[{"ports": ["22"]}]),
        asked("compute.googleapis.com v1.compute.firewalls.insert", FIREWALL, sourceRanges=["0.0.0.0/0"], denieds=[{"ports": ["22"]}]),
    ),
    ("lets_in_few", asked(sourceRanges=["203.0.113.7/32", "10.0.0.0/8"]), asked(sourceRanges=["203.0.113.7/32", "203.0.0.0/16"])),
    ("lets_in_insiders_only", asked(sourceRanges=["10.0.0.0/8", "fd00::/8"]), asked(sourceRanges=["10.0.0.0/8", "0.0.0.0/0"])),
    (
        "database_open_to_world",
        asked(settings={"ipConfiguration": {"authorizedNetworks": [{"value": "0.0.0.0/0"}]}}),
        asked(settings={"ipConfiguration": {"authorizedNetworks": [{"value": "203.0.113.7/32"}]}}),
    ),
    (
        "audit_config_narrowed",
        told(policyDelta={"auditConfigDeltas": [{"action": "REMOVE", "logType": "DATA_READ"}]}),
        told(policyDelta={"auditConfigDeltas": [{"action": "ADD", "logType": "DATA_READ"}]}),
    ),
    ("flow_logs_off", asked(enableFlowLogs=False), asked(enableFlowLogs=True)),
    (
        "backups_off",
        asked(settings={"backupConfiguration": {"enabled": False}}),
        became(
            "sqladmin.googleapis.com/Instance",
            {"settings": {"backupConfiguration": {"enabled": False}}},
            {"settings": {"backupConfiguration": {"enabled": False}}},
        ),
    ),
    ("deletion_protection_off", asked(deletionProtection=False), asked("", "", ChangeType.CREATED, deletionProtection=False)),
    (
        "public_access_prevention_off",
        asked(iamConfiguration={"publicAccessPrevention": "inherited"}),
        became(
            BUCKET,
            {"iamConfiguration": {"publicAccessPrevention": "inherited"}},
            {"iamConfiguration": {"publicAccessPrevention": "inherited"}},
        ),
    ),
    (
        "cluster_guard_off",
        asked("", CLUSTER, update={"desiredLegacyAbac": {"enabled": True}}),
        asked("", CLUSTER, update={"desiredLegacyAbac": {"enabled": False}}),
    ),
    (
        "notebook_script",
        asked(instance={"gceSetup": {"metadata": {"post-startup-script": "gs://b/boot.sh"}}}),
        asked(instance={"gceSetup": {"metadata": {"idle-timeout-seconds": "60"}}}),
    ),
    ("kept_briefly", asked(bucket={"retentionDays": 29}), asked(bucket={"retentionDays": 30})),
    ("query_logs_off", asked(policy={"enableLogging": False}), asked(policy={"networks": []})),
    (
        "policy_taken_off",
        asked("compute.googleapis.com v1.compute.backendservices.setsecuritypolicy"),
        asked("compute.googleapis.com v1.compute.backendservices.setsecuritypolicy", securityPolicy="global/securityPolicies/p"),
    ),
    (
        "extracts",
        told(jobInsertion={"job": {"jobConfig": {"extractConfig": {"destinationUris": ["gs://b/t"]}}}}),
        told(jobInsertion={"job": {"jobConfig": {"loadConfig": {"sourceUris": ["gs://b/t"]}}}}),
    ),
    (
        "attack_tool",
        Subject(change_type=ChangeType.MODIFIED, kind="", agent="google-cloud-sdk gcloud/460 (Linux 6.1.0-kali5-amd64)"),
        Subject(change_type=ChangeType.MODIFIED, kind="", agent="google-cloud-sdk gcloud/460 (Linux 6.1.0-18-amd64)"),
    ),
    ("key_disabled", asked(cryptoKeyVersion={"state": "DISABLED"}), asked(cryptoKeyVersion={"state": "ENABLED"})),
    (
        "overwrites",
        with_permission("storage.objects.create", "storage.objects.delete"),
        with_permission("storage.objects.create"),
    ),
    ("from_inventory", asked("", PROJECT), asked("cloudresourcemanager.googleapis.com deletetagbinding", PROJECT)),
    ("is_new", asked("", "", ChangeType.CREATED), asked("", "", ChangeType.STARTED)),
    ("is_deleted", asked("", "", ChangeType.DELETED), asked("", "", ChangeType.STOPPED)),
    (
        "only_labels_changed",
        became(BUCKET, {}, {}, "resource.labels.team"),
        became(BUCKET, {}, {}, "resource.labels.team", "resource.versioning"),
    ),
]


@pytest.mark.parametrize(("name", "meets", "nearly"), PAIRS, ids=[row[0] for row in PAIRS])
def test_a_condition_holds_of_what_meets_it_and_not_of_what_nearly_does(name: str, meets: Subject, nearly: Subject) -> None:
    assert CONDITIONS[name](meets)
    assert not CONDITIONS[name](nearly)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("grants_to_other_domain", binds("roles/viewer", "user:eve@other.example", caller="app@acme.iam.gserviceaccount.com")),
        ("grants_to_other_domain", binds("roles/viewer", "serviceAccount:app@other.iam.gserviceaccount.com")),
        ("grants_to_other_domain", binds("roles/viewer", "user:eve@other.example", caller="")),
        ("grants_to_other_domain", binds("roles/viewer", "user:eve@other.example", action="REMOVE")),
        ("grants_role", binds("roles/viewer", "user:ben@acme.example", action="REMOVE")),
        (
            "firewall_open_to_world",
            asked("compute.googleapis.com v1.compute.firewalls.insert", FIREWALL, sourceRanges=["0.0.0.0/0"], direction="EGRESS"),
        ),
        (
            "firewall_open_to_world",
            asked("compute.googleapis.com v1.compute.firewalls.insert", FIREWALL, sourceRanges=["0.0.0.0/0"], disabled=True),
        ),
        ("firewall_open_to_world", asked("run.googleapis.com x", "run.googleapis.com/Service", sourceRanges=["0.0.0.0/0"])),
        ("flow_logs_off", became("compute.googleapis.com/Subnetwork", {"enableFlowLogs": False}, {"enableFlowLogs": False})),
        ("key_disabled", asked(cryptoKeyVersion={})),
        (
            "adds_permissions",
            Subject(
                change_type=ChangeType.MODIFIED,
                kind="",
                after={"role": {"includedPermissions": ["a.b.c"]}},
                metadata={"permissionDelta": {"removedPermissions": ["a.b.d"]}},
            ),
        ),
        ("only_labels_changed", became(BUCKET, {}, {})),
        ("of_one_resource", binds("roles/viewer", "user:x@y.z", kind="iam.googleapis.com/ServiceAccount")),
    ],
)
def test_what_was_so_before_goes_elsewhere_or_is_not_told_meets_nothing(name: str, subject: Subject) -> None:
    assert not CONDITIONS[name](subject)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("grants_to_everyone", binds("roles/run.invoker", "allAuthenticatedUsers")),
        ("grants_to_other_domain", binds("roles/viewer", "group:all@other.example")),
        ("audit_config_narrowed", told(policyDelta={"auditConfigDeltas": [{"action": "ADD", "exemptedMember": "user:eve@acme.example"}]})),
        ("flow_logs_off", asked(logConfig={"enable": False})),
        ("backups_off", asked(softDeletePolicy={"retentionDurationSeconds": "0"})),
        ("cluster_guard_off", asked("", CLUSTER, update={"enablePrivateEndpoint": False})),
        ("policy_taken_off", asked("compute.googleapis.com v1.compute.securitypolicies.patch", rules=[])),
        ("adds_permissions", told(permissionDelta={"addedPermissions": ["a.b.c"]})),
        ("extracts", asked(job={"configuration": {"extract": {"destinationUri": "gs://b/t"}}})),
    ],
)
def test_other_spellings_meet_it_too(name: str, subject: Subject) -> None:
    assert CONDITIONS[name](subject)
