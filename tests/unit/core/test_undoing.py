"""Open stories are looked at again: who took back what nobody explained, and whether it was done again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core import phrases
from core.analysis.undoing import by_whom
from core.assessment import Severity, Verdict
from core.batch import Batch, Cursor
from core.bridge import EventBridge
from core.catchup import CatchUp
from core.conclusions import Conclusions
from core.coverage import Coverage, CoverageState
from core.delivery import Delivery, Receipt
from core.event import ChangeType, Event, FieldChange
from core.ingest import Ingest
from core.ports import Commit
from core.story import NO_LONGER, NOT_READ_SINCE, Story, TakenBack, wholly_taken_back
from core.subscription import Subscription
from core.text import plain
from core.timerange import TimeRange
from core.undoing import Undoings
from core.unified import UnifiedEvent
from tests.unit.core.changes import ANA, BEN, change
from tests.unit.core.telling import NOW, Telling, telling

LATER = NOW - timedelta(hours=3)


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        held.read()
        yield held


def opened(minutes: float, name: str = "sg-1", **more: object) -> Event:
    event = change(name, actor=BEN, when=LATER + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]
    return replace(event, changes=(FieldChange(path="ingress", before=None, after="tcp 22 0.0.0.0/0"),))


def closed(minutes: float, name: str = "sg-1") -> Event:
    event = change(name, actor=ANA, when=LATER + timedelta(minutes=minutes))
    return replace(event, changes=(FieldChange(path="ingress", before="tcp 22 0.0.0.0/0", after=None),))


def undoings(told: Telling) -> Undoings:
    ingest = Ingest(told.store, EventBridge(told.store, clock=lambda: NOW), clock=lambda: NOW)
    return Undoings(told.store, ingest, clock=lambda: NOW)


def alarming(told: Telling, event: Event, severity: Severity = Severity.HIGH) -> str:
    return told.happened(event, Verdict.UNPLANNED, severity, because="opened to the world")


def story(told: Telling, story_id: str) -> Story:
    found = told.store.stories.get(story_id)
    assert found is not None
    return found


def test_an_open_story_says_who_took_it_back_and_when(told: Telling) -> None:
    story_id = alarming(told, opened(0))
    looking = undoings(told)
    assert looking.look() == 0
    told.happened(closed(12))
    assert looking.look() == 1
    found = story(told, story_id)
    back = found.taken_back
    assert back == TakenBack(event_id=closed(12).id, at=closed(12).occurred_at, actor=ANA)
    assert (found.revision, found.because) == (2, "it was taken back")
    assert looking.look() == 0
    assert story(told, story_id).revision == 2


def test_what_is_done_again_is_no_longer_said_to_be_taken_back(told: Telling) -> None:
    story_id = alarming(told, opened(0))
    told.happened(closed(12))
    looking = undoings(told)
    looking.look()
    alarming(told, opened(40))
    assert looking.look() == 1
    found = story(told, story_id)
    assert (found.taken_back, found.because) == (None, NO_LONGER)


def test_nothing_is_said_of_a_story_whose_other_grave_change_still_stands(told: Telling) -> None:
    story_id = alarming(told, opened(0))
    second = opened(1, "sg-2")
    told.happened(second, Verdict.UNPLANNED, Severity.HIGH)
    told.store.work.commit(joined(told, story_id, second))
    told.happened(closed(12))
    looking = undoings(told)
    looking.look()
    assert story(told, story_id).taken_back is None
    told.happened(closed(20, "sg-2"))
    looking.look()
    back = story(told, story_id).taken_back
    assert back is not None
    assert (back.changes, back.at) == (2, closed(20, "sg-2").occurred_at)


def joined(told: Telling, story_id: str, event: Event) -> Commit:
    first, other = story(told, story_id), story(told, f"story-{event.id}")
    both = replace(first, event_count=2, last_at=other.last_at)
    gone = replace(other, merged_into=story_id, revision=2)
    return Commit(source="cluster", batch=Batch(cursor=Cursor(state={})), conclusions=Conclusions(stories=(both, gone)))


def test_where_more_happened_to_a_resource_than_is_read_nothing_is_said_of_it_alone(told: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.undoing._MOST_OF_RESOURCE", 3)
    busy, calm = alarming(told, opened(0)), alarming(told, opened(0, "sg-2"))
    for minutes in (5, 6, 12):
        told.happened(closed(minutes))
    told.happened(closed(12, "sg-2"))
    undoings(told).look()
    assert story(told, busy).taken_back is None
    assert story(told, calm).taken_back is not None


def test_many_planned_changes_do_not_hide_what_alarms(told: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.undoing._MOST_ALARMING", 5)
    story_id = alarming(told, opened(0), Severity.MEDIUM)
    for number in range(8):
        told.happened(change(f"web-{number}", actor=ANA, when=LATER), Verdict.PLANNED, Severity.HIGH)
    told.happened(closed(12))
    undoings(told).look()
    assert story(told, story_id).taken_back is not None


def test_what_is_stamped_ahead_of_our_clock_counts(told: Telling) -> None:
    story_id = alarming(told, opened(0))
    told.happened(closed(12))
    undoings(told).look()
    ahead = NOW + timedelta(seconds=90)
    alarming(told, replace(opened(0, number=7), occurred_at=ahead, observed_at=ahead))
    undoings(told).look()
    assert story(told, story_id).taken_back is None


def test_a_hole_since_the_undoing_is_said_and_it_stays_urgent() -> None:
    with telling() as told:
        told.read(end=LATER + timedelta(minutes=20))
        story_id = alarming(told, opened(0))
        told.happened(closed(12))
        told.read(start=LATER + timedelta(minutes=20), reason="throttled")
        undoings(told).look()
        found = story(told, story_id)
        assert found.taken_back is not None
        assert not wholly_taken_back(found)
        assert "Not everything was read since" in plain(phrases.taken_back(found))


def test_a_hole_that_comes_later_is_told_as_what_it_is(told: Telling) -> None:
    story_id = alarming(told, opened(0))
    told.happened(closed(12))
    looking = undoings(told)
    looking.look()
    back = story(told, story_id).taken_back
    assert back is not None
    told.store.work.commit(Commit(source="cluster", batch=Batch(cursor=Cursor(state={}), coverage=(missed(back.at),))))
    later = Undoings(told.store, Ingest(told.store, EventBridge(told.store)), clock=lambda: NOW + timedelta(hours=1))
    assert later.look() == 1
    assert story(told, story_id).because == NOT_READ_SINCE


def missed(since: datetime) -> Coverage:
    span = TimeRange(start=NOW, end=NOW + timedelta(minutes=30))
    return Coverage(source="cluster", range=span, state=CoverageState.GAP, complete_until=since, reason="throttled")


def test_a_story_that_cannot_be_judged_costs_itself_alone(
    told: Telling, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = alarming(told, opened(0)), alarming(told, opened(0, "sg-2"))
    told.happened(closed(12))
    told.happened(closed(12, "sg-2"))

    def judge(earlier: UnifiedEvent, others: Iterable[UnifiedEvent]) -> UnifiedEvent | None:
        if earlier.resource.name == "sg-1":
            raise RuntimeError("no")
        return by_whom(earlier, others)

    monkeypatch.setattr("core.undoing.by_whom", judge)
    assert undoings(told).look() == 1
    assert story(told, first).taken_back is None
    assert story(told, second).taken_back is not None
    assert "could not see whether a story was taken back" in caplog.text


def test_a_taking_back_is_not_repeated_in_a_report_where_something_happened_since(told: Telling) -> None:
    alarming(told, opened(0))
    told.happened(closed(12))
    undoings(told).look()
    alarming(told, opened(50))
    # Nothing looked at it since; the report sees for itself.
    assert "Taken back" not in "".join(stands(told))


def test_the_channel_is_told_once_in_the_message_that_stands_there(told: Telling) -> None:
    told.store.subscriptions.save(Subscription(destination="C1"))
    heard, unheard = alarming(told, opened(0)), alarming(told, opened(0, "sg-2"))
    first = Delivery(destination="C1", story_id=heard, revision=1, not_before=LATER)
    told.store.work.commit(Commit(source="cluster", batch=Batch(cursor=Cursor(state={})), deliveries=(first,)))
    told.store.deliveries.claim(first.key, LATER)
    told.store.deliveries.sent(first.key, Receipt(destination="C1", story_id=heard, revision=1, message="1.0", sent_at=LATER))
    told.happened(closed(12))
    told.happened(closed(13, "sg-2"))
    undoings(told).look()
    (due,) = told.store.deliveries.due(NOW + timedelta(minutes=1))
    assert (due.delivery.story_id, due.delivery.revision) == (heard, 2)
    # Nobody was told of the other one: that it is over is no reason to tell of it now.
    assert story(told, unheard).taken_back is not None


def stands(told: Telling, words: str = "") -> list[str]:
    report = CatchUp(told.store, clock=lambda: NOW, sources=("cluster",)).asked(words, reader="U1")
    return [plain(one.stands) for one in report.look_at if one.verdict is Verdict.UNPLANNED]


def test_the_catch_up_says_of_what_alarms_that_it_was_not_changed_since(told: Telling) -> None:
    alarming(told, opened(0))
    assert stands(told) == ["No later change of it was seen."]
    told.happened(closed(12, "sg-2"))
    assert stands(told) == ["No later change of it was seen."]
    told.happened(replace(closed(13), changes=()))
    assert stands(told) == [""]


@pytest.mark.parametrize(
    "event", [opened(0, type=ChangeType.DELETED), opened(0, type=ChangeType.EXECUTED), opened(0, type=ChangeType.ATTEMPTED, error="denied")]
)
def test_what_stands_no_longer_by_itself_is_not_said_to_be_unchanged(told: Telling, event: Event) -> None:
    alarming(told, event)
    assert stands(told) == [""]


def test_what_is_less_grave_or_happened_before_a_hole_is_not_said_to_be_unchanged() -> None:
    with telling() as told:
        told.read(end=LATER + timedelta(minutes=30))
        told.read(start=LATER + timedelta(minutes=30), end=LATER + timedelta(minutes=50), reason="throttled")
        told.read(start=LATER + timedelta(minutes=50))
        alarming(told, opened(1, "sg-2"))
        assert stands(told) == [""]
        alarming(told, opened(60), Severity.MEDIUM)
        alarming(told, opened(61, "sg-3"))
        assert stands(told) == ["No later change of it was seen.", "", ""]


def test_the_catch_up_says_of_the_change_that_took_it_back_what_it_took_back(told: Telling) -> None:
    alarming(told, opened(0))
    told.happened(closed(12), Verdict.UNKNOWN, Severity.LOW)
    undoings(told).look()
    report = CatchUp(told.store, clock=lambda: NOW, sources=("cluster",)).asked("", reader="U1")
    assert plain(report.look_at[1].stands) == "It takes back what Ben did Mon 02 Mar 19:00 UTC."


def test_the_catch_up_says_that_it_was_taken_back_and_still_asks_why(told: Telling) -> None:
    alarming(told, opened(0))
    told.happened(closed(12))
    undoings(told).look()
    report = CatchUp(told.store, clock=lambda: NOW, sources=("cluster",)).asked("", reader="U1")
    one = report.look_at[0]
    assert plain(one.stands).startswith("Taken back by Ana ")
    assert plain(one.stands).endswith(", after 12 min.")
    assert plain(report.recommendations[0].says) == "Ask Ben about prod, shop/sg-1: nothing explains it, though it was taken back"
