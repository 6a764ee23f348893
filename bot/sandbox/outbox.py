"""Events on their way to the app: sent, and sent again where nobody acknowledged."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from bot.sandbox.links import AppLink, NotAckedError, Parcel
from bot.sandbox.manifest import App
from bot.sandbox.team import Team, new_id
from bot.sandbox.timing import Timing


@dataclass(kw_only=True, slots=True)
class Sent:
    """One event and how its delivery went; `attempts` counts the first one."""

    event_id: str
    type: str
    attempts: int = 0
    acked: bool = False
    gave_up: bool = False


class Outbox:
    """Delivers events in the background. Only event types that the manifest subscribes to are sent."""

    def __init__(self, app: App, team: Team, link: AppLink, timing: Timing) -> None:
        self._app, self._team, self._link, self._timing = app, team, link, timing
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent: list[Sent] = []

    def post(self, subscription: str, event: dict[str, Any]) -> None:
        """Send `event` if the app subscribed to `subscription` (`message.im`, `app_mention` …)."""
        if subscription not in self._app.events:
            return
        body = self._callback(event)
        sent = Sent(event_id=body["event_id"], type=event["type"])
        self.sent.append(sent)
        task = asyncio.get_running_loop().create_task(self._deliver(body, sent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, body: dict[str, Any], sent: Sent) -> None:
        reason = ""
        for attempt, wait in enumerate((0.0, *self._timing.redeliver_after)):
            if wait:
                await asyncio.sleep(wait)
            sent.attempts = attempt + 1
            try:
                await self._link.send(Parcel(kind="events_api", body=body, attempt=attempt, retry_reason=reason))
            except NotAckedError as error:
                reason = error.reason
            else:
                sent.acked = True
                return
        sent.gave_up = True

    def _callback(self, event: dict[str, Any]) -> dict[str, Any]:
        team_id = self._team.workspace.team_id
        authorization = {
            "enterprise_id": None,
            "team_id": team_id,
            "user_id": self._app.bot_user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": "sandbox",
            "team_id": team_id,
            "context_team_id": team_id,
            "context_enterprise_id": None,
            "api_app_id": self._app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(self._timing.clock().timestamp()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
            "event_context": new_id("4-"),
        }
