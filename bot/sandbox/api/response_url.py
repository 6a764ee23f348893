"""POST /response/{key}: what the app says later to an interaction (https://docs.slack.dev/interactivity/handling-user-interaction)."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bot.sandbox.api.web import fail
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json
from bot.sandbox.replies import take_reply
from bot.sandbox.stage import Stage

METHOD = "response_url"  # its name in the log and for faults


class ResponseUrl:
    """The ASGI endpoint."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stage, body = self._stage, await _body(Request(scope, receive))
        fault = stage.faults.take(METHOD)
        error: str | None = fault.error if fault is not None and fault.when == "before" else None
        answer: Json = {}
        if error is None:
            try:
                reply = stage.permits.use_reply(scope["path_params"]["key"])
                answer = {"ts": take_reply(stage, reply, body), "channel": reply.channel}
            except Refusal as refusal:
                error, answer = refusal.code, refusal.beside
        status = 404 if error in {"expired_url", "used_url"} else 500 if error else 200
        label = None if fault is None else f"{fault.kind} {fault.when}"
        took_effect = error is None
        stage.calls.add(
            stage.timing.clock(),
            METHOD,
            body,
            ok=took_effect,
            error=error,
            status=status,
            took_effect=took_effect,
            fault=label,
            answer=answer,
        )
        if fault is not None:
            await fail(stage, fault, scope, receive, send)
        else:
            await PlainTextResponse(error or "ok", status_code=status)(scope, receive, send)


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
