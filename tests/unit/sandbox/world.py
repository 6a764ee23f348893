"""A sandbox with an app of its own for these tests: nothing here knows WGO."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.client import BaseSocketModeClient

from bot.sandbox import Configuration, Driver, RunningSandbox, Timing, start_in_thread

MANIFEST = Path(__file__).parent / "manifest.yml"
INFRA, GENERAL = "C0INFRA01", "C0GENERAL"
YOU, ANA, BEN, CHLOE = "U0DEV0001", "U0ANA0001", "U0BEN0001", "U0CHLOE01"
BOT = "U0BOTUSER"
PATIENT = Timing(ack_seconds=20.0, redeliver_after=())  # a busy machine must not look like an app that fails
HASTY = Timing(ack_seconds=0.3, redeliver_after=(0.0, 0.05, 0.05))


@contextmanager
def sandbox(**configuration: Any) -> Iterator[RunningSandbox]:
    fields: dict[str, Any] = {"manifest": MANIFEST, "timing": PATIENT} | configuration
    running = start_in_thread(Configuration(**fields))
    try:
        yield running
    finally:
        running.stop()


def web_client(running: RunningSandbox, **rest: Any) -> WebClient:
    return WebClient(token=running.bot_token, base_url=running.api_url, **rest)


def bolt_app(running: RunningSandbox, **rest: Any) -> App:
    quiet = logging.getLogger("tests.sandbox.bolt")
    quiet.setLevel(logging.CRITICAL)
    return App(client=web_client(running, logger=quiet), signing_secret=running.signing_secret, logger=quiet, **rest)


@contextmanager
def connected(running: RunningSandbox, app: App, connections: int = 1) -> Iterator[list[SocketModeHandler]]:
    """The app behind real Socket Mode connections, once the sandbox counts them."""
    handlers = [
        SocketModeHandler(app, running.app_token, web_client=WebClient(token=running.app_token, base_url=running.api_url), ping_interval=1)
        for _ in range(connections)
    ]
    for handler in handlers:
        handler.connect()  # type: ignore[no-untyped-call]
    driver = Driver(running.base_url)
    while driver.state()["connections"] < connections:
        pass
    try:
        yield handlers
    finally:
        for handler in handlers:
            handler.client.auto_reconnect_enabled = False
        hang_up(driver, [handler.client for handler in handlers])
        for handler in handlers:
            handler.close()  # type: ignore[no-untyped-call]


def hang_up(driver: Driver, clients: Sequence[BaseSocketModeClient]) -> None:
    """End the connections from the sandbox's side: the SDK's close() waits three seconds for a connection that is silent."""
    driver.order("drop_connections")
    until = time.monotonic() + 5
    while any(client.is_connected() for client in clients) and time.monotonic() < until:
        driver.calls(after=1_000_000, wait_seconds=0.02)


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str = "press", **rest: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Press"}, **rest}
