"""The audit log tells at once, the inventory minutes later: each change is told, none is swallowed, and nobody is blamed for another's."""

from datetime import timedelta

from core.batch import Batch
from core.event import ChangeType
from tests.components.cloud_asset import CloudAsset
from tests.unit.core.providers.gcp.given import FIREWALL, INSTANCE, Watch, audited

KIND, WALL = "compute.googleapis.com/Instance", "compute.googleapis.com/Firewall"


def told(batch: Batch) -> list[tuple[str, str, list[tuple[object, object]]]]:
    return [(event.change_type.value, event.actor.name, [(c.before, c.after) for c in event.changes]) for event in batch.events]


def test_a_difference_that_the_inventory_shows_late_is_told_with_who_it_was(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    at = watch.now + timedelta(seconds=20)
    google.entries.append(audited("v1.compute.firewalls.patch", FIREWALL, at))
    assert told(watch.poll()) == [("modified", "ana", [])]
    assert told(watch.poll()) == []
    google.put(FIREWALL, WALL, at, {"sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}]})
    assert told(watch.poll()) == [("modified", "ana", [(["10.0.0.0/8"], ["0.0.0.0/0"])])]
    assert told(watch.poll()) == []


def test_a_second_change_is_not_taken_for_the_first_ones(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    at = watch.now + timedelta(seconds=20)
    google.entries.append(audited("v1.compute.instances.stop", INSTANCE, at))
    google.put(INSTANCE, KIND, at, {"status": "TERMINATED", "machineType": "e2-small"})
    assert told(watch.poll()) == [("stopped", "ana", [("RUNNING", "TERMINATED")])]
    google.put(INSTANCE, KIND, at + timedelta(minutes=2), {"status": "TERMINATED", "machineType": "e2-large"})
    assert told(watch.poll(minutes=2)) == [("modified", "", [("e2-small", "e2-large")])], "nobody knows who that was"


def test_what_was_made_is_told_once_though_the_inventory_shows_it_later(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    at, name = watch.now + timedelta(seconds=20), f"{INSTANCE}-new"
    google.entries.append(audited("v1.compute.instances.insert", name, at))
    (made,) = watch.poll().events
    assert made.change_type is ChangeType.CREATED
    google.put(name, KIND, at, {"status": "RUNNING"})
    assert told(watch.poll()) == []
    assert f"asset/{name}" in watch.rows.rows


def test_the_cursor_forgets_acts_that_are_read_no_more(google: CloudAsset, watch: Watch) -> None:
    watch.poll()
    google.entries.append(audited("v1.compute.instances.stop", INSTANCE, watch.now + timedelta(seconds=20)))
    assert len(watch.poll().cursor.state["acts"]) == 1
    watch.poll(minutes=12)
    assert watch.poll().cursor.state["acts"] == {}
