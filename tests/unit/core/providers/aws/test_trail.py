"""One CloudTrail record → what changed, whose act it was, what it is."""

import json
import re
from typing import Any

import pytest

from core.errors import RecordUnreadable
from core.event import ActorKind, ChangeType, FieldChange, IntentKind, Via
from core.trait import Trait
from tests.unit.core.providers.aws.given import ACCOUNT, ANN, START, one, read, record

SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db"
GROUP = "sg-0123456789abcdef0"


def ingress(cidr: str, port: int = 22) -> dict[str, object]:
    rule = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {}, "ipRanges": {"items": [{"cidrIp": cidr}]}}
    return {"groupId": GROUP, "ipPermissions": {"items": [rule]}}


def test_a_security_group_opened_to_the_world_from_the_console_is_told_with_the_person() -> None:
    event = one(record("ec2 AuthorizeSecurityGroupIngress", ingress("0.0.0.0/0"), sessionCredentialFromConsole="true"))
    assert event.change_type is ChangeType.MODIFIED
    assert (event.resource.kind, event.resource.name) == ("AWS::EC2::SecurityGroup", GROUP)
    assert event.resource.uid == f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/{GROUP}"
    assert (event.actor.kind, event.actor.name, event.actor.via) == (ActorKind.HUMAN, "ann@acme.example", Via.CONSOLE)
    assert event.actor.network == "203.0.113.0/24"
    assert {Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK} <= event.traits
    assert event.changes == (FieldChange(path="ingress", before=None, after="tcp 22 0.0.0.0/0"),)


def test_the_same_rule_taken_away_closes() -> None:
    event = one(record("ec2 RevokeSecurityGroupIngress", ingress("0.0.0.0/0")))
    assert event.traits == {Trait.CLOSES_NETWORK}
    assert event.changes == (FieldChange(path="ingress", before="tcp 22 0.0.0.0/0", after=None),)


def test_a_rule_for_a_private_network_is_not_exposure() -> None:
    assert one(record("ec2 AuthorizeSecurityGroupIngress", ingress("10.0.0.0/8"))).traits == {Trait.CHANGES_CONFIGURATION}


def test_several_instances_in_one_call_are_one_change_each() -> None:
    items = [{"instanceId": f"i-0123456789abcdef{n}"} for n in range(3)]
    states = [{**item, "previousState": {"name": "running"}, "currentState": {"name": "stopping"}} for item in items]
    told = record("ec2 StopInstances", {"instancesSet": {"items": items}}, responseElements={"instancesSet": {"items": states}})
    events = read(told).events
    assert [event.resource.name for event in events] == [item["instanceId"] for item in items]
    assert len({event.id for event in events}) == 3
    assert {event.change_type for event in events} == {ChangeType.STOPPED}
    assert events[0].changes == (FieldChange(path="state", before="running", after="stopping"),)


def test_root_of_a_service_is_the_service_and_root_alone_is_a_privileged_person() -> None:
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    request = {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}
    scaled = one(record("ec2 TerminateInstances", request, userIdentity={**root, "invokedBy": "autoscaling.amazonaws.com"}))
    assert (scaled.actor.kind, scaled.actor.name, scaled.actor.privileged) == (ActorKind.SERVICE, "autoscaling", False)
    assert Trait.SCALES in scaled.traits
    person = one(record("ec2 TerminateInstances", request, userIdentity=root)).actor
    assert (person.kind, person.name, person.privileged) == (ActorKind.HUMAN, "root", True)


def test_terraform_by_a_person_is_infrastructure_as_code() -> None:
    agent = "APN/1.0 HashiCorp/1.0 Terraform/1.11.0 (+https://www.terraform.io) terraform-provider-aws/5.100.0"
    actor = one(record("s3 CreateBucket", {"bucketName": "acme-logs"}, userAgent=agent)).actor
    assert (actor.kind, actor.via, actor.tool) == (ActorKind.HUMAN, Via.IAC, "Terraform 1.11.0")


def test_a_refused_call_is_an_attempt_with_the_traits_of_what_was_tried() -> None:
    event = one(record("cloudtrail StopLogging", {"name": "main"}, errorCode="AccessDenied", errorMessage="not authorized"))
    assert (event.change_type, event.error) == (ChangeType.ATTEMPTED, "AccessDenied: not authorized")
    assert event.traits == {Trait.STOPS_LOGGING}


