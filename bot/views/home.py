"""The App Home: where you left off, what is open, the week in one picture, what you hear, what was read, how at ease you are."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.views import blocks as kit
from bot.views import status as status_view
from bot.views import words
from bot.views.blocks import Block
from bot.views.mrkdwn import channel, code, date, prose
from bot.views.mute import UNMUTE, what
from core.assessment import Verdict
from core.coverage import Coverage
from core.subscription import ComfortMode, Mute, QuietHours, Subscription, Watermark

CATCH_UP, EDIT_WATCH, EASE = "home_catchup", "edit_watch", "ease"
SQUARES = {Verdict.UNPLANNED: "🟧", Verdict.UNKNOWN: "🟪", Verdict.PLANNED: "🟦", Verdict.ROUTINE: "⬜"}
_LEGEND = {Verdict.UNPLANNED: "unplanned", Verdict.UNKNOWN: "I can't tell", Verdict.PLANNED: "planned", Verdict.ROUTINE: "routine"}
HATCH, NOTHING = "▨", "·"
_WIDTH = 16
_KEPT = "Your last answer is kept with your Slack id; it tells whether I help."
_COMFORT = {
    ComfortMode.HIGH: "reassures wherever it is earned",
    ComfortMode.STANDARD: "reassures where it helps",
    ComfortMode.OFF: "states facts only",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCount:
    """One day of the reader's week. `gaps` are the stretches of it that were not read."""

    day: dt.date
    by_verdict: Mapping[Verdict, int] = field(default_factory=dict)
    gaps: tuple[Coverage, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.by_verdict.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """What one reader's Home shows."""

    now: dt.datetime
    time_zone: str = "UTC"
    watermark: Watermark | None = None
    unread: int = 0
    status: status_view.Status | None = None
    week: tuple[DayCount, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    mutes: tuple[Mute, ...] = ()
    ease: int | None = None


def home_view(home: Home) -> Block:
    return kit.home([*_left_off(home), *_open(home), *_week(home), *_watches(home), *_read(home), *_ease(home)])


def _left_off(home: Home) -> list[Block]:
    unread = words.plural(home.unread, "change")
    if home.watermark is None:
        says = f"You have not marked anything as read yet. {unread} in the last 7 days."
    else:
        at = date(home.watermark.read_at)
        says = f"You left off {at}. {unread} since." if home.unread else f"Nothing new was taken in since you left off {at}."
    return [kit.header("Where you left off"), kit.section(says), kit.actions(kit.button("Catch me up", CATCH_UP, style="primary"))]


def _open(home: Home) -> list[Block]:
    status = home.status
    if status is None:
        return []
    blocks = status_view.open_blocks(status)
    if not blocks:
        blocks = [kit.section(status_view.summary(status))]
    more = len(status.open) - status_view.SHOWN
    least = "at least " if status.cut else ""
    rest = [kit.context(f"and {least}{more} more: `/wgo status`")] if more > 0 else []
    lines = [*status_view.unkept_lines(status), *status_view.untold_lines(status)]
    amiss = [kit.section(*lines)] if lines else []
    return [kit.divider(), kit.header("Open now"), *amiss, *blocks, *rest, kit.context(status_view.stability_line(status.stability))]


def _week(home: Home) -> list[Block]:
    if not home.week:
        return []
    most = max((day.total for day in home.week), default=0)
    scale = max(1, -(-most // _WIDTH))
    rows = [_bar(day, scale, home.time_zone) for day in home.week]
    legend = "   ".join(f"{square} {_LEGEND[one]}" for one, square in SQUARES.items())
    unit = "one square a change" if scale == 1 else f"one square about {scale} changes"
    return [kit.divider(), kit.header("Your week"), kit.section(*rows), kit.context(f"{legend}   {HATCH} not read · {unit}")]


def bar(day: DayCount, scale: int) -> str:
    """A day's squares: what is not routine first, and each verdict that occurred by at least one."""
    return "".join(SQUARES[one] * -(-day.by_verdict.get(one, 0) // scale) for one in SQUARES)


def _bar(day: DayCount, scale: int, time_zone: str) -> str:
    hatched = f" {HATCH}" if day.gaps else ""
    gap = ""
    if day.gaps:
        first, zone = day.gaps[0], ZoneInfo(time_zone)
        between = f"{first.range.start.astimezone(zone):%H:%M}–{first.range.end.astimezone(zone):%H:%M}"
        more = f" and {len(day.gaps) - 1} more" if len(day.gaps) > 1 else ""
        gap = f" {prose(first.source, 40)} not read {between}{more}"
    return f"{code(f'{day.day:%a %d %b}', 20)} {bar(day, scale) or NOTHING}{hatched}  {day.total}{f' ·{gap}' if gap else ''}"


def _watches(home: Home) -> list[Block]:
    rows = [kit.section(_watch(one), accessory=kit.button("Edit", EDIT_WATCH, one.destination)) for one in home.subscriptions[:10]] or [
        kit.section("No channel hears of changes yet. Whoever runs me sets `slack.channel`.")
    ]
    muted = [
        kit.section(
            f"Muted until {date(one.until)}: {what(one)} in {channel(one.destination)}", accessory=kit.button("Unmute", UNMUTE, one.id)
        )
        for one in home.mutes[:10]
    ]
    return [kit.divider(), kit.header("Who hears what"), *rows, *muted]


def _watch(one: Subscription) -> str:
    said = [f"only {', '.join(sorted(one.filter.environments))}" if one.filter.environments else "every environment"]
    if one.filter.providers:
        said.append(f"only {', '.join(sorted(one.filter.providers))}")
    if one.filter.min_severity.rank:
        said.append(f"from {one.filter.min_severity.value} severity on")
    said.append("routine too" if one.tells_routine else "routine left out")
    said.append(_COMFORT[one.comfort_mode])
    return f"{channel(one.destination)}: {prose(', '.join(said), 400)}\n{_quiet(one.quiet_hours)}"


def _quiet(quiet: QuietHours | None) -> str:
    if quiet is None:
        return "No quiet hours."
    return f"Quiet {quiet.start:%H:%M}–{quiet.end:%H:%M} ({prose(quiet.time_zone, 60)}), unless it is {quiet.breaks_at.value}."


def _read(home: Home) -> list[Block]:
    coverage = home.status.coverage if home.status else ()
    if not coverage:
        return []
    return [kit.divider(), kit.header("What I read"), kit.context("\n".join(status_view.source_lines(coverage)))]


def _ease(home: Home) -> list[Block]:
    ends = {1: " · not at all", 10: " · entirely"}
    options = [kit.option(f"{many}{ends.get(many, '')}", str(many)) for many in range(1, 11)]
    pick = kit.menu("1–10", EASE, options, str(home.ease) if home.ease else "")
    return [
        kit.divider(),
        kit.section(
            "*How at ease are you with what runs?* Your last answer is kept with your Slack id; it tells whether I help.", accessory=pick
        ),
    ]


def watch_modal(one: Subscription) -> Block:
    """What people may set for a channel."""
    modes = [kit.option(f"{mode.value}: {says}", mode.value) for mode, says in _COMFORT.items()]
    chosen = next(mode for mode in modes if mode["value"] == one.comfort_mode.value)
    routine = {"text": kit.words("Tell routine changes too", 75), "value": "routine"}
    boxes: Block = {"type": "checkboxes", "action_id": "routine", "options": [routine]}
    if one.tells_routine:
        boxes["initial_options"] = [routine]
    comfort: Block = {"type": "radio_buttons", "action_id": "comfort", "options": modes, "initial_option": chosen}
    return kit.modal(
        "What this channel hears",
        [
            kit.section(f"For everyone in {channel(one.destination)}."),
            {"type": "input", "block_id": "comfort", "label": kit.words("How much comfort", 100), "element": comfort},
            {"type": "input", "block_id": "routine", "label": kit.words("Routine", 100), "element": boxes, "optional": True},
            _clock("quiet_from", "Quiet from", one.quiet_hours.start.strftime("%H:%M") if one.quiet_hours else ""),
            _clock("quiet_until", "Quiet until", one.quiet_hours.end.strftime("%H:%M") if one.quiet_hours else ""),
            kit.context(f"{_zone(one.quiet_hours)} Leave both empty for no quiet hours. What is critical breaks through."),
        ],
        callback_id="watch",
        submit="Save",
        close="Cancel",
        about=one.destination,
    )


def _zone(quiet: QuietHours | None) -> str:
    kept = f" Left as they are, they stay in {prose(quiet.time_zone, 60)}." if quiet else ""
    return f"In your own time zone.{kept}"


def _clock(name: str, label: str, initial: str) -> Block:
    element: Block = {"type": "timepicker", "action_id": name}
    if initial:
        element["initial_time"] = initial
    return {"type": "input", "block_id": name, "label": kit.words(label, 100), "element": element, "optional": True}
