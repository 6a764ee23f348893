"""Findings of `wgo doctor`, by what they mean."""

from core.batch import Check, CheckState
from core.coverage import Coverage, CoverageState


def read_last(source: str, last: Coverage) -> Check:
    """How the bot read it last: what can be asked now need not be what could be read."""
    name = f"{source}, read last"
    if last.state is CoverageState.GAP:
        return amber(name, f"not read {last.range.start:%Y-%m-%d %H:%M}–{last.range.end:%H:%M} UTC: {last.reason}", last.next_step)
    says = f"{last.range.end:%Y-%m-%d %H:%M} UTC"
    return green(name, says) if last.state is CoverageState.READ else amber(name, f"{says}, but {last.reason}", last.next_step)


def green(name: str, says: str) -> Check:
    return Check(name=name, state=CheckState.GREEN, says=says)


def amber(name: str, says: str, next_step: str) -> Check:
    return Check(name=name, state=CheckState.AMBER, says=says, next_step=next_step)


def red(name: str, says: str, next_step: str) -> Check:
    return Check(name=name, state=CheckState.RED, says=says, next_step=next_step)
