"""Keeps other websites away: a page on the internet must not drive the sandbox through the visitor's browser.

Requests must name this machine as Host (DNS rebinding), and where a browser sends an Origin it must be ours.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
POLICY = "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if not allowed(Headers(scope=scope), scope["server"][1]):
            if scope["type"] == "http":
                await PlainTextResponse("This page belongs to another origin.", status_code=403)(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close", "code": 4403})
            return
        await self._app(scope, receive, send)


def allowed(headers: Headers, port: int) -> bool:
    """Whether Host is this machine and Origin, where there is one, is this server. Socket Mode clients leave the port out of Host."""
    host, _, host_port = headers.get("host", "").rpartition(":") if ":" in headers.get("host", "") else (headers.get("host", ""), "", "")
    if host not in LOCAL or host_port not in ("", str(port)):
        return False
    origin = headers.get("origin")
    if origin is None:
        # A browser that sends no Origin is reading: let it follow a link to us, but embed nothing of ours elsewhere.
        return headers.get("sec-fetch-site") in (None, "same-origin", "none") or headers.get("sec-fetch-mode") == "navigate"
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.hostname in LOCAL and parts.port == port
