"""AWS Health in its own wire format (CBOR): what is open is trouble, what is over is said, an account that may not ask is no error."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import CoverageState
from core.observation import Health, Signal
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.unit.core.providers.aws.given import Watch, record

BEGAN = datetime(2026, 11, 24, 8, 40, tzinfo=UTC)


@pytest.fixture
def aws() -> Iterator[CloudTrail]:
    with cloudtrail() as held:
        yield held


def event(arn: str, **more: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/health/latest/APIReference/API_Event.html"""
    return {
        "arn": f"arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/{arn}", "service": "EC2", "region": "eu-west-1",
        "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue", "startTime": BEGAN, "statusCode": "open",
        "eventScopeCode": "PUBLIC", **more,
    }  # fmt: skip


def test_an_open_issue_is_degraded_and_over_when_it_is_no_longer_open(aws: CloudTrail) -> None:
    watch, now = Watch(aws.url, {"aws_health": True}), [event("one")]
    asked: list[dict[str, Any]] = []

    def answer(given: dict[str, Any]) -> dict[str, Any]:
        asked.append(given)
        return {"events": list(now)}

    aws.answers["DescribeEvents"] = answer
    (one,) = watch.poll().observations
    assert (one.signal, one.health, one.at) == (Signal.STATUS, Health.DEGRADED, watch.now)
    assert one.says == "AWS Health: an issue with EC2 in eu-west-1, open since 2026-11-24 08:40 UTC (AWS_EC2_OPERATIONAL_ISSUE)"
    assert asked[0]["filter"] == {"eventStatusCodes": ["open", "upcoming"], "regions": ["eu-west-1", "global"]}
    assert watch.poll().observations == ()
    now.clear()
    (over,) = watch.poll(minutes=5).observations
    assert (over.key, over.health) == (one.key, Health.HEALTHY)
    assert over.says == "AWS Health: an issue with EC2 in eu-west-1 (AWS_EC2_OPERATIONAL_ISSUE): over"
    assert watch.poll(minutes=5).observations == ()
    assert len(asked) == 3


def test_a_plan_or_a_notice_says_nothing_of_how_things_are(aws: CloudTrail) -> None:
    watch = Watch(aws.url, {"aws_health": True})
    planned = {"eventTypeCategory": "scheduledChange", "statusCode": "upcoming", "eventTypeCode": "AWS_RDS_MAINTENANCE_SCHEDULED"}
    aws.answers["DescribeEvents"] = lambda asked: {"events": [event("plan", service="RDS", **planned), {"arn": "arn:bare"}]}
    plan, bare = watch.poll().observations
    assert (plan.signal, plan.health) == (Signal.WARNING, Health.UNKNOWN)
    assert plan.says == (
        "AWS Health: a scheduled change with RDS in eu-west-1, upcoming from 2026-11-24 08:40 UTC (AWS_RDS_MAINTENANCE_SCHEDULED)"
    )
    assert bare.health is Health.UNKNOWN


def test_an_account_without_the_support_plan_is_said_each_poll_asked_once_a_day_and_no_error(aws: CloudTrail) -> None:
    watch = Watch(aws.url, {"aws_health": True})
    aws.refused["DescribeEvents"] = "SubscriptionRequiredException"
    aws.put(record("sqs CreateQueue", {"queueName": "q"}, at=watch.now))
    batches = [watch.poll(), watch.poll(minutes=6), watch.poll(minutes=60)]
    assert [len(batch.events) for batch in batches] == [1, 0, 0]
    for batch in batches:
        (lack,) = [one for one in batch.coverage if one.part]
        assert (lack.state, lack.part) == (CoverageState.PARTIAL, "AWS Health of default")
        assert lack.reason == "the account's support plan does not hold AWS Health's API"
    assert aws.asked["DescribeEvents"] == 1
    aws.refused.clear()
    aws.answers["DescribeEvents"] = lambda asked: {"events": []}
    assert [one.part for one in watch.poll(minutes=24 * 60).coverage] == [""]


def test_a_refused_permission_is_named_and_what_was_open_is_not_said_to_be_over(aws: CloudTrail) -> None:
    watch = Watch(aws.url, {"aws_health": True})
    aws.answers["DescribeEvents"] = lambda asked: {"events": [event("one")]}
    assert len(watch.poll().observations) == 1
    aws.refused["DescribeEvents"] = "AccessDeniedException"
    batch = watch.poll(minutes=6)
    assert batch.observations == ()
    (lack,) = [one for one in batch.coverage if one.part]
    assert "health:DescribeEvents" in lack.next_step
    aws.refused.clear()
    aws.answers["DescribeEvents"] = lambda asked: {"events": []}
    assert [one.health for one in watch.poll(minutes=6).observations] == [Health.HEALTHY]


def test_each_account_is_asked_once_whatever_its_regions(aws: CloudTrail) -> None:
    watch = Watch(aws.url, {"aws_health": True, "regions": ("eu-west-1", "us-east-1"), "accounts": ({"name": "a"}, {"name": "b"})})
    aws.answers["DescribeEvents"] = lambda asked: {"events": [event("one")]}
    assert [one.check.split(" ")[0] for one in watch.poll().observations] == ["a", "b"]
    assert aws.asked["DescribeEvents"] == 2


def test_the_doctor_says_that_aws_health_needs_a_plan(aws: CloudTrail) -> None:
    watch = Watch(aws.url, {"aws_health": True})
    aws.refused["DescribeEvents"] = "SubscriptionRequiredException"
    (amber,) = [one for one in watch.provider.check(Deadline.after(10)) if "AWS Health" in one.name]
    assert amber.state is CheckState.AMBER
    assert "aws_health: false" in amber.next_step
