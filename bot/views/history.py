"""Changes, newest first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.views import blocks as kit
from bot.views import verdicts, words
from bot.views.blocks import Message
from bot.views.details import EVENT_DETAILS
from bot.views.mrkdwn import date, prose, strong
from core.unified import UnifiedEvent

OLDER = "older"


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """One page. `asked` are the words it was asked with; `next` the key of the following page, empty at the end."""

    events: tuple[UnifiedEvent, ...]
    asked: str = ""
    next: str = ""
    people: Mapping[str, str] = field(default_factory=dict)


def history_message(history: History) -> Message:
    title = f"*Changes*{f' for {strong(history.asked)}' if history.asked else ''}, newest first"
    if not history.events:
        how = "Words are matched in names of resources, `in prod` narrows to a place; `/wgo history` alone lists them all."
        says = f"{title}\nNone that I have read. {how}"
        return kit.message([kit.section(says)], (), (), text="No changes")
    rows = [kit.section(_row(one, history.people), accessory=kit.button("Details", EVENT_DETAILS, one.id)) for one in history.events]
    older = [kit.actions(kit.button("Older", OLDER, f"{history.next}\n{history.asked}"))] if history.next else []
    return kit.message([kit.section(title)], rows, older, text=f"{len(history.events)} changes", left_out="Ask for fewer with more words.")


def _row(one: UnifiedEvent, people: Mapping[str, str]) -> str:
    mark = words.ATTEMPTED if one.event.attempted else words.MARKS[one.verdict]
    where = words.place(one.resource, one.event.environment)
    who = words.actor(one.actor, people)
    why = one.assessment.overrule.why if one.assessment.overrule else ""
    said = f" · “{prose(why, 80)}”" if why else ""
    first = f"{mark} {where}\n{words.what_changed(one.event, 2)}"
    return f"{first}\n{who} · {date(one.timestamp)} · {verdicts.of_event(one)}{said}"
