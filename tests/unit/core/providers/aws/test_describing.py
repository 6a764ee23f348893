"""Before and after, the sweep, the queue and alarms through real boto3 against moto's server."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.coverage import CoverageState
from core.event import ChangeType
from core.observation import Health
from core.trait import Trait
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import client
from tests.unit.core.providers.aws.given import ACCOUNT, Watch, record

pytestmark = pytest.mark.component("moto")


@pytest.fixture
def aws(moto_url: str) -> Iterator[CloudTrail]:
    with cloudtrail(behind=moto_url) as held:
        yield held


def group_of(moto_url: str, name: str) -> str:
    made: str = client(moto_url, "ec2").create_security_group(GroupName=name, Description="d")["GroupId"]
    return made


def ingress(group: str, cidr: str, at: datetime) -> dict[str, Any]:
    rule = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": cidr}]}}
    return record("ec2 AuthorizeSecurityGroupIngress", {"groupId": group, "ipPermissions": {"items": [rule]}}, at=at)


def allow(moto_url: str, group: str, cidr: str) -> None:
    client(moto_url, "ec2").authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=cidr)


def test_a_touched_resource_is_told_with_before_and_after(aws: CloudTrail, moto_url: str) -> None:
    watch, group = Watch(aws.url, {"describe": True, "sweep": False}), group_of(moto_url, "before-after")
    aws.put(record("ec2 CreateSecurityGroup", {"groupName": "before-after"}, at=watch.now, responseElements={"groupId": group}))
    watch.poll()
    allow(moto_url, group, "0.0.0.0/0")
    aws.put(ingress(group, "0.0.0.0/0", watch.now))
    (event,) = watch.poll().events
    assert any(change.path.startswith("IpPermissions") and "0.0.0.0/0" in json.dumps(change.after) for change in event.changes)
    assert Trait.EXPOSES_PUBLICLY in event.traits


def test_what_was_touched_before_the_first_poll_is_its_baseline(aws: CloudTrail, moto_url: str) -> None:
    watch, group = Watch(aws.url, {"describe": True, "first_hours": 0}), group_of(moto_url, "baseline")
    aws.put(ingress(group, "10.0.0.0/8", watch.now))
    assert (watch.poll().events, len(watch.rows.rows)) == ((), 1)
    aws.put(ingress(group, "192.168.0.0/16", watch.now - timedelta(seconds=90)))  # Late: it happened before the first poll.
    assert watch.poll().events == ()
    allow(moto_url, group, "0.0.0.0/0")
    aws.put(ingress(group, "0.0.0.0/0", watch.now))
    (event,) = watch.poll().events
    assert [(change.path, change.before) for change in event.changes] == [("IpPermissions", [])]


def test_a_change_that_no_record_told_of_is_found_by_the_sweep_once(aws: CloudTrail, moto_url: str) -> None:
    watch, group = Watch(aws.url, {"describe": True}), group_of(moto_url, "swept")
    aws.put(ingress(group, "10.0.0.0/8", watch.now))
    watch.poll()
    allow(moto_url, group, "0.0.0.0/0")
    told = [event for _ in range(6) for event in watch.poll(minutes=24 * 60 / 4).events]
    (event,) = told
    assert (event.change_type, event.native_action, event.actor.known) == (ChangeType.MODIFIED, "found by describing", False)
    assert Trait.EXPOSES_PUBLICLY in event.traits
    assert event.occurred_after is not None
    assert event.occurred_after < event.occurred_at


def test_a_change_whose_record_is_only_late_is_not_told_twice(aws: CloudTrail, moto_url: str) -> None:
    watch, group = Watch(aws.url, {"describe": True}), group_of(moto_url, "late")
    aws.put(ingress(group, "10.0.0.0/8", watch.now))
    watch.poll()
    watch.poll(minutes=24 * 60)
    allow(moto_url, group, "192.168.0.0/16")
    watch.poll(minutes=24 * 60)
    aws.put(ingress(group, "192.168.0.0/16", watch.now))
    told = [event for _ in range(4) for event in watch.poll(minutes=10).events]
    assert [event.native_action for event in told] == ["ec2:AuthorizeSecurityGroupIngress"]


def test_a_bucket_made_public_shows_its_policy_and_block(aws: CloudTrail, moto_url: str) -> None:
    watch, s3 = Watch(aws.url, {"describe": True, "sweep": False}), client(moto_url, "s3")
    s3.create_bucket(Bucket="acme-web", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.put(record("s3 CreateBucket", {"bucketName": "acme-web"}, at=watch.now))
    watch.poll()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-web/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket="acme-web", Policy=json.dumps(policy))
    aws.put(record("s3 PutBucketPolicy", {"bucketName": "acme-web", "bucketPolicy": policy}, at=watch.now))
    (event,) = watch.poll().events
    assert [change.path for change in event.changes] == ["Policy.Statement", "Policy.Version"]
    assert Trait.EXPOSES_PUBLICLY in event.traits


@pytest.mark.parametrize("kind", ["user", "table", "volume", "alarm", "secret", "key", "zone", "queue"])
def test_each_kind_is_described_and_its_end_is_known(aws: CloudTrail, moto_url: str, kind: str) -> None:
    watch = Watch(aws.url, {"describe": True, "sweep": False})
    made, ended = _life(moto_url, kind, watch.now)
    aws.put(made)
    batch = watch.poll()
    assert [one.state for one in batch.coverage] == [CoverageState.READ]
    described = len(watch.rows.rows)
    assert described == (0 if kind == "queue" else 1)
    assert "hunter2" not in repr(watch.rows.rows)
    _end(moto_url, kind)
    aws.put({**ended, "eventTime": watch.now.strftime("%Y-%m-%dT%H:%M:%SZ")})
    watch.poll()
    assert len(watch.rows.rows) == (described if kind in ("key", "secret") else 0)


_MADE: dict[str, str] = {}


def _life(url: str, kind: str, at: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    if kind == "user":
        client(url, "iam").create_user(UserName="bob")
        return record("iam CreateUser", {"userName": "bob"}, at=at), record("iam DeleteUser", {"userName": "bob"})
    if kind == "table":
        attribute = {"AttributeName": "id", "AttributeType": "S"}
        client(url, "dynamodb").create_table(
            TableName="t",
            AttributeDefinitions=[attribute],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return record("dynamodb CreateTable", {"tableName": "t"}, at=at), record("dynamodb DeleteTable", {"tableName": "t"})
    if kind == "volume":
        _MADE[kind] = client(url, "ec2").create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
        return record("ec2 CreateVolume", {}, at=at, responseElements={"volumeId": _MADE[kind]}), record(
            "ec2 DeleteVolume", {"volumeId": _MADE[kind]}
        )
    if kind == "alarm":
        client(url, "cloudwatch").put_metric_alarm(
            AlarmName="hot",
            MetricName="m",
            Namespace="n",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        return record("monitoring PutMetricAlarm", {"alarmName": "hot"}, at=at), record("monitoring DeleteAlarms", {"alarmNames": ["hot"]})
    if kind == "secret":
        arn = client(url, "secretsmanager").create_secret(Name="db", SecretString="hunter2")["ARN"]
        made = record("secretsmanager CreateSecret", {"name": "db"}, at=at, responseElements={"arn": arn, "name": "db"})
        return made, record("secretsmanager PutSecretValue", {"secretId": "db"})
    if kind == "key":
        _MADE[kind] = client(url, "kms").create_key()["KeyMetadata"]["KeyId"]
        made = record("kms CreateKey", {}, at=at, responseElements={"keyMetadata": {"keyId": _MADE[kind]}})
        return made, record("kms ScheduleKeyDeletion", {"keyId": _MADE[kind]})
    if kind == "zone":
        _MADE[kind] = client(url, "route53").create_hosted_zone(Name="acme.example", CallerReference="1")["HostedZone"]["Id"]
        made = record("route53 CreateHostedZone", {"name": "acme.example"}, at=at, responseElements={"hostedZone": {"id": _MADE[kind]}})
        return made, record("route53 DeleteHostedZone", {"id": _MADE[kind]})
    return record("sqs CreateQueue", {"queueName": "q"}, at=at), record("sqs DeleteQueue", {"queueUrl": "https://sqs/1/q"})


def _end(url: str, kind: str) -> None:
    ends = {
        "user": lambda: client(url, "iam").delete_user(UserName="bob"),
        "table": lambda: client(url, "dynamodb").delete_table(TableName="t"),
        "volume": lambda: client(url, "ec2").delete_volume(VolumeId=_MADE[kind]),
        "alarm": lambda: client(url, "cloudwatch").delete_alarms(AlarmNames=["hot"]),
        "zone": lambda: client(url, "route53").delete_hosted_zone(Id=_MADE[kind]),
    }
    ends.get(kind, lambda: None)()


def test_a_queue_is_read_and_its_messages_go_only_when_they_are_stored(moto_url: str) -> None:
    sqs = client(moto_url, "sqs")
    url = sqs.create_queue(QueueName="wgo", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    told = record("iam CreateUser", {"userName": "carol"})
    envelope = {"detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT, "detail": told}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(envelope))
    watch = Watch(moto_url, {"queue_url": url})
    first = watch.poll(seconds=3)
    again = watch.poll(seconds=3)
    assert {event.id for event in first.events} == {event.id for event in again.events}
    assert [event.resource.name for event in again.events] == ["carol"]
    watch.provider.committed(again)
    assert watch.poll(seconds=3).events == ()


def test_an_alarm_that_rings_is_degraded_and_is_over_when_it_no_longer_does(aws: CloudTrail, moto_url: str) -> None:
    cloudwatch = client(moto_url, "cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="ringing",
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch = Watch(aws.url, {"alarms": True})
    cloudwatch.set_alarm_state(AlarmName="ringing", StateValue="ALARM", StateReason="5 of 5 points")
    assert [(one.check, one.health) for one in watch.poll().observations] == [("ringing", Health.DEGRADED)]
    cloudwatch.set_alarm_state(AlarmName="ringing", StateValue="OK", StateReason="fine")
    assert [(one.check, one.health) for one in watch.poll(minutes=2).observations] == [("ringing", Health.HEALTHY)]
    assert watch.poll(minutes=2).observations == ()


def test_a_role_is_assumed_and_its_account_is_the_name_of_the_part(aws: CloudTrail) -> None:
    accounts = ({"role_arn": f"arn:aws:iam::{ACCOUNT}:role/wgo-reader", "external_id": "a-word"}, {"name": "dev"})
    watch = Watch(aws.url, {"accounts": accounts})
    aws.put(record("sqs CreateQueue", {"queueName": "q"}, at=watch.now))
    batch = watch.poll()
    assert {one.part for one in batch.coverage} == {"", f"{ACCOUNT}/eu-west-1", "dev/eu-west-1"}
    assert [event.resource.name for event in batch.events] == ["q"]


def test_health_that_may_not_be_read_is_said_and_changes_are_told_all_the_same(trail: CloudTrail) -> None:
    trail.behind = "http://127.0.0.1:9"
    watch = Watch(trail.url, {"alarms": True})
    trail.put(record("sqs CreateQueue", {"queueName": "q"}, at=watch.now))
    batch = watch.poll()
    assert len(batch.events) == 1
    assert {(one.part, one.state) for one in batch.coverage} == {
        ("", CoverageState.READ),
        ("alarms of default/eu-west-1", CoverageState.PARTIAL),
    }
