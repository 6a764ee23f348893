"""The App Home: what it shows, what people set there, and how at ease they say they are."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from bot.standing import EASE_METRIC
from core.assessment import Verdict
from core.subscription import ComfortMode, QuietHours, Subscription
from core.timerange import TimeRange
from tests.unit.bot.world import ANA_ID, INFRA, YOU, World, buttons, shown


def opened(here: World, user: str = YOU) -> dict[str, Any]:
    before = here.marked()
    here.driver.act("open_home", user=user)
    return dict(here.call("views.publish", before)["answer"]["view"])


def click(here: World, view: Mapping[str, Any], action: str, *, user: str = YOU, **more: Any) -> None:
    answer = here.driver.act("click", user=user, action_id=action, view_id=view["id"], **more)
    assert answer["ok"], answer


def editing(here: World, user: str = YOU) -> dict[str, Any]:
    home, before = opened(here, user), here.marked()
    click(here, home, "edit_watch", user=user)
    return dict(here.call("views.open", before)["answer"]["view"])


def saved(here: World, view: Mapping[str, Any], values: Mapping[str, Any], user: str = YOU) -> Subscription:
    before = here.marked()
    assert here.driver.act("submit", user=user, view_id=view["id"], values=values)["ok"]
    here.call("views.publish", before)
    kept = here.store.subscriptions.get(INFRA)
    assert kept is not None
    return kept


def test_a_home_shows_from_where_one_left_off_to_how_at_ease_one_is(here: World) -> None:
    here.read("cluster")
    here.happened("payments", Verdict.UNPLANNED)
    home = opened(here)
    headers = [block["text"]["text"] for block in home["blocks"] if block["type"] == "header"]
    assert headers == ["Where you left off", "Open now", "Your week", "Who hears what", "What I read"]
    said = shown(home["blocks"])
    assert "You have not marked anything as read yet. 1 change in the last 7 days." in said
    assert "🔎 *prod · shop/payments*" in said
    assert f"<#{INFRA}>: every environment, routine left out, reassures where it helps" in said
    assert buttons(home["blocks"]) == ["Catch me up", "Details", "Edit"]


def test_a_home_before_anything_was_read_reassures_of_nothing(here: World) -> None:
    said = shown(opened(here)["blocks"])
    assert "Nothing has been read yet, so there is nothing I can say." in said
    assert "Nothing of the last 3 days is open." not in said


def test_nothing_is_open_only_of_what_was_read(here: World) -> None:
    here.read("cluster")
    assert "Nothing of the last 3 days is open." in shown(opened(here)["blocks"])
    here.read("aws-prod", hours=1, reason="throttled")
    said = shown(opened(here)["blocks"])
    assert "Nothing of the last 3 days is open." not in said
    assert "Nothing of the last 3 days is open in what was read. 1 source I could not read: I can't vouch for that." in said


def test_the_messages_tab_publishes_no_home(here: World) -> None:
    here.direct()
    opened(here)
    assert len(here.driver.calls("views.publish")) == 1


def test_what_a_channel_hears_can_be_set_for_everyone_in_it(here: World) -> None:
    view = editing(here, ANA_ID)
    assert shown(view["blocks"]).startswith(f"For everyone in <#{INFRA}>.")
    kept = saved(
        here,
        view,
        {
            "comfort": {"comfort": "high"},
            "routine": {"routine": ["routine"]},
            "quiet_from": {"quiet_from": "22:00"},
            "quiet_until": {"quiet_until": "07:30"},
        },
        ANA_ID,
    )
    quiet = QuietHours(start=time(22, 0), end=time(7, 30), time_zone="Europe/Madrid")
    assert kept == Subscription(destination=INFRA, comfort_mode=ComfortMode.HIGH, tells_routine=True, quiet_hours=quiet)
    home = shown(opened(here)["blocks"])
    assert "routine too, reassures wherever it is earned" in home
    assert "Quiet 22:00–07:30 (Europe/Madrid), unless it is critical." in home


def test_the_modal_begins_with_what_is_set_and_saving_it_unchanged_changes_nothing(here: World) -> None:
    quiet = QuietHours(start=time(22, 0), end=time(7, 0), time_zone="Europe/London")
    was = Subscription(destination=INFRA, comfort_mode=ComfortMode.OFF, tells_routine=True, quiet_hours=quiet)
    here.store.subscriptions.save(was)
    assert saved(here, editing(here), {}) == was


def test_quiet_hours_stay_in_the_zone_they_were_set_in_when_someone_elsewhere_saves(here: World) -> None:
    quiet = QuietHours(start=time(22, 0), end=time(7, 0), time_zone="Asia/Tokyo")
    here.store.subscriptions.save(Subscription(destination=INFRA, quiet_hours=quiet))
    kept = saved(here, editing(here, ANA_ID), {"comfort": {"comfort": "high"}}, ANA_ID)
    assert (kept.comfort_mode, kept.quiet_hours) == (ComfortMode.HIGH, quiet)


def test_how_at_ease_one_is_is_kept_as_a_count(here: World) -> None:
    home = opened(here)
    click(here, home, "ease", value="8")
    span = TimeRange(start=here.clock() - timedelta(hours=1), end=here.clock() + timedelta(seconds=1))
    wait_until(lambda: bool(here.store.metrics.between(EASE_METRIC, span)))
    (kept,) = here.store.metrics.between(EASE_METRIC, span)
    assert (kept.numerator, kept.denominator, kept.source) == (8.0, 10.0, YOU)


def test_a_details_button_on_the_home_opens_the_story(here: World) -> None:
    here.happened("payments", Verdict.UNPLANNED)
    home, before = opened(here), here.marked()
    click(here, home, "details")
    assert "shop/payments" in shown(here.call("views.open", before)["answer"]["view"]["blocks"])


def wait_until(holds: Any) -> None:
    import time as clock

    until = clock.monotonic() + 10
    while not holds():
        assert clock.monotonic() < until
