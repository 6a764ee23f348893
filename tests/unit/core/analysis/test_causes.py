"""What a story's cause says of the events that follow from it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.analysis import habits
from core.analysis.cause import Cause, cause_of
from core.analysis.classify import classify
from core.analysis.comfort import carries_on
from core.analysis.correlate import correlate
from core.analysis.crossing import Doubted, crossed
from core.analysis.habits import keys_of
from core.analysis.signs import Seen, Sign
from core.analysis.ties import node_of
from core.announcement import Announcement
from core.assessment import Severity, Verdict
from core.baseline import Baseline
from core.event import Actor, ActorKind, ChangeType, Event, Intent, IntentKind, ReferenceKind, Scope, Via
from core.subscription import EventFilter
from core.timerange import TimeRange
from core.trait import Trait
from tests.unit.core.changes import ANA, APPLY, BEN, SCALER, T0, at, change, named, node

HORIZON = timedelta(minutes=10)
OWNER, PART_OF, REQUEST, RUN, SAME_AS = (
    ReferenceKind.OWNER, ReferenceKind.PART_OF, ReferenceKind.REQUEST, ReferenceKind.RUN, ReferenceKind.SAME_AS,
)  # fmt: skip
KEEPER = replace(SCALER, id="replicaset-controller", name="replicaset-controller")


def judged(event: Event, story: Sequence[Event], announcements: Sequence[Announcement] = ()) -> Verdict:
    cause = cause_of([node(one) for one in story], announcements)
    one = Seen(node=node_of(event, event.actor), keys=keys_of(event, event.actor), cause=cause, announcements=announcements)
    return classify(one).classification.verdict


def stories(*events: Event) -> set[frozenset[str]]:
    return named(correlate([node(event) for event in events], HORIZON))


def test_two_calls_of_one_sitting_are_one_story_though_each_has_its_request() -> None:
    first = change("disk-1", 0, ANA, refs=((REQUEST, "operation-1"),))
    second = change("disk-2", 1, ANA, refs=((REQUEST, "operation-2"),))
    assert stories(first, second) == {frozenset({"disk-1", "disk-2"})}


def test_calls_with_requests_of_their_own_join_the_run_that_made_them() -> None:
    runner = replace(APPLY, id="runner")
    call = change("fw", 0, runner, refs=((REQUEST, "operation-1"), (SAME_AS, "fw-link")), source="cloud")
    state = change("google_fw.fw", 1, APPLY, refs=((RUN, "net:8"), (SAME_AS, "fw-link")), source="state")
    assert stories(call, state) == {frozenset({"fw", "google_fw.fw"})}


def test_what_a_stack_tool_calls_for_its_starter_is_one_story_with_the_operation_and_another_starters_is_not() -> None:
    robot = replace(APPLY, id="role/rollout", name="rollout", session="", via=Via.SDK, kind=ActorKind.AUTOMATION)
    update = change("stack/mail", 0, robot, refs=((ReferenceKind.STACK_OPERATION, "stack/mail 12"),))
    table = change("mail-items", 1, replace(robot, via=Via.IAC), refs=((REQUEST, "request-2"),))
    other = change("web-items", 1, replace(robot, id="role/other", name="other", via=Via.IAC), refs=((REQUEST, "request-3"),))
    assert stories(update, table, other) == {frozenset({"stack/mail", "mail-items"}), frozenset({"web-items"})}


def in_account(event: Event, region: str = "eu-central-1") -> Event:
    scope = Scope(account="444455556666", region=region)
    return replace(event, resource=replace(event.resource, scope=scope))


def test_what_a_stack_tool_calls_with_a_role_of_its_own_belongs_to_the_only_operation_going_on_there() -> None:
    starter = replace(APPLY, id="role/cdk-deploy", name="cdk-deploy", kind=ActorKind.AUTOMATION)
    caller = replace(APPLY, id="role/cfn-exec", name="AWSCloudFormation", session="exec", tool="CloudFormation")
    pay = in_account(change("stack/pay", 0, starter, refs=((ReferenceKind.STACK_OPERATION, "pay 10"),)))
    mail = in_account(change("stack/mail", 0.5, starter, refs=((ReferenceKind.STACK_OPERATION, "mail 10"),)))
    call = in_account(change("pay-function", 1, caller, refs=((REQUEST, "request-1"),)))
    assert stories(pay, call) == {frozenset({"stack/pay", "pay-function"})}
    assert stories(pay, mail, call) == {frozenset({"stack/pay"}), frozenset({"stack/mail"}), frozenset({"pay-function"})}


def test_an_apply_over_regions_is_one_story_though_it_has_no_session() -> None:
    runner = replace(APPLY, id="terraform", name="terraform")
    calls = [in_account(change(f"net-{region}", n, runner), region) for n, region in enumerate(("", "eu-west-1", "us-east-1"))]
    assert len(stories(*calls)) == 1


def test_two_people_with_requests_stay_two() -> None:
    assert len(stories(change("a", 0, ANA, refs=((REQUEST, "1"),)), change("b", 0, BEN, refs=((REQUEST, "2"),)))) == 2


def test_pods_of_an_autoscale_stay_with_it_right_after_a_deploy() -> None:
    argo = replace(APPLY, via=Via.GITOPS, id="argocd")
    deploy = change("api", 0, argo, uid="api-uid")
    scale = change("api", 4, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,))
    set_up = change("api-1", 4.1, KEEPER, kind="ReplicaSet", refs=((OWNER, deploy.resource.key),))
    found = correlate([node(one) for one in (deploy, scale, set_up)], HORIZON)
    assert {frozenset(one.id for one in group.nodes) for group in found} == {frozenset({deploy.id}), frozenset({scale.id, set_up.id})}


def test_what_follows_from_a_hand_on_what_git_owns_is_unplanned_too() -> None:
    fix = change("api", 0, ANA, refs=((PART_OF, "argocd/c/api"),))
    pod = change("api-1", 0.1, KEEPER, kind="Pod", refs=((OWNER, fix.resource.key),))
    assert judged(pod, [fix, pod]) is Verdict.UNPLANNED


def test_what_a_controller_does_by_itself_stays_routine() -> None:
    pod = change("api-1", 0.1, KEEPER, kind="Pod")
    assert judged(pod, [pod]) is Verdict.ROUTINE


def test_what_follows_from_an_announced_hand_is_planned() -> None:
    window = Announcement(
        id="w", kind="window", title="Move the api", range=TimeRange(start=at(-5), end=at(60)),
        covers=EventFilter(actors=frozenset({ANA.id})),
        source="slack",
    )  # fmt: skip
    fix = change("api", 0, ANA, refs=((PART_OF, "argocd/c/api"),))
    pod = change("api-1", 0.1, KEEPER, kind="Pod", refs=((OWNER, fix.resource.key),))
    assert judged(pod, [fix, pod], [window]) is Verdict.PLANNED


def test_a_burst_of_refusals_colours_its_first_ones_too() -> None:
    refused = [change(f"key-{n}", n / 10, ANA, type=ChangeType.ATTEMPTED, error="denied") for n in range(8)]
    assert cause_of([node(one) for one in refused], ()).refusals == 8
    assert judged(refused[0], refused) is Verdict.UNPLANNED


def test_refusals_far_apart_are_no_burst() -> None:
    refused = [change(f"key-{n}", 5.0 * n, ANA, type=ChangeType.ATTEMPTED, error="denied") for n in range(8)]
    assert cause_of([node(one) for one in refused], ()).refusals == 0
    assert Cause().refusals == 0


def test_a_routine_of_working_days_is_one_though_it_rests_at_the_weekend() -> None:
    row = Baseline(key="same/x")
    for back in range(14, 0, -1):
        day = T0 - timedelta(days=back)
        if day.weekday() < 5:
            row = habits.remembered(row, day)
    found = habits.regularity(row, T0)
    assert found is not None
    assert (found.hits, found.of, found.unit(T0)) == (10, 10, "working days")
    assert habits.regularity(row, T0 + timedelta(days=5)) is None  # a Saturday


def test_an_automation_is_no_hand() -> None:
    assert not cause_of([node(change("a", 0, replace(APPLY, kind=ActorKind.AUTOMATION)))], ()).hand


def test_what_a_controller_carries_on_is_no_cause_of_its_own_but_its_upkeep_is() -> None:
    platform = {"platform": Sign(name="platform", says="it", ref="x", kind="identity")}
    pod = change("api-1", 0, KEEPER, kind="Pod", refs=((OWNER, "rs"),))
    assert carries_on(pod, platform)
    assert not carries_on(pod, {**platform, "upkeep": platform["platform"]})
    assert not carries_on(change("node", 0, KEEPER, kind="Node"), platform)


def test_a_hand_of_doubt_on_the_same_workload_shortly_before_crosses_the_autoscaler() -> None:
    scale = change("api", 4, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,))
    hand = change("api", 3.9, ANA)
    assert crossed([node(scale)], Doubted.of([(node(hand), Verdict.UNPLANNED)]), HORIZON)
    assert crossed([node(scale)], Doubted.of([(node(hand), Verdict.UNKNOWN)]), HORIZON)


def test_nothing_is_crossed_by_what_is_explained_or_far_or_later_or_elsewhere() -> None:
    scale = change("api", 20, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,), refs=((PART_OF, "argocd/c/shop"),))
    elsewhere = change("web", 19, ANA, refs=((PART_OF, "argocd/c/shop"),))
    for hand, verdict in (
        (change("api", 19, ANA), Verdict.PLANNED),
        (change("api", 5, ANA), Verdict.UNPLANNED),
        (change("api", 25, ANA), Verdict.UNPLANNED),
        (elsewhere, Verdict.UNPLANNED),
    ):
        assert not crossed([node(scale)], Doubted.of([(node(hand), verdict)]), HORIZON)


def test_an_identity_made_beside_an_alarming_act_belongs_to_it_and_alone_it_opens_nothing() -> None:
    identity = change("user", 0, BEN, traits=(Trait.CREATES_IDENTITY,))
    admin = change("policy", 1, BEN, traits=(Trait.GRANTS_ADMIN,))
    assert judged(identity, [identity, admin]) is Verdict.UNPLANNED
    assert judged(identity, [identity]) is Verdict.UNKNOWN


def test_a_pipelines_name_explains_nothing_beside_an_alarming_act_of_the_same_key() -> None:
    jenkins = replace(APPLY, id="user/old-jenkins", name="old-jenkins", kind=ActorKind.AUTOMATION, via=Via.SDK, tool="Boto3 1.26")
    identity = change("user", 0, jenkins, traits=(Trait.CREATES_IDENTITY,))
    miners = change("machines", 1, jenkins, type=ChangeType.CREATED, traits=(Trait.STARTS_COMPUTE,))
    admin = change("policy", 2, jenkins, traits=(Trait.GRANTS_ADMIN,))
    assert judged(identity, [identity, miners]) is Verdict.PLANNED
    assert judged(identity, [identity, miners, admin]) is Verdict.UNPLANNED
    assert judged(miners, [identity, miners, admin]) is Verdict.UNPLANNED


def test_what_is_daily_work_is_not_coloured_by_an_alarming_act_beside_it() -> None:
    shares = change("queue", 0, BEN, traits=(Trait.GRANTS_USE,))
    admin = change("policy", 1, BEN, traits=(Trait.GRANTS_ADMIN,))
    assert judged(shares, [shares, admin]) is Verdict.UNKNOWN


def emptied(count: int, every: float = 0.2, **more: Any) -> list[Event]:
    actor, more = more.pop("actor", ANA), {"type": ChangeType.DELETED, "traits": (Trait.DELETES_DATA,), **more}
    return [change(f"bucket-{n}", n * every, actor, **more) for n in range(count)]


def test_many_stores_of_data_destroyed_by_one_hand_are_unplanned_the_first_ones_too() -> None:
    gone = emptied(10)
    cause = cause_of([node(one) for one in gone], ())
    assert cause.destroyed == 10
    told = classify(Seen(node=node(gone[0]), keys=keys_of(gone[0], ANA), cause=cause)).classification
    assert (told.verdict, told.severity) == (Verdict.UNPLANNED, Severity.HIGH)
    assert "10 stores of data, backups or keys destroyed by hand within 10 minutes" in [one.says for one in told.evidence]


@pytest.mark.parametrize(
    "gone",
    [
        emptied(9),
        emptied(10, every=5.0),
        emptied(10, actor=SCALER),
        emptied(10, type=ChangeType.ATTEMPTED, error="denied"),
        [change(f"cache-{n}", n / 10, ANA, type=ChangeType.DELETED) for n in range(20)],
    ],
    ids=["one less", "over an hour", "by a controller", "refused", "nothing that holds data"],
)
def test_fewer_slower_or_other_deletions_are_no_burst(gone: list[Event]) -> None:
    assert cause_of([node(one) for one in gone], ()).destroyed == 0


def test_an_announced_clearing_out_is_planned_however_much_goes() -> None:
    window = Announcement(
        id="w",
        kind="window",
        title="Clear out the old shop",
        range=TimeRange(start=at(-5), end=at(30)),
        covers=EventFilter(kinds=frozenset({"Deployment"})),
        source="person",
    )
    gone = emptied(12)
    assert judged(gone[0], gone, [window]) is Verdict.PLANNED


GITOPS = Intent(kind=IntentKind.GITOPS, says="Argo CD application shop", ref="argocd/c/shop")
SYNC = replace(APPLY, id="argocd", name="Argo CD", via=Via.GITOPS, tool="Argo CD")
PROGRAM = replace(APPLY, id="shop/web", name="shop/web", via=Via.SDK, tool="python-requests/2.31")


def synced() -> Event:
    return change("api", 0, SYNC, intents=(GITOPS,))


@pytest.mark.parametrize(
    "stranger",
    [
        replace(change("api", 3), nameless=True, actor=Actor(via=Via.CLI, tool="kubectl set")),
        replace(change("api", 3), nameless=True, actor=Actor(tool="agent")),
        change("api", 3, Actor(id="system:anonymous", name="system:anonymous")),
        change("api", 3, PROGRAM, traits=(Trait.PRIVILEGED_WORKLOAD,)),
    ],
    ids=["a hand's tool", "a tool of its own", "somebody unknown", "a program that makes it privileged"],
)
def test_a_sync_speaks_for_nobody_who_touches_the_same_thing_beside_it(stranger: Event) -> None:
    assert judged(stranger, [synced(), stranger]) in (Verdict.UNKNOWN, Verdict.UNPLANNED)


def test_a_sync_speaks_for_the_same_change_as_a_source_without_names_tells_it() -> None:
    snapshot = replace(change("api", 0.5), nameless=True)
    assert judged(snapshot, [synced(), snapshot]) is Verdict.PLANNED


def test_a_program_that_nothing_declares_makes_nothing_planned_that_follows_it() -> None:
    scaled = change("api", 0, PROGRAM, type=ChangeType.SCALED)
    pod = change("api-1", 0.1, KEEPER, kind="Pod", refs=((OWNER, scaled.resource.key),))
    assert cause_of([node(scaled), node(pod)], ()).machinery == ""
    deployer = replace(PROGRAM, id="shop/gitlab-ci-deployer", name="shop/gitlab-ci-deployer")
    assert cause_of([node(replace(scaled, actor=deployer)), node(pod)], ()).machinery
