"""What a person put into an element, as Slack writes it in `actions` and `state.values`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json

# element type → (the field that carries the choice, the field it starts from)
ONE_OPTION: Final[Mapping[str, str]] = {
    "static_select": "initial_option",
    "radio_buttons": "initial_option",
    "overflow": "",
    "external_select": "initial_option",
}
OPTIONS: Final[Mapping[str, str]] = {"multi_static_select": "initial_options", "checkboxes": "initial_options"}
PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
Raw = Mapping[str, Mapping[str, Any]]  # block_id → action_id → what the page read off the field


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each block with each interactive element in it."""
    for block in blocks:
        for element in (block.get("accessory"), block.get("element"), *(block.get("elements") or ())):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find(blocks: list[Json], block_id: str | None, action_id: str) -> tuple[Json, Json]:
    """The element a person touched. Raises Refusal where it is no longer there."""
    for block, element in elements_of(blocks):
        if element["action_id"] == action_id and block_id in (None, block["block_id"]):
            return block, element
    raise Refusal("action_not_found", detail=f"no element {action_id!r} there now")


def options_of(element: Json) -> list[Json]:
    grouped = [option for group in element.get("option_groups") or () for option in group["options"]]
    return [*(element.get("options") or ()), *grouped]


def read(element: Json, raw: Any) -> Json:
    """The element's value: from what the person chose, else from where it started."""
    kind, given = element["type"], raw is not None
    written: Json = {"type": kind}
    if kind in ONE_OPTION:
        start = element.get(ONE_OPTION[kind])
        return written | {"selected_option": _option(element, raw) if given and raw != "" else None if given else start}
    if kind in OPTIONS:
        chosen = [_option(element, each) for each in raw] if given else element.get(OPTIONS[kind]) or []
        return written | {"selected_options": chosen}
    if kind in PLAIN:
        field, start = PLAIN[kind]
        value = (raw if raw != "" else None) if given else element.get(start)
        if kind == "datetimepicker" and value is not None:
            value = int(value)
        return written | {field: value}
    return written


def state_of(blocks: list[Json], raw: Raw) -> Json:
    """`state.values`: every input that stands in the blocks, touched or not."""
    values: Json = {}
    for block, element in elements_of(blocks):
        if element["type"] in ONE_OPTION.keys() - {"overflow"} | OPTIONS.keys() | PLAIN.keys():
            given = (raw.get(block["block_id"]) or {}).get(element["action_id"])
            values.setdefault(block["block_id"], {})[element["action_id"]] = read(element, given)
    return values


def action_of(block: Json, element: Json, raw: Any, at: str) -> Json:
    """One entry of `actions`."""
    action = {"action_id": element["action_id"], "block_id": block["block_id"], "action_ts": at} | read(element, raw)
    if element["type"] in {"button", "icon_button"}:
        action["text"] = element["text"]
        action |= {name: element[name] for name in ("value", "style", "url") if name in element}
    if element["type"] == "feedback_buttons":
        side = element["negative_button"] if raw == element["negative_button"].get("value") else element["positive_button"]
        action |= {"value": side.get("value"), "text": side["text"]}
    return action


def missing(blocks: list[Json], values: Json) -> dict[str, str]:
    """The input blocks a person left empty though they are required, with Slack's words for it."""
    errors = {}
    for block in blocks:
        if block["type"] == "input" and not block.get("optional"):
            value = values.get(block["block_id"], {}).get(block["element"]["action_id"], {})
            if not any(inner for name, inner in value.items() if name != "type"):
                errors[block["block_id"]] = "Please complete this required field."
    return errors


def _option(element: Json, value: Any) -> Json:
    for option in options_of(element):
        if option["value"] == value:
            return dict(option)
    raise Refusal("invalid_option", detail=f"{value!r} is not among the options")
