"""An answer: what was found, what was not seen, and the rows it rests on."""

import re

from bot.views import blocks as kit
from bot.views.blocks import Block, Message
from bot.views.catchup import gap
from bot.views.details import EVENT_DETAILS
from bot.views.mrkdwn import People, date, link, prose, render
from bot.views.story import DETAILS
from bot.views.words import plural
from core.report import Answer, Citation
from core.text import Time, plain

GOOD, BAD = "answer_good", "answer_bad"
_SHOWN_SOURCES, _SHOWN_GAPS, _SHOWN_FOLLOW_UPS, _MOST_TEXT = 8, 3, 3, 6000
_MARK = re.compile(r"\[(\d+)\]")


def answer_message(answer: Answer, people: People, *, about: str = "") -> Message:
    """The answer, each claim with the Details of the row it rests on; the rows of a line that cites several follow below.
    `about` goes with the thumbs, to tell which answer was meant."""
    lines = [line for line in render(answer.text, people, _MOST_TEXT).split("\n") if line.strip()]
    cited = {one.number: one for one in answer.citations}
    head: list[Block] = []
    shown: set[int] = set()
    for line in lines:
        marks = {int(found) for found in _MARK.findall(line)} & set(cited)
        number = next(iter(marks - shown), None) if len(marks) == 1 else None
        block = kit.section(line, accessory=_details(cited[number])) if number is not None else kit.section(line)
        if number is not None:
            shown.add(number)
        head.append(block)
    unseen = _unseen(answer)
    rest = [_source(one, people) for one in answer.citations if one.number not in shown][:_SHOWN_SOURCES]
    body = [*([kit.context(*unseen)] if unseen else []), *rest]
    return kit.message(head[:1], [*head[1:], *body], [_foot(answer), _thumbs(about)], text=plain(answer.text), left_out="and more rows")


def _unseen(answer: Answer) -> list[str]:
    lines = [render(one, {}, 400) for one in answer.caveats]
    gaps = answer.coverage.gaps if answer.coverage is not None else ()
    # What the answer itself says of its gaps is not said twice.
    if gaps and not any(one.source in line for one in gaps for line in lines):
        shown = gaps[:_SHOWN_GAPS]
        more = len(gaps) - len(shown)
        rest = f"; {plural(more, 'more gap')}" if more else ""
        lines.append(f"I have not seen everything: {'; '.join(gap(one) for one in shown)}{rest}.")
    return ["\n".join(lines)] if lines else []


def _source(one: Citation, people: People) -> Block:
    at = f" · {date(one.at)}" if one.at and not any(isinstance(slot, Time) for slot in one.says) else ""
    links = "".join(f" · {link(prose(each.title, 40), each.url)}" for each in one.links[:1] if each.url)
    return kit.section(f"[{one.number}] {render(one.says, people, 500)}{at}{links}", accessory=_details(one))


def _details(one: Citation) -> Block | None:
    if one.story_id:
        return kit.button("Details", DETAILS, one.story_id)
    return kit.button("Details", EVENT_DETAILS, one.event_id) if one.event_id else None


def _foot(answer: Answer) -> Block:
    of = f"Asked of {plural(answer.asked_of, 'change')}." if answer.asked_of is not None else ""
    since = f"From {date(answer.period.range.start)} to {date(answer.period.range.end)}." if answer.period else ""
    follow = " · ".join(f"_{prose(one, 80)}_" for one in answer.follow_ups[:_SHOWN_FOLLOW_UPS])
    by = "Written by a model, held against these rows." if answer.from_model else ""
    return kit.context("\n".join(line for line in (" ".join(part for part in (of, since, by) if part), follow) if line) or "From my store.")


def _thumbs(about: str) -> Block:
    return kit.actions(kit.button("👍", GOOD, about, says="This helped"), kit.button("👎", BAD, about, says="This did not help"))