def test_a_bucket_policy_for_everyone_exposes_and_one_tied_to_the_organisation_does_not() -> None:
    def policy(**condition: object) -> dict[str, object]:
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*", **condition}
        return {"bucketName": "acme", "bucketPolicy": {"Version": "2012-10-17", "Statement": [statement]}}

    assert Trait.EXPOSES_PUBLICLY in one(record("s3 PutBucketPolicy", policy())).traits
    tied = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}}}
    assert Trait.EXPOSES_PUBLICLY not in one(record("s3 PutBucketPolicy", policy(**tied))).traits


def test_an_administrator_policy_is_admin_and_a_key_is_a_credential() -> None:
    request = {"userName": "bob", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    event = one(record("iam AttachUserPolicy", request))
    assert event.resource.name == "bob"
    assert event.resource.scope.region == ""
    assert {Trait.GRANTS_ADMIN, Trait.GRANTS_ACCESS} <= event.traits
    assert one(record("iam CreateAccessKey", {"userName": "bob"})).traits == {Trait.CREATES_CREDENTIAL}


@pytest.mark.parametrize(
    "told",
    [
        record("ec2 DescribeInstances", readOnly=True),
        record("sts AssumeRole", {"roleArn": "x"}, readOnly=None),
        record("signin ConsoleLogin", None, eventType="AwsConsoleSignIn"),
        record("kms Decrypt", None, readOnly=None),
        record("kms GenerateDataKey", None, readOnly=None),
        record("lambda Invoke", {"functionName": "pay"}),
        record("ec2 RunInstances", None, eventType="AwsCloudTrailInsight", eventCategory="Insight"),
        record("s3 GetObject", {"bucketName": "acme"}, readOnly=None),
        record("iam ListUsers", None, readOnly="true"),
    ],
    ids=lambda told: told["eventName"],
)
def test_reads_log_ins_and_insights_change_nothing(told: dict[str, object]) -> None:
    assert read(told).events == ()


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (record("secretsmanager GetSecretValue", {"secretId": "db"}, readOnly=True), "ann@acme.example read a secret"),
        (record("ssm GetParameter", {"name": "db", "withDecryption": True}, readOnly=True), "ann@acme.example read a decrypted parameter"),
        (
            record("signin ConsoleLogin", None, eventType="AwsConsoleSignIn", additionalEventData={"MFAUsed": "No"}),
            "ann@acme.example logged in to the console without a second factor",
        ),
    ],
    ids=["secret", "parameter", "login"],
)
def test_a_sensitive_read_is_observed(told: dict[str, object], says: str) -> None:
    reading = read(told)
    assert reading.events == ()
    assert [seen.says for seen in reading.observations] == [says]


def test_a_command_in_a_machine_is_an_execution() -> None:
    event = one(record("ssm StartSession", {"target": "i-0123456789abcdef0"}))
    assert (event.change_type, event.resource.kind) == (ChangeType.EXECUTED, "AWS::EC2::Instance")
    assert Trait.EXECUTES_IN_WORKLOAD in event.traits


@pytest.mark.parametrize(
    ("call", "request_", "secret"),
    [
        ("rds ModifyDBInstance", {"dBInstanceIdentifier": "db", "masterUserPassword": "hunter2"}, "hunter2"),
        ("lambda UpdateFunctionConfiguration", {"functionName": "f", "environment": {"variables": {"MODE": "s3cr3t-mode"}}}, "s3cr3t-mode"),
        ("ssm PutParameter", {"name": "/app/mode", "value": "plain-but-private"}, "plain-but-private"),
        ("secretsmanager PutSecretValue", {"secretId": "db", "secretString": "hunter2"}, "hunter2"),
        ("cloudformation CreateStack", {"stackName": "s", "parameters": [{"parameterKey": "P", "parameterValue": "hunter2"}]}, "hunter2"),
        ("ec2 ModifyInstanceAttribute", {"instanceId": "i-0123456789abcdef0", "userData": {"value": "IyEvYmluL3No"}}, "IyEvYmluL3No"),
        (
            "ecs RegisterTaskDefinition",
            {"family": "f", "containerDefinitions": [{"environment": [{"name": "A", "value": "private"}]}]},
            "private",
        ),
    ],
)
def test_no_secret_leaves_the_record(call: str, request_: dict[str, object], secret: str) -> None:
    event = one(record(call, request_))
    assert event.changes
    assert secret not in repr(event)
    assert "ASIAIOSFODNN7EXAMPLE" not in repr(event)


