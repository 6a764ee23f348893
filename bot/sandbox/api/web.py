"""Receives Web API requests: reads the arguments, knows the token, meets the faults, keeps the record."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.sandbox.api import chat, conversations, extras, people, streams, views
from bot.sandbox.api.methods import METHODS, Method, require_arguments, require_scope
from bot.sandbox.faults import Fault
from bot.sandbox.problems import RateLimited, Refusal
from bot.sandbox.records import Json
from bot.sandbox.stage import Stage

REGISTERED = (chat, conversations, extras, people, streams, views)  # importing them fills METHODS
JSON_ARGUMENTS = frozenset({"blocks", "attachments", "view", "metadata", "files", "chunks", "prompts", "loading_messages"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: the body to answer, and whether it did anything."""

    body: Json
    took_effect: bool
    status: int = 200
    retry_after: int | None = None


class WebApi:
    """The ASGI endpoint of /api/{method}."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stage, request = self._stage, Request(scope, receive)
        name = scope["path_params"]["method"]
        args = await arguments(request)
        fault = stage.faults.take(name)
        if fault is not None and fault.when == "before":
            outcome = Outcome({"ok": False, "error": fault.error}, took_effect=False)
        else:
            outcome = self.call(name, args)
        ok, error = bool(outcome.body.get("ok")), outcome.body.get("error")
        label = None if fault is None else f"{fault.kind} {fault.when}"
        stage.calls.add(
            stage.timing.clock(),
            name,
            args,
            ok=ok,
            error=error,
            status=outcome.status,
            took_effect=outcome.took_effect,
            fault=label,
            answer=outcome.body,
        )
        if fault is not None:
            await fail(stage, fault, scope, receive, send)
        else:
            await self._response(outcome)(scope, receive, send)

    def call(self, name: str, args: Json) -> Outcome:
        """One call, refused or done."""
        entry = METHODS.get(name)
        if entry is None:
            return Outcome({"ok": False, "error": "unknown_method", "req_method": name}, took_effect=False)
        try:
            self._authorize(entry, args)
            require_arguments(args, entry.needs)
            self._stage.rates.admit(name, str(args.get("channel") or ""))
            return Outcome({"ok": True} | entry.function(self._stage, args), took_effect=True)
        except RateLimited as limit:
            return Outcome({"ok": False, "error": limit.code}, took_effect=False, status=429, retry_after=limit.retry_after)
        except Refusal as refusal:
            return Outcome({"ok": False, "error": refusal.code} | refusal.beside, took_effect=False)

    def _authorize(self, entry: Method, args: Mapping[str, Any]) -> None:
        token, tokens = args.get("token"), self._stage.tokens
        if entry.no_token:
            return
        if not token:
            raise Refusal("not_authed")
        if token not in (tokens.bot, tokens.app):
            raise Refusal("invalid_auth")
        if entry.any_token:
            return
        if (token == tokens.app) != entry.app_level:
            raise Refusal("not_allowed_token_type")
        if entry.app_level and entry.scope not in self._stage.app_scopes:
            raise Refusal("missing_scope", needed=entry.scope, provided=",".join(sorted(self._stage.app_scopes)))
        if entry.scope and not entry.app_level:
            require_scope(self._stage, entry.scope)

    def _response(self, outcome: Outcome) -> Response:
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._stage.app.scopes))}
        if outcome.retry_after is not None:
            headers["Retry-After"] = str(outcome.retry_after)
        return JSONResponse(outcome.body, status_code=outcome.status, headers=headers)


async def fail(stage: Stage, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the fault says, or not at all."""
    if fault.kind == "error":
        await JSONResponse({"ok": False, "error": fault.error})(scope, receive, send)
    elif fault.kind == "status":
        headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}
        body = {"ok": False, "error": "ratelimited" if fault.status == 429 else fault.error}
        await JSONResponse(body, status_code=fault.status, headers=headers)(scope, receive, send)
    else:
        if fault.kind == "hang":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stage.stopping.wait(), fault.seconds)
        await drop(receive)


async def drop(receive: Receive) -> None:
    """Cut the connection without an answer. ASGI has no word for it; uvicorn's request cycle holds the transport."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
        await receive()  # returns http.disconnect once uvicorn has seen the end, so that it logs no missing answer


async def arguments(request: Request) -> Json:
    """Form, JSON or query arguments, and the Bearer token, in one dict."""
    args: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            body = {}
        args |= body if isinstance(body, dict) else {}
    elif request.method == "POST":
        async with request.form() as form:
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    for name in JSON_ARGUMENTS & args.keys():
        if isinstance(args[name], str) and args[name][:1] in "[{":
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                continue  # the method refuses it in Slack's words
    bearer = request.headers.get("authorization", "")
    if bearer.startswith("Bearer "):
        args["token"] = bearer.removeprefix("Bearer ").strip()
    return args
