"""Which blocks and elements Slack knows, where each may stand, and the limits of each field.

A shape maps field names to rules; a field that no shape names is refused, as Slack does. Numbers come from `limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.sandbox import limits

Kind = Literal[
    "string",
    "text",
    "plain",
    "mrkdwn_or_plain",
    "number",
    "flag",
    "object",
    "list",
    "element",
    "blocks",
    "choice",
    "option",
    "options",
    "option_groups",
    "confirm",
    "elements",
    "cells",
    "any",
]
Surface = Literal["message", "modal", "home"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One field. `most` counts characters of a text or items of a list; `of` names the element types that may stand in it."""

    kind: Kind
    most: int | None = None
    least: int = 0
    required: bool = False
    of: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One block or element type. `surfaces` is where a block may stand; `one_of` are fields of which one is needed."""

    fields: Mapping[str, Rule] = field(default_factory=dict)
    surfaces: frozenset[Surface] = frozenset({"message", "modal", "home"})
    one_of: tuple[str, ...] = ()
    open: bool = False  # fields beyond these are let pass: types whose inside we do not model


def _string(most: int | None = None, *, required: bool = False, least: int = 0) -> Rule:
    return Rule(kind="string", most=most, required=required, least=least)


def _plain(most: int, *, required: bool = False) -> Rule:
    return Rule(kind="plain", most=most, least=1, required=required)


_ID: Final = _string(limits.ID)
_FLAG: Final = Rule(kind="flag")
_CONFIRM: Final = Rule(kind="confirm")
_STYLE: Final = Rule(kind="choice", words=frozenset({"primary", "danger"}))
_PLACEHOLDER: Final = _plain(limits.PLACEHOLDER)
_INPUT: Final[dict[str, Rule]] = {"action_id": _ID, "placeholder": _PLACEHOLDER, "focus_on_load": _FLAG}
_SELECT: Final[dict[str, Rule]] = {**_INPUT, "confirm": _CONFIRM}
_MULTI: Final[dict[str, Rule]] = {**_SELECT, "max_selected_items": Rule(kind="number")}
_OPTIONS: Final[dict[str, Rule]] = {
    "options": Rule(kind="options", most=limits.OPTIONS_IN_SELECT, least=1),
    "option_groups": Rule(kind="option_groups", most=limits.OPTION_GROUPS, least=1),
}
_CHOICES: Final[dict[str, Rule]] = {
    "action_id": _ID,
    "confirm": _CONFIRM,
    "focus_on_load": _FLAG,
    "options": Rule(kind="options", most=limits.OPTIONS_IN_CHOICE, least=1, required=True),
}
_TYPED: Final[dict[str, Rule]] = {**_INPUT, "initial_value": _string(limits.INPUT_LENGTH), "dispatch_action_config": Rule(kind="object")}
_PICKED: Final = Rule(kind="any")

_IMAGE: Final[dict[str, Rule]] = {
    "image_url": _string(limits.URL, least=1),
    "slack_file": Rule(kind="object"),
    "alt_text": _string(limits.ALT_TEXT, required=True),
}

ELEMENTS: Final[Mapping[str, Shape]] = {
    "button": Shape(
        fields={
            "action_id": _ID,
            "text": _plain(limits.BUTTON_TEXT, required=True),
            "value": _string(limits.BUTTON_VALUE),
            "url": _string(limits.URL),
            "style": _STYLE,
            "confirm": _CONFIRM,
            "accessibility_label": _string(limits.BUTTON_TEXT),
        }
    ),
    "image": Shape(fields=_IMAGE, one_of=("image_url", "slack_file")),
    "static_select": Shape(fields={**_SELECT, **_OPTIONS, "initial_option": Rule(kind="option")}, one_of=("options", "option_groups")),
    "multi_static_select": Shape(
        fields={**_MULTI, **_OPTIONS, "initial_options": Rule(kind="options", most=limits.OPTIONS_IN_SELECT)},
        one_of=("options", "option_groups"),
    ),
    "external_select": Shape(fields={**_SELECT, "initial_option": Rule(kind="option"), "min_query_length": Rule(kind="number")}),
    "users_select": Shape(fields={**_SELECT, "initial_user": _PICKED}),
    "multi_users_select": Shape(fields={**_MULTI, "initial_users": _PICKED}),
    "channels_select": Shape(fields={**_SELECT, "initial_channel": _PICKED, "response_url_enabled": _FLAG}),
    "multi_channels_select": Shape(fields={**_MULTI, "initial_channels": _PICKED}),
    "conversations_select": Shape(
        fields={
            **_SELECT,
            "initial_conversation": _PICKED,
            "default_to_current_conversation": _FLAG,
            "filter": Rule(kind="object"),
            "response_url_enabled": _FLAG,
        }
    ),
    "multi_conversations_select": Shape(
        fields={
            **_MULTI,
            "initial_conversations": _PICKED,
            "default_to_current_conversation": _FLAG,
            "filter": Rule(kind="object"),
        }
    ),
    "overflow": Shape(
        fields={
            "action_id": _ID,
            "confirm": _CONFIRM,
            "options": Rule(kind="options", most=limits.OPTIONS_IN_OVERFLOW, least=1, required=True),
        }
    ),
    "datepicker": Shape(fields={**_SELECT, "initial_date": _string()}),
    "timepicker": Shape(fields={**_SELECT, "initial_time": _string(), "timezone": _string()}),
    "datetimepicker": Shape(
        fields={"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": _FLAG, "initial_date_time": Rule(kind="number")}
    ),
    "checkboxes": Shape(fields={**_CHOICES, "initial_options": Rule(kind="options", most=limits.OPTIONS_IN_CHOICE)}),
    "radio_buttons": Shape(fields={**_CHOICES, "initial_option": Rule(kind="option")}),
    "plain_text_input": Shape(
        fields={
            **_TYPED,
            "multiline": _FLAG,
            "min_length": Rule(kind="number", most=limits.INPUT_LENGTH),
            "max_length": Rule(kind="number", most=limits.INPUT_LENGTH),
        }
    ),
    "number_input": Shape(fields={**_TYPED, "is_decimal_allowed": _FLAG, "min_value": _PICKED, "max_value": _PICKED}),
    "email_text_input": Shape(fields=_TYPED),
    "url_text_input": Shape(fields=_TYPED),
    "feedback_buttons": Shape(
        fields={
            "action_id": _ID,
            "positive_button": Rule(kind="object", required=True),
            "negative_button": Rule(kind="object", required=True),
        }
    ),
    "icon_button": Shape(
        fields={
            "action_id": _ID,
            "icon": _string(required=True),
            "text": _plain(limits.BUTTON_TEXT, required=True),
            "value": _string(limits.BUTTON_VALUE),
            "confirm": _CONFIRM,
            "visible_to_user_ids": Rule(kind="list"),
            "accessibility_label": _string(limits.BUTTON_TEXT),
        }
    ),
}

_SELECTS: Final = frozenset(name for name in ELEMENTS if name.endswith("_select"))
_PICKERS: Final = frozenset({"datepicker", "timepicker", "datetimepicker"})
INTERACTIVE: Final = _SELECTS | _PICKERS | {"button", "overflow", "checkboxes", "radio_buttons"}
IN_INPUT: Final = (
    _SELECTS | _PICKERS | {"checkboxes", "radio_buttons", "plain_text_input", "number_input", "email_text_input", "url_text_input"}
)
_MESSAGE: Final[frozenset[Surface]] = frozenset({"message"})

BLOCKS: Final[Mapping[str, Shape]] = {
    "section": Shape(
        fields={
            "text": Rule(kind="text", most=limits.SECTION_TEXT, least=1),
            "fields": Rule(kind="list", most=limits.SECTION_FIELDS, least=1, of=frozenset({"text"})),
            "accessory": Rule(kind="element", of=INTERACTIVE | {"image"}),
            "expand": _FLAG,
        },
        one_of=("text", "fields"),
    ),
    "header": Shape(fields={"text": _plain(limits.HEADER_TEXT, required=True), "level": Rule(kind="number")}),
    "context": Shape(
        fields={
            "elements": Rule(
                kind="elements", most=limits.CONTEXT_ELEMENTS, least=1, required=True, of=frozenset({"image", "mrkdwn", "plain_text"})
            )
        }
    ),
    "actions": Shape(fields={"elements": Rule(kind="elements", most=limits.ACTIONS_ELEMENTS, least=1, required=True, of=INTERACTIVE)}),
    "context_actions": Shape(
        fields={
            "elements": Rule(
                kind="elements",
                most=limits.CONTEXT_ACTIONS_ELEMENTS,
                least=1,
                required=True,
                of=frozenset({"feedback_buttons", "icon_button"}),
            )
        },
        surfaces=_MESSAGE,
    ),
    "divider": Shape(),
    "image": Shape(fields={**_IMAGE, "title": _plain(limits.IMAGE_TITLE)}, one_of=("image_url", "slack_file")),
    "input": Shape(
        fields={
            "label": _plain(limits.INPUT_LABEL, required=True),
            "element": Rule(kind="element", required=True, of=IN_INPUT),
            "hint": _plain(limits.INPUT_HINT),
            "optional": _FLAG,
            "dispatch_action": _FLAG,
        }
    ),
    "rich_text": Shape(fields={"elements": Rule(kind="list", required=True)}),
    "markdown": Shape(fields={"text": _string(limits.MARKDOWN_TEXT, required=True, least=1)}, surfaces=_MESSAGE),
    "table": Shape(
        fields={
            "rows": Rule(kind="cells", most=limits.TABLE_ROWS, least=1, required=True),
            "column_settings": Rule(kind="list", most=limits.TABLE_COLUMNS),
        },
        surfaces=_MESSAGE,
    ),
    "data_table": Shape(
        fields={
            "caption": _string(required=True),
            "rows": Rule(kind="cells", most=limits.DATA_TABLE_ROWS, least=2, required=True),
            "page_size": Rule(kind="number", most=100, least=1),
            "row_header_column_index": Rule(kind="number"),
        },
        surfaces=_MESSAGE,
    ),
    "data_visualization": Shape(
        fields={"title": _string(limits.CHART_TITLE, required=True, least=1), "chart": Rule(kind="object", required=True)},
        surfaces=_MESSAGE,
    ),
    "alert": Shape(
        fields={"text": Rule(kind="text", most=limits.SECTION_TEXT, required=True), "level": _string()}, surfaces=frozenset({"modal"})
    ),
    "file": Shape(fields={"external_id": _string(), "source": _string()}, surfaces=_MESSAGE),
    "task_card": Shape(surfaces=_MESSAGE, open=True),
    "plan": Shape(surfaces=_MESSAGE, open=True),
}
# Input blocks may stand in messages too: Slack allows them on all three surfaces.
