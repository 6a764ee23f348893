"""What every store promises of deliveries, pushes and readers."""

from datetime import timedelta
from typing import Any

import pytest

from core.delivery import DeliveryState, Parked, Receipt
from core.ports import InboxRow
from core.subscription import ComfortMode, EventFilter, Feedback, Mute, Subscription, Watermark
from storage import SqlStore, open_store
from storage.deliveries import LEASE
from tests.contracts.stores import at, commit, delivery


def receipt(revision: int, story: str = "s1", minutes: float = 0.0) -> Receipt:
    return Receipt(destination="C1", story_id=story, revision=revision, message=f"ts{revision}", sent_at=at(minutes))


def keys(found: Any) -> list[str]:
    return [one.delivery.key for one in found]


def test_a_delivery_is_due_from_its_time_on_and_claimed_once(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1, minutes=5)]))
    assert store.deliveries.due(at(4)) == []
    assert keys(store.deliveries.due(at(5))) == ["C1|s1|1"]
    claimed = store.deliveries.claim("C1|s1|1", at(5))
    assert claimed is not None
    assert (claimed.state, claimed.attempts, claimed.claimed_at) == (DeliveryState.SENDING, 1, at(5))
    assert store.deliveries.claim("C1|s1|1", at(5)) is None
    assert store.deliveries.claim("gone", at(5)) is None


def test_a_delivery_whose_key_is_there_already_is_left_as_it_is(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1)]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.deliveries.sent("C1|s1|1", receipt(1))
    store.work.commit(commit(deliveries=[delivery(1)]))
    assert store.deliveries.due(at(9)) == []
    assert store.deliveries.counts() == {"sent": 1}


def test_of_a_storys_waiting_revisions_only_the_newest_is_due(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1), delivery(2), delivery(3), delivery(1, "s2"), delivery(1, destination="C2")]))
    assert set(keys(store.deliveries.due(at(0)))) == {"C1|s1|3", "C1|s2|1", "C2|s1|1"}
    assert store.deliveries.counts() == {"due": 3, "skipped": 2}


def test_a_revision_waiting_for_its_time_does_not_hold_up_the_one_before(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1), delivery(2, minutes=60)]))
    assert keys(store.deliveries.due(at(0))) == ["C1|s1|1"]


def test_a_postponed_revision_is_skipped_once_a_later_one_was_sent(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1)]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.deliveries.postpone("C1|s1|1", at(30), "rate limited")
    store.work.commit(commit(deliveries=[delivery(2)]))
    store.deliveries.claim("C1|s1|2", at(1))
    store.deliveries.sent("C1|s1|2", receipt(2))
    assert store.deliveries.due(at(60)) == []
    assert store.deliveries.receipt("C1", "s1") == receipt(2)


def test_what_a_crash_left_in_sending_is_due_again_and_says_so(lasting_url: str) -> None:
    first = open_store(lasting_url)
    first.work.commit(commit(deliveries=[delivery(1)]))
    assert first.deliveries.claim("C1|s1|1", at(0)) is not None
    first.close()
    second = open_store(lasting_url)
    (found,) = second.deliveries.due(at(0) + LEASE)
    assert (found.state, found.attempts) == (DeliveryState.SENDING, 1)
    again = second.deliveries.claim(found.delivery.key, at(6))
    assert again is not None
    assert again.attempts == 2
    second.close()


@pytest.mark.component("postgres")
def test_what_another_process_is_sending_is_not_taken_from_it(postgres_url: str) -> None:
    one, other = open_store(postgres_url), open_store(postgres_url)
    one.work.commit(commit(deliveries=[delivery(1)]))
    one.deliveries.claim("C1|s1|1", at(0))
    assert other.deliveries.due(at(0) + LEASE - timedelta(seconds=1)) == []
    assert other.deliveries.claim("C1|s1|1", at(1)) is None
    one.close()
    other.close()


def test_a_receipt_is_never_replaced_by_an_older_one(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1), delivery(2)]))
    store.deliveries.sent("C1|s1|2", receipt(2))
    store.deliveries.sent("C1|s1|1", receipt(1))
    assert store.deliveries.receipt("C1", "s1") == receipt(2)
    assert store.deliveries.receipt("C1", "s2") is None


def test_a_failed_delivery_is_counted_with_its_reason_and_not_due(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1)]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.deliveries.fail("C1|s1|1", "channel_not_found")
    assert store.deliveries.due(at(9)) == []
    assert store.deliveries.counts() == {"failed": 1}


