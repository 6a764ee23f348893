"""What people read: whole messages for representative values, in the shapes of the voice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.views.answer import answer_message
from bot.views.catchup import catchup_message, gap
from bot.views.details import Details, details_modal
from bot.views.home import DayCount, Home, home_view
from bot.views.status import Status, status_message
from bot.views.story import story_message, thread_note
from core.assessment import ComfortLevel, Context, Overrule, Severity, Verdict
from core.assistant.answering import caveats
from core.baseline import Metric
from core.coverage import CoverageState
from core.event import Actor, ActorKind, ChangeType, FieldChange, Via
from core.report import Answer, CatchUpReport, Citation, Period, RolledUp, StabilityLine, Started
from core.story import TAKEN_BACK, Settling, TakenBack
from core.subscription import ComfortMode
from tests.unit.bot.given import WEEK, comforting, counted, covered, hole, look, report, told, unified
from tests.unit.bot.world import buttons, shown
from tests.unit.core.changes import ANA, BEN, T0, change


def day(at: str) -> str:
    """T0 is Monday 2 March 2026, 10:00."""
    return {
        "T0": "<!date^1772445600^{date_short_pretty} {time}|Mon 02 Mar 10:00 UTC>",
        "clock": "<!date^1772445600^{time}|10:00 UTC>",
        "start": "<!date^1771840800^{date_short_pretty} {time}|Mon 23 Feb 10:00 UTC>",
        "hole": "<!date^1772409600^{date_short_pretty} {time}|Mon 02 Mar 00:00 UTC>",
        "hole ends": "<!date^1772413200^{time}|01:00 UTC>",
    }[at]


def read(message: object) -> list[str]:
    return shown(list(message.blocks)).splitlines()  # type: ignore[attr-defined]


PAYMENTS = replace(
    change("api", actor=ANA, namespace="payments"),
    changes=(
        FieldChange(path="spec.replicas", before=6, after=3),
        FieldChange(path="spec.template.spec.containers.0.image", before="api:1.42.0", after="api:hotfix-2"),
        FieldChange(path="spec.template.spec.containers.0.env.DB_PASSWORD", before="redacted:1f", after="redacted:2e"),
        FieldChange(path="metadata.labels.team", before=None, after="pay"),
    ),
)


def test_an_unplanned_change_is_told_in_five_lines() -> None:
    one = unified(PAYMENTS, severity=Severity.HIGH, context=Context(says=("first manual change here in 30 days",)))
    message = story_message(told(one, people={ANA.id: "U0ANA0001"}))
    assert shown(list(message.blocks[:2])).splitlines() == [
        "🔎 *prod* · *payments/api*  —  *Unplanned, 92 %*",
        "*image* `api:1.42.0` → `api:hotfix-2`, *replicas* `6` → `3`, *DB_PASSWORD* a secret changed, and 1 more field",
        f"<@U0ANA0001> with kubectl · {day('T0')} · no apply explains it",
        "First manual change here in 30 days. Worth a look now.",
    ]
    assert buttons(list(message.blocks)) == ["Details", "It was planned", "Ask"]
    assert message.text == "Unplanned: prod: Deployment payments/api"


def test_what_was_taken_back_says_so_and_is_no_longer_urgent() -> None:
    one = unified(PAYMENTS, severity=Severity.HIGH)
    back = TakenBack(event_id="e9", at=T0 + timedelta(minutes=12), actor=BEN)
    taken = told(one, people={ANA.id: "U0ANA0001", BEN.id: "U0BEN0002"}, taken_back=back, because=TAKEN_BACK)
    says = "Taken back by <@U0BEN0002> <!date^1772446320^{date_short_pretty} {time}|Mon 02 Mar 10:12 UTC>, after 12 min."
    message = shown(list(story_message(taken).blocks[:2])).splitlines()
    assert message[0].endswith("*Unplanned, 92 %*")
    assert message[-1] == says
    assert shown(list(thread_note(taken).blocks)) == says
    assert says in shown([details_modal(Details(told=taken, event=one))])


def test_what_was_taken_back_but_is_not_well_says_both() -> None:
    back = TakenBack(event_id="e9", at=T0 + timedelta(minutes=12))
    unwell = told(unified(PAYMENTS), taken_back=back, settling=Settling.DEGRADED, settling_says="2 of 3 pods ready", event_count=2)
    said = shown(list(story_message(unwell).blocks[:2]))
    assert "What is gravest in it was taken back " in said
    assert "Not well: 2 of 3 pods ready." in said
    # What got worse is what is new in it, whatever else was told in the same breath.
    assert "Not settled" in shown(list(thread_note(replace(unwell, story=replace(unwell.story, because=TAKEN_BACK))).blocks))


def test_what_is_undone_only_in_part_stays_urgent() -> None:
    one = unified(PAYMENTS, severity=Severity.HIGH)
    partly = told(one, taken_back=TakenBack(event_id="e9", at=T0 + timedelta(minutes=12)), event_count=3)
    assert "Worth a look now." in shown(list(story_message(partly).blocks[:2]))


def test_a_planned_change_that_settled_names_who_said_so_and_when() -> None:
    one = unified(PAYMENTS, Verdict.UNPLANNED)
    overruled = replace(
        one, assessment=replace(one.assessment, overrule=Overrule(verdict=Verdict.PLANNED, by="U0ANA0001", at=T0, why="rolling back 1.42"))
    )
    message = story_message(told(overruled, settling=Settling.SETTLED, settled_at=T0, settling_says="6 of 6 ready, 0 restarts in 10 min"))
    assert shown(list(message.blocks[:2])).splitlines() == [
        f"✓ *prod* · *payments/api*  —  *Planned* (<@U0ANA0001>: “rolling back 1.42”) · settled {day('clock')}",
        "*image* `api:1.42.0` → `api:hotfix-2`, *replicas* `6` → `3`, *DB_PASSWORD* a secret changed, and 1 more field",
        f"Ana with kubectl · {day('T0')}",
        "6 of 6 ready, 0 restarts in 10 min.",
    ]


def test_a_cause_that_went_over_several_environments_names_them() -> None:
    for places, named in ((("prod", "staging"), "prod, staging"), (("eu", "prod", "staging", "us"), "prod, eu and 2 more")):
        release = told(unified(PAYMENTS), cause="Release 12", event_count=8, environments=places)
        assert f"*{named}* · *Release 12*" in shown(list(story_message(release).blocks[:1])).splitlines()[0]


def test_one_cause_with_many_changes_is_one_message() -> None:
    message = story_message(
        told(
            unified(PAYMENTS, Verdict.PLANNED, says="run 812, inside the window Network upgrade"),
            cause="Terraform network-upgrade",
            event_count=14,
            counts={"modified": 9, "created": 4, "deleted": 1},
            last_at=T0 + timedelta(minutes=7),
        )
    )
    assert shown(list(message.blocks[:2])).splitlines() == [
        "🏗 *prod* · *Terraform network-upgrade*  —  *Planned, 92 %*",
        f"14 changes: 9 modified, 4 created, 1 deleted · {day('T0')}–<!date^1772446020^{{time}}|10:07 UTC>",
        "Ana with kubectl · run 812, inside the window Network upgrade",
    ]
    assert buttons(list(message.blocks)) == ["Details", "Not planned", "Ask"]


def test_an_unknown_change_is_asked_about_and_gets_no_number() -> None:
    nobody = replace(PAYMENTS, actor=Actor(kind=ActorKind.UNKNOWN, via=Via.UNKNOWN))
    lines = read(story_message(told(unified(nobody, Verdict.UNKNOWN))))
    assert lines[0] == "❔ *prod* · *payments/api*  —  *I can't tell*"
    assert lines[2].startswith("someone unknown · ")
    assert lines[3] == "I can't tell whether it was planned. Was it you?"


def test_what_somebody_unknown_did_beside_a_person_is_not_put_on_that_person() -> None:
    nobody = replace(PAYMENTS, actor=Actor(kind=ActorKind.UNKNOWN, via=Via.UNKNOWN))
    story = told(unified(nobody, says="a workload runs with the host's rights"), event_count=2, actors=(PAYMENTS.actor,))
    lines = shown(list(story_message(story).blocks)).splitlines()
    assert "someone unknown and Ana · a workload runs with the host's rights" in lines


def test_an_attempt_that_was_refused_says_that_nothing_changed() -> None:
    refused = replace(PAYMENTS, change_type=ChangeType.ATTEMPTED, error="AccessDenied", native_action="AuthorizeSecurityGroupIngress")
    lines = read(story_message(told(unified(refused))))
    assert lines[:2] == [
        "⛔ *prod* · *payments/api*  —  *Unplanned, 92 %*",
        "`AuthorizeSecurityGroupIngress` was tried and refused: AccessDenied",
    ]


@pytest.mark.parametrize(
    ("mode", "level", "says"),
    [
        (ComfortMode.HIGH, ComfortLevel.STANDARD, "All 3 pods are ready. 46 of 47 checks pass (cluster)."),
        (ComfortMode.HIGH, ComfortLevel.LOW, "All 3 pods are ready. 46 of 47 checks pass (cluster)."),
        (ComfortMode.STANDARD, ComfortLevel.STANDARD, "All 3 pods are ready."),
        (ComfortMode.STANDARD, ComfortLevel.LOW, ""),
        (ComfortMode.OFF, ComfortLevel.HIGH, ""),
    ],
)
def test_how_much_comfort_is_said_is_the_channels_choice(mode: ComfortMode, level: ComfortLevel, says: str) -> None:
    lines = read(story_message(told(unified(PAYMENTS, Verdict.PLANNED, comfort=comforting(level))), comfort_mode=mode))
    assert (lines[3] if lines[3] != "Details" else "") == says


def test_a_story_that_got_worse_is_never_comforted() -> None:
    one = unified(PAYMENTS, Verdict.PLANNED, comfort=comforting(ComfortLevel.HIGH))
    lines = read(story_message(told(one, settling=Settling.DEGRADED, settling_says="1 of 3 ready"), comfort_mode=ComfortMode.HIGH))
    assert lines[0].endswith(" · *not settled*")
    assert lines[3] == "Not well: 1 of 3 ready."


def test_what_could_not_be_watched_says_that_it_was_not() -> None:
    lines = read(story_message(told(unified(PAYMENTS, Verdict.PLANNED), settling=Settling.UNVERIFIED)))
    assert lines[3] == "No health signal was read since."


# --- the catch-up -----------------------------------------------------------------------------------------------------------


def busy(**more: object) -> CatchUpReport:
    rolled = RolledUp(verdict=Verdict.PLANNED, says=("Ana's network upgrade",), stories=1, changes=14, settled=1, story_ids=("s",), who=ANA)
    metric = Metric(name="stability", at=T0, numerator=46, denominator=47, source="cluster", environment="prod")
    given: dict[str, object] = {
        "coverage": covered(hole(reason="throttled")),
        "counts": counted(routine=171, planned=38, unplanned=3, unknown=2),
        "look_at": (look(),),
        "also": (rolled,),
        "stability": (StabilityLine(environment="prod", now=metric, usual=replace(metric, numerator=47)),),
    }
    return report(**(given | more))


def test_a_brief_catch_up() -> None:
    message = catchup_message(busy(), {}, asked="\n\n")
    assert read(message) == [
        f"*Since you left off {day('start')}* · 7 days · 1 of 2 sources read whole (`aws-prod` not read {day('hole')}–{day('hole ends')})",
        "214 changes: 171 routine · 38 planned · 3 unplanned · 2 I can't tell",
        "*Look at*",
        "1. 🔎 prod · *api-1* was opened to the world",
        f"Ana · {day('T0')} · Unplanned, 92 %",
        "No apply explains it. Still open.",
        "Details",
        "*Also*  Ana's network upgrade (14 changes, settled)",
        f"Stability in `prod`: 46 of 47 checks pass (usual 47 of 47), measured {day('T0')}.",
        "Full report",
        "Mark as read",
        "Share",
    ]


def test_a_shared_catch_up_says_who_shared_it_and_has_no_buttons_of_its_reader() -> None:
    message = catchup_message(busy(), {}, shared_by="U0ANA0001")
    assert read(message)[0].startswith(f"*Since {day('start')}* · 7 days")
    assert read(message)[0].endswith(" · shared by <@U0ANA0001>")
    assert buttons(list(message.blocks)) == ["Details"]


def test_a_full_catch_up_lists_a_line_each() -> None:
    lines = read(catchup_message(busy(brief=False), {}))
    assert "• 🏗 Ana's network upgrade (14 changes, settled)" in lines
    assert "Full report" not in lines


def checks(passing: int) -> Metric:
    return Metric(name="stability", at=T0, numerator=passing, denominator=5, source="cluster", environment="prod")


def test_what_fails_as_usual_does_not_take_the_quiet_away() -> None:
    as_usual = (StabilityLine(environment="prod", now=checks(4), usual=checks(4)),)
    assert "Quiet" in shown(list(catchup_message(report(stability=as_usual), {}).blocks))


@pytest.mark.parametrize(
    "unquiet",
    [
        {"coverage": covered(hole())},
        {"coverage": covered(hole(state=CoverageState.PARTIAL, part="secrets"))},
        {"coverage": covered(sources=())},
        {"counts": counted(routine=31, unknown=1)},
        {"look_at": (look(settling=Settling.DEGRADED),)},
        {"stability": (StabilityLine(environment="prod", now=checks(3)),)},
        {"stability": (StabilityLine(environment="prod", now=checks(3), usual=checks(4)),)},
    ],
)
def test_quiet_is_said_only_where_all_was_read_and_there_is_nothing_but_routine(unquiet: dict[str, object]) -> None:
    calm: dict[str, object] = {"counts": counted(routine=31)}
    assert (
        read(catchup_message(report(**calm), {}))[0]
        == f"✓ Quiet since {day('start')}: 31 routine changes, nothing else. All 2 sources read whole."
    )
    assert "Quiet" not in shown(list(catchup_message(report(**(calm | unquiet)), {}).blocks))


def test_late_and_backfilled_changes_are_a_line_each() -> None:
    lines = read(catchup_message(busy(late=2, backfilled=500, look_at=(look(late=True),)), {}))
    assert lines[2:4] == [
        "_2 changes among them happened earlier and arrived late._",
        "_History read in afterwards: 500 changes, not told one by one._",
    ]
    assert f"Ana · {day('T0')} · Unplanned, 92 % · _arrived late_" in lines


def test_what_there_is_more_to_look_at_is_at_least_so_many_where_it_was_cut() -> None:
    assert "and 7 more to look at: `/wgo status`" in read(catchup_message(busy(more_to_look_at=7), {}))
    assert "and at least 60 more to look at: `/wgo status`" in read(catchup_message(busy(more_to_look_at=60, look_at_cut=True), {}))


def test_sixty_to_look_at_fit_and_the_rest_is_said_to_be_left_out() -> None:
    message = catchup_message(busy(brief=False, look_at=tuple(look(number) for number in range(60))), {})
    assert len(message.blocks) <= 50
    assert "There is more: `/wgo history` lists every change." in read(message)
    assert buttons(list(message.blocks))[-2:] == ["Mark as read", "Share"]


def test_a_fraction_is_told_with_its_parts_or_not_measured() -> None:
    assert "Stability: not measured (no health signal was read)." in read(catchup_message(busy(stability=()), {}))
    assert "Stability in `prod`: not measured." in read(catchup_message(busy(stability=(StabilityLine(environment="prod"),)), {}))


# --- what was read but for a part -----------------------------------------------------------------------------------------------


def test_what_was_read_but_for_a_part_is_not_said_to_be_unread() -> None:
    left_out = hole("cluster", state=CoverageState.PARTIAL, part="secrets", reason="the role may not list them")
    assert gap(left_out) == "`cluster` read, but without secrets: the role may not list them"
    assert (
        gap(replace(left_out, part="", reason="3 records could not be read"))
        == "`cluster` read, but not whole: 3 records could not be read"
    )
    assert gap(hole(part="eu-west-1")) == f"`aws-prod` (eu-west-1) not read {day('hole')}–{day('hole ends')}"
    of_it = covered(left_out)
    messages = (
        catchup_message(busy(coverage=of_it), {}),
        answer_message(Answer(text=("Nothing.",), coverage=of_it), {}),
        status_message(Status(at=T0, coverage=(left_out,))),
    )
    for message in messages:
        assert "not read" not in shown(list(message.blocks))
        assert "the role may not list them" in shown(list(message.blocks))
    details = details_modal(Details(told=told(), event=unified(), gaps=(left_out,)))
    assert "not read" not in shown(details["blocks"])
    assert "read, but without secrets: the role may not list them" in shown(details["blocks"])


# --- the others -------------------------------------------------------------------------------------------------------------


def test_an_answer_says_of_what_it_was_asked_what_was_not_seen_and_what_to_ask_next() -> None:
    cited = Citation(number=1, says=("Ana's apply",), story_id="s1", at=T0)
    answer = Answer(
        text=("One change. ", "\n", "[1] Ana's apply changed the routes."), citations=(cited,), asked_of=214,
        period=Period(range=WEEK, started=Started.ASKED), coverage=covered(hole()), follow_ups=("and in staging?",),
    )  # fmt: skip
    message = answer_message(answer, {}, about="what changed?")
    assert read(message) == [
        "One change. ",
        "[1] Ana's apply changed the routes.",
        "Details",
        f"I have not seen everything: `aws-prod` not read {day('hole')}–{day('hole ends')}.",
        f"Asked of 214 changes. From {day('start')} to {day('T0')}.",
        "_and in staging?_",
        "👍",
        "👎",
    ]


def test_a_gap_that_the_answer_tells_itself_is_told_once() -> None:
    of_it = covered(hole())
    shown_text = shown(list(answer_message(Answer(text=("Nothing.",), coverage=of_it, caveats=caveats(of_it)), {}).blocks))
    assert shown_text.count("aws-prod") == 1
    assert "I can't vouch for that." in shown_text


def test_the_week_on_the_home_hatches_what_was_not_read() -> None:
    days = (
        DayCount(day=T0.date() - timedelta(days=1), by_verdict={Verdict.ROUTINE: 3, Verdict.UNPLANNED: 1}, gaps=(hole(),)),
        DayCount(day=T0.date()),
    )
    lines = shown(home_view(Home(now=T0, week=days))["blocks"]).splitlines()
    assert "`Sun 01 Mar` 🟧⬜⬜⬜ ▨  4 · aws-prod not read 00:00–01:00" in lines
    assert "`Mon 02 Mar` ·  0" in lines


def test_a_busy_day_keeps_its_one_unplanned_change_in_the_picture() -> None:
    days = (DayCount(day=T0.date(), by_verdict={Verdict.ROUTINE: 5000, Verdict.UNPLANNED: 1}),)
    text = shown(home_view(Home(now=T0, week=days))["blocks"])
    assert "🟧⬜" in text
    assert "one square about 313 changes" in text


def test_five_hundred_fields_fit_into_the_details() -> None:
    wide = replace(PAYMENTS, changes=tuple(FieldChange(path=f"spec.a{number}", before="x" * 5000, after=None) for number in range(500)))
    modal = details_modal(Details(told=told(unified(wide)), event=unified(wide)))
    assert len(modal["blocks"]) <= 100
    assert "What changed: 500 fields" in shown(modal["blocks"])
    assert "460 more fields changed" in shown(modal["blocks"])
