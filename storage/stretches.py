"""What was read and what was not, from stored stretches. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.coverage import Coverage, CoverageState
from core.timerange import TimeRange

# What happened after the newest reading is still on its way until the next one is due; later than this, nobody is reading.
STILL_ARRIVING = timedelta(minutes=10)


def holes(source: str, stretches: Sequence[Coverage], span: TimeRange, now: datetime) -> list[Coverage]:
    """Stretches of `span` in which the source, or a part of it, was not read whole; in order of time.

    `stretches` are those of the source that touch the span, and each part's newest before its end. What nobody read is a gap with
    the reason stored for it; what was read in part is partial, unless a later reading had it whole. The future is no gap, unless
    nothing else is asked for: then nothing of it was read.
    """
    if span.start > now:
        return [Coverage(source=source, range=span, state=CoverageState.GAP, complete_until=span.start, reason="it is still to come")]
    asked = TimeRange(start=span.start, end=max(span.start, min(span.end, now)))
    if asked.duration <= timedelta(0):
        return []
    parts = {one.part for one in stretches}
    found: list[Coverage] = []
    # A source that only ever tells of its parts is read whole where each of them is.
    everywhere = {""} if "" in parts or not parts else parts
    for part in sorted(everywhere):
        found += _unread(source, part, [one for one in stretches if one.part == part], asked)
    for part in sorted(parts):
        of_part = [one for one in stretches if one.part == part]
        kinds = (CoverageState.PARTIAL,) if part in everywhere else (CoverageState.PARTIAL, CoverageState.GAP)
        found += _told(of_part, kinds, asked)
    return sorted(found, key=lambda one: (one.range, one.part))


def _unread(source: str, part: str, stretches: Sequence[Coverage], asked: TimeRange) -> list[Coverage]:
    """Where no stretch says that the part was read."""
    read = [one for one in stretches if one.state is not CoverageState.GAP]
    newest = max((one.range.end for one in read), default=None)
    gaps = [one for one in stretches if one.state is CoverageState.GAP]
    found = []
    for hole in less(asked, [one.range for one in read]):
        arriving = newest is not None and hole.start == newest and hole.end - newest <= STILL_ARRIVING
        why = max((one for one in gaps if one.range.overlaps(hole)), key=lambda one: one.range.end, default=None)
        if arriving and why is None:
            continue
        found.append(
            Coverage(
                source=source,
                range=hole,
                state=CoverageState.GAP,
                complete_until=hole.start,
                reason=why.reason if why else "",
                next_step=why.next_step if why else "",
                part=part,
            )
        )
    return found


def _told(stretches: Sequence[Coverage], kinds: Sequence[CoverageState], asked: TimeRange) -> list[Coverage]:
    """Stretches that say themselves that something was left out, less what was read whole."""
    whole = [one.range for one in stretches if one.state is CoverageState.READ]
    found = []
    for one in stretches:
        if one.state in kinds and one.range.overlaps(asked):
            clipped = TimeRange(start=max(one.range.start, asked.start), end=min(one.range.end, asked.end))
            found += [replace(one, range=rest) for rest in less(clipped, whole)]
    return found


def less(span: TimeRange, taken: Iterable[TimeRange]) -> list[TimeRange]:
    """What is left of `span`."""
    left = []
    at = span.start
    for one in sorted(taken):
        if one.start >= span.end:
            break
        if one.start > at:
            left.append(TimeRange(start=at, end=one.start))
        at = max(at, one.end)
    if at < span.end:
        left.append(TimeRange(start=at, end=span.end))
    return left


def joined(before: Coverage, after: Coverage) -> Coverage | None:
    """Both as one stretch where they say the same and `after` goes on from `before`; None where they stand apart."""
    same = (before.source, before.part, before.state, before.reason, before.next_step)
    goes_on = before.range.start <= after.range.start <= before.range.end
    if same != (after.source, after.part, after.state, after.reason, after.next_step) or not goes_on:
        return None
    return replace(
        after,
        range=TimeRange(start=before.range.start, end=max(before.range.end, after.range.end)),
        complete_until=max(before.complete_until, after.complete_until),
    )


def newest(stretches: Iterable[Coverage]) -> Coverage | None:
    """How the source was read last: its newest stretch, partial where a part of it was left out up to the same moment."""
    ordered = sorted(stretches, key=lambda one: (one.range.end, one.state is CoverageState.GAP))
    whole = [one for one in ordered if not one.part]
    if not whole:
        return ordered[-1] if ordered else None
    last = whole[-1]
    left_out = [one for one in ordered if one.part and one.state is not CoverageState.READ and one.range.end >= last.range.end]
    if last.state is not CoverageState.READ or not left_out:
        return last
    first = left_out[0]
    reason = first.reason or f"{first.part} was not read"
    more = f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""
    return replace(last, state=CoverageState.PARTIAL, reason=f"{reason}{more}", next_step=first.next_step)
