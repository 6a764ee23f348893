"""Evidence weighed: what speaks for and against, and what is never calm."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis import rules
from core.analysis.classify import classify
from core.analysis.habits import keys_of, remembered
from core.analysis.signs import Seen, severity_of
from core.analysis.teaching import key_of
from core.analysis.ties import node_of
from core.announcement import Announcement
from core.assessment import Severity, Verdict
from core.baseline import Baseline
from core.event import Actor, ActorKind, ChangeType, Event, Intent, IntentKind, Via
from core.settings import AnalysisSettings
from core.subscription import EventFilter
from core.timerange import TimeRange
from core.trait import Trait
from tests.unit.core.changes import ANA, APPLY, BEN, NOBODY, SCALER, T0, at, change

CI = Actor(kind=ActorKind.AUTOMATION, id="arn:role/deploy/GitHubActions", name="GitHubActions", via=Via.SDK)
ROOT = replace(BEN, name="root", privileged=True)
SCRIPT = Actor(kind=ActorKind.AUTOMATION, id="svc-billing", name="svc-billing", via=Via.SDK)


def seen(event: Event, **more: object) -> Seen:
    return Seen(node=node_of(event, event.actor), keys=keys_of(event, event.actor), **more)  # type: ignore[arg-type]


def verdict(event: Event, **more: object) -> Verdict:
    return classify(seen(event, **more)).classification.verdict


def reason(kind: IntentKind, says: str = "as written") -> tuple[Intent, ...]:
    return (Intent(kind=kind, says=says, ref="r-1"),)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (change("vpc", 0, APPLY), Verdict.PLANNED),
        (change("vpc", 0, CI), Verdict.PLANNED),
        (change("api", 0, replace(ANA, via=Via.GITOPS)), Verdict.PLANNED),
        (change("api", 0, ANA, intents=reason(IntentKind.RELEASE)), Verdict.PLANNED),
        (change("api", 0, ANA, intents=reason(IntentKind.CHANGE_CAUSE, "OPS-812 roll back")), Verdict.PLANNED),
        (change("api", 0, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,)), Verdict.ROUTINE),
        (change("api", 0, ANA), Verdict.UNKNOWN),
        (change("api", 0, NOBODY), Verdict.UNKNOWN),
        (change("api", 0, SCRIPT), Verdict.UNKNOWN),
        (change("sg", 0, BEN, traits=(Trait.EXPOSES_PUBLICLY,)), Verdict.UNPLANNED),
        (change("trail", 0, NOBODY, traits=(Trait.STOPS_LOGGING,)), Verdict.UNPLANNED),
        (change("key", 0, SCRIPT, traits=(Trait.CREATES_CREDENTIAL,)), Verdict.UNPLANNED),
        (change("sg", 0, APPLY, traits=(Trait.EXPOSES_PUBLICLY,), intents=reason(IntentKind.RUN)), Verdict.PLANNED),
        (change("root", 0, ROOT), Verdict.UNKNOWN),
        (change("user", 0, ROOT, traits=(Trait.CREATES_IDENTITY,)), Verdict.UNPLANNED),
        # The administrator that a cluster is made with is who works on a small one every day.
        (change("user", 0, replace(BEN, privileged=True), traits=(Trait.CREATES_IDENTITY,)), Verdict.UNKNOWN),
        (change("pod", 0, replace(BEN, privileged=True), traits=(Trait.DISMANTLES_NETWORK,)), Verdict.UNPLANNED),
        (change("user", 0, BEN, traits=(Trait.CREATES_IDENTITY,)), Verdict.UNKNOWN),
        (change("user", 0, BEN, traits=(Trait.CREATES_IDENTITY, Trait.CREATES_CREDENTIAL)), Verdict.UNPLANNED),
        (change("queue", 0, BEN, traits=(Trait.GRANTS_USE,)), Verdict.UNKNOWN),
        (change("acl", 0, BEN, traits=(Trait.RETIRES_NETWORK_GUARD,), type=ChangeType.DELETED), Verdict.UNKNOWN),
        (change("pair", 0, BEN, traits=(Trait.CREATES_KEY_PAIR,)), Verdict.UNKNOWN),
        (change("bucket", 0, BEN, traits=(Trait.DELETES_DATA,), type=ChangeType.DELETED), Verdict.UNKNOWN),
        (change("pod", 0, SCALER, traits=(Trait.PRIVILEGED_WORKLOAD,)), Verdict.UNPLANNED),
        (change("db", 0, NOBODY, traits=(Trait.CHANGES_SECRET,)), Verdict.UNPLANNED),
        (replace(change("db", 0, NOBODY, traits=(Trait.CHANGES_SECRET,)), nameless=True), Verdict.UNKNOWN),
        (replace(change("db", 0, NOBODY, traits=(Trait.GRANTS_ADMIN,)), nameless=True), Verdict.UNPLANNED),
        # The firewall of a public load balancer, laid by the cluster itself.
        (change("fw", 0, SCALER, traits=(Trait.EXPOSES_PUBLICLY,)), Verdict.UNKNOWN),
        (change("fw", 0, SCALER, traits=(Trait.EXPOSES_PUBLICLY, Trait.SHARES_OUTSIDE)), Verdict.UNPLANNED),
        (change("x", 0, replace(BEN, id="role/break-glass", name="break-glass")), Verdict.UNPLANNED),
    ],
)
def test_what_an_act_is_and_who_does_it_decide(event: Event, expected: Verdict) -> None:
    assert verdict(event) is expected


def test_every_verdict_but_unknown_has_weighed_evidence() -> None:
    told = classify(seen(change("vpc", 0, APPLY))).classification
    assert told.evidence[0].weight is not None
    assert told.evidence[0].weight > 0
    against = classify(seen(change("sg", 0, BEN, traits=(Trait.EXPOSES_PUBLICLY,)))).classification
    assert against.evidence[0].weight is not None
    assert against.evidence[0].weight < 0


def test_a_person_named_like_a_pipeline_is_still_a_person() -> None:
    assert verdict(change("api", 0, replace(ANA, id="jenkins-fan@example.com"))) is Verdict.UNKNOWN


@pytest.mark.parametrize("tool", ["curl 8.7.1", "Wget 1.21", "PostmanRuntime 7.32", "python-requests 2.31.0", "Mozilla 5.0", "AWS console"])
def test_a_deployment_identity_that_acts_with_a_bare_client_is_not_believed_by_its_name(tool: str) -> None:
    event = change("vpc", 0, replace(CI, tool=tool))
    assert verdict(event) is Verdict.UNKNOWN
    assert verdict(event, settings=AnalysisSettings(ci_identities=("*/GitHubActions",))) is Verdict.PLANNED


def test_a_deployment_identity_in_a_browser_is_not_believed_by_its_name() -> None:
    assert verdict(change("vpc", 0, replace(CI, via=Via.CONSOLE))) is Verdict.UNKNOWN


def test_a_deployment_identity_explains_nothing_that_was_run_inside_by_its_name() -> None:
    event = change("worker", 0, CI, kind="Pod", type=ChangeType.EXECUTED, traits=(Trait.EXECUTES_IN_WORKLOAD,))
    assert verdict(event) is Verdict.UNPLANNED
    assert verdict(event, settings=AnalysisSettings(ci_identities=("*/GitHubActions",))) is Verdict.PLANNED


def test_settings_may_name_more_deployment_identities() -> None:
    event = change("api", 0, SCRIPT)
    assert verdict(event, settings=AnalysisSettings(ci_identities=("svc-*",))) is Verdict.PLANNED


def test_a_window_explains_only_what_it_covers_while_it_lasts() -> None:
    window = Announcement(
        id="w",
        kind="window",
        title="Upgrade",
        range=TimeRange(start=at(-5), end=at(5)),
        covers=EventFilter(kinds=frozenset({"Deployment"})),
        source="person",
    )
    assert verdict(change("api", 0, ANA), announcements=(window,)) is Verdict.PLANNED
    assert verdict(change("api", 0, ANA, kind="Secret"), announcements=(window,)) is Verdict.UNKNOWN
    assert verdict(change("api", 6, ANA), announcements=(window,)) is Verdict.UNKNOWN


def habit(event: Event, weeks: int) -> dict[str, Baseline]:
    key = keys_of(event, event.actor).same
    row = Baseline(key=key)
    for week in range(weeks, 0, -1):
        row = remembered(row, T0 - timedelta(weeks=week))
    return {key: row}


def test_a_learned_routine_is_routine_and_says_how_often() -> None:
    event = change("report", 0, SCRIPT)
    told = classify(seen(event, baselines=habit(event, 12)))
    assert told.classification.verdict is Verdict.ROUTINE
    assert "12 of the last 12 Mondays near 10:00 UTC" in [one.says for one in told.classification.evidence]


def test_habit_alone_never_makes_a_security_sensitive_act_routine() -> None:
    event = change("role", 0, SCRIPT, traits=(Trait.GRANTS_ADMIN,))
    assert verdict(event, baselines=habit(event, 12)) is Verdict.UNPLANNED


def test_refused_attempts_in_a_burst_are_unplanned() -> None:
    event = change("secret", 0, SCRIPT, type=ChangeType.ATTEMPTED, error="denied")
    key = keys_of(event, SCRIPT).attempts
    row = Baseline(key=key, count=12, recent=tuple(at(-n / 10) for n in range(12, 0, -1)))
    told = classify(seen(event, baselines={key: row})).classification
    assert told.verdict is Verdict.UNPLANNED
    assert told.severity.rank >= Severity.MEDIUM.rank


def test_severity_is_an_axis_of_its_own() -> None:
    planned = classify(seen(change("sg", 0, APPLY, traits=(Trait.EXPOSES_PUBLICLY,), intents=reason(IntentKind.RUN)))).classification
    assert (planned.verdict, planned.severity) == (Verdict.PLANNED, Severity.HIGH)
    assert severity_of(frozenset({Trait.STOPS_LOGGING, Trait.DELETES_DATA}), ChangeType.DELETED)[0] is Severity.CRITICAL
    assert severity_of(frozenset({Trait.EXPOSES_PUBLICLY}), ChangeType.ATTEMPTED)[0] is Severity.MEDIUM


_FOR = {
    IntentKind.RUN,
    IntentKind.STACK,
    IntentKind.PIPELINE,
    IntentKind.COMMIT,
    IntentKind.RELEASE,
    IntentKind.TICKET,
    IntentKind.CHANGE_CAUSE,
}


@given(
    kinds=st.sets(st.sampled_from(sorted(_FOR)), max_size=4),
    more=st.sampled_from(sorted(_FOR)),
    actor=st.sampled_from([ANA, BEN, APPLY, SCALER, NOBODY, CI, SCRIPT]),
    traits=st.sets(st.sampled_from(sorted(Trait)), max_size=3),
    type=st.sampled_from(sorted(ChangeType)),
)
def test_adding_a_reason_never_lowers_the_odds_of_planned(
    kinds: set[IntentKind], more: IntentKind, actor: Actor, traits: set[Trait], type: ChangeType
) -> None:
    def share(reasons: set[IntentKind]) -> float:
        intents = tuple(Intent(kind=kind, says="as written", ref="r") for kind in sorted(reasons))
        return classify(seen(change("x", 0, actor, traits=tuple(traits), type=type, intents=intents))).shares[Verdict.PLANNED]

    assert share(kinds | {more}) >= share(kinds) - 1e-12


def test_every_rule_has_a_reason_and_a_source_and_tells_a_sign_it_needs() -> None:
    for rule in rules.weighings():
        assert rule.why, rule.name
        assert rule.source.startswith(("https://", "docs/")), rule.name
        assert rule.tells in rule.when, rule.name
        # What takes surprise away speaks against unplanned; nothing is ever taken from planned or routine.
        assert rule.weight > 0 or rule.verdict is Verdict.UNPLANNED, rule.name
        assert not rule.when & rule.unless, rule.name


def test_every_security_sensitive_trait_is_medium_or_graver_and_has_its_source() -> None:
    for trait, row in rules.traits().items():
        assert row.source.startswith("https://"), trait
        assert not row.guarded or row.severity.rank >= Severity.MEDIUM.rank, trait


def test_a_hand_on_what_machinery_always_deploys_is_unplanned_and_on_what_hands_change_too_it_is_not() -> None:
    hand = change("api", 0, ANA)
    key = keys_of(hand, ANA).same
    deployed = Baseline(key=key)
    for day in range(6, 1, -1):
        deployed = remembered(deployed, T0 - timedelta(days=day, hours=day), side="machinery")
    by_both = remembered(remembered(deployed, T0 - timedelta(days=1), side="hand"), T0 - timedelta(hours=20), side="hand")
    assert verdict(hand, baselines={key: deployed}) is Verdict.UNPLANNED
    assert verdict(hand, baselines={key: by_both}) is Verdict.UNKNOWN
    assert verdict(change("api", 0, CI), baselines={key: deployed}) is Verdict.PLANNED


def test_what_a_program_does_every_night_surprises_nobody_but_is_never_routine_where_it_is_sensitive() -> None:
    clears = change("snapshot", 0, SCRIPT, type=ChangeType.DELETED, traits=(Trait.DESTROYS_BACKUP,))
    key = keys_of(clears, SCRIPT).actor_kind
    nightly = Baseline(key=key)
    for day in range(10, 0, -1):
        nightly = remembered(nightly, T0 - timedelta(days=day))
    assert verdict(clears) is Verdict.UNPLANNED
    assert verdict(clears, baselines={key: nightly}) is Verdict.UNKNOWN
    by_hand = replace(clears, actor=BEN)
    assert (
        verdict(by_hand, baselines={keys_of(by_hand, BEN).actor_kind: replace(nightly, key=keys_of(by_hand, BEN).actor_kind)})
        is Verdict.UNPLANNED
    )


STACK = replace(BEN, via=Via.IAC, tool="CloudFormation")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (change("vpc", 0, STACK), Verdict.PLANNED),
        (change("role", 0, STACK, traits=(Trait.CREATES_IDENTITY,)), Verdict.PLANNED),
        (change("role", 0, STACK, traits=(Trait.GRANTS_ACCESS,)), Verdict.PLANNED),
        (change("key", 0, STACK, traits=(Trait.CREATES_CREDENTIAL,)), Verdict.UNKNOWN),
        (change("bucket", 0, STACK, traits=(Trait.EXPOSES_PUBLICLY, Trait.GRANTS_ACCESS)), Verdict.UNPLANNED),
        (change("key", 0, STACK, traits=(Trait.CREATES_CREDENTIAL,), intents=reason(IntentKind.STACK)), Verdict.PLANNED),
        # A record that contradicts itself: AWS calls from its own name, not from an address.
        (change("trust", 0, replace(STACK, network="1.2.3.0/24"), traits=(Trait.CHANGES_TRUST,)), Verdict.UNKNOWN),
        (change("trail", 0, replace(STACK, network="1.2.3.0/24"), traits=(Trait.STOPS_LOGGING,)), Verdict.UNPLANNED),
    ],
)
def test_a_stacks_tool_explains_a_sensitive_act_only_with_its_operation(event: Event, expected: Verdict) -> None:
    assert verdict(event) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("AccessDenied: not authorized to perform this", Verdict.UNPLANNED),
        ("LimitExceededException: Cannot exceed quota for AccessKeysPerUser: 2", Verdict.UNKNOWN),
        ('services "web" already exists', Verdict.UNKNOWN),
        ("TrailNotFoundException: Unknown trail", Verdict.UNKNOWN),
        # Vendors hide from strangers whether a thing is there, and a name in quotes is whatever somebody chose.
        ("AccessDenied: the key does not exist, or you are not allowed to use it", Verdict.UNPLANNED),
        ('the user "notfound-bot" cannot create this', Verdict.UNPLANNED),
        ("you can't do this: access denied; whether it's there and what's in it was not found", Verdict.UNPLANNED),
    ],
)
def test_what_failed_for_its_own_sake_weighs_little(error: str, expected: Verdict) -> None:
    assert verdict(change("key", 0, BEN, type=ChangeType.ATTEMPTED, traits=(Trait.CREATES_CREDENTIAL,), error=error)) is expected


def daily(event: Event) -> dict[str, Baseline]:
    """The event's actor did the like every day, on this thing and on others."""
    keys = keys_of(event, event.actor)
    rows = {key: Baseline(key=key) for key in (keys.same, keys.actor_kind)}
    return {key: remembered_daily(row) for key, row in rows.items()}


