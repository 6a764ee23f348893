"""A catch-up: what was read, how much changed, what to look at, what else happened, how it stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.views import blocks as kit
from bot.views import verdicts, words
from bot.views.blocks import Block, Message
from bot.views.mrkdwn import People, code, date, link, person, prose, render, user
from bot.views.status import score
from bot.views.story import DETAILS
from core import phrases
from core.assessment import Verdict
from core.coverage import Coverage, CoverageState
from core.report import CatchUpReport, LookAt, RolledUp, StabilityLine, Started, TeamRow
from core.story import Settling
from core.subscription import Watermark
from core.text import TimeStyle

FULL, MARK_READ, UNDO_READ, SHARE = "catchup_full", "mark_as_read", "undo_read", "catchup_share"
_BRIEF_ALSO, _BRIEF_GAPS, _FULL_TEAM = 5, 2, 10
_NOW = timedelta(minutes=1)


def catchup_message(report: CatchUpReport, people: People, *, asked: str = "", shared_by: str = "") -> Message:
    """The report. `asked` goes with its buttons, so that they tell of the same period; a shared one has no buttons of its reader."""
    head = [kit.section(_period(report, shared_by), _counts(report), *_notes(report))]
    if report.summary:
        head.append(kit.section(prose(report.summary, 1500)))
    body = [*_look_at(report, people), *_also(report, people), *([] if report.brief else [*_team(report, people)])]
    foot = [block for block in (_standing(report), _recommended(report, people), None if shared_by else _buttons(report, asked)) if block]
    return kit.message(head, body, foot, text=_fallback(report), left_out="There is more: `/wgo history` lists every change.")


def marked_message(mark: Watermark) -> Message:
    """Where the reader left off now, and how to take that back where there was a mark before."""
    says = f"Marked as read up to {date(mark.read_at)}. The next catch-up begins there; what arrives late is told in it."
    undo = [kit.actions(kit.button("Undo", UNDO_READ))] if mark.previous_sequence is not None else []
    return kit.message([kit.section(says)], (), undo, text="Marked as read")


def unmarked_message(mark: Watermark | None, stays: Watermark | None = None) -> Message:
    """Where the reader is back at; `stays` is the mark that there is nothing before of."""
    if mark:
        return kit.message([kit.section(f"Undone: you left off {date(mark.read_at)}.")], (), (), text="Undone")
    kept = f"There is no earlier mark to go back to: you left off {date(stays.read_at)}." if stays else "Undone: nothing is marked as read."
    return kit.message([kit.section(kept)], (), (), text="Undone")


def quiet_line(report: CatchUpReport) -> str:
    """Calm, said only where all was read and there is nothing but routine; and only of the places and the time that were asked for."""
    routine = report.of_verdict[Verdict.ROUTINE]
    many = f"{words.plural(routine, 'routine change')}, nothing else" if routine else "nothing changed"
    where = f" in {' and '.join(_chosen(report))}" if _chosen(report) else ""
    start, end = date(report.period.range.start), date(report.period.range.end)
    when = f"from {start} until {end}" if _ended_before(report) else f"since {start}"
    read = _read(report)
    return f"Quiet{where} {when}: {many}. {read[:1].upper()}{read[1:]}."


def _period(report: CatchUpReport, shared_by: str) -> str:
    by = f" · shared by {user(shared_by)}" if shared_by else ""
    if report.quiet:
        return f"✓ {quiet_line(report)}{by}"
    begins = "Since you left off" if report.period.started is Started.WATERMARK and not shared_by else "Since"
    when = f"{begins} {date(report.period.range.start)}"
    if _ended_before(report):
        when = f"From {date(report.period.range.start)} until {date(report.period.range.end)}"
    of = f" · {_only(report)}" if _only(report) else ""
    return f"*{when}* · {phrases.lasted(report.period.range.duration)}{of} · {_read(report)}{by}"


def _ended_before(report: CatchUpReport) -> bool:
    """Is it of a stretch of time that was over when it was made?"""
    return report.made_at - report.period.range.end > _NOW


def _chosen(report: CatchUpReport) -> list[str]:
    """The places that the report is narrowed to."""
    return sorted(prose(one, 60) for one in (*report.filter.environments, *report.filter.providers, *report.filter.sources))


def _only(report: CatchUpReport) -> str:
    return f"only {', '.join(_chosen(report))}" if _chosen(report) else ""


def _read(report: CatchUpReport) -> str:
    many = len(report.sources)
    if not many:
        return "no source has been read yet"
    whole = len(report.sources_read_whole)
    if whole == many:
        return f"all {many} sources read whole" if many > 1 else "the one source read whole"
    shown = report.gaps[:_BRIEF_GAPS] if report.brief else report.gaps[:8]
    more = len(report.gaps) - len(shown)
    rest = f"; {words.plural(more, 'more gap')}" if more > 0 else ""
    return f"{whole} of {many} sources read whole ({'; '.join(gap(one) for one in shown)}{rest})"


def gap(one: Coverage) -> str:
    """AWS prod not read Sat 02:10–02:25; of what was read but for a part, that part and why."""
    if one.state is CoverageState.PARTIAL:
        reason = f": {prose(one.reason, 160)}" if one.reason else ""
        return f"{code(one.source, 60)} read, but {f'without {prose(one.part, 60)}' if one.part else 'not whole'}{reason}"
    same_day = one.range.start.date() == one.range.end.date()
    end = date(one.range.end, TimeStyle.CLOCK if same_day else TimeStyle.DAY_CLOCK)
    part = f" ({prose(one.part, 60)})" if one.part else ""
    return f"{code(one.source, 60)}{part} not read {date(one.range.start)}–{end}"


def _counts(report: CatchUpReport) -> str:
    if report.quiet:
        return ""
    total = report.counts.total
    if not total:
        if not report.sources:
            return "Nothing was read, so there is nothing I can say."
        return "No change was seen in what was read." if report.gaps else "No change was seen."
    said = {
        Verdict.ROUTINE: "routine",
        Verdict.PLANNED: "planned",
        Verdict.UNPLANNED: "unplanned",
        Verdict.UNKNOWN: "I can't tell",
    }
    parts = " · ".join(f"{report.of_verdict[one]:,} {word}" for one, word in said.items() if report.of_verdict[one])
    return f"{words.plural(total, 'change')}: {parts}"


def _notes(report: CatchUpReport) -> list[str]:
    notes = [prose(note, 300) for note in report.period.notes]
    if report.late:
        notes.append(f"{words.plural(report.late, 'change')} among them happened earlier and arrived late.")
    if report.cut:
        notes.append("More is open or not well than I could look through: what I don't name here may still be so.")
    if report.backfilled:
        notes.append(f"History read in afterwards: {words.plural(report.backfilled, 'change')}, not told one by one.")
    return [f"_{note}_" for note in notes]


def _look_at(report: CatchUpReport, people: People) -> list[Block]:
    if not report.look_at:
        return []
    rows: list[Block] = [kit.section("*Look at*")]
    for number, one in enumerate(report.look_at, 1):
        rows.append(kit.section(*_item(number, one, people), accessory=kit.button("Details", DETAILS, one.story_id)))
    if report.more_to_look_at:
        rows.append(kit.context(f"and {'at least ' if report.look_at_cut else ''}{report.more_to_look_at} more to look at: `/wgo status`"))
    return rows


def _item(number: int, one: LookAt, people: People) -> list[str]:
    mark = words.DEGRADED if one.settling is Settling.DEGRADED else words.MARKS[one.verdict]
    who = person(one.who, people)
    many = f" · {words.plural(one.event_count, 'change')}" if one.event_count > 1 else ""
    late = " · _arrived late_" if one.late else ""
    verdict = verdicts.by(one.verdict, one.overruled_by) if one.overruled_by else words.verdict(one.verdict, one.confidence)
    links = " ".join(link(prose(each.title, 40), each.url) for each in one.links[:2] if each.url)
    first = f"{number}. {mark} {render(one.what, people, 900)}"
    second = f"{who} · {date(one.at)} · {verdict}{many}{late}{f' · {links}' if links else ''}"
    third = " ".join(part for part in (_ended(render(one.why, people, 400)), _ended(render(one.stands, people, 300))) if part)
    return [first, second, third]


def _ended(text: str) -> str:
    return text if not text or text.endswith((".", "?", "…")) else f"{text}."


def _also(report: CatchUpReport, people: People) -> list[Block]:
    shown = report.also[:_BRIEF_ALSO] if report.brief else report.also
    missed = [f"⏰ {render(one.says, people, 300)}" for one in report.missed]
    if not shown and not missed:
        return []
    if report.brief:
        joined = " · ".join(_rolled(one, people) for one in shown)
        cut = " · …" if report.also_cut or len(report.also) > len(shown) else ""
        return [kit.section(f"*Also*  {joined}{cut}", *missed)]
    rows = [f"• {words.MARKS[one.verdict]} {_rolled(one, people)}" for one in shown]
    return [kit.section("*Also*", *rows, *missed, *(["…"] if report.also_cut else []))]


def _rolled(one: RolledUp, people: People) -> str:
    settled = f", {'settled' if one.settled == one.stories else f'{one.settled} of {one.stories} settled'}" if one.settled else ""
    return f"{render(one.says, people, 200)} ({words.plural(one.changes, 'change')}{settled})"


def _team(report: CatchUpReport, people: People) -> list[Block]:
    if not report.team:
        return []
    rows = _one_a_person(report.team, people)
    more = len(rows) - _FULL_TEAM
    first, last = report.team[0].days
    title = f"*Who did what* · whole days {first} to {last}, UTC, without what the platform itself did"
    rest = [f"and {more} more"] if more > 0 else []
    return [kit.section(title, *(_team_row(one, people) for one in rows[:_FULL_TEAM]), *rest)]


def _one_a_person(rows: Sequence[TeamRow], people: People) -> list[TeamRow]:
    """Who acts under several identities is one person where Slack knows them by one account."""
    found: dict[str, TeamRow] = {}
    for row in rows:
        key = people.get(row.activity.actor, row.activity.actor)
        held = found.get(key)
        found[key] = row if held is None else replace(held, activity=held.activity.plus(row.activity))
    return sorted(found.values(), key=lambda one: (-one.activity.changes, -one.activity.attempted))


def _team_row(one: TeamRow, people: People) -> str:
    did = one.activity
    counts: Mapping[str, int] = {
        "planned": did.planned,
        "routine": did.routine,
        "unplanned": did.unplanned,
        "I can't tell": did.unknown,
        "refused": did.attempted,
        "reverted": did.reverts,
    }
    parts = ", ".join(f"{many} {word}" for word, many in counts.items() if many)
    known = people.get(did.actor)
    who = user(known) if known else prose(did.name or did.actor, 80)
    return f"• {who}: {words.plural(did.changes, 'change')}{f' ({parts})' if parts else ''}"


def _standing(report: CatchUpReport) -> Block | None:
    before = [f"Open from before: {words.plural(report.open_before, 'change')} that nobody explained · `/wgo status`"]
    lines = [*(before if report.open_before else [])]
    lines += [_stability(one) for one in report.stability] or ["Stability: not measured (no health signal was read)."]
    return kit.context("\n".join(lines[:8]))


def _stability(one: StabilityLine) -> str:
    where = f" in {code(one.environment, 60)}" if one.environment else ""
    if one.now is None:
        return f"Stability{where}: not measured."
    usual = f" (usual {score(one.usual)})" if one.usual is not None else ""
    return f"Stability{where}: {score(one.now)} checks pass{usual}, measured {date(one.now.at)}."


def _recommended(report: CatchUpReport, people: People) -> Block | None:
    most: Sequence[str] = [f"→ {render(one.says, people, 400)}" for one in report.recommendations[: 2 if report.brief else 6]]
    return kit.section(*most) if most else None


def _buttons(report: CatchUpReport, asked: str) -> Block:
    return kit.actions(
        kit.button("Full report", FULL, asked) if report.brief and not report.quiet else None,
        _mark_read(report),
        kit.button("Share", SHARE, asked),
    )


def _mark_read(report: CatchUpReport) -> Block:
    """What is marked is everything up to the report: where it told of less, its reader is asked whether that is meant."""
    mark = kit.button("Mark as read", MARK_READ, f"{report.sequence}|{report.made_at.isoformat()}", style="primary")
    if report.period.started is Started.ASKED or _chosen(report):
        says = "Everything up to this report counts as read then, also what it does not tell of: other places, and what was before."
        mark["confirm"] = kit.confirm("Mark as read?", says, "Mark as read", "Cancel")
    return mark


def _fallback(report: CatchUpReport) -> str:
    return f"Catch-up: {words.plural(report.counts.total, 'change')}, {len(report.look_at) + report.more_to_look_at} to look at"
