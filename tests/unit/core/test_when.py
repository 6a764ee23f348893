"""Times as people say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WhenUnclear
from core.when import find, when

MADRID = "Europe/Madrid"
NOW = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)  # a Wednesday, 19:30 in Madrid
ZONES = st.sampled_from(["UTC", MADRID, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"])


def meant(words: str, now: datetime = NOW, zone: str = MADRID, *, onwards: bool = True) -> tuple[str, str]:
    found = when(words, now=now, time_zone=zone, onwards=onwards).range
    return f"{found.start:%m-%d %H:%M}", f"{found.end:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("yesterday 5pm", "11-24 16:00"),
        ("since yesterday at 17:00", "11-24 16:00"),
        ("since monday", "11-22 23:00"),
        ("last friday", "11-19 23:00"),
        ("last wednesday", "11-17 23:00"),
        ("wed 23:00", "11-18 22:00"),
        ("2 weeks ago", "11-11 18:30"),
        ("24h", "11-24 18:30"),
        ("last 3 days", "11-22 18:30"),
        ("in the last hour", "11-25 17:30"),
        ("an hour ago", "11-25 17:30"),
        ("last week", "11-15 23:00"),
        ("this morning", "11-25 05:00"),
        ("2026-11-20 14:00", "11-20 13:00"),
        ("2026-11-20T14:00Z", "11-20 14:00"),
        ("yesterday at 17:00 utc", "11-24 17:00"),
        ("nov 21", "11-20 23:00"),
        ("21 nov at 2pm", "11-21 13:00"),
        ("23:00", "11-24 22:00"),
        ("11/20/2026", "11-19 23:00"),
    ],
)
def test_words_name_a_time_from_which_on_until_now(words: str, start: str) -> None:
    assert meant(words) == (start, "11-25 18:30")


def test_between_two_days_both_are_whole() -> None:
    assert meant("between friday and monday") == ("11-19 23:00", "11-23 23:00")
    assert meant("between monday and wednesday") == ("11-22 23:00", "11-25 18:30")
    assert meant("from friday 6pm to sunday noon") == ("11-20 17:00", "11-22 11:00")


def test_on_a_day_means_that_day_only() -> None:
    assert meant("on saturday") == ("11-20 23:00", "11-21 23:00")
    assert meant("yesterday", onwards=False) == ("11-23 23:00", "11-24 23:00")


def test_what_a_clock_change_skips_moves_forward_and_is_said() -> None:
    found = when("02:30", now=datetime(2026, 3, 29, 12, tzinfo=UTC), time_zone=MADRID)
    assert found.range.start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert found.notes == ("02:30 did not exist on 29 Mar 2026, the clocks went forward: 03:30 is meant.",)


def test_what_a_clock_change_doubles_is_the_earlier_and_is_said() -> None:
    found = when("today 02:30", now=datetime(2026, 10, 25, 12, tzinfo=UTC), time_zone=MADRID)
    assert found.range.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.notes == ("02:30 came twice on 25 Oct 2026, the clocks went back: the earlier is meant.",)


@pytest.mark.parametrize("words", ["", "since", "blurday", "5", "25:00", "2026-02-30", "9999999 weeks ago", "and", "as", "prod"])
def test_words_that_name_no_time_are_refused_with_examples(words: str) -> None:
    with pytest.raises(WhenUnclear, match="can't read a time") as refused:
        when(words, now=NOW, time_zone=MADRID)
    assert "yesterday 5pm" in refused.value.next_step


@pytest.mark.parametrize("words", ["tomorrow", "2026-12-01", "next week"])
def test_a_time_to_come_is_refused(words: str) -> None:
    with pytest.raises(WhenUnclear, match="still to come"):
        when(words, now=NOW, time_zone=MADRID)


def test_a_time_phrase_is_found_in_a_sentence() -> None:
    assert find("who changed the security group on Saturday?") == ("on saturday", "who changed the security group  ?")
    assert find("is prod stable") == ("", "is prod stable")
    assert find("show db-1 and sun-api")[0] == ""


@given(ago=st.timedeltas(timedelta(minutes=1), timedelta(days=400)), zone=ZONES)
def test_a_written_moment_is_read_back_as_itself_unless_it_is_said_otherwise(ago: timedelta, zone: str) -> None:
    at = (NOW - ago).replace(second=0, microsecond=0)
    local = at.astimezone(ZoneInfo(zone))
    found = when(f"{local:%Y-%m-%d %H:%M}", now=NOW, time_zone=zone)
    assert found.range.start == at or found.notes
    assert found.range.start <= at


@given(words=st.text(alphabet="0123456789 adhmonstueyrlig:-.pw", max_size=24), zone=ZONES, onwards=st.booleans())
def test_any_words_are_a_passed_time_or_refused(words: str, zone: str, onwards: bool) -> None:
    try:
        found = when(words, now=NOW, time_zone=zone, onwards=onwards).range
    except WhenUnclear:
        return
    assert found.start <= found.end <= NOW


@given(day=st.sampled_from(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]), hours=st.integers(0, 24 * 365))
def test_a_day_of_the_week_is_the_latest_one(day: str, hours: int) -> None:
    now = NOW - timedelta(hours=hours)
    start = when(f"since {day}", now=now, time_zone=MADRID).range.start.astimezone(ZoneInfo(MADRID))
    assert f"{start:%A}".lower() == day
    assert (start.hour, start.minute) == (0, 0)
    assert now - start < timedelta(days=7, hours=2)


@pytest.mark.parametrize(
    ("words", "span"),
    [
        ("before 9:35 today", ("11-24 23:00", "11-25 08:35")),
        ("until yesterday 17:00", ("11-23 23:00", "11-24 16:00")),
        ("before monday", ("11-15 23:00", "11-22 23:00")),
        ("until monday", ("11-16 23:00", "11-23 23:00")),
        ("more than a week ago", ("11-11 18:30", "11-18 18:30")),
        ("prior to 9:35", ("11-18 08:35", "11-25 08:35")),
    ],
)
def test_before_and_until_end_where_the_words_say(words: str, span: tuple[str, str]) -> None:
    assert find(f"did anything change {words}") == (words, "did anything change")
    assert meant(words) == span


def test_that_only_the_end_was_said_is_said() -> None:
    assert when("before monday", now=NOW, time_zone=MADRID).notes == ("Since when is not said: the seven days before it are meant.",)
    assert when("before 9:35 today", now=NOW, time_zone=MADRID).notes == ()


@pytest.mark.parametrize("words", ["at 9:35", "around 9:35", "at 9:35 today"])
def test_at_a_time_is_around_it_where_a_stretch_is_asked_for(words: str) -> None:
    assert find(f"did anything happen {words}") == (words, "did anything happen")
    assert meant(words, onwards=False) == ("11-25 08:20", "11-25 08:50")
    assert meant(words) == ("11-25 08:35", "11-25 18:30")


def test_less_than_an_hour_ago_is_since_then() -> None:
    assert meant("less than an hour ago", onwards=False) == ("11-25 17:30", "11-25 18:30")
