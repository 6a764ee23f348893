"""The Socket Mode connections: two, so that one stays while Slack refreshes the other."""

import logging
import threading
from dataclasses import dataclass, field

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack_calls import UNANSWERED, refusal

_log = logging.getLogger(__name__)
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
# Slack will not take these tokens whatever we do; a person has to (https://docs.slack.dev/reference/methods/apps.connections.open).
_HOPELESS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type", "missing_scope"}


@dataclass(slots=True)
class SocketMode:
    """Connects in the background, again and again until it works; the SDK keeps a connection up from then on."""

    app: App
    web_client: WebClient
    connections: int = 2
    ping_seconds: float = 10.0
    connected: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _links: list[SocketModeHandler] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._connect, name="socket-mode", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=15)
        closing = [threading.Thread(target=link.close, daemon=True) for link in self._links]
        for one in closing:
            one.start()
        for one in closing:
            one.join(timeout=5)

    def _connect(self) -> None:
        wait = _FIRST_WAIT
        while len(self._links) < self.connections and not self._stopping.is_set():
            link = SocketModeHandler(
                self.app, str(self.web_client.token), web_client=self.web_client, ping_interval=self.ping_seconds, logger=_sdk_logger()
            )
            try:
                link.connect()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                answer = refusal(error)
                _log.error("Socket Mode refused", extra={"error": answer.error})
                wait = _LONGEST_WAIT if answer.error in _HOPELESS else answer.retry_after_seconds or wait
            except UNANSWERED as error:
                _log.warning("Socket Mode not reached", extra={"error": type(error).__name__})
            else:
                self._links.append(link)
                self.connected.set()
                wait = _FIRST_WAIT
                _log.info("Socket Mode connected", extra={"connection": len(self._links)})
                continue
            self._stopping.wait(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def _sdk_logger() -> logging.Logger:
    logger = logging.getLogger("wgo.socket_mode")
    logger.setLevel(logging.WARNING)
    return logger
