"""What an act on Google Cloud is decides what is thought of it when nothing explains it: raw records through reader and bridge."""

import pytest

from core.assessment import Severity, Verdict
from core.json import JsonObject
from core.trait import Trait
from tests.unit.core.providers.acting import judged, told
from tests.unit.core.providers.gcp.test_readers import entry

UNKNOWN, UNPLANNED = Verdict.UNKNOWN, Verdict.UNPLANNED
BUCKET = "projects/_/buckets/acme-archive"


def on_bucket(role: str, member: str, method: str = "storage.setIamPermissions") -> JsonObject:
    delta = {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": role, "member": member}]}}
    return entry("storage.googleapis.com", method, resourceName=BUCKET, serviceData=delta)


def on_project(role: str, member: str) -> JsonObject:
    delta = {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": role, "member": member}]}}
    record = entry("cloudresourcemanager.googleapis.com", "SetIamPolicy", resourceName="projects/acme", serviceData=delta)
    record["resource"] = {"type": "project", "labels": {"project_id": "acme"}}
    return record


@pytest.mark.parametrize(
    ("member", "expected", "trait"),
    [
        ("user:ben@acme.example", UNKNOWN, Trait.GRANTS_USE),
        ("group:data@eu.acme.example", UNKNOWN, Trait.GRANTS_USE),
        ("serviceAccount:app@acme.iam.gserviceaccount.com", UNKNOWN, Trait.GRANTS_USE),
        ("user:eve@elsewhere.example", UNPLANNED, Trait.SHARES_OUTSIDE),
        ("user:eve@gmail.com", UNPLANNED, Trait.SHARES_OUTSIDE),
        ("allUsers", UNPLANNED, Trait.EXPOSES_PUBLICLY),
    ],
)
def test_a_role_on_one_bucket_alarms_only_where_it_leads_outside(member: str, expected: Verdict, trait: Trait) -> None:
    verdict, traits = told("gcp-audit", on_bucket("roles/storage.admin", member))
    assert verdict is expected
    assert trait in traits


def test_the_same_role_on_the_project_reaches_everything_and_alarms() -> None:
    verdict, traits = told("gcp-audit", on_project("roles/storage.admin", "user:ben@acme.example"))
    assert verdict is UNPLANNED
    assert Trait.GRANTS_ADMIN in traits


def test_the_roles_that_every_new_bucket_gives_its_own_project_are_no_grant() -> None:
    created = on_bucket("roles/storage.legacyBucketOwner", "projectEditor:acme", method="storage.buckets.create")
    verdict, traits = told("gcp-audit", created)
    assert (verdict, traits) == (UNKNOWN, frozenset())


def test_a_network_that_goes_without_a_reason_is_unplanned() -> None:
    record = entry("compute.googleapis.com", "v1.compute.networks.delete", resourceName="projects/acme/global/networks/shop")
    verdict, traits = told("gcp-audit", record)
    assert verdict is UNPLANNED
    assert Trait.DISMANTLES_NETWORK in traits


def test_a_project_shut_down_is_as_grave_as_can_be_and_can_be_called_off() -> None:
    record = entry("cloudresourcemanager.googleapis.com", "DeleteProject", resourceName="projects/acme")
    record["resource"] = {"type": "project", "labels": {"project_id": "acme"}}
    (one,) = judged("gcp-audit", record)
    assert Trait.CLOSES_ACCOUNT in one.event.traits
    assert one.severity is Severity.CRITICAL
    assert not one.assessment.comfort.reassures
