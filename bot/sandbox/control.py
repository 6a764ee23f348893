"""/_control and /_log: how tests and tools drive the workspace without a browser. JSON in, JSON out, this machine only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.acts import ACTS, Acts
from bot.sandbox.faults import Fault
from bot.sandbox.links.socket_mode import SocketModeLink
from bot.sandbox.page.routes import json_body, perform
from bot.sandbox.records import Json
from bot.sandbox.slack_json import message_json, view_json
from bot.sandbox.stage import Stage
from bot.sandbox.team import new_id
from bot.sandbox.workspace import Person

LONGEST_WAIT_SECONDS = 60.0


class Control:
    """POST /_control/{order}; GET /_log, /_state."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._acts = stage, Acts(stage)
        self._orders: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "fault": self.fault,
            "clear_faults": self.clear_faults,
            "rate_limits": self.rate_limits,
            "add_person": self.add_person,
            "refresh_connection": self.refresh_connection,
            "drop_connections": self.drop_connections,
            "drop_oldest_connection": self.drop_oldest_connection,
            "archive": self.archive,
            "reset": self.reset,
        }

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_log", self.log),
            Route("/_state", self.state),
            Route("/_control/act/{act}", self.act, methods=["POST"]),
            Route("/_control/{order}", self.order, methods=["POST"]),
        ]

    async def log(self, request: Request) -> Response:
        """Calls after `after`; `wait` seconds for the first of them. Deliveries of events are listed whole, oldest first."""
        after, wait = int(request.query_params.get("after", 0)), min(float(request.query_params.get("wait", 0)), LONGEST_WAIT_SECONDS)
        calls = await self._stage.calls.since(after, wait_seconds=wait)
        return JSONResponse({"ok": True, "calls": calls, "deliveries": [asdict(sent) for sent in self._stage.outbox.sent]})

    async def state(self, request: Request) -> Response:
        """Everything a test may want to look at: messages with their metadata, open views, Home tabs, the connection."""
        stage, team = self._stage, self._stage.team
        messages = {
            channel.id: [
                message_json(stage, m, metadata=True) | {"only_for": m.only_for, "streaming": m.streaming}
                for m in team.messages(channel.id)
            ]
            for channel in team.channels.values()
        }
        return JSONResponse(
            {
                "ok": True,
                "connected": stage.link.connected,
                "connections": stage.link.size if isinstance(stage.link, SocketModeLink) else None,
                "channels": [channel.to_slack(stage.app.bot_user_id) | {"members": channel.members} for channel in team.channels.values()],
                "messages": messages,
                "homes": {user: view_json(stage, team.views[id]) for user, id in team.homes.items()},
                "modals": {user: [view_json(stage, view) | {"errors": view.errors} for view in team.stack(user)] for user in team.people},
            }
        )

    async def act(self, request: Request) -> Response:
        """What people do on the page, by name: say, click, submit, close, open_home, react, invite, remove."""
        body, name = await json_body(request), request.path_params["act"]
        if name not in ACTS or body is None:
            return JSONResponse({"ok": False, "error": "unknown_act"}, status_code=404)
        return await perform(self._acts, name, body)

    async def order(self, request: Request) -> Response:
        order, body = self._orders.get(request.path_params["order"]), await json_body(request)
        if order is None or body is None:
            return JSONResponse({"ok": False, "error": "unknown_order"}, status_code=404)
        try:
            return JSONResponse({"ok": True} | await order(body))
        except (TypeError, KeyError, ValueError) as error:
            return JSONResponse({"ok": False, "error": "invalid_arguments", "detail": repr(error)}, status_code=400)

    async def fault(self, body: Json) -> Json:
        self._stage.faults.add(Fault(**body))
        return {}

    async def clear_faults(self, body: Json) -> Json:
        self._stage.faults.clear()
        return {}

    async def rate_limits(self, body: Json) -> Json:
        self._stage.rates.on = bool(body["on"])
        return {"on": self._stage.rates.on}

    async def add_person(self, body: Json) -> Json:
        person = Person(**{"id": new_id("U"), **body})
        self._stage.team.add_person(person)
        for channel in self._stage.team.channels.values():
            if channel.kind == "public":
                channel.members.append(person.id)
                self._stage.team.keep_channel(channel)
        self._stage.team.direct(person.id)
        return {"user": person.id}

    async def reset(self, body: Json) -> Json:
        """Forget what was said and shown, and every fault and limit; people, channels, connections and the record stay."""
        self._stage.faults.clear()
        self._stage.rates.on = False
        self._stage.team.forget()
        return {}

    async def archive(self, body: Json) -> Json:
        channel = self._stage.team.channels[body["channel"]]
        channel.archived = bool(body.get("archived", True))
        self._stage.team.keep_channel(channel)
        return {}

    async def refresh_connection(self, body: Json) -> Json:
        return await self._on_sockets(lambda link: link.refresh())

    async def drop_connections(self, body: Json) -> Json:
        return await self._on_sockets(lambda link: link.close())

    async def drop_oldest_connection(self, body: Json) -> Json:
        return await self._on_sockets(lambda link: link.drop_oldest())

    async def _on_sockets(self, what: Callable[[SocketModeLink], Awaitable[Any]]) -> Json:
        if not isinstance(self._stage.link, SocketModeLink):
            raise TypeError("this workspace speaks HTTP, not Socket Mode")
        await what(self._stage.link)
        return {}
