"""What every store promises of coverage, cursors, known things, stories and what is usual."""

from dataclasses import replace

import pytest

from core.announcement import Announcement
from core.baseline import Activity, Baseline, Metric
from core.batch import KnownState, ManagedResource
from core.coverage import CoverageState
from core.errors import ValueRefused
from core.event import ChangeType, Resource
from core.observation import Health, Observation, Signal
from core.ports import Span
from core.story import FollowUp, FollowUpState, Settling, StoryLink
from core.subscription import EVERYTHING, EventFilter, Visibility
from storage import SqlStore
from storage.tables import CoverageRow, table
from tests.contracts.stores import at, change, commit, read, span, story


def gaps(store: SqlStore, start: float, end: float, now: float = 1000, source: str = "cluster") -> list[tuple[float, float, str, str]]:
    report = store.coverage.report(span(start, end), [source], at(now))
    return [
        ((gap.range.start - at(0)).total_seconds() / 60, (gap.range.end - at(0)).total_seconds() / 60, gap.state.value, gap.part)
        for gap in report.gaps
    ]


def stretches(store: SqlStore) -> int:
    with store.database.read() as connection:
        return len(connection.execute(table(CoverageRow).select()).all())


def test_stretches_that_join_are_one_row_however_many_polls_there_were(store: SqlStore) -> None:
    for minute in range(20):
        store.work.commit(commit(coverage=(read(minute, minute + 1),)))
    assert stretches(store) == 1
    assert gaps(store, 0, 20) == []
    assert store.coverage.report(span(0, 20), ["cluster"], at(20)).whole
    assert store.coverage.last() == {"cluster": read(0, 20)}


def test_a_hole_between_stretches_is_a_gap(store: SqlStore) -> None:
    store.work.commit(commit(coverage=(read(0, 10), read(15, 30))))
    assert gaps(store, 5, 30) == [(10, 15, "gap", "")]


def test_a_gap_keeps_its_beginning_while_it_grows_and_ends_when_it_is_read_after_all(store: SqlStore) -> None:
    store.work.commit(commit(coverage=(read(0, 10),)))
    for minute in (11, 12, 13):
        store.work.commit(commit(coverage=(read(10, minute, state=CoverageState.GAP, reason="refused"),)))
    last = store.coverage.last()["cluster"]
    assert (last.state, last.range, last.reason) == (CoverageState.GAP, span(10, 13), "refused")
    assert gaps(store, 0, 13, now=13) == [(10, 13, "gap", "")]
    store.work.commit(commit(coverage=(read(10, 14),)))
    assert gaps(store, 0, 14, now=14) == []


def test_what_is_still_arriving_is_no_gap_and_what_nobody_reads_is(store: SqlStore) -> None:
    store.work.commit(commit(coverage=(read(0, 10),)))
    assert gaps(store, 0, 15, now=15) == []
    assert gaps(store, 0, 120, now=15) == []
    assert gaps(store, 0, 120, now=60) == [(10, 60, "gap", "")]


def test_a_source_that_was_never_read_is_a_gap_over_all_of_it(store: SqlStore) -> None:
    assert gaps(store, 0, 5) == [(0, 5, "gap", "")]
    report = store.coverage.report(span(0, 5), ["cluster"], at(5))
    assert (report.whole, report.complete_until) == (False, ())


def test_a_part_that_was_left_out_is_told_beside_the_whole(store: SqlStore) -> None:
    left_out = read(0, 10, state=CoverageState.PARTIAL, part="Secret", reason="secrets may not be listed")
    store.work.commit(commit(coverage=(read(0, 10), left_out)))
    assert gaps(store, 0, 10) == [(0, 10, "partial", "Secret")]
    last = store.coverage.last()["cluster"]
    assert (last.state, last.reason) == (CoverageState.PARTIAL, "secrets may not be listed")


def test_a_source_told_in_parts_is_read_whole_where_each_part_is(store: SqlStore) -> None:
    store.work.commit(commit(coverage=(read(0, 20, part="a.tfstate"), read(0, 10, part="b.tfstate"), read(15, 20, part="b.tfstate"))))
    assert gaps(store, 0, 20) == [(10, 15, "gap", "b.tfstate")]


