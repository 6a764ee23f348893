"""Slack's limits, as Slack's documentation states them: each line with the page it comes from.

Nothing here is taken from the views of any app. tests/unit/sandbox/test_limits.py holds the table against the
validators of slack_sdk's own models.
"""

from __future__ import annotations

from typing import Final

# https://docs.slack.dev/reference/block-kit/blocks
BLOCKS_IN_MESSAGE: Final = 50
BLOCKS_IN_VIEW: Final = 100

# https://docs.slack.dev/reference/methods/chat.postMessage (text is cut or refused past 40,000; markdown_text 12,000)
MESSAGE_TEXT: Final = 40_000
MARKDOWN_TEXT: Final = 12_000
# Measured on Slack, not documented: legal blocks whose text adds up to about this much are refused with msg_blocks_too_long.
MESSAGE_BLOCKS_TEXT: Final = 13_200
# https://docs.slack.dev/messaging/message-metadata
METADATA_BYTES: Final = 16_384
# https://docs.slack.dev/reference/views/modal-views and /home-tab-views
VIEW_TITLE: Final = 24
VIEW_SUBMIT: Final = 24
VIEW_CLOSE: Final = 24
VIEW_PRIVATE_METADATA: Final = 3000
VIEW_CALLBACK_ID: Final = 255
VIEW_BYTES: Final = 250_000
VIEW_STACK: Final = 3
# https://docs.slack.dev/interactivity/handling-user-interaction
RESPONSE_URL_USES: Final = 5
RESPONSE_URL_SECONDS: Final = 30 * 60
# https://docs.slack.dev/apis/events-api/using-socket-mode
SOCKET_CONNECTIONS: Final = 10

# https://docs.slack.dev/reference/block-kit/block-elements and /composition-objects
ID: Final = 255
PLACEHOLDER: Final = 150
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2000
URL: Final = 3000
ALT_TEXT: Final = 2000
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OPTIONS_IN_SELECT: Final = 100
OPTION_GROUPS: Final = 100
OPTIONS_IN_OVERFLOW: Final = 5
OPTIONS_IN_CHOICE: Final = 10
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
FEEDBACK_TEXT: Final = 75
FEEDBACK_VALUE: Final = 2000
INPUT_LENGTH: Final = 3000

# https://docs.slack.dev/reference/block-kit/blocks/{section,header,context,actions,image,input,markdown,table,…}-block
SECTION_TEXT: Final = 3000
SECTION_FIELDS: Final = 10
SECTION_FIELD_TEXT: Final = 2000
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
CONTEXT_TEXT: Final = 3000
CONTEXT_ACTIONS_ELEMENTS: Final = 5
ACTIONS_ELEMENTS: Final = 25
IMAGE_TITLE: Final = 2000
INPUT_LABEL: Final = 2000
INPUT_HINT: Final = 2000
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
DATA_TABLE_ROWS: Final = 201
CHART_TITLE: Final = 50
CHARTS_IN_MESSAGE: Final = 2
