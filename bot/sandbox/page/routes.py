"""The page's addresses: the shell, what people do on it, files, and links to messages."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from bot.sandbox.acts import ACTS, Acts
from bot.sandbox.page.guard import POLICY
from bot.sandbox.page.live import LivePage
from bot.sandbox.page.screen import TEMPLATES, Screen
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json
from bot.sandbox.stage import Stage

BUTTON_SECONDS = 60.0
SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"})
OWN_COMMANDS = (("/invite", "@name", "Bring someone into this channel"), ("/kick", "@name", "Take someone out of this channel"))


class Page:
    """Endpoints over one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._screen, self._acts = stage, Screen(stage), Acts(stage)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.shell),
            WebSocketRoute("/page/live", self.live),
            Route("/page/button/{index:int}", self.button, methods=["POST"]),
            Route("/page/act/{act}", self.act, methods=["POST"]),
            Route("/archives/{channel}/{message}", self.archive),
            Route("/files/{id}/{name}", self.file),
            Mount("/static", StaticFiles(directory=TEMPLATES.parent / "static")),
        ]

    async def shell(self, request: Request) -> Response:
        app, team = self._stage.app, self._stage.team
        commands = [(each.command, each.usage_hint, each.description) for each in app.commands] + list(OWN_COMMANDS)
        names = [(p.name, p.real_name) for p in team.people.values()] + [(app.name, "app")]
        settings = {"you": team.workspace.you, "at": next(iter(team.channels), ""), "commands": commands, "names": names, "app": app.name}
        page = self._screen.env.get_template("page.html").render(settings=json.dumps(settings), workspace=team.workspace.name)
        return HTMLResponse(
            page, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        )

    async def live(self, socket: WebSocket) -> None:
        await LivePage(self._stage, self._screen, socket).serve()

    async def act(self, request: Request) -> Response:
        """One of the acts, its arguments as JSON."""
        name = request.path_params["act"]
        body = await json_body(request)
        if name not in ACTS or body is None:
            return JSONResponse({"ok": False, "error": "unknown_act"}, status_code=404)
        return await perform(self._acts, name, body)

    async def button(self, request: Request) -> Response:
        """Press one of the configured page buttons: its URL is told who pressed it, and where."""
        body, index = await json_body(request), request.path_params["index"]
        if body is None or index >= len(self._stage.buttons):
            return JSONResponse({"ok": False, "error": "unknown_button"}, status_code=404)
        try:
            async with httpx.AsyncClient(timeout=BUTTON_SECONDS, trust_env=False) as client:
                told = {"user": str(body.get("user")), "channel": str(body.get("channel"))}
                response = await client.post(self._stage.buttons[index].callback_url, json=told)
        except httpx.HTTPError as error:
            return JSONResponse({"ok": False, "error": type(error).__name__})
        return JSONResponse(
            {
                "ok": response.is_success,
                "says": response.text[:300] if response.is_success else "",
                "error": f"status {response.status_code}",
            }
        )

    async def archive(self, request: Request) -> Response:
        """A permalink: open the page at the message."""
        digits = request.path_params["message"].removeprefix("p")
        ts = f"{digits[:-6]}.{digits[-6:]}"
        thread = request.query_params.get("thread_ts", "")
        return RedirectResponse(
            f"/#at={quote(request.path_params['channel'])}&to={quote(ts)}" + (f"&thread={quote(thread)}" if thread else "")
        )

    async def file(self, request: Request) -> Response:
        file = self._stage.team.file(request.path_params["id"])
        if file is None or not file.content:
            return Response(status_code=404)
        inline = file.mimetype in SHOWN_INLINE
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Disposition": "inline" if inline else f"attachment; filename*=UTF-8''{quote(file.name)}",
        }
        return Response(file.content, media_type=file.mimetype if inline else "application/octet-stream", headers=headers)


async def perform(acts: Acts, name: str, body: Json) -> Response:
    """Call an act; a refusal and a wrong argument are answers, not errors of the server."""
    try:
        done: Json = await getattr(acts, name)(**body)
    except Refusal as refusal:
        return JSONResponse({"ok": False, "error": refusal.code} | refusal.beside)
    except TypeError as error:
        return JSONResponse({"ok": False, "error": "invalid_arguments", "detail": str(error)}, status_code=400)
    return JSONResponse({"ok": True} | done)


async def json_body(request: Request) -> Json | None:
    """The JSON object of a request; None where it is not sent as JSON (a form of another site cannot)."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
