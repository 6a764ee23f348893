"""One source over a folder or an organisation: which parents are asked, whose project an event carries, what a refusal below costs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import ProviderForbidden, ProviderThrottled
from core.event import ChangeType
from core.providers.gcp.quotas import Quota
from tests.components.cloud_asset import CloudAsset, cloud_asset
from tests.unit.core.providers.gcp.given import START, Watch, audited

PROJECT, FOLDER, BUCKET = (
    "cloudresourcemanager.googleapis.com/Project",
    "cloudresourcemanager.googleapis.com/Folder",
    "storage.googleapis.com/Bucket",
)
DISK = "compute.googleapis.com/Disk"
SHOP, PAY = ("projects/11", "folders/5", "organizations/9"), ("projects/22", "folders/5", "organizations/9")
SHOP_DISK = "//compute.googleapis.com/projects/shop/zones/europe-west1-b/disks/data"
PAY_DISK = "//compute.googleapis.com/projects/pay/zones/europe-west1-b/disks/data"
PAY_BUCKET, TEAM = "//storage.googleapis.com/receipts", "//cloudresourcemanager.googleapis.com/folders/5"


@pytest.fixture
def company() -> Iterator[CloudAsset]:
    """Two projects in a folder of an organisation, and one outside of the folder."""
    with cloud_asset() as held:
        before = START - timedelta(days=2)
        for name, above in (("shop", SHOP), ("pay", PAY), ("lab", ("projects/33", "organizations/9"))):
            held.put(f"//cloudresourcemanager.googleapis.com/projects/{name}", PROJECT, before, {"projectId": name}, above)
            held.put(f"//compute.googleapis.com/projects/{name}/zones/europe-west1-b/disks/data", DISK, before, {"sizeGb": 1}, above)
        held.put(PAY_BUCKET, BUCKET, before, {"versioning": True}, PAY)
        held.put(TEAM, FOLDER, before, {"displayName": "team"}, ("folders/5", "organizations/9"))
        yield held


@pytest.fixture
def over(company: CloudAsset) -> Iterator[Callable[..., Watch]]:
    """A watch over a scope, its baseline read."""
    made: list[Watch] = []

    def watch(scope: str, **options: Any) -> Watch:
        made.append(Watch(company, {"scope": scope, **options}))
        made[-1].poll()
        company.calls.clear()
        company.parents.clear()
        company.logs.asked.clear()
        return made[-1]

    yield watch
    for one in made:
        one.provider.close()


def change_both(company: CloudAsset, watch: Watch) -> None:
    for name, above in ((SHOP_DISK, SHOP), (PAY_DISK, PAY)):
        company.put(name, DISK, watch.now + timedelta(seconds=20), {"sizeGb": 5}, above)


def test_a_folder_is_asked_for_history_project_by_project(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5")
    change_both(company, watch)
    events = watch.poll().events
    assert {(e.resource.scope.project, e.changes[0].before, e.changes[0].after) for e in events} == {("shop", 1.0, 5.0), ("pay", 1.0, 5.0)}
    assert sorted(company.parents["BatchGetAssetsHistory"]) == ["projects/11", "projects/22"]
    assert set(company.parents["SearchAllResources"]) == {"folders/5"}


def test_an_organisation_is_asked_at_once(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("organizations/9")
    change_both(company, watch)
    assert sorted(e.resource.scope.project for e in watch.poll().events) == ["pay", "shop"]
    assert company.parents["BatchGetAssetsHistory"] == ["organizations/9"]


def test_what_lies_outside_of_the_folder_is_not_told(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5")
    lab = "//compute.googleapis.com/projects/lab/zones/europe-west1-b/disks/data"
    company.put(lab, DISK, watch.now + timedelta(seconds=20), {"sizeGb": 7})
    assert watch.poll().events == ()
    assert f"asset/{lab}" not in watch.rows.rows


def test_who_did_it_is_asked_for_in_every_project_below(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5")
    change_both(company, watch)
    for name, project, who in ((SHOP_DISK, "shop", "ana@acme.example"), (PAY_DISK, "pay", "ben@acme.example")):
        entry = audited("v1.compute.disks.resize", name, watch.now + timedelta(seconds=19), who)
        company.entries.append({**entry, "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Factivity"})
    told = {(e.resource.scope.project, e.actor.id, e.changes[0].after) for e in watch.poll().events}
    assert told == {("shop", "ana@acme.example", 5.0), ("pay", "ben@acme.example", 5.0)}
    assert company.logs.asked == [["folders/5", "projects/pay", "projects/shop"]]


def test_a_bucket_carries_its_own_project_when_it_changes_and_when_it_is_gone(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5", audit_log=False)
    company.put(PAY_BUCKET, BUCKET, watch.now + timedelta(seconds=20), {"versioning": False})
    (changed,) = watch.poll().events
    assert (changed.resource.name, changed.resource.scope.project, len(changed.changes)) == ("receipts", "pay", 1)
    company.put(PAY_BUCKET, BUCKET, watch.now + timedelta(minutes=30), None)
    (gone,) = watch.poll(minutes=90).events
    assert (gone.change_type, gone.resource.scope.project) == (ChangeType.DELETED, "pay")


def test_a_project_that_gets_its_name_changes_nothing_in_it(company: CloudAsset, over: Callable[..., Watch]) -> None:
    above, bucket = ("projects/44", "folders/5"), "//storage.googleapis.com/early"
    company.put(bucket, BUCKET, START - timedelta(days=2), {"versioning": True}, above)
    watch = over("folders/5", audit_log=False)
    company.put(
        "//cloudresourcemanager.googleapis.com/projects/new", PROJECT, watch.now + timedelta(seconds=5), {"projectId": "new"}, above
    )
    company.put(bucket, BUCKET, watch.now + timedelta(seconds=20), {"versioning": True})
    assert [event.resource.name for event in watch.poll().events] == ["new"]
    company.put(bucket, BUCKET, watch.now + timedelta(seconds=20), {"versioning": False})
    assert [event.resource.scope.project for event in watch.poll().events] == ["new"]


def test_a_change_of_the_folder_itself_is_told_from_what_was_known(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5", audit_log=False)
    company.put(TEAM, FOLDER, watch.now + timedelta(seconds=20), {"displayName": "band"})
    (event,) = watch.poll().events
    assert [(c.before, c.after) for c in event.changes] == [("team", "band")]
    assert "BatchGetAssetsHistory" not in company.calls
    assert watch.poll().events == ()


def test_a_project_that_refuses_is_a_gap_of_its_own(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5", audit_log=False)
    company.refused.add("projects/22")
    change_both(company, watch)
    batch = watch.poll()
    assert [e.resource.scope.project for e in batch.events] == ["shop"]
    (gap,) = [one for one in batch.coverage if one.state is CoverageState.PARTIAL]
    assert (gap.part, "cloudasset.assets.exportResource" in gap.next_step) == ("projects/22", True)


def test_an_organisation_that_refuses_is_an_error(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("organizations/9")
    company.refused.add("organizations/9")
    with pytest.raises(ProviderForbidden):
        watch.poll()


def test_more_projects_than_a_log_query_takes_are_asked_in_several(company: CloudAsset, over: Callable[..., Watch]) -> None:
    for number in range(230):
        above = (f"projects/{1000 + number}", "organizations/9")
        company.put(f"//cloudresourcemanager.googleapis.com/projects/p-{number:03}", PROJECT, START - timedelta(days=1), {}, above)
    watch = over("organizations/9")
    company.logs.refused.add("projects/p-150")
    batch = watch.poll()
    assert [len(asked) for asked in company.logs.asked] == [100, 100, 34]
    (gap,) = [one for one in batch.coverage if one.part == "audit log"]
    assert "logging.logEntries.list" in gap.reason


def test_a_log_view_is_asked_instead_of_the_projects(company: CloudAsset, over: Callable[..., Watch]) -> None:
    view = "projects/audit/locations/global/buckets/all/views/_AllLogs"
    watch = over("organizations/9", log_views=[view])
    change_both(company, watch)
    company.entries.append(audited("v1.compute.disks.resize", SHOP_DISK, watch.now + timedelta(seconds=19)))
    assert {e.actor.id for e in watch.poll().events} == {"ana@acme.example", ""}
    assert company.logs.asked == [[view]]
    assert company.calls["SearchAllResources"] == 1


def test_an_idle_poll_of_a_folder_costs_the_same_whatever_is_in_it(company: CloudAsset, over: Callable[..., Watch]) -> None:
    for number in range(300):
        company.put(f"{SHOP_DISK}-{number}", DISK, START - timedelta(days=1), {"sizeGb": 1}, SHOP)
    assert over("folders/5").poll(minutes=15).events == ()
    assert company.calls == {"SearchAllResources": 2, "entries:list": 1}


def test_doctor_asks_the_projects_too(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5")
    assert [check.state for check in watch.provider.check(Deadline.after(5))] == [CheckState.GREEN, CheckState.GREEN]
    company.logs.refused.add("projects/pay")
    assert [check.state for check in watch.provider.check(Deadline.after(5))] == [CheckState.GREEN, CheckState.RED]


# --- quotas -----------------------------------------------------------------------------------------------------------------


class Seconds:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_no_minute_sees_more_calls_than_the_quota() -> None:
    seconds = Seconds()
    quota = Quota(100, monotonic=seconds, wait=seconds.wait)
    made = []
    while seconds.now < 300:
        assert quota.take(Deadline.after(600, monotonic=seconds)) == 0
        made.append(seconds.now)
    assert max(sum(1 for at in made if start <= at < start + 60) for start in made) <= 101
    assert len(made) > 300


def test_a_call_that_would_be_too_late_is_not_made_and_says_when_there_is_a_turn() -> None:
    seconds = Seconds()
    quota = Quota(100, monotonic=seconds, wait=seconds.wait)
    for _ in range(40):
        quota.take(Deadline.after(0.5, monotonic=seconds))
    assert quota.take(Deadline.after(0.5, monotonic=seconds)) == pytest.approx(1.0)


def test_what_a_quota_leaves_unread_is_read_by_the_next_polls_and_covered_no_further(
    company: CloudAsset, over: Callable[..., Watch]
) -> None:
    watch = over("organizations/9")
    seconds = Seconds()
    watch.provider.inventory.quotas["cloudasset.assets.exportResource"] = Quota(5, monotonic=seconds, wait=seconds.wait)
    begun = watch.now
    for number in range(350):
        company.put(f"{SHOP_DISK}-{number:03}", DISK, begun + timedelta(seconds=3 * number), {"sizeGb": 1}, SHOP)
    last = audited("v1.compute.disks.insert", f"{SHOP_DISK}-349", begun + timedelta(seconds=3 * 349))
    company.entries.append({**last, "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity"})
    first = watch.poll(minutes=30)
    assert (len(first.events), first.more) == (200, True), "nothing that could not be given its before and after yet"
    (covered,) = first.coverage
    assert covered.range.end == max(event.occurred_at for event in first.events)
    with pytest.raises(ProviderThrottled):
        watch.poll(minutes=0, seconds=1)
    seconds.now += 60
    second = watch.poll(minutes=0)
    assert (len({event.id for event in (*first.events, *second.events)}), second.more) == (350, False)
    assert [event.resource.name for event in second.events if event.actor.name == "ana"] == ["data-349"]
    assert second.coverage[0].range.end == watch.now


def test_a_throttled_folder_is_an_error_that_says_so(company: CloudAsset, over: Callable[..., Watch]) -> None:
    watch = over("folders/5")
    company.fault = grpc.StatusCode.RESOURCE_EXHAUSTED
    with pytest.raises(ProviderThrottled):
        watch.poll()