def test_known_states_are_paged_by_key_and_taken_out_by_none(store: SqlStore) -> None:
    states = [KnownState(key=key, state={"n": key}, at=at(0)) for key in ("a/1", "a/2", "a/é", "b/1")]
    store.work.commit(commit(known_changes=tuple(states)))
    known = store.cursors.known("cluster")
    assert known.page("a/", limit=2) == states[:2]
    assert known.page("a/", after="a/2") == [states[2]]
    store.work.commit(commit(known_changes=(KnownState(key="a/1", state=None, at=at(1)),)))
    assert known.get(["a/1", "b/1"]) == {"b/1": states[3]}
    assert store.cursors.known("other").page("") == []


def test_a_managed_resource_goes_by_each_alias_until_it_is_removed(store: SqlStore) -> None:
    first = ManagedResource(
        source="tf", address="aws_vpc.main", kind="aws_vpc", aliases=("arn:1", "vpc-1"), workspace="w", since=at(0), says={"x": 1}
    )
    renamed = ManagedResource(source="tf", address="aws_vpc.main", kind="aws_vpc", aliases=("arn:2",), workspace="w", since=at(1))
    store.work.commit(commit(managed=(first,)))
    assert store.managed.by_alias(["arn:1", "vpc-1", "no"]) == {"arn:1": first, "vpc-1": first}
    store.work.commit(commit(managed=(renamed,)))
    assert store.managed.by_alias(["arn:1", "arn:2"]) == {"arn:2": renamed}
    gone = ManagedResource(source="tf", address="aws_vpc.main", kind="", aliases=(), workspace="w", since=at(2), removed=True)
    store.work.commit(commit(managed=(gone,)))
    assert store.managed.by_alias(["arn:2"]) == {}


def test_one_address_in_two_workspaces_is_two_resources(store: SqlStore) -> None:
    blue, green = (
        ManagedResource(source="tf", address="aws_vpc.main", kind="aws_vpc", aliases=(f"arn:{name}",), workspace=name, since=at(0))
        for name in ("blue", "green")
    )
    store.work.commit(commit(managed=(blue, green)))
    assert store.managed.by_alias(["arn:blue", "arn:green"]) == {"arn:blue": blue, "arn:green": green}
    gone = ManagedResource(source="tf", address="aws_vpc.main", kind="", aliases=(), workspace="blue", since=at(1), removed=True)
    store.work.commit(commit(managed=(gone,)))
    assert store.managed.by_alias(["arn:blue", "arn:green"]) == {"arn:green": green}


def test_the_latest_reading_of_a_check_is_current_and_all_are_history(store: SqlStore) -> None:
    resource = Resource(provider="kubernetes", kind="Deployment", name="web", environment="prod")

    def reading(minutes: float, health: Health) -> Observation:
        return Observation(source="cluster", resource=resource, signal=Signal.ROLLOUT, health=health, at=at(minutes), says=health.value)

    newer, older = reading(5, Health.HEALTHY), reading(1, Health.DEGRADED)
    store.work.commit(commit(observations=(newer,)))
    store.work.commit(commit(observations=(older, newer)))
    assert store.observations.current([resource.key]) == [newer]
    assert store.observations.history([resource.key], span(0, 10)) == [older, newer]
    assert store.observations.history([resource.key], span(0, 5)) == [older]
    assert store.observations.of_environment("prod", at(5)) == store.observations.of_environment("", at(0)) == [newer]
    assert store.observations.of_environment("staging", at(0)) == []


def workload(name: str, minutes: float, health: Health = Health.DEGRADED, *, lasting: bool = True) -> Observation:
    resource = Resource(provider="kubernetes", kind="Deployment", name=name, environment="prod")
    return Observation(source="c", resource=resource, signal=Signal.ROLLOUT, health=health, at=at(minutes), says="0 of 3", lasting=lasting)


def test_trouble_stands_however_old_it_is_until_its_source_says_otherwise(store: SqlStore) -> None:
    stands, once, well = workload("web", 0), workload("queue", 0, lasting=False), workload("api", 0, Health.HEALTHY)
    store.work.commit(commit(observations=(stands, once, well)))
    assert store.observations.of_environment("prod", at(100)) == [stands]
    assert store.observations.of_environment("", at(100)) == [stands]
    assert store.observations.of_environment("staging", at(100)) == []
    store.work.commit(commit(observations=(workload("web", 50, Health.HEALTHY),)))
    assert store.observations.of_environment("prod", at(100)) == []


