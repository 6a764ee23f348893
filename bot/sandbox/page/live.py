"""Keeps one open page up to date: after each change, what looks different is sent, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.page.screen import Look, Screen
from bot.sandbox.stage import Stage

SETTLE_SECONDS = 0.04  # changes that come together are drawn together
REFRESH_SECONDS = 20.0  # clocks and statuses move without any change


class LivePage:
    """One WebSocket of one page."""

    def __init__(self, stage: Stage, screen: Screen, socket: WebSocket) -> None:
        self._stage, self._screen, self._socket = stage, screen, socket
        self._look = Look(user=stage.team.workspace.you, at="")
        self._sent: dict[str, Any] = {}
        self._due = asyncio.Event()

    async def serve(self) -> None:
        """Until the page goes away."""
        await self._socket.accept()
        self._stage.team.changed.append(self._due.set)
        pushing = asyncio.get_running_loop().create_task(self._push())
        try:
            while True:
                self._turn(await self._socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self._stage.team.changed.remove(self._due.set)
            pushing.cancel()

    def _turn(self, text: str) -> None:
        """The page looks elsewhere."""
        try:
            wanted = json.loads(text)
            self._look = Look(
                user=str(wanted["user"]),
                at=str(wanted.get("at") or ""),
                tab=str(wanted.get("tab") or "messages"),
                thread=str(wanted["thread"]) if wanted.get("thread") else None,
                limit=min(int(wanted.get("limit") or 100), 5000),
            )
        except (ValueError, KeyError, TypeError):
            return
        self._due.set()

    async def _push(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), REFRESH_SECONDS)
            await asyncio.sleep(SETTLE_SECONDS)
            self._due.clear()
            person, channel = self._screen.place(self._look)
            self._read(person.id, channel.id)
            changes = self._difference(self._screen.draw(self._look))
            if changes:
                try:
                    await self._socket.send_text(json.dumps(changes))
                except (WebSocketDisconnect, RuntimeError):
                    return

    def _read(self, user: str, channel: str) -> None:
        latest = max((m.ts for m in self._stage.team.messages(channel)), default=None)
        if latest is not None and self._stage.team.mark_read(user, channel, latest):
            self._stage.team.touch()

    def _difference(self, drawn: dict[str, Any]) -> dict[str, Any]:
        """What the page does not show yet. Lists of pieces keep their keys; a piece it has is sent without its HTML."""
        before, self._sent = self._sent, drawn
        changes: dict[str, Any] = {}
        for name, value in drawn.items():
            if before.get(name) == value and name in before:
                continue
            if name == "messages":
                changes[name] = _pieces(value, before.get(name) or [])
            elif name == "thread" and value is not None:
                known = (before.get(name) or {}).get("messages") or []
                changes[name] = value | {"messages": _pieces(value["messages"], known)}
            else:
                changes[name] = value
        return changes


def _pieces(now: list[list[str]], before: list[list[str]]) -> list[list[str | None]]:
    known = {piece[0]: piece[1] for piece in before}
    return [[key, None if known.get(key) == html else html] for key, html in now]
