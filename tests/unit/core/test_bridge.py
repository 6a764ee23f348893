"""EventBridge over a store: stories, late arrivals, merges, failing steps, comfort and its limits."""

import random
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.chronicle import assign
from core.analysis.correlate import Group
from core.announcement import Announcement
from core.assessment import Assessment, Correlation, Overrule, Verdict
from core.batch import Batch, Cursor, ManagedResource
from core.bridge import EventBridge, Steps
from core.coverage import Coverage, CoverageState
from core.event import Actor, ActorKind, ChangeType, Event, FieldChange, Intent, IntentKind, ReferenceKind, Via
from core.followup import FollowUps
from core.ingest import Ingest
from core.lookback import LookBack
from core.observation import Health, Observation, Signal
from core.overrule import Overrules
from core.settings import AnalysisSettings
from core.story import Settling
from core.subscription import EventFilter, Subscription
from core.timerange import TimeRange
from core.trait import Trait
from core.unified import UnifiedEvent
from tests.unit.core.changes import ANA, APPLY, BEN, NOBODY, SCALER, T0, at, change, node
from tests.unit.core.small_store import SmallStore

RUN, SAME_AS = ReferenceKind.RUN, ReferenceKind.SAME_AS
RUN_INTENT = (Intent(kind=IntentKind.RUN, says="Terraform apply network-upgrade", ref="run-812"),)


@dataclass
class World:
    """One store with what works on it, and a clock that the test moves."""

    now: datetime = T0
    store: SmallStore = field(default_factory=SmallStore)
    settings: AnalysisSettings = field(default_factory=AnalysisSettings)

    def __post_init__(self) -> None:
        ports = self.ports
        self.bridge = EventBridge(ports, settings=self.settings, clock=lambda: self.now)
        self.look_back = LookBack(ports, settings=self.settings, clock=lambda: self.now)
        self.ingest = Ingest(ports, self.bridge, clock=lambda: self.now)
        self.follow_ups = FollowUps(ports, self.ingest, self.look_back, clock=lambda: self.now)
        self.overrules = Overrules(ports, self.look_back, self.ingest)

    @property
    def ports(self) -> Any:
        """The store as the ports that it is wide enough for."""
        return self.store

    def take(self, *events: Event, until: float | None = None, source: str = "cluster", since: float = -60, **batch: Any) -> None:
        """A poll at minute `until` (else at the last event) that read its source whole since minute `since`."""
        self.now = at(until) if until is not None else max([self.now, *(event.occurred_at for event in events)])
        read = Coverage(source=source, range=TimeRange(start=at(since), end=self.now), state=CoverageState.READ, complete_until=self.now)
        coverage = batch.pop("coverage", (read,))
        self.ingest.take(source, Batch(cursor=Cursor(), events=events, coverage=coverage, **batch))

    def replay(self, batches: Sequence[Sequence[Event]]) -> None:
        for events in batches:
            self.ingest.take("cluster", Batch(cursor=Cursor(), events=tuple(events)), backfilled=True)


def applied(name: str, minutes: float, **more: Any) -> Event:
    return change(name, minutes, APPLY, refs=((RUN, "net:8"),), intents=RUN_INTENT, **more)


def healthy(event: Event, minutes: float, health: Health = Health.HEALTHY, says: str = "3 of 3 ready") -> Observation:
    return Observation(source="cluster", resource=event.resource, signal=Signal.ROLLOUT, health=health, at=at(minutes), says=says)


def test_an_apply_is_planned_and_told_once() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    vpc, route = applied("vpc", 0), applied("route", 1)
    world.take(vpc, route)
    (story,) = world.store.told.values()
    assert story.verdict is Verdict.PLANNED
    assert story.cause == "Terraform apply network-upgrade"
    assert story.counts == {"modified": 2}
    assert [delivery.story_id for delivery in world.store.sent.values()] == [story.id]


