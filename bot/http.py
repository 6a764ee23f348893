"""What is pushed to `wgo run --http`: Slack's signed requests, and the audit webhook of a Kubernetes API server."""

import hashlib
import hmac
import logging
from collections.abc import Collection
from dataclasses import dataclass

from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.clock import Clock, utc_now
from core.errors import StorageError
from core.ports import Inbox, InboxRow

_log = logging.getLogger(__name__)
AUDIT_KIND = "k8s-audit"
SLACK_PATH, AUDIT_PATH, ALIVE_PATH = "/slack/events", "/k8s/audit/{source}", "/alive"
# The API server's default batch is 400 records of at most 400 KiB in all (--audit-webhook-batch-max-size); Slack's are far smaller.
MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Receivers:
    """The routes. `sources` are the names that may be pushed to; `slack` is None where there are no tokens yet."""

    inbox: Inbox
    sources: Collection[str]
    webhook_token: SecretStr | None
    slack: App | None = None
    clock: Clock = utc_now

    def asgi(self) -> Starlette:
        return Starlette(
            routes=[
                Route(SLACK_PATH, self.take_slack, methods=["POST"]),
                Route(AUDIT_PATH, self.take_audit, methods=["POST"]),
                Route(ALIVE_PATH, self.alive),
            ]
        )

    async def alive(self, _: Request) -> Response:
        return PlainTextResponse("alive")

    async def take_slack(self, request: Request) -> Response:
        """Signature and age are verified by Bolt's own middleware, before anything else looks at it."""
        if self.slack is None:
            return PlainTextResponse("no Slack tokens are configured", status_code=503)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        answer = await run_in_threadpool(self.slack.dispatch, to_bolt_request(request, body))
        return to_starlette_response(answer)

    async def take_audit(self, request: Request) -> Response:
        """One EventList becomes one inbox row. Not stored is not taken: the API server sends it again."""
        if not self._allowed(request):
            return PlainTextResponse("a bearer token is needed", status_code=401, headers={"WWW-Authenticate": "Bearer"})
        source = request.path_params["source"]
        if source not in self.sources:
            return PlainTextResponse("no such source", status_code=404)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        key = f"{AUDIT_KIND}:{source}:{hashlib.sha256(body).hexdigest()[:32]}"
        row = InboxRow(key=key, kind=AUDIT_KIND, topic=source, body=body, received_at=self.clock())
        try:
            await run_in_threadpool(self.inbox.put, row)
        except StorageError as error:
            _log.error("audit records not stored", extra={"source": source, "error": str(error)})
            return PlainTextResponse("not stored", status_code=503)
        return Response(status_code=200)

    def _allowed(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        wanted = self.webhook_token.get_secret_value() if self.webhook_token else ""
        return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), wanted.encode())


async def _body(request: Request) -> bytes | None:
    """The whole body; None where it is larger than anything we ask for."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > MOST_BYTES:
            return None
    return bytes(taken)
