"""The Slack scopes that WGO needs, and for what. manifest.yml asks for exactly these (tests/contracts/test_manifest.py)."""

# https://docs.slack.dev/reference/scopes
REQUIRED = {
    "commands": "/wgo",
    "chat:write": "telling what changed, and answering",
    "app_mentions:read": "hearing @WGO in a channel",
    "im:history": "hearing questions in direct messages",
    "assistant:write": "showing that an answer is on its way",
    "users:read": "each reader's own time zone",
    "channels:read": "seeing whether WGO is in its channels",
    "groups:read": "the same for private channels",
}
OPTIONAL = {
    "channels:history": "finding its own message again after a crash, instead of sending it twice",
    "groups:history": "the same in private channels",
    "users:read.email": "naming people as Slack knows them",
}
APP_LEVEL = "connections:write"
