"""What counts as taken back: only what is wholly the other way round, and stays so."""

from dataclasses import replace

import pytest

from core.analysis.undoing import by_whom, takes_back
from core.assessment import Assessment, Correlation
from core.event import ChangeType, Event, FieldChange
from core.json import JsonValue
from core.trait import Trait
from core.unified import UnifiedEvent
from tests.unit.core.changes import ANA, BEN, T0, change


def field(path: str, before: JsonValue, after: JsonValue) -> FieldChange:
    return FieldChange(path=path, before=before, after=after)


def changed(minutes: float, *changes: FieldChange, **more: object) -> Event:
    return replace(change("api", minutes, ANA, **more), changes=changes)  # type: ignore[arg-type]


def unified(event: Event) -> UnifiedEvent:
    assessment = Assessment(event_id=event.id, revision=1, assessed_at=T0, correlation=Correlation(story_id="s", confidence=1.0))
    return UnifiedEvent(event=event, assessment=assessment)


OPENED = changed(0, field("ingress", None, "tcp 22 0.0.0.0/0"))
CLOSED = changed(12, field("ingress", "tcp 22 0.0.0.0/0", None))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (OPENED, CLOSED),
        (changed(0, field("replicas", 3, 0)), changed(1, field("replicas", 0, 3), field("image", "a", "b"))),
        (change("api", 0, type=ChangeType.CREATED), change("api", 5, type=ChangeType.DELETED)),
        (change("trail", 0, type=ChangeType.STOPPED), change("trail", 5, type=ChangeType.STARTED)),
    ],
)
def test_a_change_is_taken_back_by_its_opposite(earlier: Event, later: Event) -> None:
    assert takes_back(later, earlier)
    assert not takes_back(earlier, later)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(changed(5, field("ingress", "tcp 443 0.0.0.0/0", None)), id="another rule"),
        pytest.param(changed(5, field("ingress", "tcp 22 0.0.0.0/0", "tcp 22 10.0.0.0/8")), id="something else instead"),
        pytest.param(replace(CLOSED, resource=change("web").resource), id="another resource"),
        pytest.param(replace(CLOSED, change_type=ChangeType.ATTEMPTED, error="denied"), id="only tried"),
        pytest.param(changed(-5, field("ingress", "tcp 22 0.0.0.0/0", None)), id="before it"),
        pytest.param(changed(5), id="without fields"),
    ],
)
def test_what_is_not_its_opposite_takes_nothing_back(later: Event) -> None:
    assert not takes_back(later, OPENED)


def test_half_of_it_taken_back_is_not_taken_back() -> None:
    both = changed(0, field("ingress", None, "tcp 22 0.0.0.0/0"), field("ingress", None, "tcp 3389 0.0.0.0/0"))
    assert not takes_back(CLOSED, both)


def test_another_thing_of_the_same_name_takes_nothing_back() -> None:
    made, gone = change("api", 0, type=ChangeType.CREATED, uid="one"), change("api", 5, type=ChangeType.DELETED, uid="two")
    assert not takes_back(gone, made)


def of_aws(minutes: float, action: str, type: ChangeType, *changes: FieldChange, kind: str = "AWS::IAM::User", trait: Trait) -> Event:
    event = change("bob", minutes, BEN, kind=kind, provider="aws", type=type, traits=(trait,))
    return replace(event, native_action=action, changes=changes)


def test_a_part_of_a_resource_that_goes_takes_back_no_other_part() -> None:
    made = of_aws(0, "iam:CreateAccessKey", ChangeType.CREATED, trait=Trait.CREATES_CREDENTIAL)
    gone = of_aws(5, "iam:DeleteAccessKey", ChangeType.DELETED, trait=Trait.REVOKES_ACCESS)
    assert not takes_back(gone, made)
    user = of_aws(0, "iam:CreateUser", ChangeType.CREATED, trait=Trait.CREATES_IDENTITY)
    assert takes_back(of_aws(5, "iam:DeleteUser", ChangeType.DELETED, trait=Trait.DELETES_RESOURCE), user)
    assert not takes_back(gone, user)
    streaming = of_aws(0, "rds:StopActivityStream", ChangeType.STOPPED, kind="AWS::RDS::DBCluster", trait=Trait.STOPS_LOGGING)
    assert not takes_back(of_aws(5, "rds:StartDBCluster", ChangeType.STARTED, kind="AWS::RDS::DBCluster", trait=Trait.SCALES), streaming)


