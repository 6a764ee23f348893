"""Who hears what, when."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from core.assessment import Severity, Verdict
from core.event import ActorKind, Event, Via
from core.routing import ONLY_UPDATES, quiet_until, route
from core.story import Settling, Story
from core.subscription import EventFilter, Mute, QuietHours, Subscription, Visibility
from core.trait import Trait
from tests.unit.core.changes import ANA, T0, at, change

STORY = Story(
    id="s1",
    revision=1,
    opened_at=T0,
    updated_at=T0,
    first_at=T0,
    last_at=T0,
    headline_event="e1",
    environment="prod",
    sources=("cluster",),
    providers=("kubernetes",),
    verdict=Verdict.UNKNOWN,
    severity=Severity.LOW,
    actors=(ANA,),
)
HEARS = Subscription(destination="C1")
NIGHT = QuietHours(start=time(22), end=time(7), time_zone="Europe/Madrid")


def told(story: Story, subscription: Subscription = HEARS, *mutes: Mute, events: tuple[Event, ...] = ()) -> list[tuple[str, int, str]]:
    found = route([story], [subscription], mutes, T0, {story.id: list(events)})
    return [(one.destination, one.revision, one.reason) for one in found]


def mute(**wanted: object) -> Mute:
    return Mute(id="m", destination="C1", filter=EventFilter(**wanted), until=at(60), by="U1", at=T0)  # type: ignore[arg-type]


def test_one_delivery_per_story_and_destination() -> None:
    found = route([STORY], [HEARS, Subscription(destination="C2")], [], T0)
    assert [one.key for one in found] == ["C1|s1|1", "C2|s1|1"]


def test_routine_is_silent_unless_asked_for_or_broken() -> None:
    routine = replace(STORY, verdict=Verdict.ROUTINE, severity=Severity.INFO)
    assert told(routine) == []
    assert told(routine, replace(HEARS, tells_routine=True)) == [("C1", 1, "")]
    assert told(replace(routine, settling=Settling.DEGRADED)) == [("C1", 1, "")]


def test_what_turned_out_to_be_routine_only_edits_what_was_posted() -> None:
    assert told(replace(STORY, verdict=Verdict.ROUTINE, revision=2)) == [("C1", 2, ONLY_UPDATES)]
    assert told(replace(STORY, merged_into="s0", revision=2)) == [("C1", 2, ONLY_UPDATES)]


def test_filters_visibility_and_severity_narrow_what_is_heard() -> None:
    assert told(STORY, replace(HEARS, filter=EventFilter(environments=frozenset({"staging"})))) == []
    assert told(STORY, replace(HEARS, filter=EventFilter(min_severity=Severity.HIGH))) == []
    assert told(STORY, replace(HEARS, filter=EventFilter(actor_kinds=frozenset({ActorKind.HUMAN})))) == [("C1", 1, "")]
    assert told(STORY, replace(HEARS, visibility=Visibility(sources=frozenset({"other"})))) == []
    assert told(STORY, replace(HEARS, visibility=Visibility(environments=frozenset({"prod"})))) == [("C1", 1, "")]


def test_a_story_over_two_environments_is_heard_by_both_and_muted_by_neither_alone() -> None:
    both = replace(STORY, environment="staging", environments=("prod", "staging"))
    for name in ("prod", "staging"):
        only = frozenset({name})
        assert told(both, replace(HEARS, filter=EventFilter(environments=only))) == [("C1", 1, "")]
        assert told(both, replace(HEARS, visibility=Visibility(environments=only))) == []
        assert told(both, HEARS, mute(environments=only)) == [("C1", 1, "")]
    assert told(both, HEARS, mute(environments=frozenset(both.places))) == []
    assert told(replace(STORY, sources=("cluster", "aws")), HEARS, mute(sources=frozenset({"aws"}))) == [("C1", 1, "")]


def test_a_mute_is_for_its_channel_its_time_and_what_it_names() -> None:
    assert told(STORY, HEARS, mute(environments=frozenset({"prod"}))) == []
    assert told(STORY, HEARS, mute(environments=frozenset({"staging"}))) == [("C1", 1, "")]
    assert told(STORY, HEARS, replace(mute(), destination="C2")) == [("C1", 1, "")]
    assert told(STORY, HEARS, replace(mute(), until=T0)) == [("C1", 1, "")]


def test_a_mute_of_one_resource_does_not_hide_others_in_the_same_story() -> None:
    api, web = change("api", 0), change("web", 0)
    quiet = mute(resource_keys=frozenset({api.resource.key}))
    assert told(STORY, HEARS, quiet, events=(api,)) == []
    assert told(STORY, HEARS, quiet, events=(api, web)) == [("C1", 1, "")]


def test_unplanned_security_relevant_stories_break_through_a_mute() -> None:
    grave = replace(STORY, verdict=Verdict.UNPLANNED, severity=Severity.HIGH)
    assert told(grave, HEARS, mute()) == [("C1", 1, "")]


def test_quiet_hours_queue_and_the_gravest_breaks_them() -> None:
    midnight = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    subscription = replace(HEARS, quiet_hours=NIGHT)
    (queued,) = route([STORY], [subscription], [], midnight)
    assert queued.not_before == datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    critical = replace(STORY, severity=Severity.CRITICAL, verdict=Verdict.UNPLANNED)
    (at_once,) = route([critical], [subscription], [], midnight)
    assert at_once.not_before == midnight
    (by_day,) = route([STORY], [subscription], [], midnight + timedelta(hours=12))
    assert by_day.not_before == midnight + timedelta(hours=12)


def test_quiet_hours_end_at_the_local_time_when_clocks_change() -> None:
    # Madrid, 29 March 2026: 02:00 becomes 03:00, so 07:00 local is 05:00 UTC.
    assert quiet_until(NIGHT, datetime(2026, 3, 28, 23, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert quiet_until(NIGHT, datetime(2026, 3, 29, 5, 0, tzinfo=UTC)) is None


HOLD = timedelta(seconds=75)
APPLY = replace(STORY, verdict=Verdict.PLANNED, providers=("gcp",), actors=(replace(ANA, via=Via.IAC),))


def told_at(story: Story, *events: Event, now: datetime = T0, hold: timedelta = HOLD, subscription: Subscription = HEARS) -> datetime:
    [delivery] = route([story], [subscription], [], now, {story.id: events}, hold)
    return delivery.not_before


def test_the_calls_of_an_apply_wait_for_its_state_from_when_the_story_was_opened() -> None:
    assert told_at(APPLY) == T0 + HOLD
    assert told_at(replace(APPLY, revision=2), now=T0 + timedelta(seconds=40)) == T0 + HOLD
    assert told_at(replace(APPLY, revision=3), now=T0 + timedelta(seconds=90)) == T0 + timedelta(seconds=90)
    assert told_at(APPLY, hold=timedelta(0)) == T0


@pytest.mark.parametrize(
    "story",
    [
        replace(APPLY, verdict=Verdict.UNPLANNED),
        replace(APPLY, severity=Severity.MEDIUM),
        replace(APPLY, settling=Settling.DEGRADED),
        replace(APPLY, providers=("gcp", "terraform")),
        replace(APPLY, actors=(*APPLY.actors, ANA)),
        replace(APPLY, actors=()),
        STORY,
    ],
    ids=["unplanned", "severe", "not settled", "has its state", "a hand in it", "nobody known", "no apply"],
)
def test_what_is_urgent_or_no_call_of_an_apply_is_told_at_once(story: Story) -> None:
    assert told_at(story) == T0


def test_what_is_security_sensitive_is_told_at_once_however_low_its_severity() -> None:
    opens = change("fw", 0, traits=(Trait.OPENS_NETWORK,))
    assert told_at(APPLY, change("net", 0), opens) == T0
    assert told_at(APPLY, change("net", 0)) == T0 + HOLD


def test_what_waits_into_quiet_hours_waits_for_their_end() -> None:
    almost = datetime(2026, 3, 2, 20, 59, 30, tzinfo=UTC)
    story = replace(APPLY, opened_at=almost)
    assert told_at(story, now=almost, subscription=replace(HEARS, quiet_hours=NIGHT)) == datetime(2026, 3, 3, 6, 0, tzinfo=UTC)


def test_quiet_hours_in_a_zone_that_does_not_exist_are_taken_as_utc() -> None:
    night = replace(NIGHT, time_zone="Mars/Base")
    assert quiet_until(night, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)) == datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