def test_a_parameter_that_only_names_the_thing_is_no_change_of_it() -> None:
    event = one(record("ec2 ModifyVolume", {"ModifyVolumeRequest": {"VolumeId": "vol-0search", "Size": 200}}))
    assert event.resource.name == "vol-0search"
    assert [(change.path.rpartition(".")[2], change.after) for change in event.changes] == [("Size", 200)]


def test_a_replayed_record_has_the_same_id_and_an_envelope_changes_nothing() -> None:
    told = record("ec2 CreateVpc", {"cidrBlock": "10.0.0.0/16"}, responseElements={"vpc": {"vpcId": "vpc-0123456789abcdef0"}})
    enveloped = {"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "account": ACCOUNT, "detail": told}
    assert one(told) == one(dict(told)) == one(enveloped)
    assert one(told).resource.name == "vpc-0123456789abcdef0"


def test_a_row_of_athenas_is_the_same_record() -> None:
    told = record("ec2 StopInstances", {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}})
    texts = {"requestParameters", "responseElements"}
    row = {key.lower(): json.dumps(value) if key in texts and value else value for key, value in told.items()}
    row["useridentity"] = json.loads(re.sub(r'"(\w+)":', lambda found: found.group().lower(), json.dumps(told["userIdentity"])))
    assert read(row).events == read(told).events
    assert read({**told, "userIdentity": row["useridentity"]}).events == read(told).events


@pytest.mark.parametrize("time", ["...", None, "Monday", 10**30, {}])
def test_a_record_without_a_time_says_so(time: object) -> None:
    event = one({**record("sqs CreateQueue", {"queueName": "q"}), "eventTime": time})
    assert event.occurred_at == START
    assert "time" in event.metadata


@pytest.mark.parametrize(
    "broken",
    [
        {"userIdentity": None},
        {"userIdentity": "..."},
        {"userIdentity": {"type": "...", "arn": "..."}},
        {"requestParameters": "null"},
        {"requestParameters": []},
        {"resources": [{"arnPrefix": 3}, None]},
        {"responseElements": "null", "recipientAccountId": None},
        {"sourceIPAddress": "AWS Internal", "userAgent": None},
    ],
)
def test_missing_and_masked_parts_are_read_as_far_as_they_tell(broken: dict[str, object]) -> None:
    assert one({**record("s3 PutBucketVersioning", {"bucketName": "acme"}), **broken}).change_type is ChangeType.MODIFIED


@pytest.mark.parametrize("told", [{}, {"kind": "Event"}, {"eventName": 3}, {"eventName": "x"}])
def test_what_is_no_record_is_refused_with_a_reason(told: dict[str, object]) -> None:
    with pytest.raises(RecordUnreadable, match="no CloudTrail record"):
        read(told)


def test_a_stack_operation_is_its_own_reason() -> None:
    stack = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/web/0b1c"
    event = one(record("cloudformation UpdateStack", {"stackName": "web"}, responseElements={"stackId": stack}))
    assert [(intent.kind, intent.ref) for intent in event.intents] == [(IntentKind.STACK, stack)]
    by_stack: dict[str, Any] = {
        "userIdentity": {**ANN, "invokedBy": "cloudformation.amazonaws.com"},
        "sourceIPAddress": "cloudformation.amazonaws.com",
    }
    actor = one(record("sns CreateTopic", {"name": "t"}, **by_stack)).actor
    assert (actor.via, actor.tool) == (Via.IAC, "CloudFormation")


@pytest.mark.parametrize(
    ("given", "traits"),
    [
        ({"add": {"items": [{"group": "all"}]}}, {Trait.EXPOSES_PUBLICLY, Trait.SHARES_OUTSIDE, Trait.EXPORTS_DATA}),
        ({"add": {"items": [{"userId": "999999999999"}]}}, {Trait.SHARES_OUTSIDE, Trait.EXPORTS_DATA}),
        ({"add": {"items": [{"userId": ACCOUNT}]}}, set()),
        ({"remove": {"items": [{"group": "all"}]}}, set()),
    ],
    ids=["everyone", "another account", "our own", "taken back"],
)
def test_a_shared_snapshot_is_judged_by_whom_it_is_given_to(given: dict[str, object], traits: set[Trait]) -> None:
    event = one(record("ec2 ModifySnapshotAttribute", {"snapshotId": "snap-0123456789abcdef0", "createVolumePermission": given}))
    assert event.traits - {Trait.CHANGES_CONFIGURATION} == traits


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (record("ec2 DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}), "fl-1"),
        (
            record(
                "ec2 CreateTrafficMirrorFilter",
                responseElements={"CreateTrafficMirrorFilterResponse": {"trafficMirrorFilter": {"trafficMirrorFilterId": "tmf-1"}}},
            ),
            "tmf-1",
        ),
        (record("glue CreateJob", {"name": "nightly", "command": {"name": "pythonshell"}}), "nightly"),
        (
            record("secretsmanager RotationSucceeded", eventType="AwsServiceEvent", additionalEventData={"SecretId": f"{SECRET}-AbCdEf"}),
            "db",
        ),
        (
            record("ec2 BidEvictedEvent", eventType="AwsServiceEvent", serviceEventDetails={"instanceIdSet": ["i-0123456789abcdef0"]}),
            "i-0123456789abcdef0",
        ),
    ],
)
def test_a_thing_is_named_where_the_record_names_it_however_deep(told: dict[str, object], name: str) -> None:
    assert [event.resource.name for event in read(told).events] == [name]


