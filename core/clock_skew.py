"""What is stamped ahead of now: its source's clock is ahead of ours, and it has happened all the same."""

from datetime import UTC, datetime, timedelta

from core.phrases import plural
from core.ports import EventStore, Span
from core.subscription import EventFilter, Visibility
from core.timerange import TimeRange

# Words are read a moment before they are answered; and clocks differ by as much.
MOMENT = timedelta(minutes=1)
_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


def with_ahead(held: TimeRange, now: datetime) -> TimeRange:
    """A stretch that lasts until now, with what is stamped later; one that ended before is left as it is."""
    return TimeRange(start=held.start, end=_END_OF_TIME) if now - held.end <= MOMENT else held


def ahead(events: EventStore, visibility: Visibility, wanted: EventFilter, told: Span, now: datetime) -> tuple[str, ...]:
    """That some of what is told bears a time that is still to come. Raises StorageError."""
    if told.range is not None and told.range.end <= now + MOMENT:
        return ()
    later = Span(
        range=TimeRange(start=now + MOMENT, end=_END_OF_TIME),
        after_sequence=told.after_sequence,
        until_sequence=told.until_sequence,
        backfilled=told.backfilled,
    )
    many = events.counts(visibility, wanted, later).total
    if not many:
        return ()
    return (f"{plural(many, 'change')} among them {'bears' if many == 1 else 'bear'} a time still to come: the source's clock is ahead.",)
