"""A catch-up in a terminal."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.terminal.slots import VERDICT_STYLES, VERDICT_WORDS, address, clean, clock, rendered, verdict, verdict_of
from core import phrases
from core.assessment import Verdict
from core.report import CatchUpReport, LookAt, RolledUp, StabilityLine, Started, TeamRow
from core.text import TimeStyle

_ORDER = (Verdict.ROUTINE, Verdict.PLANNED, Verdict.UNPLANNED, Verdict.UNKNOWN)
_BRIEF_ALSO, _INDENT = 5, 5


def catchup_view(report: CatchUpReport) -> RenderableType:
    """The whole report, times in its reader's zone."""
    zone = ZoneInfo(report.period.time_zone)
    parts: list[RenderableType] = [_first(report, zone), *_not_seen(report, zone), *_notes(report)]
    if not report.quiet:
        parts.insert(1, _counts(report))
    if report.summary:
        parts += [Text(), Text(clean(report.summary), style="italic")]
    parts += [*_look_at(report, zone), *_also(report, zone), *_team(report), Text(), *_stability(report, zone), *_advice(report, zone)]
    return Group(*parts)


def _read(report: CatchUpReport) -> str:
    whole, many = len(report.sources_read_whole), len(report.sources)
    if not many:
        return "no source has been read yet"
    if whole == many:
        return f"all {many} sources read whole" if many > 1 else "the one source read whole"
    return f"{whole} of {many} sources read whole"


def _first(report: CatchUpReport, zone: ZoneInfo) -> Text:
    start = clock(report.period.range.start, zone)
    chosen = [clean(one) for one in sorted(report.filter.environments | report.filter.providers | report.filter.sources)]
    ended = report.made_at - report.period.range.end > timedelta(minutes=1)
    until = f" until {clock(report.period.range.end, zone)}" if ended else ""
    if report.quiet:
        where = f" in {' and '.join(chosen)}" if chosen else ""
        when = f"{'from' if ended else 'since'} {start}{until}"
        routine = report.of_verdict[Verdict.ROUTINE]
        many = f"{phrases.plural(routine, 'routine change')}, nothing else" if routine else "nothing changed"
        return Text.assemble(
            ("✓ ", "green"), (f"Quiet{where} {when}", "bold"), f": {many}. {_read(report)[:1].upper()}{_read(report)[1:]}."
        )
    begins = "Since you left off" if report.period.started is Started.WATERMARK else "From" if ended else "Since"
    only = f" · only {', '.join(chosen)}" if chosen else ""
    return Text.assemble((f"{begins} {start}{until}", "bold"), f" · {phrases.lasted(report.period.range.duration)}{only} · {_read(report)}")


def _not_seen(report: CatchUpReport, zone: ZoneInfo) -> Iterator[Text]:
    shown = report.gaps[:2] if report.brief else report.gaps[:12]
    for gap in shown:
        yield Text.assemble(("○ ", "yellow"), rendered(phrases.missed(gap), zone), ". I can't vouch for that.")
    if len(report.gaps) > len(shown):
        yield Text(f"○ and {len(report.gaps) - len(shown)} more gaps", style="yellow")


def _counts(report: CatchUpReport) -> Text:
    total = report.counts.total
    if not total:
        if not report.sources:
            return Text("Nothing was read, so there is nothing I can say.")
        return Text("No change was seen in what was read." if report.gaps else "No change was seen.")
    text = Text(f"{phrases.plural(total, 'change')}: ")
    shown = [one for one in _ORDER if report.of_verdict[one]]
    for number, one in enumerate(shown):
        text.append(" · " if number else "")
        text.append(f"{report.of_verdict[one]:,} {VERDICT_WORDS[one]}", style=VERDICT_STYLES[one])
    return text


def _notes(report: CatchUpReport) -> Iterator[Text]:
    for note in report.period.notes:
        yield Text(clean(note), style="italic")
    if report.late:
        yield Text(f"{phrases.plural(report.late, 'change')} among them happened earlier and arrived late.", style="italic")
    if report.cut:
        yield Text("More is open or not well than I could look through: what I don't name here may still be so.", style="yellow")
    if report.backfilled:
        yield Text(f"History read in afterwards: {phrases.plural(report.backfilled, 'change')}.", style="italic")


