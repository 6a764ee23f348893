"""What a resource was before its first told change, from AWS Config: in Config's own shapes, against what is described now."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import CoverageState
from core.event import Event
from core.trait import Trait
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import client
from tests.unit.core.providers.aws.given import Watch, record

pytestmark = pytest.mark.component("moto")
OPTIONS = {"describe": True, "sweep": False, "config_history": True}


@pytest.fixture
def aws(moto_url: str) -> Iterator[CloudTrail]:
    with cloudtrail(behind=moto_url) as held:
        held.answers["DescribeConfigurationRecorderStatus"] = lambda asked: recorder(running=True)
        yield held


def recorder(*, running: bool) -> dict[str, Any]:
    return {"ConfigurationRecordersStatus": [{"name": "default", "recording": running}]}


def item(kind: str, name: str, at: datetime, configuration: dict[str, Any], beside: dict[str, Any] | None = None) -> dict[str, Any]:
    """A configuration item as Config answers it: JSON in strings."""
    return {
        "resourceType": kind,
        "resourceId": name,
        "configurationItemCaptureTime": at,
        "configurationItemStatus": "OK",
        "configuration": json.dumps(configuration),
        "supplementaryConfiguration": {key: json.dumps(value) for key, value in (beside or {}).items()},
    }


def group_item(group: str, at: datetime, *cidrs: str) -> dict[str, Any]:
    """As https://docs.aws.amazon.com/config/latest/developerguide/ shows one: the ranges twice, empty lists written out."""
    rule = {
        "fromPort": 22, "ipProtocol": "tcp", "ipv6Ranges": [], "prefixListIds": [], "toPort": 22, "userIdGroupPairs": [],
        "ipv4Ranges": [{"cidrIp": cidr} for cidr in cidrs], "ipRanges": list(cidrs),
    }  # fmt: skip
    out = {**rule, "ipProtocol": "-1", "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"]}
    del out["fromPort"], out["toPort"]
    told = {"description": "d", "groupId": group, "ipPermissions": [rule] if cidrs else [], "ipPermissionsEgress": [out]}
    return item("AWS::EC2::SecurityGroup", group, at, told)


def opened(moto_url: str, name: str, *cidrs: str) -> str:
    ec2 = client(moto_url, "ec2")
    group: str = ec2.create_security_group(GroupName=name, Description="d")["GroupId"]
    for cidr in cidrs:
        ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=cidr)
    return group


def told(aws: CloudTrail, watch: Watch, group: str) -> Event:
    rule = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}
    aws.put(record("ec2 AuthorizeSecurityGroupIngress", {"groupId": group, "ipPermissions": {"items": [rule]}}, at=watch.now))
    (event,) = watch.poll().events
    return event


def newest(*items: dict[str, Any]) -> Any:
    return lambda asked: {"baseConfigurationItems": list(items), "unprocessedResourceKeys": []}


