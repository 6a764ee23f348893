"""Socket Mode, the server's side (https://docs.slack.dev/apis/events-api/using-socket-mode)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.limits import SOCKET_CONNECTIONS
from bot.sandbox.links import NotAckedError, Parcel


@dataclass(eq=False, slots=True)
class Connection:
    """One WebSocket of the app, with the envelopes it still owes an answer for."""

    socket: WebSocket
    name: str
    since: int
    owed: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)


class SocketModeLink:
    """Up to ten connections; each envelope goes to exactly one of them, in turn."""

    def __init__(self, app_id: str, *, ack_seconds: float, changed: Callable[[], None]) -> None:
        self._app_id, self._ack_seconds, self._changed = app_id, ack_seconds, changed
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._count = itertools.count()

    @property
    def connected(self) -> bool:
        return bool(self._connections)

    @property
    def size(self) -> int:
        return len(self._connections)

    def ticket(self) -> str:
        """A ticket for one connection, as apps.connections.open gives it away."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """The life of one connection: hello, then acknowledgements until it ends."""
        if socket.query_params.get("ticket") not in self._tickets:
            await socket.close(4401)
            return
        self._tickets.discard(socket.query_params["ticket"])
        await socket.accept()
        if len(self._connections) >= SOCKET_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return
        connection = Connection(socket, f"applink-{uuid4().hex[:8]}", next(self._count))
        self._connections.append(connection)
        self._changed()
        try:
            await socket.send_json(self._hello(connection))
            while True:
                self._acknowledge(connection, await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass  # the app went away; Starlette says RuntimeError when it did so while we were sending
        finally:
            self._forget(connection)

    async def send(self, parcel: Parcel) -> dict[str, Any]:
        if not self._connections:
            raise NotAckedError("not_connected")
        connection = self._connections.pop(0)
        self._connections.append(connection)
        envelope_id = str(uuid4())
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        connection.owed[envelope_id] = answer
        envelope = {
            "envelope_id": envelope_id,
            "type": parcel.kind,
            "payload": parcel.body,
            "accepts_response_payload": parcel.kind != "events_api",
        }
        if parcel.kind == "events_api":
            envelope |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.retry_reason}
        try:
            await connection.socket.send_text(json.dumps(envelope))
            return await asyncio.wait_for(answer, self._ack_seconds)
        except TimeoutError:
            raise NotAckedError("timeout") from None
        except (WebSocketDisconnect, RuntimeError):
            self._forget(connection)
            raise NotAckedError("connection_failed") from None
        finally:
            connection.owed.pop(envelope_id, None)

    async def refresh(self) -> None:
        """Ask the oldest connection to come back anew, as Slack does every few hours."""
        if self._connections:
            connection = min(self._connections, key=lambda each: each.since)
            await connection.socket.send_json(
                {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": connection.name}}
            )
            await self._end(connection)

    async def drop_oldest(self) -> None:
        """Cut the connection that has been there longest, without a word."""
        if self._connections:
            await self._end(min(self._connections, key=lambda connection: connection.since))

    async def close(self) -> None:
        for connection in list(self._connections):
            await self._end(connection)

    async def _end(self, connection: Connection) -> None:
        self._forget(connection)
        with contextlib.suppress(RuntimeError):  # it is closed already
            await connection.socket.close()

    def _acknowledge(self, connection: Connection, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        waiting = connection.owed.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting is not None and not waiting.done():
            body = ack.get("payload")
            waiting.set_result(body if isinstance(body, dict) else {"text": body} if isinstance(body, str) and body else {})

    def _forget(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._changed()
        for waiting in connection.owed.values():
            if not waiting.done():
                waiting.set_exception(NotAckedError("connection_failed"))

    def _hello(self, connection: Connection) -> dict[str, Any]:
        debug = {"host": connection.name, "build_number": 1, "approximate_connection_time": 18060}
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": debug,
            "connection_info": {"app_id": self._app_id},
        }
