"""How it stands now: what is open, how stable it is, and what was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.views import blocks as kit
from bot.views import words
from bot.views.blocks import Block, Message
from bot.views.mrkdwn import code, date, prose, strong
from bot.views.story import DETAILS
from core.assessment import Verdict
from core.baseline import Metric
from core.coverage import Coverage, CoverageState
from core.story import Settling, Story

SHOWN = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """`open` are stories that ask for a look: unplanned, unknown or not settled. `stability` is the newest score of each environment.
    `unkept` says that the store cannot be written now, where it cannot."""

    at: datetime
    open: tuple[Story, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    coverage: tuple[Coverage, ...] = ()
    stability: tuple[Metric, ...] = ()
    failed_messages: int = 0
    unkept: str = ""


def status_message(status: Status) -> Message:
    head = [kit.section(f"*How it stands* · {date(status.at)}", summary(status), *unkept_lines(status))]
    foot = [kit.context("\n".join(filter(None, (stability_line(status.stability), *source_lines(status.coverage))))), _next()]
    return kit.message(head, open_blocks(status.open, status.names), foot, text=_plain(status), left_out="and more that is open")


def open_blocks(stories: Sequence[Story], names: Mapping[str, str]) -> list[Block]:
    """One line a story, with its Details. `names` are the headline resources by story id."""
    return [
        kit.section(_line(story, names.get(story.id, "")), accessory=kit.button("Details", DETAILS, story.id)) for story in stories[:SHOWN]
    ]


def _line(story: Story, name: str) -> str:
    what = strong(" · ".join(part for part in (story.environment, name or story.cause or "a change") if part))
    cause = f" · {prose(story.cause, 80)}" if name and story.cause and story.cause != name else ""
    many = f" · {words.plural(story.event_count, 'change')}" if story.event_count > 1 else ""
    return (
        f"{words.mark(story)} {what}{cause}{many}\n{words.verdict(story.verdict, story.confidence)} · {date(story.last_at)}{_stands(story)}"
    )


def _stands(story: Story) -> str:
    match story.settling:
        case Settling.SETTLED:
            return " · settled"
        case Settling.DEGRADED:
            return f" · *not settled*: {prose(story.settling_says, 160)}"
        case Settling.WATCHING:
            return " · still watching"
        case Settling.UNVERIFIED:
            return " · I could not see whether it settled"
        case _:
            return ""


def summary(status: Status) -> str:
    """How much is open; that nothing is, only of what was read."""
    if status.open:
        worst = sum(1 for story in status.open if story.verdict is Verdict.UNPLANNED)
        unknown = sum(1 for story in status.open if story.verdict is Verdict.UNKNOWN)
        parts = [f"{worst} unplanned" if worst else "", f"{unknown} I can't tell" if unknown else ""]
        detail = ", ".join(part for part in parts if part)
        return f"{words.plural(len(status.open), 'change')} open{f': {detail}' if detail else ''}."
    if status.unkept:
        return "Nothing is open in what could be kept. Of what happens now I can't vouch."
    if not status.coverage:
        return "Nothing has been read yet, so there is nothing I can say."
    holed = [one for one in status.coverage if one.state is CoverageState.GAP]
    if holed:
        return f"Nothing is open in what was read. {words.plural(len(holed), 'source')} I could not read: I can't vouch for that."
    return "Nothing is open."


def unkept_lines(status: Status) -> list[str]:
    return [prose(status.unkept, 600)] if status.unkept else []


def stability_line(metrics: Sequence[Metric]) -> str:
    """47 of 47 checks pass in prod. Never a number that was not measured."""
    if not metrics:
        return "Stability: not measured (no health signal was read lately)."
    said = [" ".join(filter(None, (code(one.environment) if one.environment else "", score(one)))) for one in metrics]
    return f"Checks that pass: {', '.join(said[:8])} ({date(max(one.at for one in metrics))})"


def score(metric: Metric) -> str:
    return f"{metric.numerator:g} of {metric.denominator:g}"


def source_lines(coverage: Sequence[Coverage]) -> list[str]:
    """Each source with its last read; what to do where it was not read."""
    return [_source(one) for one in sorted(coverage, key=lambda one: (one.state is not CoverageState.GAP, one.source))[:20]]


def _source(one: Coverage) -> str:
    name = code(one.source, 80)
    if one.state is CoverageState.GAP:
        reason = f": {prose(one.reason, 200)}" if one.reason else ""
        step = f" {prose(one.next_step, 200)}" if one.next_step else ""
        return f"○ {name} not read since {date(one.range.start)}{reason}.{step}"
    partly = f", but {prose(one.reason, 160)}" if one.state is CoverageState.PARTIAL and one.reason else ""
    return f"● {name} read, complete until {date(one.complete_until)}{partly}"


def _next() -> Block:
    return kit.context("`/wgo catchup` tells what happened since you left · `/wgo history` lists changes · `/wgo help`")


def _plain(status: Status) -> str:
    return f"{len(status.open)} open" if status.open else "How it stands"
