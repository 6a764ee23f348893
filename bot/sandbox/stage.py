"""Everything of one running workspace, in one place for those who act on it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from bot.sandbox.calls import CallLog
from bot.sandbox.faults import Faults
from bot.sandbox.links import AppLink
from bot.sandbox.manifest import App
from bot.sandbox.outbox import Outbox
from bot.sandbox.permits import Permits
from bot.sandbox.rates import Rates
from bot.sandbox.team import Team
from bot.sandbox.timing import Timing
from bot.sandbox.workspace import PageButton


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """The credentials of the installed app, new for each workspace. They open nothing but this sandbox."""

    bot: str = field(default_factory=lambda: f"xoxb-sandbox-{secrets.token_hex(12)}")
    app: str = field(default_factory=lambda: f"xapp-sandbox-{secrets.token_hex(12)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """The parts of a running sandbox. `base_url` has no slash at its end."""

    base_url: str
    app: App
    tokens: Tokens
    team: Team
    timing: Timing
    link: AppLink
    outbox: Outbox
    permits: Permits
    rates: Rates
    faults: Faults
    calls: CallLog
    stopping: asyncio.Event
    buttons: tuple[PageButton, ...] = ()
    things_to_try: tuple[str, ...] = ()
    app_scopes: frozenset[str] = frozenset({"connections:write"})