def test_what_was_read_of_a_thing_is_withdrawn_when_it_is_deleted(store: SqlStore) -> None:
    web, again = workload("web", 0), workload("web", 20, Health.HEALTHY)
    gone = replace(change("web-5", 5), change_type=ChangeType.DELETED, resource=web.resource)
    store.work.commit(commit(observations=(web,)))
    store.work.commit(commit((gone,)))
    assert store.observations.current([web.resource.key]) == []
    assert store.observations.history([web.resource.key], span(0, 10)) == [web]
    store.work.commit(commit(observations=(again,)))
    late = replace(change("web-6", 6), change_type=ChangeType.DELETED, resource=web.resource)
    store.work.commit(commit((late,)))
    assert store.observations.current([web.resource.key]) == [again], "one that was made after it"


# --- stories -------------------------------------------------------------------------------------------------------------


def link(key: str, story_id: str, minutes: float = 0.0, strength: float = 0.5) -> StoryLink:
    return StoryLink(key=key, story_id=story_id, last_at=at(minutes), strength=strength)


def test_open_stories_are_found_by_their_links_newest_first(store: SqlStore) -> None:
    stories = (story("a"), story("b"), story("closed", open=False))
    links = (link("op:1", "a", 1), link("op:1", "b", 2, 0.9), link("op:1", "closed", 3), link("op:2", "a", -60))
    store.work.commit(commit(concluded={"stories": stories, "links": links}))
    assert store.stories.by_links(["op:1", "op:2", "op:3"], at(0)) == {"op:1": [(stories[1], 0.9), (stories[0], 0.5)]}


def test_links_of_a_merged_story_lead_to_the_end_of_the_chain(store: SqlStore) -> None:
    stories = (story("a"), story("b"), story("c"))
    store.work.commit(commit(concluded={"stories": stories, "links": (link("k", "c", 1), link("k2", "b"), link("k2", "a", 0, 0.1))}))
    store.work.commit(commit(concluded={"stories": (story("c", merged_into="b"),)}))
    store.work.commit(commit(concluded={"stories": (story("b", merged_into="a"),)}))
    assert store.stories.by_links(["k", "k2"], at(0)) == {"k": [(stories[0], 0.5)], "k2": [(stories[0], 0.5)]}
    merged = store.stories.get("c")
    assert merged is not None
    assert merged.merged_into == "a"
    assert [one.id for one in store.stories.recent(EVERYTHING, Span())] == ["a"]


def test_recent_stories_are_those_a_reader_may_see_in_the_span(store: SqlStore) -> None:
    mixed = story("mixed", 5, sources=("cluster", "aws"))
    store.work.commit(commit(concluded={"stories": (story("a", 1), mixed, story("staging", 2, environment="staging"))}))
    only = Visibility(sources=frozenset({"cluster"}), environments=frozenset({"prod"}))
    assert [one.id for one in store.stories.recent(only, Span())] == ["a"]
    assert [one.id for one in store.stories.recent(EVERYTHING, Span(range=span(2, 9)))] == ["mixed", "staging"]
    assert [one.id for one in store.stories.recent(EVERYTHING, Span(), environments={"staging"})] == ["staging"]


def test_a_story_over_two_environments_is_found_by_each_and_seen_by_who_may_see_both(store: SqlStore) -> None:
    both = story("both", 3, environment="dev", environments=("dev", "prod"), settling=Settling.DEGRADED)
    store.work.commit(commit(concluded={"stories": (both, story("dev", 2, environment="dev", settling=Settling.DEGRADED))}))
    for wanted, ids in (({"prod"}, ["both"]), ({"dev"}, ["both", "dev"]), ({"test"}, []), ((), ["both", "dev"])):
        assert [one.id for one in store.stories.recent(EVERYTHING, Span(), environments=wanted)] == ids
        assert [one.id for one in store.stories.degraded(EVERYTHING, environments=wanted)] == ids
        assert [one.id for one in store.stories.unsettled(EVERYTHING, environments=wanted)] == ids
    only = [Visibility(environments=frozenset(names)) for names in ({"dev"}, {"dev", "prod"})]
    assert [[one.id for one in store.stories.degraded(seen)] for seen in only] == [["dev"], ["both", "dev"]]


