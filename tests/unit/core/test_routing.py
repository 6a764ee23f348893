"""Who hears what, when."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from core.assessment import Severity, Verdict
from core.event import ActorKind, Event
from core.routing import ONLY_UPDATES, quiet_until, route
from core.story import Settling, Story
from core.subscription import EventFilter, Mute, QuietHours, Subscription, Visibility
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
