"""LookupEvents over HTTP: what came, what came late or twice, what could not be read, and by when."""

import threading
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ReadTimeoutError

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable
from core.providers.aws.bounded import Bounded, LeftBehind
from core.providers.aws.lookup import Pace
from core.timerange import TimeRange
from storage.stretches import holes
from tests.components.cloudtrail import CloudTrail
from tests.unit.core.providers.aws.given import START, Watch, record


def created(name: str, at: datetime = START) -> dict[str, object]:
    return record("sqs CreateQueue", {"queueName": name}, at=at)


def test_what_happened_since_is_told_once_and_a_late_record_too(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    trail.put(created("a"))
    assert [event.resource.name for event in watch.poll().events] == ["a"]
    assert watch.poll().events == ()
    trail.put(created("late", START - timedelta(minutes=10)))
    assert [event.resource.name for event in watch.poll(minutes=5).events] == ["late"]
    assert watch.poll().events == ()


def test_a_backlog_is_paged_and_resumed_across_polls_without_a_gap_or_a_repeat(trail: CloudTrail) -> None:
    watch = Watch(trail.url, {"first_hours": 2})
    trail.page_size = 2
    names = [f"q{n}" for n in range(101)]
    trail.put(*(created(name, START - timedelta(seconds=n)) for n, name in enumerate(names)))
    told: list[str] = []
    polls = 0
    while True:
        batch = watch.poll(minutes=0)
        told += [event.resource.name for event in batch.events]
        polls += 1
        if not batch.more:
            break
    assert polls > 1
    assert sorted(told) == sorted(names)


def test_a_token_that_expired_begins_the_stretch_again(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    trail.page_size = 2
    trail.expired_tokens = True
    trail.put(*(created(f"q{n}") for n in range(5)))
    assert len(watch.poll().events) == 5


def test_a_crash_before_the_commit_replays_the_same_ids(trail: CloudTrail) -> None:
    trail.put(created("a"), created("b"))
    first, again = Watch(trail.url).poll(), Watch(trail.url).poll()
    assert [event.id for event in first.events] == [event.id for event in again.events]
    assert len(first.events) == 2


def test_coverage_says_up_to_when_it_is_complete(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    (covered,) = watch.poll().coverage
    assert (covered.state, covered.range.end) == (CoverageState.READ, watch.now)
    assert covered.complete_until == watch.now - timedelta(minutes=15)


def test_an_absence_beyond_ninety_days_is_a_gap(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    watch.poll()
    batch = watch.poll(minutes=100 * 24 * 60)
    gap = next(one for one in batch.coverage if one.state is CoverageState.GAP)
    assert gap.range.end == watch.now - timedelta(days=90)
    assert batch.more


def test_a_region_that_refuses_is_a_gap_and_the_others_go_on(trail: CloudTrail) -> None:
    watch = Watch(trail.url, {"regions": ("eu-west-1", "us-east-1")})
    trail.fault["us-east-1"] = "AccessDeniedException"
    trail.put(created("a"))
    batch = watch.poll()
    assert [event.resource.name for event in batch.events] == ["a"]
    states = {(one.part, one.state) for one in batch.coverage}
    assert states == {("", CoverageState.READ), ("default/eu-west-1", CoverageState.READ), ("default/us-east-1", CoverageState.GAP)}
    assert "cloudtrail:LookupEvents" in next(one.reason for one in batch.coverage if one.state is CoverageState.GAP)
    trail.fault.clear()
    trail.put(created("b"), region="us-east-1")
    assert [event.resource.name for event in watch.poll().events] == ["b"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("AccessDeniedException", ProviderForbidden),
        ("ExpiredTokenException", ProviderForbidden),
        ("ThrottlingException", ProviderThrottled),
        ("garbage", ProviderMalformed),
        ("InternalFailure", ProviderError),
    ],
)
def test_a_failure_of_the_whole_source_is_an_error_of_ours(trail: CloudTrail, fault: str, error: type[ProviderError]) -> None:
    trail.fault["eu-west-1"] = fault
    with pytest.raises(error) as raised:
        Watch(trail.url).poll()
    assert raised.value.source == "aws-prod"


@pytest.mark.parametrize("fault", ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"])
def test_credentials_that_are_not_accepted_are_to_be_renewed_and_no_permission_is_asked_for(trail: CloudTrail, fault: str) -> None:
    trail.fault["eu-west-1"] = fault
    with pytest.raises(ProviderForbidden) as raised:
        Watch(trail.url).poll()
    assert fault in str(raised.value)
    assert raised.value.next_step == "Renew or correct the credentials that WGO uses for aws-prod."


def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(ProviderUnreachable):
        Watch("http://127.0.0.1:9").poll()


def test_a_server_that_never_answers_costs_the_deadline_and_no_more(trail: CloudTrail) -> None:
    trail.fault["eu-west-1"] = "hang"
    began = time.monotonic()
    with pytest.raises(ProviderTimedOut):
        Watch(trail.url).poll(seconds=2)
    assert time.monotonic() - began < 2.5


def test_a_region_that_hangs_leaves_time_to_the_others(trail: CloudTrail) -> None:
    watch = Watch(trail.url, {"regions": ("us-east-1", "eu-west-1")})
    trail.fault["us-east-1"] = "hang"
    trail.put(created("a"))
    began = time.monotonic()
    assert [event.resource.name for event in watch.poll(seconds=4).events] == ["a"]
    assert time.monotonic() - began < 4.5


def test_an_idle_poll_asks_once_whatever_is_known(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    watch.poll()
    before = trail.calls.total()
    watch.poll()
    assert trail.calls.total() - before == 1


def test_the_cursor_stays_small_in_a_storm(trail: CloudTrail) -> None:
    watch = Watch(trail.url, {"regions": ("eu-west-1", "us-east-1", "us-west-2")})
    trail.page_size = 500
    for region in ("eu-west-1", "us-east-1", "us-west-2"):
        trail.put(*(created(f"{region}-{n}") for n in range(4000)), region=region)
    assert len(watch.poll(seconds=60).events) == 12000
    assert watch.cursor is not None
    assert len(repr(watch.cursor.state)) < 64 * 1024


def test_the_pace_is_two_requests_a_second() -> None:
    waited: list[float] = []
    pace = Pace(monotonic=lambda: sum(waited), wait=waited.append)
    assert all(pace.take(Deadline.after(100)) for _ in range(10))
    assert sum(waited) == pytest.approx(4.0)


def test_the_doctor_names_the_missing_permission(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    assert [check.state for check in watch.provider.check(Deadline.after(10))] == [CheckState.GREEN]
    trail.fault["eu-west-1"] = "AccessDeniedException"
    (check,) = watch.provider.check(Deadline.after(10))
    assert check.state is CheckState.RED
    assert "cloudtrail:LookupEvents" in check.next_step
    trail.fault["eu-west-1"] = "garbage"
    (check,) = watch.provider.check(Deadline.after(10))
    assert check.state is CheckState.RED


def test_a_server_that_sends_a_byte_now_and_then_does_not_outlast_the_deadline(trail: CloudTrail) -> None:
    watch = Watch(trail.url)
    watch.poll()
    trail.fault["eu-west-1"] = "trickle"
    with pytest.raises(ProviderTimedOut):
        watch.poll(seconds=3)
    trail.fault.clear()
    trail.put(created("after", watch.now))
    assert [event.resource.name for event in watch.poll().events] == ["after"]


def test_calls_that_hang_for_ever_are_left_behind_only_so_often() -> None:
    left, hanging = LeftBehind(), threading.Event()

    class Client:
        """Stands for a client of boto3 whose calls never end."""

        meta = SimpleNamespace(endpoint_url="https://cloudtrail.example")

        def lookup_events(self) -> None:
            begun.append(1)
            hanging.wait(30)

    begun: list[int] = []
    bounded = Bounded(client=Client(), deadline=Deadline.after(60), seconds=0.01, left=left)
    for _ in range(20):
        with pytest.raises(ReadTimeoutError):
            bounded.lookup_events()
    assert len(begun) == 16
    hanging.set()
    for thread in left.threads:
        thread.join()
    assert not left.full


def test_a_place_for_which_no_time_was_left_is_said_and_comes_first_in_the_next_poll(trail: CloudTrail) -> None:
    regions = tuple(f"eu-{letter}-1" for letter in "abcdefghij")
    watch = Watch(trail.url, {"regions": regions})
    watch.poll()
    trail.fault.update(dict.fromkeys(regions, "trickle"))
    batch = watch.poll(seconds=2)
    reasons = {one.part: one.reason for one in batch.coverage if one.state is CoverageState.GAP}
    assert reasons.keys() == {f"default/{region}" for region in regions}
    late = "no time was left in this poll; it comes first in the next"
    assert {part for part, reason in reasons.items() if reason == late} == {"default/eu-i-1", "default/eu-j-1"}
    trail.fault.clear()
    trail.put(created("kept", watch.now), region="eu-j-1")
    assert watch.cursor is not None
    assert watch.cursor.state["turn"] == "default/eu-i-1"
    batch = watch.poll()
    assert [event.resource.name for event in batch.events] == ["kept"]
    assert [one.part for one in batch.coverage][:2] == ["default/eu-i-1", "default/eu-j-1"]
    assert {one.state for one in batch.coverage} == {CoverageState.READ}


def test_of_several_regions_one_that_was_refused_for_a_while_is_a_gap_until_it_is_read_and_none_after(trail: CloudTrail) -> None:
    watch = Watch(trail.url, {"regions": ("eu-west-1", "us-east-1"), "alarms": True})
    trail.refused["DescribeAlarms"] = "AccessDenied"
    stretches: list[Coverage] = []

    def gaps() -> set[tuple[str, CoverageState]]:
        span = TimeRange(start=watch.now - timedelta(minutes=9), end=watch.now)
        return {(one.part, one.state) for one in holes("aws-prod", stretches, span, watch.now)}

    def poll(times: int) -> None:
        for _ in range(times):
            stretches.extend(watch.poll().coverage)

    poll(10)
    unheard = {("alarms of default/eu-west-1", CoverageState.PARTIAL), ("alarms of default/us-east-1", CoverageState.PARTIAL)}
    assert gaps() == unheard
    trail.refused.clear()
    trail.answers["DescribeAlarms"] = lambda asked: {"MetricAlarms": [], "CompositeAlarms": []}
    poll(10)
    assert gaps() == set()  # What was lacking once and is read now is no gap for ever.
    trail.fault["us-east-1"] = "AccessDeniedException"
    poll(2)
    assert gaps() == {("default/us-east-1", CoverageState.GAP)}
    trail.fault.clear()
    poll(1)
    assert gaps() == set()


def test_of_several_regions_the_source_is_read_no_further_than_the_slowest(trail: CloudTrail) -> None:
    watch = Watch(trail.url, {"regions": ("eu-west-1", "us-east-1"), "first_hours": 2})
    trail.page_size = 1
    trail.put(*(created(f"q{n}", START - timedelta(seconds=n)) for n in range(60)))  # More than one poll reads.
    batch = watch.poll()
    assert batch.more
    assert [one.part for one in batch.coverage] == ["default/us-east-1"]
    whole = [one for _ in range(3) for one in watch.poll(minutes=0).coverage if not one.part]
    assert [(one.range.start, one.range.end) for one in whole] == [(watch.now - timedelta(hours=2), watch.now)]


@pytest.mark.parametrize("page", [b"<html>a proxy's page</html>", b"", b"\xff\x00", b"\xa1\x66events\x63abc", b"[" * 100_000])
def test_a_page_that_is_no_answer_is_malformed_and_never_an_empty_answer(trail: CloudTrail, page: bytes) -> None:
    """What rang goes on ringing: a page of HTML reads like an answer without any alarm in it."""
    watch = Watch(trail.url, {"alarms": True, "aws_health": True, "describe": True, "sweep": False})
    trail.answers["DescribeAlarms"] = lambda asked: {"MetricAlarms": [{"AlarmName": "rings", "StateReason": "5 of 5"}]}
    trail.answers["DescribeEvents"] = lambda asked: {"events": [{"arn": "arn:1", "eventTypeCategory": "issue", "statusCode": "open"}]}
    assert len(watch.poll().observations) == 2
    trail.put(record("ecs UpdateService", {"cluster": "prod", "service": "web"}, at=watch.now))
    for action in ("DescribeAlarms", "DescribeEvents", "DescribeServices"):
        trail.pages[action] = page
    batch = watch.poll(minutes=6)
    assert (len(batch.events), batch.observations) == (1, ())
    assert {one.part for one in batch.coverage} == {
        "", "alarms of default/eu-west-1", "AWS Health of default", "deployments of AWS::ECS::Service in 123456789012/eu-west-1",
        "before and after of AWS::ECS::Service",
    }  # fmt: skip
    assert all("cannot be read" in one.reason for one in batch.coverage if one.part)
