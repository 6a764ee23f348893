"""Who did it, joined from what other sources know of the same change."""

from dataclasses import replace
from datetime import timedelta

from core.analysis.attribute import attribute
from core.event import Actor, Event
from tests.unit.core.changes import ANA, BEN, NOBODY, change


def seen(minutes: float = 10, since: float | None = 8) -> Event:
    """A change of the bucket that its own source names nobody for, made between `since` and `minutes`."""
    event = change("bucket", minutes, NOBODY, uid="arn:bucket", source="state")
    return event if since is None else replace(event, occurred_after=event.occurred_at - timedelta(minutes=minutes - since))


def by(actor: Actor, minutes: float) -> Event:
    return change(f"bucket-{minutes}", minutes, actor, uid="arn:bucket", source="trail")


def test_the_record_of_the_change_names_who_made_it() -> None:
    found = attribute(seen(), [by(ANA, 9)], ())
    assert (found.actor.id, [one.says for one in found.evidence]) == (ANA.id, ["trail saw Ana change it"])


def test_of_two_people_the_one_nearest_to_the_moment_made_it() -> None:
    assert attribute(seen(since=None), [by(ANA, 9), by(BEN, 12)], ()).actor.id == ANA.id


def test_nobody_is_named_where_two_people_changed_it_in_that_time() -> None:
    found = attribute(seen(), [by(BEN, 8.5), by(ANA, 9.5)], ())
    says = ["which of Ana and Ben made this change is not known", *(f"trail saw {who} change it in that time" for who in ("Ana", "Ben"))]
    assert (found.actor.known, [one.says for one in found.evidence]) == (False, says)
    assert [one.ref for one in found.evidence[1:]] == [by(ANA, 9.5).id, by(BEN, 8.5).id], "each record can be found again"
    assert attribute(seen(), [by(ANA, 9.5), by(BEN, 8.5)], ()) == found, "the order of arrival does not matter"


def test_each_source_that_saw_one_of_several_people_is_named() -> None:
    other = replace(by(BEN, 8.5), source="events")
    _, *saw = attribute(seen(), [by(ANA, 9.5), other], ()).evidence
    assert [one.says for one in saw] == ["events saw Ben change it in that time", "trail saw Ana change it in that time"]


def test_two_records_of_one_person_name_that_person() -> None:
    assert attribute(seen(), [by(ANA, 8.5), by(ANA, 9.5), by(BEN, 14)], ()).actor.id == ANA.id
