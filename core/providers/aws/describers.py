"""What a resource looks like now: one small function for each kind people care about, asked for one resource at a time."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from core.event import Resource
from core.json import JsonObject
from core.providers.aws.faults import holding
from core.providers.aws.subject import document

# Of every answer: what moves by itself, or says nothing of how the thing is set.
_MOVING = frozenset(
    {
        "ResponseMetadata", "LaunchTime", "UsageOperationUpdateTime", "LatestRestorableTime", "events", "runningCount", "pendingCount",
        "deployments", "RoleLastUsed", "PasswordLastUsed", "LastAccessedDate", "StateUpdatedTimestamp", "StateTransitionedTimestamp",
        "StateReason", "StateReasonData", "StateReasonCode", "StateValue", "StateTransitionReason", "ItemCount", "TableSizeBytes",
        "LastDecreaseDateTime", "LastIncreaseDateTime", "NumberOfDecreasesToday", "AttachTime", "Instances", "health",
        "LastModified", "RevisionId", "LastChangedDate",
        "taskSets", "ResourceRecordSetCount", "LastUpdatedTime", "updatedAt", "DriftInformation", "PrivateDnsName", "PublicDnsName",
        "PublicIpAddress", "Association", "DesiredCapacity",
        # On the way from one state to another; a look a moment later would tell of a change that nobody made.
        "State", "Status", "status", "TableStatus", "IndexStatus", "DBInstanceStatus", "PendingModifiedValues", "StackStatus",
        "StackStatusReason", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode",
        "Endpoint", "endpoint", "certificateAuthority", "identity", "InstanceCreateTime", "AvailableIpAddressCount",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Describer:
    """`ask` returns the resource as it is, or None where it is gone. `needs` are the permissions it uses."""

    service: str
    needs: tuple[str, ...]
    ask: Callable[[Any, Resource], JsonObject | None]


def _first(answer: Mapping[str, Any], key: str) -> JsonObject | None:
    rows = holding(answer, key)[key] or []
    return dict(rows[0]) if rows else None


# Where an instance on its way will be: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
_SETTLING = {"pending": "running", "stopping": "stopped"}


def _instance(ec2: Any, thing: Resource) -> JsonObject | None:
    reservations = ec2.describe_instances(InstanceIds=[thing.name])["Reservations"]
    found = next((dict(one) for reservation in reservations for one in reservation["Instances"]), None)
    if found is None:
        return None
    state = found.get("State", {}).get("Name")
    return None if state in ("shutting-down", "terminated") else {**found, "RunState": _SETTLING.get(state, state)}


def _ec2(method: str, argument: str, key: str) -> Callable[[Any, Resource], JsonObject | None]:
    return lambda ec2, thing: _first(getattr(ec2, method)(**{argument: [thing.name]}), key)


def _optional(ask: Callable[[], Any]) -> Any:
    """The answer, or None where a part was never set (NoSuchBucketPolicy and the like)."""
    try:
        return ask()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code.startswith(("NoSuch", "ServerSideEncryptionConfigurationNotFound", "ReplicationConfigurationNotFound", "ResourceNotFound")):
            return None
        raise


def _bucket(s3: Any, thing: Resource) -> JsonObject | None:
    name = {"Bucket": thing.name}
    with suppress(s3.exceptions.NoSuchBucket):
        versioning = s3.get_bucket_versioning(**name)
        policy = _optional(lambda: s3.get_bucket_policy(**name)["Policy"])
        block = _optional(lambda: s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"])
        encryption = _optional(lambda: s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"])
        acl = s3.get_bucket_acl(**name)
        tags = _optional(lambda: s3.get_bucket_tagging(**name)["TagSet"])
        return {
            "Policy": document(policy), "PublicAccessBlock": block, "Encryption": encryption, "Tags": tags or [],
            "Versioning": versioning.get("Status"), "MfaDelete": versioning.get("MFADelete"), "Grants": acl.get("Grants"),
        }  # fmt: skip
    return None


def _identity(sort: str) -> Callable[[Any, Resource], JsonObject | None]:
    lower = sort.lower()

    def ask(iam: Any, thing: Resource) -> JsonObject | None:
        name = {f"{sort}Name": thing.name}
        with suppress(iam.exceptions.NoSuchEntityException):
            found = dict(getattr(iam, f"get_{lower}")(**name)[sort])
            attached = getattr(iam, f"list_attached_{lower}_policies")(**name)["AttachedPolicies"]
            inline = getattr(iam, f"list_{lower}_policies")(**name)["PolicyNames"]
            found["AttachedPolicies"] = sorted(one["PolicyArn"] for one in attached)
            found["InlinePolicies"] = {
                one: getattr(iam, f"get_{lower}_policy")(**name, PolicyName=one)["PolicyDocument"] for one in inline
            }  # fmt: skip
            return found
        return None

    return ask


def _policy(iam: Any, thing: Resource) -> JsonObject | None:
    with suppress(iam.exceptions.NoSuchEntityException):
        found = dict(iam.get_policy(PolicyArn=thing.uid)["Policy"])
        version = iam.get_policy_version(PolicyArn=thing.uid, VersionId=found["DefaultVersionId"])
        return {**found, "Document": version["PolicyVersion"]["Document"]}
    return None


def _function(client: Any, thing: Resource) -> JsonObject | None:
    with suppress(client.exceptions.ResourceNotFoundException):
        return dict(client.get_function_configuration(FunctionName=thing.name))
    return None


def _service(ecs: Any, thing: Resource) -> JsonObject | None:
    cluster, _, name = thing.name.rpartition("/")
    found = _first(ecs.describe_services(cluster=cluster or "default", services=[name]), "services")
    return None if found is None or found.get("status") == "INACTIVE" else found


def _table(client: Any, thing: Resource) -> JsonObject | None:
    with suppress(client.exceptions.ResourceNotFoundException):
        return dict(client.describe_table(TableName=thing.name)["Table"])
    return None


def _key(kms: Any, thing: Resource) -> JsonObject | None:
    with suppress(kms.exceptions.NotFoundException):
        return {
            **kms.describe_key(KeyId=thing.name)["KeyMetadata"],
            "Policy": document(kms.get_key_policy(KeyId=thing.name, PolicyName="default")["Policy"]),
        }
    return None


def _secret(client: Any, thing: Resource) -> JsonObject | None:
    with suppress(client.exceptions.ResourceNotFoundException):
        found = client.describe_secret(SecretId=thing.uid or thing.name)
        return {key: found.get(key) for key in ("ARN", "Name", "KmsKeyId", "RotationEnabled", "RotationRules", "DeletedDate", "Tags")}
    return None


def _zone(route53: Any, thing: Resource) -> JsonObject | None:
    with suppress(route53.exceptions.NoSuchHostedZone):
        rows = route53.list_resource_record_sets(HostedZoneId=thing.name, MaxItems="300")["ResourceRecordSets"]
        return {"Records": {f"{row['Name']} {row['Type']} {row.get('SetIdentifier', '')}".strip(): row for row in rows}}
    return None


def _rds(method: str, argument: str, key: str) -> Callable[[Any, Resource], JsonObject | None]:
    def ask(rds: Any, thing: Resource) -> JsonObject | None:
        return _first(getattr(rds, method)(**{argument: thing.name}), key)

    return ask


DESCRIBERS: Mapping[str, Describer] = {
    "AWS::EC2::Instance": Describer(service="ec2", needs=("ec2:DescribeInstances",), ask=_instance),
    "AWS::EC2::SecurityGroup": Describer(
        service="ec2", needs=("ec2:DescribeSecurityGroups",), ask=_ec2("describe_security_groups", "GroupIds", "SecurityGroups")
    ),
    "AWS::EC2::VPC": Describer(service="ec2", needs=("ec2:DescribeVpcs",), ask=_ec2("describe_vpcs", "VpcIds", "Vpcs")),
    "AWS::EC2::Subnet": Describer(service="ec2", needs=("ec2:DescribeSubnets",), ask=_ec2("describe_subnets", "SubnetIds", "Subnets")),
    "AWS::EC2::RouteTable": Describer(
        service="ec2", needs=("ec2:DescribeRouteTables",), ask=_ec2("describe_route_tables", "RouteTableIds", "RouteTables")
    ),
    "AWS::EC2::Volume": Describer(service="ec2", needs=("ec2:DescribeVolumes",), ask=_ec2("describe_volumes", "VolumeIds", "Volumes")),
    "AWS::S3::Bucket": Describer(
        service="s3",
        needs=(
            "s3:GetBucketVersioning",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketAcl",
            "s3:GetBucketTagging",
        ),
        ask=_bucket,
    ),
    "AWS::IAM::User": Describer(
        service="iam",
        needs=("iam:GetUser", "iam:ListAttachedUserPolicies", "iam:ListUserPolicies", "iam:GetUserPolicy"),
        ask=_identity("User"),
    ),
    "AWS::IAM::Role": Describer(
        service="iam",
        needs=("iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy"),
        ask=_identity("Role"),
    ),
    "AWS::IAM::ManagedPolicy": Describer(service="iam", needs=("iam:GetPolicy", "iam:GetPolicyVersion"), ask=_policy),
    "AWS::RDS::DBInstance": Describer(
        service="rds", needs=("rds:DescribeDBInstances",), ask=_rds("describe_db_instances", "DBInstanceIdentifier", "DBInstances")
    ),
    "AWS::RDS::DBCluster": Describer(
        service="rds", needs=("rds:DescribeDBClusters",), ask=_rds("describe_db_clusters", "DBClusterIdentifier", "DBClusters")
    ),
    "AWS::Lambda::Function": Describer(service="lambda", needs=("lambda:GetFunctionConfiguration",), ask=_function),
    "AWS::ECS::Service": Describer(service="ecs", needs=("ecs:DescribeServices",), ask=_service),
    "AWS::EKS::Cluster": Describer(
        service="eks", needs=("eks:DescribeCluster",), ask=lambda c, t: dict(c.describe_cluster(name=t.name)["cluster"])
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Describer(
        service="elbv2",
        needs=("elasticloadbalancing:DescribeLoadBalancers",),
        ask=lambda c, t: _first(
            c.describe_load_balancers(**({"LoadBalancerArns": [t.uid]} if t.uid else {"Names": [t.name]})), "LoadBalancers"
        ),
    ),
    "AWS::AutoScaling::AutoScalingGroup": Describer(
        service="autoscaling",
        needs=("autoscaling:DescribeAutoScalingGroups",),
        ask=lambda c, t: _first(c.describe_auto_scaling_groups(AutoScalingGroupNames=[t.name]), "AutoScalingGroups"),
    ),
    "AWS::Route53::HostedZone": Describer(service="route53", needs=("route53:ListResourceRecordSets",), ask=_zone),
    "AWS::DynamoDB::Table": Describer(service="dynamodb", needs=("dynamodb:DescribeTable",), ask=_table),
    "AWS::CloudFormation::Stack": Describer(
        service="cloudformation",
        needs=("cloudformation:DescribeStacks",),
        ask=lambda c, t: _first(c.describe_stacks(StackName=t.uid or t.name), "Stacks"),
    ),
    "AWS::KMS::Key": Describer(service="kms", needs=("kms:DescribeKey", "kms:GetKeyPolicy"), ask=_key),
    "AWS::SecretsManager::Secret": Describer(service="secretsmanager", needs=("secretsmanager:DescribeSecret",), ask=_secret),
    "AWS::CloudWatch::Alarm": Describer(
        service="cloudwatch",
        needs=("cloudwatch:DescribeAlarms",),
        ask=lambda c, t: _first(c.describe_alarms(AlarmNames=[t.name]), "MetricAlarms"),
    ),
}

_GONE = ("NotFound", "NoSuch", "DoesNotExist", "NotExist", "ClusterNotFoundException", "ResourceNotFoundException", "404")


def describe(client: Any, thing: Resource) -> JsonObject | None:
    """The resource now, without what moves by itself; None where it is gone. Raises what botocore raises."""
    try:
        found = DESCRIBERS[thing.kind].ask(client, thing)
    except ClientError as error:
        error_told = error.response.get("Error", {})
        code = str(error_told.get("Code"))
        if any(sign in code for sign in _GONE) or (code == "ValidationError" and "does not exist" in str(error_told.get("Message"))):
            return None
        raise
    except LookupError as error:
        raise ResponseParserError(f"the answer holds no {error}") from error
    return None if found is None else settled(found)


def settled(value: Any) -> Any:
    """JSON's types, without what moves by itself; tags as one mapping."""
    if isinstance(value, Mapping):
        return {str(key): settled(below) for key, below in value.items() if key not in _MOVING}
    if isinstance(value, list | tuple):
        if value and all(isinstance(one, Mapping) and {"Key", "Value"} == set(one) for one in value):
            return {str(one["Key"]): one["Value"] for one in value}
        return [settled(one) for one in value]
    return (
        value
        if value is None or isinstance(value, str | int | float | bool)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else str(value)
    )
