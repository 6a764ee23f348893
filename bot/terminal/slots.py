"""Core's text for a terminal: names, times in the reader's zone, things. Nothing that was copied from elsewhere is read as mark-up."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from core import phrases
from core.assessment import Severity, Verdict
from core.text import Code, EventRef, LinkTo, Person, Slot, Strong, Thing, Time, TimeStyle

VERDICT_STYLES = {Verdict.PLANNED: "blue", Verdict.UNPLANNED: "yellow", Verdict.ROUTINE: "bright_black", Verdict.UNKNOWN: "magenta"}
VERDICT_MARKS = {Verdict.PLANNED: "■", Verdict.UNPLANNED: "◆", Verdict.ROUTINE: "·", Verdict.UNKNOWN: "?"}
VERDICT_WORDS = {Verdict.PLANNED: "planned", Verdict.UNPLANNED: "unplanned", Verdict.ROUTINE: "routine", Verdict.UNKNOWN: "I can't tell"}
SEVERE = {Severity.HIGH: "bold", Severity.CRITICAL: "bold"}
# Escape sequences and other controls in a name would drive the reader's terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    return _CONTROL.sub("�", text)


def clock(at: datetime, zone: ZoneInfo, style: TimeStyle = TimeStyle.DAY_CLOCK) -> str:
    local = at.astimezone(zone)
    match style:
        case TimeStyle.CLOCK:
            return f"{local:%H:%M}"
        case TimeStyle.DATE:
            return f"{local:%d %b}"
        case _:
            return f"{local:%a %d %b %H:%M}"


def rendered(words: Sequence[Slot], zone: ZoneInfo) -> Text:
    text = Text()
    for slot in words:
        text.append_text(_slot(slot, zone))
    return text


def _slot(slot: Slot, zone: ZoneInfo) -> Text:
    match slot:
        case str():
            return Text(clean(slot))
        case Person(actor=actor):
            return Text(clean(actor.name or actor.id or "someone unknown"), style="bold")
        case Time(at=at, style=style):
            return Text(clock(at, zone, style))
        case Thing(resource=resource, short=short):
            return Text(clean(resource.name if short else f"{resource.kind} {resource.name}"), style="cyan")
        case Strong(says=says):
            return Text(clean(says), style="bold")
        case Code(says=says):
            return Text(clean(says), style="cyan")
        case LinkTo(says=says, url=url):
            return Text(clean(says), style=f"link {url}" if url.startswith(("http://", "https://")) and "\x1b" not in url else "")
        case EventRef(says=says):
            return Text(clean(says), style="bright_black")


def address(url: str, before: str = "") -> Text:
    """An address on one line, however long, so that it can be followed and copied; printed uncropped."""
    return Text(f"{before}{clean(url)}", style="bright_black", no_wrap=True, overflow="ignore")


def verdict(of: Verdict, confidence: float, by: str = "") -> Text:
    """With how sure it is; an unknown one, and the word of the person `by`, have no number."""
    how = f" ({clean(by)} said so)" if by else "" if of is Verdict.UNKNOWN else f", {phrases.sure(confidence)}"
    return Text(f"{VERDICT_WORDS[of]}{how}", style=VERDICT_STYLES[of])


def verdict_of(of: Verdict) -> Text:
    return Text(VERDICT_MARKS[of], style=VERDICT_STYLES[of])