def test_what_is_parked_waits_with_the_stories_beside_it_and_is_released_at_once(store: SqlStore) -> None:
    quiet = delivery(1, "s3", minutes=600)
    store.work.commit(commit(deliveries=[delivery(1), delivery(1, "s2"), quiet, delivery(1, destination="C2")]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.deliveries.park("C1|s1|1", at(30), "I am not in the channel")
    assert keys(store.deliveries.due(at(1))) == ["C2|s1|1"]
    assert store.deliveries.parked() == [Parked(destination="C1", messages=2, why="I am not in the channel")]
    assert keys(store.deliveries.due(at(30))) == ["C2|s1|1", "C1|s1|1", "C1|s2|1"], "tried again, released or not"
    assert store.deliveries.release("C1", at(2)) == 2
    assert keys(store.deliveries.due(at(2))) == ["C2|s1|1", "C1|s1|1", "C1|s2|1"]
    assert store.deliveries.claim("C1|s1|1", at(2)) is not None
    assert store.deliveries.parked() == []
    assert store.deliveries.counts() == {"due": 3, "sending": 1}


def test_a_newer_revision_overtakes_a_parked_one(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1)]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.deliveries.park("C1|s1|1", at(30), "I am not in the channel")
    store.work.commit(commit(deliveries=[delivery(2)]))
    assert keys(store.deliveries.due(at(1))) == ["C1|s1|2"]
    assert store.deliveries.counts() == {"due": 1, "skipped": 1}


def test_an_attempt_is_remembered_when_a_newer_revision_overtakes_it(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1), delivery(1, "s2")]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.work.commit(commit(deliveries=[delivery(2), delivery(2, "s2")]))
    assert keys(store.deliveries.due(at(1))) == ["C1|s1|2", "C1|s2|2"]
    assert store.deliveries.tried("C1", "s1")
    assert not store.deliveries.tried("C1", "s2"), "nobody tried it"
    assert not store.deliveries.tried("C2", "s1")


def test_a_delivery_of_which_nothing_is_left_to_tell_is_no_failure_and_not_due(store: SqlStore) -> None:
    store.work.commit(commit(deliveries=[delivery(1)]))
    store.deliveries.claim("C1|s1|1", at(0))
    store.deliveries.skip("C1|s1|1", "it is told with the older story that it was merged into")
    assert store.deliveries.due(at(9)) == []
    assert store.deliveries.counts() == {"skipped": 1}


# --- inbox ---------------------------------------------------------------------------------------------------------------


def push(key: str, topic: str = "") -> InboxRow:
    return InboxRow(key=key, kind="slack", topic=topic, body=b"\x00\xff", received_at=at(0))


def test_a_redelivered_push_is_known_for_one_even_when_it_is_done(store: SqlStore) -> None:
    assert store.inbox.put(push("a"))
    assert not store.inbox.put(push("a"))
    store.inbox.done(["a"], at(1))
    assert not store.inbox.put(push("a"))
    assert store.inbox.pending("slack") == []


def test_pending_pushes_come_oldest_first_by_kind_and_topic(store: SqlStore) -> None:
    for row in (push("a", "eks"), push("b", "gke"), push("c", "eks")):
        store.inbox.put(row)
    assert [(row.key, row.body) for row in store.inbox.pending("slack", "eks")] == [("a", b"\x00\xff"), ("c", b"\x00\xff")]
    assert [row.key for row in store.inbox.pending("slack", limit=2)] == ["a", "b"]
    assert store.inbox.pending("k8s-audit") == []


def test_what_a_batch_used_up_is_done_with_its_commit(store: SqlStore) -> None:
    store.inbox.put(push("a"))
    store.inbox.put(push("b"))
    store.work.commit(commit(handled=("a",)))
    assert [row.key for row in store.inbox.pending("slack")] == ["b"]


# --- people --------------------------------------------------------------------------------------------------------------


def test_a_watermark_moves_and_goes_back_once(store: SqlStore) -> None:
    assert store.watermarks.get("U1") is None
    assert store.watermarks.undo("U1") is None
    first = store.watermarks.mark("U1", 10, at(0))
    second = store.watermarks.mark("U1", 20, at(5))
    assert store.watermarks.mark("U1", 20, at(9)) == second
    assert second == Watermark(reader="U1", sequence=20, read_at=at(5), previous_sequence=10, previous_read_at=at(0))
    back = Watermark(reader="U1", sequence=first.sequence, read_at=first.read_at)
    assert store.watermarks.undo("U1") == back
    assert store.watermarks.undo("U1") is None
    assert store.watermarks.get("U1") == back


def test_a_first_watermark_is_taken_back_to_none(store: SqlStore) -> None:
    store.watermarks.mark("U1", 10, at(0))
    assert store.watermarks.undo("U1") is None
    assert store.watermarks.get("U1") is None


def test_a_mute_ends_by_itself_or_by_hand(store: SqlStore) -> None:
    mutes = [
        Mute(id=name, destination="C1", filter=EventFilter(text="web"), until=at(until), by="U1", at=at(0))
        for name, until in (("a", 10), ("b", 20))
    ]
    for mute in mutes:
        store.mutes.save(mute)
    assert store.mutes.active(at(9)) == mutes
    assert store.mutes.active(at(10)) == mutes[1:]
    store.mutes.remove("b")
    assert store.mutes.active(at(0)) == mutes[:1]


def test_a_subscription_is_replaced_by_its_destination(store: SqlStore) -> None:
    store.subscriptions.save(Subscription(destination="C1"))
    quieter = Subscription(destination="C1", comfort_mode=ComfortMode.OFF)
    store.subscriptions.save(quieter)
    assert store.subscriptions.all() == [quieter]
    assert store.subscriptions.get("C1") == quieter
    store.subscriptions.remove("C1")
    assert store.subscriptions.get("C1") is None


def test_feedback_is_found_by_what_it_is_about(store: SqlStore) -> None:
    said = [Feedback(about="e1", by=by, at=at(minutes), says="wrong") for by, minutes in (("U2", 2), ("U1", 1))]
    for one in said:
        store.feedback.save(one)
    assert store.feedback.about(["e1", "e2"]) == said[::-1]
