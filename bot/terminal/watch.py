"""Changes as they come, in a terminal: what is new in the store, read by sequence, beside a running bot."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.terminal.answer import change_line
from bot.terminal.catchup import catchup_view
from bot.terminal.slots import clean, clock, rendered
from core import phrases
from core.assessment import ComfortLevel
from core.catchup import CatchUp
from core.coverage import CoverageState
from core.ports import CoverageStore, EventStore, Span
from core.subscription import EVERYTHING, ComfortMode, EventFilter
from core.text import TimeStyle
from core.timerange import TimeRange
from core.unified import UnifiedEvent

_PAGE = 200


@dataclass(slots=True)
class Watch:
    """Prints. `tick` is one look; the command decides how often."""

    events: EventStore
    coverage: CoverageStore
    catchup: CatchUp
    console: Console
    zone: ZoneInfo
    clock: Callable[[], datetime]
    comfort_mode: ComfortMode = ComfortMode.STANDARD
    filter: EventFilter = field(default_factory=EventFilter)
    catchup_every: timedelta | None = None
    _sequence: int = 0
    _told_at: datetime | None = None
    _unread: frozenset[str] = frozenset()

    def begin(self, history: TimeRange | None, *, goes_on: bool = True) -> None:
        """What happened lately, where wanted; then, where it goes on, only what is new."""
        self._sequence = self.events.sequence()
        self._told_at = self.clock()
        if history is not None:
            self.console.print(catchup_view(self.catchup.over(history, filter=self.filter, time_zone=self.zone.key)), crop=False)
            self.console.print()
        if goes_on:
            self.console.print(Text(f"Watching since {clock(self._told_at, self.zone)}. Ctrl-C ends it.", style="bright_black"))

    def tick(self) -> None:
        """Print what came since the last look. Raises StorageError."""
        self._sources()
        for one in self._new():
            self._print(one)
        now = self.clock()
        if self.catchup_every is not None and self._told_at is not None and now - self._told_at >= self.catchup_every:
            span = TimeRange(start=self._told_at, end=now)
            self._told_at = now
            self.console.print()
            self.console.print(catchup_view(self.catchup.over(span, filter=self.filter, time_zone=self.zone.key)), crop=False)
            self.console.print()

    def _new(self) -> Iterator[UnifiedEvent]:
        """Page by page up to the sequence of this look, so that what comes meanwhile is told by the next."""
        until = self.events.sequence()
        if until <= self._sequence:
            return
        span, after = Span(after_sequence=self._sequence, until_sequence=until), ""
        self._sequence = until
        while True:
            page = self.events.page(EVERYTHING, self.filter, span, after=after, limit=_PAGE, newest_first=False)
            yield from page.items
            after = page.next
            if not after:
                return

    def _print(self, one: UnifiedEvent) -> None:
        self.console.print(change_line(one, self.zone))
        why, comfort = phrases.why(one), one.assessment.comfort
        below = [rendered(why, self.zone)] if why and one.verdict.value in ("unplanned", "unknown") else []
        if comfort.reassures and self._wants(comfort.level):
            below.append(Text(clean(comfort.reassurance), style="green"))
        if self.comfort_mode is ComfortMode.HIGH and comfort.reassures and comfort.stability is not None:
            score = comfort.stability
            below.append(Text(f"{score.numerator:g} of {score.denominator:g} checks pass ({clean(score.source)}).", style="green"))
        for line in below:
            self.console.print(Padding(line, (0, 0, 0, 4), expand=False))

    def _wants(self, level: ComfortLevel) -> bool:
        if self.comfort_mode is ComfortMode.STANDARD:
            return level in (ComfortLevel.HIGH, ComfortLevel.STANDARD)
        return self.comfort_mode is ComfortMode.HIGH

    def _sources(self) -> None:
        """A source that is no longer read, and one that is again, once each."""
        last = self.coverage.last()
        unread = frozenset(name for name, one in last.items() if one.state is CoverageState.GAP)
        for name in sorted(unread - self._unread):
            since = clock(last[name].range.start, self.zone, TimeStyle.CLOCK)
            reason = f": {clean(last[name].reason)}" if last[name].reason else ""
            self.console.print(
                Text(f"○ {clean(name)} has not been read since {since}{reason}. What changes there I can't see.", style="yellow")
            )
        for name in sorted(self._unread - unread):
            self.console.print(Text(f"● {clean(name)} is read again.", style="green"))
        self._unread = unread
