"""How it stands now: what is open, how stable it is, and what was read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.views import blocks as kit
from bot.views import verdicts, words
from bot.views.blocks import Block, Message
from bot.views.mrkdwn import channel, code, date, person, prose, render, strong
from bot.views.story import DETAILS
from core import phrases
from core.assessment import Overrule, Verdict
from core.baseline import Metric
from core.coverage import NEVER_READ, Coverage, CoverageState, in_time
from core.delivery import Parked
from core.story import Settling, Story, wholly_taken_back
from core.text import Code, Slot, Text, Time, TimeStyle

SHOWN = 8
_GAPS = 2
# Why a change is open: nobody explained it, or it is explained and nobody has seen it settle.
_OPEN = {
    Verdict.UNPLANNED: "unplanned",
    Verdict.UNKNOWN: "I can't tell",
    Verdict.PLANNED: "planned but not seen to settle",
    Verdict.ROUTINE: "routine but not seen to settle",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """`open` are stories that ask for a look: unplanned, unknown or not settled; `names` are their headline resources and `overrules` the
    words of people by which their verdicts count, by story id. `stability` is the newest score of each environment.
    `gaps` is what was not read whole of the time in which something counts as open; `cut`: there is more, or may be, than `open` holds.
    `parked` are messages that wait for us to be let into their channel, `failed_messages` those that Slack will never take.
    `unkept` says that the store cannot be written now, where it cannot; `open_for` is how long what nobody explained counts as open."""

    at: datetime
    open: tuple[Story, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    overrules: Mapping[str, Overrule] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    coverage: tuple[Coverage, ...] = ()
    gaps: tuple[Coverage, ...] = ()
    cut: bool = False
    stability: tuple[Metric, ...] = ()
    parked: tuple[Parked, ...] = ()
    failed_messages: int = 0
    unkept: str = ""
    open_for: timedelta = timedelta(days=3)


def status_message(status: Status) -> Message:
    head = [kit.section(f"*How it stands* · {date(status.at)}", summary(status), *unkept_lines(status), *untold_lines(status))]
    foot = [kit.context("\n".join(filter(None, (stability_line(status.stability), *source_lines(status.coverage))))), _next()]
    return kit.message(head, open_blocks(status), foot, text=_plain(status), left_out="and more that is open")


def open_blocks(status: Status) -> list[Block]:
    """Two lines a story, with its Details."""
    shown = status.open[:SHOWN]
    lines = [_line(story, status) for story in shown]
    buttons = [kit.button("Details", DETAILS, story.id) for story in shown]
    return [kit.section(line, accessory=button) for line, button in zip(lines, buttons, strict=True)]


def _line(story: Story, status: Status) -> str:
    name = status.names.get(story.id, "")
    what = strong(" · ".join(part for part in (phrases.environments(story.places), name or story.cause or "a change") if part))
    known = [one for one in story.actors if one.known]
    who = ", ".join(person(one, status.people) for one in known[:2]) + (f" and {len(known) - 2} more" if len(known) > 2 else "")
    parts = [what, _done(story) if name else "", who]
    verdict = verdicts.of_story(story, status.overrules.get(story.id))
    return f"{verdicts.mark(story)} {' · '.join(part for part in parts if part)}\n{verdict} · {date(story.last_at)}{_stands(story)}"


def _done(story: Story) -> str:
    """What was done: of one change, that; of several, how many they are and of what cause."""
    if story.event_count == 1 and len(story.counts) == 1:
        kind = str(next(iter(story.counts)))
        return words.ACTIONS.get(kind, prose(kind, 40))
    names = tuple(f"{one}: " for actor in story.actors for one in (actor.name, actor.id) if one)
    cause = next((story.cause.removeprefix(one) for one in names if story.cause.startswith(one)), story.cause)
    many = words.plural(story.event_count, "change")
    return prose(cause if many in cause else f"{cause} · {many}" if cause else many, 100)


def _stands(story: Story) -> str:
    if story.taken_back is not None and wholly_taken_back(story) and story.settling is not Settling.DEGRADED:
        return f" · taken back {date(story.taken_back.at)}"
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
    return render(says(status), status.people)


def says(status: Status) -> Text:
    """How much is open, each counted once; that nothing is, only of what was read and looked through."""
    if not status.open:
        return _nothing(status)
    counts = Counter(story.verdict for story in status.open)
    detail = ", ".join(f"{counts[verdict]} {word}" for verdict, word in _OPEN.items() if counts[verdict])
    unwell = sum(1 for story in status.open if story.settling is Settling.DEGRADED)
    worse = f" {unwell} of them {'is' if unwell == 1 else 'are'} not well." if unwell else ""
    least = "At least " if status.cut else ""
    return (f"{least}{words.plural(len(status.open), 'change')} open: {detail}.{worse}",)


def _nothing(status: Status) -> Text:
    if not status.coverage and not status.unkept:
        return ("Nothing has been read yet, so there is nothing I can say.",)
    holed = {one.source for one in status.coverage if one.state is CoverageState.GAP}
    # What happened before is not looked at again: that it is closed is not known.
    nothing = f"Nothing of the last {status.open_for.days} days is open"
    if status.cut:
        nothing = f"I found nothing open of the last {status.open_for.days} days, but there is more than I could look through"
    elif status.unkept:
        nothing += " in what could be kept"
    elif holed or status.gaps:
        nothing += " in what was read"
    # What is not read to this day is told with its source.
    gaps = [gap for gap in status.gaps if in_time(gap) and not (gap.source in holed and gap.range.end >= status.at)]
    said: list[Slot] = [nothing]
    for number, gap in enumerate(gaps[:_GAPS]):
        said += [", " if number else "; ", *_unread(gap)]
    more = f", and {words.plural(len(gaps) - _GAPS, 'more gap')}" if len(gaps) > _GAPS else ""
    said.append(f"{more}.")
    if status.unkept:
        said.append(" Of what happens now I can't vouch.")
    if holed:
        said.append(f" {words.plural(len(holed), 'source')} I could not read: I can't vouch for that.")
    return tuple(said)


def _unread(gap: Coverage) -> Text:
    """As in: aws-prod was not read Fri 02:10–17:20."""
    same_day = gap.range.start.date() == gap.range.end.date()
    until = Time(gap.range.end, TimeStyle.CLOCK if same_day else TimeStyle.DAY_CLOCK)
    part = f" ({phrases.clipped(gap.part, 60)})" if gap.part else ""
    read = "was read only in part" if gap.state is CoverageState.PARTIAL else "was not read"
    return (Code(gap.source), f"{part} {read} ", Time(gap.range.start), "–", until)


def unkept_lines(status: Status) -> list[str]:
    return [prose(status.unkept, 600)] if status.unkept else []


def untold_lines(status: Status) -> list[str]:
    """What channels have not heard, where, and what to do."""
    said = [f"{waiting(one)} {channel(one.destination)}: {prose(one.why, 200)}" for one in status.parked]
    return [*said, never_told(status.failed_messages)] if status.failed_messages else said


def waiting(parked: Parked) -> str:
    """As in: 3 messages wait for."""
    return f"{words.plural(parked.messages, 'message')} {'waits' if parked.messages == 1 else 'wait'} for"


def never_told(messages: int) -> str:
    return f"{words.plural(messages, 'message')} could not be delivered: the log says why (`not told`)."


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
        if one.reason == NEVER_READ:
            return f"○ {name} has never been read.{step}"
        return f"○ {name} not read since {date(one.range.start)}{reason}.{step}"
    partly = f", but {prose(one.reason, 160)}" if one.state is CoverageState.PARTIAL and one.reason else ""
    return f"● {name} read, complete until {date(one.complete_until)}{partly}"


def _next() -> Block:
    return kit.context("`/wgo catchup` tells what happened since you left · `/wgo history` lists changes · `/wgo help`")


def _plain(status: Status) -> str:
    return f"{len(status.open)} open" if status.open else "How it stands"
