"""Each condition that a rule of this provider may name: a call that meets it, and one that nearly does."""

import json
from urllib.parse import quote

import pytest

from core.providers.aws.conditions import CONDITIONS
from core.providers.aws.subject import Subject
from tests.unit.core.providers.aws.asking import AWS_POLICY, OTHER, OWN, TRUST, allows, answered, asked, became, ingress, seen
from tests.unit.core.providers.aws.test_tampering import PAIRS as MORE_PAIRS

# The condition, what meets it, and what nearly does.
PAIRS: list[tuple[str, Subject, Subject]] = [
    ("open_to_world", ingress("0.0.0.0/0"), ingress("203.0.113.0/24")),
    (
        "shared_with_everyone",
        asked(launchPermission={"add": {"items": [{"group": "all"}]}}),
        asked(launchPermission={"remove": {"items": [{"group": "all"}]}}),
    ),
    (
        "shared_with_others",
        asked(createVolumePermission={"add": {"items": [{"userId": OTHER}]}}),
        asked(createVolumePermission={"add": {"items": [{"userId": OWN}]}}),
    ),
    ("everyone_in_acl", asked("s3:PutBucketAcl", **{"x-amz-acl": ["public-read"]}), asked("s3:PutBucketAcl", **{"x-amz-acl": ["private"]})),
    (
        "permissions_for_everyone",
        asked("lambda:AddPermission", principal="*"),
        asked("lambda:AddPermission", principal="*", sourceArn="arn:aws:s3:::b"),
    ),
    ("login_for_everyone", asked(authType="NONE"), asked(authType="AWS_IAM")),
    (
        "policy_for_everyone",
        asked(bucketPolicy=allows("*")),
        asked(bucketPolicy=allows("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
    ),
    (
        "policy_for_other_account",
        asked(bucketPolicy=allows({"AWS": f"arn:aws:iam::{OTHER}:root"})),
        asked(bucketPolicy=allows({"AWS": f"arn:aws:iam::{OWN}:root"})),
    ),
    (
        "trusts_outside",
        asked(policyDocument={"Statement": [{**TRUST, "Principal": {"AWS": OTHER}}]}),
        asked(policyDocument={"Statement": [{**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}]}),
    ),
    ("admin_policy", asked(policyArn=f"{AWS_POLICY}AdministratorAccess"), asked(policyArn=f"{AWS_POLICY}AmazonS3FullAccess")),
    ("reading_policy", asked(policyArn=f"{AWS_POLICY}ReadOnlyAccess"), asked(policyArn=f"arn:aws:iam::{OWN}:policy/ReadOnlyAccess")),
    (
        "public_block_off",
        asked(PublicAccessBlockConfiguration={"BlockPublicAcls": False}),
        became({"blockPublicAcls": False}, blockPublicAcls=False),
    ),
    ("publicly_accessible", asked(publiclyAccessible=True), became({"publiclyAccessible": True}, publiclyAccessible=True)),
    ("deletion_protection_off", asked(disableApiTermination={"value": False}), asked(disableApiTermination={"value": True})),
    ("encryption_off", asked(storageEncrypted=False), became({"storageEncrypted": False}, storageEncrypted=False)),
    ("versioning_off", asked(VersioningConfiguration={"Status": "Suspended"}), asked(VersioningConfiguration={"Status": "Enabled"})),
    (
        "mfa_delete_off",
        asked(VersioningConfiguration={"Status": "Enabled", "MfaDelete": "Disabled"}),
        asked(VersioningConfiguration={"Status": "Enabled"}),
    ),
    ("backups_off", asked(backupRetentionPeriod=0), asked(backupRetentionPeriod=7)),
    ("skips_final_snapshot", asked(skipFinalSnapshot=True), asked(skipFinalSnapshot=False, finalDBSnapshotIdentifier="last")),
    (
        "selectors_narrowed",
        asked(eventSelectors=[{"readWriteType": "ReadOnly", "includeManagementEvents": True}]),
        asked(eventSelectors=[{"readWriteType": "All", "includeManagementEvents": True}]),
    ),
    (
        "logging_emptied",
        asked(BucketLoggingStatus={"xmlns": "s3"}),
        asked(BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "logs"}}),
    ),
    ("enables_nothing", asked(enable=False), asked(enable=True)),
    ("switched_off", asked(enabled=False), asked(enabled=True)),
    ("desired_count", asked("ecs:UpdateService", desiredCount=3), asked("ecs:UpdateService", taskDefinition="api:4")),
    ("new_revision", asked("ecs:UpdateService", taskDefinition="api:4"), asked("ecs:UpdateService", desiredCount=3)),
    ("forces_deployment", asked(forceNewDeployment=True), asked(forceNewDeployment=False)),
    ("user_data", asked(userData={"value": "IyEvYmluL3No"}), asked(userData={})),
    ("new_password", asked(masterUserPassword="****"), asked(masterUsername="admin")),
    ("password_policy_loose", asked(minimumPasswordLength=6, requireSymbols=True), asked(minimumPasswordLength=14, requireSymbols=True)),
    ("only_private", ingress("10.1.0.0/16"), ingress("172.217.0.0/16")),
    ("denies", asked(ruleAction="deny"), asked(ruleAction="allow")),
    ("own_login", asked(userName="mia"), asked(userName="li")),
    ("for_oneself", asked(serialNumber="arn:aws:iam::1:mfa/mia"), asked(userName="li")),
    ("with_second_factor", seen(second_factor="true"), seen()),
    ("must_be_changed", asked(passwordResetRequired=True), asked(passwordResetRequired=False)),
    ("publishes_seldom", asked(findingPublishingFrequency="SIX_HOURS"), asked(findingPublishingFrequency="FIFTEEN_MINUTES")),
    ("made_public", answered("rds:RestoreDBInstanceFromS3", {}, publiclyAccessible=True), asked(publiclyAccessible=True)),
    (
        "brings_layers",
        answered("lambda:UpdateFunctionConfiguration", {"functionName": "f"}, layers=[{"arn": "l"}]),
        answered("lambda:UpdateFunctionConfiguration", {"functionName": "f", "timeout": 9}, layers=[{"arn": "l"}]),
    ),
    ("by_service", seen(by_service=True), seen()),
    ("key_inactive", asked(status="Inactive"), asked(status="Active")),
    ("key_active", asked(status="Active"), asked(status="Inactive")),
    ("force_delete", asked(forceDeleteWithoutRecovery=True), asked(recoveryWindowInDays=7)),
    ("imdsv1", asked(httpTokens="optional"), asked(httpTokens="required")),
    ("only_tags", seen(changed=("tags.team",)), seen(changed=("tags.team", "instanceType"))),
    ("records_less", asked(recordingGroup={"allSupported": False}), asked(recordingGroup={"allSupported": True})),
    ("without_rules", asked("wafv2:UpdateWebACL", rules=[]), asked("wafv2:UpdateWebACL", defaultAction={"allow": {}})),
    ("trail_only_widened", asked(name="t", isMultiRegionTrail=True), asked(name="t", isMultiRegionTrail=True, s3BucketName="elsewhere")),
    ("trail_only_named", asked(name="t"), asked(name="t", s3BucketName="elsewhere")),
    (
        "replicates_outside",
        asked(ReplicationConfiguration={"Rule": {"Destination": {"Account": OTHER, "Bucket": "arn:aws:s3:::b"}}}),
        asked(ReplicationConfiguration={"Rule": {"Destination": {"Account": OWN, "Bucket": "arn:aws:s3:::b"}}}),
    ),
    (
        "into_other_account",
        seen(after={"bucketName": "theirs"}, abroad=frozenset({"theirs"})),
        seen(after={"bucketName": "ours"}, abroad=frozenset({"theirs"})),
    ),
    ("shares_something", asked(name="s", principals=[OTHER]), asked(name="s", allowExternalPrincipals=True)),
    (
        "lifecycle_expires_soon",
        asked(LifecycleConfiguration={"Rule": {"Expiration": {"Days": 30}}}),
        asked(LifecycleConfiguration={"Rule": {"Expiration": {"Days": 31}}}),
    ),
    (
        "trusts_only_own",
        asked(policyDocument=json.dumps({"Statement": [{**TRUST, "Principal": {"AWS": f"arn:aws:iam::{OWN}:role/deploy"}}]})),
        asked(policyDocument=json.dumps({"Statement": [{**TRUST, "Principal": {"AWS": [OWN, f"arn:aws:iam::{OTHER}:root"]}}]})),
    ),
    ("insights_left_out", asked(trailName="t", insightSelectors=[]), asked(insightSelectors=[{"insightType": "ApiCallRateInsight"}])),
    ("lock_loosened", asked(LegalHold={"Status": "OFF"}), asked(LegalHold={"Status": "ON"})),
    ("termination_unprotected", asked(enableTerminationProtection=False), asked(enableTerminationProtection=True)),
    (
        "boundary_of_admin",
        asked(permissionsBoundary=f"{AWS_POLICY}AdministratorAccess"),
        asked(permissionsBoundary=f"arn:aws:iam::{OWN}:policy/developers"),
    ),
    ("attaches_full_access", asked(policyId="p-FullAWSAccess"), asked(policyId="p-1a2b3c4d")),
    ("mfa_optional", asked(mfaConfiguration="OPTIONAL"), asked(mfaConfiguration="ON")),
    ("finding_put_aside", asked(workflow={"status": "SUPPRESSED"}), asked(workflow={"status": "NOTIFIED"})),
    (
        "customer_key",
        asked(**{"x-amz-server-side-encryption-customer-algorithm": "AES256"}),
        asked(**{"x-amz-server-side-encryption": "aws:kms"}),
    ),
    (
        "attack_tool",
        seen(agent="aws-cli/2.9 Python/3.11 Linux/6.1.0-kali5-amd64"),
        seen(agent="aws-cli/2.9 Python/3.11 Linux/6.1.0-18-amd64"),
    ),
    (
        "names_other_account",
        asked(destinationArn=f"arn:aws:logs:eu-west-1:{OTHER}:destination:d"),
        asked(destinationArn=f"arn:aws:lambda:eu-west-1:{OWN}:function:f"),
    ),
    ("key_of_other_account", asked(kMSMasterKeyID=f"arn:aws:kms:eu-west-1:{OTHER}:key/k"), asked(kMSMasterKeyID="alias/aws/s3")),
    ("kept_briefly", asked(retentionInDays=7), asked(retentionInDays=14)),
    (
        "cluster_logging_off",
        asked(logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]}),
        asked(resourcesVpcConfig={"endpointPublicAccess": False}),
    ),
    (
        "asks_for_credentials",
        asked(containerDefinitions=[{"command": ["curl 169.254.170.2/v2/credentials"]}]),
        asked(containerDefinitions=[{"command": ["curl 10.0.0.1"]}]),
    ),
    (
        "host_rights",
        asked(containerDefinitions=[{"linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}}}]),
        asked(networkMode="host", volumes=[{"host": {"sourcePath": "/srv/data"}}], containerDefinitions=[{"privileged": False}]),
    ),
    ("visible_to_all", asked(projectVisibility="PUBLIC_READ"), asked(projectVisibility="PRIVATE")),
    ("public_sharing", asked(publicSharingEnabled=True), asked(publicSharingEnabled=False)),
    ("block_mode_off", asked(internetGatewayBlockMode="off"), asked(internetGatewayBlockMode="block-ingress")),
    ("guests_allowed", asked(allowUnauthenticatedIdentities=True), asked(allowUnauthenticatedIdentities=False)),
    ("scan_off", asked(imageScanningConfiguration={"scanOnPush": False}), asked(imageScanningConfiguration={"scanOnPush": True})),
    ("tags_may_move", asked(imageTagMutability="MUTABLE"), asked(imageTagMutability="IMMUTABLE")),
    ("protection_off", asked(deleteProtection=False), asked(deleteProtection=True)),
    ("ransom_note", asked(bucketName="b", key="HOW_TO_DECRYPT.txt"), asked(bucketName="b", key="recover/index.parquet")),
]


@pytest.mark.parametrize(("name", "meets", "nearly"), PAIRS, ids=[row[0] for row in PAIRS])
def test_a_condition_holds_of_what_meets_it_and_not_of_what_nearly_does(name: str, meets: Subject, nearly: Subject) -> None:
    assert CONDITIONS[name](meets)
    assert not CONDITIONS[name](nearly)


def test_every_condition_has_its_pair() -> None:
    assert [row[0] for row in (*PAIRS, *MORE_PAIRS)] == list(CONDITIONS)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("open_to_world", asked("ec2:AuthorizeSecurityGroupEgress", cidrIp="0.0.0.0/0")),
        ("open_to_world", asked("ec2:CreateNetworkAclEntry", cidrBlock="0.0.0.0/0", ruleAction="deny")),
        ("trail_only_named", asked()),
        ("lifecycle_expires_soon", asked(LifecycleConfiguration={"Rule": {"Transition": {"Days": 30, "StorageClass": "GLACIER"}}})),
        ("replicates_outside", asked(ReplicationConfiguration={"Rule": {"Destination": {"Bucket": "arn:aws:s3:::b"}}})),
        ("trusts_only_own", asked(policyDocument=json.dumps({"Statement": [{**TRUST, "Principal": "*"}]}))),
        ("trusts_only_own", asked(policyDocument=json.dumps({"Statement": [{**TRUST, "Principal": {"Federated": OWN}}]}))),
        ("trusts_only_own", asked(policyDocument=json.dumps({"Statement": [{**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}]}))),
        ("open_to_world", became({"cidrIp": "0.0.0.0/0"}, cidrIp="0.0.0.0/0")),
        ("policy_for_everyone", became({"policy": allows("*")}, policy=allows("*"))),
        ("policy_for_everyone", asked(bucketPolicy={"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]})),
        ("admin_policy", asked(policyDocument=allows("x", action="s3:GetObject", resource="arn:aws:s3:::b/*"))),
        ("reading_policy", asked(policyArns=[f"{AWS_POLICY}ReadOnlyAccess", f"{AWS_POLICY}PowerUserAccess"])),
        ("reading_policy", asked(userName="li")),
        ("reading_policy", asked(policyDocument=allows("x", action="s3:GetObject"))),
        ("reading_policy", asked(policyDocument=allows("x", action="*"))),
        ("names_other_account", seen(after={"destinationArn": f"arn:aws:logs:eu-west-1:{OTHER}:destination:d"})),
        ("brings_layers", answered("lambda:UpdateFunctionConfiguration", {"functionName": "f"}, layers=[])),
        ("only_private", asked("ec2:AuthorizeSecurityGroupIngress", groupId="sg-1")),
        ("only_tags", seen(changed=())),
        ("with_second_factor", seen(second_factor="false")),
        ("trail_only_widened", asked(name="t")),
        ("trail_only_widened", asked(name="t", isMultiRegionTrail=True, enableLogFileValidation=False)),
        ("lock_loosened", asked(ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Days": 30}}})),
        ("attack_tool", seen(agent="kaliningrad-tours/1.0")),
    ],
)
def test_what_was_so_before_is_denied_or_is_not_told_meets_nothing(name: str, subject: Subject) -> None:
    assert not CONDITIONS[name](subject)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("open_to_world", asked("ec2:AuthorizeSecurityGroupIngress", cidrIpv6="::/0")),
        ("admin_policy", asked(policyDocument='{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}')),
        ("admin_policy", asked(policyDocument=quote(json.dumps(allows("x", action="iam:*"))))),
        ("trusts_outside", asked(assumeRolePolicyDocument={"Statement": [{**TRUST, "Principal": {"AWS": "*"}}]})),
        ("everyone_in_acl", asked(AccessControlPolicy={"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}})),
        ("backups_off", became({"backupRetentionPeriod": 7}, backupRetentionPeriod=0)),
        ("backups_off", asked(pointInTimeRecoverySpecification={"pointInTimeRecoveryEnabled": False})),
        ("selectors_narrowed", asked(eventSelectors=[{"excludeManagementEventSources": ["kms.amazonaws.com"]}])),
        ("password_policy_loose", asked(requireNumbers=False, minimumPasswordLength=14)),
        ("enables_nothing", asked(status="PAUSED")),
        ("lock_loosened", asked(bypassGovernanceRetention=True)),
        ("lock_loosened", asked(ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})),
        ("attack_tool", seen(agent="Pacu/1.5 boto3/1.34")),
        ("customer_key", asked(sSECustomerAlgorithm="AES256")),
        ("names_other_account", asked(shareTarget={"id": "x", "accountId": OTHER})),
    ],
)
def test_other_spellings_meet_it_too(name: str, subject: Subject) -> None:
    assert CONDITIONS[name](subject)
