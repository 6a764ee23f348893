"""Who gets rights by a policy: told by what changed in it, by the whole of it, or not at all."""

from typing import Any

import pytest

from core.assessment import Verdict
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.gcp.test_readers import entry

RUN, SET = "run.googleapis.com", "google.cloud.run.v1.Services.SetIamPolicy"
KMS, KEY = "cloudkms.googleapis.com", "projects/acme/locations/global/keyRings/r/cryptoKeys/k"
CRM = "cloudresourcemanager.googleapis.com"
SERVICE = {"resourceName": "projects/acme/locations/europe-west1/services/web"}
APP = "serviceAccount:app@acme.iam.gserviceaccount.com"


def asked(service: str, method: str, **payload: Any) -> dict[str, Any]:
    of = {"type": "audited_resource", "labels": {"project_id": "acme", "service": service, "method": method}}
    return {**entry(service, method, **payload), "resource": of}


def binding(role: str, *members: str) -> dict[str, Any]:
    return {"role": role, "members": list(members)}


def policy(*bindings: dict[str, Any]) -> dict[str, Any]:
    return {"request": {"policy": {"bindings": list(bindings), "etag": "BwX"}}}


def answer(*bindings: dict[str, Any]) -> dict[str, Any]:
    return {"response": {"@type": "type.googleapis.com/google.iam.v1.Policy", "bindings": list(bindings)}}


def delta(role: str, member: str) -> dict[str, Any]:
    return {"serviceData": {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": role, "member": member}]}}}


def test_a_policy_of_which_nothing_is_told_is_a_change_of_configuration_only() -> None:
    (one,) = judged("gcp-audit", asked(RUN, SET, **SERVICE))
    assert one.event.traits == {Trait.CHANGES_CONFIGURATION}
    assert one.verdict is Verdict.UNKNOWN
    assert not one.assessment.comfort.reassures


@pytest.mark.parametrize(
    "payload",
    [
        {**SERVICE, **policy(binding("roles/run.invoker", "user:ben@acme.example"))},
        {**SERVICE, **answer(binding("roles/run.invoker", "group:web@acme.example", APP))},
        {
            **SERVICE,
            **policy(binding("roles/run.viewer", "user:ben@eu.acme.example"), binding("roles/run.admin", "deleted:user:x@y.z?uid=1")),
        },
        {**SERVICE, **delta("roles/run.invoker", APP)},
        {"resourceName": KEY, **delta("roles/cloudkms.cryptoKeyEncrypterDecrypter", "user:ben@acme.example")},
    ],
    ids=["the whole policy", "only the answer", "who is deleted", "what was added", "use of a key"],
)
def test_use_of_one_thing_inside_is_watched_and_tells_nothing(payload: dict[str, Any]) -> None:
    service, method = (KMS, "SetIamPolicy") if payload["resourceName"] == KEY else (RUN, SET)
    (one,) = judged("gcp-audit", asked(service, method, **payload))
    assert Trait.GRANTS_USE in one.event.traits
    assert Trait.GRANTS_ACCESS not in one.event.traits
    assert one.verdict is Verdict.UNKNOWN
    assert not one.assessment.comfort.reassures


@pytest.mark.parametrize(
    ("service", "payload"),
    [
        (RUN, {**SERVICE, **policy(binding("roles/run.admin", "user:ben@acme.example"))}),
        (RUN, {**SERVICE, **policy(binding("roles/run.developer", "user:ben@acme.example"))}),
        (RUN, {**SERVICE, **policy(binding("projects/acme/roles/caller", "user:ben@acme.example"))}),
        (RUN, {**SERVICE, **policy(binding("roles/run.invoker", "user:ben@acme.example", "user:eve@other.example"))}),
        (RUN, {**SERVICE, **policy(binding("roles/run.invoker", "serviceAccount:app@other.iam.gserviceaccount.com"))}),
        (RUN, {**SERVICE, **policy(binding("roles/run.invoker", "serviceAccount:77-compute@developer.gserviceaccount.com"))}),
        (RUN, {**SERVICE, **policy(binding("roles/run.invoker", "allUsers"))}),
        (RUN, {**SERVICE, **answer(binding("roles/run.invoker", "allUsers"))}),
        (RUN, {**SERVICE, **delta("roles/run.developer", "user:ben@acme.example")}),
        (RUN, {**SERVICE, **delta("roles/run.invoker", "user:eve@other.example")}),
        # Only a project of Google's own makes an account Google's; a number before another's domain says nothing.
        (RUN, {**SERVICE, **policy(binding("roles/run.invoker", "serviceAccount:service-123@evil.iam.gserviceaccount.com"))}),
        (RUN, {**SERVICE, **policy(binding("roles/cloudbuild.builds.editor", "user:ben@acme.example"))}),
        (RUN, {**SERVICE, **policy(binding("roles/artifactregistry.writer", "user:ben@acme.example"))}),
        # What a project's policy became is not told, and it reaches everything below.
        (CRM, {"resourceName": "projects/acme"}),
        (CRM, {"resourceName": "projects/acme", **policy(binding("roles/run.invoker", "user:ben@acme.example"))}),
        (CRM, {"resourceName": "projects/acme", **delta("roles/run.invoker", "user:ben@acme.example")}),
        (
            "secretmanager.googleapis.com",
            {"resourceName": "projects/acme/secrets/s", **delta("roles/secretmanager.secretAccessor", "user:ben@acme.example")},
        ),
        (
            "iam.googleapis.com",
            {
                "resourceName": "projects/acme/serviceAccounts/app",
                **policy(binding("roles/iam.serviceAccountUser", "user:ben@acme.example")),
            },
        ),
        (
            "iap.googleapis.com",
            {"resourceName": "projects/acme/iap_web", **policy(binding("roles/iap.httpsResourceAccessor", "user:ben@acme.example"))},
        ),
    ],
)
def test_what_reaches_on_or_outside_or_over_a_whole_project_gives_rights(service: str, payload: dict[str, Any]) -> None:
    (one,) = judged("gcp-audit", asked(service, SET if service == RUN else "SetIamPolicy", **payload))
    assert Trait.GRANTS_ACCESS in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


def test_who_is_inside_is_not_guessed_where_a_machine_gives_to_a_person() -> None:
    told = policy(binding("roles/run.invoker", "user:ben@acme.example"))
    (one,) = judged("gcp-audit", asked(RUN, SET, email="app@acme.iam.gserviceaccount.com", **SERVICE, **told))
    assert Trait.GRANTS_ACCESS in one.event.traits


def test_an_account_of_a_public_mail_provider_makes_nobody_else_there_an_insider() -> None:
    told = policy(binding("roles/run.invoker", "user:eve@gmail.com"))
    (one,) = judged("gcp-audit", asked(RUN, SET, email="ana@gmail.com", **SERVICE, **told))
    assert Trait.GRANTS_ACCESS in one.event.traits