def remembered_daily(row: Baseline) -> Baseline:
    for day in range(14, 0, -1):
        row = remembered(row, T0 - timedelta(days=day))
    return row


def test_what_a_person_does_every_day_to_one_thing_is_no_habit_with_another() -> None:
    usual, other = change("toy", 0, ANA), change("payments", 0, ANA)
    assert verdict(usual, baselines=daily(usual)) is Verdict.ROUTINE
    alike = {key: row for key, row in daily(other).items() if key != keys_of(other, ANA).same}
    assert verdict(other, baselines=alike) is Verdict.UNKNOWN
    program = replace(other, actor=SCRIPT)
    assert verdict(program, baselines={keys_of(program, SCRIPT).actor_kind: remembered_daily(Baseline(key="acts"))}) is Verdict.ROUTINE


def test_that_a_hand_deletes_the_same_thing_every_day_makes_no_deletion_routine() -> None:
    gone = change("toy", 0, ANA, type=ChangeType.DELETED)
    assert verdict(gone, baselines=daily(gone)) is Verdict.UNKNOWN


def test_a_habit_of_one_environment_is_none_of_another() -> None:
    assert keys_of(change("a", environment="dev"), SCRIPT).actor_kind != keys_of(change("a"), SCRIPT).actor_kind


def test_what_people_say_of_one_persons_changes_teaches_nothing_about_anothers_or_another_place() -> None:
    toys = key_of(change("toy", 0, ANA, namespace="dev"), ANA)
    assert toys == key_of(change("toy-2", 0, ANA, namespace="dev"), ANA)
    assert toys != key_of(change("toy", 0, BEN, namespace="dev"), BEN)
    assert toys != key_of(change("toy", 0, ANA, namespace="pay"), ANA)