def test_recent_stories_by_sequence_are_those_with_a_new_event(store: SqlStore) -> None:
    read_until = store.work.commit(commit([change("web")], concluded={"stories": (story("s1"), story("s2"))}))
    assert [one.id for one in store.stories.recent(EVERYTHING, Span(after_sequence=read_until - 1))] == ["s1"]
    assert store.stories.recent(EVERYTHING, Span(after_sequence=read_until)) == []


def test_unsettled_stories_are_open_and_not_yet_well(store: SqlStore) -> None:
    states = {"w": Settling.WATCHING, "d": Settling.DEGRADED, "s": Settling.SETTLED, "n": Settling.NOT_STARTED}
    stories = [story(name, minutes, settling=settling) for minutes, (name, settling) in enumerate(states.items())]
    store.work.commit(commit(concluded={"stories": (*stories, story("closed", settling=Settling.WATCHING, open=False))}))
    assert [one.id for one in store.stories.unsettled(EVERYTHING)] == ["d", "w"]


# --- what is usual ---------------------------------------------------------------------------------------------------------


def test_follow_ups_are_watched_until_they_are_done(store: SqlStore) -> None:
    watched = FollowUp(story_id="s1", opened_at=at(0), due_at=at(10), last_call_at=at(20), resources=("a",))
    done = FollowUp(story_id="s2", opened_at=at(0), due_at=at(5), last_call_at=at(20), resources=(), state=FollowUpState.DONE)
    store.work.commit(commit(concluded={"follow_ups": (watched, done)}))
    assert store.follow_ups.watching() == [watched]


def test_activity_adds_up_over_commits_and_environments(store: SqlStore) -> None:
    def did(environment: str, changes: int, team: str = "") -> Activity:
        return Activity(actor="ana", name="Ana", day="2026-03-02", environment=environment, team=team, changes=changes, planned=1)

    store.work.commit(commit(concluded={"activities": (did("prod", 2, "shop"), did("staging", 1))}))
    store.work.commit(commit(concluded={"activities": (did("prod", 3),)}))
    (prod,) = store.activity.between("2026-03-02", "2026-03-02", "prod")
    assert (prod.changes, prod.planned, prod.team) == (5, 2, "shop")
    (joined,) = store.activity.between("2026-03-01", "2026-03-03")
    assert (joined.changes, joined.planned, joined.environment) == (6, 3, "")
    assert store.activity.between("2026-03-03", "2026-03-04") == []


def test_a_metric_has_its_parts_and_no_denominator_is_refused(store: SqlStore) -> None:
    one = Metric(name="stability", at=at(0), numerator=3, denominator=4, source="cluster", environment="prod")
    store.metrics.save([one, one])
    assert store.metrics.between("stability", span(0, 1)) == store.metrics.between("stability", span(0, 1), "prod") == [one]
    assert store.metrics.between("stability", span(-1, 0)) == []
    with pytest.raises(ValueRefused):
        store.metrics.save([Metric(name="m", at=at(0), numerator=0, denominator=0, source="x")])


def test_baselines_are_replaced_whole_and_read_by_prefix(store: SqlStore) -> None:
    rows = [Baseline(key=key, count=1, hours={0: 1}, recent=(at(0),)) for key in ("same/a", "same/b", "sama", "samf")]
    store.baselines.save(rows)
    store.baselines.save([Baseline(key="same/a", count=2)])
    assert store.baselines.prefixed("same/") == [Baseline(key="same/a", count=2), rows[1]]
    assert store.baselines.get(["samf", "none"]) == {"samf": rows[3]}


def test_announcements_around_a_span_are_those_that_overlap_it(store: SqlStore) -> None:
    window = Announcement(id="w", kind="window", title="work", range=span(0, 10), covers=EventFilter(), source="slack")
    store.announcements.save(window)
    assert store.announcements.around(span(9, 20)) == [window]
    assert store.announcements.around(span(10, 20)) == []


def test_the_redaction_key_stays(store: SqlStore) -> None:
    assert len(store.redaction_key()) == 32
    assert store.redaction_key() == store.redaction_key()
