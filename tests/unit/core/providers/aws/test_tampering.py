"""Conditions about requests that tamper, or that look so and do not: what meets each, what nearly does, and how it is spelled."""

from typing import Any

import pytest

from core.providers.aws.conditions import CONDITIONS
from core.providers.aws.subject import Subject
from tests.unit.core.providers.aws.asking import AWS_POLICY, OTHER, OWN, TRUST, allows, asked, ingress, seen


def expiring(days: int, **more: Any) -> Subject:
    return asked("s3:PutBucketLifecycle", LifecycleConfiguration={"Rule": {"Expiration": {"Days": days}, "Status": "Enabled", **more}})


def trusting(principal: dict[str, str]) -> Subject:
    return asked("iam:UpdateAssumeRolePolicy", policyDocument={"Statement": [{**TRUST, "Principal": principal}]})


def let_in(**rule: Any) -> Subject:
    return asked("ec2:AuthorizeSecurityGroupIngress", groupId="sg-own", ipPermissions={"items": [{"fromPort": 5432, **rule}]})


# The condition, what meets it, and what nearly does.
PAIRS: list[tuple[str, Subject, Subject]] = [
    ("permissions_for_other_account", asked("lambda:AddPermission", principal=OTHER), asked("lambda:AddPermission", principal=OWN)),
    (
        "trusts_only_services",
        trusting({"Service": "ec2.amazonaws.com"}),
        trusting({"Service": "ec2.amazonaws.com", "AWS": f"arn:aws:iam::{OWN}:root"}),
    ),
    (
        "only_denies",
        asked(policyDocument={"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}),
        asked(policyDocument={"Statement": [{"Effect": "Deny", "Action": "*"}, *allows("x")["Statement"]]}),
    ),
    (
        "quarantines",
        asked(policyArn=f"{AWS_POLICY}AWSCompromisedKeyQuarantineV3"),
        asked(policyArn=f"arn:aws:iam::{OWN}:policy/AWSCompromisedKeyQuarantineV3"),
    ),
    ("lifecycle_empties", expiring(1), expiring(30)),
    ("of_audit", asked(logGroupName="aws-cloudtrail-logs-1"), asked(logGroupName="/app/api")),
    ("snapshots_too", asked(imageId="ami-1", deleteAssociatedSnapshots=True), asked(imageId="ami-1")),
    (
        "selectors_whole",
        asked(eventSelectors=[{"readWriteType": "All", "includeManagementEvents": True, "excludeManagementEventSources": []}]),
        asked(eventSelectors=[{"readWriteType": "All", "includeManagementEvents": True, "excludeManagementEventSources": ["kms"]}]),
    ),
    (
        "overrides_rights",
        asked("ecs:RunTask", overrides={"taskRoleArn": "arn:aws:iam::1:role/admin"}),
        asked("ecs:RunTask", overrides={"containerOverrides": [{"command": ["migrate"]}]}),
    ),
    ("overrides_build", asked("codebuild:StartBuild", buildspecOverride="x"), asked("codebuild:StartBuild", sourceVersion="main")),
    (
        "overwrites_itself",
        asked("s3:CopyObject", **{"bucketName": "b", "key": "a/1", "x-amz-copy-source": "/b/a/1"}),
        asked("s3:CopyObject", **{"bucketName": "b", "key": "a/1", "x-amz-copy-source": "/b/a/2"}),
    ),
    ("with_hand_tool", seen(agent="[aws-cli/2.17 md/command#s3api.put-object]"), seen(agent="[Boto3/1.34]")),
    (
        "balancer_unprotected",
        asked(attributes=[{"key": "deletion_protection.enabled", "value": "false"}]),
        asked(attributes=[{"key": "deletion_protection.enabled", "value": "true"}, {"key": "access_logs.s3.enabled", "value": "false"}]),
    ),
    (
        "balancer_unlogged",
        asked(attributes=[{"key": "access_logs.s3.enabled", "value": "false"}]),
        asked(attributes=[{"key": "access_logs.s3.enabled", "value": "true"}]),
    ),
    (
        "plain_text_allowed",
        asked(parameters=[{"parameterName": "rds.force_ssl", "parameterValue": "0"}]),
        asked(parameters=[{"parameterName": "rds.force_ssl", "parameterValue": "1"}, {"parameterName": "work_mem", "parameterValue": "0"}]),
    ),
    ("token_deleted", asked(authTokenUpdateStrategy="DELETE"), asked(authTokenUpdateStrategy="ROTATE")),
    (
        "public_connectivity",
        asked(connectivityInfo={"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}}),
        asked(connectivityInfo={"publicAccess": {"type": "DISABLED"}}),
    ),
    (
        "grants_to_other_account",
        asked(granteePrincipal=f"arn:aws:iam::{OTHER}:user/x"),
        asked(granteePrincipal=f"arn:aws:iam::{OWN}:role/backup"),
    ),
    (
        "out_to_the_web",
        asked("ec2:AuthorizeSecurityGroupEgress", ipPermissions={"items": [{"fromPort": 443, "toPort": 443}]}),
        asked("ec2:AuthorizeSecurityGroupEgress", ipPermissions={"items": [{"fromPort": 443, "toPort": 4444}]}),
    ),
    ("upkeep_document", asked(documentName="AWS-RunPatchBaseline"), asked(documentName="AWS-RunShellScript")),
    (
        "own_and_proved",
        seen(caller="mia", second_factor="true", after={"userName": "mia"}),
        seen(caller="mia", second_factor="true", after={"userName": "li"}),
    ),
    ("few_addresses", asked("ec2:CreateNetworkAclEntry", cidrBlock="203.0.113.7/32"), asked(cidrBlock="203.0.0.0/16")),
]


@pytest.mark.parametrize(("name", "meets", "nearly"), PAIRS, ids=[row[0] for row in PAIRS])
def test_a_condition_holds_of_what_meets_it_and_not_of_what_nearly_does(name: str, meets: Subject, nearly: Subject) -> None:
    assert CONDITIONS[name](meets)
    assert not CONDITIONS[name](nearly)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("quarantines", asked(userName="li", policyName="AWSExposedCredentialPolicy_DO_NOT_REMOVE")),
        ("quarantines", asked(userName="li", policyName="AWSCompromisedKeyQuarantineV3")),
        ("only_denies", asked(policyArn=f"{AWS_POLICY}AWSDenyAll")),
        ("lifecycle_empties", expiring(1, Filter={"Prefix": "*"})),
        ("lifecycle_empties", expiring(3, Prefix="AWSLogs/123456789012")),
        ("lifecycle_empties", asked(LifecycleConfiguration={"Rule": {"Expiration": {"Date": "2026-01-01"}}})),
        ("lifecycle_empties", asked(LifecycleConfiguration={"Rule": {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}})),
        ("open_to_world", ingress("208.0.0.0/0")),
        ("shared_with_others", asked(createVolumePermission={"add": {"items": [{"userId": "54321"}]}})),
        ("selectors_whole", asked(advancedEventSelectors=[{"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}])),
        ("only_private", let_in(groups={"items": [{"groupId": "sg-api", "userId": OWN}]}, ipRanges={})),
        ("plain_text_allowed", asked(domainEndpointOptions={"enforceHTTPS": False})),
        ("customer_key", asked(**{"x-amz-server-side-encryption-customer-algorithm": "AES256"})),
    ],
)
def test_other_spellings_meet_it_too(name: str, subject: Subject) -> None:
    assert CONDITIONS[name](subject)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("lifecycle_empties", expiring(1, Prefix="tmp/")),
        ("lifecycle_empties", expiring(1, Status="Disabled")),
        ("lifecycle_expires_soon", expiring(1, Status="Disabled")),
        ("only_denies", asked(userName="li")),
        ("selectors_whole", asked(eventSelectors=[])),
        (
            "selectors_whole",
            asked(
                advancedEventSelectors=[
                    {"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}, {"field": "readOnly", "equals": ["true"]}]}
                ]
            ),
        ),
        ("only_private", let_in(groups={"items": [{"groupId": "sg-api", "userId": OTHER}]})),
        ("only_private", let_in(groups={"items": [{"groupId": "sg-api"}]}, ipRanges={"items": [{"cidrIp": "203.0.113.7/32"}]})),
        ("only_private", let_in(prefixListIds={"items": [{"prefixListId": "pl-1"}]}, groups={"items": [{"groupId": "sg-api"}]})),
        (
            "permissions_for_everyone",
            asked("events:PutPermission", principal="*", condition={"type": "StringEquals", "key": "aws:PrincipalOrgID", "value": "o-1"}),
        ),
        ("own_and_proved", seen(caller="mia", second_factor="false", after={"userName": "mia"})),
        ("own_and_proved", seen(caller="root", second_factor="true", after={"userName": "root"})),
        ("out_to_the_web", asked("ec2:AuthorizeSecurityGroupIngress", fromPort=443, toPort=443)),
        ("customer_key", asked(**{"x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256"})),
    ],
)
def test_what_is_narrower_or_another_way_round_meets_nothing(name: str, subject: Subject) -> None:
    assert not CONDITIONS[name](subject)
