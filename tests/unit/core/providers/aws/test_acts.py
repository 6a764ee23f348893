"""What an act on AWS is decides what is thought of it when nothing explains it: raw records through reader and bridge."""

from typing import Any

import pytest

from core.assessment import Severity, Verdict
from core.trait import Trait
from tests.unit.core.providers.acting import judged, told
from tests.unit.core.providers.aws.given import ACCOUNT, record

UNKNOWN, UNPLANNED = Verdict.UNKNOWN, Verdict.UNPLANNED
OTHER = "999988887777"
# A long-lived key of a person, which says nothing of a second factor.
KEY = {"type": "IAMUser", "principalId": "AIDA1", "arn": f"arn:aws:iam::{ACCOUNT}:user/mia", "accountId": ACCOUNT, "userName": "mia"}
PROVED = {**KEY, "sessionContext": {"attributes": {"creationDate": "2026-11-24T08:00:00Z", "mfaAuthenticated": "true"}}}
UNPROVED = {**KEY, "sessionContext": {"attributes": {"creationDate": "2026-11-24T08:00:00Z", "mfaAuthenticated": "false"}}}


def trusting(principal: str) -> str:
    return f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "sts:AssumeRole"}}]}}'


def by(identity: dict[str, Any], event: str, request: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return record(event, request, userIdentity=identity, **more)


def test_a_new_role_for_another_account_is_watched_and_opening_one_that_has_rights_alarms() -> None:
    trust = trusting(f"arn:aws:iam::{OTHER}:root")
    verdict, traits = told("cloudtrail", by(KEY, "iam CreateRole", {"roleName": "vendor", "assumeRolePolicyDocument": trust}))
    assert (verdict, traits) == (UNKNOWN, frozenset({Trait.INVITES_OUTSIDE}))
    verdict, traits = told("cloudtrail", by(KEY, "iam UpdateAssumeRolePolicy", {"roleName": "deployer", "policyDocument": trust}))
    assert verdict is UNPLANNED
    assert Trait.SHARES_OUTSIDE in traits


def test_a_new_role_for_another_account_that_gets_admin_rights_alarms_as_a_whole() -> None:
    role = by(KEY, "iam CreateRole", {"roleName": "vendor", "assumeRolePolicyDocument": trusting(f"arn:aws:iam::{OTHER}:root")})
    rights = by(KEY, "iam AttachRolePolicy", {"roleName": "vendor", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
    assert [one.verdict for one in judged("cloudtrail", role, rights)] == [UNPLANNED, UNPLANNED]


def test_a_role_that_anyone_may_become_alarms_even_when_new() -> None:
    verdict, traits = told("cloudtrail", by(KEY, "iam CreateRole", {"roleName": "any", "assumeRolePolicyDocument": trusting("*")}))
    assert verdict is UNPLANNED
    assert Trait.EXPOSES_PUBLICLY in traits


@pytest.mark.parametrize(
    ("policy", "expected", "trait"),
    [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", UNKNOWN, Trait.GRANTS_USE),
        ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", UNKNOWN, Trait.GRANTS_USE),
        ("arn:aws:iam::aws:policy/SecurityAudit", UNKNOWN, Trait.GRANTS_USE),
        (f"arn:aws:iam::{ACCOUNT}:policy/ReadOnlyAccess", UNPLANNED, Trait.GRANTS_ACCESS),
        ("arn:aws:iam::aws:policy/AmazonS3FullAccess", UNPLANNED, Trait.GRANTS_ACCESS),
        ("arn:aws:iam::aws:policy/AdministratorAccess", UNPLANNED, Trait.GRANTS_ADMIN),
    ],
)
def test_a_policy_of_aws_that_only_reads_is_less_than_any_other(policy: str, expected: Verdict, trait: Trait) -> None:
    verdict, traits = told("cloudtrail", by(KEY, "iam AttachUserPolicy", {"userName": "li", "policyArn": policy}))
    assert verdict is expected
    assert trait in traits


@pytest.mark.parametrize(
    ("identity", "request_", "expected"),
    [
        (PROVED, {"userName": "mia", "serialNumber": "arn:aws:iam::1:mfa/mia"}, UNKNOWN),
        (PROVED, {"serialNumber": "arn:aws:iam::1:mfa/mia"}, UNKNOWN),
        (PROVED, {"userName": "li", "serialNumber": "arn:aws:iam::1:mfa/li"}, UNPLANNED),
        (UNPROVED, {"userName": "mia", "serialNumber": "arn:aws:iam::1:mfa/mia"}, UNPLANNED),
        (KEY, {"userName": "mia", "serialNumber": "arn:aws:iam::1:mfa/mia"}, UNPLANNED),
    ],
)
def test_a_second_factor_taken_off_alarms_unless_its_owner_proved_it(
    identity: dict[str, Any], request_: dict[str, Any], expected: Verdict
) -> None:
    verdict, traits = told("cloudtrail", by(identity, "iam DeactivateMFADevice", request_))
    assert verdict is expected
    assert (Trait.WEAKENS_AUTHENTICATION in traits) is (expected is UNPLANNED)


def test_a_recorder_stopped_alarms_and_the_channel_that_nothing_uses_any_more_is_watched() -> None:
    assert told("cloudtrail", by(KEY, "config StopConfigurationRecorder", {"configurationRecorderName": "default"}))[0] is UNPLANNED
    verdict, traits = told("cloudtrail", by(KEY, "config DeleteDeliveryChannel", {"deliveryChannelName": "default"}))
    assert verdict is UNKNOWN
    assert Trait.RETIRES_DETECTION in traits


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        ("logs CreateExportTask", {"logGroupName": "app", "destination": "archive", "from": 0, "to": 1}),
        ("ec2 CopySnapshot", {"sourceSnapshotId": "snap-1", "sourceRegion": "eu-west-1"}),
        ("dynamodb ExportTableToPointInTime", {"tableArn": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t", "s3Bucket": "archive"}),
    ],
)
def test_a_copy_inside_is_watched_and_never_calm(event: str, request_: dict[str, Any]) -> None:
    (one,) = judged("cloudtrail", by(KEY, event, request_))
    assert one.verdict is UNKNOWN
    assert Trait.COPIES_DATA in one.event.traits
    assert not one.assessment.comfort.reassures


def test_a_copy_given_to_another_account_alarms() -> None:
    given = {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId": OTHER}]}}}
    assert told("cloudtrail", by(KEY, "ec2 ModifySnapshotAttribute", given))[0] is UNPLANNED


def test_an_account_closed_is_as_grave_as_can_be_and_can_be_called_off_and_one_that_leaves_alarms() -> None:
    (closed,) = judged("cloudtrail", by(PROVED, "organizations CloseAccount", {"accountId": OTHER}))
    assert (closed.verdict, closed.severity) == (UNKNOWN, Severity.CRITICAL)
    assert told("cloudtrail", by(KEY, "organizations LeaveOrganization"))[0] is UNPLANNED


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        ("ec2 DeleteVpc", {"vpcId": "vpc-1"}),
        ("ec2 DeleteSubnet", {"subnetId": "subnet-1"}),
        ("ec2 DeleteVpnConnection", {"vpnConnectionId": "v"}),
    ],
)
def test_a_part_of_the_network_that_goes_without_a_reason_is_unplanned(event: str, request_: dict[str, Any]) -> None:
    verdict, traits = told("cloudtrail", by(KEY, event, request_))
    assert verdict is UNPLANNED
    assert Trait.DISMANTLES_NETWORK in traits


def test_terraform_that_takes_a_network_down_with_no_state_of_it_seen_is_unknown() -> None:
    agent = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.60"
    assert told("cloudtrail", by(KEY, "ec2 DeleteVpc", {"vpcId": "vpc-1"}, userAgent=agent))[0] is UNKNOWN


TIGHTER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("cloudtrail UpdateTrail", {"name": "t", "isMultiRegionTrail": False}, {"name": "t", "enableLogFileValidation": True}),
    ("cloudtrail PutInsightSelectors", {"insightSelectors": []}, {"insightSelectors": [{"insightType": "ApiErrorRateInsight"}]}),
    ("cloudformation UpdateTerminationProtection", {"enableTerminationProtection": False}, {"enableTerminationProtection": True}),
    ("cognito-idp SetUserPoolMfaConfig", {"mfaConfiguration": "OFF"}, {"mfaConfiguration": "ON"}),
    ("elasticfilesystem PutBackupPolicy", {"backupPolicy": {"status": "DISABLED"}}, {"backupPolicy": {"status": "ENABLED"}}),
    (
        "iam PutUserPermissionsBoundary",
        {"userName": "li", "permissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
        {"userName": "li", "permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/developers"},
    ),
    ("organizations AttachPolicy", {"policyId": "p-FullAWSAccess", "targetId": "ou-1"}, {"policyId": "p-1a2b3c4d", "targetId": "ou-1"}),
    ("s3 PutObjectLegalHold", {"LegalHold": {"Status": "OFF"}}, {"LegalHold": {"Status": "ON"}}),
    ("securityhub BatchUpdateFindings", {"workflow": {"status": "SUPPRESSED"}}, {"workflow": {"status": "NOTIFIED"}}),
]


@pytest.mark.parametrize(("event", "looser", "tighter"), TIGHTER, ids=[row[0] for row in TIGHTER])
def test_a_guard_that_is_loosened_alarms_and_one_that_is_tightened_does_not(
    event: str, looser: dict[str, Any], tighter: dict[str, Any]
) -> None:
    assert told("cloudtrail", by(KEY, event, looser))[0] is UNPLANNED
    assert told("cloudtrail", by(KEY, event, tighter))[0] is UNKNOWN


@pytest.mark.parametrize("event", ["events DisableRule", "events DeleteRule"])
def test_a_rule_of_events_switched_off_is_watched_for_it_may_be_a_job_or_an_alarm(event: str) -> None:
    verdict, traits = told("cloudtrail", by(KEY, event, {"name": "nightly"}))
    assert verdict is UNKNOWN
    assert Trait.STOPS_REACTION in traits


def test_whatever_is_done_from_a_system_made_for_attacks_alarms() -> None:
    agent = "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0-kali5-amd64 source/x86_64.kali.2023 prompt/off"
    assert told("cloudtrail", by(KEY, "sqs CreateQueue", {"queueName": "q"}, userAgent=agent))[0] is UNPLANNED
    assert told("cloudtrail", by(KEY, "sqs CreateQueue", {"queueName": "q"}))[0] is UNKNOWN


def test_a_script_put_into_a_machine_is_not_explained_by_the_name_of_a_pipeline_and_a_deploy_is() -> None:
    job = {
        "type": "AssumedRole",
        "principalId": "AROA1:AWSCodeBuild-1234",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/codebuild-shop-service-role/AWSCodeBuild-1234",
        "accountId": ACCOUNT,
    }
    script = {"instanceId": "i-1", "userData": "IyEvYmluL3No"}
    assert told("cloudtrail", by(job, "ec2 ModifyInstanceAttribute", script, userAgent="aws-sdk-go/1.44"))[0] is UNPLANNED
    deploy = by(job, "lambda UpdateFunctionCode20150331v2", {"functionName": "shop"}, userAgent="aws-sdk-go/1.44")
    assert told("cloudtrail", deploy)[0] is Verdict.PLANNED


def test_a_credential_for_oneself_is_watched_only_where_a_second_factor_was_proved() -> None:
    own, other = {"userName": "mia"}, {"userName": "li"}
    assert told("cloudtrail", by(PROVED, "iam CreateAccessKey", own)) == (UNKNOWN, frozenset({Trait.CHANGES_SECRET}))
    for identity, request in ((UNPROVED, own), (KEY, own), (PROVED, other)):
        verdict, traits = told("cloudtrail", by(identity, "iam CreateAccessKey", request))
        assert (verdict, traits) == (UNPLANNED, frozenset({Trait.CREATES_CREDENTIAL}))
