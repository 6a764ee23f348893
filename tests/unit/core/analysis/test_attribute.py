"""Who did it, joined from what other sources know of the same change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.analysis.attribute import attribute
from core.event import Actor, ChangeType, Event, FieldChange
from core.trait import Trait
from tests.unit.core.changes import ANA, BEN, NOBODY, SCALER, change


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


def of_fields(event: Event, *paths: str) -> Event:
    return replace(event, changes=tuple(FieldChange(path=path, before=None, after="x") for path in paths))


@pytest.mark.parametrize(
    ("what", "act", "same"),
    [
        (ChangeType.DELETED, ChangeType.MODIFIED, False),
        (ChangeType.CREATED, ChangeType.MODIFIED, False),
        (ChangeType.MODIFIED, ChangeType.DELETED, False),
        (ChangeType.MODIFIED, ChangeType.EXECUTED, False),
        (ChangeType.STOPPED, ChangeType.STARTED, False),
        (ChangeType.MOVED, ChangeType.MODIFIED, False),
        (ChangeType.DELETED, ChangeType.DELETED, True),
        (ChangeType.REPLACED, ChangeType.CREATED, True),
        (ChangeType.MODIFIED, ChangeType.STOPPED, True),
    ],
)
def test_an_act_of_another_sort_names_nobody_for_the_change(what: ChangeType, act: ChangeType, same: bool) -> None:
    found = attribute(replace(seen(), change_type=what), [replace(by(BEN, 9), change_type=act)], ())
    assert found.actor.known is same


def test_who_changed_other_fields_is_not_named_where_both_are_spelled_alike() -> None:
    opened = of_fields(seen(), "ingress")
    assert not attribute(opened, [of_fields(by(BEN, 9), "tags")], ()).actor.known
    assert attribute(opened, [of_fields(by(BEN, 9), "groups.Ingress")], ()).actor.id == BEN.id
    assert attribute(opened, [by(BEN, 9)], ()).actor.id == BEN.id, "an act that tells no fields may have set any"
    other_words = of_fields(replace(by(BEN, 9), provider="aws"), "ipPermissions")
    assert attribute(opened, [other_words], ()).actor.id == BEN.id, "another layer's words cannot be compared"


def test_who_only_labels_or_only_scales_made_no_other_change() -> None:
    opened = of_fields(replace(seen(), provider="terraform"), "ingress")
    labelled = of_fields(replace(by(BEN, 9), traits=frozenset({Trait.TAGS})), "tagSet")
    scaled = replace(by(SCALER, 9), change_type=ChangeType.SCALED)
    assert not attribute(opened, [labelled], ()).actor.known
    assert not attribute(opened, [scaled], ()).actor.known
    assert attribute(replace(opened, traits=frozenset({Trait.SCALES})), [scaled], ()).actor.id == SCALER.id
