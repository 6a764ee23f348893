"""Does Slack take these blocks? Pure: blocks in, what is wrong out, in Slack's words with Slack's json-pointers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.sandbox import limits
from bot.sandbox.shapes import BLOCKS, ELEMENTS, Rule, Shape, Surface

_TEXTS: Final = ("mrkdwn", "plain_text")


def problems_in(blocks: Any, surface: Surface, *, at: str = "/blocks") -> list[str]:
    """Every reason for which Slack refuses `blocks` on `surface`; empty when it takes them."""
    if not isinstance(blocks, list):
        return [f"must be an array [json-pointer:{at}]"]
    most = limits.BLOCKS_IN_MESSAGE if surface == "message" else limits.BLOCKS_IN_VIEW
    found = [f"no more than {most} items allowed [json-pointer:{at}]"] if len(blocks) > most else []
    for index, block in enumerate(blocks):
        found += _block(block, surface, f"{at}/{index}")
    found += _twice(
        [(block.get("block_id"), f"{at}/{index}/block_id") for index, block in enumerate(blocks) if isinstance(block, dict)], "block_id"
    )
    charts = sum(1 for block in blocks if isinstance(block, dict) and block.get("type") == "data_visualization")
    if charts > limits.CHARTS_IN_MESSAGE:
        found.append(f"no more than {limits.CHARTS_IN_MESSAGE} data_visualization blocks allowed [json-pointer:{at}]")
    return found


def text_length(value: Any) -> int:
    """How many characters people read in `value`: what Slack adds up before it answers msg_blocks_too_long."""
    if isinstance(value, dict):
        own = sum(len(value[key]) for key in ("text", "alt_text", "caption") if isinstance(value.get(key), str))
        return own + sum(text_length(inner) for inner in value.values() if isinstance(inner, dict | list))
    return sum(text_length(inner) for inner in value) if isinstance(value, list) else 0


def _block(block: Any, surface: Surface, at: str) -> list[str]:
    if not isinstance(block, dict):
        return [f"must be an object [json-pointer:{at}]"]
    shape = BLOCKS.get(str(block.get("type")))
    if shape is None:
        return [f"unsupported type: {block.get('type')} [json-pointer:{at}/type]"]
    if surface not in shape.surfaces:
        return [f"unsupported block type for this surface: {block['type']} [json-pointer:{at}/type]"]
    found = _fields(block, shape, at, also={"type", "block_id"})
    return found + _length(block.get("block_id", ""), limits.ID, 0, f"{at}/block_id")


def _fields(thing: dict[str, Any], shape: Shape, at: str, *, also: set[str]) -> list[str]:
    found = []
    if shape.one_of and not any(thing.get(name) for name in shape.one_of):
        found.append(f"missing required field: {shape.one_of[0]} [json-pointer:{at}]")
    for name, rule in shape.fields.items():
        if thing.get(name) is None:
            if rule.required:
                found.append(f"missing required field: {name} [json-pointer:{at}]")
        else:
            found += _value(thing[name], rule, f"{at}/{name}")
    if not shape.open:
        found += [
            f"invalid additional property: {name} [json-pointer:{at}]" for name in thing if name not in shape.fields and name not in also
        ]
    return found


def _value(value: Any, rule: Rule, at: str) -> list[str]:
    match rule.kind:
        case "string":
            return _length(value, rule.most, rule.least, at)
        case "text" | "plain":
            return _text(value, rule, at)
        case "choice":
            return [] if value in rule.words else [f"must be one of {', '.join(sorted(rule.words))} [json-pointer:{at}]"]
        case "flag":
            return [] if isinstance(value, bool) else [f"must be a boolean [json-pointer:{at}]"]
        case "number":
            return _number(value, rule, at)
        case "element":
            return _element(value, rule.of, at)
        case "elements":
            return _count(value, rule, at) or [
                *_each(value, rule, at),
                *_twice([(_action_id(item), f"{at}/{index}/action_id") for index, item in enumerate(value)], "action_id"),
            ]
        case "options" | "option_groups" | "option" | "confirm" | "cells" | "list":
            return _composed(value, rule, at)
        case _:
            return []


def _composed(value: Any, rule: Rule, at: str) -> list[str]:
    match rule.kind:
        case "option":
            return _option(value, at)
        case "confirm":
            return _confirm(value, at)
        case "options":
            return _count(value, rule, at) or [line for index, item in enumerate(value) for line in _option(item, f"{at}/{index}")]
        case "option_groups":
            return _count(value, rule, at) or [line for index, item in enumerate(value) for line in _group(item, f"{at}/{index}")]
        case "cells":
            return _count(value, rule, at) or list(_cells(value, at))
        case _:
            field_rule = Rule(kind="text", most=limits.SECTION_FIELD_TEXT, least=1)
            texts = rule.of == {"text"}
            return _count(value, rule, at) or [
                line for i, item in enumerate(value) if texts for line in _text(item, field_rule, f"{at}/{i}")
            ]


def _each(items: list[Any], rule: Rule, at: str) -> Iterator[str]:
    for index, item in enumerate(items):
        kind = item.get("type") if isinstance(item, dict) else None
        if kind in _TEXTS and kind in rule.of:
            yield from _text(item, Rule(kind="text", most=limits.CONTEXT_TEXT, least=1), f"{at}/{index}")
        else:
            yield from _element(item, rule.of, f"{at}/{index}")


def _element(value: Any, allowed: frozenset[str], at: str) -> list[str]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in allowed or kind not in ELEMENTS:
        return [f"unsupported type: {kind} [json-pointer:{at}/type]"]
    found = _fields(value, ELEMENTS[kind], at, also={"type"})
    if kind == "feedback_buttons":
        rule = Rule(kind="plain", most=limits.FEEDBACK_TEXT, least=1)
        for name in ("positive_button", "negative_button"):
            button = value.get(name) or {}
            found += _text(button.get("text"), rule, f"{at}/{name}/text") + _length(
                button.get("value", ""), limits.FEEDBACK_VALUE, 0, f"{at}/{name}/value"
            )
    return found


def _text(value: Any, rule: Rule, at: str) -> list[str]:
    if not isinstance(value, dict) or value.get("type") not in _TEXTS:
        return [f"must provide a text object [json-pointer:{at}]"]
    if rule.kind == "plain" and value["type"] != "plain_text":
        return [f"must be a plain_text object [json-pointer:{at}/type]"]
    extra = {"emoji"} if value["type"] == "plain_text" else {"verbatim"}
    found = [f"invalid additional property: {name} [json-pointer:{at}]" for name in value if name not in {"type", "text"} | extra]
    return found + _length(value.get("text"), rule.most, rule.least, f"{at}/text")


def _option(value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"must be an object [json-pointer:{at}]"]
    found = _text(value.get("text"), Rule(kind="text", most=limits.OPTION_TEXT, least=1), f"{at}/text")
    found += _length(value.get("value"), limits.OPTION_VALUE, 1, f"{at}/value")
    if value.get("description") is not None:
        found += _text(value["description"], Rule(kind="text", most=limits.OPTION_TEXT, least=1), f"{at}/description")
    return found + [
        f"invalid additional property: {name} [json-pointer:{at}]" for name in value if name not in {"text", "value", "description", "url"}
    ]


def _group(value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"must be an object [json-pointer:{at}]"]
    found = _text(value.get("label"), Rule(kind="plain", most=limits.OPTION_TEXT, least=1), f"{at}/label")
    return found + _composed(value.get("options"), Rule(kind="options", most=limits.OPTIONS_IN_SELECT, least=1), f"{at}/options")


def _confirm(value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"must be an object [json-pointer:{at}]"]
    found = _text(value.get("title"), Rule(kind="plain", most=limits.CONFIRM_TITLE, least=1), f"{at}/title")
    found += _text(value.get("text"), Rule(kind="text", most=limits.CONFIRM_TEXT, least=1), f"{at}/text")
    for name in ("confirm", "deny"):
        found += _text(value.get(name), Rule(kind="plain", most=limits.CONFIRM_BUTTON, least=1), f"{at}/{name}")
    return found


def _cells(rows: list[Any], at: str) -> Iterator[str]:
    width = len(rows[0]) if isinstance(rows[0], list) else 0
    for index, row in enumerate(rows):
        if not isinstance(row, list) or not 1 <= len(row) <= limits.TABLE_COLUMNS:
            yield f"must have 1 to {limits.TABLE_COLUMNS} cells [json-pointer:{at}/{index}]"
        elif len(row) != width:
            yield f"must have as many cells as the first row [json-pointer:{at}/{index}]"
        else:
            for column, cell in enumerate(row):
                kind = cell.get("type") if isinstance(cell, dict) else None
                if kind not in {"raw_text", "raw_number", "rich_text", "action"}:
                    yield f"unsupported type: {kind} [json-pointer:{at}/{index}/{column}/type]"


def _number(value: Any, rule: Rule, at: str) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [f"must be a number [json-pointer:{at}]"]
    if value < rule.least or (rule.most is not None and value > rule.most):
        return [f"must be between {rule.least} and {rule.most} [json-pointer:{at}]"]
    return []


def _count(value: Any, rule: Rule, at: str) -> list[str]:
    if not isinstance(value, list):
        return [f"must be an array [json-pointer:{at}]"]
    if len(value) < rule.least:
        return [f"no fewer than {rule.least} items allowed [json-pointer:{at}]"]
    if rule.most is not None and len(value) > rule.most:
        return [f"no more than {rule.most} items allowed [json-pointer:{at}]"]
    return []


def _length(value: Any, most: int | None, least: int, at: str) -> list[str]:
    if not isinstance(value, str):
        return [f"must provide a string [json-pointer:{at}]"]
    if len(value) < least:
        return [f"must be more than {least - 1} characters [json-pointer:{at}]"]
    if most is not None and len(value) > most:
        return [f"must be less than {most + 1} characters [json-pointer:{at}]"]
    return []


def _action_id(item: Any) -> Any:
    return item.get("action_id") if isinstance(item, dict) else None


def _twice(named: list[tuple[Any, str]], what: str) -> list[str]:
    seen: set[Any] = set()
    found = []
    for name, at in named:
        if isinstance(name, str) and name in seen:
            found.append(f"`{what}` {name} already exists [json-pointer:{at}]")
        seen.add(name if isinstance(name, str) else None)
    return found


def problems_in_view(view: Any) -> list[str]:
    """Every reason for which Slack refuses this modal or Home tab."""
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        return ["must be a modal or home view [json-pointer:/view/type]"]
    surface: Surface = view["type"]
    strings = {
        "callback_id": Rule(kind="string", most=limits.VIEW_CALLBACK_ID),
        "private_metadata": Rule(kind="string", most=limits.VIEW_PRIVATE_METADATA),
        "external_id": Rule(kind="string", most=limits.ID),
    }
    titles = {
        "title": Rule(kind="plain", most=limits.VIEW_TITLE, least=1, required=True),
        "submit": Rule(kind="plain", most=limits.VIEW_SUBMIT, least=1),
        "close": Rule(kind="plain", most=limits.VIEW_CLOSE, least=1),
        "clear_on_close": Rule(kind="flag"),
        "notify_on_close": Rule(kind="flag"),
        "submit_disabled": Rule(kind="flag"),
    }
    shape = Shape(fields={**strings, **titles} if surface == "modal" else strings)
    found = _fields(view, shape, "/view", also={"type", "blocks"})
    blocks = view.get("blocks")
    found += problems_in(blocks, surface, at="/view/blocks")
    if (
        surface == "modal"
        and isinstance(blocks, list)
        and not view.get("submit")
        and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    ):
        found.append("must define `submit` to use an `input` block in modals [json-pointer:/view]")
    return found