def test_a_right_given_is_taken_back_where_the_same_one_is_taken() -> None:
    admin = field("policyArn", None, "arn:aws:iam::aws:policy/AdministratorAccess")
    given = of_aws(0, "iam:AttachUserPolicy", ChangeType.MODIFIED, admin, trait=Trait.GRANTS_ADMIN)
    taken = of_aws(5, "iam:DetachUserPolicy", ChangeType.MODIFIED, admin, trait=Trait.REVOKES_ACCESS)
    other = replace(taken, changes=(field("policyArn", None, "arn:aws:iam::aws:policy/ReadOnlyAccess"),))
    assert takes_back(taken, given)
    assert not takes_back(other, given)
    assert not takes_back(given, taken)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(changed(20, field("ingress", None, "tcp 0-65535 0.0.0.0/0")), id="in a wider form"),
        pytest.param(replace(changed(20), traits=frozenset({Trait.EXPOSES_PUBLICLY}), native_action="another act"), id="by another act"),
        pytest.param(changed(20, type=ChangeType.CREATED), id="the thing is made anew"),
        pytest.param(changed(12, field("ingress", None, "tcp 22 0.0.0.0/0")), id="in the second of the undoing"),
    ],
)
def test_what_is_done_again_in_whatever_form_is_not_taken_back(again: Event) -> None:
    opened = replace(OPENED, traits=frozenset({Trait.EXPOSES_PUBLICLY}))
    since = [unified(one) for one in (opened, CLOSED, replace(again, native_id="again", id="again"))]
    assert by_whom(since[0], since[:2]) is since[1]
    assert by_whom(since[0], since) is None


def test_what_is_only_refused_or_taken_away_besides_brings_nothing_back() -> None:
    refused = replace(changed(20, field("ingress", None, "tcp 22 0.0.0.0/0")), change_type=ChangeType.ATTEMPTED, error="denied")
    narrower = changed(21, field("ingress", "tcp 443 0.0.0.0/0", None))
    labelled = changed(22, field("labels.team", None, "pay"))
    since = [unified(one) for one in (OPENED, CLOSED, refused, narrower, labelled)]
    assert by_whom(since[0], since) is since[1]


def test_acts_of_one_second_take_nothing_back_in_either_order() -> None:
    closed = replace(CLOSED, occurred_at=OPENED.occurred_at)
    assert not takes_back(closed, OPENED)
    assert not takes_back(OPENED, closed)


def test_what_a_state_no_longer_holds_may_still_be_there() -> None:
    made = change("aws_instance.web", 0, type=ChangeType.CREATED, provider="terraform")
    assert not takes_back(change("aws_instance.web", 5, type=ChangeType.DELETED, provider="terraform"), made)


def test_another_source_takes_nothing_back() -> None:
    assert not takes_back(replace(CLOSED, source="elsewhere"), OPENED)


def test_what_is_done_again_afterwards_is_not_taken_back() -> None:
    again = changed(20, field("ingress", None, "tcp 22 0.0.0.0/0"))
    closed_again = changed(30, field("ingress", "tcp 22 0.0.0.0/0", None))
    since = [unified(one) for one in (OPENED, CLOSED, again, closed_again)]
    opened = since[0]
    assert by_whom(opened, since[:1]) is None
    assert by_whom(opened, since[:2]) is since[1]
    assert by_whom(opened, since[:3]) is None
    assert by_whom(opened, since) is since[3]
