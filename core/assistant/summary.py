"""The opening paragraph of a catch-up: written by a model from the report's facts, and kept only where it says nothing else."""

import logging

from core.assistant import prompt
from core.assistant.verify import unfounded
from core.clock import Deadline
from core.ports import LanguageModel
from core.report import CatchUpReport, StabilityLine
from core.text import Person, Text, Thing, Time, plain

_log = logging.getLogger(__name__)
_SECONDS = 30.0


def summarize(report: CatchUpReport, model: LanguageModel) -> str:
    """One paragraph; empty where the model named what the report does not hold. Raises ModelError."""
    asked, held = prompt.load("catchup_summary"), facts(report)
    written = model.write(
        system=asked.system, ask=asked.filled(report=held), max_tokens=asked.max_tokens, deadline=Deadline.after(_SECONDS)
    )
    paragraph = " ".join(written.split())
    wrong = unfounded(paragraph, held, report.of_verdict, calm_is_earned=report.quiet)
    if wrong:
        _log.warning("the model's summary was dropped", extra={"because": wrong})
        return ""
    return paragraph


def facts(report: CatchUpReport) -> str:
    """Everything that a summary may say, one fact a line."""
    chosen = sorted(report.filter.environments | report.filter.providers | report.filter.sources)
    lines = [
        f"Period: since {_time(report.period.range.start)} until {_time(report.period.range.end)}",
        *([f"Only of: {', '.join(chosen)}"] if chosen else []),
        f"Sources read whole: {len(report.sources_read_whole)} of {len(report.sources)}",
        *(f"Not read: {one.source} {_time(one.range.start)} to {_time(one.range.end)} {one.reason}" for one in report.gaps),
        f"Changes: {report.counts.total}, " + ", ".join(f"{many} {verdict.value}" for verdict, many in report.of_verdict.items()),
        *(f"By environment: {name} {many}" for name, many in report.counts.by_environment.items() if name),
    ]
    if report.late:
        lines.append(f"Arrived late: {report.late}")
    if report.cut:
        lines.append("More is open or not well than could be looked through")
    for number, one in enumerate(report.look_at, 1):
        who = one.who.name or one.who.id or "nobody known"
        state = f"{one.verdict.value}, severity {one.severity.value}, by {who}, {_time(one.at)}"
        lines.append(f"Look at {number}: {_said(one.what)}; {state}. {_said(one.why)} {_said(one.stands)}")
    lines += [f"Also {one.verdict.value}: {_said(one.says)} ({one.changes} changes)" for one in report.also[:10]]
    lines += [f"Did not happen: {_said(one.says)}" for one in report.missed]
    lines += [_checks(one) for one in report.stability]
    return "\n".join(" ".join(line.split()) for line in lines)


def _checks(one: StabilityLine) -> str:
    where = one.environment or "all"
    if one.now is None:
        return f"Stability of {where}: not measured"
    return f"Checks that pass in {where}: {one.now.numerator:g} of {one.now.denominator:g}"


def _time(at: object) -> str:
    return f"{at:%a %d %b %H:%M} UTC"


def _said(words: Text) -> str:
    return plain([slot if isinstance(slot, str | Person | Time | Thing) else plain([slot]) for slot in words])
