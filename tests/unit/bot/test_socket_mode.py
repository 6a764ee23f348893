"""Connecting: again and again until it works, and never in the way of stopping."""

import logging

import pytest
from pydantic import SecretStr
from slack_bolt.authorization import AuthorizeResult

from bot.sandbox import Driver
from bot.slack_calls import asking_client, bolt_app, telling_client
from bot.socket_mode import SocketMode
from core.settings import SlackSettings
from tests.unit.bot.world import MANIFEST
from tests.unit.sandbox.world import hang_up, sandbox


def connecting(base_url: str, token: str) -> SocketMode:
    settings = SlackSettings(base_url=base_url, app_token=SecretStr(token))
    who = AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="UB", bot_id="BB", bot_token="xoxb-none")
    return SocketMode(bolt_app(asking_client(settings, "xoxb-none"), lambda: who, "secret"), telling_client(settings, token), connections=2)


def test_two_connections_are_made() -> None:
    with sandbox(manifest=MANIFEST) as running:
        link, driver = connecting(running.api_url, running.app_token), Driver(running.base_url)
        link.start()
        driver.wait_for_calls("apps.connections.open", 2)
        while driver.state()["connections"] < 2:
            pass
        assert link.connected.is_set()
        clients = [one.client for one in link._links]
        for client in clients:
            client.auto_reconnect_enabled = False
        hang_up(driver, clients)
        link.stop()


def test_a_refusal_is_named_and_waited_out_and_stopping_does_not_wait_for_it(caplog: pytest.LogCaptureFixture) -> None:
    with sandbox(manifest=MANIFEST) as running, caplog.at_level(logging.ERROR, "bot.socket_mode"):
        link = connecting(running.api_url, "xapp-wrong")
        link.start()
        Driver(running.base_url).wait_for_calls("apps.connections.open")
        link.stop()
        assert link._thread is not None
        assert not link._thread.is_alive()
    assert not link.connected.is_set()
    assert [one.__dict__["error"] for one in caplog.records if one.name == "bot.socket_mode"] == ["invalid_auth"]
    assert "xapp-wrong" not in caplog.text


def test_slack_that_cannot_be_reached_stops_nothing() -> None:
    link = connecting("http://127.0.0.1:9/api/", "xapp-any")
    link.start()
    link.stop()
    assert not link.connected.is_set()