def test_the_item_from_before_the_change_is_the_before(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    group = opened(moto_url, "recorded", "10.0.0.0/8", "0.0.0.0/0")
    aws.answers["BatchGetResourceConfig"] = newest(group_item(group, watch.now - timedelta(days=200), "10.0.0.0/8"))
    event = told(aws, watch, group)
    (change,) = event.changes
    assert (change.path, change.before) == ("IpPermissions[0].IpRanges", [{"CidrIp": "10.0.0.0/8"}])
    assert change.after == [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.0/8"}]
    assert event.metadata["before_from"] == "AWS Config, recorded 2026-05-08 09:00:00 UTC"
    assert Trait.EXPOSES_PUBLICLY in event.traits
    assert aws.asked["GetResourceConfigHistory"] == 0


def test_where_the_change_is_recorded_already_the_item_before_it_is_looked_for(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    group = opened(moto_url, "recorded-already", "0.0.0.0/0")
    aws.answers["BatchGetResourceConfig"] = newest(group_item(group, watch.now + timedelta(seconds=30), "0.0.0.0/0"))

    def history(asked: dict[str, Any]) -> dict[str, Any]:
        """Nothing in the last seven days, then one of ten days ago."""
        assert asked["resourceId"] == group
        if "nextToken" not in asked:
            return {"configurationItems": [], "nextToken": "earlier"}
        return {"configurationItems": [group_item(group, watch.now - timedelta(days=10))]}

    aws.answers["GetResourceConfigHistory"] = history
    event = told(aws, watch, group)
    assert [(change.path, change.before) for change in event.changes] == [("IpPermissions", [])]


def test_what_is_known_is_not_asked_of_config_and_nor_is_what_was_created(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    group = opened(moto_url, "known", "10.0.0.0/8")
    aws.answers["BatchGetResourceConfig"] = newest()
    aws.put(record("ec2 CreateSecurityGroup", {"groupName": "known"}, at=watch.now, responseElements={"groupId": group}))
    watch.poll()
    told(aws, watch, group)
    assert aws.asked["BatchGetResourceConfig"] == 0


def test_a_resource_that_config_does_not_record_is_told_as_without_config(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    group = opened(moto_url, "unrecorded", "0.0.0.0/0")
    aws.answers["BatchGetResourceConfig"] = newest()
    event = told(aws, watch, group)
    assert [(change.path, change.before, change.after) for change in event.changes] == [("ingress", None, "tcp 22 0.0.0.0/0")]
    assert "before_from" not in event.metadata


def test_an_item_that_says_what_is_so_now_invents_no_change(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    group = opened(moto_url, "the-same", "0.0.0.0/0", "10.0.0.0/8")
    aws.answers["BatchGetResourceConfig"] = newest(group_item(group, watch.now - timedelta(hours=1), "0.0.0.0/0", "10.0.0.0/8"))
    assert [change.path for change in told(aws, watch, group).changes] == ["ingress"]


def test_without_a_recorder_the_change_is_told_and_the_lack_said_and_asked_again_an_hour_on(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    aws.refused["BatchGetResourceConfig"] = "NoAvailableConfigurationRecorderException"
    for name in ("no-recorder-1", "no-recorder-2"):
        told(aws, watch, opened(moto_url, name, "0.0.0.0/0"))
    assert aws.asked["BatchGetResourceConfig"] == 1
    aws.put(record("ec2 ModifySecurityGroupRules", {"groupId": opened(moto_url, "no-recorder-3")}, at=watch.now + timedelta(minutes=60)))
    batch = watch.poll(minutes=61)
    assert aws.asked["BatchGetResourceConfig"] == 2
    (lack,) = [one for one in batch.coverage if one.part.startswith("AWS Config")]
    assert (lack.state, lack.part, lack.reason) == (
        CoverageState.PARTIAL, "AWS Config of 123456789012/eu-west-1", "no recorder of AWS Config runs there",
    )  # fmt: skip


@pytest.mark.parametrize("why", ["stopped", "gone", "daily"])
def test_what_may_be_out_of_date_is_no_before(aws: CloudTrail, moto_url: str, why: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    group = opened(moto_url, f"out-of-date-{why}", "10.0.0.0/8", "0.0.0.0/0")
    found = group_item(group, watch.now - timedelta(days=200), "192.168.0.0/16")
    more = {"gone": {"configurationItemStatus": "ResourceDeleted"}, "daily": {"recordingFrequency": "DAILY"}}
    aws.answers["BatchGetResourceConfig"] = newest({**found, **more.get(why, {})})
    aws.answers["DescribeConfigurationRecorderStatus"] = lambda asked: recorder(running=why != "stopped")
    assert [(change.path, change.before) for change in told(aws, watch, group).changes] == [("ingress", None)]


def test_a_refused_permission_is_named_and_the_change_told(aws: CloudTrail, moto_url: str) -> None:
    watch = Watch(aws.url, OPTIONS)
    aws.refused["BatchGetResourceConfig"] = "AccessDeniedException"
    group = opened(moto_url, "refused", "0.0.0.0/0")
    aws.put(record("ec2 AuthorizeSecurityGroupIngress", {"groupId": group}, at=watch.now))
    batch = watch.poll()
    assert len(batch.events) == 1
    (lack,) = [one for one in batch.coverage if one.part.startswith("AWS Config")]
    assert "config:BatchGetResourceConfig" in lack.next_step


def test_a_bucket_and_a_role_are_compared_in_what_both_sides_tell(aws: CloudTrail, moto_url: str) -> None:
    """moto's own Config answers here, in the double-wrapped JSON that AWS writes for buckets; only the time of capture is ours."""
    watch, s3, iam = Watch(aws.url, OPTIONS), client(moto_url, "s3"), client(moto_url, "iam")
    s3.create_bucket(Bucket="acme-recorded", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(RoleName="recorded", AssumeRolePolicyDocument=json.dumps(trust))
    configured = client(moto_url, "config")
    role = iam.get_role(RoleName="recorded")["Role"]["RoleId"]
    keys = [{"resourceType": "AWS::S3::Bucket", "resourceId": "acme-recorded"}, {"resourceType": "AWS::IAM::Role", "resourceId": role}]
    rows = configured.batch_get_resource_config(resourceKeys=keys)["baseConfigurationItems"]
    captured = {"configurationItemCaptureTime": watch.now - timedelta(days=1)}
    then = [{**row, **captured, "resourceId": key["resourceId"]} for row, key in zip(rows, keys, strict=True)]
    aws.answers["BatchGetResourceConfig"] = newest(*(json.loads(json.dumps(row, default=lambda at: at.timestamp())) for row in then))
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-recorded/*"}
    s3.put_bucket_policy(Bucket="acme-recorded", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    allowed = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    policy = iam.create_policy(PolicyName="recorded", PolicyDocument=allowed)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="recorded", PolicyArn=policy)
    aws.put(
        record("s3 PutBucketPolicy", {"bucketName": "acme-recorded"}, at=watch.now),
        record("iam AttachRolePolicy", {"roleName": "recorded", "policyArn": policy}, at=watch.now),
    )
    events = {event.resource.name: event for event in watch.poll().events}
    assert [(change.path, change.before) for change in events["acme-recorded"].changes] == [
        ("Policy.Statement", None), ("Policy.Version", None),
    ]  # fmt: skip
    assert [(change.path, change.before, change.after) for change in events["recorded"].changes] == [("AttachedPolicies", [], [policy])]


def test_a_secret_in_a_recorded_item_does_not_leave(aws: CloudTrail, moto_url: str) -> None:
    watch, ssm = Watch(aws.url, OPTIONS), client(moto_url, "cloudformation")
    template = {"Parameters": {"DbPassword": {"Type": "String"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    stack = ssm.create_stack(
        StackName="recorded",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "DbPassword", "ParameterValue": "hunter2-now"}],
    )["StackId"]
    then = {"stackId": stack, "stackName": "recorded", "description": "password=hunter2-then"}
    aws.answers["BatchGetResourceConfig"] = newest(item("AWS::CloudFormation::Stack", stack, watch.now - timedelta(days=1), then))
    aws.put(record("cloudformation UpdateStack", {"stackName": stack}, at=watch.now))
    batch = watch.poll()
    assert len(batch.events) == 1
    assert "hunter2" not in repr(batch)


def test_the_doctor_says_whether_a_recorder_runs(aws: CloudTrail) -> None:
    watch = Watch(aws.url, OPTIONS)
    aws.answers["DescribeConfigurationRecorderStatus"] = lambda asked: recorder(running=False)
    (amber,) = [one for one in watch.provider.check(Deadline.after(10)) if "AWS Config" in one.name]
    assert (amber.state, amber.says) == (CheckState.AMBER, "no recorder of AWS Config runs there")
    aws.answers["DescribeConfigurationRecorderStatus"] = lambda asked: recorder(running=True)
    (green,) = [one for one in watch.provider.check(Deadline.after(10)) if "AWS Config" in one.name]
    assert green.state is CheckState.GREEN
