"""Puts a workspace together and serves it on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from bot.sandbox.api.response_url import ResponseUrl
from bot.sandbox.api.web import WebApi
from bot.sandbox.calls import CallLog
from bot.sandbox.control import Control
from bot.sandbox.faults import Faults
from bot.sandbox.journal import Journal
from bot.sandbox.links import AppLink
from bot.sandbox.links.http_events import HttpLink, RequestUrls
from bot.sandbox.links.socket_mode import SocketModeLink
from bot.sandbox.manifest import read_manifest
from bot.sandbox.outbox import Outbox
from bot.sandbox.page.guard import Guard
from bot.sandbox.page.routes import Page
from bot.sandbox.permits import Permits
from bot.sandbox.rates import Rates
from bot.sandbox.stage import Stage, Tokens
from bot.sandbox.team import Team
from bot.sandbox.timing import Timing
from bot.sandbox.workspace import PageButton, Workspace, acme

HOST = "127.0.0.1"  # never another interface: the sandbox has no passwords
STARTED_WITHIN_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """What a sandbox is made of. `http_url` is where the app takes signed requests; without it, Socket Mode.

    `withheld` are scopes of the manifest that the installing person did not grant. `state` is a file that keeps
    messages (and the tokens, so that the app can come back) over a restart.
    """

    manifest: Path
    workspace: Workspace = field(default_factory=acme)
    state: Path | None = None
    http_url: str | None = None
    withheld: Collection[str] = ()
    app_scopes: Collection[str] = ("connections:write",)
    buttons: tuple[PageButton, ...] = ()
    things_to_try: tuple[str, ...] = ()
    rate_limits: bool = False
    timing: Timing = field(default_factory=Timing)
    tokens: Tokens | None = None


def build(configuration: Configuration, base_url: str) -> Stage:
    """The parts, wired. Reads the manifest and the state file."""
    app = read_manifest(configuration.manifest, withheld=configuration.withheld)
    timing, journal = configuration.timing, Journal(configuration.state)
    team = Team(configuration.workspace, app, timing.clock, journal)
    tokens = configuration.tokens or _kept_tokens(team) or Tokens()
    journal.keep("tokens", "app", {"bot": tokens.bot, "app": tokens.app, "signing_secret": tokens.signing_secret})
    link: AppLink
    if configuration.http_url:
        urls = RequestUrls.all_at(configuration.http_url)
        link = HttpLink(urls, tokens.signing_secret, ack_seconds=timing.ack_seconds, clock=timing.clock, changed=team.touch)
    else:
        link = SocketModeLink(app.app_id, ack_seconds=timing.ack_seconds, changed=team.touch)
    rates = Rates(time.monotonic)
    rates.on = configuration.rate_limits
    return Stage(
        base_url=base_url,
        app=app,
        tokens=tokens,
        team=team,
        timing=timing,
        link=link,
        outbox=Outbox(app, team, link, timing),
        permits=Permits(timing, team.workspace.team_id),
        rates=rates,
        faults=Faults(),
        calls=CallLog(),
        stopping=asyncio.Event(),
        buttons=configuration.buttons,
        things_to_try=configuration.things_to_try,
        app_scopes=frozenset(configuration.app_scopes),
    )


def _kept_tokens(team: Team) -> Tokens | None:
    return Tokens(**team.kept_tokens) if team.kept_tokens else None


def asgi(stage: Stage) -> Starlette:
    """The web application of one stage."""

    async def link(socket: WebSocket) -> None:
        if isinstance(stage.link, SocketModeLink):
            await stage.link.serve(socket)
        else:
            await socket.close(4404)

    async def upload(request: Request) -> Response:
        file = stage.team.file(request.path_params["id"])
        if file is None or file.shared:
            return PlainTextResponse("no such upload", status_code=404)
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form() as form:
                parts = [value for value in form.values() if not isinstance(value, str)]
                file.content = await parts[0].read() if parts else b""
        else:
            file.content = await request.body()
        return PlainTextResponse(f"OK - {len(file.content)}")

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if isinstance(stage.link, HttpLink):
            stage.link.start()
        yield
        stage.stopping.set()
        await stage.outbox.close()
        await stage.link.close()
        stage.team.journal.close()

    return Starlette(
        routes=[
            Route("/api/{method}", WebApi(stage), methods=["GET", "POST"]),
            WebSocketRoute("/link/", link),
            Route("/response/{key}", ResponseUrl(stage), methods=["POST"]),
            Route("/upload/{id}", upload, methods=["POST", "PUT"]),
            *Control(stage).routes(),
            *Page(stage).routes(),
        ],
        middleware=[Middleware(Guard)],
        lifespan=lifespan,
    )


@dataclass(kw_only=True, slots=True)
class RunningSandbox:
    """A sandbox in a thread of its own. `api_url` is what a WebClient takes as base_url."""

    base_url: str
    bot_token: str
    app_token: str
    signing_secret: str
    _server: uvicorn.Server
    _thread: threading.Thread
    _socket: socket.socket
    _stage: Stage

    @property
    def connected(self) -> bool:
        """Does an app listen?"""
        return self._stage.link.connected

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    @property
    def web_url(self) -> str:
        return f"{self.base_url}/"

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and wait until it has ended. Safe to call twice."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


def serve(configuration: Configuration, *, port: int = 0, announce: Callable[[Stage], None] | None = None) -> None:
    """Serve in this process until it is interrupted; `announce` is told where before the first request."""
    listening = listen(port)
    stage = build(configuration, address_of(listening))
    if announce is not None:
        announce(stage)
    server_for(stage).run(sockets=[listening])


def start_in_thread(configuration: Configuration | Path, *, port: int = 0) -> RunningSandbox:
    """Serve in the background; returns once it answers. A path is the manifest, the rest by default; port 0 takes a free one."""
    if isinstance(configuration, Path):
        configuration = Configuration(manifest=configuration)
    listening = listen(port)
    base_url = address_of(listening)
    stage = build(configuration, base_url)
    server = server_for(stage)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="sandbox", daemon=True)
    thread.start()
    until = time.monotonic() + STARTED_WITHIN_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.01)
    return RunningSandbox(
        base_url=base_url,
        bot_token=stage.tokens.bot,
        app_token=stage.tokens.app,
        signing_secret=stage.tokens.signing_secret,
        _server=server,
        _thread=thread,
        _socket=listening,
        _stage=stage,
    )


def listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise
    return listening


def address_of(listening: socket.socket) -> str:
    return f"http://{HOST}:{listening.getsockname()[1]}"


def server_for(stage: Stage) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            asgi(stage), ws="wsproto", log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=2, ws_max_size=2**24
        )
    )
