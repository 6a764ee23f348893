"""Accounts that AWS Organizations lists are read like those that are named; what may not be listed or entered is said."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from core.batch import Batch, CheckState
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.providers.aws.options import AwsSettings
from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import client
from tests.unit.core.providers.aws.given import ACCOUNT, START, Watch, record

pytestmark = pytest.mark.component("moto")
ROLE = {"role": "wgo-reader", "external_id": "a-word"}


@pytest.fixture
def aws(moto_url: str) -> Iterator[CloudTrail]:
    httpx.post(f"{moto_url}/moto-api/reset").raise_for_status()
    client(moto_url, "organizations").create_organization(FeatureSet="ALL")
    with cloudtrail(behind=moto_url) as held:
        yield held


def join(moto_url: str, name: str) -> str:
    made = client(moto_url, "organizations").create_account(AccountName=name, Email=f"{name}@acme.example")
    account: str = made["CreateAccountStatus"]["AccountId"]
    return account


def watch_of(aws: CloudTrail, **organization: Any) -> Watch:
    return Watch(aws.url, {"organization": {**ROLE, **organization}})


def parts(batch: Batch) -> set[str]:
    """The accounts that were read."""
    return {one.part.partition("/")[0] for one in batch.coverage if one.state is CoverageState.READ and "/" in one.part}


def gaps(batch: Batch) -> list[Coverage]:
    return [one for one in batch.coverage if one.state is not CoverageState.READ]


def test_each_active_account_is_read_and_the_one_that_asks_only_once(aws: CloudTrail, moto_url: str) -> None:
    accounts = {join(moto_url, f"team-{number}") for number in range(25)}  # Two pages of a listing.
    batch = watch_of(aws).poll()
    assert parts(batch) == {*accounts, "default"}
    assert gaps(batch) == []


def test_an_account_that_joins_is_found_a_day_later_and_told_from_the_last_listing_on(aws: CloudTrail, moto_url: str) -> None:
    join(moto_url, "old")
    watch = watch_of(aws)
    watch.poll()
    joined = join(moto_url, "new")
    assert joined not in parts(watch.poll(minutes=60))
    batch = watch.poll(minutes=23 * 60 + 1)
    (covered,) = [one for one in batch.coverage if one.part.startswith(joined)]
    assert (covered.state, covered.range.start, covered.range.end) == (CoverageState.READ, START + timedelta(minutes=1), watch.now)


def test_an_account_that_is_no_longer_active_is_a_gap_once_and_then_left_alone(aws: CloudTrail, moto_url: str) -> None:
    account = join(moto_url, "closing")
    watch = watch_of(aws, refresh_hours=1)
    watch.poll()
    client(moto_url, "organizations").close_account(AccountId=account)
    last, after = watch.poll(minutes=61), watch.poll()
    (gap,) = gaps(last)
    assert (gap.part, gap.range.end, gap.reason) == (
        f"{account}/eu-west-1", watch.now.replace(hour=10, minute=2), "the account is no longer an active one of the organisation",
    )  # fmt: skip
    assert (parts(last), parts(after), gaps(after)) == (set(), set(), [])
    assert [one.part for one in after.coverage] == [""]


def test_only_the_wanted_units_and_accounts_are_read(aws: CloudTrail, moto_url: str) -> None:
    organizations = client(moto_url, "organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="prod")["OrganizationalUnit"]["Id"]
    below = organizations.create_organizational_unit(ParentId=unit, Name="eu")["OrganizationalUnit"]["Id"]
    inside, deep, outside = (join(moto_url, name) for name in ("inside", "deep", "outside"))
    organizations.move_account(AccountId=inside, SourceParentId=root, DestinationParentId=unit)
    organizations.move_account(AccountId=deep, SourceParentId=root, DestinationParentId=below)
    assert parts(watch_of(aws, units=[unit]).poll()) == {"default", inside, deep}
    assert parts(watch_of(aws, exclude=[deep, inside]).poll()) == {"default", outside}
    batch = watch_of(aws, include=[outside, "999999999999"]).poll()
    assert parts(batch) == {"default", outside}
    assert [(one.state, one.part, "999999999999" in one.reason) for one in gaps(batch)] == [
        (CoverageState.GAP, "accounts of the organisation", True)
    ]


def test_the_role_is_a_name_a_path_or_an_arn_and_the_account_is_filled_in() -> None:
    def role(given: str) -> str:
        organization = AwsSettings.model_validate({"organization": {"role": given}}).organization
        assert organization is not None
        return organization.role_in(ACCOUNT, "aws-cn")

    assert role("wgo-reader") == f"arn:aws-cn:iam::{ACCOUNT}:role/wgo-reader"
    assert role("ops/wgo-{account}") == f"arn:aws-cn:iam::{ACCOUNT}:role/ops/wgo-{ACCOUNT}"
    assert role("arn:aws:iam::{account}:role/wgo") == f"arn:aws:iam::{ACCOUNT}:role/wgo"


@pytest.mark.parametrize(
    "given", [{"role": "wgo-{region}"}, {"role": "a b"}, {"role": "wgo", "asked_by": "nobody"}, {"role": "wgo", "units": ["prod"]}]
)
def test_a_role_or_unit_that_cannot_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AwsSettings.model_validate({"organization": given})


def test_a_listing_that_is_refused_is_a_gap_that_names_the_permission_and_is_asked_again(aws: CloudTrail, moto_url: str) -> None:
    account = join(moto_url, "team")
    aws.refused["ListAccounts"] = "AccessDeniedException"
    watch = watch_of(aws)
    aws.put(record("sqs CreateQueue", {"queueName": "q"}, at=watch.now))
    batch = watch.poll()
    assert [event.resource.name for event in batch.events] == ["q"]
    (gap,) = gaps(batch)
    assert (gap.state, gap.part) == (CoverageState.GAP, "accounts of the organisation")
    assert "organizations:ListAccounts" in gap.next_step
    assert len(gaps(watch.poll(minutes=5))) == 1
    aws.refused.clear()
    assert account in parts(watch.poll(minutes=11))


def test_a_listing_that_fails_later_leaves_the_known_accounts_read_and_says_so(aws: CloudTrail, moto_url: str) -> None:
    account = join(moto_url, "team")
    watch = watch_of(aws)
    watch.poll()
    aws.refused["ListAccounts"] = "TooManyRequestsException"
    batch = watch.poll(minutes=24 * 60 + 1)
    assert account in parts(batch)
    (told,) = gaps(batch)
    assert (told.state, told.part) == (CoverageState.PARTIAL, "accounts of the organisation")
    assert "newer ones are not" in told.reason


def test_an_account_whose_role_is_refused_is_a_gap_and_the_others_are_read(aws: CloudTrail, moto_url: str) -> None:
    closed, opened = join(moto_url, "closed"), join(moto_url, "opened")
    aws.refused[f"AssumeRole {closed}"] = "AccessDenied"
    watch = Watch(aws.url, {"organization": ROLE, "regions": ("eu-west-1", "us-east-1")})
    batch = watch.poll()
    assert parts(batch) == {"default", opened}
    assert {gap.part for gap in gaps(batch)} == {f"{closed}/eu-west-1", f"{closed}/us-east-1"}
    assert all(f"sts:AssumeRole on arn:aws:iam::{closed}:role/wgo-reader" in gap.next_step for gap in gaps(batch))
    assert aws.asked["AssumeRole"] == 2  # One for each account, none for each region.


def test_an_organisation_beyond_what_one_source_reads_is_a_gap(aws: CloudTrail, moto_url: str) -> None:
    for number in range(7):
        join(moto_url, f"team-{number}")
    regions = ("eu-west-1", *(f"eu-{letter}-1" for letter in "abcdefghijklmnopqrstuvwxyz"))
    queue = client(moto_url, "sqs").create_queue(QueueName="wgo")["QueueUrl"]
    batch = Watch(aws.url, {"organization": ROLE, "regions": regions, "queue_url": queue}).poll()
    (gap,) = [one for one in gaps(batch) if one.part == "accounts of the organisation"]
    assert (gap.state, gap.reason) == (CoverageState.GAP, "3 more accounts than one source reads (150 times a region each)")


def test_the_doctor_names_each_account_and_a_refused_listing(aws: CloudTrail, moto_url: str) -> None:
    account = join(moto_url, "payments")
    watch = watch_of(aws)
    checks = {check.name: check for check in watch.provider.check(Deadline.after(20))}
    assert {check.state for check in checks.values()} == {CheckState.GREEN}
    assert f"aws-prod payments {account}/eu-west-1" in checks
    aws.refused["ListAccounts"] = "AccessDeniedException"
    (red,) = [check for check in watch.provider.check(Deadline.after(20)) if check.state is CheckState.RED]
    assert "organizations:ListAccounts" in red.next_step


def test_an_account_in_no_organisation_is_told_what_to_do(aws: CloudTrail) -> None:
    aws.refused["ListAccounts"] = "AWSOrganizationsNotInUseException"
    (gap,) = gaps(watch_of(aws).poll())
    assert "AWSOrganizationsNotInUseException" in gap.reason
    assert "organization.asked_by" in gap.next_step
