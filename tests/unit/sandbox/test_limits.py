"""Our table of Slack's limits against the validators of slack_sdk's own models: the same block is taken or refused by both."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as sdk
from slack_sdk.models.blocks.basic_components import ConfirmObject, Option, OptionGroup
from slack_sdk.models.views import View

from bot.sandbox import limits
from bot.sandbox.check import problems_in, problems_in_view, text_length

Json = dict[str, Any]


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def option(text: int = 1, value: str = "v") -> Json:
    return {"text": plain(text), "value": value}


def options(count: int) -> list[Json]:
    return [option(value=f"v{n}") for n in range(count)]


def button(**rest: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain(1), **rest}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def confirm(**lengths: int) -> Json:
    sizes = {"title": 1, "text": 1, "confirm": 1, "deny": 1} | lengths
    return actions(button(confirm={name: plain(size) for name, size in sizes.items()}))


LIMITS: list[tuple[str, int, int, Any]] = [
    ("section text", limits.SECTION_TEXT, sdk.SectionBlock.text_max_length, lambda n: {"type": "section", "text": plain(n)}),
    ("section fields", limits.SECTION_FIELDS, sdk.SectionBlock.fields_max_length, lambda n: {"type": "section", "fields": [plain(1)] * n}),
    ("header text", limits.HEADER_TEXT, sdk.HeaderBlock.text_max_length, lambda n: {"type": "header", "text": plain(n)}),
    ("markdown text", limits.MARKDOWN_TEXT, sdk.MarkdownBlock.text_max_length, lambda n: {"type": "markdown", "text": "x" * n}),
    (
        "context elements",
        limits.CONTEXT_ELEMENTS,
        sdk.ContextBlock.elements_max_length,
        lambda n: {"type": "context", "elements": [plain(1)] * n},
    ),
    (
        "actions elements",
        limits.ACTIONS_ELEMENTS,
        sdk.ActionsBlock.elements_max_length,
        lambda n: actions(*(button(action_id=f"a{i}") for i in range(n))),
    ),
    ("block_id", limits.ID, sdk.Block.block_id_max_length, lambda n: {"type": "divider", "block_id": "b" * n}),
    ("button text", limits.BUTTON_TEXT, sdk.ButtonElement.text_max_length, lambda n: actions(button(text=plain(n)))),
    ("button value", limits.BUTTON_VALUE, sdk.ButtonElement.value_max_length, lambda n: actions(button(value="v" * n))),
    ("button url", limits.URL, sdk.ButtonElement.url_max_length, lambda n: actions(button(url="u" * n))),
    ("action_id", limits.ID, sdk.ButtonElement.action_id_max_length, lambda n: actions(button(action_id="a" * n))),
    (
        "image alt_text",
        limits.ALT_TEXT,
        sdk.ImageBlock.alt_text_max_length,
        lambda n: {"type": "image", "image_url": "https://x", "alt_text": "x" * n},
    ),
    ("image url", limits.URL, sdk.ImageBlock.image_url_max_length, lambda n: {"type": "image", "image_url": "u" * n, "alt_text": "x"}),
    (
        "image title",
        limits.IMAGE_TITLE,
        sdk.ImageBlock.title_max_length,
        lambda n: {"type": "image", "image_url": "https://x", "alt_text": "x", "title": plain(n)},
    ),
    (
        "select options",
        limits.OPTIONS_IN_SELECT,
        sdk.StaticSelectElement.options_max_length,
        lambda n: actions({"type": "static_select", "options": options(n)}),
    ),
    (
        "select placeholder",
        limits.PLACEHOLDER,
        sdk.StaticSelectElement.placeholder_max_length,
        lambda n: actions({"type": "static_select", "options": options(1), "placeholder": plain(n)}),
    ),
    (
        "overflow options",
        limits.OPTIONS_IN_OVERFLOW,
        sdk.OverflowMenuElement.options_max_length,
        lambda n: actions({"type": "overflow", "options": options(n)}),
    ),
    ("option text", limits.OPTION_TEXT, Option.label_max_length, lambda n: actions({"type": "overflow", "options": [option(text=n)]})),
    (
        "option value",
        limits.OPTION_VALUE,
        Option.value_max_length,
        lambda n: actions({"type": "overflow", "options": [option(value="v" * n)]}),
    ),
    (
        "group options",
        limits.OPTIONS_IN_SELECT,
        OptionGroup.options_max_length,
        lambda n: actions({"type": "static_select", "option_groups": [{"label": plain(1), "options": options(n)}]}),
    ),
    ("confirm title", limits.CONFIRM_TITLE, ConfirmObject.title_max_length, lambda n: confirm(title=n)),
    ("confirm text", limits.CONFIRM_TEXT, ConfirmObject.text_max_length, lambda n: confirm(text=n)),
    ("confirm button", limits.CONFIRM_BUTTON, ConfirmObject.confirm_max_length, lambda n: confirm(confirm=n)),
    ("deny button", limits.CONFIRM_BUTTON, ConfirmObject.deny_max_length, lambda n: confirm(deny=n)),
    (
        "context actions",
        limits.CONTEXT_ACTIONS_ELEMENTS,
        sdk.ContextActionsBlock.elements_max_length,
        lambda n: {
            "type": "context_actions",
            "elements": [{"type": "icon_button", "action_id": f"a{i}", "icon": "trash", "text": plain(1)} for i in range(n)],
        },
    ),
]


@pytest.mark.parametrize(("ours", "theirs", "build"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_a_limit_is_the_sdks_limit_and_one_more_is_refused(ours: int, theirs: int, build: Any) -> None:
    assert ours == theirs
    assert problems_in([build(ours)], "message") == []
    assert len(problems_in([build(ours + 1)], "message")) == 1


@pytest.mark.parametrize(
    "build",
    [case[3] for case in LIMITS if case[0].split()[0] in {"section", "header", "markdown", "context", "actions", "image", "block_id"}],
)
@pytest.mark.parametrize("length", [1, 5, 10, 11, 25, 26, 150, 151, 255, 256, 2000, 2001, 3000, 3001, 12000, 12001])
def test_the_sdks_validator_and_ours_agree_at_every_length(build: Any, length: int) -> None:
    built = build(length)
    try:
        parsed = sdk.Block.parse(built)
        assert parsed is not None
        parsed.validate_json()
        theirs = True
    except SlackObjectFormationError:
        theirs = False
    assert (problems_in([built], "message") == []) is theirs


def test_a_view_title_has_24_characters_as_the_sdk_says() -> None:
    assert View.title_max_length == limits.VIEW_TITLE
    assert View.blocks_max_length == limits.BLOCKS_IN_VIEW
    assert View.private_metadata_max_length == limits.VIEW_PRIVATE_METADATA
    assert View.callback_id_max_length == limits.VIEW_CALLBACK_ID
    modal = {"type": "modal", "title": plain(25), "blocks": []}
    assert problems_in_view(modal) == ["must be less than 25 characters [json-pointer:/view/title/text]"]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "sectoin"}, "unsupported type: sectoin [json-pointer:/blocks/0/type]"),
        ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "section", "text": plain(0)}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section", "text": "bare"}, "must provide a text object [json-pointer:/blocks/0/text]"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "must be a plain_text object [json-pointer:/blocks/0/text/type]"),
        ({"type": "divider", "colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]"),
        ({"type": "alert", "text": plain(1)}, "unsupported block type for this surface: alert [json-pointer:/blocks/0/type]"),
        (actions(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (actions({"type": "plain_text_input"}), "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"),
        (actions(button(), button()), "`action_id` a already exists [json-pointer:/blocks/0/elements/1/action_id]"),
        (actions(button(style="green")), "must be one of danger, primary [json-pointer:/blocks/0/elements/0/style]"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(block: Json, problem: str) -> None:
    assert problems_in([block], "message") == [problem]


def test_fifty_blocks_stand_in_a_message_and_a_hundred_on_the_home_tab() -> None:
    divider = {"type": "divider"}
    assert problems_in([divider] * 50, "message") == []
    assert problems_in([divider] * 51, "message") == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert problems_in([divider] * 100, "home") == []
    assert len(problems_in([divider] * 101, "home")) == 1


def test_two_blocks_cannot_share_an_id() -> None:
    twin = {"type": "divider", "block_id": "b"}
    assert problems_in([twin, twin], "message") == ["`block_id` b already exists [json-pointer:/blocks/1/block_id]"]


def test_the_length_of_a_message_counts_what_people_read() -> None:
    assert (
        text_length([{"type": "section", "text": plain(5), "fields": [plain(3)]}, actions(button(text=plain(2), value="not read"))]) == 10
    )


def test_rows_of_a_table_are_of_one_width() -> None:
    cell = {"type": "raw_text", "text": "x"}
    table = {"type": "data_table", "caption": "c", "rows": [[cell, cell], [cell]]}
    assert problems_in([table], "message") == ["must have as many cells as the first row [json-pointer:/blocks/0/rows/1]"]
