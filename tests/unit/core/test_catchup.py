"""What a reader is told of the time since they left."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.views.catchup import catchup_message
from core.assessment import Severity, Verdict
from core.baseline import Activity, Baseline, Metric
from core.catchup import CatchUp
from core.catchup_parts import team
from core.catchup_request import Places, parse, takes
from core.clock import Deadline
from core.errors import ModelError, WhenUnclear
from core.ports import LanguageModel
from core.report import CatchUpReport, Started
from core.story import Settling
from core.subscription import EventFilter
from core.text import plain
from core.timerange import TimeRange
from tests.unit.core.changes import ANA, BEN, SCALER, at, change
from tests.unit.core.telling import NOW, Telling, telling


@pytest.fixture
def told() -> Iterator[Telling]:
    with telling() as held:
        yield held


def catch_up(told: Telling, model: LanguageModel | None = None) -> CatchUp:
    return CatchUp(told.store, clock=lambda: NOW, model=model, sources=("cluster",))


def report(told: Telling, words: str = "") -> CatchUpReport:
    return catch_up(told).asked(words, reader="U1")


def test_quiet_is_said_where_all_was_read_and_only_routine_happened(told: Telling) -> None:
    told.read()
    told.happened(change("api", actor=SCALER))
    assert (report(told).quiet, report(told).counts.total) == (True, 1)


def test_nothing_is_quiet_across_a_gap(told: Telling) -> None:
    told.read(end=at(60))
    told.read(start=at(90))
    told.happened(change("api", actor=SCALER))
    found = report(told)
    assert (found.quiet, found.sources_read_whole, len(found.gaps)) == (False, (), 1)
    assert plain(found.recommendations[0].says).startswith("Read for yourself what was not seen: cluster")


def test_nothing_is_quiet_where_nothing_was_ever_read(told: Telling) -> None:
    assert not report(told).quiet


def test_nothing_is_quiet_beside_what_has_not_settled_since_long_ago(told: Telling) -> None:
    told.read()
    story = told.happened(change("api", when=NOW - timedelta(days=9)), Verdict.PLANNED, settling=Settling.DEGRADED, says="1 of 3 ready")
    found = report(told)
    assert [one.story_id for one in found.look_at] == [story]
    assert plain(found.look_at[0].stands) == "Not well: 1 of 3 ready."
    assert not found.quiet


def test_what_is_not_well_is_told_also_where_the_words_were_read_a_moment_before_the_report(told: Telling) -> None:
    told.read(end=NOW + timedelta(minutes=1))
    told.happened(change("api", 60, ANA), Verdict.PLANNED, settling=Settling.DEGRADED, says="2 of 3 ready")
    ticking = iter(NOW + timedelta(milliseconds=number) for number in range(1000))
    found = CatchUp(told.store, clock=lambda: next(ticking), sources=("cluster",)).asked("last 20 minutes", reader="U1")
    assert (found.quiet, [plain(one.stands) for one in found.look_at]) == (False, ["Not well: 2 of 3 ready."])


def test_a_quiet_hour_does_not_close_what_was_left_open_before_it(told: Telling) -> None:
    told.read()
    told.happened(change("sg", 60 * 2, BEN), Verdict.UNPLANNED, Severity.HIGH)
    told.happened(change("api", 60 * 2, BEN), Verdict.UNPLANNED, settling=Settling.SETTLED)
    told.happened(change("old", -60 * 24 * 4, BEN), Verdict.UNPLANNED)
    found = report(told, "last 30 minutes")
    assert (found.quiet, found.open_before) == (True, 1)
    assert (report(told).open_before, report(told, "between monday 1am and monday 2am").open_before) == (0, 0)


def test_a_period_that_is_still_to_come_is_not_quiet(told: Telling) -> None:
    told.read()
    tomorrow = TimeRange(start=NOW + timedelta(days=1), end=NOW + timedelta(days=2))
    found = catch_up(told).over(tomorrow)
    assert (found.quiet, found.sources_read_whole) == (False, ())
    assert catch_up(told).over(TimeRange(start=NOW - timedelta(days=1), end=NOW + timedelta(days=2))).quiet


def quiet_in(told: Telling, **only: str) -> CatchUpReport:
    wanted = EventFilter(**{name: frozenset({value}) for name, value in only.items()})  # type: ignore[arg-type]
    return catch_up(told).report(reader="U1", since="last 2 hours", filter=wanted)


def test_nothing_is_quiet_beside_what_is_not_well_there_however_much_is_not_well_elsewhere(told: Telling) -> None:
    told.read()
    story = told.happened(change("api", 60), settling=Settling.DEGRADED, says="0 of 6 ready")
    for number in range(200):
        told.happened(change(f"dev-{number}", 120, environment="dev"), settling=Settling.DEGRADED, says="bad")
    found = quiet_in(told, environments="prod")
    assert (found.quiet, found.cut, [one.story_id for one in found.look_at]) == (False, False, [story])


def test_nothing_is_quiet_where_more_is_not_well_than_was_looked_through(told: Telling) -> None:
    told.read()
    for number in range(199):
        told.happened(change(f"aws-{number}", 120, source="aws"), settling=Settling.DEGRADED, says="bad")
    found = quiet_in(told, sources="cluster")
    assert (found.quiet, found.cut) == (True, False)
    told.happened(change("aws-199", 120, source="aws"), settling=Settling.DEGRADED, says="bad")
    found = quiet_in(told, sources="cluster")
    assert (found.quiet, found.cut, found.look_at) == (False, True, ())
    assert "More is open or not well than I could look through" in str(catchup_message(found, {}).blocks)


def test_what_was_left_open_before_is_told_behind_whatever_is_graver_and_explained(told: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    told.read()
    told.happened(change("sg", 60), Verdict.UNPLANNED, Severity.MEDIUM)
    for number in range(80):
        told.happened(change(f"p{number}", 61), Verdict.PLANNED, Severity.HIGH)
        told.happened(change(f"dev-{number}", 61, environment="dev"), Verdict.UNPLANNED, Severity.HIGH)
    assert (report(told, "last 2 hours").open_before, report(told, "last 2 hours in prod").open_before) == (81, 1)
    monkeypatch.setattr("core.unexplained._LOOKED", (10, 20))
    for number in range(20):
        told.happened(change(f"s{number}", 61, environment="staging"), Verdict.UNPLANNED, settling=Settling.SETTLED)
    found = report(told, "last 2 hours in staging")
    assert (found.quiet, found.open_before, found.cut) == (False, 0, True)


@pytest.mark.parametrize("started", ["without a mark", "from a mark", "over a time"])
@pytest.mark.parametrize("port", ["coverage", "events"])
def test_what_is_stored_while_a_report_begins_is_told_or_its_time_was_not_read(
    told: Telling, monkeypatch: pytest.MonkeyPatch, started: str, port: str
) -> None:
    told.read(end=NOW - timedelta(minutes=30))
    told.store.watermarks.mark("marked", told.store.events.sequence(), NOW - timedelta(hours=2))
    of, name = {"coverage": (told.store.coverage, "report"), "events": (told.store.events, "sequence")}[port]
    read, stored = getattr(of, name), False

    def meanwhile(*asked: Any, **more: Any) -> Any:
        nonlocal stored
        found = read(*asked, **more) if port == "events" else None
        if not stored:
            stored = True
            told.happened(change("sg", when=NOW - timedelta(minutes=20)), Verdict.UNPLANNED, Severity.HIGH)
            told.read(start=NOW - timedelta(minutes=40))
        return found if port == "events" else read(*asked, **more)

    monkeypatch.setattr(of, name, meanwhile)
    reader = "marked" if started == "from a mark" else "U1"
    found = catch_up(told).report(reader=reader, since="last 6 hours" if started == "over a time" else None)
    assert stored
    assert not found.quiet


def test_the_unplanned_and_the_unknown_come_first_with_who_what_and_why(told: Telling) -> None:
    told.read()
    told.happened(change("web", 1, ANA), Verdict.PLANNED, cause="Terraform apply web")
    told.happened(change("db", 2), Verdict.UNKNOWN)
    worst = told.happened(change("api", 3, BEN), Verdict.UNPLANNED, Severity.HIGH, because="no run explains it")
    found = report(told)
    assert [one.verdict for one in found.look_at] == [Verdict.UNPLANNED, Verdict.UNKNOWN]
    first = found.look_at[0]
    assert (first.story_id, first.who, plain(first.why)) == (worst, BEN, "No run explains it.")
    assert plain(first.what) == "prod · shop/api: Deployment modified (changed)"
    assert [plain(one.says) for one in found.also] == ["Ana: Terraform apply web in prod"]
    assert found.recommendations[0].rests_on == (first.event_id, worst)


def test_without_a_mark_it_begins_seven_days_ago_and_with_one_there(told: Telling) -> None:
    assert (report(told).period.started, report(told).period.range.start) == (Started.DEFAULT, NOW - timedelta(days=7))
    told.happened(change("api", 1))
    told.store.watermarks.mark("U1", report(told).sequence, at(30))
    found = report(told)
    assert (found.period.started, found.period.range.start, found.counts.total) == (Started.WATERMARK, at(30), 0)


def test_what_arrives_late_is_told_once_and_marked_late(told: Telling) -> None:
    told.read()
    told.store.watermarks.mark("U1", report(told).sequence, at(60))
    told.happened(change("api", 5, BEN), Verdict.UNPLANNED)
    found = report(told)
    assert (found.counts.total, found.late, [one.late for one in found.look_at]) == (1, 1, [True])
    told.store.watermarks.mark("U1", found.sequence, NOW)
    assert (report(told).counts.total, report(told).late) == (0, 0)


def test_making_a_report_moves_no_mark(told: Telling) -> None:
    report(told)
    assert told.store.watermarks.get("U1") is None


def test_backfilled_history_is_one_count_and_no_story(told: Telling) -> None:
    told.read()
    told.happened(change("api", 1, BEN), Verdict.UNPLANNED, backfilled=True)
    found = report(told)
    assert (found.counts.total, found.backfilled, found.look_at) == (0, 1, ())


def test_it_is_narrowed_to_a_place_by_any_of_its_names(told: Telling) -> None:
    told.happened(change("api", 1, environment="staging"))
    told.happened(change("web", 2))
    for words in ("in staging", "in STAGING".lower(), "since yesterday in staging full"):
        assert report(told, words).counts.total == 1
    assert report(told, "in kubernetes").counts.total == 2
    with pytest.raises(WhenUnclear, match="nothing I watch is called 'nowhere'"):
        report(told, "in nowhere")


def test_a_rare_environment_is_found_by_its_name(told: Telling) -> None:
    told.happened(change("api", when=NOW - timedelta(days=20), environment="attic"))
    assert report(told, "since 4 weeks ago in attic").counts.total == 1


def test_a_routine_that_did_not_happen_is_told_only_where_all_was_read(told: Telling) -> None:
    days = [NOW.replace(hour=3, minute=0) - timedelta(days=n) for n in range(20, 1, -1)]
    row = Baseline(key="same/aws/db-main/abc", count=len(days), first_at=days[0], last_at=days[-1], recent=tuple(days))
    told.store.baselines.save([row])
    told.read()
    found = report(told)
    assert [(one.key, one.expected_at) for one in found.missed] == [(row.key, days[-1] + timedelta(days=1))]
    assert not found.quiet
    with telling() as gapped:
        gapped.store.baselines.save([row])
        gapped.read(end=days[-1] + timedelta(hours=20))
        gapped.read(start=days[-1] + timedelta(hours=26))
        assert report(gapped).missed == ()


def test_stability_is_a_fraction_with_what_is_usual_or_not_measured(told: Telling) -> None:
    assert report(told).stability == ()
    score = Metric(name="stability", at=NOW - timedelta(minutes=1), numerator=46, denominator=47, source="cluster", environment="prod")
    usual = [replace(score, at=NOW - timedelta(days=n, minutes=1), numerator=47) for n in range(1, 7)]
    told.store.metrics.save([score, *usual])
    line = report(told).stability[0]
    assert line.now == score
    assert line.usual is not None
    assert line.usual.numerator == 47


def test_who_did_what_is_summed_over_days(told: Telling) -> None:
    told.happened(change("api", 1, ANA), Verdict.PLANNED)
    told.happened(change("web", 2, ANA, when=at(0) - timedelta(days=1)), Verdict.UNPLANNED)
    row = report(told).team[0].activity
    assert (row.actor, row.changes, row.planned, row.unplanned) == ("ana@example.com", 2, 1, 1)


def test_one_person_is_one_row_under_whatever_name_and_two_who_share_one_are_not() -> None:
    def did(actor: str, name: str) -> Activity:
        return Activity(actor=actor, name=name, day="2026-03-02", environment="prod", changes=1)

    ben = (
        did("Ben", "Ben"),
        did("arn:aws:sts::1:role/Admin/ben@acme.example", "Admin"),
        did("ben@acme.example", "ben@acme.example"),
    )
    days = ("2026-03-02", "2026-03-02")
    assert [row.activity.changes for row in team(ben, days)] == [3]
    others = (did("ben@partner.example", "ben@partner.example"), did("ben@p.iam.gserviceaccount.com", "ben"), did("root", "root"))
    assert sorted(row.activity.changes for row in team((*ben, *others), days)) == [1, 1, 1, 1, 2]


def test_lists_are_cut_and_say_so(told: Telling) -> None:
    for number in range(8):
        told.happened(change(f"api-{number}", number, BEN), Verdict.UNPLANNED)
    brief, full = report(told), report(told, "full")
    assert (len(brief.look_at), brief.more_to_look_at, brief.look_at_cut) == (5, 3, False)
    assert (len(full.look_at), full.more_to_look_at) == (8, 0)


class _Model:
    """Writes what a test says."""

    def __init__(self, written: str) -> None:
        self.written = written

    def write(self, *, system: str, ask: str, max_tokens: int, deadline: Deadline) -> str:
        if not self.written:
            raise ModelError("the model is overloaded")
        return self.written


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1 unplanned change by Ben to shop/api; nothing explains it.", True),
        ("2 unplanned changes by Ben.", False),
        ("Zoe changed shop/api.", False),
        ("Ben changed shop/api, and the billing service was affected.", False),
        ("Everything is fine.", False),
        ("", False),
    ],
)
def test_a_model_s_words_are_kept_only_where_the_report_holds_them(told: Telling, written: str, kept: bool) -> None:
    told.read()
    told.happened(change("api", 1, BEN), Verdict.UNPLANNED)
    found = catch_up(told, _Model(written)).over(TimeRange(start=at(0), end=NOW))
    assert found.summary == (written if kept else "")


KNOWN = Places(environments=frozenset({"prod"}), providers=frozenset({"aws"}), sources=frozenset({"prod-eks"}))


def test_the_words_after_catchup_stand_in_any_order() -> None:
    for words in (
        "since yesterday 5pm in prod full share",
        "share full in PROD yesterday 5pm",
        "yesterday 5pm in prod share full",
    ):
        asked = parse(words, now=NOW, time_zone="UTC", known=KNOWN)
        assert asked.when is not None
        assert (asked.when.range.start, asked.filter.environments) == (NOW.replace(hour=17) - timedelta(days=1), frozenset({"prod"}))
        assert (asked.brief, asked.share) == (False, True)
    assert parse("in the last 3 days in prod-eks", now=NOW, time_zone="UTC", known=KNOWN).filter.sources == {"prod-eks"}


def test_words_that_cannot_be_read_say_what_can() -> None:
    with pytest.raises(WhenUnclear, match="brief or full, not both"):
        parse("brief full", now=NOW, time_zone="UTC", known=KNOWN)
    with pytest.raises(WhenUnclear, match="can't read a time in “blurday”"):
        parse("blurday", now=NOW, time_zone="UTC", known=KNOWN)


def test_catchup_goes_by_several_names() -> None:
    assert [takes(words) for words in ("catchup", "catch up since monday", "Catch-Up full", "summarize", "status", "catchups")] == [
        "", "since monday", "full", "", None, None,
    ]  # fmt: skip


def test_an_environment_is_known_by_its_name_whatever_its_case_also_where_nothing_happened_lately(told: Telling) -> None:
    told.happened(change("old", -10 * 24 * 60, ANA, environment="staging"))
    told.happened(change("api", 5, ANA))
    assert catch_up(told).environments(["PROD", "staging"]) == {"prod", "staging"}
    with pytest.raises(WhenUnclear, match="no environment that I watch is called 'cluster'"):
        catch_up(told).environments(["cluster"])


def test_a_report_of_one_provider_rests_on_the_sources_that_tell_of_it_or_may(told: Telling) -> None:
    told.happened(change("api", 1, ANA))
    told.happened(change("sg", 2, ANA, source="aws-prod", provider="aws"), Verdict.PLANNED)
    told.read()
    told.read("aws-prod", reason="throttled")
    assert (report(told, "in kubernetes").sources, report(told, "in kubernetes").recommendations) == (("cluster",), ())
    assert report(told, "in aws").sources_read_whole == ()
    told.read("new-cluster", reason="not answering")
    found = report(told, "in kubernetes")
    assert (found.sources, found.sources_read_whole, found.quiet) == (("cluster", "new-cluster"), ("cluster",), False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("0 days", "no length of time"),
        ("0h", "no length of time"),
        ("since 0 minutes ago", "no length of time"),
        ("last 0 hours full", "no length of time"),
        ("-5 days", "a negative time"),
        ("since -24h in cluster", "a negative time"),
        ("last - 2 weeks", "a negative time"),
        ("5000 years", "longer than there are dates"),
    ],
)
def test_a_time_of_which_nothing_could_be_told_is_refused_and_never_quiet(told: Telling, words: str, says: str) -> None:
    told.read()
    with pytest.raises(WhenUnclear, match=says):
        report(told, words)


def test_a_date_is_no_negative_time(told: Telling) -> None:
    for words in ("2026-02-25", "since 2026-02-25 10:00", "sunday - monday", "last 2 weeks in prod"):
        told.happened(change(words))
        assert report(told, words).counts.total
