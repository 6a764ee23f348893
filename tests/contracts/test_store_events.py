"""What every store promises of events and their assessments."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.assessment import Attribution, Overrule, Severity, Verdict
from core.batch import Cursor
from core.errors import StorageError, ValueRefused
from core.event import Actor, ActorKind, Event
from core.ports import Counts, Span
from core.subscription import EVERYTHING, EventFilter, Visibility
from core.unified import UnifiedEvent
from storage import SqlStore, open_store
from tests.contracts.stores import ANA, assessed, at, change, commit, span, story

T = TypeVar("T")
ALL, ALWAYS = EventFilter(), Span()


def everything(
    store: SqlStore, wanted: EventFilter = ALL, during: Span = ALWAYS, *, limit: int = 3, newest_first: bool = True
) -> list[UnifiedEvent]:
    found: list[UnifiedEvent] = []
    after = ""
    while True:
        page = store.events.page(EVERYTHING, wanted, during, after=after, limit=limit, newest_first=newest_first)
        found += page.items
        if not page.next:
            return found
        after = page.next


def test_an_event_comes_back_as_it_was_told_with_its_assessment(store: SqlStore) -> None:
    event = change("web", error="e\x00x � 日本", metadata={"a": [1, {"b": None}]})
    store.work.commit(commit([event]))
    held = store.events.get(EVERYTHING, event.id)
    assert held == UnifiedEvent(event=event, assessment=assessed(event), sequence=1)


def test_the_same_batch_twice_changes_nothing(store: SqlStore) -> None:
    event = change("web")
    first = store.work.commit(commit([event]))
    assert store.work.commit(commit([event], [assessed(event, verdict=Verdict.UNPLANNED)])) == first == store.events.sequence()
    assert [one.verdict for one in everything(store)] == [Verdict.PLANNED]
    assert store.events.unseen([event.id, "other"]) == {"other"}


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_of_events_of_one_moment_lose_and_repeat_nothing(store: SqlStore, newest_first: bool) -> None:
    events = [change(f"web-{number}", minutes=number // 5) for number in range(17)]
    store.work.commit(commit(events))
    found = everything(store, limit=4, newest_first=newest_first)
    assert [one.id for one in found] == [event.id for event in (reversed(events) if newest_first else events)]


def test_a_key_that_is_none_is_refused(store: SqlStore) -> None:
    with pytest.raises(ValueRefused):
        store.events.page(EVERYTHING, ALL, ALWAYS, after="nonsense")


def test_what_arrives_late_is_found_by_sequence_though_its_time_is_past(store: SqlStore) -> None:
    read_until = store.work.commit(commit([change("web", 60)]))
    store.work.commit(commit([change("late", 1)]))
    assert [one.resource.name for one in everything(store, during=Span(after_sequence=read_until))] == ["late"]
    assert [one.resource.name for one in everything(store, during=Span(until_sequence=read_until))] == ["web"]


def test_a_reader_sees_nothing_of_other_environments_and_sources(store: SqlStore) -> None:
    prod, staging = change("web"), change("api", environment="staging", source="other")
    store.work.commit(commit([prod, staging]))
    may = Visibility(environments=frozenset({"prod"}), sources=frozenset({"cluster", "other"}))
    assert store.events.get(may, staging.id) is None
    assert [one.id for one in store.events.page(may, ALL, ALWAYS).items] == [prod.id]
    assert store.events.counts(may, ALL, ALWAYS).by_environment == {"prod": 1}
    assert not store.events.severest(Visibility(sources=frozenset()), ALL, ALWAYS, 5)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (EventFilter(text="WEB kube"), ["web"]),
        (EventFilter(text="100%"), []),
        (EventFilter(min_severity=Severity.HIGH), ["api"]),
        (EventFilter(verdicts=frozenset({Verdict.UNPLANNED})), ["api"]),
        (EventFilter(actors=frozenset({"Ben"})), ["api"]),
        (EventFilter(actors=frozenset({"ana@example.com"})), ["web"]),
        (EventFilter(actor_kinds=frozenset({ActorKind.HUMAN}), story_id="s2"), ["api"]),
        (EventFilter(resource_keys=frozenset({"kubernetes/Deployment/web"})), ["web"]),
        (EventFilter(kinds=frozenset({"Pod"})), []),
    ],
)
def test_a_filter_joins_its_criteria(store: SqlStore, wanted: EventFilter, names: list[str]) -> None:
    web, api = change("web"), change("api", 1)
    ben = Attribution(actor=Actor(kind=ActorKind.HUMAN, id="ben@example.com", name="Ben"))
    grave = assessed(api, "s2", verdict=Verdict.UNPLANNED, severity=Severity.HIGH, attribution=ben)
    store.work.commit(commit([web, api], [assessed(web), grave]))
    assert [one.resource.name for one in everything(store, wanted)] == names


def test_the_severest_come_first_and_of_equals_the_newest(store: SqlStore) -> None:
    events = [change(f"web-{number}", number) for number in range(4)]
    graveness = (Severity.LOW, Severity.CRITICAL, Severity.LOW, Severity.HIGH)
    store.work.commit(commit(events, [assessed(e, severity=s) for e, s in zip(events, graveness, strict=True)]))
    assert [one.resource.name for one in store.events.severest(EVERYTHING, ALL, ALWAYS, 3)] == ["web-1", "web-3", "web-2"]


_CHANGES = st.lists(
    st.builds(
        lambda name, minutes, environment, source: change(name, minutes, environment=environment, source=source),
        st.sampled_from(["web", "api", "db"]),
        st.integers(0, 20),
        st.sampled_from(["prod", "staging", ""]),
        st.sampled_from(["cluster", "aws"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    _CHANGES, st.integers(0, 20), st.integers(0, 20), st.sampled_from([frozenset(), frozenset({"prod"})]), st.sampled_from(list(Verdict))
)
def test_counts_are_those_of_what_paging_finds(
    events: list[Event], start: int, length: int, environments: frozenset[str], verdict: Verdict
) -> None:
    store = open_store("sqlite://")
    store.work.commit(commit(events, [assessed(event, verdict=verdict) for event in events]))
    wanted, during = EventFilter(environments=environments), Span(range=span(start, start + length))
    found = everything(store, wanted, during)
    counts = store.events.counts(EVERYTHING, wanted, during)
    assert counts == Counts(
        total=len(found),
        by_verdict=_tally(one.verdict for one in found),
        by_environment=_tally(one.resource.environment for one in found),
        by_provider=_tally(one.provider for one in found),
        by_actor=_tally(one.actor.name for one in found),
        by_change_type=_tally(one.change_type.value for one in found),
    )
    store.close()


def _tally(values: Iterable[T]) -> dict[T, int]:
    return dict(Counter(values))


# --- assessments ---------------------------------------------------------------------------------------------------------


def test_a_later_revision_counts_and_the_earlier_one_is_kept(store: SqlStore) -> None:
    event = change("web")
    store.work.commit(commit([event]))
    later = assessed(event, "s2", revision=2, verdict=Verdict.UNPLANNED, because="more is known")
    store.work.commit(commit(assessments=[later]))
    store.work.commit(commit(assessments=[assessed(event)]))
    assert store.assessments.latest([event.id]) == {event.id: later}
    assert store.assessments.revisions(event.id) == [assessed(event), later]
    assert store.events.counts(EVERYTHING, ALL, ALWAYS).by_verdict == {Verdict.UNPLANNED: 1}
    assert [one.id for one in store.events.of_story(EVERYTHING, "s2").items] == [event.id]
    assert store.events.of_story(EVERYTHING, "s1").items == ()


def test_an_overrule_is_a_revision_that_says_who_and_when(store: SqlStore) -> None:
    event = change("web")
    store.work.commit(commit([event]))
    said = Overrule(verdict=Verdict.UNPLANNED, by="U1", at=at(5), why="nobody asked for it")
    revised = store.assessments.overrule(event.id, said)
    assert (revised.revision, revised.overrule, revised.assessed_at) == (2, said, at(5))
    assert store.events.counts(EVERYTHING, ALL, ALWAYS).by_verdict == {Verdict.UNPLANNED: 1}
    with pytest.raises(StorageError, match="there is no event"):
        store.assessments.overrule("unknown", said)


def test_an_event_whose_steps_failed_is_unfinished_until_a_revision_has_them(store: SqlStore) -> None:
    event, other = change("web"), change("api")
    store.work.commit(commit([event, other], [assessed(event, failed_steps=("classify",)), assessed(other)]))
    assert [one.id for one in store.assessments.unfinished()] == [event.id]
    store.work.commit(commit(assessments=[assessed(event, revision=2)]))
    assert store.assessments.unfinished() == []


def test_a_revision_that_names_nobody_leaves_the_events_own_actor(store: SqlStore) -> None:
    event = change("web")
    store.work.commit(commit([event], [assessed(event, attribution=Attribution(actor=Actor(id="x", name="X")))]))
    assert store.events.counts(EVERYTHING, ALL, ALWAYS).by_actor == {"X": 1}
    store.work.commit(commit(assessments=[assessed(event, revision=2)]))
    assert store.events.counts(EVERYTHING, ALL, ALWAYS).by_actor == {ANA.name: 1}


def test_events_of_a_merged_story_are_found_in_the_one_it_went_into(store: SqlStore) -> None:
    event = change("web")
    store.work.commit(commit([event], [assessed(event, "young")], concluded={"stories": (story("old"), story("young"))}))
    store.work.commit(commit(concluded={"stories": (story("young", merged_into="old", revision=2),)}))
    assert [one.correlation_id for one in store.events.of_story(EVERYTHING, "old").items] == ["old"]


def test_of_each_story_the_newest_are_read_and_no_more_than_asked_for(store: SqlStore) -> None:
    web, api = [change("web", minute) for minute in range(5)], [change("api", minute) for minute in range(2)]
    other = change("db")
    assessments = [*(assessed(one, "s1") for one in web), *(assessed(one, "s2") for one in api), assessed(other, "s3")]
    store.work.commit(commit([*web, *api, other], assessments))
    read = store.events.of_stories(EVERYTHING, ["s1", "s2"], 3)
    assert {one.id for one in read} == {*(one.id for one in web[-3:]), *(one.id for one in api)}
    assert {one.correlation_id for one in read} == {"s1", "s2"}
    assert store.events.of_stories(replace(EVERYTHING, sources=frozenset()), ["s1"], 3) == []


def test_a_backfilled_commit_leaves_the_live_cursor_alone(store: SqlStore) -> None:
    store.work.commit(commit(cursor=Cursor(state={"at": 1})))
    store.work.commit(commit([change("web")], backfilled=True, cursor=Cursor(state={"at": 2})))
    store.work.commit(commit(cursor=Cursor()))
    assert store.cursors.get("cluster") == Cursor(state={"at": 1})
    assert len(everything(store, during=Span(backfilled=True))) == 1
    assert everything(store, during=Span(backfilled=False)) == []


def test_an_empty_store_says_so(store: SqlStore) -> None:
    assert (store.events.sequence(), store.events.first_at(), store.events.counts(EVERYTHING, ALL, ALWAYS)) == (0, None, Counts())
    store.work.commit(commit([change("web", 7)]))
    assert store.events.first_at() == datetime(2026, 3, 2, 10, 7, tzinfo=UTC)
