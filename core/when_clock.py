"""One person's clock: the moments that words name on it. What a clock change skips moves forward, what it doubles means the earlier.

Pure: the moment is handed in.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core import when_grammar as grammar
from core.errors import ValueRefused, WhenUnclear

EXAMPLES = "yesterday 5pm · since monday · last friday · 2 weeks ago · this morning · between monday and wednesday · 24h · 2026-11-20 14:00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Local:
    """A moment on a person's clock, and where it ends if it names a stretch (a day, a morning). `exact` is a time that was said."""

    start: datetime
    end: datetime | None = None
    exact: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    now: datetime
    zone: ZoneInfo
    words: str

    def unclear(self) -> WhenUnclear:
        return WhenUnclear(f"I can't read a time in “{self.words}”", next_step=f"Say it like: {EXAMPLES}.")

    @property
    def local(self) -> datetime:
        """Now on the person's clock, without its zone."""
        return self.now.astimezone(self.zone).replace(tzinfo=None)

    def as_of(self, wall: datetime) -> "Clock":
        """This clock at another moment."""
        return Clock(now=_utc(wall, self.zone)[0], zone=self.zone, words=self.words)

    @property
    def today(self) -> datetime:
        return self.local.replace(hour=0, minute=0, second=0, microsecond=0)

    # --- pieces

    def moment(self, said: str) -> Local:
        utc = re.fullmatch(r"(.*?)(?:z|\sutc|\sgmt)", said)
        if utc and grammar.ON_TIME.fullmatch(utc[1]):
            inner = Clock(now=self.now, zone=ZoneInfo("UTC"), words=self.words)
            at = inner.moment(utc[1])
            return Local(start=_into(at.start, self.zone), end=_into(at.end, self.zone) if at.end else None, exact=at.exact)
        found = grammar.ON_TIME.fullmatch(said)
        if found is None:
            return self._by_library(said)
        day, clock = found["day"] or found["day2"], found["time"] or found["time2"]
        if not day:
            return self._time_alone(clock)
        at = self._day(day, clock)
        if not clock:
            return at
        hour, minute, second = self._time(clock)
        return Local(start=at.start.replace(hour=hour, minute=minute, second=second, microsecond=0), exact=True)

    def _time_alone(self, clock: str) -> Local:
        hour, minute, second = self._time(clock)
        at = self.today.replace(hour=hour, minute=minute, second=second)
        if at <= self.local:
            return Local(start=at, exact=True)
        return Local(start=at - timedelta(days=1), exact=True, note=f"{clock} is still to come today: yesterday's is meant.")

    def _time(self, clock: str) -> tuple[int, int, int]:
        if clock in ("noon", "midnight"):
            return (12 if clock == "noon" else 0), 0, 0
        numbers = [int(one) for one in re.findall(r"\d+", clock)]
        hour, minute, second = (*numbers, 0, 0)[:3]
        if clock.endswith(("am", "pm")):
            if not 1 <= hour <= 12:
                raise self.unclear()
            hour = hour % 12 + (12 if clock.endswith("pm") else 0)
        if hour > 23 or minute > 59 or second > 59:
            raise self.unclear()
        return hour, minute, second

    def _day(self, day: str, clock: str | None) -> Local:
        if day.endswith("ago"):
            return self.back(day.removesuffix("ago").strip())
        if day in ("today", "yesterday", "the day before yesterday"):
            start = self.today - timedelta(days=("today", "yesterday", "the day before yesterday").index(day))
            return Local(start=start, end=start + timedelta(days=1))
        if day in ("tonight", "last night", "overnight") or day.split()[-1] in grammar.PARTS:
            return self._part(day)
        if day.split()[-1] in ("week", "month", "weekend"):
            return self._calendar(day)
        if re.fullmatch(rf"(?:(?:last|this)\s)?{grammar.DAY}", day):
            return self._weekday(day, clock)
        return self._date(day)

    def _part(self, day: str) -> Local:
        back = 1 if day in ("last night", "overnight") or day.startswith("yesterday") else 0
        part = "night" if day in ("tonight", "last night", "overnight") else day.split()[-1]
        first, last = grammar.PARTS[part]
        start = self.today - timedelta(days=back) + timedelta(hours=first)
        note = f"“{day}” is taken as {first:02}:00 to {last % 24:02}:00."
        if start > self.local:
            return Local(start=self.today, end=start, note=f"“{day}” has not begun: from midnight.") if not back else Local(start=start)
        return Local(start=start, end=start + timedelta(hours=last - first), note=note)

    def _calendar(self, day: str) -> Local:
        last = day.startswith("last")
        monday = self.today - timedelta(days=self.today.weekday())
        if day.endswith("weekend"):
            saturday = monday - timedelta(days=2) if self.today.weekday() < 5 or last else monday + timedelta(days=5)
            return Local(start=saturday, end=saturday + timedelta(days=2))
        if day.endswith("week"):
            start = monday - timedelta(days=7 * last)
            return Local(start=start, end=start + timedelta(days=7))
        first = self.today.replace(day=1)
        if last:
            return Local(start=(first - timedelta(days=1)).replace(day=1), end=first)
        return Local(start=first, end=(first + timedelta(days=32)).replace(day=1))

    def _weekday(self, day: str, clock: str | None) -> Local:
        wanted = next(number for number, name in enumerate(grammar.DAYS) if name.startswith(day.split()[-1][:3]))
        back = (self.today.weekday() - wanted) % 7
        if back == 0 and (day.startswith("last") or (clock and self._later_today(clock))):
            back = 7
        start = self.today - timedelta(days=back)
        return Local(start=start, end=start + timedelta(days=1))

    def _later_today(self, clock: str) -> bool:
        hour, minute, second = self._time(clock)
        return self.today.replace(hour=hour, minute=minute, second=second) > self.local

    def _date(self, day: str) -> Local:
        numbers = [int(one) for one in re.findall(r"\d+", day)]
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
                start = datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001 - a wall clock without its zone
            elif re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", day):
                start = datetime(numbers[2], numbers[1], numbers[0])  # noqa: DTZ001 - as above
            else:
                start = self._named_month(day, numbers)
        except ValueError as error:
            raise self.unclear() from error
        return Local(start=start, end=start + timedelta(days=1))

    def _named_month(self, day: str, numbers: list[int]) -> datetime:
        name = re.search(grammar.MONTH, day)
        assert name is not None
        month = grammar.MONTHS.index(name[0][:3]) + 1
        if len(numbers) > 1:
            return datetime(numbers[1], month, numbers[0])  # noqa: DTZ001 - a wall clock without its zone
        start = datetime(self.local.year, month, numbers[0])  # noqa: DTZ001 - as above
        return start if start <= self.local else start.replace(year=start.year - 1)

    def back(self, said: str) -> Local:
        """So long before now, on the person's clock: days, weeks and months keep the time of day."""
        found = re.fullmatch(rf"(?:(?:the\s)?(?:last|past)\s)?({grammar.NUMBER})?({grammar.UNIT})", said)
        if found is None:
            raise self.unclear()
        written = (found[1] or "one").strip()
        written = written.removeprefix("a ")
        number = float(grammar.NUMBERS.get(written, 0) or written)
        unit = found[2]
        try:
            if unit.startswith("mo"):
                return Local(start=self.local - timedelta(days=number * 30), exact=True)
            if unit[0] in "dw":
                return Local(start=self.local - timedelta(days=number * (7 if unit[0] == "w" else 1)), exact=True)
            return Local(start=_into((self.now - timedelta(seconds=number * grammar.SECONDS[unit[0]])).replace(tzinfo=None), self.zone))
        except (OverflowError, ValueError) as error:
            raise self.unclear() from error

    def _by_library(self, said: str) -> Local:
        """Whatever else people write: "an hour and a half ago", "20 november 2026 at 2pm", "11/20/2026"."""
        if re.search(r"\b(?:tomorrow|next|upcoming)\b", said):
            raise self.to_come()
        if not re.search(rf"\d|\bago\b|\b{grammar.MONTH}\b", said) or re.fullmatch(r"[\d\s]*", said):
            raise self.unclear()
        import dateparser  # half a second to import: only where the words need it

        settings = {
            "PREFER_DATES_FROM": "past",
            "PREFER_DAY_OF_MONTH": "first",
            "RELATIVE_BASE": self.local,
            "RETURN_AS_TIMEZONE_AWARE": False,
        }
        found = dateparser.parse(said, languages=["en"], settings=settings)
        if not isinstance(found, datetime):
            raise self.unclear()
        if found.tzinfo is not None:
            return Local(start=found.astimezone(self.zone).replace(tzinfo=None), exact=True)
        return Local(start=found, exact=True)

    # --- to UTC

    def to_come(self) -> WhenUnclear:
        return WhenUnclear(f"“{self.words}” is still to come", next_step=f"Name a time that has passed: {EXAMPLES}.")

    def at(self, at: Local) -> tuple[datetime, tuple[str, ...]]:
        try:
            moment, note = _utc(at.start, self.zone)
        except (OverflowError, ValueRefused) as error:
            raise self.unclear() from error
        return moment, tuple(one for one in (at.note, note if at.exact else "") if one)


def _into(utc: datetime, zone: ZoneInfo) -> datetime:
    """A UTC wall clock on another clock. `fold` keeps which of a doubled time is meant."""
    return utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def _utc(wall: datetime, zone: ZoneInfo) -> tuple[datetime, str]:
    """A wall clock in UTC, and what a clock change did to it."""
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    back = at.astimezone(zone)
    if back.replace(tzinfo=None, fold=0) != wall.replace(fold=0):
        return at, f"{wall:%H:%M} did not exist on {wall:%d %b %Y}, the clocks went forward: {back:%H:%M} is meant."
    if wall.fold == 0 and wall.replace(tzinfo=zone).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
        return at, f"{wall:%H:%M} came twice on {wall:%d %b %Y}, the clocks went back: the earlier is meant."
    return at, ""


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise WhenUnclear(f"there is no time zone {name!r}", next_step="Name one like Europe/Madrid or UTC.") from error