def test_a_pipeline_over_two_environments_is_one_story_of_both() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1", filter=EventFilter(environments=frozenset({"prod"})))]
    world.take(applied("api", 0, environment="staging"), applied("web", 1, environment="staging"))
    assert not world.store.sent
    world.take(applied("api", 3, environment="prod"))
    (story,) = world.store.told.values()
    assert (story.environment, story.places, story.event_count) == ("staging", ("staging", "prod"), 3)
    assert [delivery.story_id for delivery in world.store.sent.values()] == [story.id]


def test_doubt_about_two_people_stays_where_only_one_of_them_is_loaded_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large story only the newest events are loaded; what they rest on is looked up."""
    world = World()

    def made(actor: Actor, minutes: float) -> Event:
        return change("bucket", minutes, actor, uid="arn:bucket", source="trail")

    run = ((RUN, "net:8"),)
    ben = change("bucket", 1, BEN, uid="arn:bucket", source="trail", refs=run)
    world.take(ben, change("route", 2.9, BEN, source="trail", refs=run), made(ANA, 2), source="trail")
    snapshot = change("bucket", 3, uid="arn:bucket", after=at(0))
    world.take(snapshot)
    assert len(world.store.unified(snapshot.id).assessment.attribution.evidence) == 3
    monkeypatch.setattr("core.loading.MOST_EVENTS_OF_A_STORY", 1)
    world.take(made(ANA, 2.5), source="trail")
    assert not world.store.unified(snapshot.id).actor.known


def test_a_second_witness_that_comes_late_takes_the_name_back() -> None:
    world = World()
    snapshot = change("bucket", 3, uid="arn:bucket", after=at(0))
    world.take(snapshot)
    world.take(change("bucket", 1, BEN, uid="arn:bucket", source="trail"), source="trail")
    assert world.store.unified(snapshot.id).actor.id == BEN.id
    world.take(change("bucket", 2, ANA, uid="arn:bucket", source="trail"), source="trail")
    told = world.store.unified(snapshot.id)
    assert (told.actor.known, told.assessment.because) == (False, "which of Ana and Ben made this change is not known")


def counted(world: World) -> dict[str, int]:
    """How many changes each actor is counted for, of those who are counted for any."""
    rows: Counter[str] = Counter()
    for commit in world.store.commits:
        for one in commit.conclusions.activities:
            rows[one.actor] += one.changes
            assert one.changes == one.planned + one.unplanned + one.routine + one.unknown
    return {name: changes for name, changes in rows.items() if changes}


def test_a_change_counts_for_whoever_it_turns_out_to_be_and_no_longer_where_the_name_is_taken_back() -> None:
    world = World()
    world.take(change("bucket", 3, uid="arn:bucket", after=at(0)))
    assert counted(world) == {}
    world.take(change("bucket", 1, BEN, uid="arn:bucket", source="trail"), source="trail")
    assert counted(world) == {BEN.id: 2}
    world.take(change("bucket", 2, ANA, uid="arn:bucket", source="trail"), source="trail")
    assert counted(world) == {BEN.id: 1, ANA.id: 1}


def test_a_name_is_taken_back_also_where_the_story_stays_as_it_is() -> None:
    world, run = World(), ((RUN, "net:8"),)
    snapshot = change("bucket", 3, uid="arn:bucket", after=at(0), refs=run)
    world.take(snapshot)
    world.take(change("bucket", 1, BEN, uid="arn:bucket", source="trail", refs=run), source="trail")
    story = world.store.unified(snapshot.id).correlation_id
    world.take(change("bucket", 2, ANA, uid="arn:bucket", source="trail"), source="trail")
    told = world.store.unified(snapshot.id)
    assert (told.actor.known, told.correlation_id) == (False, story)


def test_a_batch_taken_twice_is_stored_and_told_once() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    event = change("api", 0, ANA)
    world.take(event)
    before = (dict(world.store.told), dict(world.store.rows), dict(world.store.sent))
    world.take(event)
    assert (world.store.told, world.store.rows, world.store.sent) == before


def test_an_ordinary_change_that_nothing_explains_is_unknown() -> None:
    world = World()
    event = change("api", 0, ANA)
    world.take(event)
    assert world.store.unified(event.id).verdict is Verdict.UNKNOWN
    assert not world.store.unified(event.id).assessment.comfort.reassures


def test_a_late_arrival_joins_and_gives_the_earlier_change_a_reason() -> None:
    world = World()
    record = change(
        "i-1", 0, replace(APPLY, kind=ActorKind.AUTOMATION, id="role/x", via=Via.SDK, tool="", session="s1"), uid="arn:i-1", source="trail"
    )
    world.take(record, source="trail")
    assert world.store.unified(record.id).verdict is Verdict.UNKNOWN
    state = change(
        "aws_instance.web", 3, APPLY, refs=((RUN, "web:3"), (SAME_AS, "arn:i-1")), intents=RUN_INTENT, source="tf", provider="terraform"
    )
    world.take(state, source="tf")
    after = world.store.unified(record.id)
    assert after.verdict is Verdict.PLANNED
    assert after.assessment.revision == 2
    assert "Terraform apply network-upgrade" in after.assessment.because
    assert world.store.partition() == {frozenset({record.id, state.id})}
    assert next(iter(world.store.told.values())).revision == 2


def test_two_stories_that_turn_out_to_be_one_the_older_lives_on() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    first = change("a", 0, replace(APPLY, session="s1", id="ci"), uid="arn:a", source="trail")
    second = change("b", 1, replace(APPLY, session="s2", id="ci"), uid="arn:b", source="trail")
    world.take(first, source="trail")
    world.take(second, source="trail")
    assert len(world.store.partition()) == 2
    older = world.store.unified(first.id).correlation_id
    newer = world.store.unified(second.id).correlation_id
    both = [
        change(f"tf.{name}", 2, APPLY, refs=((RUN, "r:1"), (SAME_AS, f"arn:{name}")), intents=RUN_INTENT, source="tf", provider="terraform")
        for name in "ab"
    ]
    world.take(*both, source="tf")
    assert len(world.store.partition()) == 1
    assert world.store.unified(second.id).correlation_id == older
    assert world.store.told[newer].merged_into == older
    assert world.store.told[newer].revision == 2
    assert world.store.told[older].event_count == 4
    assert world.store.told[older].counts == {"modified": 4}


def test_a_story_is_never_given_the_id_of_another_however_often_its_first_event_moves() -> None:
    """The first event of several leaves a story again and again; those that it left live on without being at hand."""
    first = change("a", 0)
    group = Group(nodes=(node(first),), joins={})
    made = [assign([group], {}, {}, {})[0].story_id]
    for revision in range(1, 5):
        correlation = Correlation(story_id=made[-1], confidence=1.0)
        stored = Assessment(event_id=first.id, revision=revision, assessed_at=T0, correlation=correlation)
        made.append(assign([group], {first.id: UnifiedEvent(event=first, assessment=stored)}, {}, {})[0].story_id)
    assert len(set(made)) == len(made)


def test_a_storm_is_one_story_however_large_it_grows() -> None:
    world = World()
    storm = [change(f"pod-{n}", n / 100, ANA, kind="Pod", type=ChangeType.DELETED) for n in range(1200)]
    for start in range(0, len(storm), 100):
        world.replay([storm[start : start + 100]])
    (story,) = world.store.told.values()
    assert story.event_count == 1200
    assert story.counts == {"deleted": 1200}
    late = [change(f"pod-late-{n}", minutes, ANA, kind="Pod", type=ChangeType.DELETED) for n, minutes in enumerate((1.005, 15, 25))]
    world.replay([late])
    assert sorted(one.event_count for one in world.store.told.values()) == [1203]


def test_batches_taken_at_the_same_time_are_counted_as_if_one_after_the_other() -> None:
    world = World()
    batches = [[change(f"pod-{n}-{m}", n / 100 + m / 1000, ANA, kind="Pod") for m in range(3)] for n in range(12)]
    start = threading.Barrier(len(batches))

    def take(events: list[Event]) -> None:
        start.wait()
        world.replay([events])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(batches)) as pool:
            list(pool.map(take, batches))
    finally:
        sys.setswitchinterval(interval)
    (story,) = (one for one in world.store.told.values() if not one.merged_into)
    assert story.event_count == 36
    assert world.store.rows["like/kubernetes/Pod/modified/prod"].count == 36


def test_what_code_owns_changed_by_hand_is_unplanned_and_says_that_it_will_be_undone() -> None:
    world = World()
    event = change("web", 0, BEN, uid="arn:web")
    owned = ManagedResource(
        source="tf", address="aws_instance.web", kind="aws_instance", aliases=("arn:web",), workspace="prod", since=at(-9999)
    )
    world.take(event, managed=(owned,))
    one = world.store.unified(event.id)
    assert one.verdict is Verdict.UNPLANNED
    assert any("will undo it at the next apply" in evidence.says for evidence in one.evidence)


def test_what_gitops_tracks_changed_by_hand_is_unplanned() -> None:
    world = World()
    event = change("payments", 0, ANA, refs=((ReferenceKind.PART_OF, "argocd/eks-main/payments"),))
    world.take(event)
    one = world.store.unified(event.id)
    assert one.verdict is Verdict.UNPLANNED
    assert one.evidence[0].says == "the GitOps application payments owns this and will undo it at the next sync"


def test_a_change_that_undoes_the_one_before_says_so() -> None:
    world = World()
    forth = replace(change("api", 0, ANA), changes=(FieldChange(path="image", before="api:1", after="api:2"),))
    back = replace(change("api", 30, ANA), changes=(FieldChange(path="image", before="api:2", after="api:1"),))
    world.take(forth)
    world.take(back)
    assert "it undoes the change of 10:00 UTC" in [one.says for one in world.store.unified(back.id).evidence]
    assert not [one for one in world.store.unified(forth.id).evidence if "undoes" in one.says]


def test_what_is_done_beside_an_unexplained_grave_act_is_unplanned_too() -> None:
    world = World()
    stop, keys = change("vm", 0, BEN, type=ChangeType.STOPPED), change("user", 2, BEN, traits=(Trait.CREATES_CREDENTIAL,))
    world.take(stop)
    assert world.store.unified(stop.id).verdict is Verdict.UNKNOWN
    world.take(keys)
    after = world.store.unified(stop.id)
    assert after.verdict is Verdict.UNPLANNED
    assert after.assessment.because == "since then: in one sitting with: a new long-lived credential"


def test_a_window_explains_what_it_covers_and_nothing_else() -> None:
    world = World()
    window = Announcement(
        id="w1",
        kind="window",
        title="Network upgrade",
        range=TimeRange(start=at(-10), end=at(50)),
        covers=EventFilter(environments=frozenset({"prod"})),
        source="person",
    )
    world.store.said["w1"] = window
    inside, outside = change("a", 0, ANA), change("b", 0, BEN, environment="staging")
    world.take(inside, outside)
    assert world.store.unified(inside.id).verdict is Verdict.PLANNED
    assert world.store.unified(outside.id).verdict is Verdict.UNKNOWN


def test_a_run_told_late_explains_what_it_did() -> None:
    world = World()
    event = change("db", 0, replace(APPLY, via=Via.SDK, id="role/x", tool=""), uid="arn:db")
    world.take(event)
    assert world.store.unified(event.id).verdict is Verdict.UNKNOWN
    run = Announcement(
        id="hcp-1",
        kind="run",
        title="run 812",
        range=TimeRange(start=at(-2), end=at(5)),
        covers=EventFilter(resource_keys=frozenset({event.resource.key})),
        source="tf",
        reference="run-812",
    )
    world.take(until=8, announcements=(run,))
    assert world.store.unified(event.id).verdict is Verdict.PLANNED
    assert world.store.unified(event.id).assessment.revision == 2


def test_a_security_sensitive_act_by_hand_is_unplanned_and_never_calms() -> None:
    world = World()
    event = change("sg-1", 0, BEN, kind="SecurityGroup", traits=(Trait.EXPOSES_PUBLICLY, Trait.OPENS_NETWORK))
    world.take(event)
    one = world.store.unified(event.id)
    assert (one.verdict, one.severity.value, one.assessment.comfort.reassures) == (Verdict.UNPLANNED, "high", False)


def weeks_of_scaling(world: World, days: int = 15) -> Event:
    for day in range(days, 0, -1):
        event = change("api", 0, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,), when=T0 - timedelta(days=day))
        world.replay([[event]])
    return change("api", 0, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,))


def test_a_habit_is_routine_counted_and_comforts_where_the_source_was_read() -> None:
    world = World()
    event = weeks_of_scaling(world)
    world.take(event, until=1)
    one = world.store.unified(event.id)
    assert one.verdict is Verdict.ROUTINE
    assert one.assessment.comfort.reassures
    assert "14 of the last 14 days near 10:00 UTC" in one.reassurance_text
    assert one.assessment.context.similar == 15


def test_no_comfort_is_spoken_across_a_gap() -> None:
    world = World()
    event = weeks_of_scaling(world)
    gap = Coverage(
        source="cluster", range=TimeRange(start=at(0.2), end=at(0.6)), state=CoverageState.GAP, complete_until=at(0.2), reason="timed out"
    )
    parts = [(-60, 0.2), (0.6, 1)]
    read = [
        Coverage(source="cluster", range=TimeRange(start=at(a), end=at(b)), state=CoverageState.READ, complete_until=at(b))
        for a, b in parts
    ]
    world.take(event, until=1, coverage=(*read, gap))
    assert world.store.unified(event.id).verdict is Verdict.ROUTINE
    assert not world.store.unified(event.id).assessment.comfort.reassures


def test_no_comfort_where_the_source_was_never_read() -> None:
    world = World()
    event = weeks_of_scaling(world)
    world.replay([[event]])
    assert not world.store.unified(event.id).assessment.comfort.reassures


def test_backfilled_changes_are_never_told_nor_followed_up() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    world.replay([[change("sg", 0, BEN, traits=(Trait.EXPOSES_PUBLICLY,))]])
    assert not world.store.sent
    assert not world.store.watched


def fails(*_: object) -> NoReturn:
    raise ZeroDivisionError("made to fail")


@pytest.mark.parametrize("step", ["attribute", "correlate", "classify", "context", "comfort"])
def test_a_step_that_raises_costs_that_step_and_is_tried_again(step: str) -> None:
    world = World()
    event = applied("vpc", 0)
    sound = world.ingest
    broken = Ingest(
        world.ports, EventBridge(world.ports, clock=lambda: world.now, steps=replace(Steps(), **{step: fails})), clock=lambda: world.now
    )
    broken.take("cluster", Batch(cursor=Cursor(), events=(event,)))
    one = world.store.unified(event.id)
    assert one.verdict is Verdict.UNKNOWN
    assert one.assessment.failed_steps == (step,)
    assert [evidence.ref for evidence in one.evidence if evidence.kind == "step"] == [event.id]
    assert broken.reassess() == 0
    assert sound.reassess() == 1
    again = world.store.unified(event.id)
    assert (again.verdict, again.assessment.failed_steps, again.assessment.revision) == (Verdict.PLANNED, (), 2)
    assert again.assessment.because == f"{step} tried again"
    assert sound.reassess() == 0


def test_a_planned_change_settles_and_comforts_with_what_was_seen() -> None:
    world = World()
    world.store.subscribed = [Subscription(destination="C1")]
    event = applied("api", 0)
    world.take(event, until=1)
    story_id = world.store.unified(event.id).correlation_id
    assert world.store.told[story_id].settling is Settling.WATCHING
    world.take(until=11, observations=(healthy(event, 10.5),))
    assert world.follow_ups.settle() == 1
    story = world.store.told[story_id]
    assert story.settling is Settling.SETTLED
    assert story.settling_says == "3 of 3 ready, 10 min on"
    one = world.store.unified(event.id)
    assert one.assessment.comfort.reassures
    assert "3 of 3 ready, 10 min on" in one.reassurance_text
    assert sorted(delivery.revision for delivery in world.store.sent.values()) == [1, story.revision]
    assert world.follow_ups.settle() == 0


def test_a_reading_of_seconds_after_the_change_settles_nothing_while_its_source_is_blind() -> None:
    world = World()
    event = applied("api", 0)
    world.take(event, until=0.1, observations=(healthy(event, 0.1),))
    world.now = at(12)
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert story.settling is Settling.WATCHING
    world.take(until=13)
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert story.settling is Settling.SETTLED, "watched whole, and nothing else was told of it"


def test_what_was_never_read_again_is_unverified_in_the_end() -> None:
    world = World()
    event = applied("api", 0)
    world.take(event, until=0.1, observations=(healthy(event, 0.1),))
    world.now = at(120)
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert story.settling is Settling.UNVERIFIED


def test_a_rollout_whose_workload_was_deleted_since_is_not_called_ready() -> None:
    world = World()
    event = applied("api", 0)
    world.take(event, until=3, observations=(healthy(event, 3),))
    gone = replace(change("api", 5, BEN, type=ChangeType.DELETED), resource=event.resource)
    world.take(gone, until=12)
    world.follow_ups.settle()
    assert all(story.settling is not Settling.SETTLED for story in world.store.told.values())
    assert not world.store.unified(event.id).assessment.comfort.reassures or "ready" not in world.store.unified(event.id).reassurance_text


def test_a_change_that_broke_something_is_degraded_and_may_recover() -> None:
    world = World()
    event = applied("api", 0)
    world.take(event, until=1)
    world.take(until=4, observations=(healthy(event, 3, Health.DEGRADED, "1 of 3 ready"),))
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert (story.settling, story.settling_says) == (Settling.DEGRADED, "1 of 3 ready")
    assert world.store.unified(event.id).comfort_level.value == "none"
    world.take(until=20, observations=(healthy(event, 19.5),))
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert story.settling is Settling.SETTLED


def test_what_was_broken_before_the_change_is_said_to_have_been_so() -> None:
    world = World()
    event = applied("api", 0)
    world.take(until=-1, observations=(healthy(event, -2, Health.DEGRADED, "1 of 3 ready"),))
    world.take(event, until=1)
    world.take(until=4, observations=(healthy(event, 3, Health.DEGRADED, "1 of 3 ready"),))
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert (story.settling, story.settling_says) == (Settling.DEGRADED, "1 of 3 ready, as before the change")


def test_without_any_signal_it_is_unverified_not_settled() -> None:
    world = World()
    event = applied("vpc", 0)
    world.take(event, until=1)
    world.take(until=12)
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert story.settling is Settling.UNVERIFIED
    assert not story.settling_evidence
    assert "can't say" in story.settling_says


def test_a_reading_from_before_the_change_settles_nothing() -> None:
    world = World()
    event = applied("api", 0)
    world.take(event, until=1, observations=(healthy(event, -1),))
    world.take(until=12)
    world.follow_ups.settle()
    (story,) = world.store.told.values()
    assert story.settling is Settling.UNVERIFIED


def test_an_overrule_counts_is_kept_and_teaches_visibly() -> None:
    world = World()
    for number in range(3):
        event = change(f"job-{number}", number * 60, ANA, kind="CronJob")
        world.take(event)
        assert number or world.store.unified(event.id).verdict is Verdict.UNKNOWN
        world.overrules.apply(event.id, Overrule(verdict=Verdict.PLANNED, by="U1", at=world.now))
    last = change("job-9", 300, ANA, kind="CronJob")
    world.take(last)
    one = world.store.unified(last.id)
    assert one.verdict is Verdict.PLANNED
    assert any("because people marked 3 like it as planned" in evidence.says for evidence in one.evidence)
    first = next(one for key in world.store.stored if (one := world.store.unified(key)).resource.name == "job-0")
    assert first.assessment.overrule is not None
    assert first.verdict is Verdict.PLANNED


def test_an_overrule_takes_back_comfort_that_no_longer_holds() -> None:
    world = World()
    event = weeks_of_scaling(world)
    world.take(event, until=1)
    assert world.store.unified(event.id).assessment.comfort.reassures
    world.overrules.apply(event.id, Overrule(verdict=Verdict.UNPLANNED, by="U1", at=world.now))
    after = world.store.unified(event.id)
    assert after.verdict is Verdict.UNPLANNED
    assert not after.assessment.comfort.reassures
    assert world.store.told[after.correlation_id].verdict is Verdict.UNPLANNED


def test_teaching_never_makes_a_security_sensitive_change_calm() -> None:
    world = World()
    for number in range(6):
        event = change(f"sg-{number}", number * 60, BEN, kind="SecurityGroup", traits=(Trait.OPENS_NETWORK,))
        world.take(event)
        world.overrules.apply(event.id, Overrule(verdict=Verdict.ROUTINE, by="U1", at=world.now))
    last = change("sg-last", 400, BEN, kind="SecurityGroup", traits=(Trait.OPENS_NETWORK,))
    world.take(last, until=401)
    assert world.store.unified(last.id).verdict is not Verdict.ROUTINE
    assert not world.store.unified(last.id).assessment.comfort.reassures


_MAKERS = st.builds(
    change,
    st.sampled_from("abc"),
    st.floats(0, 9.5).map(lambda m: round(m, 1)),
    st.sampled_from([ANA, BEN, APPLY, SCALER, NOBODY, replace(APPLY, session="s1", id="ci")]),
    refs=st.sampled_from(
        [
            (),
            ((RUN, "x"),),
            ((RUN, "y"),),
            ((SAME_AS, "arn:1"),),
            ((ReferenceKind.OWNER, "kubernetes/shop/Deployment/a"),),
            ((RUN, "x"), (SAME_AS, "arn:1")),
        ]
    ),
    traits=st.sampled_from([(), (Trait.SCALES,), (Trait.GRANTS_ACCESS,)]),
    intents=st.sampled_from([(), RUN_INTENT]),
    number=st.integers(0, 10_000),
)
CHANGES = st.lists(_MAKERS, min_size=1, max_size=9, unique_by=lambda event: event.id)


@settings(max_examples=150, deadline=None)
@given(events=CHANGES, seed=st.integers(0, 2**32), cuts=st.integers(1, 4))
def test_the_order_of_arrival_does_not_change_the_stories(events: list[Event], seed: int, cuts: int) -> None:
    whole, pieces = World(), World()
    whole.replay([events])
    shuffled = list(events)
    random.Random(seed).shuffle(shuffled)
    pieces.replay([shuffled[n::cuts] for n in range(cuts)])
    assert whole.store.partition() == pieces.store.partition()
    counted = {story.event_count for story in pieces.store.told.values() if not story.merged_into}
    assert counted == {len(ids) for ids in pieces.store.partition()} or not counted


@settings(max_examples=60, deadline=None)
@given(events=CHANGES)
def test_a_replay_gives_identical_verdicts(events: list[Event]) -> None:
    worlds = [World(), World()]
    for world in worlds:
        world.replay([[event] for event in events])
    assert worlds[0].store.assessed == worlds[1].store.assessed
    assert worlds[0].store.told == worlds[1].store.told


@settings(max_examples=100, deadline=None)
@given(events=CHANGES, read=st.booleans())
def test_no_path_reassures_without_evidence_or_coverage(events: list[Event], read: bool) -> None:
    world = World()
    if read:
        world.take(*events, until=10)
    else:
        world.take(*events, until=10, coverage=())
    for key in world.store.stored:
        made = world.store.unified(key).assessment
        if made.comfort.reassures:
            assert read
            assert made.comfort.evidence
            assert made.verdict in (Verdict.PLANNED, Verdict.ROUTINE)
            assert not world.store.stored[key].traits & {Trait.GRANTS_ACCESS}