def _look_at(report: CatchUpReport, zone: ZoneInfo) -> Iterator[RenderableType]:
    if not report.look_at:
        return
    yield Text("\nLook at", style="bold")
    for number, one in enumerate(report.look_at, 1):
        yield _item(number, one, zone)
    if report.more_to_look_at:
        least = "at least " if report.look_at_cut else ""
        yield Text(f"   and {least}{report.more_to_look_at} more", style="bright_black")


def _item(number: int, one: LookAt, zone: ZoneInfo) -> RenderableType:
    first = Text.assemble(f"{number}. ", verdict_of(one.verdict), " ", rendered(one.what, zone))
    who = clean(one.who.name or one.who.id or "someone unknown")
    many = f" · {phrases.plural(one.event_count, 'change')}" if one.event_count > 1 else ""
    late = " · arrived late" if one.late else ""
    second = Text.assemble(
        (who, "bold"), f" · {clock(one.at, zone)} · ", verdict(one.verdict, one.confidence, one.overruled_by), many, (late, "italic")
    )
    lines: list[RenderableType] = [second]
    third = Text(" ").join(part for part in (rendered(one.why, zone), rendered(one.stands, zone)) if part)
    if third:
        lines.append(third)
    links = [address(link.url, " " * _INDENT) for link in one.links[:1]]
    return Group(first, Padding(Group(*lines), (0, 0, 0, _INDENT), expand=False), *links)


def _also(report: CatchUpReport, zone: ZoneInfo) -> Iterator[RenderableType]:
    shown = report.also[:_BRIEF_ALSO] if report.brief else report.also
    if shown or report.missed:
        yield Text("\nAlso", style="bold")
    for one in shown:
        yield _rolled(one, zone)
    for missed in report.missed:
        yield Text.assemble("   ⏰ ", rendered(missed.says, zone))
    if report.also_cut or len(shown) < len(report.also):
        yield Text("   and more: wgo history", style="bright_black")


def _rolled(one: RolledUp, zone: ZoneInfo) -> Text:
    settled = ""
    if one.settled:
        settled = ", settled" if one.settled == one.stories else f", {one.settled} of {one.stories} settled"
    counted = f" ({phrases.plural(one.changes, 'change')}{settled})"
    return Text.assemble("   ", verdict_of(one.verdict), " ", rendered(one.says, zone), (counted, "bright_black"))


def _team(report: CatchUpReport) -> Iterator[Text]:
    if report.brief or not report.team:
        return
    first, last = report.team[0].days
    yield Text(f"\nWho did what, on whole days {first} to {last} (UTC)", style="bold")
    for row in report.team[:10]:
        yield _team_row(row)


def _team_row(row: TeamRow) -> Text:
    did = row.activity
    counts = {
        "planned": did.planned, "routine": did.routine, "unplanned": did.unplanned, "I can't tell": did.unknown,
        "refused": did.attempted, "reverted": did.reverts,
    }  # fmt: skip
    parts = ", ".join(f"{many} {word}" for word, many in counts.items() if many)
    return Text.assemble(
        "   ", (clean(did.name or did.actor), "bold"), f" {phrases.plural(did.changes, 'change')}", f": {parts}" if parts else ""
    )


def _stability(report: CatchUpReport, zone: ZoneInfo) -> Iterator[Text]:
    if report.open_before:
        yield Text(f"Open from before: {phrases.plural(report.open_before, 'change')} that nobody explained (wgo status).", style="yellow")
    for one in report.stability or (StabilityLine(environment=""),):
        where = f" in {clean(one.environment)}" if one.environment else ""
        if one.now is None:
            yield Text(f"Stability{where}: not measured (no health signal was read lately).", style="bright_black")
            continue
        usual = f" (usual {one.usual.numerator:g} of {one.usual.denominator:g})" if one.usual else ""
        at = clock(one.now.at, zone, TimeStyle.CLOCK)
        yield Text(f"Stability{where} at {at}: {one.now.numerator:g} of {one.now.denominator:g} checks pass{usual}.")


def _advice(report: CatchUpReport, zone: ZoneInfo) -> Iterator[Text]:
    for one in report.recommendations[: 2 if report.brief else 6]:
        yield Text.assemble(("→ ", "bold"), rendered(one.says, zone))
