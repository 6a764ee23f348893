"""Block Kit, built so that no limit can be passed: texts are cut, elements and blocks counted, the whole message measured."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.views.mrkdwn import plain, prose

Block = dict[str, Any]

# https://docs.slack.dev/reference/block-kit
SECTION_TEXT, HEADER_TEXT, BUTTON_TEXT, VALUE, ID, OPTION_VALUE = 3000, 150, 75, 2000, 255, 150
CONTEXT_ELEMENTS, ACTION_ELEMENTS, OPTIONS = 10, 25, 100
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
# A message of legal blocks is refused near 13,200 characters in all (msg_blocks_too_long).
MESSAGE_TEXT = 12_800
# A view may weigh 250,000 bytes as JSON.
VIEW_TEXT = 60_000
FALLBACK_TEXT = 1000
TITLE = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is sent: blocks, and the words of a notification."""

    blocks: tuple[Block, ...]
    text: str


def lines(many: Iterable[str], at_most: int = SECTION_TEXT) -> str:
    """Whole lines, as many as fit. A line that alone is too long must have been cut where it was written."""
    kept: list[str] = []
    left = at_most
    wanted = [line for line in many if line]
    for line in wanted:
        if len(line) + 1 > left - 2:
            return "\n".join([*kept, "…"])
        kept.append(line)
        left -= len(line) + 1
    return "\n".join(kept)


# "Planned, 99" and "%" belong on one line.
_PERCENT = re.compile(r"(?<=\d) %")


def mrkdwn(text: str) -> Block:
    # Verbatim: Slack must not make links and mentions of what only looks like one.
    return {"type": "mrkdwn", "text": _PERCENT.sub("\u00a0%", text) or " ", "verbatim": True}


def words(text: str, at_most: int) -> Block:
    return {"type": "plain_text", "text": plain(text, at_most) or "–", "emoji": True}


def section(*many: str, accessory: Block | None = None, block_id: str = "") -> Block:
    block: Block = {"type": "section", "text": mrkdwn(lines(many))}
    if accessory:
        block["accessory"] = accessory
    return named(block, block_id)


def fields(*pairs: str) -> Block:
    """Two columns of short texts, at most ten."""
    return {"type": "section", "fields": [mrkdwn(lines([pair], 2000)) for pair in pairs[:10]]}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(lines(text.split("\n"), 2900)) for text in texts[:CONTEXT_ELEMENTS]]}


def header(text: str) -> Block:
    return {"type": "header", "text": words(text, HEADER_TEXT)}


def divider() -> Block:
    return {"type": "divider"}


def actions(*elements: Block | None, block_id: str = "") -> Block:
    there = [element for element in elements if element]
    return named({"type": "actions", "elements": there[:ACTION_ELEMENTS]}, block_id)


def button(label: str, action_id: str, value: str = "", *, style: str = "", url: str = "", says: str = "") -> Block:
    """`says` is what a screen reader reads instead of the label."""
    element: Block = {"type": "button", "text": words(label, BUTTON_TEXT), "action_id": action_id}
    if value:
        element["value"] = value[:VALUE]
    if style:
        element["style"] = style
    if url:
        element["url"] = url[:3000]
    if says:
        element["accessibility_label"] = plain(says, BUTTON_TEXT)
    return element


def confirm(title: str, says: str, yes: str, no: str) -> Block:
    """What is asked before a button's action is taken."""
    return {"title": words(title, 100), "text": words(says, 300), "confirm": words(yes, 30), "deny": words(no, 30)}


def option(label: str, value: str) -> Block:
    return {"text": words(label, BUTTON_TEXT), "value": value[:OPTION_VALUE]}


def menu(placeholder: str, action_id: str, options: Sequence[Block], chosen: str = "") -> Block:
    element: Block = {
        "type": "static_select",
        "placeholder": words(placeholder, 150),
        "action_id": action_id,
        "options": list(options)[:OPTIONS],
    }
    first = next((one for one in element["options"] if one["value"] == chosen), None)
    if first:
        element["initial_option"] = first
    return element


def text_input(label: str, name: str, *, placeholder: str = "", optional: bool = False, multiline: bool = False, most: int = 500) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": multiline, "max_length": most}
    if placeholder:
        element["placeholder"] = words(placeholder, 150)
    return {"type": "input", "block_id": name, "label": words(label, 2000), "element": element, "optional": optional}


def named(block: Block, block_id: str) -> Block:
    if block_id:
        block["block_id"] = block_id[:ID]
    return block


def length(value: Any) -> int:
    """Characters that people read in blocks, as Slack adds them up."""
    if isinstance(value, dict):
        own = sum(len(value[key]) for key in ("text", "alt_text") if isinstance(value.get(key), str))
        return own + sum(length(inner) for inner in value.values() if isinstance(inner, dict | list))
    return sum(length(inner) for inner in value) if isinstance(value, list) else 0


def message(head: Sequence[Block], body: Sequence[Block], foot: Sequence[Block], *, text: str, left_out: str = "") -> Message:
    """Head and foot whole, as much of the body as fits between them; where that is not all, `left_out` says so."""
    blocks = fitted(head, body, foot, at_most=MESSAGE_BLOCKS, characters=MESSAGE_TEXT, left_out=left_out)
    return Message(blocks=tuple(blocks), text=prose(text, FALLBACK_TEXT) or "WGO")


def fitted(
    head: Sequence[Block], body: Sequence[Block], foot: Sequence[Block], *, at_most: int, characters: int, left_out: str = ""
) -> list[Block]:
    note = context(left_out or "There is more than fits here.")
    room = at_most - len(head) - len(foot)
    left = characters - length([*head, *foot])
    if len(body) <= room and length(list(body)) <= left:
        return [*head, *body, *foot]
    kept: list[Block] = []
    left -= length(note)
    for block in body[: room - 1]:
        left -= length(block)
        if left < 0:
            break
        kept.append(block)
    return [*head, *kept, note, *foot]


def modal(title: str, blocks: Sequence[Block], *, callback_id: str = "", submit: str = "", about: str = "", close: str = "Close") -> Block:
    """A modal. `about` comes back with its submission (private_metadata)."""
    view: Block = {
        "type": "modal",
        "title": words(title, TITLE),
        "close": words(close, TITLE),
        "blocks": fitted((), blocks, (), at_most=VIEW_BLOCKS, characters=VIEW_TEXT),
        "private_metadata": about[:3000],
        "callback_id": callback_id or "closed",
    }
    if submit:
        view["submit"] = words(submit, TITLE)
    return view


def home(blocks: Sequence[Block]) -> Block:
    return {"type": "home", "blocks": fitted((), blocks, (), at_most=VIEW_BLOCKS, characters=VIEW_TEXT)}