def test_an_object_put_into_another_accounts_bucket_leaves() -> None:
    owned = [{"ARN": "arn:aws:s3:::ours", "accountId": ACCOUNT}, {"ARN": "arn:aws:s3:::theirs", "accountId": "210987654321"}]
    copied = record("s3 CopyObject", {"bucketName": "theirs", "key": "dump.csv", "x-amz-copy-source": "ours/dump.csv"}, resources=owned)
    assert Trait.EXPORTS_DATA in one(copied).traits
    taken = record("s3 CopyObject", {"bucketName": "ours", "key": "dump.csv", "x-amz-copy-source": "theirs/dump.csv"}, resources=owned)
    assert Trait.EXPORTS_DATA not in one(taken).traits


def test_a_status_of_success_is_no_error() -> None:
    assert one(record("grafana UpdateWorkspace", {"workspaceId": "g-1"}, errorCode="200")).error == ""
    assert one(record("grafana UpdateWorkspace", {"workspaceId": "g-1"}, errorCode="403")).change_type is ChangeType.ATTEMPTED


def test_an_insight_names_no_call_and_is_no_change() -> None:
    insight = {
        "eventVersion": "1.09",
        "eventTime": "2026-11-24T09:00:00Z",
        "awsRegion": "eu-west-1",
        "eventID": "1",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": ACCOUNT,
        "insightDetails": {"state": "Start", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"},
        "eventCategory": "Insight",
    }
    assert read(insight).events == ()


def test_a_bucket_of_ours_is_not_abroad_for_a_stranger_who_writes_into_it() -> None:
    stranger = {**ANN, "accountId": "210987654321"}
    owned = [{"ARN": "arn:aws:s3:::ours", "accountId": ACCOUNT}]
    put = record("s3 PutObject", {"bucketName": "ours", "key": "a.csv"}, userIdentity=stranger, resources=owned)
    assert Trait.EXPORTS_DATA not in one(put).traits


def test_a_record_that_lost_its_source_is_of_the_one_service_that_has_such_a_call() -> None:
    told = record("cloudtrail StopLogging", {"name": "main"})
    del told["eventSource"], told["eventVersion"]
    event = one(told)
    assert event.native_action == "cloudtrail:StopLogging"
    assert Trait.STOPS_LOGGING in event.traits
    several = {**record("iam CreateUser", {"userName": "eve"}), "eventSource": ""}
    assert one(several).native_action == "CreateUser"


def test_what_a_stacks_tool_does_without_a_known_caller_is_machinery_and_no_upkeep() -> None:
    told = record("lambda AddPermission20150331v2", {"functionName": "f"}, sourceIPAddress="cloudformation.amazonaws.com", userIdentity={})
    actor = one(told).actor
    assert (actor.kind, actor.via, actor.tool) == (ActorKind.AUTOMATION, Via.IAC, "CloudFormation")


@pytest.mark.parametrize(("path", "kind"), [("aws-service-role/autoscaling.amazonaws.com/", ActorKind.SERVICE), ("", ActorKind.HUMAN)])
def test_a_service_linked_role_is_known_by_its_path_and_not_by_its_name(path: str, kind: ActorKind) -> None:
    role = "AWSServiceRoleForAutoScaling"
    issuer = {"type": "Role", "userName": role, "arn": f"arn:aws:iam::{ACCOUNT}:role/{path}{role}"}
    session = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/me", "sessionContext": {"sessionIssuer": issuer}}
    assert (
        one(record("ec2 TerminateInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}]}}, userIdentity=session)).actor.kind is kind
    )
