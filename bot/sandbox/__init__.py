"""A local workspace that speaks Slack's protocols, with a page in the browser.

It stands alone: it imports nothing of the rest of WGO, and a bot knows it only as a base URL. `start_in_thread` is for tests
and the demo, `python -m bot.sandbox` for a process of its own, `Driver` drives one over HTTP.
"""

from __future__ import annotations

from bot.sandbox.driver import Driver
from bot.sandbox.server import Configuration, RunningSandbox, serve, start_in_thread
from bot.sandbox.stage import Tokens
from bot.sandbox.timing import Timing
from bot.sandbox.workspace import APP, FirstMessage, PageButton, Person, Room, Workspace, acme

__all__ = [
    "APP",
    "Configuration",
    "Driver",
    "FirstMessage",
    "PageButton",
    "Person",
    "Room",
    "RunningSandbox",
    "Timing",
    "Tokens",
    "Workspace",
    "acme",
    "serve",
    "start_in_thread",
]
