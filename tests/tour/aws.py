"""Changes 16 to 24 and 29: moto's AWS changed for real with boto3, and the records that AWS would write of it in LookupEvents."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.clock import utc_now
from core.event import ActorKind, ChangeType, Via
from core.json import JsonValue
from core.trait import Trait
from tests.components.cloudtrail import CloudTrail
from tests.components.moto import client
from tests.tour.change import SOMETHING, Change, Expected, Sight
from tests.tour.managed import INSIDE, ManagedResources
from tests.tour.records import ANA, AUTOSCALING, CLI, CLOUDFORMATION, CONSOLE, PIPELINE, record
from tests.tour.stack import STACK, Stack, described

SOURCE, STATE_SOURCE = "tour-aws", "tour-aws-state"
WORLD = "0.0.0.0/0"
_BUCKET, _TRAIL, _USER = "acme-site", "organisation", "deploy-bot"


@dataclass(slots=True)
class AwsStage:
    moto_url: str
    trail: CloudTrail
    managed: ManagedResources
    group: str = ""
    machines: list[str] = field(default_factory=list)
    stack: Stack = field(init=False)

    def __post_init__(self) -> None:
        self.stack = Stack(client(self.moto_url, "cloudformation"))

    @property
    def sources(self) -> Sequence[dict[str, object]]:
        options = {"regions": ["eu-west-1", "us-east-1"], "endpoint_url": self.trail.url}
        return (
            {"name": SOURCE, "provider": "aws", "environment": "prod", "options": options},
            {"name": STATE_SOURCE, "provider": "terraform", "environment": "prod", "options": {"paths": [str(self.managed.state)]}},
        )

    def prepare(self) -> None:
        """Everything is touched once: AWS is asked for what was touched, and so each has a known state when the tour begins."""
        ec2, s3, iam = (client(self.moto_url, name) for name in ("ec2", "s3", "iam"))
        self.group = ec2.create_security_group(GroupName="front", Description="front doors")["GroupId"]
        self._tell(CLI, "ec2 CreateSecurityGroup", {"groupName": "front"}, responseElements={"groupId": self.group})
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        self.machines = [one["InstanceId"] for one in ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]]
        items = {"instancesSet": {"items": [{"instanceId": one} for one in self.machines]}}
        self._tell(CLI, "ec2 RunInstances", {"imageId": image}, responseElements=items)
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self._tell(CLI, "s3 CreateBucket", {"bucketName": _BUCKET})
        iam.create_user(UserName=_USER)
        self._tell(CLI, "iam CreateUser", {"userName": _USER}, region="us-east-1")
        cloudtrail = client(self.moto_url, "cloudtrail")
        s3.create_bucket(Bucket="acme-trail", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        cloudtrail.create_trail(Name=_TRAIL, S3BucketName="acme-trail")
        cloudtrail.start_logging(Name=_TRAIL)
        self.stack.create()
        for name in self.stack.names:
            self._tell(CLOUDFORMATION, *self.stack.made(name))
        self.managed.apply()
        self._tell(PIPELINE, "ec2 CreateSecurityGroup", {"groupName": "managed-front"}, responseElements={"groupId": self.managed.group})

    def keep_alive(self) -> None:
        """Nothing happens by itself here."""

    def _tell(self, caller: Mapping[str, Any], call: str, request: Mapping[str, Any], region: str = "eu-west-1", **more: Any) -> None:
        self.trail.put(record(caller, call, request, utc_now(), awsRegion=region, **more), region=region)

    # --- the changes -------------------------------------------------------------------------------------------------------

    def changes(self) -> Sequence[Change]:
        made = (
            ("security group opened to the world in the console", self._open),
            ("the same rule closed", self._close),
            ("instance stopped by a person", self._stop),
            ("autoscaling terminates an instance, as Root", self._terminate),
            ("bucket policy made public", self._publish),
            ("IAM access key created", self._key),
            ("access denied 12 times", self._denied),
            ("trail logging stopped", self._stop_logging),
            ("CloudFormation stack update of 6 resources", self._update_stack),
        )
        found = [
            Change(number=number, made=says, make=make, after=16 if number == 17 else None) for number, (says, make) in enumerate(made, 16)
        ]
        return [*found, Change(number=29, made="a resource of 25 changed by hand, undone by the next apply", make=self._drift)]

    def _rule(self, allow: bool, group: str, port: int) -> None:
        ec2 = client(self.moto_url, "ec2")
        call = ec2.authorize_security_group_ingress if allow else ec2.revoke_security_group_ingress
        call(GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=WORLD)

    def _tell_rule(self, caller: Mapping[str, Any], verb: str, group: str, port: int) -> None:
        permission = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": [{"cidrIp": WORLD}]}}
        self._tell(caller, f"ec2 {verb}SecurityGroupIngress", {"groupId": group, "ipPermissions": {"items": [permission]}})

    def _open(self) -> Expected:
        self._rule(True, self.group, 22)
        self._tell_rule(CONSOLE, "Authorize", self.group, 22)
        traits = frozenset({Trait.EXPOSES_PUBLICLY})
        return _one(_sight("EC2::SecurityGroup", self.group, {"IpPermissions*": (SOMETHING, SOMETHING)}, via=Via.CONSOLE, traits=traits))

    def _close(self) -> Expected:
        self._rule(False, self.group, 22)
        self._tell_rule(CONSOLE, "Revoke", self.group, 22)
        traits = frozenset({Trait.CLOSES_NETWORK})
        return _one(_sight("EC2::SecurityGroup", self.group, {"IpPermissions*": (SOMETHING, SOMETHING)}, via=Via.CONSOLE, traits=traits))

    def _stop(self) -> Expected:
        client(self.moto_url, "ec2").stop_instances(InstanceIds=[self.machines[0]])
        self._tell(CLI, "ec2 StopInstances", {"instancesSet": {"items": [{"instanceId": self.machines[0]}]}, "force": False})
        sight = _sight("EC2::Instance", self.machines[0], {"RunState": ("running", "stopped")}, change_type=ChangeType.STOPPED)
        return _one(sight, traits=frozenset({Trait.STOPS_WORKLOAD}))

    def _terminate(self) -> Expected:
        client(self.moto_url, "ec2").terminate_instances(InstanceIds=[self.machines[1]])
        self._tell(AUTOSCALING, "ec2 TerminateInstances", {"instancesSet": {"items": [{"instanceId": self.machines[1]}]}})
        sight = _sight("EC2::Instance", self.machines[1], None, change_type=ChangeType.DELETED)
        return _one(sight, who="autoscaling", actor=ActorKind.SERVICE, via=Via.SERVICE)

    def _publish(self) -> Expected:
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{_BUCKET}/*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        client(self.moto_url, "s3").put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(policy))
        self._tell(CLI, "s3 PutBucketPolicy", {"bucketName": _BUCKET, "bucketPolicy": policy})
        changes: dict[str, tuple[JsonValue, JsonValue]] = {"Policy.Statement": (None, [statement]), "Policy.Version": (None, "2012-10-17")}
        return _one(_sight("S3::Bucket", _BUCKET, changes, traits=frozenset({Trait.EXPOSES_PUBLICLY})))

    def _key(self) -> Expected:
        key = client(self.moto_url, "iam").create_access_key(UserName=_USER)["AccessKey"]
        told = {"accessKey": {"userName": _USER, "accessKeyId": key["AccessKeyId"], "status": "Active"}}
        self._tell(CLI, "iam CreateAccessKey", {"userName": _USER}, "us-east-1", responseElements=told)
        sight = Sight(kind="AWS::IAM::*", name="*", change_type=ChangeType.CREATED, who=ANA, changes=None)
        return _one(sight, traits=frozenset({Trait.CREATES_CREDENTIAL}), hidden=key["SecretAccessKey"])

    def _denied(self) -> Expected:
        for number in range(12):
            error = {"errorCode": "AccessDenied", "errorMessage": "User is not authorized to perform: iam:PutUserPolicy"}
            self._tell(CLI, "iam PutUserPolicy", {"userName": f"admin-{number}", "policyName": "all"}, "us-east-1", **error)
        sight = _sight("IAM::*", "*", None, change_type=ChangeType.ATTEMPTED)
        return Expected(sights=(replace(sight, times=12),), together=True)

    def _stop_logging(self) -> Expected:
        client(self.moto_url, "cloudtrail").stop_logging(Name=_TRAIL)
        self._tell(CONSOLE, "cloudtrail StopLogging", {"name": _TRAIL})
        sight = _sight("CloudTrail::Trail", f"*{_TRAIL}", None, change_type=ChangeType.STOPPED, via=Via.CONSOLE)
        return _one(sight, traits=frozenset({Trait.STOPS_LOGGING}))

    def _update_stack(self) -> Expected:
        self.stack.update()
        self._tell(CONSOLE, "cloudformation UpdateStack", {"stackName": STACK}, responseElements={"stackId": self.stack.id})
        for name in self.stack.names:
            self._tell(CLOUDFORMATION, *self.stack.updated(name))
        sights = [_sight("CloudFormation::Stack", STACK, None, via=Via.CONSOLE)]
        for name in self.stack.names:
            sights.append(_sight(*described(name), via=Via.IAC))
        return Expected(sights=tuple(sights), together=True)

    def _drift(self) -> Expected:
        self._rule(True, self.managed.group, 443)
        self._tell_rule(CONSOLE, "Authorize", self.managed.group, 443)
        changes = {"IpPermissions*": (SOMETHING, SOMETHING)}
        traits = frozenset({Trait.EXPOSES_PUBLICLY})
        by_hand = _sight("EC2::SecurityGroup", self.managed.group, changes, via=Via.CONSOLE, traits=traits)
        evidence = "aws_security_group.front in * owns this and will undo it at the next apply"
        return Expected(sights=(replace(by_hand, evidence=evidence),), then=self._undo)

    def _undo(self) -> Expected:
        self.managed.apply()
        rules = client(self.moto_url, "ec2").describe_security_groups(GroupIds=[self.managed.group])["SecurityGroups"][0]["IpPermissions"]
        assert [found["CidrIp"] for rule in rules for found in rule["IpRanges"]] == [INSIDE], f"the apply did not undo it: {rules}"
        self._tell_rule(PIPELINE, "Revoke", self.managed.group, 443)
        changes = {"IpPermissions*": (SOMETHING, SOMETHING)}
        sight = _sight("EC2::SecurityGroup", self.managed.group, changes, via=Via.IAC, actor=ActorKind.AUTOMATION)
        return _one(sight, who="GitHubActions")


def _sight(kind: str, name: str, changes: Mapping[str, tuple[JsonValue, JsonValue]] | None, **more: Any) -> Sight:
    given: dict[str, Any] = {"change_type": ChangeType.MODIFIED, "who": ANA, **more}
    return Sight(kind=f"AWS::{kind}", name=name, changes=changes, **given)


def _one(sight: Sight, **more: Any) -> Expected:
    return Expected(sights=(replace(sight, **more),))
