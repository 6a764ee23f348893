"""What public families of detection rules ask to be told of on AWS has its trait and its verdict here.

Compared by the names of actions with Panther, Sigma, Elastic and Stratus Red Team; raw records through reader and bridge.
"""

from typing import Any

import pytest

from core.assessment import Verdict
from core.batch import Reading
from core.event import ChangeType
from core.trait import Trait
from tests.unit.core.providers.acting import judged
from tests.unit.core.providers.aws.given import ACCOUNT, read, record
from tests.unit.core.providers.aws.test_acts import KEY, OTHER

QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
FOR_A_SERVICE = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'

LISTS = '{"Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", "ec2:DescribeInstances"], "Resource": "*"}]}'
FOR_OWN = f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{ACCOUNT}"}}, "Action": "sts:AssumeRole"}}]}}'


def expiring(days: int, **more: Any) -> dict[str, Any]:
    return {"Rule": {"Status": "Enabled", "Expiration": {"Days": days}, **more}}


ALARMS: list[tuple[str, dict[str, Any], Trait]] = [
    ("ec2 AuthorizeSecurityGroupIngress", {"groupId": "sg-1", "cidrIp": "203.0.112.0/20"}, Trait.OPENS_NETWORK),
    ("ram CreateResourceShare", {"name": "s", "principals": [OTHER]}, Trait.SHARES_OUTSIDE),
    ("datasync CreateTask", {"destinationLocationArn": f"arn:aws:datasync:eu-west-1:{OTHER}:location/loc-1"}, Trait.EXPORTS_DATA),
    ("rds AuthorizeDBSecurityGroupIngress", {"dBSecurityGroupName": "db", "cIDRIP": "203.0.113.0/24"}, Trait.OPENS_NETWORK),
    ("access-analyzer CreateArchiveRule", {"analyzerName": "all", "ruleName": "quiet"}, Trait.STOPS_DETECTION),
    ("bedrock DeleteGuardrail", {"guardrailIdentifier": "g1"}, Trait.WEAKENS_PROTECTION),
    ("budgets DeleteBudget", {"accountId": ACCOUNT, "budgetName": "monthly"}, Trait.STOPS_DETECTION),
    ("ce DeleteAnomalySubscription", {"subscriptionArn": "arn:aws:ce::1:anomalysubscription/a"}, Trait.STOPS_DETECTION),
    ("codebuild UpdateProjectVisibility", {"projectVisibility": "PUBLIC_READ", "projectArn": "arn"}, Trait.EXPOSES_PUBLICLY),
    ("codepipeline UpdatePipeline", {"pipeline": {"name": "deploy"}}, Trait.RUNS_FOREIGN_CODE),
    ("config DeleteConformancePack", {"conformancePackName": "cis"}, Trait.STOPS_DETECTION),
    ("detective DisassociateMembership", {"graphArn": "arn"}, Trait.STOPS_DETECTION),
    ("ec2 CreateVpcBlockPublicAccessExclusion", {"vpcId": "vpc-1"}, Trait.WEAKENS_PROTECTION),
    ("ec2 ModifyVpcBlockPublicAccessOptions", {"internetGatewayBlockMode": "off"}, Trait.WEAKENS_PROTECTION),
    ("ec2 AuthorizeClientVpnIngress", {"clientVpnEndpointId": "cvpn-1", "targetNetworkCidr": "203.0.113.0/24"}, Trait.OPENS_NETWORK),
    (
        "ecr PutImageScanningConfiguration",
        {"repositoryName": "r", "imageScanningConfiguration": {"scanOnPush": False}},
        Trait.STOPS_DETECTION,
    ),
    ("ecr PutImageTagMutability", {"repositoryName": "r", "imageTagMutability": "MUTABLE"}, Trait.WEAKENS_PROTECTION),
    (
        "ecs RegisterTaskDefinition",
        {"family": "f", "containerDefinitions": [{"command": ["sh", "-c", "curl 169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]}]},
        Trait.READS_CREDENTIAL,
    ),
    (
        "ecs RegisterTaskDefinition",
        {"family": "f", "containerDefinitions": [{"privileged": True, "image": "i"}]},
        Trait.PRIVILEGED_WORKLOAD,
    ),
    ("ecs RegisterTaskDefinition", {"family": "f", "pidMode": "host", "containerDefinitions": [{"image": "i"}]}, Trait.PRIVILEGED_WORKLOAD),
    (
        "batch RegisterJobDefinition",
        {"containerProperties": {"volumes": [{"host": {"sourcePath": "/var/run/docker.sock"}}]}},
        Trait.PRIVILEGED_WORKLOAD,
    ),
    ("securityhub UpdateStandardsControl", {"ControlStatus": "DISABLED", "StandardsControlArn": "arn"}, Trait.STOPS_DETECTION),
    ("eks AssociateIdentityProviderConfig", {"clusterName": "prod", "oidc": {"issuerUrl": "https://id.example"}}, Trait.CHANGES_TRUST),
    (
        "eks UpdateClusterConfig",
        {"name": "prod", "logging": {"clusterLogging": [{"types": ["audit"], "enabled": False}]}},
        Trait.STOPS_LOGGING,
    ),
    ("guardduty UpdateFilter", {"detectorId": "d", "filterName": "f"}, Trait.STOPS_DETECTION),
    ("guardduty CreateTrustedEntitySet", {"detectorId": "d"}, Trait.STOPS_DETECTION),
    ("iam UpdateSSHPublicKey", {"userName": "li", "sSHPublicKeyId": "k", "status": "Active"}, Trait.CHANGES_CREDENTIAL),
    ("iam EnableOrganizationsRootSessions", {}, Trait.CHANGES_TRUST),
    ("lakeformation PutDataLakeSettings", {"dataLakeSettings": {}}, Trait.GRANTS_ACCESS),
    ("lambda DeleteFunctionCodeSigningConfig", {"functionName": "pay"}, Trait.WEAKENS_PROTECTION),
    ("lightsail OpenInstancePublicPorts", {"instanceName": "web", "portInfo": {"fromPort": 22, "toPort": 22}}, Trait.OPENS_NETWORK),
    ("logs DeleteMetricFilter", {"logGroupName": "trail", "filterName": "root"}, Trait.STOPS_DETECTION),
    ("logs DeleteDataProtectionPolicy", {"logGroupIdentifier": "app"}, Trait.WEAKENS_PROTECTION),
    ("macie2 CreateFindingsFilter", {"name": "quiet", "action": "ARCHIVE"}, Trait.STOPS_DETECTION),
    ("organizations MoveAccount", {"accountId": OTHER, "sourceParentId": "ou-1", "destinationParentId": "r-1"}, Trait.WEAKENS_PROTECTION),
    ("quicksight UpdatePublicSharingSettings", {"publicSharingEnabled": True}, Trait.EXPOSES_PUBLICLY),
    ("rds StopDBInstanceAutomatedBackupsReplication", {"sourceDBInstanceArn": "arn"}, Trait.DESTROYS_BACKUP),
    ("rolesanywhere DisableCrl", {"crlId": "c"}, Trait.WEAKENS_AUTHENTICATION),
    ("route53domains DisableDomainTransferLock", {"domainName": "acme.example"}, Trait.WEAKENS_PROTECTION),
    ("route53domains TransferDomainToAnotherAwsAccount", {"domainName": "acme.example", "accountId": OTHER}, Trait.SHARES_OUTSIDE),
    ("route53resolver DisassociateFirewallRuleGroup", {"firewallRuleGroupAssociationId": "a"}, Trait.REMOVES_NETWORK_GUARD),
    (
        "s3 PutBucketEncryption",
        {"bucketName": "b", "kMSMasterKeyID": f"arn:aws:kms:eu-west-1:{OTHER}:key/k"},
        Trait.WEAKENS_PROTECTION,
    ),
    (
        "s3 PutBucketReplication",
        {"bucketName": "b", "ReplicationConfiguration": {"Rule": {"Destination": {"Account": OTHER}}}},
        Trait.SHARES_OUTSIDE,
    ),
    ("rolesanywhere CreateTrustAnchor", {"name": "ca", "enabled": True}, Trait.CHANGES_TRUST),
    ("sagemaker CreateStudioLifecycleConfig", {"studioLifecycleConfigName": "boot"}, Trait.RUNS_FOREIGN_CODE),
    ("securityhub DisassociateFromAdministratorAccount", {}, Trait.STOPS_DETECTION),
    ("securitylake DeleteDataLake", {"regions": ["eu-west-1"]}, Trait.STOPS_LOGGING),
    ("ssm CreateActivation", {"iamRole": "hybrid"}, Trait.CREATES_CREDENTIAL),
    ("ssm RegisterTaskWithMaintenanceWindow", {"windowId": "mw-1", "taskArn": "AWS-RunShellScript"}, Trait.EXECUTES_IN_WORKLOAD),
    ("sso-directory CreateBearerToken", {"tenantId": "t"}, Trait.CREATES_CREDENTIAL),
    ("sso-directory DisableExternalIdPConfigurationForDirectory", {"directoryId": "d"}, Trait.CHANGES_TRUST),
    ("transfer ImportSshPublicKey", {"serverId": "s", "userName": "li", "sshPublicKeyBody": "ssh-ed25519 AAAA"}, Trait.CREATES_CREDENTIAL),
    ("account DeleteAlternateContact", {"alternateContactType": "SECURITY"}, Trait.WEAKENS_PROTECTION),
    ("codebuild StartBuild", {"projectName": "release", "buildspecOverride": "version: 0.2"}, Trait.RUNS_FOREIGN_CODE),
    ("ec2 CreateVpcPeeringConnection", {"vpcId": "vpc-1", "peerVpcId": "vpc-2", "peerOwnerId": OTHER}, Trait.OPENS_NETWORK),
    ("ec2 DeregisterImage", {"imageId": "ami-1", "deleteAssociatedSnapshots": True}, Trait.DESTROYS_BACKUP),
    ("ecs RunTask", {"cluster": "c", "overrides": {"taskRoleArn": "arn:aws:iam::1:role/admin"}}, Trait.RUNS_FOREIGN_CODE),
    ("events PutPermission", {"principal": "*", "action": "events:PutEvents", "statementId": "s"}, Trait.EXPOSES_PUBLICLY),
    ("iam AddUserToGroup", {"groupName": "owners", "userName": "mia"}, Trait.GRANTS_ACCESS),
    ("iam AttachUserPolicy", {"userName": "li", "policyArn": QUARANTINE}, Trait.LEAKED_CREDENTIAL),
    ("iam DetachUserPolicy", {"userName": "li", "policyArn": QUARANTINE}, Trait.WEAKENS_PROTECTION),
    ("lambda AddPermission20150331v2", {"functionName": "pay", "principal": OTHER, "statementId": "s"}, Trait.SHARES_OUTSIDE),
    ("logs PutRetentionPolicy", {"logGroupName": "aws-cloudtrail-logs", "retentionInDays": 1}, Trait.STOPS_LOGGING),
    ("codebuild UpdateProject", {"name": "p", "source": {"buildspec": "x"}}, Trait.RUNS_FOREIGN_CODE),
    (
        "dynamodb ExportTableToPointInTime",
        {"tableArn": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t", "s3BucketOwner": OTHER},
        Trait.EXPORTS_DATA,
    ),
    ("elasticache ModifyReplicationGroup", {"replicationGroupId": "r", "authTokenUpdateStrategy": "DELETE"}, Trait.WEAKENS_AUTHENTICATION),
    (
        "elasticloadbalancing ModifyLoadBalancerAttributes",
        {"loadBalancerArn": "a", "attributes": [{"key": "access_logs.s3.enabled", "value": "false"}]},
        Trait.STOPS_LOGGING,
    ),
    ("kafka UpdateConnectivity", {"connectivityInfo": {"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}}}, Trait.EXPOSES_PUBLICLY),
    ("kms CreateGrant", {"keyId": "k", "granteePrincipal": f"arn:aws:iam::{OTHER}:user/x"}, Trait.SHARES_OUTSIDE),
    ("logs PutSubscriptionFilter", {"destinationArn": f"arn:aws:logs:eu-west-1:{OTHER}:destination:d"}, Trait.EXPORTS_DATA),
    (
        "rds ModifyDBParameterGroup",
        {"dBParameterGroupName": "p", "parameters": [{"parameterName": "rds.force_ssl", "parameterValue": "0"}]},
        Trait.WEAKENS_PROTECTION,
    ),
    ("organizations AcceptHandshake", {"handshakeId": "h-1"}, Trait.CHANGES_TRUST),
    ("redshift DeleteCluster", {"clusterIdentifier": "dw", "skipFinalClusterSnapshot": True}, Trait.DESTROYS_BACKUP),
    ("s3 PutBucketLifecycle", {"bucketName": "b", "LifecycleConfiguration": expiring(1)}, Trait.DESTROYS_BACKUP),
    (
        "s3 PutObject",
        {"bucketName": "b", "key": "ledger", "x-amz-server-side-encryption-customer-algorithm": "AES256"},
        Trait.DESTROYS_ENCRYPTION_KEY,
    ),
    (
        "s3 CopyObject",
        {
            "bucketName": "b",
            "key": "ledger",
            "x-amz-copy-source": "b/ledger",
            "x-amz-server-side-encryption-aws-kms-key-id": f"arn:aws:kms:eu-west-1:{OTHER}:key/k",
        },
        Trait.DESTROYS_ENCRYPTION_KEY,
    ),
    ("workmail ResetPassword", {"organizationId": "m", "userId": "u"}, Trait.CHANGES_CREDENTIAL),
    ("workspaces AuthorizeIpRules", {"groupId": "wsipg-1", "userRules": [{"ipRule": "0.0.0.0/0"}]}, Trait.OPENS_NETWORK),
]
STORES = [
    ("rds DeleteDBInstance", {"dBInstanceIdentifier": "orders", "skipFinalSnapshot": False, "finalDBSnapshotIdentifier": "last"}),
    ("rds DeleteDBCluster", {"dBClusterIdentifier": "orders", "skipFinalSnapshot": False}),
    ("elasticfilesystem DeleteFileSystem", {"fileSystemId": "fs-1"}),
    ("redshift DeleteCluster", {"clusterIdentifier": "dw", "finalClusterSnapshotIdentifier": "last"}),
    ("ds DeleteDirectory", {"directoryId": "d-1"}),
    ("cognito-idp DeleteUserPool", {"userPoolId": "p"}),
]
WATCHED: list[tuple[str, dict[str, Any], Trait]] = [
    ("acm-pca IssueCertificate", {"certificateAuthorityArn": "arn"}, Trait.CREATES_KEY_PAIR),
    ("backup StartCopyJob", {"recoveryPointArn": "arn", "destinationBackupVaultArn": "arn"}, Trait.COPIES_DATA),
    ("cognito-identity CreateIdentityPool", {"identityPoolName": "p", "allowUnauthenticatedIdentities": True}, Trait.GRANTS_USE),
    ("cognito-idp AdminAddUserToGroup", {"groupName": "staff"}, Trait.GRANTS_USE),
    ("dynamodb DeleteTable", {"tableName": "sessions"}, Trait.DELETES_DATA),
    ("ec2 DeregisterImage", {"imageId": "ami-1"}, Trait.DELETES_RESOURCE),
    ("elasticache CopySnapshot", {"sourceSnapshotName": "s", "targetBucket": "b"}, Trait.COPIES_DATA),
    ("events CreateConnection", {"name": "c"}, Trait.CHANGES_SECRET),
    ("logs PutRetentionPolicy", {"logGroupName": "app", "retentionInDays": 1}, Trait.DELETES_DATA),
    ("codebuild UpdateProject", {"name": "p", "badgeEnabled": True}, Trait.CHANGES_CONFIGURATION),
    ("iam AddUserToGroup", {"groupName": "readers", "userName": "li"}, Trait.GRANTS_USE),
    ("iam UpdateAssumeRolePolicy", {"roleName": "r", "policyDocument": FOR_A_SERVICE}, Trait.GRANTS_USE),
    ("s3 DeleteBucket", {"bucketName": "scratch"}, Trait.DELETES_DATA),
    ("s3 PutBucketLifecycle", {"bucketName": "b", "LifecycleConfiguration": expiring(14)}, Trait.DELETES_DATA),
    ("s3 PutBucketReplication", {"bucketName": "b", "ReplicationConfiguration": {"Rule": {"Destination": {}}}}, Trait.COPIES_DATA),
    ("ec2 AuthorizeSecurityGroupIngress", {"groupId": "sg-1", "cidrIp": "203.0.113.7/32"}, Trait.ADMITS_FEW),
    ("iam UpdateAssumeRolePolicy", {"roleName": "r", "policyDocument": FOR_OWN}, Trait.GRANTS_USE),
    ("iam PutRolePolicy", {"roleName": "r", "policyName": "see", "policyDocument": LISTS}, Trait.GRANTS_USE),
    ("datasync CreateTask", {"destinationLocationArn": f"arn:aws:datasync:eu-west-1:{ACCOUNT}:location/loc-1"}, Trait.COPIES_DATA),
    ("s3 PutBucketLifecycle", {"bucketName": "b", "LifecycleConfiguration": expiring(1, Prefix="tmp/")}, Trait.DELETES_DATA),
    ("mq CreateUser", {"brokerId": "b", "username": "u"}, Trait.CREATES_IDENTITY),
    ("ses UpdateAccountSendingEnabled", {"enabled": True}, Trait.GRANTS_USE),
]


@pytest.mark.parametrize(("event", "request_", "trait"), ALARMS, ids=[row[0] for row in ALARMS])
def test_an_act_that_attacks_consist_of_alarms_when_nothing_explains_it(event: str, request_: dict[str, Any], trait: Trait) -> None:
    (one,) = judged("cloudtrail", record(event, request_, userIdentity=KEY))
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNPLANNED


@pytest.mark.parametrize(("event", "request_"), STORES, ids=[row[0] for row in STORES])
def test_a_database_or_file_system_deleted_by_hand_alarms_and_by_a_program_stays_unknown(event: str, request_: dict[str, Any]) -> None:
    (one,) = judged("cloudtrail", record(event, request_, userIdentity=KEY))
    assert Trait.DESTROYS_STORE in one.event.traits
    assert one.verdict is Verdict.UNPLANNED
    program = {**KEY, "userName": "svc-cleaner", "arn": f"arn:aws:iam::{ACCOUNT}:user/svc-cleaner"}
    (other,) = judged("cloudtrail", record(event, request_, userIdentity=program))
    assert other.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("event", "request_", "trait"), WATCHED, ids=[row[0] for row in WATCHED])
def test_daily_work_that_is_watched_is_unknown_and_never_calm(event: str, request_: dict[str, Any], trait: Trait) -> None:
    (one,) = judged("cloudtrail", record(event, request_, userIdentity=KEY))
    assert trait in one.event.traits
    assert one.verdict is Verdict.UNKNOWN
    assert not one.assessment.comfort.reassures


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        ("codebuild UpdateProjectVisibility", {"projectVisibility": "PRIVATE", "projectArn": "arn"}),
        ("cognito-identity UpdateIdentityPool", {"allowUnauthenticatedIdentities": False}),
        ("ec2 ModifyVpcBlockPublicAccessOptions", {"internetGatewayBlockMode": "block-bidirectional"}),
        ("ecr PutImageScanningConfiguration", {"repositoryName": "r", "imageScanningConfiguration": {"scanOnPush": True}}),
        ("ecr PutImageTagMutability", {"repositoryName": "r", "imageTagMutability": "IMMUTABLE"}),
        ("ecs RegisterTaskDefinition", {"family": "f", "containerDefinitions": [{"command": ["serve"]}]}),
        ("eks UpdateClusterConfig", {"name": "prod", "logging": {"clusterLogging": [{"types": ["audit"], "enabled": True}]}}),
        ("iam UpdateSSHPublicKey", {"userName": "li", "sSHPublicKeyId": "k", "status": "Inactive"}),
        ("iam AttachUserPolicy", {"userName": "li", "policyArn": "arn:aws:iam::aws:policy/AWSDenyAll"}),
        ("iam PutUserPolicy", {"userName": "li", "policyDocument": '{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'}),
        ("cloudtrail PutEventSelectors", {"eventSelectors": [{"readWriteType": "All", "includeManagementEvents": True}]}),
        ("codebuild StartBuild", {"projectName": "release", "sourceVersion": "main"}),
        ("s3 PutBucketLifecycle", {"bucketName": "b", "LifecycleConfiguration": expiring(1, Status="Disabled")}),
        ("s3 PutBucketLifecycle", {"bucketName": "b", "LifecycleConfiguration": expiring(730)}),
        ("cloudtrail UpdateTrail", {"name": "main"}),
        ("ram CreateResourceShare", {"name": "empty"}),
        ("ec2 AuthorizeSecurityGroupIngress", {"groupId": "sg-1", "cidrIp": "0.0.0.0/16"}),
        ("rolesanywhere CreateTrustAnchor", {"name": "ca", "enabled": False}),
        ("ses UpdateAccountSendingEnabled", {"enabled": False}),
        ("ssm SendCommand", {"documentName": "AWS-RunPatchBaseline", "instanceIds": ["i-1"]}),
        ("ec2 CreateNetworkAclEntry", {"networkAclId": "acl-1", "cidrBlock": "203.0.113.7/32", "ruleAction": "allow", "egress": False}),
        ("rds DeleteGlobalCluster", {"globalClusterIdentifier": "world"}),
        ("ec2 AuthorizeSecurityGroupEgress", {"groupId": "sg-1", "fromPort": 443, "toPort": 443, "cidrIp": "0.0.0.0/0"}),
        (
            "ec2 AuthorizeSecurityGroupIngress",
            {"groupId": "sg-db", "ipPermissions": {"items": [{"groups": {"items": [{"groupId": "sg-api", "userId": ACCOUNT}]}}]}},
        ),
        ("logs PutRetentionPolicy", {"logGroupName": "app", "retentionInDays": 365}),
        ("logs PutSubscriptionFilter", {"destinationArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"}),
        ("quicksight UpdatePublicSharingSettings", {"publicSharingEnabled": False}),
        ("s3 PutBucketEncryption", {"bucketName": "b", "kMSMasterKeyID": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"}),
    ],
)
def test_the_same_call_the_other_way_round_is_no_alarm(event: str, request_: dict[str, Any]) -> None:
    (one,) = judged("cloudtrail", record(event, request_, userIdentity=KEY))
    assert one.verdict is Verdict.UNKNOWN
    assert not one.event.traits & {
        Trait.EXPOSES_PUBLICLY,
        Trait.STOPS_DETECTION,
        Trait.STOPS_LOGGING,
        Trait.WEAKENS_AUTHENTICATION,
        Trait.WEAKENS_PROTECTION,
        Trait.READS_CREDENTIAL,
        Trait.CHANGES_CREDENTIAL,
        Trait.COPIES_DATA,
        Trait.DELETES_DATA,
    }


def test_opening_a_notebook_changes_nothing_and_is_worth_knowing() -> None:
    found: Reading = read(record("sagemaker CreatePresignedNotebookInstanceUrl", {"notebookInstanceName": "lab"}, userIdentity=KEY))
    assert found.events == ()
    assert [one.says for one in found.observations] == ["mia opened a notebook with a signed address"]


def test_a_shell_in_the_browser_is_told_once_when_it_starts() -> None:
    assert read(record("cloudshell PutCredentials", {"EnvironmentId": "e"}, userIdentity=KEY)).events == ()
    (started,) = read(record("cloudshell CreateSession", {"EnvironmentId": "e"}, userIdentity=KEY)).events
    assert started.change_type is ChangeType.EXECUTED
