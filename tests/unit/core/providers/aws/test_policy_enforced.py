"""The policy we ship, enforced by moto's server: with it every describer gets its answer, and without any of its parts one does not."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from core.event import Resource
from core.providers.aws.describers import DESCRIBERS, describe
from tests.components.moto import client, moto
from tests.unit.core.providers.aws import test_describers as made

pytestmark = [pytest.mark.component("moto"), pytest.mark.xdist_group("moto that weighs")]

POLICY = Path(__file__).parents[5] / "deploy/permissions/aws-policy.json"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def volume(ask: made.Ask) -> str:
    found: str = ask("ec2").create_volume(Size=1, AvailabilityZone="eu-west-1a")["VolumeId"]
    return found


def security_group(ask: made.Ask) -> str:
    found: str = ask("ec2").create_security_group(GroupName="web", Description="d")["GroupId"]
    return found


def person(ask: made.Ask) -> str:
    ask("iam").create_user(UserName="ann")
    ask("iam").put_user_policy(UserName="ann", PolicyName="inline", PolicyDocument=made.READING)
    return "ann"


def table(ask: made.Ask) -> str:
    key = {"AttributeName": "id"}
    ask("dynamodb").create_table(
        TableName="orders",
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        KeySchema=[{**key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "orders"


def kms_key(ask: made.Ask) -> str:
    found: str = ask("kms").create_key()["KeyMetadata"]["KeyId"]
    return found


def secret(ask: made.Ask) -> str:
    ask("secretsmanager").create_secret(Name="door", SecretString="hunter2")
    return "door"


# moto does not weigh CloudWatch, EKS, Lambda, Route 53 and S3 as AWS does (other names, other signatures): those are left out.
KINDS: dict[str, Callable[[made.Ask], str]] = {
    "AWS::EC2::Instance": made.instance,
    "AWS::EC2::RouteTable": made.route_table,
    "AWS::EC2::SecurityGroup": security_group,
    "AWS::EC2::Subnet": lambda ask: made.network(ask)[1][0],
    "AWS::EC2::VPC": lambda ask: made.network(ask)[0],
    "AWS::EC2::Volume": volume,
    "AWS::IAM::Role": made.role,
    "AWS::IAM::User": person,
    "AWS::IAM::ManagedPolicy": made.policy,
    "AWS::ECS::Service": made.service,
    "AWS::AutoScaling::AutoScalingGroup": made.group,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": made.balancer,
    "AWS::RDS::DBInstance": made.database,
    "AWS::CloudFormation::Stack": made.stack,
    "AWS::DynamoDB::Table": table,
    "AWS::KMS::Key": kms_key,
    "AWS::SecretsManager::Secret": secret,
}


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A server that weighs every call. `things` are named by kind."""

    url: str
    things: dict[str, str]
    ours: dict[str, Any]
    admin: Any

    def grant(self, policy: dict[str, Any]) -> None:
        self.admin.put_user_policy(UserName="wgo", PolicyName="reads", PolicyDocument=json.dumps(policy))

    def described(self, kind: str) -> bool:
        """False where it was refused."""
        name = self.things[kind]
        thing = Resource(
            provider="aws",
            kind=kind,
            name=name.rsplit(":", 1)[-1].removeprefix("role/"),
            uid=name if name.startswith("arn:") else "",
        )
        try:
            found = describe(self.ours[DESCRIBERS[kind].service], thing)
        except ClientError as error:
            # Some of moto's answers are XML where botocore reads JSON, and have no code but the number.
            assert error.response["Error"]["Code"] in ("AccessDenied", "403"), error
            return False
        assert found is not None
        return True


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with moto() as url:

        def ask(service: str) -> Any:
            return client(url, service)

        def clients_of(user: str, services: Iterable[str]) -> dict[str, Any]:
            ask("iam").create_user(UserName=user)
            key = ask("iam").create_access_key(UserName=user)["AccessKey"]
            session = boto3.Session(
                region_name="eu-west-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
            )
            once = Config(retries={"max_attempts": 0})
            return {service: session.client(service, endpoint_url=url, config=once) for service in services}

        things = {kind: make(ask) for kind, make in KINDS.items()}
        ours = clients_of("wgo", {DESCRIBERS[kind].service for kind in KINDS})
        held = Guarded(url=url, things=things, ours=ours, admin=clients_of("admin", ("iam",))["iam"])
        ask("iam").put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
        # From now on nobody is let in without rights.
        httpx.post(f"{url}/moto-api/reset-auth", content=b"0").raise_for_status()
        yield held


def shipped(without: str = "") -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(POLICY.read_text(encoding="utf-8"))
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without]
    return policy


def test_with_the_policy_every_kind_is_described(guarded: Guarded) -> None:
    guarded.grant(shipped())
    assert {kind: guarded.described(kind) for kind in KINDS} == dict.fromkeys(KINDS, True)


@pytest.mark.parametrize(("kind", "action"), [(kind, action) for kind in KINDS for action in DESCRIBERS[kind].needs])
def test_without_any_of_what_it_needs_a_kind_is_refused(guarded: Guarded, kind: str, action: str) -> None:
    guarded.grant(shipped(without=action))
    assert not guarded.described(kind)
