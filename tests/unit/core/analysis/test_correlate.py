"""One cause, one story."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.correlate import correlate
from core.event import ActorKind, ChangeType, Event, ReferenceKind, Via
from core.trait import Trait
from tests.unit.core.changes import ANA, APPLY, BEN, NOBODY, SCALER, change, named, node, partition

HORIZON = timedelta(minutes=10)
RUN, OWNER, MOUNTS, TARGETS, SAME_AS, ROLLOUT = (
    ReferenceKind.RUN,
    ReferenceKind.OWNER,
    ReferenceKind.MOUNTS,
    ReferenceKind.TARGETS,
    ReferenceKind.SAME_AS,
    ReferenceKind.ROLLOUT,
)


def stories(*events: Event) -> set[frozenset[str]]:
    return named(correlate([node(event) for event in events], HORIZON))


def both(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_changes_of_one_run_are_one_story_however_long_it_takes() -> None:
    vpc = change("vpc", 0, APPLY, refs=((RUN, "lineage:8"),))
    db = change("db", 45, APPLY, refs=((RUN, "lineage:8"),))
    assert stories(vpc, db) == {both("vpc", "db")}


def test_two_applies_at_once_by_different_people_stay_two() -> None:
    ana = replace(APPLY, kind=ActorKind.HUMAN, id="ana", name="Ana", session="s-ana")
    ben = replace(APPLY, kind=ActorKind.HUMAN, id="ben", name="Ben", session="s-ben")
    found = stories(
        change("a1", 0, ana, refs=((RUN, "net:1"),)),
        change("b1", 0.1, ben, refs=((RUN, "app:1"),)),
        change("a2", 0.2, ana, refs=((RUN, "net:1"),)),
        change("b2", 0.3, ben, refs=((RUN, "app:1"),)),
    )
    assert found == {both("a1", "a2"), both("b1", "b2")}


def test_the_audit_records_of_two_applies_each_go_to_their_own() -> None:
    ana = replace(APPLY, kind=ActorKind.HUMAN, id="ana", name="Ana", session="s-ana")
    ben = replace(APPLY, kind=ActorKind.HUMAN, id="ben", name="Ben", session="s-ben")
    states = [
        change("a1", 2, NOBODY_BY_IAC, refs=((RUN, "net:1"), (SAME_AS, "arn:a1")), source="tf"),
        change("b1", 2, NOBODY_BY_IAC, refs=((RUN, "app:1"), (SAME_AS, "arn:b1")), source="tf"),
    ]
    records = [change("A1", 1, ana, uid="arn:a1", source="trail"), change("B1", 1, ben, uid="arn:b1", source="trail")]
    rest = [change("A-tags", 1.1, ana, source="trail"), change("B-tags", 1.1, ben, source="trail")]
    assert stories(*states, *records, *rest) == {both("a1", "A1", "A-tags"), both("b1", "B1", "B-tags")}


NOBODY_BY_IAC = replace(APPLY, kind=ActorKind.UNKNOWN)


def test_a_manual_fix_in_the_middle_of_an_apply_is_its_own_story() -> None:
    apply = [change(name, minutes, APPLY, refs=((RUN, "net:1"),)) for name, minutes in (("vpc", 0), ("route", 4))]
    fix = change("route", 2, BEN, number=1)
    groups = partition(correlate([node(event) for event in (*apply, fix)], HORIZON))
    assert frozenset({fix.id}) in groups
    assert frozenset(event.id for event in apply) in groups


def test_a_hand_and_machinery_in_one_session_are_told_apart() -> None:
    shared = replace(ANA, session="role/ana", via=Via.CONSOLE)
    terraform = replace(shared, via=Via.IAC)
    assert stories(change("bucket", 0, terraform), change("group", 1, shared)) == {both("bucket"), both("group")}


def test_a_rollout_during_an_autoscale_is_two_stories() -> None:
    rollout = change("api", 0, APPLY, refs=((ROLLOUT, "api:7"),), type=ChangeType.MODIFIED)
    pods = change("api-7", 1, SCALER, kind="ReplicaSet", refs=((ROLLOUT, "api:7"), (OWNER, rollout.resource.key)))
    scale = change("api", 0.5, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,))
    groups = partition(correlate([node(event) for event in (rollout, pods, scale)], HORIZON))
    assert groups == {frozenset({rollout.id, pods.id}), frozenset({scale.id})}


def test_an_autoscaler_edited_by_a_person_explains_the_scale_it_made() -> None:
    api = change("api", 1, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,))
    edit = change("scaler", 0, ANA, kind="HorizontalPodAutoscaler", refs=((TARGETS, api.resource.key),))
    assert stories(edit, api) == {both("scaler", "api")}


def test_names_that_share_a_prefix_never_join() -> None:
    api = change("api", 0, NOBODY)
    gateway = change("api-gateway", 0.1, SCALER, kind="Deployment")
    canary = change("api-canary", 0.2, NOBODY, kind="ReplicaSet", refs=((OWNER, "kubernetes/shop/Deployment/api-canary"),))
    assert stories(api, gateway, canary) == {both("api"), both("api-gateway"), both("api-canary")}


def test_a_config_map_its_workload_and_their_pods_are_one_story() -> None:
    config = change("settings", 0, ANA, kind="ConfigMap")
    restart = change("web", 1, SCALER, refs=((MOUNTS, config.resource.key),))
    pods = change("web-5", 1.5, SCALER, kind="ReplicaSet", refs=((OWNER, restart.resource.key),))
    assert stories(config, restart, pods) == {both("settings", "web", "web-5")}


def test_machinery_without_a_session_works_on_one_application_at_a_time() -> None:
    sync = replace(APPLY, id="gitops", name="gitops", via=Via.GITOPS)
    shop, pay = ((ReferenceKind.PART_OF, "argocd/east/shop"),), ((ReferenceKind.PART_OF, "argocd/east/pay"),)
    found = stories(change("a", 0, sync, refs=shop), change("b", 0.1, sync, refs=pay), change("c", 0.2, sync, refs=shop))
    assert found == {both("a", "c"), both("b")}


def test_the_same_resource_in_two_layers_is_one_story() -> None:
    state = change("aws_instance.web", 5, NOBODY_BY_IAC, source="tf", refs=((RUN, "web:3"), (SAME_AS, "arn:i-1")))
    record = change("i-1", 1, replace(APPLY, id="role/ci", session="gha-77"), source="trail", uid="arn:i-1")
    assert stories(state, record) == {both("aws_instance.web", "i-1")}


def test_a_change_found_between_two_polls_joins_what_happened_in_between() -> None:
    spanned = change("i-1", 60, NOBODY_BY_IAC, uid="arn:i-1", source="assets", after=change("x").occurred_at)
    record = change("I-1", 20, APPLY, uid="arn:i-1", source="trail", refs=((RUN, "web:3"),))
    assert stories(spanned, record) == {both("i-1", "I-1")}


def test_nearness_in_time_alone_is_a_weak_tie() -> None:
    run = change("vpc", 0, APPLY, refs=((RUN, "net:1"),))
    stray = change("orphan", 0.5, NOBODY)
    groups = correlate([node(run), node(stray)], HORIZON)
    assert partition(groups) == {frozenset({run.id, stray.id})}
    assert groups[0].confidence(stray.id) < 0.5


def test_nearness_to_two_causes_says_nothing() -> None:
    one = change("vpc", 0, APPLY, refs=((RUN, "net:1"),))
    two = change("db", 0.2, APPLY, refs=((RUN, "app:1"),))
    assert stories(one, two, change("orphan", 0.1, NOBODY)) == {both("vpc"), both("db"), both("orphan")}


def test_a_neutral_change_never_glues_two_causes_together() -> None:
    one = change("shared", 0, APPLY, refs=((RUN, "net:1"),))
    two = change("shared", 2, APPLY, refs=((RUN, "app:1"),), number=2)
    between = change("shared", 1, NOBODY, number=3)
    groups = partition(correlate([node(event) for event in (one, two, between)], HORIZON))
    assert frozenset({one.id, two.id, between.id}) not in groups
    assert len(groups) == 2


def test_confidence_grows_with_the_ties() -> None:
    a, b = (change(name, 0, APPLY, refs=((RUN, "r"),)) for name in "ab")
    sure = correlate([node(a), node(b)], HORIZON)[0]
    sitting = correlate([node(change("a", 0, ANA)), node(change("b", 1, ANA))], HORIZON)[0]
    assert sure.confidence(a.id) > sitting.confidence(sitting.nodes[0].id) > 0.5


_ACTORS = st.sampled_from([ANA, BEN, APPLY, SCALER, NOBODY, replace(ANA, session="s1"), replace(APPLY, session="s1", id="ci")])
_REFS = st.lists(
    st.tuples(st.sampled_from([RUN, ROLLOUT, OWNER, MOUNTS, SAME_AS]), st.sampled_from(["x", "y", "kubernetes/shop/Deployment/a"])),
    max_size=2,
    unique=True,
)
_EVENTS = st.lists(
    st.builds(
        change,
        st.sampled_from("abcd"),
        st.floats(0, 9.5).map(lambda m: round(m, 1)),
        _ACTORS,
        refs=_REFS.map(tuple),
        number=st.integers(0, 10_000),
        traits=st.sampled_from([(), (Trait.SCALES,)]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda event: event.id,
)


@settings(max_examples=200, deadline=None)
@given(events=_EVENTS, seed=st.randoms())
def test_order_does_not_change_the_partition(events: list[Event], seed: object) -> None:
    shuffled = list(events)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert partition(correlate(map(node, events), HORIZON)) == partition(correlate(map(node, shuffled), HORIZON))


@settings(max_examples=200, deadline=None)
@given(events=_EVENTS)
def test_no_group_holds_two_runs_that_nothing_names_together(events: list[Event]) -> None:
    """Every tie is between two that may have one cause."""
    for group in correlate(map(node, events), HORIZON):
        by_id = {one.id: one for one in group.nodes}
        for joins in group.joins.values():
            assert all(join.to in by_id and 0 < join.strength < 1 for join in joins)
