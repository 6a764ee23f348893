"""Who is reading: their time zone, their clock, and the names the workspace has for ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

YEAR_OMITTED_WITHIN: Final = timedelta(days=183)  # Slack leaves the year out within six months
_TOKEN: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """`names` maps user and channel ids to what is shown; `now` is aware."""

    user: str
    zone: ZoneInfo
    hours: int
    now: datetime
    names: Mapping[str, str]

    def local(self, ts: float) -> datetime:
        return datetime.fromtimestamp(ts, UTC).astimezone(self.zone)

    def time(self, ts: float, *, seconds: bool = False) -> str:
        at = self.local(ts)
        if self.hours == 24:
            return f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
        return f"{at.hour % 12 or 12}:{at:%M:%S} {at:%p}" if seconds else f"{at.hour % 12 or 12}:{at:%M} {at:%p}"

    def day(self, ts: float) -> str:
        """Today, Yesterday, or the day with its name."""
        return self._pretty(ts, f"{self.local(ts):%A, %B} {ordinal(self.local(ts).day)}")

    def date(self, ts: float, form: str, fallback: str) -> str:
        """`<!date^ts^form|fallback>` (https://docs.slack.dev/messaging/formatting-message-text#date-formatting)."""
        at = self.local(ts)
        year = "" if abs(self.now - at) < YEAR_OMITTED_WITHIN else f", {at.year}"
        plain = f"{at:%B} {ordinal(at.day)}{year}"
        short = f"{at:%b} {at.day}{year}"
        words = {
            "date_num": f"{at:%Y-%m-%d}",
            "date_slash": f"{at:%m/%d/%Y}",
            "date": plain,
            "date_pretty": self._pretty(ts, plain),
            "date_short": short,
            "date_short_pretty": self._pretty(ts, short),
            "date_long": f"{at:%A}, {plain}",
            "date_long_full": f"{at:%A}, {at:%B} {ordinal(at.day)}, {at.year}",
            "date_long_pretty": self._pretty(ts, f"{at:%A}, {plain}"),
            "day_divider_pretty": self.day(ts),
            "time": self.time(ts),
            "time_secs": self.time(ts, seconds=True),
            "ago": self._ago(ts),
        }
        if any(name not in words for name in _TOKEN.findall(form)):
            return fallback
        text = _TOKEN.sub(lambda found: words[found.group(1)], form)
        return text[:1].upper() + text[1:] if form.startswith("{") else text

    def full(self, ts: float) -> str:
        at = self.local(ts)
        return f"{at:%A} {at.day} {at:%B %Y}, {self.time(ts, seconds=True)} {at:%Z}"

    def _pretty(self, ts: float, otherwise: str) -> str:
        days = (self.now.astimezone(self.zone).date() - self.local(ts).date()).days
        return {0: "Today", 1: "Yesterday", -1: "Tomorrow"}.get(days, otherwise)

    def _ago(self, ts: float) -> str:
        seconds = int(self.now.timestamp() - ts)
        for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
            if abs(seconds) >= size:
                count = abs(seconds) // size
                spoken = f"{count} {word}{'' if count == 1 else 's'}"
                return f"{spoken} ago" if seconds > 0 else f"in {spoken}"
        return "just now"


def ordinal(day: int) -> str:
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"
