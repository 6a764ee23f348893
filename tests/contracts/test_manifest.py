"""manifest.yml asks for exactly what the bot uses: its scopes, events, command and surfaces."""

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import scopes
from bot.listeners import Desk
from bot.listeners.catching_up import CatchingUp
from bot.listeners.command import COMMAND, Command
from bot.listeners.feedback import Thumbs
from bot.listeners.home import HomeTab
from bot.listeners.membership import Membership
from bot.listeners.questions import Questions
from bot.listeners.story_actions import StoryActions

MANIFEST: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text(encoding="utf-8"))
FEATURES, SETTINGS = MANIFEST["features"], MANIFEST["settings"]
# What Slack may send of each event in the manifest; with the scopes that it needs.
# https://docs.slack.dev/reference/events
EVENTS = {
    "message.im": ({"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": "hi", "ts": "1.0"}, "im:history"),
    "app_mention": ({"type": "app_mention", "channel": "C1", "user": "U1", "text": "<@UB> hi", "ts": "1.0"}, "app_mentions:read"),
    "member_joined_channel": (
        {"type": "member_joined_channel", "user": "UB", "channel": "C1", "channel_type": "C", "team": "T1"},
        "channels:read",
    ),
    "app_home_opened": ({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"}, ""),
}
# https://docs.slack.dev/reference/methods: the bot scopes of the methods that the bot calls; any one of several.
METHODS = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.info": {"channels:read", "groups:read"},
    "users.info": {"users:read"},
    "assistant.threads.setStatus": {"assistant:write", "chat:write"},
}


class Unused:
    """Stands where nothing is asked of it: a listener that is found is not run to its end."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)


def listening_app() -> App:
    """The real listeners, without the catch-alls."""
    logger = logging.getLogger("tests.manifest")
    logger.setLevel(logging.CRITICAL + 1)
    who = AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UB", bot_id="BB", bot_token="xoxb-none")
    client = WebClient(base_url="http://127.0.0.1:9/api/", retry_handlers=[], logger=logger)  # nobody answers there
    app = App(client=client, authorize=lambda: who, signing_secret="secret", process_before_response=True, logger=logger)
    nothing: Any = Unused()
    desk = Desk(store=nothing, people=nothing, standing=nothing, catchup=nothing, conversation=nothing, overrules=nothing, clock=nothing)
    catching_up = CatchingUp(desk)
    questions = Questions(desk, catching_up)
    for one in (
        Command(desk, catching_up, questions),
        catching_up,
        StoryActions(desk),
        questions,
        HomeTab(desk),
        Thumbs(desk),
        Membership(desk),
    ):
        one.register(app)
    app.error(lambda error: None)
    return app


def heard(event: dict[str, Any]) -> bool:
    """Is there a listener for this event?"""
    body = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event}
    return listening_app().dispatch(BoltRequest(body=body, mode="socket_mode")).status != 404


def test_the_scopes_are_those_that_the_code_says_it_needs() -> None:
    asked = MANIFEST["oauth_config"]["scopes"]
    assert sorted(asked) == ["bot", "bot_optional"]
    assert (set(asked["bot"]), set(asked["bot_optional"])) == (set(scopes.REQUIRED), set(scopes.OPTIONAL))
    assert len(asked["bot"]) == len(set(asked["bot"]))
    assert not set(asked["bot"]) & set(asked["bot_optional"])


def test_the_bot_posts_only_where_it_was_invited() -> None:
    assert "chat:write.public" not in str(MANIFEST)
    assert "im:write" not in MANIFEST["oauth_config"]["scopes"]["bot"]


def test_every_event_that_is_asked_for_is_listened_to_and_allowed_by_a_required_scope() -> None:
    asked = SETTINGS["event_subscriptions"]["bot_events"]
    assert sorted(asked) == sorted(EVENTS)
    for name in asked:
        event, scope = EVENTS[name]
        assert heard(event), name
        assert scope in {"", *scopes.REQUIRED}


def test_no_event_is_listened_to_that_is_not_asked_for() -> None:
    types = {listener.ack_function.__name__ for listener in listening_app()._listeners}
    assert {"opened", "message", "mention"} <= types
    for other in ("reaction_added", "member_left_channel", "channel_archive", "app_uninstalled", "team_join", "message_changed"):
        assert not heard({"type": other, "user": "U1", "channel": "C1"})


def test_the_command_is_the_one_that_is_answered() -> None:
    (command,) = FEATURES["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True
    found = listening_app().dispatch(BoltRequest(body={"command": COMMAND, "text": "", "user_id": "U1"}, mode="socket_mode"))
    assert found.status != 404


def test_buttons_and_the_home_can_be_used() -> None:
    assert SETTINGS["interactivity"]["is_enabled"] is True
    assert FEATURES["app_home"] == {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False}
    assert SETTINGS["socket_mode_enabled"] is True


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (MANIFEST["display_information"]["name"], 35),
        (MANIFEST["display_information"]["description"], 140),
        (MANIFEST["display_information"]["long_description"], 4000),
        (FEATURES["bot_user"]["display_name"], 80),
        (FEATURES["slash_commands"][0]["command"], 32),
        (FEATURES["slash_commands"][0]["description"], 2000),
        (FEATURES["slash_commands"][0]["usage_hint"], 1000),
        (FEATURES["agent_view"]["agent_description"], 300),
    ],
)
def test_texts_are_as_long_as_slack_allows(text: str, most: int) -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    assert 0 < len(text) <= most


def test_the_long_description_and_the_prompts_are_within_bounds() -> None:
    assert len(MANIFEST["display_information"]["long_description"]) >= 174  # shorter ones are refused
    prompts = FEATURES["agent_view"]["suggested_prompts"]
    assert 0 < len(prompts) <= 4
    assert all(set(prompt) == {"title", "message"} for prompt in prompts)


def test_only_keys_that_a_manifest_knows_are_in_it() -> None:
    assert sorted(MANIFEST) == ["_metadata", "display_information", "features", "oauth_config", "settings"]
    assert sorted(MANIFEST["display_information"]) == ["background_color", "description", "long_description", "name"]
    assert sorted(FEATURES) == ["agent_view", "app_home", "bot_user", "slash_commands"]
    assert MANIFEST["_metadata"]["major_version"] == 2


def test_each_method_that_needs_a_scope_is_allowed_by_a_required_one() -> None:
    assert {name for name, any_of in METHODS.items() if not any_of & set(scopes.REQUIRED)} == set()
