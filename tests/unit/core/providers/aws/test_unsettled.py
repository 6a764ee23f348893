"""Deployments of ECS and scaling of Auto Scaling groups: read because they were touched, until they are well."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.coverage import CoverageState
from core.observation import Health, Observation, Signal
from core.providers.aws.deployments import of_group, of_service
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import client
from tests.unit.core.providers.aws.given import ACCOUNT, START, Watch, record

pytestmark = pytest.mark.component("moto")
LATER = START + timedelta(minutes=1)


@pytest.fixture
def aws(moto_url: str) -> Iterator[CloudTrail]:
    with cloudtrail(behind=moto_url) as held:
        yield held


def told(one: Observation) -> tuple[Health, str, int | None, int | None]:
    return one.health, one.says, one.numerator, one.denominator


def updated(service: str, at: datetime, cluster: str = "prod") -> dict[str, Any]:
    return record("ecs UpdateService", {"cluster": cluster, "service": service, "desiredCount": 2}, at=at)


def service(name: str = "web", *, running: int = 2, **more: Any) -> dict[str, Any]:
    deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED", "failedTasks": 0}
    return {
        "serviceName": name, "status": "ACTIVE", "desiredCount": 2, "runningCount": running, "pendingCount": 2 - running,
        "deployments": [deployment], "events": [], **more,
    }  # fmt: skip


def test_a_touched_service_of_moto_is_read_from_its_change_on_and_no_other(aws: CloudTrail, moto_url: str) -> None:
    ecs = client(moto_url, "ecs")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web:1", "memory": 64}])
    for name in ("web", "untouched"):
        ecs.create_service(cluster="prod", serviceName=name, taskDefinition="web", desiredCount=2)
    watch = Watch(aws.url)
    aws.put(updated("web", watch.now))
    batch = watch.poll()
    (one,) = batch.observations
    assert (one.signal, one.at, one.resource.key) == (Signal.DEPLOYMENT, watch.now, batch.events[0].resource.key)
    assert told(one) == (Health.PROGRESSING, "web: 0 of 2 tasks running; not finished", 0, 2)


def test_a_service_is_read_each_minute_until_it_has_been_well_for_long_enough(aws: CloudTrail) -> None:
    watch, running = Watch(aws.url), [1]
    aws.answers["DescribeServices"] = lambda asked: {"services": [service(running=running[-1])]}
    aws.put(updated("web", watch.now))
    assert [told(one)[0] for one in watch.poll().observations] == [Health.PROGRESSING]
    assert watch.poll(minutes=0.5).observations == ()
    running.append(2)
    healths = [told(one) for _ in range(40) for one in watch.poll().observations]
    assert set(healths) == {(Health.HEALTHY, "web: 2 of 2 tasks running", 2, 2)}
    assert 28 <= len(healths) <= 31
    asked = aws.asked["DescribeServices"]
    assert watch.poll().observations == ()
    assert aws.asked["DescribeServices"] == asked


def test_a_failed_deployment_is_degraded_with_its_reason_and_read_for_a_day(aws: CloudTrail) -> None:
    watch = Watch(aws.url)
    failed = {"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start.", "failedTasks": 4}
    aws.answers["DescribeServices"] = lambda asked: {"services": [service(running=0, deployments=[failed])]}
    aws.put(updated("web", watch.now))
    assert [told(one) for one in watch.poll().observations] == [
        (Health.DEGRADED, "web: 0 of 2 tasks running; a deployment failed: tasks failed to start", 0, 2)
    ]
    assert len(watch.poll(minutes=23 * 60).observations) == 1
    assert len(watch.poll(minutes=61).observations) == 1
    assert watch.poll().observations == ()


def test_many_touched_services_cost_one_request_for_each_ten_and_no_more_than_forty_are_watched(aws: CloudTrail) -> None:
    watch = Watch(aws.url)
    aws.answers["DescribeServices"] = lambda asked: {"services": [service(name) for name in asked["services"]]}
    aws.put(*(updated(f"web-{number}", watch.now - timedelta(seconds=number)) for number in range(55)))
    batch = watch.poll()
    assert (aws.asked["DescribeServices"], len(batch.observations)) == (4, 40)
    assert {one.resource.name for one in batch.observations} == {f"prod/web-{number}" for number in range(40)}
    (lack,) = [one for one in batch.coverage if one.part]
    assert (lack.state, lack.reason) == (CoverageState.PARTIAL, "15 more were touched than are watched at a time (40)")
    assert watch.cursor is not None
    assert len(repr(watch.cursor.state)) < 64 * 1024


def test_what_is_gone_is_no_longer_watched(aws: CloudTrail) -> None:
    watch = Watch(aws.url)
    aws.answers["DescribeServices"] = lambda asked: {"services": [service(status="INACTIVE")]}
    aws.put(updated("web", watch.now), updated("other", watch.now))
    assert watch.poll().observations == ()
    assert watch.poll().observations == ()
    assert aws.asked["DescribeServices"] == 1
    aws.refused["DescribeServices"] = "ClusterNotFoundException"
    aws.put(updated("web", watch.now))
    batch = watch.poll()
    assert (batch.observations, [one.part for one in batch.coverage]) == ((), [""])


def test_a_refusal_is_said_and_the_change_is_told_all_the_same(aws: CloudTrail) -> None:
    watch = Watch(aws.url)
    aws.refused["DescribeServices"] = "AccessDeniedException"
    aws.put(updated("web", watch.now))
    batch = watch.poll()
    assert len(batch.events) == 1
    (lack,) = [one for one in batch.coverage if one.part]
    assert lack.part == f"deployments of AWS::ECS::Service in {ACCOUNT}/eu-west-1"
    assert "ecs:DescribeServices" in lack.next_step


def test_a_scaling_group_of_moto_is_healthy_and_one_that_an_instance_was_started_for_is_read_too(aws: CloudTrail, moto_url: str) -> None:
    ec2, scaling = client(moto_url, "ec2"), client(moto_url, "autoscaling")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=image, InstanceType="t3.micro")
    group = {
        "AutoScalingGroupName": "web-asg",
        "LaunchConfigurationName": "web",
        "MinSize": 2,
        "MaxSize": 2,
        "AvailabilityZones": ["eu-west-1a"],
    }
    scaling.create_auto_scaling_group(**group)
    watch = Watch(aws.url)
    tags = {"items": [{"key": "aws:autoscaling:groupName", "value": "web-asg"}]}
    started = {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}
    request = {"tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": tags["items"]}]}}
    aws.put(record("ec2 RunInstances", request, at=watch.now, responseElements=started))
    (one,) = watch.poll().observations
    assert (one.resource.kind, one.resource.name, one.signal) == ("AWS::AutoScaling::AutoScalingGroup", "web-asg", Signal.DEPLOYMENT)
    assert told(one) == (Health.HEALTHY, "web-asg: 2 of 2 instances in service", 2, 2)
    assert aws.asked["DescribeScalingActivities"] == 0


def test_a_group_that_cannot_launch_is_degraded_with_what_its_activity_says(aws: CloudTrail, moto_url: str) -> None:
    ec2, scaling = client(moto_url, "ec2"), client(moto_url, "autoscaling")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    scaling.create_launch_configuration(LaunchConfigurationName="short", ImageId=image, InstanceType="t3.micro")
    group = {
        "AutoScalingGroupName": "short",
        "LaunchConfigurationName": "short",
        "MinSize": 1,
        "MaxSize": 3,
        "AvailabilityZones": ["eu-west-1a"],
    }
    scaling.create_auto_scaling_group(**group)
    (instance,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["short"])["AutoScalingGroups"][0]["Instances"]
    scaling.set_instance_health(InstanceId=instance["InstanceId"], HealthStatus="Unhealthy")
    row = (
        "<member><ActivityId>1</ActivityId><AutoScalingGroupName>short</AutoScalingGroupName><StatusCode>Failed</StatusCode>"
        "<Description>Launching a new EC2 instance.</Description><Cause>a difference</Cause><StartTime>2026-11-24T09:00:40Z</StartTime>"
        "<StatusMessage>We currently do not have sufficient capacity; see https://ops:hunter2@proxy.example/x.</StatusMessage></member>"
    )
    aws.answers["DescribeScalingActivities"] = lambda asked: (
        '<DescribeScalingActivitiesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeScalingActivitiesResult>'
        f"<Activities>{row}</Activities></DescribeScalingActivitiesResult></DescribeScalingActivitiesResponse>"
    )
    watch = Watch(aws.url)
    aws.put(record("autoscaling SetDesiredCapacity", {"autoScalingGroupName": "short", "desiredCapacity": 1}, at=watch.now))
    (one,) = watch.poll().observations
    assert (one.health, one.numerator, one.denominator) == (Health.DEGRADED, 0, 1)
    assert one.says.startswith(
        "short: 0 of 1 instances in service; failed 09:00 UTC: Launching a new EC2 instance: We currently do not have"
    )
    assert "hunter2" not in repr(one)


@pytest.mark.parametrize(
    ("more", "health", "says"),
    [
        ({}, Health.HEALTHY, "2 of 2 tasks running"),
        ({"desiredCount": 0, "runningCount": 0}, Health.HEALTHY, "0 of 0 tasks running"),
        ({"deployments": []}, Health.HEALTHY, "2 of 2 tasks running"),  # CodeDeploy's or an external controller's
        ({"runningCount": 1}, Health.PROGRESSING, "1 of 2 tasks running; not finished"),
        ({"status": "DRAINING"}, Health.PROGRESSING, "2 of 2 tasks running; draining"),
        (
            {"deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "failedTasks": 1}]},
            Health.PROGRESSING,
            "2 of 2 tasks running; not finished; 1 tasks failed to run",
        ),
        (
            {"deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "failedTasks": 3}]},
            Health.DEGRADED,
            "2 of 2 tasks running; 3 tasks of the deployment failed to run",
        ),
        (
            {"deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}, {"status": "ACTIVE", "rolloutState": "FAILED"}]},
            Health.DEGRADED,
            "2 of 2 tasks running; a deployment failed: no reason told",
        ),
        (
            {"runningCount": 0, "events": [{"createdAt": LATER, "message": "(service web) was unable to place a task."}]},
            Health.PROGRESSING,
            "0 of 2 tasks running; not finished; (service web) was unable to place a task",
        ),
        (
            {"runningCount": 0, "events": [{"createdAt": START - timedelta(days=1), "message": "of another time"}]},
            Health.PROGRESSING,
            "0 of 2 tasks running; not finished",
        ),
    ],
)
def test_what_ecs_describes_is_read(more: dict[str, Any], health: Health, says: str) -> None:
    progress = of_service({**service(), **more}, START)
    assert progress is not None
    assert (progress.health, progress.says) == (health, says)


def test_a_failure_before_the_change_or_one_that_was_made_up_for_is_no_failure_now() -> None:
    instance = {"LifecycleState": "InService", "HealthStatus": "Healthy"}
    group = {"DesiredCapacity": 2, "Instances": [instance, {**instance, "LifecycleState": "Pending"}]}

    def activity(status: str, at: datetime) -> dict[str, Any]:
        return {"StatusCode": status, "StartTime": at, "StatusMessage": "no capacity", "Description": "Launching"}

    before, after = activity("Failed", START - timedelta(hours=1)), activity("Failed", LATER)
    made_up = activity("Successful", LATER + timedelta(minutes=1))
    healths = [of_group(group, rows, START).health for rows in ([], [before], [after], [made_up, after])]
    assert healths == [Health.PROGRESSING, Health.PROGRESSING, Health.DEGRADED, Health.PROGRESSING]
    leaving = {"DesiredCapacity": 1, "Instances": [instance, {**instance, "LifecycleState": "Terminating:Wait"}]}
    assert of_group(leaving, [], START).says == "1 of 1 instances in service; 1 terminating"
