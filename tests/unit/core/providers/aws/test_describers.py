"""Each kind as real boto3 describes it on moto's server: settled, complete, and None once it is gone."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from core.event import Resource
from core.json import JsonObject
from core.providers.aws.describers import DESCRIBERS, describe
from tests.components.moto import client

pytestmark = pytest.mark.component("moto")

TRUSTED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [TRUSTED]})
READING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
Ask = Callable[[str], Any]


def network(ask: Ask) -> tuple[str, list[str]]:
    vpc = ask("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zones = ("eu-west-1a", "eu-west-1b")
    subnets = [
        ask("ec2").create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for n, zone in enumerate(zones)
    ]
    return vpc, subnets


def instance(ask: Ask) -> str:
    image = ask("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made: str = ask("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    return made


def route_table(ask: Ask) -> str:
    made: str = ask("ec2").create_route_table(VpcId=network(ask)[0])["RouteTable"]["RouteTableId"]
    return made


def role(ask: Ask) -> str:
    arn: str = ask("iam").create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    ask("iam").put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=READING)
    return arn


def function(ask: Ask) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as folder:
        folder.writestr("f.py", "def f(event, context): ...")
    arn = ask("iam").create_role(RoleName="function", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    ask("lambda").create_function(FunctionName="pay", Runtime="python3.12", Role=arn, Handler="f.f", Code={"ZipFile": packed.getvalue()})
    return "pay"


def service(ask: Ask) -> str:
    ask("ecs").create_cluster(clusterName="main")
    ask("ecs").register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web:1", "memory": 128}])
    ask("ecs").create_service(cluster="main", serviceName="web", taskDefinition="web", desiredCount=2)
    return "main/web"


def group(ask: Ask) -> str:
    ask("autoscaling").create_launch_configuration(LaunchConfigurationName="lc", ImageId="ami-12345678", InstanceType="t3.micro")
    ask("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchConfigurationName="lc", MinSize=0, MaxSize=2, DesiredCapacity=0, AvailabilityZones=["eu-west-1a"]
    )
    return "web"


def balancer(ask: Ask) -> str:
    ask("elbv2").create_load_balancer(Name="edge", Subnets=network(ask)[1])
    return "edge"


def database(ask: Ask) -> str:
    ask("rds").create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="root",
        MasterUserPassword="hunter2hunter2",
        AllocatedStorage=20,
    )
    return "db"


def stack(ask: Ask) -> str:
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
    ask("cloudformation").create_stack(StackName="web", TemplateBody=json.dumps(template))
    return "web"


def cluster(ask: Ask) -> str:
    arn = ask("iam").create_role(RoleName="eks", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    ask("eks").create_cluster(name="prod", roleArn=arn, resourcesVpcConfig={"subnetIds": network(ask)[1]})
    return "prod"


def policy(ask: Ask) -> str:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    arn: str = ask("iam").create_policy(PolicyName="p", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    return arn


def end_group(ask: Ask, name: str) -> None:
    ask("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name)


def end_database(ask: Ask, name: str) -> None:
    ask("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize(
    ("kind", "make", "tells", "end"),
    [
        ("AWS::EC2::Instance", instance, "InstanceType", lambda ask, name: ask("ec2").terminate_instances(InstanceIds=[name])),
        ("AWS::EC2::RouteTable", route_table, "Routes", lambda ask, name: ask("ec2").delete_route_table(RouteTableId=name)),
        ("AWS::IAM::Role", role, "InlinePolicies", None),
        ("AWS::IAM::ManagedPolicy", policy, "Document", lambda ask, name: ask("iam").delete_policy(PolicyArn=name)),
        ("AWS::Lambda::Function", function, "Handler", lambda ask, name: ask("lambda").delete_function(FunctionName=name)),
        ("AWS::ECS::Service", service, "desiredCount", None),
        ("AWS::AutoScaling::AutoScalingGroup", group, "MaxSize", end_group),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer, "Type", None),
        ("AWS::RDS::DBInstance", database, "Engine", end_database),
        ("AWS::CloudFormation::Stack", stack, "StackName", None),
        ("AWS::EKS::Cluster", cluster, "resourcesVpcConfig", None),
    ],
    ids=lambda value: value.rpartition("::")[2] if isinstance(value, str) else "",
)
def test_a_kind_is_described_alike_twice_and_not_once_it_is_gone(
    moto_url: str, kind: str, make: Callable[[Ask], str], tells: str, end: Callable[[Ask, str], Any] | None
) -> None:
    def ask(service: str) -> Any:
        return client(moto_url, service)

    def now() -> JsonObject | None:
        return describe(
            ask(DESCRIBERS[kind].service), Resource(provider="aws", kind=kind, name=name.rsplit(":", 1)[-1].removeprefix("role/"), uid=uid)
        )

    name = make(ask)
    uid = name if name.startswith("arn:") else ""
    found = now()
    assert found is not None
    assert tells in found
    assert json.loads(json.dumps(found)) == found == now()
    if end is not None:
        end(ask, name)
        assert now() is None
