"""Changes that come through a Pub/Sub subscription: at least once, acknowledged when stored, and what keeps them from coming."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.batch import Batch, CheckState
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.event import ChangeType
from core.trait import Trait
from tests.components.cloud_asset import CloudAsset
from tests.components.google_http import NAME
from tests.unit.core.providers.gcp.given import INSTANCE, START, Watch, audited

KIND = "compute.googleapis.com/Instance"


@pytest.fixture
def fed(google: CloudAsset) -> Iterator[Watch]:
    """A watch whose baseline is read, with a feed that publishes from then on."""
    watch = Watch(google, {"feed_subscription": NAME, "pubsub_url": google.url, "audit_log": False})
    watch.poll()
    google.feeding = True
    yield watch
    watch.provider.close()


def gap(batch: Batch) -> Coverage:
    (one,) = [covered for covered in batch.coverage if covered.part == "feed"]
    assert one.state is CoverageState.PARTIAL
    return one


def bindings(*members: str) -> dict[str, Any]:
    return {"bindings": [{"role": "roles/viewer", "members": list(members)}]}


def test_a_change_is_told_with_before_and_after_and_acknowledged_once_it_is_stored(google: CloudAsset, fed: Watch) -> None:
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=30), {"status": "RUNNING", "machineType": "e2-large"})
    (event,) = fed.poll(stored=False).events
    assert [(c.path, c.before, c.after) for c in event.changes] == [("resource.machineType", "e2-small", "e2-large")]
    assert google.feed.acknowledged == []
    google.feed.come_again()
    (again,) = fed.poll().events
    assert again.id == event.id
    assert google.feed.acknowledged == ["1"]
    assert fed.poll().events == ()


def test_a_message_that_comes_twice_is_told_once(google: CloudAsset, fed: Watch) -> None:
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=30), {"status": "TERMINATED", "machineType": "e2-small"})
    google.feed.waiting *= 2
    assert [event.change_type for event in fed.poll().events] == [ChangeType.STOPPED]


def test_a_deletion_is_told_at_once_with_its_time_and_no_late_word_brings_it_back(google: CloudAsset, fed: Watch) -> None:
    at = fed.now + timedelta(seconds=30)
    google.put(INSTANCE, KIND, at - timedelta(seconds=20), {"status": "RUNNING", "machineType": "e2-large"})
    overtaken = list(google.feed.waiting)
    google.put(INSTANCE, KIND, at, None)
    google.stale.add(INSTANCE)  # The index still has it.
    first = fed.poll()
    assert [(event.change_type, event.occurred_at) for event in first.events][-1] == (ChangeType.DELETED, at)
    google.feed.waiting = overtaken
    assert fed.poll().events == ()
    assert f"asset/{INSTANCE}" not in fed.rows.rows
    assert fed.poll(minutes=90).events == ()
    assert not [key for key in fed.rows.rows if "web-1" in key], "nothing is kept of it for ever"


def test_what_is_made_again_after_it_went_is_told(google: CloudAsset, fed: Watch) -> None:
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=10), None)
    fed.poll()
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=10), {"status": "RUNNING"})
    assert [event.change_type for event in fed.poll().events] == [ChangeType.CREATED]


def test_what_a_list_does_not_have_yet_is_not_taken_for_gone(google: CloudAsset, fed: Watch) -> None:
    fresh = f"{INSTANCE}-fresh"
    fed.poll(minutes=57)
    google.put(fresh, KIND, fed.now + timedelta(minutes=1), {"status": "RUNNING"})
    google.late.add(fresh)
    assert [event.change_type for event in fed.poll(minutes=2).events] == [ChangeType.CREATED]
    assert fed.poll(minutes=2).events == ()
    assert google.parents["ListAssets"][1:] == ["projects/acme"], "the sweep was made"
    google.late.clear()
    assert fed.poll(minutes=70).events == ()


def test_messages_are_read_in_the_order_of_their_times(google: CloudAsset, fed: Watch) -> None:
    at = fed.now + timedelta(seconds=30)
    google.put(INSTANCE, KIND, at, {"status": "RUNNING", "machineType": "e2-medium"})
    google.put(INSTANCE, KIND, at + timedelta(seconds=0.5), {"status": "RUNNING", "machineType": "e2-large"})
    google.feed.waiting.reverse()
    told = [(event.changes[0].before, event.changes[0].after) for event in fed.poll().events]
    assert told == [("e2-small", "e2-medium"), ("e2-medium", "e2-large")]


def test_what_went_before_the_baseline_is_no_news(google: CloudAsset, fed: Watch) -> None:
    past = START - timedelta(hours=3)
    google.kinds["//old"] = KIND
    google.feed.publish(google.told("//old", past, {"status": "RUNNING"}))
    google.feed.publish(google.told("//old", past + timedelta(hours=1), None))
    assert fed.poll().events == ()
    assert "asset///old" not in fed.rows.rows


def test_who_did_it_is_joined_from_the_audit_log(google: CloudAsset, fed: Watch) -> None:
    watch = Watch(google, {"feed_subscription": NAME, "pubsub_url": google.url}, rows=fed.rows, cursor=fed.cursor)
    at = watch.now + timedelta(seconds=20)
    google.put(INSTANCE, KIND, at, None)
    google.entries.append(audited("v1.compute.instances.delete", INSTANCE, at))
    (event,) = watch.poll(minutes=2).events
    assert (event.change_type, event.actor.name) == (ChangeType.DELETED, "ana")
    watch.provider.close()


def test_a_policy_change_is_told_with_who_got_what(google: CloudAsset, fed: Watch) -> None:
    at = (fed.now + timedelta(seconds=5)).isoformat()
    google.feed.publish(
        {
            "asset": {"name": INSTANCE, "assetType": KIND, "iamPolicy": bindings("user:ana@acme.example", "allUsers")},
            "priorAsset": {"name": INSTANCE, "assetType": KIND, "iamPolicy": bindings("user:ana@acme.example")},
            "priorAssetState": "PRESENT",
            "window": {"startTime": at},
        }
    )
    (event,) = fed.poll().events
    assert event.resource.uid == INSTANCE
    assert {Trait.GRANTS_ACCESS, Trait.EXPOSES_PUBLICLY} <= event.traits
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"})
    assert [one.change_type for one in fed.poll().events] == [ChangeType.STOPPED], "the resource's own state is as it was known"


def test_a_policy_that_comes_without_the_one_before_is_a_stated_gap(google: CloudAsset, fed: Watch) -> None:
    policy = {"name": INSTANCE, "assetType": KIND, "iamPolicy": bindings("allUsers")}
    google.feed.publish({"asset": policy, "priorAssetState": "INVALID", "window": {"startTime": fed.now.isoformat()}})
    batch = fed.poll()
    assert batch.events == ()
    assert gap(batch).reason == "1 messages of the feed cannot be read"


def test_the_welcome_is_no_gap_and_nonsense_is_one_but_neither_comes_for_ever(google: CloudAsset, fed: Watch) -> None:
    google.feed.publish(b"You have successfully configured a feed.")
    assert all(covered.part != "feed" for covered in fed.poll().coverage)
    google.feed.publish(b'{"no": "asset"}')
    google.feed.publish(b'{"cut')
    assert gap(fed.poll()).reason == "2 messages of the feed cannot be read"
    assert len(google.feed.acknowledged) == 3
    assert google.feed.waiting == []


def test_a_missing_subscription_is_a_gap_and_the_search_tells_what_moved(google: CloudAsset, fed: Watch) -> None:
    google.feed.status = 404
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"})
    batch = fed.poll()
    assert [event.change_type for event in batch.events] == [ChangeType.STOPPED]
    assert "Resource not found" in gap(batch).reason
    assert gap(batch).complete_until < gap(batch).range.end, "no reassurance about this stretch"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"topic": "_deleted-topic_"}, "topic was deleted"),
        ({"detached": True}, "detached"),
        ({"pushConfig": {"pushEndpoint": "https://elsewhere.example"}}, "pushes to someone else"),
    ],
)
def test_a_subscription_that_nothing_can_come_through_is_a_gap(google: CloudAsset, fed: Watch, settings: dict[str, Any], says: str) -> None:
    google.feed.settings |= settings
    found = gap(fed.poll())
    assert says in found.reason
    assert found.next_step
    (check,) = [one for one in fed.provider.check(Deadline.after(5)) if one.name.endswith("feed")]
    assert (check.state, says in check.says) == (CheckState.RED, True)


@pytest.mark.parametrize("how", ["hang", "trickle"])
def test_a_feed_that_does_not_answer_is_a_gap_and_leaves_time_for_the_rest(google: CloudAsset, fed: Watch, how: str) -> None:
    google.slow.how = how
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"})
    began = time.monotonic()
    batch = fed.poll(seconds=2.5)
    assert time.monotonic() - began < 5
    assert [event.change_type for event in batch.events] == [ChangeType.STOPPED]
    assert "did not answer in time" in gap(batch).reason


def test_a_feed_that_leaves_out_what_the_search_shows_is_a_gap(google: CloudAsset, fed: Watch) -> None:
    google.feeding = False
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"})
    batch = fed.poll(minutes=15)
    assert [event.change_type for event in batch.events] == [ChangeType.STOPPED]
    assert gap(batch).reason == "1 change did not come through the feed"


def test_a_change_that_is_only_minutes_old_may_still_come(google: CloudAsset, fed: Watch) -> None:
    google.feeding = False
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=9), {"status": "TERMINATED", "machineType": "e2-small"})
    batch = fed.poll(minutes=5)
    assert len(batch.events) == 1
    assert all(covered.part != "feed" for covered in batch.coverage)


def test_a_long_queue_is_read_in_several_polls_and_what_still_waits_is_not_missed(google: CloudAsset, fed: Watch) -> None:
    for number in range(1100):
        google.put(f"{INSTANCE}-{number}", KIND, fed.now + timedelta(seconds=1), {"status": "RUNNING"})
    first, second = fed.poll(minutes=15), fed.poll(0)
    assert (first.more, second.more) == (True, False)
    assert len({event.id for event in (*first.events, *second.events)}) == 1100
    assert len(google.feed.acknowledged) == 1100
    assert [covered.part for batch in (first, second) for covered in batch.coverage] == ["", ""]


def test_what_was_pulled_before_the_feed_failed_is_told(google: CloudAsset, fed: Watch) -> None:
    google.put(INSTANCE, KIND, fed.now + timedelta(seconds=30), None)
    google.feed.good_pulls = 1
    assert [event.change_type for event in fed.poll().events] == [ChangeType.DELETED]
    google.feed.good_pulls = None
    assert fed.poll().events == ()
    assert google.feed.acknowledged == ["1"]


def test_doctor_says_what_the_feed_lacks_and_takes_no_message(google: CloudAsset, fed: Watch) -> None:
    google.put(INSTANCE, KIND, fed.now, None)

    def seen() -> tuple[CheckState, str]:
        (one,) = [check for check in fed.provider.check(Deadline.after(5)) if check.name.endswith("feed")]
        return one.state, one.says

    assert seen() == (CheckState.GREEN, f"{NAME} can be read")
    google.feed.settings["ackDeadlineSeconds"] = 10
    assert seen() == (CheckState.AMBER, "messages come again after 10 seconds")
    google.feed.get_status = 403
    assert seen()[0] is CheckState.AMBER
    google.feed.status = 404
    assert seen()[0] is CheckState.RED
    assert len(google.feed.waiting) == 1


def test_an_idle_poll_with_a_feed_is_three_requests(google: CloudAsset, fed: Watch) -> None:
    fed.poll()
    google.calls.clear()
    assert fed.poll(minutes=15).events == ()
    assert google.calls == {"SearchAllResources": 1, "pull": 1, "get": 1}
