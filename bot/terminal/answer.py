"""An answer, the status and a page of history in a terminal."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.text import Text

from bot.terminal.slots import address, clean, clock, rendered, verdict, verdict_of
from bot.views.status import Status, never_told, says, waiting
from core import phrases
from core.coverage import NEVER_READ, Coverage, CoverageState
from core.report import Answer
from core.story import Settling, Story, wholly_taken_back
from core.unified import UnifiedEvent


def answer_view(answer: Answer, zone: ZoneInfo) -> RenderableType:
    parts: list[RenderableType] = [rendered(answer.text, zone)]
    parts += [Text.assemble(("○ ", "yellow"), rendered(one, zone)) for one in answer.caveats]
    links = [(one.number, link.url) for one in answer.citations for link in one.links[:1]]
    if answer.asked_of is not None or links:
        parts.append(Text())
    parts += [address(url, f"[{number}] ") for number, url in links]
    if answer.asked_of is not None:
        parts.append(Text(f"asked of {phrases.plural(answer.asked_of, 'change')}", style="bright_black"))
    if answer.follow_ups:
        parts.append(Text(f"ask on: {' · '.join(clean(one) for one in answer.follow_ups)}", style="bright_black"))
    return Group(*parts)


def change_line(one: UnifiedEvent, zone: ZoneInfo) -> Text:
    overrule = one.assessment.overrule
    said = verdict(one.verdict, one.confidence, overrule.by if overrule else "")
    return Text.assemble(verdict_of(one.verdict), " ", rendered(phrases.told(one), zone), " · ", said)


def history_view(events: Sequence[UnifiedEvent], zone: ZoneInfo) -> RenderableType:
    return Group(*(change_line(one, zone) for one in events)) if events else Text("None that I have read.")


def status_view(status: Status, zone: ZoneInfo) -> RenderableType:
    return Group(
        Text(f"How it stands · {clock(status.at, zone)}", style="bold"),
        *_open(status, zone),
        *_untold(status),
        Text(),
        *_scores(status),
        *_sources(status, zone),
    )


def _open(status: Status, zone: ZoneInfo) -> Iterator[Text]:
    if not status.open or status.cut:
        yield rendered(says(status), zone)
    for story in status.open:
        yield _story(story, status, zone)


def _untold(status: Status) -> Iterator[Text]:
    for one in status.parked:
        yield Text(f"{waiting(one)} {clean(one.destination)}: {clean(one.why)}", style="yellow")
    if status.failed_messages:
        yield Text(never_told(status.failed_messages), style="yellow")


def _story(story: Story, status: Status, zone: ZoneInfo) -> Text:
    name, overrule = status.names.get(story.id, ""), status.overrules.get(story.id)
    what = " · ".join(clean(part) for part in (phrases.environments(story.places), name or story.cause or "a change") if part)
    stands = {Settling.SETTLED: " · settled", Settling.WATCHING: " · still watching", Settling.UNVERIFIED: " · settling not seen"}
    state = f" · not settled: {clean(story.settling_says)}" if story.settling is Settling.DEGRADED else stands.get(story.settling, "")
    if story.taken_back is not None and wholly_taken_back(story) and story.settling is not Settling.DEGRADED:
        state = f" · taken back {clock(story.taken_back.at, zone)}"
    many = f" · {phrases.plural(story.event_count, 'change')}" if story.event_count > 1 else ""
    return Text.assemble(
        verdict_of(story.verdict),
        " ",
        (what, "bold"),
        many,
        " · ",
        verdict(story.verdict, story.confidence, overrule.by if overrule else ""),
        f" · {clock(story.last_at, zone)}{state}",
    )


def _scores(status: Status) -> Iterator[Text]:
    if not status.stability:
        yield Text("Stability: not measured (no health signal was read lately).")
    for one in status.stability:
        where = f" in {clean(one.environment)}" if one.environment else ""
        yield Text(f"Stability{where}: {one.numerator:g} of {one.denominator:g} checks pass.")


def _sources(status: Status, zone: ZoneInfo) -> Iterator[Text]:
    for one in sorted(status.coverage, key=lambda one: (one.state is not CoverageState.GAP, one.source)):
        yield _source(one, zone)


def _source(one: Coverage, zone: ZoneInfo) -> Text:
    if one.state is CoverageState.GAP:
        if one.reason == NEVER_READ:
            return Text.assemble(("○ ", "yellow"), (clean(one.source), "bold"), f" has never been read. {clean(one.next_step)}")
        why = f": {clean(one.reason)}" if one.reason else ""
        return Text.assemble(
            ("○ ", "yellow"), (clean(one.source), "bold"), f" not read since {clock(one.range.start, zone)}{why}. {clean(one.next_step)}"
        )
    partly = f", but {clean(one.reason)}" if one.state is CoverageState.PARTIAL and one.reason else ""
    return Text.assemble(("● ", "green"), (clean(one.source), "bold"), f" read, complete until {clock(one.complete_until, zone)}{partly}")
